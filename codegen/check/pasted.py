"""Claims that were pasted: formulas in NumPy or in matrix notation, or a function of them.

The text is read, never run: assignments, changes in place such as `dz[np.arange(N), y] -= 1`, and
what a function returns. Everything else is refused, with its line.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from textwrap import dedent
from typing import Any, cast

import numpy as np

from pullback.codegen.check.arrays import Array
from pullback.codegen.check.by_matrices import value as by_matrices
from pullback.codegen.check.quantities import Quantities
from pullback.codegen.check.typed import OPERATORS, Misfit, Values, names_of
from pullback.derive.calculus.derivation import cotangent_name
from pullback.derive.errors import DefinitionError
from pullback.derive.read.from_matrices.words import plain
from pullback.derive.read.vocabulary import COTANGENT

LONGEST, MOST_STATEMENTS, MAX_NODES = 20_000, 100, 300
MATRICES = re.compile("[ᵀ⊤⊙∘‖∥𝟏𝟙·]")  # what NumPy has not
LINE = re.compile(r"^\s*(?P<name>[^\W\d]\w*)\s*=(?!=)(?P<right>.+)$", re.DOTALL)
WHOLE = "pullback check FILE --against DEFINITION"
WANTED = "wanted is NAME = EXPRESSION, in NumPy or as matrices, as in dW = x.T @ du or dW = xᵀ du"


@dataclass(frozen=True)
class Line:
    """A statement: its place, its text, and its tree, where it is Python's."""

    number: int
    text: str
    tree: ast.stmt | None


@dataclass(frozen=True)
class Claim:
    """What the text says that a tensor or a cotangent is: an array, or why it has none."""

    name: str
    source: str
    value: Array | Misfit
    tree: ast.expr | None  # its formula, where it is one of NumPy's
    values: Values  # of the names that the formula reads


class Pasted:
    """A text with claims in it; `claims` goes through it."""

    def __init__(self, text: str, quantities: Quantities) -> None:
        self.text, self.quantities = text, quantities
        self.names = {n: kept(v) for n, v in names_of(quantities).items()}
        tensors = quantities.layer.inputs
        self.below = {
            t.name: int(quantities.sizes[t.labels_of]) for t in tensors if t.labels_of is not None
        }
        self.parameters: tuple[str, ...] = ()
        self.lines = self.read()
        self.sets = [self.named(line) for line in self.lines]
        self.names |= self.upstream()

    # -- the text ----------------------------------------------------------------------------------

    def wrong(self, reason: str, line: Line | None = None) -> DefinitionError:
        """An error about a line, or about all."""
        text = line.text if line else self.text
        shown = "".join(c if c.isprintable() else " " for c in text.strip()[:80])
        many = line is not None and "\n" in self.text.strip()
        where = f", line {line.number}" if line and many else ""
        return DefinitionError(f"the claim '{shown}'{where}: {reason}")

    def read(self) -> list[Line]:
        """The statements, those of a function if the text is one."""
        if len(self.text) > LONGEST:
            raise self.wrong(f"it is longer than {LONGEST:,} characters")
        text = dedent(self.text).strip()
        whole = None if MATRICES.search(text) else parsed(text)
        found = [*self.one_by_one(text)] if whole is None else [*self.of(whole, text)]
        if not found:
            raise self.wrong(f"there is no equation: {WANTED}")
        if len(found) > MOST_STATEMENTS:
            raise self.wrong(f"it has more than {MOST_STATEMENTS} statements")
        for line in found:
            if line.tree is not None and sum(1 for _ in ast.walk(line.tree)) > MAX_NODES:
                raise self.wrong("it is too long", line)
        return found

    def of(self, whole: list[ast.stmt], text: str) -> Iterator[Line]:
        """Python's statements, those of the one function in place of it."""
        for node in whole:
            if isinstance(node, ast.FunctionDef):
                own = node.args
                self.parameters = tuple(a.arg for a in (*own.posonlyargs, *own.args))
                yield from self.of(node.body, text)
            elif not isinstance(node, ast.Import | ast.ImportFrom | ast.Pass):
                source = ast.get_source_segment(text, node) or ""
                if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
                    yield Line(node.lineno, source, node)

    def one_by_one(self, text: str) -> Iterator[Line]:
        """Lines, each in the notation that it has."""
        for number, whole in enumerate(text.split("\n"), 1):
            for part in filter(str.strip, whole.partition("#")[0].split(";")):
                own = None if MATRICES.search(part) else parsed(part.strip())
                trees = own if own else [None]
                yield from (Line(number, part.strip(), tree) for tree in trees)

    def named(self, line: Line) -> str:
        """The name of what a line sets, as the layer has it; "" if it sets nothing of that kind."""
        if line.tree is None:
            found = LINE.match(line.text)
            if found is None:
                raise self.wrong(f"it is not read: {WANTED}", line)
            return self.known(found["name"])
        target: ast.AST | None = getattr(line.tree, "target", None)
        if isinstance(line.tree, ast.Assign):
            target = line.tree.targets[0]
        key = getattr(getattr(target, "slice", None), "value", None)
        if isinstance(key, str):
            return self.of_key(key)
        while isinstance(target, ast.Subscript):
            target = target.value
        return self.known(target.id) if isinstance(target, ast.Name) else ""

    def known(self, name: str) -> str:
        """A name as the layer has it, where it has one."""
        return name if name in self.names else plain(name)

    def of_key(self, key: str) -> str:
        """The gradient that stands in a dictionary under a key: that of W, or dW."""
        own = self.known(key)
        return own if own.startswith(COTANGENT) else cotangent_name(own)

    def upstream(self) -> dict[str, Any]:
        """The one parameter that nothing here is called like, as the output's cotangent."""
        caches = {
            line.tree.value.id
            for line in self.lines
            if isinstance(line.tree, ast.Assign) and isinstance(line.tree.value, ast.Name)
        }
        others = [p for p in self.parameters if p not in self.names and p not in caches]
        output = cotangent_name(self.quantities.layer.output.name)
        return {others[0]: kept(self.names[output])} if len(others) == 1 else {}

    # -- what it comes to --------------------------------------------------------------------------

    def claims(self) -> Iterator[Claim]:
        """Each claim, where its name is set last; from there on its name has the right value."""
        for place, (line, name) in enumerate(zip(self.lines, self.sets, strict=True)):
            value = self.run(line, name)
            if name not in self.quantities.formulas or name in self.sets[place + 1 :]:
                continue
            tree = line.tree.value if isinstance(line.tree, ast.Assign) else None
            first = self.sets.index(name)
            source = line.text if first == place else f"{name} (to line {line.number})"
            values = Values(dict(self.names), line.text)
            own = self.names[name] if value is None else value
            yield Claim(name, source, own, tree if first == place else None, values)
            self.names[name] = kept(names_of(self.quantities)[name])
        if not {*self.sets} & {*self.quantities.formulas}:
            name = next(filter(None, self.sets), "")
            there = ", ".join(self.quantities.formulas)
            raise self.wrong(f"'{name}' is nothing that is derived; there are {there}")

    def run(self, line: Line, name: str) -> Misfit | None:
        """Do what one line does to the names; Misfit where its shapes do not go together."""
        try:
            if line.tree is None:
                found = LINE.match(line.text)
                assert found
                self.names[name] = by_matrices(found["right"], self.names, self.below)
            else:
                self.statement(line.tree, line, name)
        except Misfit as misfit:
            if name not in self.quantities.formulas:
                raise
            return misfit
        except DefinitionError as error:
            if line.tree is not None:
                raise
            raise self.wrong(error.reason, line) from None
        return None

    def statement(self, tree: ast.stmt, line: Line, name: str) -> None:
        """One of Python's statements."""
        rule = STATEMENTS.get(type(tree))
        if rule is None:
            words = ast.unparse(tree).split("\n")[0]
            raise self.wrong(
                f"'{words}' is not read here, where nothing is run: {WANTED}. "
                f"A whole file is run, and by the command alone: `{WHOLE}`",
                line,
            )
        rule(self, tree, Values(self.names, line.text), line, name)

    def assign(self, tree: ast.Assign, values: Values, line: Line, name: str) -> None:
        """NAME = EXPRESSION, x[…] = EXPRESSION, N, D = x.shape."""
        target = tree.targets[0]
        if len(tree.targets) > 1:
            raise self.wrong("on the left stands one name, such as dW", line)
        if isinstance(target, ast.Tuple):
            self.unpack(target, tree.value, values, line)
            return
        if isinstance(tree.value, ast.Dict) and not tree.value.keys:
            return  # gradients are put into it by their keys
        value = values.value(tree.value)
        key = getattr(getattr(target, "slice", None), "value", None)
        if isinstance(target, ast.Name) or (isinstance(key, str) and name):
            self.names[name] = self.spread(value, name)
        elif isinstance(target, ast.Subscript):
            self.change(target, lambda old: value, values, line)
        else:
            raise self.wrong("on the left stands one name, such as dW", line)

    def spread(self, value: Any, name: str) -> Any:
        """A number as what all entries of a tensor are, if it is one's claim."""
        if name in self.quantities.formulas and np.ndim(value) == 0:
            tensor = self.quantities.world.arrays[name]
            shape = self.quantities.shaped(tensor, self.quantities.tensors[name]).shape
            return np.full(shape, float(value))
        return value

    def unpack(self, target: ast.Tuple, value: ast.expr, values: Values, line: Line) -> None:
        """Sizes out of a shape; out of a cache come names that are known, as they are."""
        names = [t.id for t in target.elts if isinstance(t, ast.Name)]
        if len(names) == len(target.elts):
            if isinstance(value, ast.Name) and value.id in self.parameters:
                unknown = [n for n in names if self.known(n) not in self.names]
                if unknown:
                    raise self.wrong(f"'{unknown[0]}' is nothing that is derived", line)
                return
            items = values.value(value)
            if isinstance(items, tuple) and len(items) == len(names):
                self.names.update(zip(names, items, strict=True))
                return
        raise self.wrong("on the left stand names, for the sizes of a shape", line)

    def augment(self, tree: ast.AugAssign, values: Values, line: Line, name: str) -> None:
        """NAME += EXPRESSION, x[…] -= EXPRESSION."""
        run = OPERATORS.get(type(tree.op))
        if run is None:
            raise self.wrong(f"'{ast.unparse(tree)}' is not read", line)
        value = values.value(tree.value)
        if isinstance(tree.target, ast.Name):
            old = values.value(ast.Name(tree.target.id, ast.Load()))
            self.names[name] = values.together(tree, run, old, value)
        elif isinstance(tree.target, ast.Subscript):
            self.change(tree.target, lambda old: run(old, value), values, line)

    def change(
        self, target: ast.Subscript, new: Callable[[Any], Any], values: Values, line: Line
    ) -> None:
        """Some entries of an array, in place; an array that another name holds changes too."""
        if not isinstance(target.value, ast.Name):
            raise self.wrong("what is changed is an array with a name", line)
        array = values.value(target.value)
        if not isinstance(array, np.ndarray) or array.dtype != float:
            raise self.wrong("what is changed is an array of numbers", line)
        values.subscript(target)  # within the limits
        keys = target.slice.elts if isinstance(target.slice, ast.Tuple) else [target.slice]
        at = tuple(values.key(k) for k in keys)
        try:
            array[at] = new(array[at])
        except (ValueError, IndexError) as error:
            raise self.wrong(" ".join(str(error).split()), line) from None

    def returned(self, tree: ast.Return, values: Values, line: Line, name: str) -> None:
        """What a function gives back: names, each of which is a claim where it is set."""
        value = tree.value
        parts = value.elts if isinstance(value, ast.Tuple) else [value]
        if isinstance(value, ast.Dict):
            parts = [*value.values]
        for part in parts:
            if not isinstance(part, ast.Name):
                shown = "nothing" if part is None else ast.unparse(part)
                raise self.wrong(f"'{shown}' is returned: give it a name first, as in dW = …", line)


def parsed(text: str) -> list[ast.stmt] | None:
    """Python's statements; None where it is not Python."""
    try:
        return ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def kept(value: Any) -> Any:
    """A copy that may be changed; labels stay whole numbers."""
    if not isinstance(value, np.ndarray):
        return value
    return np.array(value, dtype=int if np.issubdtype(value.dtype, np.integer) else float)


STATEMENTS: Mapping[type, Callable[..., None]] = cast(
    "Mapping[type, Callable[..., None]]",
    {ast.Assign: Pasted.assign, ast.AugAssign: Pasted.augment, ast.Return: Pasted.returned},
)
