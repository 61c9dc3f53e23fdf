"""Random formulas in matrix notation: a tree, its text, and its value by NumPy.

A value is a number, a column or a matrix, or a row; NumPy holds all but numbers with two axes.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

SIZES = {"N": 4, "D": 3, "K": 2}
SHAPES = {"A": "N D", "B": "D K", "S": "N N", "R": "D D", "Y": "N K", "u": "N", "v": "D", "q": "K"}
SHAPES |= {"a": "", "λ": ""}
ENTRYWISE = {"tanh": np.tanh, "sin": np.sin, "sigmoid": expit, "relu": lambda x: np.maximum(x, 0)}
TURNS = ("ᵀ", "'", ".T", "^T", "^\\top", "^{T}")
TIMES = (" ⊙ ", " .* ", " ∘ ", r" \odot ")


class Formulas:
    """Draws trees: tuples of a word and parts."""

    def __init__(self, choose):
        self.choose = choose

    def whole(self):
        """A formula of any shape."""
        shape = self.choose.choice([("", ""), ("N", "D"), ("N", "1"), ("1", "K"), ("D", "D")])
        return self.tree(shape, self.choose.randrange(1, 5))

    def tree(self, shape, depth):
        """A tree of this shape; "1" is the missing size of a vector, "" both of a number."""
        if not depth:
            return self.leaf(shape)
        kinds = [self.arithmetic, self.entrywise, self.scaled, self.arithmetic]
        if shape[0]:
            kinds += [self.product, self.product, self.turned, self.times, self.times]
        else:
            kinds += [self.inner, self.reduced, self.reduced, self.trace, self.norm]
        if "1" not in shape and shape[0]:
            kinds += [self.outer, self.each_row]
        return self.choose.choice(kinds)(shape, depth - 1)

    def leaf(self, shape):
        """A tensor, or a number."""
        if not shape[0]:
            return self.choose.choice([("tensor", "a"), ("tensor", "λ"), ("number", "0.5")])
        found = [("tensor", n) for n, s in SHAPES.items() if self.shape_of(s) == shape]
        turned = [
            ("turned", ("tensor", n), self.choose.choice(TURNS))
            for n, s in SHAPES.items()
            if s and self.shape_of(s)[::-1] == shape
        ]
        if found or turned:
            return self.choose.choice(found or turned)
        return self.outer(shape, 0)

    @staticmethod
    def shape_of(text):
        """Two sizes, of which a vector has one."""
        axes = tuple(text.split())
        return axes if len(axes) == 2 else (axes[0], "1") if axes else ("", "")

    def arithmetic(self, shape, depth):
        return (self.choose.choice("+-"), self.tree(shape, depth), self.tree(shape, depth))

    def entrywise(self, shape, depth):
        return ("call", self.choose.choice(list(ENTRYWISE)), self.tree(shape, depth))

    def scaled(self, shape, depth):
        return ("beside", self.tree(("", ""), depth), self.tree(shape, depth))

    def times(self, shape, depth):
        sign = self.choose.choice(TIMES)
        return ("times", self.tree(shape, depth), self.tree(shape, depth), sign)

    def turned(self, shape, depth):
        return ("turned", self.tree(shape[::-1], depth), self.choose.choice(TURNS))

    def product(self, shape, depth):
        inner = self.choose.choice("NDK")
        return ("beside", self.tree((shape[0], inner), depth), self.tree((inner, shape[1]), depth))

    def inner(self, shape, depth):
        axis = self.choose.choice("NDK")
        return ("beside", self.tree(("1", axis), depth), self.tree((axis, "1"), depth))

    def outer(self, shape, depth):
        return ("beside", self.tree((shape[0], "1"), depth), self.tree(("1", shape[1]), depth))

    def each_row(self, shape, depth):
        return ("+", self.tree(shape, depth), self.tree(("1", shape[1]), depth))

    def reduced(self, shape, depth):
        own = self.choose.choice([("N", "D"), ("D", "1"), ("1", "N")])
        return ("reduced", self.choose.choice(["sum", "mean", "max"]), self.tree(own, depth))

    def trace(self, shape, depth):
        axis = self.choose.choice("ND")
        return ("reduced", "tr", self.tree((axis, axis), depth))

    def norm(self, shape, depth):
        own = self.choose.choice([("N", "K"), ("D", "1")])
        return ("norm", self.tree(own, depth), self.choose.choice("²^"))


def spell(tree):
    """The text of a tree, in brackets where it is no single word."""
    match tree:
        case ("tensor" | "number", text):
            return text
        case ("+" | "-" as sign, a, b):
            return f"({spell(a)} {sign} {spell(b)})"
        case ("call" | "reduced", name, a):
            return f"{name}({spell(a)})"
        case ("beside", ("number", a), ("number", b)):
            return f"({a} ({b}))"
        case ("beside", a, ("number", _) as b):
            return f"({spell(b)} {spell(a)})"
        case ("beside", a, b):
            return f"({spell(a)} {spell(b)})"
        case ("times", a, b, sign):
            return f"({spell(a)}{sign}{spell(b)})"
        case ("turned", a, sign):
            return f"{spell(a)}{sign}"
        case ("norm", a, sign):
            return f"‖{spell(a)}‖" + ("²" if sign == "²" else "^2")
    raise AssertionError(tree)


def value(tree, arrays):
    """Its value; vectors are columns or rows with two axes."""
    match tree:
        case ("tensor", name):
            return arrays[name]
        case ("number", text):
            return np.full((1, 1), float(text))
        case ("+", a, b):
            return value(a, arrays) + value(b, arrays)
        case ("-", a, b):
            return value(a, arrays) - value(b, arrays)
        case ("call", name, a):
            return ENTRYWISE[name](value(a, arrays))
        case ("reduced", "tr", a):
            return np.trace(value(a, arrays)).reshape(1, 1)
        case ("reduced", name, a):
            return getattr(np, name)(value(a, arrays)).reshape(1, 1)
        case ("beside", a, b):
            left, right = value(a, arrays), value(b, arrays)
            return left * right if left.shape == (1, 1) else left @ right
        case ("times", a, b, _):
            return value(a, arrays) * value(b, arrays)
        case ("turned", a, _):
            return value(a, arrays).T
        case ("norm", a, _):
            return (value(a, arrays) ** 2).sum().reshape(1, 1)
    raise AssertionError(tree)
