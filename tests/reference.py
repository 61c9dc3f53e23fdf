"""Layers evaluated entry by entry at 60 digits, straight from the syntax trees of their equations.

Nothing is shared with the derivation but the parser and the writing out of calls: axes are Python
loops, a gradient is a complex step (the imaginary part of f(x + ih), over h), and h is so small
that its square lies far below the last digit. Kinks go by the declared rule: at a tie a constant
argument wins, else the first; a reduction takes the first place; decisions look at real parts.

"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from itertools import product
from math import prod
from typing import Any

import numpy as np
from mpmath import MPContext

from pullback.derive.index.objects import own_name
from pullback.derive.read.matrix_functions import OF_MATRICES, square_of
from pullback.derive.read.trees import (
    Apply,
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
from tests.definitions import COMPARE, Facts, facts
from tests.places import completed, is_whole, whole

DIGITS = 60
MP = MPContext()  # a context of our own: SymPy's precision stays as it is
MP.dps = DIGITS

OPERATIONS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": lambda a, b: MP.mpf(1) if b == 0 else a**b,
    "sigmoid": lambda x: 1 / (1 + MP.exp(-x)),
    "abs": lambda x: x * int(MP.sign(x.real)),
}
for _name in ("exp", "log", "log1p", "expm1", "sqrt", "tanh", "erf", "erfc", "sin", "cos"):
    OPERATIONS[_name] = getattr(MP, _name)


def stepped_erf(x: Any) -> Any:
    """erf with the slope of its complex step exact: mpmath's has the digits of erf, about 1."""
    slope = 2 / MP.sqrt(MP.pi) * MP.exp(-x.real * x.real)
    return MP.mpc(MP.erf(x.real), slope * x.imag) if x.imag else MP.erf(x.real)


def stepped_erfc(x: Any) -> Any:
    """erfc, likewise."""
    slope = -2 / MP.sqrt(MP.pi) * MP.exp(-x.real * x.real)
    return MP.mpc(MP.erfc(x.real), slope * x.imag) if x.imag else MP.erfc(x.real)


OPERATIONS |= {"erf": stepped_erf, "erfc": stepped_erfc}


def step(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function that is constant between its jumps: it looks at real parts alone."""
    return lambda x: function(x.real)


def angle(y: Any, x: Any) -> Any:
    """atan2 of complex numbers next to the real axis, by its derivative."""
    square = x.real**2 + y.real**2
    slope = (x.real * y.imag - y.real * x.imag) / square if square else MP.mpf(0)
    return MP.mpc(MP.atan2(y.real, x.real), slope)


def cube_root(x: Any) -> Any:
    """The real one, of negative numbers too."""
    return -((-x) ** (MP.mpf(1) / 3)) if x.real < 0 else x ** (MP.mpf(1) / 3)


for _name in ("tan", "sinh", "cosh", "asin", "acos", "atan", "asinh", "acosh", "atanh"):
    OPERATIONS[_name] = getattr(MP, _name)


def stepped(value: Callable[[Any], Any], slope: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function whose complex step is its slope, where mpmath's own crosses a branch."""
    return lambda x: MP.mpc(value(x.real), slope(x.real) * x.imag if x.imag else 0)


def sinc_slope(x: Any) -> Any:
    """By its series near 0."""
    if abs(x) < MP.mpf(10) ** -20:
        return -(MP.pi**2) * x / 3
    return (MP.cospi(x) - MP.sincpi(x)) / x


OPERATIONS |= {
    "lgamma": stepped(lambda x: MP.loggamma(x).real, MP.digamma),
    "digamma": stepped(MP.digamma, lambda x: MP.psi(1, x)),
    "erfinv": stepped(MP.erfinv, lambda x: MP.sqrt(MP.pi) / 2 * MP.exp(MP.erfinv(x) ** 2)),
    "sinc": stepped(MP.sincpi, sinc_slope),
}
OPERATIONS |= {"floor": step(MP.floor), "ceil": step(MP.ceil), "round": step(MP.nint)}
OPERATIONS |= {"sign": step(MP.sign), "atan2": angle, "cbrt": cube_root}
REDUCTIONS = ("sum", "mean", "max", "min")
Place = tuple[int, ...]


class Exact:
    """One evaluation; entries of nodes are kept."""

    def __init__(self, layer: Facts, inputs: dict[str, Any]) -> None:
        self.layer = layer
        self.inputs = {name: np.asarray(inputs[name]) for name in (*layer.axes, *layer.arguments)}
        self.sizes = {
            axis: size
            for name, axes in layer.axes.items()
            for axis, size in zip(axes, self.inputs[name].shape, strict=True)
        }
        self.sizes |= {axis: int(inputs[name]) for name, axis in layer.arguments.items()}
        self.sizes = completed(layer, self.sizes)
        self.entries: dict[tuple[str, Place], Any] = {}

    def number(self, value: Any) -> Any:
        """A constant."""
        return MP.mpf(value)

    def leaf(self, name: str, place: Place) -> Any:
        """An entry of a real input."""
        return MP.mpf(float(self.inputs[name][place]))

    def apply(self, op: str, *args: Any) -> Any:
        """A smooth function of values."""
        return OPERATIONS[op](*args)

    def real(self, value: Any) -> Any:
        """A value on which decisions are taken; ValueError for a root of a negative number."""
        if value.imag:
            raise ValueError(f"a decision on {value}, which is no real number")
        return value.real

    def pick(self, values: list[Any], largest: bool) -> Any:
        """The first of the largest or smallest values."""
        return (max if largest else min)(values, key=self.real)

    def choose(self, condition: Callable[[], bool], a: Any, b: Any) -> Any:
        """One of two values."""
        return a if condition() else b

    def axis_size(self, axis: str) -> int:
        """The size of an axis."""
        return self.sizes[self.layer.same[axis]]

    def entry(self, name: str, place: Place) -> Any:
        """An entry of an input or a node."""
        name = own_name(name)
        key = name, place
        if key not in self.entries:
            if name in self.layer.axes:
                self.entries[key] = self.leaf(name, place)
            else:
                equation = self.layer.equations[name]
                at = dict(zip(equation.axes or (), place, strict=True))
                self.entries[key] = self.build(equation.right, at)
        return self.entries[key]

    def output(self) -> np.ndarray:
        """Every entry of the output."""
        shape = tuple(self.sizes[a] for a in self.layer.out_axes())
        result = np.empty(shape, object)
        for place in np.ndindex(shape):
            result[place] = self.entry(self.layer.output, place)
        return result

    def build(self, tree: Tree, at: dict[str, int]) -> Any:
        """The value of a tree, its free axes being at these places."""
        match tree:
            case Number(text, _):
                return self.number(text)
            case Negative(operand, _):
                return self.apply("*", self.number(-1), self.build(operand, at))
            case Operation(op, left, right, _):
                return self.apply(op, self.build(left, at), self.build(right, at))
            case Iverson(comparison, _):
                one, zero = self.number(1), self.number(0)
                return self.choose(lambda: self.holds(comparison, at), one, zero)
            case Apply():
                return self.function(tree, at)
            case Shifted():
                return self.shifted(tree, at)
            case Length():
                return self.number(self.size_of(tree))
        if tree.name == "pi":
            return self.number(MP.pi)
        known = {*self.layer.axes, *self.layer.equations}
        if tree.indices is None and tree.name not in known:  # the size of an axis by its capital
            return self.number(self.axis_size(self.layer.axis_of_size(tree.name)))
        return self.entry(tree.name, tuple(self.place(i, at) for i in tree.indices or ()))

    def shifted(self, tree: Shifted, at: dict[str, int]) -> Any:
        """An entry at whole expressions, or the value where one lies outside of its axis."""
        own = {axis: self.whole_place(place, at) for axis, place in tree.at}
        if all(0 <= place < self.axis_size(axis) for axis, place in own.items()):
            return self.build(tree.entry, at | own)
        if tree.along:
            places = {self.whole_place(s.at, at): s.value for s in tree.starts}
            there = places.get(own[tree.along])
            return self.number(0) if there is None else self.build(there, at)
        assert tree.outside is not None, f"{tree.entry.name} is read outside, at {own}"
        return self.build(tree.outside, at)

    def whole_place(self, tree: Tree, at: dict[str, int]) -> int:
        """What a whole expression of axes, labels and sizes stands for."""
        return whole(tree, lambda ref: self.place_or_size(ref, at), self.size_of)

    def size_of(self, axis: Any) -> int:
        """The size of an axis, or of a place of a tensor."""
        if isinstance(axis, Length):
            axis = self.layer.places[axis.name][axis.position]
        return self.axis_size(axis)

    def place_or_size(self, ref: Ref, at: dict[str, int]) -> int:
        """An axis, a label, or the size of an axis by its capital."""
        if ref.name in at or ref.name in self.layer.labels:
            return self.place(ref, at)
        return self.axis_size(self.layer.axis_of_size(ref.name))

    def place(self, index: Ref, at: dict[str, int]) -> int:
        """What an index stands for."""
        if index.indices is None and index.name in at:
            return at[index.name]
        return int(self.inputs[index.name][tuple(self.place(i, at) for i in index.indices or ())])

    def holds(self, tree: Operation, at: dict[str, int]) -> bool:
        """Is a comparison true?"""

        places = {*at, *self.layer.labels}
        wholes = all(is_whole(s, places) for s in (tree.left, tree.right))

        def side(part: Tree) -> Any:
            if isinstance(part, Ref) and part.name in places:
                return self.place(part, at)
            if wholes:
                return self.whole_place(part, at)
            return self.real(self.build(part, at))

        return bool(COMPARE[tree.op](side(tree.left), side(tree.right)))

    def function(self, tree: Apply, at: dict[str, int]) -> Any:
        """A function, a reduction, `where` or `size`."""
        name, args = tree.name, tree.args
        if name == "size":
            return self.number(self.axis_size(args[0].name))
        first = args[0]
        bare = isinstance(first, Ref) and first.indices is None and first.name in self.layer.same
        if name in REDUCTIONS and bare:
            return self.reduction(tree, at)
        if name in OF_MATRICES:
            return self.of_matrix(tree, at)
        if name == "where":
            return self.case(tree, at)
        if name in ("max", "min"):
            constant_first = sorted(args, key=lambda t: any(isinstance(p, Ref) for p in walk(t)))
            return self.pick([self.build(t, at) for t in constant_first], name == "max")
        return self.apply(name, *(self.build(t, at) for t in args))

    def case(self, tree: Apply, at: dict[str, int]) -> Any:
        """`where`: the case that is not taken need not have a value."""
        condition, first, second = tree.args
        return self.build(first if self.holds(condition, at) else second, at)

    def of_matrix(self, tree: Apply, at: dict[str, int]) -> Any:
        """A function of a matrix, by the elimination of its rows, as people do it by hand."""
        found = square_of(tree)
        rows, columns = found.rows.name, found.columns.name
        count = range(self.axis_size(rows))
        matrix = [
            [self.build(found.value, at | {rows: i, columns: j}) for j in count] for i in count
        ]
        if tree.name == "trace":
            return reduce(lambda a, b: self.apply("+", a, b), [matrix[i][i] for i in count])
        if tree.name == "solve":
            right = [self.build(found.right, at | {rows: i}) for i in count]
        else:
            column = at[columns] if tree.name == "inv" else 0
            right = [self.number(int(i == column)) for i in count]
        whole, solution = self.eliminated(matrix, right)
        if tree.name == "det":
            return whole
        if tree.name == "logdet":
            square = self.apply("*", whole, whole)
            return self.apply("/", self.apply("log", square), self.number(2))
        return solution[at[columns] if tree.name == "solve" else at[rows]]

    def eliminated(self, matrix: list[Any], right: list[Any]) -> tuple[Any, list[Any]]:
        """The determinant, and what the matrix times it is the right side."""
        rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
        whole = self.number(1)
        for k in range(len(rows)):
            pivot = max(range(k, len(rows)), key=lambda r, k=k: abs(rows[r][k]))
            if pivot != k:
                rows[k], rows[pivot] = rows[pivot], rows[k]
                whole = self.apply("*", self.number(-1), whole)
            whole = self.apply("*", whole, rows[k][k])
            rows[k] = [self.apply("/", value, rows[k][k]) for value in rows[k]]
            for r in range(len(rows)):
                if r != k:
                    factor = self.apply("*", self.number(-1), rows[r][k])
                    pairs = zip(rows[r], rows[k], strict=True)
                    rows[r] = [self.apply("+", v, self.apply("*", factor, p)) for v, p in pairs]
        return whole, [row[-1] for row in rows]

    def reduction(self, tree: Apply, at: dict[str, int]) -> Any:
        """`sum(d, k, e)` and its like, by loops."""
        *axes, body = tree.args
        ranges = [range(self.axis_size(a.name)) for a in axes]
        names = [a.name for a in axes]
        values = [self.build(body, at | dict(zip(names, p, strict=True))) for p in product(*ranges)]
        if tree.name in ("max", "min"):
            return self.pick(values, tree.name == "max")
        total = reduce(lambda a, b: self.apply("+", a, b), values, self.number(0))
        if tree.name == "mean":
            return self.apply("/", total, self.number(prod(map(len, ranges))))
        return total


class Depends(Exact):
    """Each value is the set of real inputs' entries that it may depend on."""

    def number(self, value: Any) -> frozenset[Any]:
        return frozenset()

    def leaf(self, name: str, place: Place) -> frozenset[Any]:
        return frozenset({(name, place)})

    def apply(self, op: str, *args: Any) -> frozenset[Any]:
        return frozenset().union(*args)

    def pick(self, values: list[Any], largest: bool) -> frozenset[Any]:
        return frozenset().union(*values)

    def choose(self, condition: Callable[[], bool], a: Any, b: Any) -> frozenset[Any]:
        return a | b

    def case(self, tree: Apply, at: dict[str, int]) -> frozenset[Any]:
        condition, *cases = tree.args
        return self.choose(lambda: self.holds(condition, at), *(self.build(t, at) for t in cases))

    def of_matrix(self, tree: Apply, at: dict[str, int]) -> frozenset[Any]:
        found = square_of(tree)
        places = product(range(self.axis_size(found.rows.name)), repeat=2)
        names = (found.rows.name, found.columns.name)
        every = [at | dict(zip(names, place, strict=True)) for place in places]
        values = (v for v in (found.value, found.right) if v is not None)
        return frozenset().union(*(self.build(v, here) for v in values for here in every))


class Step(Exact):
    """An evaluation with an imaginary step at one entry; what it cannot touch is taken over."""

    def __init__(self, base: Exact, depends: Depends, target: tuple[str, Place], h: Any) -> None:
        super().__init__(base.layer, base.inputs)
        self.target, self.h = target, h
        self.entries = {
            key: value
            for key, value in base.entries.items()
            if key in depends.entries and target not in depends.entries[key]
        }

    def leaf(self, name: str, place: Place) -> Any:
        value = super().leaf(name, place)
        return MP.mpc(value, self.h) if (name, place) == self.target else value

    def real(self, value: Any) -> Any:
        """A value on which decisions are taken, which the step does not move."""
        return value.real


def small_step() -> Any:
    """A step whose square is far below the last digit."""
    return MP.mpf(10) ** -(MP.dps * 4 // 5)


def forward(name: str, inputs: dict[str, Any]) -> np.ndarray:
    """The output, every entry to `DIGITS` digits."""
    return Exact(facts(name), inputs).output()


def jacobians(name: str, inputs: dict[str, Any]) -> dict[str, np.ndarray]:
    """The slope of every entry of a shipped layer's output by every entry of each wanted input."""
    return jacobians_of(facts(name), inputs)


def jacobians_of(layer: Facts, inputs: dict[str, Any], sign: int = 1) -> dict[str, np.ndarray]:
    """The slope of every entry of the output by every entry of each wanted input."""
    h = sign * small_step()
    base, depends = Exact(layer, inputs), Depends(layer, inputs)
    shape = base.output().shape
    depends.output()
    found = {}
    for wanted in layer.wrt:
        size = base.inputs[wanted].shape
        found[wanted] = np.empty(shape + size, object)
        for place in np.ndindex(size):
            stepped = Step(base, depends, (wanted, place), h).output()
            for at in np.ndindex(shape):
                found[wanted][at + place] = MP.mpc(stepped[at]).imag / h
    return found


def gradients(name: str, inputs: dict[str, Any], g: Any) -> dict[str, np.ndarray]:
    """The gradients of sum(g * output)."""
    return {w: pull(j, g) for w, j in jacobians(name, inputs).items()}


def pull(jacobian: np.ndarray, g: Any) -> np.ndarray:
    """Sum over the output of g times a Jacobian."""
    g = np.asarray(g)
    total = np.full(jacobian.shape[g.ndim :], MP.mpf(0), object)
    for at in np.ndindex(g.shape):
        total = total + MP.mpf(float(g[at])) * jacobian[at]
    return np.asarray(total, object)
