"""What expressions are written out with: sizes, what names stand for, an algebra of scalars."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from sympy import Expr

from pullback.derive.index.objects import Index
from pullback.derive.proof.algebra import Algebra, Dual, Duals

V = TypeVar("V")


@dataclass
class Work:
    """A count, such as that of parts written out: what a check costs, in any run alike."""

    done: int = 0


At = Mapping[str, int]  # the places of indices, by name
Reader = Callable[["Scalars[Any]", At], Any]  # writes an expression out


@dataclass(frozen=True)
class Scalars(Generic[V]):
    """Writes expressions out: sizes as numbers, definitions looked through, cases decided.

    `memory` keeps what definitions and binders come to; decisions must not change meanwhile. What
    hangs on none is kept in `lasting`, which those may share that agree in all the rest; `decided`
    counts the decisions, and `lost` what else must be seen each time.
    """

    sizes: Mapping[Expr, int]
    definitions: Mapping[str, tuple[tuple[Index, ...], Expr]]
    algebra: Algebra[V]
    labels_of: Mapping[str, Expr]  # an integer tensor to the size of the axis it points into
    memory: dict[Any, Any] = field(default_factory=dict)
    work: Work = field(default_factory=Work)
    lasting: dict[Any, Any] = field(default_factory=dict)
    decided: Work = field(default_factory=Work)
    lost: Callable[[], int] = lambda: 0

    def read(self, read: Reader, at: At) -> V:
        """What a reader comes to."""
        self.work.done += 1
        return cast(V, read(self, at))

    def kept(self, key: Any, write: Callable[[], V]) -> V:
        """What is written out once."""
        if key in self.lasting:
            return cast(V, self.lasting[key])
        if key in self.memory:
            self.decided.done += 1
            return cast(V, self.memory[key])
        before = self.decided.done, self.lost()
        value = write()
        hangs = before != (self.decided.done, self.lost())
        (self.memory if hangs else self.lasting)[key] = value
        return value

    def along(self, name: str, places: tuple[int, ...]) -> Scalars[Dual[V]]:
        """Writes values out with slopes beside them, by one entry."""
        key = ("slopes", name, places)
        if key not in self.memory:
            one, none = self.algebra.number(1), self.algebra.number(0)

            def tangent(other: str, at: Sequence[int]) -> V:
                return one if (other, *at) == (name, *places) else none

            self.memory[key] = Scalars[Dual[V]](
                self.sizes,
                self.definitions,
                Duals(self.algebra, tangent),
                self.labels_of,
                work=self.work,
                lasting=self.lasting.setdefault(key, {}),
                decided=self.decided,
                lost=self.lost,
            )
        return cast("Scalars[Dual[V]]", self.memory[key])

    def label(self, name: str, places: list[int]) -> int:
        """An entry of a tensor that holds labels."""
        return self.algebra.label(name, places, self.sizes[self.labels_of[name]])

    def minus(self, value: V) -> V:
        """-value."""
        return self.algebra.mul([self.algebra.number(-1), value])

    def sign_of_difference(self, left: V, right: V) -> int:
        """The sign of left - right."""
        return self.algebra.sign(self.algebra.add([left, self.minus(right)]))
