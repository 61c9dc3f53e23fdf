"""Matrix notation to index notation: a text, and the shapes of what it takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NoReturn

from pullback.derive.read.descent import MAX_DEPTH
from pullback.derive.read.from_arrays import algebra as al
from pullback.derive.read.from_arrays.finishing import finish
from pullback.derive.read.from_arrays.shapes import Shape, read_shape
from pullback.derive.read.from_arrays.tables import CONSTANTS
from pullback.derive.read.from_arrays.understood import Understood
from pullback.derive.read.from_arrays.values import Array, Kind, Reach, Unreadable, tensor
from pullback.derive.read.from_arrays.writing import Writer
from pullback.derive.read.from_matrices import algebra as ma
from pullback.derive.read.from_matrices.functions import FUNCTIONS, REFUSED, apply
from pullback.derive.read.from_matrices.parser import (
    BARS,
    BEHIND,
    BESIDE,
    DEEP,
    NORM,
    Line,
    Parser,
)
from pullback.derive.read.from_matrices.undeclared import check_shapes, is_function, no_function
from pullback.derive.read.from_matrices.values import Matrix, Way, constant, typed
from pullback.derive.read.from_matrices.words import ONES, TRANSPOSE, plain
from pullback.derive.read.run_together import question
from pullback.derive.read.trees import Apply, Negative, Number, Operation, Place, Ref, Tree, refuse
from pullback.derive.read.vocabulary import PI

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
AXES = 2  # that a matrix has
OUTPUT = "out"  # what has no name


def understand(text: str, shapes: Mapping[str, str], name: str = "layer") -> Understood:
    """Read matrix notation as index notation.

    Arguments:
        text: equations, one a line; the last one is the output
        shapes: the shape of every tensor and number that they take, by name
        name: the definition, for messages

    >>> understand("u = x W + c", {"x": "N D", "W": "D K", "c": "K"}).text
    'u[n, k] = sum(d, x[n, d] * W[d, k]) + c[k]'

    Raises DefinitionError for what is not read, with the line, the column and what to write
    instead.
    """
    try:
        return Reading(text, shapes, name).whole()
    except RecursionError:
        refuse(DEEP, Place(within=name))


class Reading:
    """The reading of one text."""

    def __init__(self, text: str, shapes: Mapping[str, str], within: str) -> None:
        self.text, self.within, self.shapes = text, within, shapes
        self.values: dict[str, Matrix] = {}
        self.declared: dict[str, Shape] = {}
        self.laid: dict[str, Place] = {}  # vectors that were taken as rows by their place
        self.turned: dict[str, Place] = {}  # vectors that were transposed
        names = [plain(name) for name in shapes]
        for name in shapes:
            if not NAME.fullmatch(plain(name)) or names.count(plain(name)) > 1:
                self.refuse(f"the shape of {name!r}: it is no name, or there twice", None)
        self.parser = Parser(text, within, names)
        found = {w.text for w in self.parser.tokens if w.kind == "name"}
        self.writer = Writer({*names, *found})
        for name, shape in shapes.items():
            try:
                self.declare(plain(name), read_shape(shape))
            except Unreadable as error:
                self.refuse(f"the shape of '{name}': {error}", None)

    def refuse(self, message: str, place: Place | None) -> NoReturn:
        """Raise an error that points into the text."""
        refuse(message, place or Place(within=self.within))

    def declare(self, name: str, shape: Shape) -> None:
        """An input of the definition."""
        if len(shape.axes) > AXES:
            raise Unreadable("matrix notation has two axes at most; array notation has more")
        self.declared[name] = shape
        about = {"kind": Kind.PLACE, "reach": Reach(shape.below), "whole": True}
        made = tensor(name, shape.axes, **(about if shape.labels else {}))
        self.writer.input(name, made)
        self.values[name] = Matrix(made)

    def whole(self) -> Understood:
        """Every line; the last one is the output."""
        lines = self.parser.lines()
        if not lines:
            self.refuse("there is no equation, so there is no output", None)
        check_shapes(lines, self)
        output = [self.line(line) for line in lines][-1]
        texts = self.text.split("\n")

        def source(number: int) -> str:
            return texts[number - 1].strip() if 1 <= number <= len(texts) else ""

        return finish(self.writer, self.declared, output, source)

    def again(self, shapes: Mapping[str, str]) -> None:
        """Read the text with other shapes, without its end, to see whether they fit."""
        other = Reading(str(self.text), shapes, "")
        for line in other.parser.lines():
            other.line(line)

    def line(self, line: Line) -> Array:
        """A line becomes an equation."""
        value = self.value(line.right, 0)
        name = line.name or OUTPUT
        try:
            made = self.writer.equation(name, value.closed(name), line.place, 1)
        except Unreadable as error:
            self.refuse(str(error), line.place)
        self.values[name] = Matrix(made, value.way)
        return made

    # -- trees -------------------------------------------------------------------------------------

    def value(self, tree: Tree, depth: int) -> Matrix:
        """What a tree stands for; an error points at the part that it is about."""
        if depth > MAX_DEPTH:
            self.refuse(DEEP, tree.place)
        try:
            return self.of(tree, depth + 1)
        except Unreadable as error:
            self.refuse(str(error), tree.place)

    def of(self, tree: Tree, depth: int) -> Matrix:
        """What a tree stands for, by the values of its parts."""
        match tree:
            case Number(text, _):
                return typed(text)
            case Ref(name, _, place):
                return self.named(name, place)
            case Negative(operand, _):
                return ma.each(al.negative, self.value(operand, depth))
            case Operation():
                return self.operation(tree, depth)
            case Apply():
                return self.applied(tree, depth)
        raise AssertionError(tree)

    def named(self, name: str, place: Place) -> Matrix:
        """A tensor, or a constant."""
        if name in self.values:
            return self.values[name]
        if name in (ONES, "ones"):
            return constant(1)
        if name in (PI, "e"):
            made = CONSTANTS[f"numpy.{name}"]
            assert isinstance(made, Array)
            return Matrix(made)
        if name in FUNCTIONS:
            raise Unreadable(f"{name} takes its argument in brackets, as in {name}(x)")
        if name in REFUSED:
            raise Unreadable(f"{name}: {REFUSED[name]}")
        raise Unreadable(question(name, self.values) or f"{name} is used before it is defined")

    def operation(self, tree: Operation, depth: int) -> Matrix:
        """An operation of two."""
        op, left, right = tree.op, tree.left, tree.right
        if op in ("^", ".^"):
            return self.power(tree, depth)
        if op == BEHIND:
            return self.behind(tree, depth)
        return self.joined(tree, self.value(left, depth), self.value(right, depth))

    def behind(self, tree: Operation, depth: int) -> Matrix:
        """A product without a sign behind one with a sign, A ⊙ B C, where order is no matter."""
        before = tree.left
        assert isinstance(before, Operation)
        values = [self.value(part, depth) for part in (before.left, before.right, tree.right)]
        if all(v.rank for v in values):
            sign = SIGNS[before.op]
            raise Unreadable(
                f"A {sign} B C may be (A {sign} B) C or A {sign} (B C): write the brackets"
            )
        try:
            made = self.joined(before, *values[:2])
        except Unreadable as error:
            self.refuse(str(error), before.place)
        return self.joined(tree, made, values[2])

    def joined(self, tree: Operation, a: Matrix, b: Matrix) -> Matrix:
        """What an operation makes of two values."""
        made = RUN[tree.op](a, b)
        by_place = made.way is Way.LAID and a.way is Way.EITHER and a.rank == 1 and b.rank == 2
        if isinstance(tree.left, Ref) and by_place:
            self.lies(tree.left.name, self.laid, self.turned, tree.left.place)
        return made

    def lies(
        self, name: str, here: dict[str, Place], other: Mapping[str, Place], place: Place
    ) -> None:
        """Note how a vector is used; one that is a row without ᵀ is not transposed elsewhere."""
        here.setdefault(name, place)
        if name in other:
            before = other[name]
            self.refuse(
                f"'{name}' stands left of a matrix without ᵀ, as a row, and is transposed as a "
                f"column (line {before.line}, column {before.column}): declare it as '1 …' if it "
                "is a row, or write ᵀ in both places",
                place,
            )

    def power(self, tree: Operation, depth: int) -> Matrix:
        """A power; of a norm its square, of e the exponential."""
        left, right = tree.left, tree.right
        exponent = self.value(right, depth)
        if isinstance(left, Ref) and left.name == "e" and "e" not in self.values:
            return apply("exp", [exponent])
        kind = NORMS.get(left.name) if isinstance(left, Apply) else None
        if isinstance(left, Apply) and kind is not None and exponent.array.literal == 2:
            return ma.squares(self.value(left.args[0], depth), kind)
        return ma.power(self.value(left, depth), exponent, tree.op == ".^")

    def applied(self, tree: Apply, depth: int) -> Matrix:
        """A function, a transpose, a norm, an absolute value."""
        name, args = tree.name, tree.args
        if name == TRANSPOSE and isinstance(args[0], Number):
            if args[0].text != "1":
                raise Unreadable(f"the transpose of {args[0].text}; a vector of ones is 1ᵀ")
            return ma.transpose(constant(1))
        if not is_function(name):
            raise Unreadable(no_function(name, self.values))
        values = [self.value(arg, depth) for arg in args]
        if name == TRANSPOSE:
            if isinstance(args[0], Ref) and values[0].rank == 1 and values[0].way is Way.EITHER:
                self.lies(args[0].name, self.turned, self.laid, args[0].place)
            return ma.transpose(values[0])
        if name == BARS:
            if values[0].rank:
                raise Unreadable(f"|·| of {values[0].words}: write ‖x‖, or abs(x) of entries")
            return apply("abs", values)
        if name.startswith(NORM):
            return ma.norm(values[0], name[len(NORM) :])
        return apply(name, values)


NORMS = {NORM: "", f"{NORM}2": "2", f"{NORM}F": "F", "norm": "", "norm2": "2"}  # with squares
SIGNS = {"*": "*", ".*": "⊙"}
RUN: Mapping[str, Callable[[Matrix, Matrix], Matrix]] = {
    "+": lambda a, b: ma.operation("+", a, b),
    "-": lambda a, b: ma.operation("-", a, b),
    BESIDE: ma.product,
    BEHIND: ma.product,
    "*": ma.star,
    ".*": lambda a, b: ma.operation("*", a, b),
    "·": ma.dot,
    "/": ma.divided,
    "./": lambda a, b: ma.operation("/", a, b),
}
