"""Layers as array functions of HIPS autograd, straight from the syntax trees of their equations.

Nothing is shared with the derivation but the parser and the writing out of calls. Within an
equation each name of an axis has a dimension of its own: a sub-expression is an array over all of
them, of length 1 along those that it does not depend on. Tensors are read by fancy indexing,
whatever their indices. Kinks go by the declared rule: at a tie a constant argument wins, else the
first; a reduction takes the first place.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
from autograd.extend import defvjp, primitive
from autograd.scipy.special import digamma, erf, erfc, erfinv, gammaln
from scipy.special import expit

from pullback.derive.index.objects import own_name
from pullback.derive.read.calls import write_out_calls
from pullback.derive.read.definition import Definition
from pullback.derive.read.flat import inputs_of
from pullback.derive.read.matrix_functions import OF_MATRICES, square_of
from pullback.derive.read.trees import (
    Apply,
    Equation,
    Iverson,
    Length,
    Negative,
    Number,
    Operation,
    Ref,
    Shifted,
    Tree,
    walk,
)
from tests.definitions import COMPARE, Facts, given_apart, unify
from tests.places import bound_in_places, completed, is_whole, whole

sigmoid = primitive(expit)  # autograd's own carries no second derivative in the tails
defvjp(sigmoid, lambda ans, x: lambda g: g * sigmoid(x) * sigmoid(-x))

OPERATIONS: dict[str, Callable[..., Any]] = {
    "+": anp.add,
    "-": anp.subtract,
    "*": anp.multiply,
    "/": anp.divide,
    "**": anp.power,
    "exp": anp.exp,
    "log": anp.log,
    "log1p": anp.log1p,
    "expm1": anp.expm1,
    "sqrt": anp.sqrt,
    "tanh": anp.tanh,
    "sigmoid": sigmoid,
    "erf": erf,
    "erfc": erfc,
    "sin": anp.sin,
    "cos": anp.cos,
    "abs": lambda x: x * anp.sign(x),
    **{name: getattr(anp, name) for name in ("tan", "sinh", "cosh", "sign", "floor", "ceil")},
    **{f"a{name}": getattr(anp, f"arc{name}") for name in ("sin", "cos", "tan")},
    **{f"a{name}": getattr(anp, f"arc{name}") for name in ("sinh", "cosh", "tanh")},
    "atan2": anp.arctan2,
    "lgamma": gammaln,
    "digamma": digamma,
    "erfinv": erfinv,
    "sinc": anp.sinc,
    "round": anp.rint,
    "cbrt": lambda x: anp.sign(x) * anp.abs(x) ** (1 / 3),
}
REDUCTIONS = ("sum", "mean", "max", "min")


def text_facts(definition: Definition, load: Callable[[str], Definition]) -> Facts:
    """What a definition says that is no shipped one; `load` gives those that it calls."""
    flat, _, sizes, _ = write_out_calls(definition, load)
    axes, labels, same = unify(flat)
    inputs = list(inputs_of(flat))
    # an axis that stands in comparisons alone
    same |= {name: root for name, root in labels.items() if name not in inputs}
    bound = {*bound_in_places(flat), *(axis for axis, _ in sizes)} - {*same}
    same |= {axis: axis for axis in sorted(bound)}
    real = [i for i in inputs if i not in labels]
    said, arguments = given_apart(sizes)
    return Facts(
        name=definition.name,
        equations={e.name: e for e in flat},
        assume=definition.assume,
        axes={i: axes.get(i, ()) for i in inputs},
        labels={i: labels[i] for i in inputs if i in labels},
        wrt=tuple(i for i in real if definition.wrt is None or i in definition.wrt),
        output=[e.name for e in flat if not e.notation][-1],
        same=same,
        sizes=said,
        places=axes,
        arguments=arguments,
    )


def read_elsewhere(equation: Equation) -> list[str]:
    """The names under which an equation reads a recurrence at other places."""
    names = (tree.name for tree in walk(equation.right) if isinstance(tree, Ref))
    return [name for name in names if name != own_name(name)]


class Arrays:
    """One evaluation; `largest` is the largest magnitude that came up on the way."""

    def __init__(self, layer: Facts, inputs: Mapping[str, Any]) -> None:
        self.layer = layer
        self.arrays = dict(inputs)
        self.sizes = {
            axis: size
            for name, axes in layer.axes.items()
            for axis, size in zip(axes, np.shape(inputs[name]), strict=True)
        }
        self.sizes |= {axis: int(inputs[name]) for name, axis in layer.arguments.items()}
        self.sizes = completed(layer, self.sizes)
        self.largest = 0.0

    def output(self) -> Any:
        """The output, every equation worked out in order."""
        again = {n for e in self.layer.equations.values() for n in read_elsewhere(e)}
        for name in again:
            axes = self.layer.equations[own_name(name)].axes or ()
            self.arrays[name] = np.full([self.size(a) for a in axes], 0.5)
        # each time that all is worked out, one place more of a recurrence is right
        for _ in range(1 + (max(self.sizes.values(), default=0) if again else 0)):
            for name, equation in self.layer.equations.items():
                self.arrays[name] = OneEquation(self, equation).result()
            self.arrays |= {name: self.arrays[own_name(name)] for name in again}
        return self.arrays[self.layer.output]

    def size(self, axis: str) -> int:
        """The size of an axis."""
        return self.sizes[self.layer.same[axis]]


class OneEquation:
    """The dimensions of one equation: one for each name of an axis."""

    def __init__(self, arrays: Arrays, equation: Equation) -> None:
        self.whole = arrays
        self.layer = arrays.layer
        self.equation = equation
        names = dict.fromkeys((*(equation.axes or ()), *bare_names(equation.right)))
        self.axes = [n for n in names if n in arrays.layer.same]

    def result(self) -> Any:
        """The right side as an array over the axes of the left side."""
        value = self.build(self.equation.right)
        own = self.equation.axes or ()
        value = value * np.ones([self.whole.size(a) if a in own else 1 for a in self.axes])
        return anp.reshape(value, tuple(self.whole.size(a) for a in own))

    def number(self, value: float) -> np.ndarray:
        """A constant."""
        return np.full([1] * len(self.axes), value)

    def build(self, tree: Tree) -> Any:
        """The array of a tree."""
        value = self.work_out(tree)
        plain = value
        while hasattr(plain, "_value"):
            plain = plain._value
        largest = np.abs(plain).max(initial=0.0)
        self.whole.largest = float(np.maximum(self.whole.largest, largest))  # NaN stays
        return value

    def work_out(self, tree: Tree) -> Any:
        """The array of a tree, by the arrays of its parts."""
        match tree:
            case Number(text, _):
                return self.number(float(text))
            case Negative(operand, _):
                return -self.build(operand)
            case Operation(op, left, right, _):
                return OPERATIONS[op](self.build(left), self.build(right))
            case Iverson(comparison, _):
                return self.holds(comparison).astype(float)
            case Apply():
                return self.function(tree)
            case Shifted():
                return self.shifted(tree)
            case Length(name, position, _):
                return self.number(self.whole.size(self.layer.places[name][position]))
        if tree.indices is None and tree.name not in self.whole.arrays:
            if tree.name == "pi":
                return self.number(np.pi)
            return self.number(self.whole.size(self.layer.axis_of_size(tree.name)))
        return self.entries(tree)

    def entries(self, tree: Ref) -> Any:
        """A tensor at its indices."""
        array = self.whole.arrays[tree.name]
        if not tree.indices:
            return anp.reshape(array, (1,) * len(self.axes))
        return array[tuple(self.place(i) for i in tree.indices)]

    def shifted(self, tree: Shifted) -> Any:
        """A tensor at whole expressions, or the value where one lies outside of its axis."""
        at, array = dict(tree.at), self.whole.arrays[tree.entry.name]
        places = [
            self.whole_place(at[i.name]) if i.name in at else self.place(i)
            for i in tree.entry.indices or ()
        ]
        inside = [(p >= 0) & (p < n) for p, n in zip(places, array.shape, strict=True)]
        near = (np.clip(p, 0, n - 1) for p, n in zip(places, array.shape, strict=True))
        entries = array[tuple(near)]
        where = np.logical_and.reduce(np.broadcast_arrays(*inside))
        if tree.along:
            before = self.number(0)
            for start in tree.starts:
                there = self.whole_place(at[tree.along]) == self.whole_place(start.at)
                before = choose(there, self.build(start.value), before)
            return choose(where, entries, before)
        if tree.outside is None:
            assert where.all(), f"{tree.entry.name} is read outside"
            return entries
        return choose(where, entries, self.build(tree.outside))

    def whole_place(self, tree: Tree) -> np.ndarray:
        """What a whole expression of axes, labels and sizes stands for."""
        found = whole(tree, self.place_or_size, self.size_of)
        return np.asarray(found).reshape(np.shape(found) or (1,) * len(self.axes))

    def size_of(self, axis: Any) -> int:
        """The size of an axis, or of a place of a tensor."""
        if isinstance(axis, Length):
            axis = self.layer.places[axis.name][axis.position]
        return self.whole.size(axis)

    def place_or_size(self, ref: Ref) -> Any:
        """An axis, a label, or the size of an axis by its capital."""
        if ref.name in self.axes or ref.name in self.layer.labels:
            return self.place(ref)
        return self.whole.size(self.layer.axis_of_size(ref.name))

    def place(self, index: Ref) -> np.ndarray:
        """What an index stands for."""
        if index.name in self.axes and index.indices is None:
            shape = [-1 if a == index.name else 1 for a in self.axes]
            return np.arange(self.whole.size(index.name)).reshape(shape)
        return self.entries(index)

    def holds(self, tree: Operation) -> Any:
        """Where is a comparison true?"""

        places = {*self.axes, *self.layer.labels}
        wholes = all(is_whole(s, places) for s in (tree.left, tree.right))

        def side(part: Tree) -> Any:
            if isinstance(part, Ref) and part.name in places:
                return self.place(part)
            return self.whole_place(part) if wholes else self.build(part)

        return COMPARE[tree.op](side(tree.left), side(tree.right))

    def function(self, tree: Apply) -> Any:
        """A function, a reduction, `where` or `size`."""
        name, args = tree.name, tree.args
        first = args[0]
        bare = isinstance(first, Ref) and first.indices is None and first.name in self.axes
        if name == "size":
            return self.number(self.whole.size(first.name))
        if name in REDUCTIONS and bare:
            return self.reduction(tree)
        if name in OF_MATRICES:
            return self.of_matrix(tree)
        if name == "where":
            return choose(self.holds(first), *(self.build(t) for t in args[1:]))
        if name in ("max", "min"):
            constant_first = sorted(args, key=lambda t: any(isinstance(p, Ref) for p in walk(t)))
            a, b = (self.build(t) for t in constant_first)
            return choose(a >= b if name == "max" else a <= b, a, b)
        return OPERATIONS[name](*(self.build(t) for t in args))

    def of_matrix(self, tree: Apply) -> Any:
        """A function of matrices by autograd's numpy.linalg: over all other axes, as they stand."""
        found = square_of(tree)
        both = [self.axes.index(a.name) for a in (found.rows, found.columns)]
        size = self.whole.size(found.rows.name)
        shape = [size if at in both else 1 for at in range(len(self.axes))]
        matrix = anp.moveaxis(self.build(found.value) * np.ones(shape), both, (-2, -1))
        if tree.name == "solve":
            rows = [size if at == both[0] else 1 for at in range(len(self.axes))]
            right = anp.moveaxis(self.build(found.right) * np.ones(rows), both, (-2, -1))
            lead = np.broadcast_shapes(matrix.shape[:-2], right.shape[:-2])
            matrix = matrix * np.ones((*lead, 1, 1))
            found_ = anp.linalg.solve(matrix, right * np.ones((*lead, 1, 1)))
            return anp.moveaxis(anp.swapaxes(found_, -1, -2), (-2, -1), both)
        if tree.name == "inv":
            return anp.moveaxis(anp.linalg.inv(matrix), (-2, -1), both)
        if tree.name == "trace":
            value = anp.sum(matrix * np.eye(size), axis=(-2, -1))
        else:
            value = anp.linalg.det(matrix)
            value = anp.linalg.slogdet(matrix)[1] if tree.name == "logdet" else value
        return anp.moveaxis(value[..., None, None], (-2, -1), both)

    def reduction(self, tree: Apply) -> Any:
        """`sum(d, k, e)` and its like."""
        over = [a.name for a in tree.args[:-1]]
        shape = [self.whole.size(a) if a in over else 1 for a in self.axes]
        value = self.build(tree.args[-1]) * np.ones(shape)
        places = tuple(self.axes.index(a) for a in over)
        if tree.name in ("sum", "mean"):
            total = anp.sum(value, axis=places, keepdims=True)
            return total / prod(shape) if tree.name == "mean" else total
        for axis in reversed(places):
            best = (anp.argmax if tree.name == "max" else anp.argmin)(value, axis=axis)
            here = np.arange(value.shape[axis]).reshape([-1] + [1] * (value.ndim - axis - 1))
            chosen = here == np.expand_dims(best, axis)
            value = anp.sum(anp.where(chosen, value, np.zeros(value.shape)), axis, keepdims=True)
        return value


def bare_names(tree: Tree) -> Iterator[str]:
    """Every name that stands without indices, as axes do."""
    for part in walk(tree):
        if isinstance(part, Ref):
            yield from (i.name for i in part.indices or (part,) if i.indices is None)


def choose(condition: Any, a: Any, b: Any) -> Any:
    """One of two values, in one shape: autograd's `where` does not sum what it broadcasts."""
    ones = np.ones(np.broadcast_shapes(np.shape(condition), np.shape(a), np.shape(b)))
    return anp.where(condition & (ones > 0), a * ones, b * ones)


# -- derivatives -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Point:
    """A layer at some inputs."""

    layer: Facts
    inputs: Mapping[str, Any]

    def function(self, *wanted: Any) -> Any:
        """The output as a function of the tensors whose gradients are wanted, in order."""
        given = dict(zip(self.layer.wrt, wanted, strict=True))
        return Arrays(self.layer, {**self.inputs, **given}).output()

    @property
    def wanted(self) -> tuple[Any, ...]:
        """Where these tensors stand."""
        return tuple(np.asarray(self.inputs[w], float) for w in self.layer.wrt)

    def output(self) -> np.ndarray:
        """The output."""
        return np.asarray(self.function(*self.wanted))

    def gradients(self, g: Any) -> tuple[np.ndarray, ...]:
        """The gradients of sum(g * output)."""
        return self.slopes(lambda *wanted: anp.sum(g * self.function(*wanted)))

    def hvp(self, tangents: Sequence[Any]) -> tuple[np.ndarray, ...]:
        """How the gradients of an output that is one number change along tangents."""

        def along(*wanted: Any) -> Any:
            slopes = autograd.grad(self.function, tuple(range(len(wanted))))(*wanted)
            return 0.0 + sum(anp.sum(s * t) for s, t in zip(slopes, tangents, strict=True))

        return self.slopes(along)

    def slopes(self, function: Callable[..., Any]) -> tuple[np.ndarray, ...]:
        """The gradients of a function whose value is one number."""
        return quietly(autograd.grad(function, tuple(range(len(self.wanted)))), *self.wanted)

    def jacobian(self) -> tuple[np.ndarray, ...]:
        """The slopes of every entry of the output, in the shape of the output and of the input."""
        count = range(len(self.wanted))
        return tuple(quietly(autograd.jacobian(self.function, i), *self.wanted) for i in count)

    def jvp(self, tangents: Sequence[Any]) -> np.ndarray:
        """The derivative of the output along tangents of the wanted tensors."""
        shape = self.output().shape
        parts = zip(self.jacobian(), tangents, strict=True)
        return sum((np.tensordot(j, t, np.ndim(t)) for j, t in parts), np.zeros(shape))


def quietly(function: Callable[..., Any], *args: Any) -> Any:
    """A call in which a slope of zero everywhere is nothing to warn of."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Output seems independent")
        return function(*args)
