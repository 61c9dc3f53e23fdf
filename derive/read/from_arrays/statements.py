"""Statements of array notation: assignments become equations, own functions are written out."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import NoReturn

from pullback.derive.read.calls import MAX_CALLS
from pullback.derive.read.from_arrays import algebra as al
from pullback.derive.read.from_arrays import assigning
from pullback.derive.read.from_arrays.tables import OPERATORS, SIGNS, STATEMENT_WORDS
from pullback.derive.read.from_arrays.values import (
    Array,
    Constant,
    Items,
    Kind,
    Unreadable,
    Value,
    array,
    number,
    words,
)
from pullback.derive.read.from_arrays.variables import Frame, Variables

OUTPUT = "out"


class Statements(Variables):
    """Reads statements in order; `functions` are those of the text, written out where called."""

    # -- own functions ---------------------------------------------------------------------------

    def inline(
        self, function: ast.FunctionDef, given: list[Value], named: dict[str, Value]
    ) -> Value:
        """What a function of the text gives for these arguments; its own lines become equations."""
        if any(f.name == function.name for f in self.frames):
            raise Unreadable(f"'{function.name}' calls itself")
        if len(self.frames) > MAX_CALLS:
            raise Unreadable(f"more than {MAX_CALLS} functions call each other in a row")
        self.writer.meter.tick()
        parameters, defaults = self.parameters(function)
        if len(given) > len(parameters):
            words = ", ".join(parameters) or "nothing"
            raise Unreadable(f"'{function.name}' takes {words}; it has {len(given)} arguments")
        found = dict(zip(parameters, given, strict=False))
        for name, value in named.items():
            if name in found or name not in parameters:
                raise Unreadable(f"'{function.name}' takes no argument {name!r} here")
            found[name] = value
        for name in parameters:
            if name not in found and name not in defaults:
                raise Unreadable(f"'{function.name}' lacks the argument {name!r}")
            if name not in found:
                found[name] = self.value(defaults[name])
        self.frames.append(Frame(function.name, found))
        returned = self.body(function)
        self.frames.pop()
        return Constant(None) if returned is None else returned

    def parameters(self, function: ast.FunctionDef) -> tuple[list[str], dict[str, ast.expr]]:
        """The parameters of a function, and the defaults of some."""
        if function.decorator_list:
            self.source.refuse(
                "a decorator may change what a function gives; leave it out",
                function.decorator_list[0],
            )
        own = function.args
        for star in (own.vararg, own.kwarg):
            if star is not None:
                self.source.refuse("* and ** among parameters are not read; write them out", star)
        plain = [*own.posonlyargs, *own.args]
        defaults = dict(
            zip([a.arg for a in plain[len(plain) - len(own.defaults) :]], own.defaults, strict=True)
        )
        for arg, default in zip(own.kwonlyargs, own.kw_defaults, strict=True):
            if default is not None:
                defaults[arg.arg] = default
        return [a.arg for a in (*plain, *own.kwonlyargs)], defaults

    def body(self, function: ast.FunctionDef) -> Value | None:
        """The lines of a function, and what it returns."""
        for place, statement in enumerate(function.body):
            if isinstance(statement, ast.Return):
                if place < len(function.body) - 1:
                    self.source.refuse(
                        "a return stands last; what follows is never reached", statement
                    )
                return self.returned(statement)
            self.statement(statement)
        return None

    def returned(self, statement: ast.Return) -> Value:
        """What a return gives; of the outermost only the first of several."""
        node = statement.value
        if node is None:
            return Constant(None)
        if self.frames[-1] is self.main:
            while isinstance(node, ast.Tuple) and node.elts:
                node = node.elts[0]
            return self.output(node, statement)
        return self.value(node)

    def output(self, node: ast.expr, statement: ast.stmt) -> Array:
        """The output, which has an equation of its own."""
        try:
            value = self.value(node)
            if isinstance(value, Constant):
                raise Unreadable("the output is an array or a number")
            found = array(value, "the output")
            if found.kind is Kind.PLACE:
                raise Unreadable("the output holds labels; wanted numbers")
            if found.tensor in self.writer.written and found.kind is not Kind.MASK:
                return found
            own = isinstance(node, ast.Name) and node.id not in self.writer.inputs
            name = node.id if isinstance(node, ast.Name) and own else OUTPUT
            place = self.source.place(statement)
            return self.writer.equation(name, number(found), place, len(self.frames))
        except Unreadable as error:
            self.source.refuse(str(error), node)

    # -- statements ------------------------------------------------------------------------------

    def statement(self, node: ast.stmt) -> None:
        """One statement."""
        method = STATEMENTS.get(type(node))
        if method is None:
            self.refuse_statement(node)
        try:
            method(self, node)
        except Unreadable as error:
            self.source.refuse(str(error), node)

    def refuse_statement(self, node: ast.stmt) -> NoReturn:
        """Say what a statement is, and what to write instead."""
        words = STATEMENT_WORDS.get(type(node), f"{type(node).__name__} of Python is not read")
        self.source.refuse(words, node)

    def nothing(self, node: ast.stmt) -> None:
        """What changes no value."""

    def imported(self, node: ast.Import | ast.ImportFrom) -> None:
        """An import inside."""
        self.modules.see(node)

    def expression(self, node: ast.Expr) -> None:
        """A text is a comment; a value that goes nowhere is a mistake."""
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return
        self.value(node.value)
        raise Unreadable("a value that goes nowhere; give it a name, or leave it out")

    def assign(self, node: ast.Assign) -> None:
        """`a = b = …`."""
        value = self.value(node.value)
        for target in node.targets:
            value = self.bind(target, value, node)

    def annotated(self, node: ast.AnnAssign) -> None:
        """`a: … = …`."""
        if node.value is not None:
            self.bind(node.target, self.value(node.value), node)

    def bind(self, target: ast.expr, value: Value, node: ast.stmt) -> Value:
        """Give a value a name, or put it into an array."""
        if isinstance(target, ast.Name):
            self.values[target.id] = value = self.noted(target.id, value, node)
        elif isinstance(target, ast.Tuple | ast.List):
            self.unpack(target, value, node)
        elif isinstance(target, ast.Subscript):
            self.put(target, value, node)
        else:
            what = "an attribute" if isinstance(target, ast.Attribute) else "a star"
            self.source.refuse(f"{what} cannot be assigned to; write a plain name", target)
        return value

    def unpack(self, target: ast.Tuple | ast.List, value: Value, node: ast.stmt) -> None:
        """`a, b = …`."""
        if not isinstance(value, Items):
            self.source.refuse("an array is not taken apart; only tuples are, as x.shape", target)
        if any(isinstance(t, ast.Starred) for t in target.elts):
            self.source.refuse("a star in an assignment is not read", target)
        if len(value.items) != len(target.elts):
            self.source.refuse(f"{len(target.elts)} names for {len(value.items)} values", target)
        if any(isinstance(v, Array) and v.size == "..." for v in value.items):
            self.source.refuse("a shape with '...' is not taken apart; write x.shape[-1]", target)
        for one, item in zip(target.elts, value.items, strict=True):
            self.bind(one, item, node)

    # -- in place --------------------------------------------------------------------------------

    def augmented(self, node: ast.AugAssign) -> None:
        """`a += b`: a new version of a, where no other name holds the same memory."""
        run, sign = OPERATORS.get(type(node.op)), SIGNS.get(type(node.op), "")
        if run is None or not sign:
            raise Unreadable("of assignments with a sign, +=, -=, *=, /= and **= are read")
        if isinstance(node.target, ast.Subscript):
            self.put(node.target, self.value(node.value), node, sign)
            return
        if not isinstance(node.target, ast.Name):
            self.source.refuse(
                "an attribute cannot be assigned to; write a plain name", node.target
            )
        name = node.target.id
        if name not in self.values:
            raise Unreadable(f"'{name}' is not defined")
        before = array(self.value(ast.copy_location(ast.Name(name, ast.Load()), node.target)))
        value = self.value(node.value)
        if before.python or not before.axes:
            self.values[name] = self.noted(name, run(before, value), node)
            return
        self.check_alone(name, before)
        given = assigning.fitted(before, value, sign)
        if al.broadcast(before.axes, given.axes) != before.axes:
            raise Unreadable(f"{words(given.axes)} does not fit into {words(before.axes)}")
        self.changed(name, before, al.operation(sign, before, given), node)

    def put(self, target: ast.Subscript, value: Value, node: ast.stmt, sign: str = "") -> None:
        """`x[…] = …`."""
        if not isinstance(target.value, ast.Name):
            self.source.refuse("what is assigned to in brackets is a plain name", target)
        name = target.value.id
        before = array(self.value(target.value))
        if before.python or name not in self.values:
            raise Unreadable(f"'{name}' is no array to be changed here")
        self.check_alone(name, before)
        made = assigning.put(before, self.keys(target.slice), value, sign)
        self.changed(name, before, made, node)


STATEMENTS: Mapping[type[ast.AST], Callable[[Statements, ast.AST], None]] = {
    ast.Assign: Statements.assign,  # type: ignore[dict-item]
    ast.AnnAssign: Statements.annotated,  # type: ignore[dict-item]
    ast.AugAssign: Statements.augmented,  # type: ignore[dict-item]
    ast.Expr: Statements.expression,  # type: ignore[dict-item]
    ast.Assert: Statements.nothing,  # type: ignore[dict-item]
    ast.Pass: Statements.nothing,  # type: ignore[dict-item]
    ast.Import: Statements.imported,  # type: ignore[dict-item]
    ast.ImportFrom: Statements.imported,  # type: ignore[dict-item]
}
