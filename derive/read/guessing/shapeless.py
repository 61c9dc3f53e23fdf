"""The error that names everything without a shape, with a guess where there is one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pullback.derive.errors import DefinitionError, Excerpt
from pullback.derive.read.trees import Place

EXAMPLES = 'as in "N D" for a matrix, "N" for a vector, "" for a number, "N: J" for labels below J'


@dataclass(frozen=True)
class Guess:
    """Shapes of what has none, by name; `reasons` say for which names which reading was taken."""

    shapes: Mapping[str, str]
    reasons: tuple[str, ...]

    @property
    def line(self) -> str:
        """The shapes as the command takes them: x=N D; W=D K."""
        return "; ".join(f"{name}={shape}" for name, shape in self.shapes.items())

    @property
    def table(self) -> str:
        """The shapes as lines of the table [shapes]."""
        return "".join(f'{name} = "{shape}"\n' for name, shape in self.shapes.items())


class Shapeless(DefinitionError):
    """A definition some of whose tensors, `names`, have no shape."""

    def __init__(
        self,
        reason: str,
        place: Place | None = None,
        names: tuple[str, ...] = (),
        find: Callable[[], Guess | None] = lambda: None,
    ) -> None:
        at = place or Place()
        prefix = f"{at.within}: " if at.within else ""
        super().__init__(prefix + reason, at.source, at.line, at.column)
        self.names, self.find = names, find
        text = at.source
        self.in_file = isinstance(text, Excerpt) and text.in_file(at.line, at.column) is not None

    def __reduce__(self) -> tuple[type[DefinitionError], tuple[str]]:
        return DefinitionError, (str(self),)

    @property
    def guess(self) -> Guess | None:
        """What the shapes may be; looked for when it is asked for."""
        return self.find()

    def __str__(self) -> str:
        found = self.guess
        if found is None:
            return super().__str__()
        shapes = f"[shapes]\n{found.table}" if self.in_file else f'--shapes "{found.line}"'
        lines = [*shapes.strip().split("\n"), *(f"# {reason}" for reason in found.reasons)]
        return "\n    ".join([f"{super().__str__()}\n  a guess, to start from:", *lines])


def said(names: tuple[str, ...], hint: str = "") -> str:
    """What is said of names without a shape.

    >>> said(("x",))
    'x has no shape: give it one, as in "N D" for a matrix, "N" for a vector, "" for a number, \
"N: J" for labels below J'
    """
    if len(names) == 1:
        return f"{names[0]} has no shape: give it one, {EXAMPLES}{hint}"
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{listed} have no shapes: give each one, {EXAMPLES}{hint}"
