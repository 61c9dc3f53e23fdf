"""What equations in index notation mean, entry by entry, in code apart from the engine's.

Every axis of an equation is a dimension of its own; an entry is read by NumPy's indices.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import digamma, erf, erfc, erfinv, expit, gammaln

from pullback.derive.read.trees import (
    COMPARISONS,
    Apply,
    Equation,
    Iverson,
    Negative,
    Number,
    Operation,
    Ref,
    Tree,
    walk,
)

FUNCTIONS = {
    **{name: getattr(np, name) for name in ("exp", "expm1", "log", "log1p", "sqrt", "tanh")},
    "sin": np.sin,
    "cos": np.cos,
    "abs": np.abs,
    "erf": erf,
    "erfc": erfc,
    "sigmoid": expit,
    **{
        name: getattr(np, name) for name in ("tan", "sinh", "cosh", "cbrt", "sign", "floor", "ceil")
    },
    **{f"a{name}": getattr(np, f"arc{name}") for name in ("sin", "cos", "tan")},
    **{f"a{name}": getattr(np, f"arc{name}") for name in ("sinh", "cosh", "tanh")},
    "round": np.rint,
    "lgamma": gammaln,
    "digamma": digamma,
    "erfinv": erfinv,
    "sinc": np.sinc,
}
REDUCTIONS = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min}
PAIRS = {"max": np.maximum, "min": np.minimum, "atan2": np.arctan2}
OPERATIONS = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.true_divide,
    "**": np.power,
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def output(equations: tuple[Equation, ...], inputs: dict[str, Any], given: dict[str, int]) -> Any:
    """The value of the last equation; `given` are the sizes of axes that no tensor may have."""
    values = {name: np.asarray(value) for name, value in inputs.items()}
    sizes = dict(given)
    for equation in equations:
        learn(sizes, equation, values)
    for equation in equations:
        learn(sizes, equation, values)
        values[equation.name] = Meaning(sizes, values).right(equation)
    return values[equations[-1].name]


def learn(sizes: dict[str, int], equation: Equation, values: dict[str, Any]) -> None:
    """The sizes of axes, from the tensors that have them."""
    for part in walk(equation.right):
        if isinstance(part, Ref) and part.name in values:
            for place, index in enumerate(part.indices or ()):
                if index.indices is None and index.name not in values:
                    known = sizes.setdefault(index.name, values[part.name].shape[place])
                    assert known == values[part.name].shape[place]
        if isinstance(part, Operation) and part.op in COMPARISONS:
            sides = [s.name for s in (part.left, part.right) if isinstance(s, Ref)]
            for one, other in (sides, sides[::-1]) if len(sides) == 2 else ():
                if one in sizes and other not in values:
                    sizes.setdefault(other, sizes[one])


class Meaning:
    """The entries of one equation."""

    def __init__(self, sizes: dict[str, int], values: dict[str, Any]) -> None:
        self.sizes, self.values = sizes, values
        self.axes: list[str] = []

    def right(self, equation: Equation) -> Any:
        """The tensor that an equation defines."""
        own = equation.axes or ()
        names = [n for t in walk(equation.right) if isinstance(t, Ref) for n in names_of(t)]
        self.axes = list(dict.fromkeys(n for n in (*own, *names) if n in self.sizes))
        full = self.value(equation.right)
        shape = tuple(self.sizes[a] if a in own else 1 for a in self.axes)
        whole = np.broadcast_to(full, shape)
        return whole.reshape([self.sizes[a] for a in own]).astype(float)

    def along(self, axis: str) -> Any:
        """The places on an axis."""
        shape = [-1 if a == axis else 1 for a in self.axes]
        return np.arange(self.sizes[axis]).reshape(shape)

    def value(self, tree: Tree) -> Any:
        """A tree, with a dimension for each axis."""
        match tree:
            case Number(text, _):
                return np.float64(text)
            case Negative(operand, _):
                return -self.value(operand)
            case Iverson(comparison, _):
                return self.value(comparison).astype(float)
            case Operation(op, left, right, _):
                return OPERATIONS[op](self.value(left), self.value(right))
            case Ref(name, indices, _):
                if name == "pi":
                    return np.pi
                if name not in self.values:
                    return self.along(name)
                value = self.values[name]
                return value[tuple(map(self.value, indices))] if indices else value
            case Apply("size", (Ref(name, _, _),), _):
                return np.float64(self.sizes[name])
            case Apply("where", args, _):
                return np.where(*map(self.value, args))
            case Apply(name, (Ref(axis, None, _), *_) as args, _) if axis in self.axes:
                *bound, body = args
                places = [self.axes.index(b.name) for b in bound]
                whole = self.value(body)
                shape = [1] * len(self.axes)
                for place in places:
                    shape[place] = self.sizes[self.axes[place]]
                wide = np.broadcast_to(whole, np.broadcast_shapes(np.shape(whole), shape))
                return REDUCTIONS[name](wide, axis=tuple(places), keepdims=True)
            case Apply(name, args, _):
                function = PAIRS[name] if len(args) == 2 else FUNCTIONS[name]
                return function(*map(self.value, args))


def names_of(tree: Ref) -> list[str]:
    """The names of a reference and of its indices."""
    return [tree.name, *(n for i in tree.indices or () for n in names_of(i))]
