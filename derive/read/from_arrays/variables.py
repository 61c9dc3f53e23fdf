"""Variables of array notation: what names stand for, and which share memory."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pullback.derive.read.from_arrays.expressions import Expressions
from pullback.derive.read.from_arrays.modules import Modules
from pullback.derive.read.from_arrays.source import Source
from pullback.derive.read.from_arrays.values import Array, Items, Kind, Unreadable, Value
from pullback.derive.read.from_arrays.writing import Writer


@dataclass
class Frame:
    """The variables of a function, and its name."""

    name: str
    values: dict[str, Value] = field(default_factory=dict)


class Variables(Expressions):
    """The variables of all functions that are being read; `functions` are those of the text."""

    def __init__(
        self,
        source: Source,
        modules: Modules,
        functions: Mapping[str, ast.FunctionDef],
        writer: Writer,
    ) -> None:
        super().__init__(source, modules)
        self.functions, self.writer = functions, writer
        self.frames = [Frame("")]
        self.main: Frame | None = None  # of the function whose output is wanted

    # -- names -----------------------------------------------------------------------------------

    @property
    def values(self) -> dict[str, Value]:
        """The variables that are seen here."""
        return self.frames[-1].values

    def named(self, name: str) -> Value | None:
        """A variable, or one at the top of the text."""
        return self.values.get(name, self.frames[0].values.get(name))

    def own(self, name: str) -> ast.FunctionDef | None:
        """A function of the text, unless a variable hides it."""
        return None if self.named(name) is not None else self.functions.get(name)

    def noted(self, name: str, value: Value, node: ast.stmt) -> Value:
        """A value under a name: an equation, unless it has one, or is a number, a size, a view."""
        if not isinstance(value, Array) or value.kind is Kind.PLACE:
            return value
        if value.tensor:
            self.writer.retitle(value, name, len(self.frames))
            return value
        if any(v.buffer is value.buffer for v in self.everything()) or self.writer.constant(value):
            return value
        return self.writer.equation(name, value, self.source.place(node), len(self.frames))

    def everything(self) -> list[Array]:
        """Every array that has a name in some function, inside of tuples too."""
        return [a for frame in self.frames for v in frame.values.values() for a in arrays_in(v)]

    def changed(self, name: str, before: Array, made: Array, node: ast.stmt) -> None:
        """A new version in the same memory."""
        if any(before.buffer is v.buffer for v in self.writer.inputs.values()):
            self.writer.notes.append(f"NumPy changes the input {name} itself; the module does not")
        found = self.noted(name, replace(made, tensor="", buffer=object()), node)
        assert isinstance(found, Array)
        self.values[name] = replace(found, buffer=before.buffer)

    def check_alone(self, name: str, value: Array) -> None:
        """Refuse a change that another name would see."""
        for frame in reversed(self.frames):
            for other, held in frame.values.items():
                same = any(a.buffer is value.buffer for a in arrays_in(held))
                if same and not (frame is self.frames[-1] and other == name):
                    raise Unreadable(
                        f"this changes '{other}' too, which holds the same array as '{name}'; "
                        f"write {name} = {name}.copy() before, or {name} = {name} + … in its place"
                    )


def arrays_in(value: Value) -> list[Array]:
    """The arrays that a value holds, those with axes."""
    if isinstance(value, Items):
        return [a for item in value.items for a in arrays_in(item)]
    return [value] if isinstance(value, Array) and value.axes else []
