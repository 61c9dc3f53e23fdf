"""What each operation may read, and the sizes and the kind of what it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from sympy import Expr

from pullback.codegen.program.functions import FUNCTIONS
from pullback.codegen.program.of_matrices import Determinant, Inverse, Solve
from pullback.codegen.program.operations import (
    Arange,
    Constant,
    Contract,
    Elementwise,
    Fold,
    OneHot,
    Operand,
    Operation,
    Pick,
    Put,
    Reduce,
    Scan,
    Scanned,
    Scatter,
    Size,
    Take,
    Value,
    Window,
)
from pullback.codegen.program.refusals import Result, Sizes, refuse_unless, size_of
from pullback.codegen.program.scans import of_scan, of_scanned

Key = TypeVar("Key")
PLACES = ("argmax", "argmin")


def result_of(op: Operation, values: Sequence[Value]) -> Result:
    """The sizes and the kind of an operation's result; Malformed where its operands do not fit."""
    return RULES[type(op)](op, values)


def agree(pairs: Iterable[tuple[Key, Expr]]) -> dict[Key, Expr]:
    """One size for each axis."""
    sizes: dict[Key, Expr] = {}
    for axis, size in pairs:
        refuse_unless(sizes.setdefault(axis, size) == size, f"an axis is {sizes[axis]} and {size}")
    return sizes


def lined_up(operands: Iterable[Operand], values: Sequence[Value]) -> Sizes:
    """The sizes of the result whose axes the operands say; each axis is some operand's."""
    pairs: list[tuple[int, Expr]] = []
    for operand in operands:
        sizes, places = values[operand.value].sizes, operand.places
        refuse_unless(len(places) == len(sizes), f"{places} for the axes {sizes}")
        refuse_unless(len(set(places)) == len(places), f"{places} names an axis twice")
        pairs += zip(places, sizes, strict=True)
    by_axis = agree(pairs)
    refuse_unless(sorted(by_axis) == [*range(len(by_axis))], f"axes {sorted(by_axis)}, not all")
    return tuple(by_axis[axis] for axis in sorted(by_axis))


def wanted(kind: str, number: int, values: Sequence[Value], what: str) -> None:
    """Refuse a value that has another kind."""
    is_kind = values[number].kind == kind
    refuse_unless(is_kind, f"{what} is {values[number].kind}, wanted is {kind}")


def range_of(number: int, values: Sequence[Value]) -> Expr | None:
    """The size of the axis on which integers lie, where the operation says it."""
    match values[number].op:
        case Arange(size):
            return size_of(size, values)
        case Reduce(kind, value, axes) if kind in PLACES:
            return values[value].sizes[axes[0]]
    return None


def labels(number: int, size: Expr, values: Sequence[Value]) -> None:
    """Refuse what does not hold places on an axis of this size."""
    wanted("integer", number, values, "an index")
    along = range_of(number, values)
    refuse_unless(along in (None, size), f"an index over {along} on an axis of {size}")


# -- one rule for each operation -------------------------------------------------------------------


def of_number(op: Constant | Size, values: Sequence[Value]) -> Result:
    """A number."""
    return (), "number"


def of_arange(op: Arange, values: Sequence[Value]) -> Result:
    """Places along an axis."""
    return (size_of(op.size, values),), "integer"


def of_elementwise(op: Elementwise, values: Sequence[Value]) -> Result:
    """As the table of functions says."""
    refuse_unless(op.function in FUNCTIONS, f"no function is called {op.function!r}")
    f, count = FUNCTIONS[op.function], len(op.operands)
    fits = count >= f.arity if f.more else count == f.arity
    refuse_unless(fits, f"{count} operands, wanted are {f.arity}")
    kinds = [values[o.value].kind for o in op.operands]
    allowed = [*f.operands, *[f.operands[-1]] * (count - f.arity)]
    for place, (kind, kinds_there) in enumerate(zip(kinds, allowed, strict=True)):
        refuse_unless(kind in kinds_there, f"operand {place} is {kind}")
    if op.function == "spread":
        return of_spread(op, values), kinds[0]
    return lined_up(op.operands, values), kind_of(f.result, kinds)


def kind_of(result: str, kinds: Sequence[str]) -> str:
    """The kind of a function's result by those of its operands."""
    if result == "mask":
        mixed = "integer" in kinds and {"real", "mask"} & {*kinds}
        refuse_unless(not mixed, f"{kinds[0]} is compared with {kinds[-1]}")
        return result
    if result in ("arithmetic", "whole") and {*kinds} == {"number"}:
        return "number"
    if result == "whole":
        return "integer"
    # true + true is true in NumPy, and a choice of two Python numbers makes integers
    numbers = kinds[1:] if result == "choice" else kinds
    refuse_unless(result == "real" or "real" in numbers, "no operand is real")
    return "real"


def of_spread(op: Elementwise, values: Sequence[Value]) -> Sizes:
    """The first operand repeated along axes of these sizes."""
    first, *sizes = op.operands
    whole = tuple(size_of(o.value, values) for o in sizes)
    own, places = values[first.value].sizes, first.places
    refuse_unless(len(places) == len(own) == len(set(places)), f"{places} for the axes {own}")
    fits = all(p < len(whole) and whole[p] == s for p, s in zip(places, own, strict=True))
    refuse_unless(fits, f"{own} at {places} of {whole}")
    return whole


def of_reduce(op: Reduce, values: Sequence[Value]) -> Result:
    """Axes fewer; places are integers."""
    sizes = values[op.value].sizes
    refuse_unless(op.kind in ("sum", "max", "min", *PLACES), f"no reduction is called {op.kind!r}")
    wanted("real", op.value, values, "what is reduced")
    axes = [*op.axes]
    inside = axes == sorted({*axes} & {*range(len(sizes))})
    refuse_unless(bool(axes) and inside, f"axes {op.axes} of {sizes}")
    refuse_unless(op.kind == "sum" or len(axes) == 1, f"{op.kind} over {len(axes)} axes")
    rest = tuple(size for axis, size in enumerate(sizes) if axis not in axes)
    return rest, "integer" if op.kind in PLACES else "real"


def of_contract(op: Contract, values: Sequence[Value]) -> Result:
    """The axes of `out`; one value alone keeps its kind where nothing is summed."""
    refuse_unless(len(op.values) == len(op.letters) > 0, "operands and their axes differ in number")
    refuse_unless(len(op.values) == 2 or not op.guarded, "a guard where there are not two values")
    pairs: list[tuple[int, Expr]] = []
    for value, letters in zip(op.values, op.letters, strict=True):
        sizes = values[value].sizes
        refuse_unless(len(letters) == len(sizes), f"{letters} for the axes {sizes}")
        pairs += zip(letters, sizes, strict=True)
    by_letter = agree(pairs)
    fits = len({*op.out}) == len(op.out) and {*op.out} <= {*by_letter}
    refuse_unless(fits, f"{op.out} of the axes {sorted(by_letter)}")
    alone = len(op.values) == 1 and {*op.out} == {*by_letter}
    if not alone:
        for value in op.values:
            wanted("real", value, values, "a factor")
    kind = values[op.values[0]].kind
    return tuple(by_letter[letter] for letter in op.out), kind


def of_take(op: Take, values: Sequence[Value]) -> Result:
    """The labels' axes in place of one."""
    sizes = values[op.value].sizes
    refuse_unless(0 <= op.axis < len(sizes), f"axis {op.axis} of {sizes}")
    labels(op.labels, sizes[op.axis], values)
    at = values[op.labels].sizes
    return (*sizes[: op.axis], *at, *sizes[op.axis + 1 :]), values[op.value].kind


def of_pick(op: Pick, values: Sequence[Value]) -> Result:
    """An index for each axis."""
    indexed(op.value, op.at, values)
    return lined_up(op.at, values), values[op.value].kind


def indexed(number: int, at: Sequence[Operand], values: Sequence[Value]) -> None:
    """Refuse indices that are not one for each axis, and places on it."""
    sizes = values[number].sizes
    refuse_unless(len(at) == len(sizes), f"{len(at)} indices for the axes {sizes}")
    for operand, size in zip(at, sizes, strict=True):
        labels(operand.value, size, values)


def of_put(op: Put, values: Sequence[Value]) -> Result:
    """The base's axes; an Arange runs along each axis of the places, so none is replaced twice."""
    indexed(op.value, op.at, values)
    wanted("real", op.value, values, "the base")
    runs = {o.places[0] for o in op.at if isinstance(values[o.value].op, Arange) and o.places}
    sizes = lined_up(op.at, values)
    refuse_unless(runs == {*range(len(sizes))}, "an entry may be replaced twice")
    refuse_unless(lined_up([*op.at, op.filling], values) == sizes, "the filling has more axes")
    is_number = values[op.filling.value].kind in ("real", "number", "mask")
    refuse_unless(is_number, f"the filling is {values[op.filling.value].kind}")
    return values[op.value].sizes, "real"


def of_one_hot(op: OneHot, values: Sequence[Value]) -> Result:
    """One axis more."""
    wanted("integer", op.labels, values, "a label")
    refuse_unless(isinstance(values[op.size].op, Arange), "the last axis is no Arange")
    return (*values[op.labels].sizes, *values[op.size].sizes), "mask"


def of_scatter(op: Scatter, values: Sequence[Value]) -> Result:
    """New axes in front in place of those that the integers run over."""
    wanted("real", op.value, values, "what is added up")
    refuse_unless(len(op.at) == len(op.sizes) > 0, f"{len(op.at)} indices, {len(op.sizes)} sizes")
    new = tuple(size_of(size, values) for size in op.sizes)
    for operand, size in zip(op.at, new, strict=True):
        labels(operand.value, size, values)
    along, sizes = lined_up(op.at, values), values[op.value].sizes
    refuse_unless(len(along) > 0, "labels without axes")
    refuse_unless(sizes[: len(along)] == along, f"rows {sizes} for labels over {along}")
    return (*new, *sizes[len(along) :]), "real"


def of_window(op: Window, values: Sequence[Value]) -> Result:
    """New axes in place of one."""
    sizes = values[op.value].sizes
    wanted("real", op.value, values, "what windows lie on")
    refuse_unless(0 <= op.axis < len(sizes), f"axis {op.axis} of {sizes}")
    refuse_unless(len(op.steps) == len(op.sizes), f"{len(op.steps)} steps, {len(op.sizes)} sizes")
    for number in (op.start, *op.steps):
        wanted("number", number, values, "a start or a step")
    new = tuple(size_of(size, values) for size in op.sizes)
    return (*sizes[: op.axis], *new, *sizes[op.axis + 1 :]), "real"


def of_fold(op: Fold, values: Sequence[Value]) -> Result:
    """One axis where the first of those that are folded was."""
    sizes = values[op.value].sizes
    wanted("real", op.value, values, "what is folded")
    inside = len({*op.axes}) == len(op.axes) and {*op.axes} <= {*range(len(sizes))}
    refuse_unless(inside and len(op.axes) > 0, f"axes {op.axes} of {sizes}")
    refuse_unless(len(op.steps) == len(op.axes), f"{len(op.steps)} steps, {len(op.axes)} axes")
    for number in (op.start, *op.steps):
        wanted("number", number, values, "a start or a step")
    left = [size for axis, size in enumerate(sizes) if axis not in op.axes]
    first = sum(1 for axis in range(op.axes[0]) if axis not in op.axes)
    return (*left[:first], size_of(op.size, values), *left[first:]), "real"


def of_inverse(op: Inverse, values: Sequence[Value]) -> Result:
    """The same axes."""
    return matrices(op.value, values), "real"


def of_determinant(op: Determinant, values: Sequence[Value]) -> Result:
    """Two axes fewer."""
    return matrices(op.value, values)[:-2], "real"


def of_solve(op: Solve, values: Sequence[Value]) -> Result:
    """The axes of the right side."""
    sizes, right = matrices(op.value, values), values[op.right].sizes
    wanted("real", op.right, values, "a right side")
    rows = sizes[:-1]
    refuse_unless(right[: len(rows)] == rows, f"a right side of {right} for matrices of {sizes}")
    return right, "real"


def matrices(number: int, values: Sequence[Value]) -> Sizes:
    """The sizes of matrices, as many rows as columns."""
    sizes = values[number].sizes
    wanted("real", number, values, "a matrix")
    refuse_unless(len(sizes) > 1 and sizes[-1] == sizes[-2], f"{sizes} are no square matrices")
    return sizes


RULES: Mapping[type, Callable[..., Result]] = {
    Constant: of_number,
    Size: of_number,
    Arange: of_arange,
    Elementwise: of_elementwise,
    Reduce: of_reduce,
    Contract: of_contract,
    Take: of_take,
    Pick: of_pick,
    Put: of_put,
    OneHot: of_one_hot,
    Scatter: of_scatter,
    Window: of_window,
    Fold: of_fold,
    Scan: of_scan,
    Scanned: of_scanned,
    Inverse: of_inverse,
    Determinant: of_determinant,
    Solve: of_solve,
}
