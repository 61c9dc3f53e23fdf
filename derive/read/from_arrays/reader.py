"""Array notation to index notation: a text, and the shapes of what it takes."""

from __future__ import annotations

import ast
from collections.abc import Container, Mapping, Sequence

from pullback.derive.errors import DefinitionError
from pullback.derive.read.from_arrays import undeclared
from pullback.derive.read.from_arrays.finishing import finish
from pullback.derive.read.from_arrays.modules import Modules
from pullback.derive.read.from_arrays.shapes import Shape, annotated, read_shape
from pullback.derive.read.from_arrays.source import DEEP, Source, called_in, names_in, parse
from pullback.derive.read.from_arrays.statements import Statements
from pullback.derive.read.from_arrays.understood import Understood
from pullback.derive.read.from_arrays.values import Array, Kind, Reach, Unreadable, tensor
from pullback.derive.read.from_arrays.variables import Frame
from pullback.derive.read.from_arrays.writing import Writer

IMPORTS = (ast.Import, ast.ImportFrom)


def understand(
    text: str, shapes: Mapping[str, str], name: str = "layer", function: str | None = None
) -> Understood:
    """Read NumPy expressions as index notation; nothing of the text is run.

    Arguments:
        text: a function, with others that it calls, or bare statements
        shapes: the shapes of inputs, by name; a function's annotations may say them too
        name: the definition, for messages
        function: the function to be read, where there are several that no other one calls

    >>> understand("def f(x: 'N D', w: 'D'): return np.tanh(x @ w)", {}).text
    'out[n] = tanh(sum(d, x[n, d] * w[d]))'

    Raises DefinitionError for what index notation lacks, with the line, the column and what to
    write instead.
    """
    source, tree = parse(text, name)
    try:
        return Reading(source, tree, shapes).whole(function)
    except RecursionError:
        source.refuse(DEEP, None)


def functions_in(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    """The functions at the top of a text; of those with one name the last."""
    return {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}


def is_constant(node: ast.stmt) -> bool:
    """Is a statement `NAME = number`?"""
    if not isinstance(node, ast.Assign) or not all(isinstance(t, ast.Name) for t in node.targets):
        return False
    value = node.value
    value = value.operand if isinstance(value, ast.UnaryOp) else value
    return isinstance(value, ast.Constant) and isinstance(value.value, int | float)


def is_text(node: ast.stmt) -> bool:
    """Is a statement a text, as a docstring is?"""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


class Reading:
    """The reading of one text."""

    def __init__(self, source: Source, tree: ast.Module, shapes: Mapping[str, str]) -> None:
        self.source, self.tree, self.shapes = source, tree, shapes
        self.modules = Modules()
        self.functions = functions_in(tree)
        for node in tree.body:
            if isinstance(node, IMPORTS):
                self.modules.see(node)
        self.writer = Writer({*names_in(tree), *shapes})
        self.statements = Statements(source, self.modules, self.functions, self.writer)
        self.declared: dict[str, Shape] = {}

    def whole(self, function: str | None) -> Understood:
        """A function of the text, or its bare statements."""
        bare = [
            n
            for n in self.tree.body
            if not isinstance(n, (*IMPORTS, ast.FunctionDef)) and not is_text(n)
        ]
        if function is None and (not self.functions or not all(map(is_constant, bare))):
            output = self.bare(bare)
        else:
            for node in filter(is_constant, bare):
                self.statements.statement(node)
            output = self.function(self.functions[function] if function else self.main())
        return finish(self.writer, self.declared, output, self.source.line)

    def main(self) -> ast.FunctionDef:
        """The one function that no other calls."""
        called = {
            name
            for own, node in self.functions.items()
            for name in called_in(node, self.functions)
            if name != own
        }
        found = [node for name, node in self.functions.items() if name not in called]
        if len(found) == 1:
            return found[0]
        names = ", ".join(n.name for n in found or self.functions.values())
        return self.source.refuse(
            f"there are several functions that no other one calls: {names}"
            if found
            else f"the functions {names} call each other in a circle",
            (found or list(self.functions.values()))[-1],
        )

    def function(self, node: ast.FunctionDef) -> Array:
        """A function whose parameters are the inputs."""
        parameters, defaults = self.statements.parameters(node)
        arguments = {
            a.arg: a for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        }
        for name in self.shapes:
            if name not in parameters:
                words = ", ".join(parameters) or "none"
                self.source.refuse(
                    f"a shape is given for {name!r}, which is no parameter of '{node.name}'; "
                    f"there are {words}",
                    node,
                )
        self.check_parameters(node, arguments, defaults)
        frame = self.statements.main = Frame(node.name)
        for name in parameters:
            argument = arguments[name]
            try:
                given = self.shapes.get(name)
                shape = annotated(argument.annotation) if given is None else read_shape(given)
                if shape is not None:
                    frame.values[name] = self.input(name, shape)
                else:
                    frame.values[name] = self.statements.value(defaults[name])
            except Unreadable as error:
                self.source.refuse(str(error), argument)
        self.statements.frames.append(frame)
        found = self.statements.body(node)
        if not isinstance(found, Array):
            self.source.refuse(f"'{node.name}' returns no array or number", node)
        return found

    def check_parameters(
        self, node: ast.FunctionDef, arguments: Mapping[str, ast.arg], defaults: Container[str]
    ) -> None:
        """Refuse parameters without a shape, all at once."""
        missing = {
            name: argument
            for name, argument in arguments.items()
            if name not in self.shapes and name not in defaults and not self.annotated(argument)
        }
        if missing:
            undeclared.refuse(missing, self, node, node.name)

    def annotated(self, argument: ast.arg) -> bool:
        """Does the annotation of a parameter say its shape, rightly or not?"""
        try:
            return annotated(argument.annotation) is not None
        except Unreadable:
            return True

    def again(self, shapes: Mapping[str, str], function: str | None) -> None:
        """Read the text with other shapes, to see whether they fit."""
        Reading(self.source, self.tree, shapes).whole(function)

    def bare(self, nodes: Sequence[ast.stmt]) -> Array:
        """Statements; the last one is the output."""
        undeclared.check_names(nodes, self)
        for name, text in self.shapes.items():
            try:
                if not name.isidentifier():
                    raise Unreadable("it is no name")
                self.statements.values[name] = self.input(name, read_shape(text))
            except Unreadable as error:
                self.source.refuse(f"the shape of '{name}': {error}", None)
        if not nodes:
            self.source.refuse("there is no statement, so there is no output", None)
        *before, last = nodes
        for node in before:
            self.statements.statement(node)
        if isinstance(last, ast.Expr) and not is_text(last):
            return self.statements.output(last.value, last)
        self.statements.statement(last)
        target = last.targets[0] if isinstance(last, ast.Assign) else getattr(last, "target", None)
        while isinstance(target, ast.Subscript):
            target = target.value
        if not isinstance(target, ast.Name):
            self.source.refuse("the last statement gives the output a name", last)
        return self.statements.output(
            ast.copy_location(ast.Name(target.id, ast.Load()), target), last
        )

    def input(self, name: str, shape: Shape) -> Array:
        """An input of the definition."""
        self.declared[name] = shape
        about = {"kind": Kind.PLACE, "reach": Reach(shape.below), "whole": True}
        made = tensor(name, shape.axes, **(about if shape.labels else {"python": not shape.axes}))
        self.writer.input(name, made)
        return made


def blanked(text: str, function: str, name: str = "layer") -> str:
    """A text with nothing but a function, those that it calls, imports and numbers, line for line.

    Raises DefinitionError where there is no such function.
    """
    source, tree = parse(text, name)
    functions = functions_in(tree)
    if function not in functions:
        words = ", ".join(functions) or "none"
        raise DefinitionError(
            f"{name}: there is no function '{function}' at the top; there are {words}"
        )
    wanted, stack = {function}, [function]
    while stack:
        for other in called_in(functions[stack.pop()], functions):
            if other not in wanted:
                wanted.add(other)
                stack.append(other)
    lines = source.text.split("\n")
    kept = [""] * len(lines)
    for node in tree.body:
        own = isinstance(node, ast.FunctionDef) and node.name in wanted
        if own or isinstance(node, IMPORTS) or is_constant(node):
            start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))])
            end = node.end_lineno or start
            kept[start - 1 : end] = lines[start - 1 : end]
    return "\n".join(kept).rstrip() + "\n"
