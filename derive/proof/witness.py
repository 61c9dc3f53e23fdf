"""Real points at which a case comes about, found by trying, and what two scalars come to there."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import mpmath

from pullback.derive.proof.algebra import Numbers, fold
from pullback.derive.proof.cases import Question
from pullback.derive.proof.nodes import Node, symbols

DIGITS = 50
WORKING = 130  # digits that values are worked out to, of which 80 may cancel
NEAR = 1e-9  # to which a tie holds in floats
STARTS = 6  # points that a search starts from
MOVES = 60  # of single coordinates, from each
Answers = Sequence[tuple[Question, int]]
Values = dict[Node, float]
NOTHING: Mapping[Node, Node] = {}


class Search:
    """Looks for points at which answers hold and scalars are real numbers."""

    def __init__(
        self,
        answers: Answers,
        real: Iterable[Node],
        tied: Mapping[Node, Node] = NOTHING,
        seed: int = 0,
    ) -> None:
        self.answers = [(q, a) for q, a in answers if q.kind != "label"]
        self.real = list(real)
        self.tied = tied  # entries that lie in ranges, and what they are
        self.chance = random.Random(seed)
        asked = [n for q, _ in self.answers for n in q.nodes]
        self.unknown = symbols([*asked, *self.real, *tied.values()])

    def points(self, count: int) -> Iterator[Values]:
        """Up to so many points."""
        for start in range(STARTS + count - 1):
            values = self.improved(self.drawn(start))
            if values is not None:
                yield values
                count -= 1
                if not count:
                    return

    def drawn(self, start: int) -> Values:
        """A point to start from: of any sign, or with all coordinates positive."""
        positive = start % 2 == 1
        return {
            s: inside(s, abs(v) if positive else v)
            for s in self.unknown
            for v in [self.coordinate(start)]
        }

    def coordinate(self, start: int) -> float:
        """A coordinate, within 3 of 0 or, in some searches, within 1."""
        width = (3.0, 3.0, 1.0, 1.0, 10.0, 0.3)[start % 6]
        return self.chance.uniform(-width, width) or 1.0

    def improved(self, values: Values) -> Values | None:
        """The point, with single coordinates drawn anew until nothing is wrong; None if that fails.

        A draw is kept where no more is wrong than before.
        """
        wrong = self.wrong(values)
        for move in range(MOVES if self.unknown else 0):
            if not wrong:
                break
            symbol = self.chance.choice(self.unknown)
            tried = {**values, symbol: inside(symbol, self.coordinate(move))}
            found = self.wrong(tried)
            if found <= wrong:
                values, wrong = tried, found
        return None if wrong else values

    def wrong(self, values: Values) -> int:
        """How many answers do not hold, and how much has no value."""
        numbers, known = Numbers(mpmath.fp, None), dict[Node, Any](values)
        wrong = 0
        for question, answer in self.answers:
            found = [fold(n, numbers, known) for n in question.nodes]
            wrong += any(v != v for v in found) or not holds(question, found, answer)
        for symbol, node in self.tied.items():
            value = fold(node, numbers, known)
            wrong += symbol.range is not None and not (value == value and symbol.range.has(value))
        for node in self.real:
            value = fold(node, numbers, known)
            wrong += not abs(value) < mpmath.inf
        return wrong + numbers.faults


def inside(symbol: Node, value: float) -> float:
    """A number in the range where an entry lies: this one, if it does."""
    return value if symbol.range is None else symbol.range.inside(value)


def holds(question: Question, values: Sequence[Any], answer: int) -> bool:
    """Is it the answer, for these values?"""
    if question.kind == "sign":
        return bool(abs(values[0]) < NEAR if answer == 0 else values[0] * answer > 0)
    best = values[question.options.index(answer)]
    return all(best >= v - NEAR * abs(v) for v in values)


def exact(nodes: Sequence[Node], values: Values) -> list[Any]:
    """Values to many digits; None for what has none."""
    found = []
    with mpmath.workdps(WORKING):
        known = {s: mpmath.mpf(v) for s, v in values.items()}
        for node in nodes:
            numbers = Numbers(mpmath.mp, None)
            value = fold(node, numbers, dict(known))
            found.append(None if numbers.faults or not mpmath.isfinite(value) else value)
    return found


def close(a: Any, b: Any) -> bool:
    """Equal to 50 digits, beside the larger of both."""
    with mpmath.workdps(WORKING):
        tiny = mpmath.mpf(10) ** -20
        return bool(abs(a - b) <= max(abs(a), abs(b), tiny) * mpmath.mpf(10) ** -DIGITS)
