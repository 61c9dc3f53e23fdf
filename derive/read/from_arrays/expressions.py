"""Expressions of array notation: a syntax tree to the array that it stands for."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import NoReturn

from pullback.derive.read.from_arrays import algebra as al
from pullback.derive.read.from_arrays import (
    array_functions,
    indexing,
    new_arrays,
    numpy_functions,
    shaping,
)
from pullback.derive.read.from_arrays.functions import FUNCTIONS, Function
from pullback.derive.read.from_arrays.modules import INSTEAD, METHODS, Modules
from pullback.derive.read.from_arrays.source import Source
from pullback.derive.read.from_arrays.tables import COMPARED, CONSTANTS, OPERATORS, WORDS
from pullback.derive.read.from_arrays.values import (
    Array,
    Constant,
    Items,
    Kind,
    Unreadable,
    Value,
    array,
    literal,
    number,
)
from pullback.derive.read.trees import BATCH

assert numpy_functions and array_functions and new_arrays  # they fill the table

READ = ("numpy.", "builtins.", "scipy.special.")
SHAPE = ("shape", "ndim", "size")


class Expressions(ABC):
    """Reads expressions; names and own functions are the business of who reads statements."""

    def __init__(self, source: Source, modules: Modules) -> None:
        self.source, self.modules = source, modules

    @abstractmethod
    def named(self, name: str) -> Value | None:
        """What a name stands for; None where it stands for nothing."""

    @abstractmethod
    def own(self, name: str) -> ast.FunctionDef | None:
        """The function of the text that has a name."""

    @abstractmethod
    def inline(
        self, function: ast.FunctionDef, given: list[Value], named: dict[str, Value]
    ) -> Value:
        """What a function of the text gives."""

    def value(self, node: ast.expr) -> Value:
        """What an expression stands for."""
        method = READERS.get(type(node))
        if method is None:
            what = WORDS.get(type(node), f"{type(node).__name__} of Python")
            self.source.refuse(f"{what} cannot be read into index notation", node)
        try:
            return method(self, node)
        except Unreadable as error:
            self.source.refuse(str(error), node)

    def constant(self, node: ast.Constant) -> Value:
        """A number, a text, None, True, False."""
        if isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return literal(node.value)
        if isinstance(node.value, complex | bytes):
            raise Unreadable(f"{type(node.value).__name__} is no number of the language")
        return indexing.DOTS if node.value is ... else Constant(node.value)

    def name(self, node: ast.Name) -> Value:
        """A name."""
        found = self.named(node.id)
        if found is not None:
            return found
        return self.of_module(node)

    def of_module(self, node: ast.Name | ast.Attribute) -> Value:
        """A number or a type of a module, as np.pi."""
        full = self.modules.full_name(node)
        short = ast.unparse(node)
        if full is not None and full in CONSTANTS:
            return CONSTANTS[full]
        if full is None and isinstance(node, ast.Name):
            hint = f"; write np.{short}, or import it" if f"numpy.{short}" in FUNCTIONS else ""
            raise Unreadable(f"'{short}' is not defined{hint}")
        if full in FUNCTIONS or self.own(short):
            raise Unreadable(f"'{short}' is a function: call it")
        return self.unknown(str(full), short)

    def unknown(self, full: str, short: str) -> NoReturn:
        """Say that a function is not read, and what to write instead if that is known."""
        if full.count(".") and not full.startswith(READ):
            raise Unreadable(f"'{short}': functions of NumPy and of scipy.special are read")
        what = full.removeprefix("numpy.").removeprefix("builtins.")
        starts = next((w for k, w in INSTEAD.items() if what == k or what.startswith(f"{k}.")), "")
        raise Unreadable(f"'{short}' is not read into index notation{'; ' * bool(starts)}{starts}")

    def attribute(self, node: ast.Attribute) -> Value:
        """x.T, x.shape and so on, or something of a module."""
        if self.modules.is_module(node.value, self.named):
            return self.of_module(node)
        value = self.value(node.value)
        if node.attr == "T":
            return shaping.transpose(array(value))
        if node.attr == "dtype":
            return Constant("float") if number(value).kind is Kind.REAL else Constant("other")
        if node.attr in SHAPE:
            return FUNCTIONS[f"numpy.{node.attr}"]([value], {})
        if node.attr in METHODS:
            raise Unreadable(f"'.{node.attr}' is a method: call it")
        raise Unreadable(f"'.{node.attr}' is not read into index notation")

    def items(self, node: ast.Tuple | ast.List) -> Value:
        """A tuple or a list."""
        return Items(tuple(self.value(e) for e in node.elts))

    def binary(self, node: ast.BinOp) -> Value:
        """Arithmetic, @, and truth values joined."""
        run = OPERATORS.get(type(node.op))
        if run is None:
            raise Unreadable("//, %, << and >> have no gradient and are not read")
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(left, Items) and isinstance(right, Items) and isinstance(node.op, ast.Add):
            return Items((*left.items, *right.items))
        if isinstance(node.op, ast.BitAnd | ast.BitOr | ast.BitXor):
            return run(al.truth(left), al.truth(right))
        return run(left, right)

    def unary(self, node: ast.UnaryOp) -> Value:
        """A sign, or ~ of truth values."""
        value = self.value(node.operand)
        if isinstance(node.op, ast.USub):
            return al.negative(value)
        if isinstance(node.op, ast.UAdd):
            return FUNCTIONS["numpy.positive"]([value], {})
        if isinstance(node.op, ast.Invert):
            if al.truth(value).python:
                raise Unreadable("~ of Python's own True is -2; write np.logical_not")
            return al.opposite(value)
        raise Unreadable("'not' is for single truth values; write ~ for arrays")

    def comparison(self, node: ast.Compare) -> Value:
        """One comparison."""
        sign = COMPARED.get(type(node.ops[0]))
        if sign is None:
            raise Unreadable("'is' and 'in' are not read; write ==, != or another comparison")
        if len(node.ops) > 1:
            raise Unreadable("a chain of comparisons; write (a < b) & (b < c)")
        return al.compare(sign, self.value(node.left), self.value(node.comparators[0]))

    def keys(self, node: ast.expr) -> list[Value]:
        """What stands in brackets."""
        parts = node.elts if isinstance(node, ast.Tuple) else [node]
        return [self.key(p) for p in parts]

    def key(self, node: ast.expr) -> Value:
        """One index."""
        if isinstance(node, ast.Slice):
            if node.lower or node.upper or node.step:
                self.source.refuse(indexing.PLACES.format(ast.unparse(node)), node)
            return indexing.FULL
        value = self.value(node)
        if isinstance(value, Constant) and value.value is None:
            return indexing.NEW
        if isinstance(value, Constant) and value is not indexing.DOTS:
            self.source.refuse(f"{value.value!r} is no index", node)
        if isinstance(value, Items):
            self.source.refuse("an index that is a list; fixed places are not read", node)
        return value

    def subscript(self, node: ast.Subscript) -> Value:
        """x[…], of tuples too."""
        value = self.value(node.value)
        if isinstance(value, Items):
            return self.item(value, node.slice)
        return indexing.get(array(value), self.keys(node.slice))

    def item(self, value: Items, node: ast.expr) -> Value:
        """An item or some items of a tuple."""
        if isinstance(node, ast.Slice):
            ends = [None if n is None else self.place(n) for n in (node.lower, node.upper)]
            if node.step is not None:
                raise Unreadable("a slice with a step is not read")
            return Items(value.items[ends[0] : ends[1]])
        place = self.place(node)
        if not -len(value.items) <= place < len(value.items):
            raise Unreadable(f"there is no item {place} among {len(value.items)}")
        found = value.items[place]
        batch = isinstance(found, Array) and found.size == BATCH
        if batch or self.before_batch(value, place):
            raise Unreadable("a size of a shape with '...': count from the end, as in x.shape[-1]")
        return found

    def before_batch(self, value: Items, place: int) -> bool:
        """Does a number count from the front of a shape that has any number of axes there?"""
        first = value.items[0] if value.items else None
        return isinstance(first, Array) and first.size == BATCH and place >= 0

    def place(self, node: ast.expr) -> int:
        """A whole number that is typed."""
        value = self.value(node)
        if isinstance(value, Array) and isinstance(value.literal, int):
            return value.literal
        raise Unreadable("an item of a tuple is named by a whole number")

    def call(self, node: ast.Call) -> Value:
        """A function of the text, of a module, or a method."""
        if any(isinstance(a, ast.Starred) for a in node.args) or any(
            k.arg is None for k in node.keywords
        ):
            raise Unreadable("* and ** in a call are not read; write the arguments out")
        if isinstance(node.func, ast.Attribute) and not self.modules.is_module(
            node.func.value, self.named
        ):
            return self.method(node, node.func)
        if not isinstance(node.func, ast.Name | ast.Attribute):
            self.value(node.func)
            raise Unreadable("what is called has a name")
        short = ast.unparse(node.func)
        own = self.own(short) if isinstance(node.func, ast.Name) else None
        if own is None:
            function = self.function(node.func, short)
        given = [self.value(a) for a in node.args]
        named = {str(k.arg): self.value(k.value) for k in node.keywords}
        return self.inline(own, given, named) if own else function(given, named)

    def function(self, node: ast.Name | ast.Attribute, short: str) -> Function:
        """A function of a module, by its name."""
        if isinstance(node, ast.Name) and self.named(short) is not None:
            raise Unreadable(f"'{short}' is no function here")
        full = self.modules.full_name(node)
        if full is None:
            hint = f"; write np.{short}, or import it" if f"numpy.{short}" in FUNCTIONS else ""
            raise Unreadable(f"the function '{short}' is not defined{hint}")
        if full not in FUNCTIONS:
            self.unknown(full, short)
        return FUNCTIONS[full]

    def method(self, node: ast.Call, func: ast.Attribute) -> Value:
        """x.sum(…) and so on."""
        value = self.value(func.value)
        name = METHODS.get(func.attr)
        if name is None:
            self.unknown(func.attr, f".{func.attr}( )")
        if not isinstance(value, Array):
            raise Unreadable(f"'.{func.attr}( )' is read of arrays")
        given = [self.value(a) for a in node.args]
        named = {str(k.arg): self.value(k.value) for k in node.keywords}
        if func.attr in ("reshape", "transpose") and len(given) > 1:
            given = [Items(tuple(given))]
        return FUNCTIONS[name]([value, *given], named)

    def dictionary(self, node: ast.Dict) -> Value:
        """A dictionary, which nothing is read out of: what a cache is."""
        return Items(tuple(self.value(v) for v in node.values))


READERS: Mapping[type[ast.AST], Callable[[Expressions, ast.AST], Value]] = {
    ast.Constant: Expressions.constant,  # type: ignore[dict-item]
    ast.Name: Expressions.name,  # type: ignore[dict-item]
    ast.Attribute: Expressions.attribute,  # type: ignore[dict-item]
    ast.Tuple: Expressions.items,  # type: ignore[dict-item]
    ast.List: Expressions.items,  # type: ignore[dict-item]
    ast.Dict: Expressions.dictionary,  # type: ignore[dict-item]
    ast.BinOp: Expressions.binary,  # type: ignore[dict-item]
    ast.UnaryOp: Expressions.unary,  # type: ignore[dict-item]
    ast.Compare: Expressions.comparison,  # type: ignore[dict-item]
    ast.Subscript: Expressions.subscript,  # type: ignore[dict-item]
    ast.Call: Expressions.call,  # type: ignore[dict-item]
}
