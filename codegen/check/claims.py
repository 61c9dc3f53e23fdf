"""A formula typed in, `dW = x.T @ du / N`: NumPy's notation, read as a syntax tree and checked.

Names are inputs, nodes, cotangents and sizes; what is not in the tables here is refused, and
nothing is evaluated but by the functions that stand in them.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np

from pullback.codegen.check.arrays import MAX_ENTRIES, Array
from pullback.codegen.check.by_numbers import by_numbers, sizes_in_words
from pullback.codegen.check.comparing import RIGHT, compared
from pullback.codegen.check.drawing import draw
from pullback.codegen.check.explaining import Explainer
from pullback.codegen.check.found import Report
from pullback.codegen.check.quantities import Quantities, Quantity
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.errors import DefinitionError

LONGEST, MAX_NODES, MAX_AXES = 2_000, 300, 6
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
ENTRIES = ("exp", "log", "sqrt", "tanh", "abs", "sign", "sin", "cos", "log1p", "expm1", "square")
PAIRS = ("maximum", "minimum", "outer", "dot", "matmul", "where", "multiply")
REDUCTIONS = ("sum", "mean", "max", "min", "argmax", "argmin")
FUNCTIONS: Mapping[str, Callable[..., Any]] = {n: getattr(np, n) for n in (*ENTRIES, *PAIRS)}
OPTIONS = ("axis", "keepdims")
ARGUMENTS = {"where": 3}  # of functions that take neither one nor two


class Claim:
    """A claim about a tensor or a cotangent: its name, and the array of its right side."""

    def __init__(self, text: str, quantities: Quantities) -> None:
        self.text, self.quantities = text, quantities
        self.name, value = self.read()
        self.names = names_of(quantities)
        if self.name not in quantities.formulas:
            known = ", ".join(quantities.formulas)
            raise self.wrong(f"'{self.name}' is nothing that is derived; there are {known}")
        self.array = np.asarray(self.value(value), dtype=float)

    def read(self) -> tuple[str, ast.expr]:
        """The name on the left and the tree on the right."""
        if len(self.text) > LONGEST:
            raise self.wrong(f"it is longer than {LONGEST} characters")
        try:
            tree = ast.parse(self.text.strip()).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise self.wrong("it is not read: wanted is NAME = EXPRESSION, in NumPy") from None
        if len(tree) != 1 or not isinstance(tree[0], ast.Assign):
            raise self.wrong("wanted is one equation, NAME = EXPRESSION")
        target = tree[0].targets[0]
        if len(tree[0].targets) != 1 or not isinstance(target, ast.Name):
            raise self.wrong("on the left stands one name, such as dW")
        if sum(1 for _ in ast.walk(tree[0])) > MAX_NODES:
            raise self.wrong("it is too long")
        return target.id, tree[0].value

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
        """A tensor, a cotangent or a size."""
        if tree.id not in self.names:
            raise self.wrong(f"there is no '{tree.id}'; there are {', '.join(self.names)}")
        return self.names[tree.id]

    def binary(self, tree: ast.BinOp) -> Any:
        """An operator."""
        if type(tree.op) not in OPERATORS:
            raise self.wrong(f"'{ast.unparse(tree)}' is not among what a claim may hold")
        left, right = self.value(tree.left), self.value(tree.right)
        self.bounded(left, right)
        as_float = [np.asarray(s, dtype=float) for s in (left, right)]
        return OPERATORS[type(tree.op)](*as_float)

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
        """`.T`."""
        if tree.attr != "T":
            raise self.wrong(f"'.{tree.attr}' is not among what a claim may hold")
        return np.transpose(self.value(tree.value))

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
        if not isinstance(function, ast.Attribute):
            raise self.wrong(f"'{ast.unparse(function)}' is not among what a claim may hold")
        name, own = function.attr, list(tree.args)
        if not (isinstance(function.value, ast.Name) and function.value.id == "np"):
            own.insert(0, function.value)
        options = {str(k.arg): k.value for k in tree.keywords}
        if {*options} - {*OPTIONS} or (options and name not in REDUCTIONS):
            raise self.wrong(f"'{ast.unparse(tree)}' has an option that a claim may not hold")
        values = [self.value(a) for a in own]
        if name in REDUCTIONS:
            return self.reduced(name, values, options)
        if name == "arange" and len(values) == 1:
            self.bounded(np.empty(int(min(abs(values[0]), MAX_ENTRIES + 1))))
            return np.arange(int(values[0]))
        if name not in FUNCTIONS:
            raise self.wrong(f"'{name}' is not among the functions that a claim may hold")
        if len(values) != ARGUMENTS.get(name, 2 if name in PAIRS else 1):  # no arrays to write into
            raise self.wrong(f"'{ast.unparse(tree)}' has not as many arguments as {name} takes")
        self.bounded(*values)
        return FUNCTIONS[name](*values)

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
    found: dict[str, Any] = {str(s): n for s, n in quantities.sizes.items()}
    for name, indices in quantities.tensors.items():
        found[name] = quantities.shaped(quantities.world.arrays[name], indices)
    return found


def came(claim: Claim) -> Array:
    """The array that was claimed, spread over the axes of its name where it fits them."""
    indices = claim.quantities.tensors[claim.name]
    wanted = claim.quantities.shaped(claim.quantities.world.arrays[claim.name], indices)
    return np.broadcast_to(claim.array, wanted.shape) if claim.array.ndim == 0 else claim.array


def check_claim(derivation: Derivation, text: str, seconds: float) -> Report:
    """Hold a formula that was typed in against what was derived; DefinitionError if unread."""
    layer = derivation.layer
    upstream = bool(layer.output.indices)  # of a number it is 1, and no formula shows it
    quantities = Quantities(derivation, draw(derivation, upstream=upstream))
    claim = Claim(text, quantities)
    indices = quantities.tensors[claim.name]
    right = quantities.shaped(quantities.world.arrays[claim.name], indices)
    own = came(claim)
    found = compared(claim.name, own, right)
    report = Report(
        name=text.strip(),
        against=layer.name,
        function="",
        status=0 if found.status == RIGHT else 1,
        output=found,
        sizes=sizes_in_words(quantities),
    )
    if found.status == RIGHT:
        return report
    formula_ = quantities.formulas[claim.name]
    quantity = Quantity(formula_.left, indices, quantities.world.arrays[claim.name], claim.name)
    explainer = Explainer(quantities, seconds)
    return replace(report, faults=(by_numbers(quantities, quantity, own, claim.name, explainer),))


RULES: Mapping[type, Callable[[Claim, Any], Any]] = cast(
    "Mapping[type, Callable[[Claim, Any], Any]]",
    {
        ast.Constant: Claim.constant,
        ast.Name: Claim.variable,
        ast.BinOp: Claim.binary,
        ast.UnaryOp: Claim.unary,
        ast.Compare: Claim.compare,
        ast.Attribute: Claim.attribute,
        ast.Subscript: Claim.subscript,
        ast.Call: Claim.call,
    },
)
