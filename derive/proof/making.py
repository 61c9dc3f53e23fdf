"""Making scalars, each once: products, powers and functions too.

What is made folds numbers, like terms and powers of one base, exponentials of logs and logs of
exponentials, and no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import cast

from sympy import integer_nthroot

from pullback.derive.proof.nodes import Node, Number, is_function, parts, plain, whole_number
from pullback.derive.proof.signs import ODD, positive
from pullback.derive.proof.sums import Sums

AT_ZERO = {"exp": 1, "cos": 1, **dict.fromkeys(ODD, 0)}


class Nodes(Sums):
    """Makes nodes, each once."""

    # -- products --------------------------------------------------------------------------------

    def mul(self, factors: Iterable[Node]) -> Node:
        """A product; powers of one base are taken together, exponentials likewise."""
        number: Number = 1
        powers: dict[Node, Number] = {}
        exponents: list[Node] = []
        infinite = 1
        for factor in factors:
            if factor.kind == "infinity":
                infinite *= 2 * factor.args[0]
                continue
            content, inner = self.primitive(factor)
            number *= content
            for base, power in self.bases(inner):
                if is_function(base, "exp"):
                    exponents.append(base.args[1])
                else:
                    powers[base] = powers.get(base, 0) + power
        if number == 0:
            self.lost += any(b.undefined for b in (*powers, *exponents)) or infinite != 1
            return self.zero
        if infinite != 1:
            alone = not powers and not exponents
            sign = 1 if (infinite > 0) == (number > 0) else -1
            return self.infinity(sign) if alone else self.undefined("∞ times a number")
        return self.scaled(self.product(powers, exponents), number)

    def bases(self, node: Node) -> tuple[tuple[Node, Number], ...]:
        """Bases and exponents of a node without a number before it."""
        if node.kind == "product":
            return cast("tuple[tuple[Node, Number], ...]", node.args)
        return () if node is self.one else ((node, 1),)

    def product(self, powers: dict[Node, Number], exponents: list[Node]) -> Node:
        """A product of powers and of exponentials."""
        number: Number = 1
        rest: list[Node] = []
        items: list[tuple[Node, Number]] = []
        for base, power in powers.items():
            if base.kind == "number":
                factor, inner = self.split(self.raised(base, power))
                number *= factor
                items += self.bases(inner)
            elif power:
                items.append((base, plain(power)))
        if exponents:
            made = self.function("exp", self.add(exponents))
            if is_function(made, "exp"):
                items.append((made, 1))
            else:
                rest.append(made)
        items.sort(key=lambda item: item[0].serial)
        if not items:
            node = self.one
        elif len(items) == 1 and items[0][1] == 1:
            node = items[0][0]
        else:
            node = self.make("product", *items)
        node = self.scaled(node, number)
        return self.mul((node, *rest)) if rest else node

    def split(self, node: Node) -> tuple[Number, Node]:
        """A node as a number times the rest."""
        if node.kind == "sum" and node.args[0] == 0 and len(node.args[1]) == 1:
            inner, factor = cast("tuple[Node, Number]", node.args[1][0])
            return factor, inner
        return self.primitive(node) if node.kind == "number" else (1, node)

    # -- powers ----------------------------------------------------------------------------------

    def raised(self, base: Node, power: Number) -> Node:
        """A power whose exponent is a number."""
        if power == 1 or base is self.one:
            return base
        if power == 0:
            return self.one
        if base.kind == "number":
            return self.power_of_number(base.args[0], power)
        if base.kind == "infinity":
            return self.zero if power < 0 else base if base.args[0] > 0 else self.undefined("∞")
        content, inner = self.primitive(base)
        if whole_number(power):
            powers = {b: e * power for b, e in self.bases(inner) if not is_function(b, "exp")}
            exponents = [
                self.scaled(b.args[1], e * power)
                for b, e in self.bases(inner)
                if is_function(b, "exp")
            ]
            number = plain(Fraction(content) ** int(power))
            return self.scaled(self.product(powers, exponents), number)
        if content < 0:
            content, inner = -content, self.scaled(inner, -1)
        outside = [self.power_of_number(content, power)]
        inside: list[Node] = []
        for b, e in self.bases(inner) if inner.kind == "product" else ((inner, 1),):
            known = positive(b) or not whole_number(e)  # such a power has b >= 0 already
            (outside if known else inside).append(
                self.power_of_base(b, e * power) if known else self.make_power(b, e)
            )
        if inside:
            outside.append(self.make("product", (self.mul(inside), power)))
        return self.mul(outside)

    def make_power(self, base: Node, power: Number) -> Node:
        """A base with an exponent, as it stands."""
        return base if power == 1 else self.make("product", (base, plain(power)))

    def power_of_base(self, base: Node, power: Number) -> Node:
        """A power of what is no product."""
        if power == 0:
            return self.one
        if is_function(base, "exp"):
            return self.function("exp", self.scaled(base.args[1], power))
        return self.make_power(base, power)

    def power_of_number(self, base: Number, power: Number) -> Node:
        """A number to the power of a number: a number where that is rational."""
        if base == 0:
            return self.zero if power > 0 else self.undefined("1/0")
        if whole_number(power):
            return self.number(Fraction(base) ** int(power))
        if base < 0:
            return self.undefined("a root of", self.number(base))
        whole, rest = divmod(power, 1)
        rest = Fraction(rest)
        number = Fraction(base) ** int(whole)
        items: list[tuple[Node, Number]] = []
        for part, sign in ((base.numerator, 1), (base.denominator, -1)):
            root, exact = integer_nthroot(part, rest.denominator)
            if exact:
                number *= Fraction(int(root)) ** (sign * rest.numerator)
            else:
                items.append((self.number(part), sign * rest))
        items.sort(key=lambda item: item[0].serial)
        return self.scaled(self.make("product", *items) if items else self.one, number)

    def power(self, base: Node, exponent: Node) -> Node:
        """A power; an exponent that is a sum makes a product."""
        if exponent.kind == "number":
            return self.raised(base, exponent.args[0])
        if base is self.one:
            return base
        if is_function(base, "exp"):
            return self.function("exp", self.mul((base.args[1], exponent)))
        if exponent.kind != "sum":
            return self.make("power", base, exponent)
        made = [self.raised(base, exponent.args[0])]
        made += [self.raised(self.make("power", base, n), f) for n, f in exponent.args[1]]
        return self.mul(made)

    # -- functions -------------------------------------------------------------------------------

    def function(self, name: str, a: Node) -> Node:
        """A function of one argument."""
        if a is self.zero and name in AT_ZERO:
            return self.number(AT_ZERO[name])
        if a.kind == "infinity":
            return self.at_infinity(name, a.args[0])
        if name == "log":
            return self.log(a)
        if name == "exp" and a.kind in ("sum", "function"):
            terms = a.args[1] if a.kind == "sum" else ((a, 1),)
            logs = [(n, f) for n, f in terms if is_function(n, "log")]
            if logs:
                rest = self.subtract(a, self.sum(0, dict(logs)))
                powers = [self.raised(n.args[1], f) for n, f in logs]
                return self.mul((*powers, self.function("exp", rest)))
        return self.make("function", name, a)

    def log(self, a: Node) -> Node:
        """The log of a finite argument."""
        if a.kind == "number":
            if a is self.one:
                return self.zero
            if a.args[0] <= 0:
                return self.infinity(-1) if a is self.zero else self.undefined("log of", a)
        if is_function(a, "exp"):
            return cast(Node, a.args[1])
        return self.make("function", "log", a)

    def at_infinity(self, name: str, sign: int) -> Node:
        """What a function comes to far out."""
        if name in ("tanh", "erf"):
            return self.number(sign)
        if name in ("exp", "log") and sign > 0:
            return self.infinity(1)
        return self.zero if name == "exp" else self.undefined(f"{name} at infinity")


def replaced(nodes: Nodes, node: Node, table: dict[Node, Node]) -> Node:
    """The node with what the table, which grows, says in place of its parts."""
    done = table.get(node)
    if done is None:
        inner = [replaced(nodes, n, table) for n in parts(node)]
        same = all(a is b for a, b in zip(inner, parts(node), strict=True))
        done = table[node] = node if same else remade(nodes, node, inner)
    return done


def remade(nodes: Nodes, node: Node, inner: list[Node]) -> Node:
    """A node of the same kind with other parts."""
    if node.kind == "sum":
        terms = (nodes.scaled(n, f) for n, (_, f) in zip(inner, node.args[1], strict=True))
        return nodes.add((nodes.number(node.args[0]), *terms))
    if node.kind == "product":
        return nodes.mul(nodes.raised(n, e) for n, (_, e) in zip(inner, node.args, strict=True))
    if node.kind == "power":
        return nodes.power(*inner)
    if node.kind == "function":
        return nodes.function(node.args[0], inner[0])
    return nodes.undefined(node.args[0], *inner)
