"""What was found of the axes of a layer: along which it can be cut into parts, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sympy as sp
from sympy import Expr

from pullback.derive.calculus.reasoning import Reasoning
from pullback.derive.index.objects import Index
from pullback.derive.layer import Layer, Tensor

MEAN, SUM = "mean", "sum"


@dataclass(frozen=True)
class Cut:
    """An axis along which a layer can be cut.

    `inputs` has the position of the axis in each input that is cut, and `output` that in the
    output, None where that is a weighted sum. Of such a one `kind` is "mean" or "sum", `rest` what
    is added to it, `part` the labels that say where a place lies, and `reasonings` the steps to it.
    """

    axis: Index
    inputs: Mapping[str, int]
    output: int | None
    kind: str = ""
    rest: Expr = sp.S.Zero
    part: Tensor | None = None
    parts: Index | None = None  # the axis of parts
    reasonings: tuple[Reasoning, ...] = ()

    @property
    def has_rest(self) -> bool:
        """Does each part have what the whole has once, so that it must be taken off again?"""
        return self.kind == SUM and self.rest != 0

    @property
    def name(self) -> str:
        """The axis, as the definition calls it."""
        return self.axis.axis


@dataclass(frozen=True)
class Uncut:
    """An axis along which a layer cannot be cut, and why not, in words."""

    axis: Index
    why: str


@dataclass(frozen=True)
class Cutting:
    """What was found of each axis of a layer, in the order of its text."""

    cuts: tuple[Cut, ...] = ()
    uncut: tuple[Uncut, ...] = ()

    def along(self, axis: str) -> Cut | None:
        """The cut along the axis of that name, if there is one."""
        return next((c for c in self.cuts if c.name == axis), None)

    @property
    def reasonings(self) -> tuple[Reasoning, ...]:
        """The steps to weighted sums, and to sums of their parts."""
        return tuple(r for cut in self.cuts for r in cut.reasonings)

    def labelled(self, layer: Layer) -> Layer:
        """The layer, with labels among its inputs that say in which part each place lies."""
        more = [c.part for c in self.cuts if c.part]
        axes = dict.fromkeys(c.parts for c in self.cuts if c.parts)
        return replace(layer, inputs=(*layer.inputs, *more), axes=(*layer.axes, *axes))


NOTHING = Cutting()
