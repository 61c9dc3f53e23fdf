"""Equations between entries, solved jointly: ties of a case, and facts that are assumed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from pullback.derive.proof.by_name import ZERO_AT_ZERO
from pullback.derive.proof.making import Nodes, replaced
from pullback.derive.proof.nodes import Node, is_function, symbols, whole_number
from pullback.derive.proof.signs import positive
from pullback.derive.proof.zero import Zeros

MAX_BRANCHES = 6  # solutions of all equations together
Solution = dict[Node, Node]  # entries to what they must be


class Unsolved(Exception):
    """An equation for which no way is known to make it hold."""


class Ties:
    """Makes equations hold."""

    def __init__(self, nodes: Nodes, zeros: Zeros) -> None:
        self.nodes, self.zeros = nodes, zeros

    def solve(self, equations: Sequence[Node]) -> list[Solution]:
        """Every way, up to a few, to make all these nodes 0 together; Unsolved where none is known.

        The list is empty where they contradict each other.
        """
        found: list[Solution] = []
        for solution in self.jointly(list(equations), {}):
            found.append(solution)
            if len(found) == MAX_BRANCHES:
                break
        return found

    def jointly(self, equations: list[Node], solution: Solution) -> Iterator[Solution]:
        """The solutions that go on from one of the equations before."""
        for at, equation in enumerate(equations):
            node = replaced(self.nodes, equation, dict(solution))
            if self.zeros.is_zero(node):
                continue
            for symbol, value in self.ways(node):
                tie = {symbol: value}
                new = {s: replaced(self.nodes, v, dict(tie)) for s, v in solution.items()}
                yield from self.jointly(equations[at + 1 :], {**new, **tie})
            return
        yield solution

    def ways(self, node: Node) -> list[tuple[Node, Node]]:
        """Symbols and values that make a node 0; none where it cannot be 0."""
        _, inner = self.nodes.primitive(node)
        if inner.kind == "product":
            factors = [b for b, e in inner.args if e > 0 and not positive(b)]
            return [way for b in factors for way in self.ways(b)]
        if inner.kind in ("number", "constant") or positive(inner):
            return []
        found = symbols([inner])
        for steady in (True, False):
            for symbol in found:
                slope = self.slope(inner, symbol)
                if not steady or (slope is not None and slope.kind == "number"):
                    values = self.values(inner, symbol, self.nodes.zero)
                    if values:
                        return [(symbol, v) for v in values if not v.undefined]
        raise Unsolved

    def slope(self, node: Node, symbol: Node) -> Node | None:
        """The coefficient of a symbol in which a node is linear."""
        found = self.coefficients(node, symbol)
        return found[1] if found is not None and len(found) == 2 else None

    def values(self, node: Node, symbol: Node, right: Node) -> list[Node]:
        """The values of a symbol at which a node is what stands on the right."""
        nodes = self.nodes
        if node is symbol:
            return [right]
        if node.kind == "sum":
            moving = [(n, f) for n, f in node.args[1] if symbol in symbols([n])]
            if len(moving) == 1:
                n, f = moving[0]
                rest = nodes.subtract(node, nodes.scaled(n, f))
                return self.values(
                    n, symbol, nodes.scaled(nodes.subtract(right, rest), Fraction(1) / f)
                )
            return self.roots(self.coefficients(nodes.subtract(node, right), symbol))
        if node.kind == "product":
            factors = [(b, e) for b, e in node.args if symbol in symbols([b])]
            if len(factors) == 1:
                b, e = factors[0]
                others = nodes.mul((node, nodes.raised(nodes.raised(b, e), -1)))
                right = nodes.mul((right, nodes.raised(others, -1)))
                root = nodes.raised(right, Fraction(1) / e)
                two = whole_number(e) and int(e) % 2 == 0 and right is not nodes.zero
                signs = (1, -1) if two else (1,)
                return [v for s in signs for v in self.values(b, symbol, nodes.scaled(root, s))]
            return self.roots(self.coefficients(nodes.subtract(node, right), symbol))
        if node.kind == "function":
            return self.inverse(node, symbol, right)
        return []

    def inverse(self, node: Node, symbol: Node, right: Node) -> list[Node]:
        """As above, for a function."""
        nodes, argument = self.nodes, node.args[1]
        if is_function(node, "exp"):
            return self.values(argument, symbol, nodes.function("log", right))
        if is_function(node, "log"):
            return self.values(argument, symbol, nodes.function("exp", right))
        if is_function(node, "tanh"):
            above = nodes.add((nodes.one, right))
            below = nodes.subtract(nodes.one, right)
            ratio = nodes.mul((above, nodes.raised(below, -1)))
            half = nodes.scaled(nodes.function("log", ratio), Fraction(1, 2))
            return self.values(argument, symbol, half)
        if right is nodes.zero and node.args[0] in ("erf", "sin", *ZERO_AT_ZERO):
            return self.values(argument, symbol, right)
        return []

    def roots(self, coefficients: list[Node] | None) -> list[Node]:
        """The roots of a polynomial of degree 1 or 2."""
        nodes = self.nodes
        if coefficients is None or len(coefficients) < 2 or len(coefficients) > 3:
            return []
        c, b, *rest = coefficients
        if not rest:
            return [nodes.mul((nodes.scaled(c, -1), nodes.raised(b, -1)))]
        (a,) = rest
        under = nodes.subtract(nodes.mul((b, b)), nodes.scaled(nodes.mul((a, c)), 4))
        root = nodes.raised(under, Fraction(1, 2))
        half = nodes.raised(nodes.scaled(a, 2), -1)
        return [nodes.mul((nodes.subtract(nodes.scaled(root, s), b), half)) for s in (1, -1)]

    def coefficients(self, node: Node, symbol: Node) -> list[Node] | None:
        """Those of the powers of a symbol in a polynomial of degree 2 at most, else None."""
        nodes = self.nodes
        if node is symbol:
            return [nodes.zero, nodes.one]
        if symbol not in symbols([node]):
            return [node]
        if node.kind == "sum":
            made = [[nodes.number(node.args[0])]]
            for n, f in node.args[1]:
                inner = self.coefficients(n, symbol)
                if inner is None:
                    return None
                made.append([nodes.scaled(c, f) for c in inner])
            return self.trimmed(
                [nodes.add(p[k] for p in made if k < len(p)) for k in range(max(map(len, made)))]
            )
        if node.kind == "product":
            total = [nodes.one]
            for b, e in node.args:
                if symbol not in symbols([b]):
                    total = [nodes.mul((c, nodes.raised(b, e))) for c in total]
                    continue
                inner = self.coefficients(b, symbol) if whole_number(e) and 0 < e <= 2 else None
                if inner is None:
                    return None
                for _ in range(int(e)):
                    total = self.times(total, inner)
                if len(total) > 3:
                    return None
            return total
        return None

    def times(self, a: list[Node], b: list[Node]) -> list[Node]:
        """The product of two polynomials."""
        return [
            self.nodes.add(
                self.nodes.mul((a[i], b[k - i])) for i in range(len(a)) if 0 <= k - i < len(b)
            )
            for k in range(len(a) + len(b) - 1)
        ]

    def trimmed(self, coefficients: list[Node]) -> list[Node]:
        """Without leading coefficients that are 0."""
        while len(coefficients) > 1 and coefficients[-1] is self.nodes.zero:
            coefficients = coefficients[:-1]
        return coefficients
