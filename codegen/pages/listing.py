"""Code on a page: the functions of a module, each line with the address of its steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup

from pullback.codegen.pages.highlight import Function, coloured, functions
from pullback.codegen.pages.outlines import Outlines
from pullback.codegen.pages.setting import Context
from pullback.codegen.targets.target import Emission


@dataclass(frozen=True)
class Module:
    """A module that a page shows, what is said of it, and what pages show of the forms in it.

    `file` is what it is called where it is written.
    """

    about: str
    emission: Emission
    outlines: Outlines
    file: str = ""


@dataclass(frozen=True)
class Listing:
    """Some functions of a module; `place` begins their addresses.

    `classes` are the colours of tensors, `origins` the addresses of the steps of each value.
    """

    module: Module
    names: tuple[str, ...]
    place: str
    classes: Mapping[str, str]
    origins: Mapping[str, str]

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """The functions, coloured."""
        shown = (c for c in self.module.emission.code if c.name in self.names)
        return functions(shown, self.classes, self.module.emission.language)

    def address_of(self, about: str) -> str:
        """The address of the first code that computes a value, or nothing."""
        return self.addresses.get(about, "")

    @cached_property
    def addresses(self) -> Mapping[str, str]:
        """The address of the first code that computes each value."""
        found: dict[str, str] = {}
        for function in self.functions:
            for group in function.groups:
                found.setdefault(group.about, self.address(function, group.about))
        return found

    def address(self, function: Function, about: str) -> str:
        """The address of the lines of a function that compute a value."""
        return f"{self.place}-{function.name}-{about}"

    def context(self) -> Context:
        """What the template takes."""
        return {
            "about": self.module.about,
            "file": self.module.file,
            "functions": [(f.name, list(self.lines(f))) for f in self.functions],
            "helpers": [
                whole(coloured(h, {}, self.module.emission.language))
                for h in self.module.emission.helpers
            ],
        }

    def lines(self, function: Function) -> Iterable[Context]:
        """Groups of lines, each with its own address and that of its steps, where it has them."""
        for group in function.groups:
            own = self.address(function, group.about) if group.about else ""
            yield {"code": group.code, "place": own, "origin": self.origins.get(group.about, "")}


def whole(lines: Iterable[Markup]) -> Markup:
    """Lines of code; an empty one holds a mark, as `render` leaves none."""
    return Markup("\n").join(line or Markup("<wbr>") for line in lines)
