"""The functions of matrix notation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from pullback.derive.index.functions import FUNCTIONS as WORDS
from pullback.derive.read.from_arrays import algebra as al
from pullback.derive.read.from_arrays import new_arrays
from pullback.derive.read.from_arrays import numpy_functions as npf
from pullback.derive.read.from_arrays.values import (
    ONE,
    Array,
    Axes,
    Constant,
    Indices,
    Kind,
    Meet,
    Scope,
    Unreadable,
    literal,
)
from pullback.derive.read.from_matrices import algebra as ma
from pullback.derive.read.from_matrices.values import Matrix, Way, constant
from pullback.derive.read.trees import Tree

Run = Callable[..., Matrix]


def entrywise(word: str, value: Matrix) -> Matrix:
    """A function of the language, of each entry."""
    return ma.each(partial(al.function, word), value)


def extreme(word: str, *values: Matrix) -> Matrix:
    """The largest entry of one, or of two entry by entry."""
    if len(values) == 1:
        return ma.reduced(word, values[0])
    if len(values) != 2:
        raise Unreadable(f"{word} takes one array or two")
    return ma.larger(word, *values)


def rows(run: Callable[[Array, Array], Array], what: str, value: Matrix) -> Matrix:
    """A function of each row, or of a vector."""
    own = value.closed(what)
    if not value.rank:
        raise Unreadable(f"{what} takes a vector, or a matrix whose rows are vectors")
    made = run(own, literal(-1))
    return Matrix(made, value.way if len(made.axes) == 1 == value.rank else Way.EITHER)


def log_sum_exp(own: Array, axis: Array) -> Array:
    """The log of a sum of exponentials."""
    return al.function(
        "log", al.reduce("sum", al.function("exp", own), (len(own.axes) - 1,), False)
    )


def softmax(own: Array, axis: Array) -> Array:
    """exp over its sum."""
    made = npf.softmax(own, axis)
    assert isinstance(made, Array)
    return made


def cross_entropy(z: Matrix, y: Matrix) -> Matrix:
    """-log softmax(z), by row, at the labels y, or weighted with the rows of y."""
    own = z.closed("CE")
    total = rows(log_sum_exp, "CE", z)
    if y.array.kind is Kind.PLACE:
        if y.axes != z.axes[:-1] or y.array.reach is None:
            message = f"CE(z, y) takes a label for each row of z; z is {z.words}, y {shown(y)}"
            raise unlike(message, z.axes[:-1], y.axes)
        y.array.reach.agree(own.axes[-1])
        labels = y.array

        def entry(indices: Indices, scope: Scope) -> Tree:
            return own.at((*indices, labels.index(indices, scope)), scope)

        return ma.operation("-", total, Matrix(Array(y.array.axes, entry)))
    if y.axes != z.axes:
        message = (
            f'CE(z, y) takes labels, declared as y = "N: K", or y of the shape of z; z is '
            f"{z.words}, y {y.words}"
        )
        raise unlike(message, z.axes, y.axes)
    logs = al.operation("-", own, npf.logsumexp(own, literal(-1), Constant(True)))
    weighted = al.operation("*", y.array, logs)
    made = al.reduce("sum", weighted, (len(own.axes) - 1,), False)
    return Matrix(al.negative(made))


def unlike(message: str, a: Axes, b: Axes) -> Unreadable:
    """Two shapes that should be one are not."""
    different = [(p, q) for p, q in zip(a, b, strict=False) if p != q]
    return Meet(message, *different[0]) if len(a) == len(b) and different else Unreadable(message)


def shown(labels: Matrix) -> str:
    """The shape of labels."""
    return f"has the shape ({' '.join(labels.axes)})"


def filled(value: Matrix) -> Matrix:
    """vector(1): one number everywhere, as long as it must be."""
    number = value.array.literal
    if number is None or value.rank:
        raise Unreadable("vector( ) takes a number that is typed, as in vector(1)")
    return constant(number)


def diagonal(value: Matrix) -> Matrix:
    """The matrix with a vector on its diagonal, or the diagonal of a matrix."""
    own = value.closed("diag")
    if value.rank not in (1, 2) or ONE in own.axes:
        raise Unreadable(f"diag takes a vector or a square matrix, and this is {value.words}")
    made = new_arrays.diag(own)
    assert isinstance(made, Array)
    return Matrix(made)


FUNCTIONS: Mapping[str, tuple[tuple[int, ...], Run]] = {
    **{word: ((1,), partial(entrywise, word)) for word in WORDS},
    "ln": ((1,), partial(entrywise, "log")),
    "sigma": ((1,), partial(entrywise, "sigmoid")),
    "relu": ((1,), ma.relu),
    "ReLU": ((1,), ma.relu),
    "sum": ((1,), partial(ma.reduced, "sum")),
    "mean": ((1,), partial(ma.reduced, "mean")),
    "max": ((1, 2), partial(extreme, "max")),
    "min": ((1, 2), partial(extreme, "min")),
    "tr": ((1,), ma.trace),
    "trace": ((1,), ma.trace),
    "norm": ((1,), ma.norm),
    "norm1": ((1,), partial(ma.norm, kind="1")),
    "norm2": ((1,), partial(ma.norm, kind="2")),
    "softmax": ((1,), partial(rows, softmax, "softmax")),
    "logsumexp": ((1,), partial(rows, log_sum_exp, "logsumexp")),
    "CE": ((2,), cross_entropy),
    "diag": ((1,), diagonal),
    "vector": ((1,), filled),
}
REFUSED: Mapping[str, str] = {
    **dict.fromkeys(("det", "logdet"), "there are no determinants yet"),
    **dict.fromkeys(("inv", "pinv", "solve"), "inverses are not read"),
    **dict.fromkeys(("eig", "svd", "chol", "rank"), "decompositions are not read"),
    **dict.fromkeys(("kron", "vec", "reshape"), "axes are neither merged nor split"),
    **dict.fromkeys(("matrix", "eye", "I"), "declare the matrix as an input, with its shape"),
}


def apply(name: str, values: list[Matrix]) -> Matrix:
    """A function of values."""
    counts, run = FUNCTIONS[name]
    if len(values) not in counts:
        wanted = " or ".join(map(str, counts))
        raise Unreadable(f"{name} takes {wanted} argument{'s' * (counts != (1,))}")
    return run(*values)
