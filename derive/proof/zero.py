"""Is a scalar zero? By random evaluation modulo a large prime, on which false sums do not agree.

P = 2Q + 1 with both prime. Entries are random integers; exp(a) is g to the power of a modulo P,
with a worked out modulo Q, the order of g, so that exp(a + b) = exp(a) exp(b) holds there as it
does for real numbers. g generates the squares, each of which has one root that is a square:
roots are taken there, and a point at which what stands under a root is no square is not used. log
is brought to sums of logs of what has no factor more, up to its sign, and such a log, like any
function of which nothing is said, is a random number that is keyed by its argument's value.

A scalar that is zero comes out as zero, or is not decided, where it takes more than these rules to
see it. One that is not zero comes out as zero at a random point with a chance of its degree over
P: below 2**-40 for a degree up to a million (Schwartz and Zippel), the keyed numbers taken for
independent. Where squares are hidden under roots a point may take the root of the other sign, with
a chance of one half each: so there are more points where roots occur.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from hashlib import blake2b
from itertools import islice

from sympy import factorint

from pullback.derive.proof.making import Nodes, replaced
from pullback.derive.proof.nodes import Node, Number, is_function, parts, whole_number
from pullback.derive.proof.signs import ODD

Q = 2305843009213645679  # 2**61 and some; the squares modulo P make a group of this order
P = 2 * Q + 1  # of which 2, 3, 5, 7, 11 and 13 are squares, and -1 is none
GENERATOR = 4
POINTS = 2
POINTS_WITH_ROOTS = 12
TRIES = 400  # points that may be of no use, since a root of them is not there
EVEN = frozenset(("cos",))
SMALL = 1000  # factors of numbers under a log that are looked for
TERMS = 200  # that a sum under a log may be multiplied out to


class BadPoint(Exception):
    """Something has no value at this point: 1/0, or the root of what is no square."""


def keyed(modulus: int, *key: object) -> int:
    """A random number that is the same for the same key."""
    digest = blake2b(repr(key).encode(), digest_size=24).digest()
    return int.from_bytes(digest, "big") % modulus


def rational(value: Number, modulus: int) -> int:
    """A rational number modulo a prime."""
    if isinstance(value, int):
        return value % modulus
    if value.denominator % modulus == 0:
        raise BadPoint
    return value.numerator * pow(value.denominator, -1, modulus) % modulus


def power(base: int, exponent: Number, modulus: int) -> int:
    """A power; roots are those that are squares."""
    if whole_number(exponent):
        if base == 0 and exponent < 0:
            raise BadPoint
        return pow(base, int(exponent), modulus)
    if modulus != P or pow(base, Q, P) != 1:
        raise BadPoint
    return pow(base, rational(exponent, Q), P)


class Residues:
    """The values of scalars at one random point, modulo P and, in exponents, modulo Q."""

    def __init__(self, nodes: Nodes, logs: Logs, seed: int) -> None:
        self.nodes, self.logs, self.seed = nodes, logs, seed
        self.known: dict[Node, int | None] = {}
        self.exponents: dict[Node, int] = {}

    def value(self, node: Node) -> int:
        """The value modulo P; BadPoint where there is none."""
        if node not in self.known:
            try:
                self.known[node] = self.worked_out(node)
            except BadPoint:
                self.known[node] = None
        value = self.known[node]
        if value is None:
            raise BadPoint
        return value

    def worked_out(self, node: Node) -> int:
        """The value of a node from those of its parts."""
        kind, args = node.kind, node.args
        if kind == "number":
            return rational(args[0], P)
        if kind == "symbol":
            return self.entry(args[0]) % P
        if kind == "sum":
            total = rational(args[0], P)
            for n, f in args[1]:
                total += self.value(n) * (f if isinstance(f, int) else rational(f, P))
            return total % P
        if kind == "product":
            total = 1
            for n, e in args:
                total = total * (self.value(n) if e == 1 else power(self.value(n), e, P)) % P
            return total
        if kind == "function":
            return self.function(args[0], args[1])
        if kind == "power":  # a square, so that it has roots
            return pow(keyed(P, "power", *map(self.value, args), self.seed), 2, P)
        if kind == "constant":
            return pow(keyed(P, *args, self.seed), 2, P)
        inner = [self.value(n) for n in parts(node)]
        return keyed(P, kind, *(a for a in args if not isinstance(a, Node)), *inner, self.seed)

    def entry(self, name: str) -> int:
        """The integer that an entry is here."""
        return keyed(P * Q, "entry", name, self.seed)

    def function(self, name: str, a: Node) -> int:
        """A function's value."""
        if name == "exp":
            return pow(GENERATOR, self.exponent(a), P)
        if name == "log":
            return self.log(a)
        if name == "tanh":
            double = self.value(self.nodes.function("exp", self.nodes.scaled(a, 2)))
            if double == P - 1:
                raise BadPoint
            return (double - 1) * pow(double + 1, -1, P) % P
        value = self.value(a)
        positive = min(value, P - value) if name in ODD | EVEN else value
        found = keyed(P, name, positive, self.seed)
        return P - found if name in ODD and positive != value else found

    def exponent(self, node: Node) -> int:
        """The value modulo Q: of polynomials as it is, of other terms a random number."""
        if node not in self.exponents:
            self.exponents[node] = self.worked_out_as_exponent(node)
        return self.exponents[node]

    def worked_out_as_exponent(self, node: Node) -> int:
        """As above, from the parts of a node."""
        kind, args = node.kind, node.args
        if kind == "number":
            return rational(args[0], Q)
        if kind == "symbol":
            return self.entry(args[0]) % Q
        if kind == "sum":
            total = rational(args[0], Q)
            return (total + sum(self.exponent(n) * rational(f, Q) for n, f in args[1])) % Q
        if kind == "product" and node.algebraic:
            total = 1
            for n, e in args:
                total = total * power(self.exponent(n), e, Q) % Q
            return total
        value = self.value(node)
        positive = min(value, P - value)
        found = keyed(Q, "exponent", positive, self.seed)
        return found if positive == value else Q - found

    def log(self, a: Node) -> int:
        """The log of an argument, as a sum of what it is made of."""
        total = 0
        for kind, factor, node in self.logs.of(a):
            value = self.value(node)
            if kind == "log":
                value = keyed(P, "log", min(value, P - value), self.seed)
            total += rational(factor, P) * value
        return total % P


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


class Zeros:
    """Decides whether nodes are zero, and which are one up to a factor."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes, self.logs = nodes, Logs(nodes)
        self.points: dict[int, Residues] = {}
        self.rooted: dict[Node, bool] = {}

    def point(self, seed: int) -> Residues:
        """One of the points."""
        if seed not in self.points:
            self.points[seed] = Residues(self.nodes, self.logs, seed)
        return self.points[seed]

    def has_root(self, node: Node) -> bool:
        """Does a root of more than a number occur in it?"""
        if node not in self.rooted:
            own = node.kind == "product" and any(
                not whole_number(e) and b.kind not in ("number", "constant", "power")
                for b, e in node.args
            )
            self.rooted[node] = own or any(map(self.has_root, parts(node)))
        return self.rooted[node]

    def is_zero(self, node: Node) -> bool:
        """Is it zero at so many points? False also where that cannot be decided."""
        if node.kind in ("number", "infinity"):
            return node is self.nodes.zero
        wanted = POINTS_WITH_ROOTS if self.has_root(node) else POINTS
        for done, (_, value) in enumerate(self.values(node), 1):
            if value != 0:
                return False
            if done == wanted:
                return True
        return False

    def is_not_zero(self, node: Node) -> bool:
        """Is it seen not to be zero? False also where that cannot be decided, as under roots."""
        found = () if self.has_root(node) else islice(self.values(node), POINTS)
        return any(value != 0 for _, value in found)

    def values(self, node: Node) -> Iterator[tuple[int, int]]:
        """Points and the values there, where there are values."""
        for seed in range(TRIES):
            try:
                yield seed, self.point(seed).value(node)
            except BadPoint:
                continue
            except RecursionError:
                return

    def fingerprint(self, node: Node) -> tuple[object, int]:
        """What nodes that are one up to a number share, and a value that tells this number.

        It is None where the node is zero.
        """
        found = list(islice(self.values(node), 2))
        if len(found) < 2:
            return node, 1
        (first, a), (second, b) = found
        if a == 0 or b == 0:
            return (None if a == b else node), 1
        return (first, second, a * pow(b, -1, P) % P), a


def sign_of_ratio(a: int, b: int) -> int | None:
    """The sign of a/b modulo P if that is a small rational number, else None."""
    ratio = a * pow(b, -1, P) % P
    for sign, value in ((1, ratio), (-1, P - ratio)):
        r0, r1, t0, t1 = P, value, 0, 1
        while r1 > 2**30:  # Euclid's algorithm, half way
            r0, r1, t0, t1 = r1, r0 % r1, t1, t0 - r0 // r1 * t1
        if r1 and abs(t1) < 2**20 and r1 < 2**20:
            return sign if t1 > 0 else -sign
    return None
