"""Nodes as an algebra, in which what depends on data is asked, each question in one form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from pullback.derive.index.ranges import Range
from pullback.derive.proof.cases import Cases, Decider, Question
from pullback.derive.proof.making import Nodes
from pullback.derive.proof.nodes import Node, Number, is_function, whole_number
from pullback.derive.proof.residues import BadPoint, P, sign_of_ratio
from pullback.derive.proof.scalars import Work
from pullback.derive.proof.settled import Contradiction, Settled
from pullback.derive.proof.signs import nonnegative, positive
from pullback.derive.proof.zero import Zeros

NO_RANGES: Mapping[str, Range] = {}


class Symbolic:
    """Nodes as an algebra; what depends on data is asked, each question in one form.

    sign(2u), sign(-u) and sign(exp(v) u) are one question, as is the largest of u + c and v + c.
    """

    def __init__(
        self, nodes: Nodes, decider: Decider, ranges: Mapping[str, Range] = NO_RANGES
    ) -> None:
        self.ranges = ranges  # where entries of tensors are assumed to lie, by name
        self.nodes, self.zeros, self.decider = nodes, Zeros(nodes), decider
        self.settled = Settled(nodes)
        self.asked: dict[Any, tuple[int, Any]] = {}  # a question's number and nodes, at first
        self.keys: dict[Any, tuple[Any, int]] = {}
        self.decided = Work()  # how many times something has hung on a question

    def number(self, value: Number) -> Node:
        """A rational number."""
        return self.nodes.number(value)

    def constant(self, name: str) -> Node:
        """pi, an infinity, or what has no value."""
        if name == "pi":
            return self.nodes.make("constant", name)
        if name in ("oo", "-oo"):
            return self.nodes.infinity(1 if name == "oo" else -1)
        return self.nodes.undefined(name)

    def entry(self, name: str, places: Sequence[int]) -> Node:
        """An entry of an input."""
        found = self.nodes.symbol("_".join([name, *map(str, places)]))
        found.range = self.ranges.get(name)
        return found

    def label(self, name: str, places: Sequence[int], size: int) -> int:
        """An entry of an input that holds labels."""
        self.decided.done += 1
        return self.decider.decide(
            ("label", name, *places), Question("label", (), tuple(range(size)))
        )

    def add(self, terms: Sequence[Node]) -> Node:
        """A sum."""
        return self.nodes.add(terms)

    def mul(self, factors: Sequence[Node]) -> Node:
        """A product."""
        return self.nodes.mul(factors)

    def power(self, base: Node, exponent: Node) -> Node:
        """A power; the root of a square is that of an absolute value, whose sign is asked for."""
        root = self.as_number(exponent)
        if root is None or whole_number(root):
            return self.nodes.power(base, exponent)
        outside = []
        for factor, even in even_factors(self.nodes, base):
            base = self.nodes.mul((base, self.nodes.raised(factor, -even)))
            size = self.nodes.scaled(factor, self.sign(factor))
            outside.append(self.nodes.raised(size, Fraction(even * root)))
        return self.nodes.mul((self.nodes.raised(base, root), *outside))

    def function(self, name: str, a: Node) -> Node:
        """A function."""
        return self.nodes.function(name, a)

    def slope_beside(self, value: Node, slope: Node) -> Node:
        """The slope, though nothing may move what is no number."""
        if value.undefined or value.kind == "infinity":
            return self.nodes.undefined("a slope of", value)
        return slope

    def as_number(self, value: Node) -> Number | None:
        """The rational number that a node is."""
        return value.args[0] if value.kind == "number" else None

    # -- questions -------------------------------------------------------------------------------

    def sign(self, value: Node) -> int:
        """Which sign a value has."""
        key, flip = self.key_of_sign(value)
        if key is None:
            return flip
        self.decided.done += 1
        self.settle()
        left = self.settled.left(value)
        if left is not value:
            key, flip = self.key_of_sign(left)
        if key is None:
            return flip
        if key in self.settled.known:
            return flip * self.settled.known[key]
        inner = self.asked[key][1]
        options = (1, 0) if nonnegative(inner) else (1, -1, 0)
        return flip * self.decider.decide(key, Question("sign", (inner,), options))

    def key_of_sign(self, value: Node) -> tuple[Any, int]:
        """The key under which a sign is asked for, and the sign of the ratio; or None, the sign."""
        if value.kind in ("number", "infinity"):
            return None, int(value.args[0] > 0) - int(value.args[0] < 0)
        if value not in self.keys:
            self.keys[value] = self.question_of_sign(value)
        return self.keys[value]

    def settle(self) -> None:
        """Take in what ties tell, where every case is gone through: points need not be told."""
        if isinstance(self.decider, Cases):
            self.settled.update(self.decider.answers, self.again)

    def lacks_value(self, node: Node) -> bool:
        """Has a node no value, by the ties of this round?"""
        self.settle()
        return self.settled.put_in(node).undefined

    def again(self, question: Question, answer: int) -> tuple[Any, int]:
        """The key and the answer of what ties leave of a question; None where nothing is left.

        Contradiction where what is left has another answer.
        """
        if question.kind == "label":
            return None, answer
        left = [self.settled.left(node) for node in question.nodes]
        if question.kind == "sign":
            key, ratio = self.key_of_sign(left[0])
            if key is None and ratio != answer:
                raise Contradiction
            return key, ratio * answer
        first = self.candidates(left, question.options)
        if first and answer not in first.values():
            raise Contradiction
        return (self.key_of_largest(first) if len(first) > 1 else None), answer

    def bare(self, value: Node) -> tuple[int, Node]:
        """A node without the factors that are seen to be positive, and whether it is minus that."""
        content, inner = self.nodes.primitive(value)
        kept = [
            self.nodes.make_power(b, e) if not is_function(b, "exp") else self.nodes.one
            for b, e in self.nodes.bases(inner)
            if not positive(b)
        ]
        return 1 if content > 0 else -1, self.nodes.mul(kept)

    def question_of_sign(self, value: Node) -> tuple[Any, int]:
        """The key under which a sign is asked for, and the sign of the ratio; or None, the sign."""
        flip, inner = self.bare(value)
        if inner.kind == "number":
            return None, flip * ((inner.args[0] > 0) - (inner.args[0] < 0))
        for sign in (1, -1):
            if positive(self.nodes.scaled(inner, sign)):
                return None, sign * flip
        key, number = self.zeros.fingerprint(inner)
        if key is None:
            return None, 0
        return self.known(("sign", key), inner, number, flip)

    def known(self, key: Any, inner: Any, number: int, flip: int) -> tuple[Any, int]:
        """A key that was asked before, or this one."""
        ratio = sign_of_ratio(number, self.asked.setdefault(key, (number, inner))[0])
        if ratio is None:
            key, ratio = (*key, inner), 1
            self.asked[key] = number, inner
        return key, flip * ratio

    def largest(self, values: Sequence[Node]) -> int:
        """The first place of the largest; -oo is never the largest of several."""
        first = self.candidates(values, range(len(values)))
        if len(first) > 1:
            self.decided.done += 1
            self.settle()
            left = map(self.settled.left, first)
            first = self.candidates([*left], [*first.values()])
        if len(first) < 2:
            return next(iter(first.values()), 0)
        key = self.key_of_largest(first)
        if key in self.settled.known:
            return self.settled.known[key]
        question = Question("largest", tuple(first), tuple(first.values()))
        return self.decider.decide(key, question)

    def candidates(self, values: Sequence[Node], places: Sequence[int]) -> dict[Node, int]:
        """What may be the largest, each at its first place."""
        first: dict[Node, int] = {}
        for value, place in zip(values, places, strict=True):
            if value.kind == "infinity" and value.args[0] > 0:
                return {value: place}
            if value.kind != "infinity":
                first.setdefault(value, place)
        return first

    def key_of_largest(self, first: dict[Node, int]) -> Any:
        """The key under which a largest is asked for."""
        nodes, places = tuple(first), tuple(first.values())
        key = (nodes, places)
        if key not in self.keys:
            self.keys[key] = self.question_of_largest(nodes, places)
        return self.keys[key][0]

    def question_of_largest(self, nodes: Sequence[Node], places: Any) -> tuple[Any, int]:
        """The key under which a largest is asked for: it is the same for u + c and v + c."""
        less = [self.nodes.subtract(n, nodes[0]) for n in nodes[1:]]
        found = []
        for seed in range(20):
            try:
                found.append([self.zeros.point(seed).value(n) for n in less])
            except BadPoint:
                continue
            if len(found) == 2:
                break
        if len(found) < 2 or found[0][0] == 0 or found[1][0] == 0:
            return ("largest", places, *nodes), 1
        a, b = found
        ratios = tuple(x * pow(v[0], -1, P) % P for v in found for x in v[1:])
        key = ("largest", places, a[0] * pow(b[0], -1, P) % P, ratios)
        made, ratio = self.known(key, tuple(nodes), a[0], 1)
        return (made, 1) if ratio == 1 else ((*key, *nodes), 1)


def even_factors(nodes: Nodes, node: Node) -> list[tuple[Node, int]]:
    """The factors of a product to even powers whose own signs are not known."""
    _, inner = nodes.primitive(node)
    found = inner.args if inner.kind == "product" else ()
    even = [(b, int(e)) for b, e in found if whole_number(e) and int(e) % 2 == 0]
    return [(b, e) for b, e in even if not nonnegative(b)]
