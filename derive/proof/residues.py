"""The values of scalars at a random point, modulo a large prime.

P = 2Q + 1 with both prime. Entries are random integers; exp(a) is g to the power of a modulo P,
with a worked out modulo Q, the order of g, so that exp(a + b) = exp(a) exp(b) holds there as it
does for real numbers. g generates the squares, each of which has one root that is a square:
roots are taken there, and a point at which what stands under a root is no square is not used. log
is brought to sums of logs of what has no factor more, up to its sign, and such a log, like any
function of which nothing is said, is a random number that is keyed by its argument's value.
"""

from __future__ import annotations

from hashlib import blake2b

from pullback.derive.proof.logs import Logs
from pullback.derive.proof.making import Nodes
from pullback.derive.proof.nodes import Node, Number, parts, whole_number
from pullback.derive.proof.signs import ODD

Q = 2305843009213645679  # 2**61 and some; the squares modulo P make a group of this order
P = 2 * Q + 1  # of which 2, 3, 5, 7, 11 and 13 are squares, and -1 is none
GENERATOR = 4
EVEN = frozenset(("cos",))


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
