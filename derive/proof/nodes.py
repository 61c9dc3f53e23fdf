"""Scalars written out: sums, products, powers and functions of entries, each made once.

The checker's own objects, since SymPy's move signs in and out of functions, turn a root of a square
into an absolute value and let nan and zoo appear. A node folds numbers, like terms and powers of
one base, and no more. What has no value, as 1/0, is a node too: a number that nobody knows, which 0
times makes 0, as [condition] * f is 0 where the condition is false.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import gcd, lcm
from typing import Any, cast

from sympy import integer_nthroot

Number = int | Fraction
ODD = frozenset(("tanh", "erf", "sin"))
BELOW_ONE = frozenset(("tanh", "erf"))  # in absolute value
BOUNDED = BELOW_ONE | {"sin", "cos"}  # by 1
AT_ZERO = {"exp": 1, "cos": 1, **dict.fromkeys(ODD, 0)}


class Node:
    """A scalar: its kind and what it is made of; `serial` counts nodes in the order of making.

    | kind | args |
    | --- | --- |
    | number | its value |
    | symbol, constant | its name; every constant is positive |
    | infinity | 1 or -1 |
    | undefined | what was to be worked out, and of what |
    | sum | a number, and pairs of a node and its coefficient |
    | product | pairs of a base and its exponent, a number |
    | power | a base and an exponent that is no number |
    | function | its name and its argument |
    """

    __slots__ = ("algebraic", "args", "kind", "serial", "undefined")
    algebraic: bool
    undefined: bool

    def __init__(self, kind: str, args: tuple[Any, ...], serial: int) -> None:
        self.kind, self.args, self.serial = kind, args, serial
        inner = [*parts(self)]
        self.undefined = kind == "undefined" or any(n.undefined for n in inner)
        whole = kind != "product" or all(whole_number(e) for _, e in args)
        plain = kind in ("number", "symbol", "constant", "sum", "product")
        self.algebraic = plain and whole and all(n.algebraic for n in inner)

    def __repr__(self) -> str:
        return f"{self.kind}{self.args}"


def parts(node: Node) -> Iterable[Node]:
    """The nodes that a node is made of."""
    if node.kind == "sum":
        return [n for n, _ in node.args[1]]
    if node.kind == "product":
        return [n for n, _ in node.args]
    return [a for a in node.args if isinstance(a, Node)]


def is_function(node: Node, name: str) -> bool:
    """Is it a function of that name?"""
    return node.kind == "function" and node.args[0] == name


def whole_number(value: Number) -> bool:
    """Is it an integer?"""
    return isinstance(value, int) or value.denominator == 1


def plain(value: Number) -> Number:
    """An integer as an int."""
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


class Nodes:
    """Makes nodes, each once."""

    def __init__(self) -> None:
        self.table: dict[tuple[Any, ...], Node] = {}
        self.primitives: dict[Node, tuple[Number, Node]] = {}
        self.signs: dict[Node, tuple[bool, bool]] = {}
        self.lost = 0  # how often 0 times what has no value was taken
        self.zero, self.one = self.number(0), self.number(1)

    def make(self, kind: str, *args: Any) -> Node:
        """The one node of this kind and these parts."""
        key = (kind, *args)
        node = self.table.get(key)
        if node is None:
            node = self.table[key] = Node(kind, args, len(self.table))
        return node

    def number(self, value: Number) -> Node:
        """A rational number."""
        return self.make("number", plain(value))

    def symbol(self, name: str) -> Node:
        """An entry."""
        return self.make("symbol", name)

    def infinity(self, sign: int) -> Node:
        """Plus or minus infinity."""
        return self.make("infinity", sign)

    def undefined(self, what: str, *of: Node) -> Node:
        """What has no value."""
        return self.make("undefined", what, *of)

    # -- sums ----------------------------------------------------------------------------------

    def add(self, terms: Iterable[Node]) -> Node:
        """A sum; like terms are taken together."""
        total: Number = 0
        found: dict[Node, Number] = {}
        infinite: dict[Node, None] = {}
        for term in terms:
            if term.kind == "sum":
                total += term.args[0]
                for node, factor in term.args[1]:
                    found[node] = found.get(node, 0) + factor
            elif term.kind == "number":
                total += term.args[0]
            elif term.kind == "infinity":
                infinite[term] = None
            else:
                found[term] = found.get(term, 0) + 1
        if infinite:
            alone = len(infinite) == 1 and not any(n.undefined for n in found)
            return next(iter(infinite)) if alone else self.undefined("∞ - ∞")
        return self.sum(total, found)

    def sum(self, total: Number, found: dict[Node, Number]) -> Node:
        """A sum of a number and of nodes times coefficients."""
        items = [(n, plain(f)) for n, f in found.items() if f]
        if not items:
            return self.number(total)
        if total == 0 and len(items) == 1 and items[0][1] == 1:
            return items[0][0]
        return self.make("sum", plain(total), tuple(sorted(items, key=lambda item: item[0].serial)))

    def scaled(self, node: Node, factor: Number) -> Node:
        """A number times a node."""
        if factor == 1:
            return node
        if factor == 0:
            return self.zero
        if node.kind == "number":
            return self.number(node.args[0] * factor)
        if node.kind == "infinity":
            return self.infinity(node.args[0] if factor > 0 else -node.args[0])
        if node.kind == "sum":
            return self.sum(node.args[0] * factor, {n: f * factor for n, f in node.args[1]})
        return self.sum(0, {node: factor})

    def subtract(self, a: Node, b: Node) -> Node:
        """a - b."""
        return self.zero if a is b else self.add((a, self.scaled(b, -1)))

    def primitive(self, node: Node) -> tuple[Number, Node]:
        """A node as a number times a node whose coefficients share none; the first is positive."""
        if node.kind == "number":
            return node.args[0], self.one
        if node.kind != "sum":
            return 1, node
        if node not in self.primitives:
            numbers = [f for _, f in node.args[1]] + [node.args[0]] * (node.args[0] != 0)
            content = Fraction(
                gcd(*(n.numerator for n in numbers)), lcm(*(n.denominator for n in numbers))
            )
            signed = plain(content if numbers[0] > 0 else -content)
            inner = node if signed == 1 else self.scaled(node, Fraction(1) / signed)
            self.primitives[node] = signed, inner
        return self.primitives[node]

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
            known = self.positive(b) or not whole_number(e)  # such a power has b >= 0 already
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

    # -- what is known ---------------------------------------------------------------------------

    def positive(self, node: Node) -> bool:
        """Is it seen at once that it is positive, wherever it has a value?"""
        return self.known_signs(node)[0]

    def nonnegative(self, node: Node) -> bool:
        """Is it seen at once that it is not negative, wherever it has a value?"""
        return self.known_signs(node)[1]

    def known_signs(self, node: Node) -> tuple[bool, bool]:
        """Whether it is seen to be positive, and not to be negative."""
        if node not in self.signs:
            self.signs[node] = self.look_at_sign(node)
        return self.signs[node]

    def look_at_sign(self, node: Node) -> tuple[bool, bool]:
        """As above, of a node that is looked at for the first time."""
        kind, args = node.kind, node.args
        if kind in ("number", "infinity"):
            return args[0] > 0, args[0] >= 0
        if kind == "constant" or is_function(node, "exp"):
            return True, True
        if kind == "sum":
            return self.sign_of_sum(*args)
        if kind == "product":
            signs = [self.sign_of_power(b, e) for b, e in args]
            return all(s[0] for s in signs), all(s[1] for s in signs)
        if kind == "power":
            return self.positive(args[0]), self.nonnegative(args[0])
        return False, False

    def sign_of_sum(
        self, number: Number, terms: Iterable[tuple[Node, Number]]
    ) -> tuple[bool, bool]:
        """Whether a sum is seen to be positive, and not to be negative: 2 + sin(u), 1 − tanh(u)."""
        lowest, more = Fraction(number), False  # that it may be, and is it more than that?
        for node, factor in terms:
            positive, nonnegative = self.known_signs(node) if factor > 0 else (False, False)
            if node.kind == "function" and node.args[0] in BOUNDED and not nonnegative:
                lowest -= abs(Fraction(factor))
                more = more or node.args[0] in BELOW_ONE
            elif not nonnegative:
                return False, False
            more = more or positive
        return lowest > 0 or (lowest == 0 and more), lowest >= 0

    def sign_of_power(self, base: Node, power: Number) -> tuple[bool, bool]:
        """Whether a power is seen to be positive, and not to be negative."""
        positive, nonnegative = self.known_signs(base)
        even = not whole_number(power) or int(power) % 2 == 0
        return positive or ((even or nonnegative) and power < 0), nonnegative or even

    def even_factors(self, node: Node) -> list[tuple[Node, int]]:
        """The factors of a product to even powers whose own signs are not known."""
        _, inner = self.primitive(node)
        found = inner.args if inner.kind == "product" else ()
        even = [(b, int(e)) for b, e in found if whole_number(e) and int(e) % 2 == 0]
        return [(b, e) for b, e in even if not self.nonnegative(b)]

    # -- other forms -----------------------------------------------------------------------------

    def replaced(self, node: Node, table: dict[Node, Node]) -> Node:
        """The node with what the table, which grows, says in place of its parts."""
        done = table.get(node)
        if done is None:
            inner = [self.replaced(n, table) for n in parts(node)]
            same = all(a is b for a, b in zip(inner, parts(node), strict=True))
            done = table[node] = node if same else self.remade(node, inner)
        return done

    def remade(self, node: Node, inner: list[Node]) -> Node:
        """A node of the same kind with other parts."""
        if node.kind == "sum":
            terms = (self.scaled(n, f) for n, (_, f) in zip(inner, node.args[1], strict=True))
            return self.add((self.number(node.args[0]), *terms))
        if node.kind == "product":
            return self.mul(self.raised(n, e) for n, (_, e) in zip(inner, node.args, strict=True))
        if node.kind == "power":
            return self.power(*inner)
        if node.kind == "function":
            return self.function(node.args[0], inner[0])
        return self.undefined(node.args[0], *inner)


def symbols(nodes: Iterable[Node]) -> list[Node]:
    """The symbols in nodes, in the order in which they were made."""
    seen: set[Node] = set()
    stack = list(nodes)
    found = []
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            if node.kind == "symbol":
                found.append(node)
            stack.extend(parts(node))
    return sorted(found, key=lambda n: n.serial)
