"""A program: named array operations with axes and types, between mathematics and text.

An operation's operands say which axis of the result each of their axes is, so that broadcasting,
transposing and contracting are data here, and a target only has to spell them. A scan holds the
operations of its step, which are worked out at each place of an axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from sympy import Expr

from pullback.codegen.program.of_matrices import Determinant, Inverse, Solve
from pullback.derive.layer import Layer


@dataclass(frozen=True)
class Operand:
    """A value as an operation sees it: `places[i]` is the axis of the result that its axis i is."""

    value: int
    places: tuple[int, ...]


@dataclass(frozen=True)
class Input:
    """A tensor that is passed in."""

    name: str


@dataclass(frozen=True)
class Constant:
    """A number: a rational, or one such as √(2/π)."""

    number: Expr


@dataclass(frozen=True)
class Size:
    """The size of an axis."""

    symbol: Expr


@dataclass(frozen=True)
class Arange:
    """0, 1, …, size − 1: an axis as an array."""

    size: int  # the Size of the axis


@dataclass(frozen=True)
class Elementwise:
    """A function of entries: add, exp, maximum, greater, …"""

    function: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True)
class Reduce:
    """sum, max, min, argmax or argmin over axes of one value."""

    kind: str
    value: int
    axes: tuple[int, ...]


@dataclass(frozen=True)
class Contract:
    """A sum of products: axes with one letter are one; letters not in `out` are summed.

    Of two values it may be guarded: 0 times ∞ or NaN is 0.
    """

    values: tuple[int, ...]
    letters: tuple[tuple[int, ...], ...]
    out: tuple[int, ...]
    guarded: bool = False


@dataclass(frozen=True)
class Take:
    """Rows of a table by label: the axis is replaced by the axes of the labels."""

    value: int
    axis: int
    labels: int


@dataclass(frozen=True)
class Pick:
    """Entries of a value, each of its axes indexed by an array of integers."""

    value: int
    at: tuple[Operand, ...]  # one for each axis of the value, over the axes of the result


@dataclass(frozen=True)
class Put:
    """The value with the entries at some places replaced; `at` and `filling` as in Pick."""

    value: int
    at: tuple[Operand, ...]
    filling: Operand


@dataclass(frozen=True)
class OneHot:
    """1 where the last axis is the label, else 0."""

    labels: int
    size: int  # the Arange of the last axis


@dataclass(frozen=True)
class Scatter:
    """Rows added up where integers point: the axes that these run over become new ones in front.

    `at` are over the value's first axes, one for each new axis, whose sizes are `sizes`.
    """

    value: int
    at: tuple[Operand, ...]
    sizes: tuple[int, ...]  # Sizes


@dataclass(frozen=True)
class Window:
    """Entries at start + Σ step · new axis along one axis, which the new axes replace; 0 outside.

    `start` and `steps` are numbers, `sizes` the Sizes of the new axes.
    """

    value: int
    axis: int
    start: int
    steps: tuple[int, ...]
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class Fold:
    """Entries added up at start + Σ step · axis on one axis, which replaces those; none outside."""

    value: int
    axes: tuple[int, ...]
    start: int
    steps: tuple[int, ...]
    size: int  # the Size of the axis


@dataclass(frozen=True)
class Sliced:
    """An input of a step: a value's entries at the place, plus `shift`, on an axis; 0 outside."""

    name: str  # the step's Input
    value: int
    axis: int
    shift: int


@dataclass(frozen=True)
class Carried:
    """An input of a step: what a result was `lag` steps before; 0 where there was none."""

    name: str
    result: int  # which of the step's results
    lag: int  # 1 or more


@dataclass(frozen=True)
class Scan:
    """One step at each place of an axis, in order or (`back`) from the last to the first; each may
    read what earlier ones made.

    It makes its results together, which Scanned takes apart; nothing else reads it.
    """

    step: Step
    size: int  # the Size of the axis
    back: bool
    whole: tuple[tuple[str, int], ...]  # inputs that are the same at each place: name, value
    sliced: tuple[Sliced, ...]
    carried: tuple[Carried, ...]


@dataclass(frozen=True)
class Scanned:
    """One result of a scan at every place: the axis stands first."""

    scan: int
    result: int


Operation = (
    Input | Constant | Size | Arange | Elementwise | Reduce | Contract | Take | Pick | Put
    | OneHot | Scatter | Window | Fold | Scan | Scanned | Inverse | Determinant | Solve
)  # fmt: skip


def reads(op: Operation) -> tuple[int, ...]:
    """The values that an operation reads."""
    match op:
        case Arange(size):
            return (size,)
        case Elementwise(_, operands):
            return tuple(o.value for o in operands)
        case Reduce(_, value, _):
            return (value,)
        case Contract(values, _, _):
            return values
        case Take(value, _, labels):
            return (value, labels)
        case Pick(value, at):
            return (value, *(o.value for o in at))
        case Put(value, at, filling):
            return (value, *(o.value for o in at), filling.value)
        case OneHot(labels, size):
            return (labels, size)
        case Scatter(value, at, sizes):
            return (value, *(o.value for o in at), *sizes)
        case Window(value, _, start, steps, sizes):
            return (value, start, *steps, *sizes)
        case Fold(value, _, start, steps, size):
            return (value, start, *steps, size)
        case Scan(_, size, _, whole, sliced):
            return (size, *(value for _, value in whole), *(s.value for s in sliced))
        case Scanned(scan):
            return (scan,)
        case Inverse(value) | Determinant(value):
            return (value,)
        case Solve(value, right):
            return (value, right)
    return ()


def is_function(op: Operation, function: str) -> TypeGuard[Elementwise]:
    """Is it this function of entries?"""
    return isinstance(op, Elementwise) and op.function == function


@dataclass(frozen=True)
class Value:
    """The result of an operation: sizes of axes, kind, and its name in the mathematics.

    Kinds: real (floats of the inputs' dtype), mask (true or false), integer (labels and places),
    number (a Python number that depends on sizes and literals alone), scan (all that a scan makes).
    """

    number: int
    op: Operation
    sizes: tuple[Expr, ...]
    kind: str
    name: str = ""


@dataclass(frozen=True)
class Values:
    """The values of a layer's operations, by number."""

    layer: Layer
    values: tuple[Value, ...]

    def __getitem__(self, number: int) -> Value:
        return self.values[number]


@dataclass(frozen=True)
class Function(Values):
    """Operations from inputs to results: `body` lists the numbers of their values in order."""

    results: tuple[tuple[str, int], ...]  # by the name of the tensor
    body: tuple[int, ...]
    quiet: bool = False  # is something worked out that is not taken, and may not be finite?


@dataclass(frozen=True)
class Step(Function):
    """The operations of one place of a scan, from its inputs, which no tensor need be, to results
    by the names of their tensors."""


@dataclass(frozen=True)
class Program(Values):
    """Forward and backward of a layer as operations, and its derivatives along tangents.

    `forward` and `backward` list the numbers of their values in order; `cache` is what backward
    reads of forward's values and of the inputs; `gradients` maps a wanted input to its value.
    """

    output: int
    gradients: tuple[tuple[str, int], ...]
    forward: tuple[int, ...]
    backward: tuple[int, ...]
    cache: tuple[int, ...]
    nonempty: tuple[Expr, ...]  # sizes that must not be 0
    precise: bool  # worked in float64, with rounding errors of exponents carried on
    jvp: Function  # from inputs and tangents to the output and its tangent
    hvp: Function | None  # ... to the tangents of the gradients, where the output is a scalar
    quiet: bool = False  # as in Function


def borrows(op: Operation, values: Sequence[Value]) -> bool:
    """Is the result, or may it be, memory of an operand: the operand itself or a view of it?"""
    match op:
        case Input():
            return True
        case Contract((_,), (letters,), out):
            return set(letters) == set(out)  # a diagonal
        case Take(_, _, labels):
            return not values[labels].sizes
        case Window():
            return True
    return False
