"""What an outcome depends on: labels, signs, places of extreme values, and every case of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import mpmath

from pullback.derive.proof.algebra import Numbers, fold
from pullback.derive.proof.nodes import Node, symbols


class TooManyCases(Exception):
    """There are more cases than may be taken."""


class Question(NamedTuple):
    """What is asked, of which nodes, and which answers there are.

    "sign" of a node: -1, 0 or 1; "largest": the first place of the largest of several; "label".
    """

    kind: str
    nodes: tuple[Node, ...]
    options: tuple[int, ...]


class Decider(Protocol):
    """Answers questions, the same one in the same way within a round."""

    answers: dict[Any, tuple[Question, int]]

    def decide(self, key: Any, question: Question) -> int:
        """The answer of this round."""

    def rounds(self) -> Iterator[None]:
        """One round after the other."""


@dataclass
class Cases:
    """Every combination of answers to the questions that an evaluation asks."""

    limit: int
    trail: list[tuple[Any, int, Question]] = field(default_factory=list)
    answers: dict[Any, tuple[Question, int]] = field(default_factory=dict)

    def decide(self, key: Any, question: Question) -> int:
        """The answer of this round; a new question is answered with its first answer."""
        if key not in self.answers:
            self.trail.append((key, 0, question))
            self.answers[key] = question, question.options[0]
        return self.answers[key][1]

    def rounds(self) -> Iterator[None]:
        """One round per combination; the body of the loop must ask the same way in each."""
        for _ in range(self.limit):
            self.answers = {key: (q, q.options[answer]) for key, answer, q in self.trail}
            yield
            while self.trail and self.trail[-1][1] + 1 == len(self.trail[-1][2].options):
                self.trail.pop()
            if not self.trail:
                return
            key, answer, question = self.trail[-1]
            self.trail[-1] = (key, answer + 1, question)
        raise TooManyCases


@dataclass
class RandomCases:
    """What holds at random points, of which many coordinates are small integers, so that they tie.

    `entries` says what the entries are that a fact ties to others.
    """

    chance: random.Random
    count: int
    answers: dict[Any, tuple[Question, int]] = field(default_factory=dict)
    point: dict[Node, Any] = field(default_factory=dict)

    def decide(self, key: Any, question: Question) -> int:
        """The answer at this round's point."""
        if key not in self.answers:
            self.answers[key] = question, self.answer(question)
        return self.answers[key][1]

    def answer(self, question: Question) -> int:
        """What holds."""
        if question.kind == "label":
            return self.chance.choice(question.options)
        numbers = Numbers(mpmath.fp, None)
        values = [self.value(node, numbers) for node in question.nodes]
        if question.kind == "largest":
            return question.options[numbers.largest(values)]
        sign = numbers.sign(values[0])
        return sign if sign in question.options else question.options[0]

    def value(self, node: Node, numbers: Numbers) -> Any:
        """A node's value at the point."""
        for symbol in symbols([node]):
            if symbol not in self.point:
                whole = self.chance.random() < 0.6
                self.point[symbol] = float(
                    self.chance.randint(-2, 2) if whole else self.chance.uniform(-3, 3)
                )
        return fold(node, numbers, self.point)

    def rounds(self) -> Iterator[None]:
        """One round after the other, each at a point of its own."""
        for _ in range(self.count):
            self.answers, self.point = {}, {}
            yield
