"""Logs of scalars taken apart: log |a| as a sum of nodes and of logs of what has no factor more."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from sympy import factorint

from pullback.derive.proof.making import Nodes, replaced
from pullback.derive.proof.nodes import Node, Number, is_function, parts, whole_number

SMALL = 1000  # factors of numbers under a log that are looked for
TERMS = 200  # that a sum under a log may be multiplied out to


def factors(node: Node) -> Iterator[Node]:
    """What sums and products are made of, in turn."""
    if node.kind in ("sum", "product"):
        for part in parts(node):
            yield from factors(part)
    else:
        yield node


class Logs:
    """log |a| as a sum of nodes and of logs of nodes, each times a number.

    A sum is divided by a product that any product that is taken out of it takes along: exp of the
    mean of its exponents, each base to the least of its powers, and the number that its
    coefficients share. What is left is the same whatever stood before it.
    """

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self.known: dict[Node, tuple[tuple[str, Number, Node], ...]] = {}

    def of(self, a: Node) -> tuple[tuple[str, Number, Node], ...]:
        """("log" or "value", factor, node) for each part."""
        if a not in self.known:
            self.known[a] = tuple(self.taken_apart(a))
        return self.known[a]

    def taken_apart(self, a: Node) -> Iterator[tuple[str, Number, Node]]:
        """The parts of a node's log."""
        content, inner = self.nodes.primitive(a)
        yield from self.of_number(content)
        if inner.kind == "sum":
            yield from self.of_sum(inner)
            return
        for base, exponent in self.nodes.bases(inner):
            yield from ((k, f * exponent, n) for k, f, n in self.of_factor(base))

    def of_number(self, value: Number) -> Iterator[tuple[str, Number, Node]]:
        """The logs of a number's factors."""
        for part, sign in ((abs(value.numerator), 1), (value.denominator, -1)):
            for prime, times in sorted(factorint(part, limit=SMALL).items()):
                if prime > 1:
                    yield "log", sign * times, self.nodes.number(int(prime))

    def of_factor(self, base: Node) -> Iterator[tuple[str, Number, Node]]:
        """The parts of the log of a factor of a product."""
        if is_function(base, "exp"):
            yield "value", 1, base.args[1]
        elif base.kind == "power" and base.args[1].kind != "undefined":
            for kind, factor, node in self.of(base.args[0]):
                inner = node if kind == "value" else self.nodes.function("log", node)
                yield "value", factor, self.nodes.mul((base.args[1], inner))
        elif base.kind in ("number", "sum", "product"):
            yield from self.of(base)
        else:
            yield "log", 1, base

    def of_sum(self, a: Node) -> Iterator[tuple[str, Number, Node]]:
        """The parts of the log of a sum."""
        terms = [*map(self.centred, self.multiplied_out(self.without_tanh(a)))]
        if len(terms) == 1:
            yield from self.of(terms[0])
            return
        outside = self.shared(terms)
        inverse = self.nodes.raised(outside, -1)
        content, rest = self.nodes.primitive(
            self.nodes.add(self.nodes.mul((t, inverse)) for t in terms)
        )
        yield from self.of_number(content)
        if outside is self.nodes.one:
            yield "log", 1, rest
        else:
            yield from self.of(rest)
            yield from self.of(outside)

    def without_exponential(self, a: Node) -> Node:
        """A sum divided by exp of the mean of its exponents."""
        terms = self.multiplied_out(a)
        mean = self.mean_exponential(terms)
        if mean is self.nodes.one:
            return a
        inverse = self.nodes.raised(mean, -1)
        return self.nodes.add(self.nodes.mul((t, inverse)) for t in terms)

    def without_tanh(self, a: Node) -> Node:
        """A sum of products with each tanh(x) as 1 − 2/(1 + exp(2x)), in which sums are seen."""
        nodes = self.nodes

        def written(x: Node) -> Node:
            below = nodes.add((nodes.one, nodes.function("exp", nodes.scaled(x, 2))))
            return nodes.add((nodes.one, nodes.scaled(nodes.raised(below, -1), -2)))

        found = {n: written(n.args[1]) for n in factors(a) if is_function(n, "tanh")}
        return replaced(nodes, a, found) if found else a

    def centred(self, term: Node) -> Node:
        """A product with the sums that it is divided by divided by exp of their mean exponents.

        So 1 + exp(a) and 1 + exp(-a) have one base in common.
        """
        made = [term]
        for base, power in self.nodes.bases(self.nodes.split(term)[1]):
            if base.kind == "sum" and power < 0:
                alone = self.without_exponential(base)
                if alone is not base:
                    own = self.nodes.mul((alone, self.mean_exponential(self.multiplied_out(base))))
                    made += [self.nodes.raised(base, -power), self.nodes.raised(own, power)]
        return self.nodes.mul(made)

    def mean_exponential(self, terms: list[Node]) -> Node:
        """exp of the mean of the exponents in a sum's terms."""
        exponents = [
            base.args[1]
            for term in terms
            for base, _ in self.nodes.bases(self.nodes.split(term)[1])
            if is_function(base, "exp")
        ]
        mean = self.nodes.scaled(self.nodes.add(exponents), Fraction(1, len(terms)))
        return self.nodes.function("exp", mean)

    def multiplied_out(self, a: Node) -> list[Node]:
        """The terms of a sum, products of sums of exponentials multiplied out."""
        terms = self.nodes_of(a)
        for _ in range(4):
            inner = [self.opened(t) for t in terms]
            if sum(map(len, inner)) > TERMS or all(len(i) == 1 for i in inner):
                break
            terms = self.nodes_of(self.nodes.add(t for i in inner for t in i))
        return terms

    def nodes_of(self, a: Node) -> list[Node]:
        """The terms of a sum."""
        if a.kind != "sum":
            return [a]
        number = [self.nodes.number(a.args[0])] if a.args[0] else []
        return number + [self.nodes.scaled(n, f) for n, f in a.args[1]]

    def opened(self, term: Node) -> list[Node]:
        """A product with one of its sums multiplied out, if there is one with exponentials."""
        content, inner = self.nodes.split(term)
        for base, exponent in self.nodes.bases(inner) if inner.kind == "product" else ():
            if base.kind == "sum" and whole_number(exponent) and exponent > 0:
                rest = self.nodes.mul((inner, self.nodes.raised(base, -1)))
                rest = self.nodes.scaled(rest, content)
                return [self.nodes.mul((rest, t)) for t in self.nodes_of(base)]
        return [term]

    def shared(self, terms: list[Node]) -> Node:
        """What every term of a sum takes along when it is multiplied."""
        lowest: dict[Node, Number] = {}
        seen: dict[Node, int] = {}
        for term in terms:
            for base, power in self.nodes.bases(self.nodes.split(term)[1]):
                if base.kind != "number" and not is_function(base, "exp"):
                    lowest[base] = min(lowest.get(base, power), power)
                    seen[base] = seen.get(base, 0) + 1
        powers = {b: p if seen[b] == len(terms) else min(p, 0) for b, p in lowest.items()}
        factors = [self.nodes.raised(b, p) for b, p in powers.items()]
        return self.nodes.mul((self.mean_exponential(terms), *factors))
