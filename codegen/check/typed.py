"""A formula in NumPy's notation, `x.T @ du / N`: read as a syntax tree and evaluated.

Names are inputs, nodes, cotangents and sizes; what is not in the tables here is refused, and
nothing is evaluated but by the functions that stand in them.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np

from pullback.codegen.check.arrays import MAX_ENTRIES, Array
from pullback.codegen.check.quantities import Quantities
from pullback.derive.errors import DefinitionError
from pullback.derive.read.from_matrices.words import plain

MAX_AXES = 6
OPERATORS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Pow: np.power,
    ast.MatMult: np.matmul,
}
COMPARISONS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}
ENTRIES: tuple[str, ...] = (
    "exp",
    "log",
    "sqrt",
    "tanh",
    "abs",
    "sign",
    "sin",
    "cos",
    "log1p",
    "expm1",
    "square",
)
ENTRIES += ("tan", "sinh", "cosh", "arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh")
ENTRIES += ("cbrt", "floor", "ceil", "rint")
ENTRIES += ("copy", "zeros_like", "ones_like", "negative", "transpose")
PAIRS = ("arctan2", "maximum", "minimum", "outer", "dot", "matmul", "where", "multiply")
REDUCTIONS = ("sum", "mean", "max", "min", "argmax", "argmin")
FUNCTIONS: Mapping[str, Callable[..., Any]] = {n: getattr(np, n) for n in (*ENTRIES, *PAIRS)}
COUNTS = ("arange", "range", "len", "eye")
KNOWN = {*FUNCTIONS, *REDUCTIONS, *COUNTS}
OPTIONS = ("axis", "keepdims")
ARGUMENTS = {"where": 3}  # of functions that take neither one nor two


class Misfit(DefinitionError):
    """What is read has shapes that do not go together: `words` say which."""

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(reason)
        self.words = words


class Values:
    """The values of formulas by the values of names; `text` is what is read, for messages."""

    def __init__(self, names: dict[str, Any], text: str = "") -> None:
        self.names, self.text = names, text

    def wrong(self, reason: str) -> DefinitionError:
        """An error about the claim."""
        shown = "".join(c if c.isprintable() else " " for c in self.text[:80])
        return DefinitionError(f"the claim '{shown}': {reason}")

    def value(self, tree: ast.AST) -> Any:
        """The value of a tree."""
        rule = RULES.get(type(tree))
        if rule is None:
            raise self.wrong(f"'{ast.unparse(tree)}' is not among what a claim may hold")
        try:
            with np.errstate(all="ignore"):
                found = rule(self, tree)
        except (ValueError, IndexError, TypeError) as error:
            words = " ".join(str(error).split())
            raise self.wrong(f"'{ast.unparse(tree)}': {words}") from None
        return found

    def bounded(self, *arrays: Any) -> None:
        """Refuse what would be too large if it were spread over all axes."""
        sizes = [math.prod(np.shape(a)) or 1 for a in arrays]
        if math.prod(sizes) > MAX_ENTRIES or any(np.ndim(a) > MAX_AXES for a in arrays):
            raise self.wrong("an array on the way is too large")

    # -- one rule for each kind of tree ------------------------------------------------------------

    def constant(self, tree: ast.Constant) -> Any:
        """A number."""
        value = tree.value
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e12:
            raise self.wrong(f"'{ast.unparse(tree)}' is no number, or too large")
        return value

    def variable(self, tree: ast.Name) -> Any:
        """A tensor, a cotangent or a size; Greek letters go by their names."""
        name = tree.id if tree.id in self.names else plain(tree.id)
        if name not in self.names:
            raise self.wrong(f"there is no '{tree.id}'; there are {', '.join(self.names)}")
        return self.names[name]

    def binary(self, tree: ast.BinOp) -> Any:
        """An operator."""
        if type(tree.op) not in OPERATORS:
            raise self.wrong(f"'{ast.unparse(tree)}' is not among what a claim may hold")
        left, right = self.value(tree.left), self.value(tree.right)
        self.bounded(left, right)
        return self.together(tree, OPERATORS[type(tree.op)], left, right)

    def together(self, tree: ast.AST, function: Callable[..., Any], *sides: Any) -> Any:
        """A function of two arrays; Misfit where their shapes do not go together."""
        arrays = [np.asarray(s, dtype=float) for s in sides]
        try:
            return function(*arrays)
        except ValueError:
            shapes = " and ".join(map(self.shape, arrays))
            words = f"in '{ast.unparse(tree)}' the shapes {shapes} do not go together"
            raise Misfit(str(self.wrong(words)), words) from None

    def shape(self, array: Array) -> str:
        """A shape by the names of its sizes, which all differ: N × D."""
        known = {n: name for name, n in self.names.items() if isinstance(n, int)}
        return " × ".join(known.get(n, str(n)) for n in array.shape) or "of a number"

    def unary(self, tree: ast.UnaryOp) -> Any:
        """A sign."""
        if not isinstance(tree.op, ast.USub | ast.UAdd):
            raise self.wrong(f"'{ast.unparse(tree)}' is not among what a claim may hold")
        operand = self.value(tree.operand)
        return -operand if isinstance(tree.op, ast.USub) else operand

    def compare(self, tree: ast.Compare) -> Any:
        """A comparison, whose value is 1 or 0."""
        if len(tree.ops) != 1 or type(tree.ops[0]) not in COMPARISONS:
            raise self.wrong(f"'{ast.unparse(tree)}' is not among what a claim may hold")
        sides = self.value(tree.left), self.value(tree.comparators[0])
        self.bounded(*sides)
        return COMPARISONS[type(tree.ops[0])](*sides)

    def attribute(self, tree: ast.Attribute) -> Any:
        """`.T` and `.shape`."""
        if tree.attr not in ("T", "shape"):
            raise self.wrong(f"'.{tree.attr}' is not among what a claim may hold")
        value = np.asarray(self.value(tree.value))
        return value.shape if tree.attr == "shape" else np.transpose(value)

    def subscript(self, tree: ast.Subscript) -> Any:
        """Slices, new axes, numbers and labels as indices."""
        keys = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
        found = [self.key(k) for k in keys]
        array = np.asarray(self.value(tree.value))
        self.bounded(array, *(k for k in found if isinstance(k, np.ndarray)))
        return array[tuple(found)]

    def key(self, tree: ast.expr) -> Any:
        """One index."""
        if isinstance(tree, ast.Slice):
            ends = [
                None if e is None else self.value(e) for e in (tree.lower, tree.upper, tree.step)
            ]
            return slice(*ends)
        if isinstance(tree, ast.Constant) and tree.value in (None, ...):
            return tree.value
        return self.value(tree)

    def call(self, tree: ast.Call) -> Any:
        """A function of NumPy's, or a method of an array."""
        function = tree.func
        if isinstance(function, ast.Name) and function.id in COUNTS and len(tree.args) == 1:
            return self.counted(function.id, self.value(tree.args[0]))
        if not isinstance(function, ast.Attribute):
            text = ast.unparse(function)
            hint = f": np.{text} is" * (text in KNOWN)
            raise self.wrong(f"'{text}' is not among what a claim may hold{hint}")
        name, own = function.attr, list(tree.args)
        if name not in KNOWN:
            raise self.wrong(f"'{name}' is not among the functions that a claim may hold")
        if not (isinstance(function.value, ast.Name) and function.value.id == "np"):
            own.insert(0, function.value)
        options = {str(k.arg): k.value for k in tree.keywords}
        if {*options} - {*OPTIONS} or (options and name not in REDUCTIONS):
            raise self.wrong(f"'{ast.unparse(tree)}' has an option that a claim may not hold")
        values = [self.value(a) for a in own]
        if name in REDUCTIONS:
            return self.reduced(name, values, options)
        if name in COUNTS and len(values) == 1:
            return self.counted(name, values[0])
        if len(values) != ARGUMENTS.get(name, 2 if name in PAIRS else 1):  # no arrays to write into
            raise self.wrong(f"'{ast.unparse(tree)}' has not as many arguments as {name} takes")
        self.bounded(*values)
        if name in PAIRS:
            return self.together(tree, FUNCTIONS[name], *values)
        return FUNCTIONS[name](*values)

    def counted(self, name: str, value: Any) -> Any:
        """A length; places up to a number; the rows of the identity."""
        if name == "len":
            return len(np.asarray(value))
        self.bounded(np.empty(int(min(abs(value), MAX_ENTRIES + 1))))
        places = np.arange(int(value))
        if name == "eye":
            self.bounded(places, places)
        return np.eye(int(value)) if name == "eye" else places

    def reduced(self, name: str, values: list[Any], options: dict[str, ast.expr]) -> Any:
        """A sum, a mean or an extreme value, over an axis or over all."""
        if not 1 <= len(values) <= 2 or (len(values) == 2 and "axis" in options):
            raise self.wrong(f"{name} takes an array and an axis")
        axis = values[1] if len(values) == 2 else None
        axis = self.value(options["axis"]) if "axis" in options else axis
        keep = options.get("keepdims", ast.Constant(False))
        if not (isinstance(keep, ast.Constant) and isinstance(keep.value, bool)):
            raise self.wrong("keepdims is True or False")
        whole = None if axis is None else int(axis)
        return getattr(np, name)(np.asarray(values[0]), axis=whole, keepdims=keep.value)


def names_of(quantities: Quantities) -> dict[str, Any]:
    """Every name that a claim may hold: tensors, cotangents, sizes by their capitals."""
    used = {i.size for indices in quantities.tensors.values() for i in indices}
    found: dict[str, Any] = {str(s): n for s, n in quantities.sizes.items() if s in used}
    for name, indices in quantities.tensors.items():
        found[name] = quantities.shaped(quantities.world.arrays[name], indices)
    return found


RULES: Mapping[type, Callable[[Values, Any], Any]] = cast(
    "Mapping[type, Callable[[Values, Any], Any]]",
    {
        ast.Constant: Values.constant,
        ast.Name: Values.variable,
        ast.BinOp: Values.binary,
        ast.UnaryOp: Values.unary,
        ast.Compare: Values.compare,
        ast.Attribute: Values.attribute,
        ast.Subscript: Values.subscript,
        ast.Call: Values.call,
    },
)
