"""Definition files: their keys and the types of these, before any name has a meaning."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from pullback.derive.errors import DefinitionError, Excerpt
from pullback.derive.read.descent import MAX_TEXT
from pullback.derive.read.grammar import (
    parse_comparison,
    parse_equations,
    parse_size,
)
from pullback.derive.read.labels import with_scalar_labels
from pullback.derive.read.recurrences import with_recurrences
from pullback.derive.read.shifts import with_own_axes
from pullback.derive.read.sugar import plain_facts, without_sugar
from pullback.derive.read.trees import Declared, Equation, Operation
from pullback.derive.read.vocabulary import FORBIDDEN_LAYERS

if TYPE_CHECKING:
    from pullback.derive.read.from_arrays.understood import Understood

MAX_GROUP = 40  # characters
MAX_DOTS = 500  # on one line of TOML; reading a dotted key takes time with its square
NOTATIONS = ("equations", "arrays", "matrices")  # of which a definition has one
KEYS = {*NOTATIONS, "title", "summary", "group", "wrt", "assume", "symbols", "shapes", "references"}
KEYS |= {"handout", "sizes"}
# A definition's name to its text. KeyError where there is none; its second argument, if it has one,
# says which there are.
Library = Callable[[str], str]


@dataclass(frozen=True)
class Definition:
    """A definition's keys, their types checked and the equations parsed.

    `understood` is there where they come from array or matrix notation; it has the inputs in order.
    """

    name: str
    source: str
    title: str
    summary: str
    equations: tuple[Equation, ...]
    wrt: tuple[str, ...] | None
    assume: tuple[Operation, ...]
    symbols: Mapping[str, str]
    references: tuple[str, ...]
    handout: Mapping[str, str]
    sizes: Declared
    group: str = ""
    understood: Understood | None = None

    @property
    def order(self) -> tuple[str, ...]:
        """The inputs, where their order is declared."""
        return self.understood.inputs if self.understood else ()


def no_library(name: str) -> str:
    """A library without definitions."""
    raise KeyError(name)


def read_definition(name: str, source: str) -> Definition:
    """Check the keys of a definition and parse its equations."""
    check_layer_name(name)
    try:
        length = len(source.encode())
    except UnicodeEncodeError:
        raise DefinitionError(f"{name}: the definition is not Unicode text") from None
    if length > MAX_TEXT:
        raise DefinitionError(f"{name}: the definition is longer than {MAX_TEXT // 1024} KiB")
    for number, line in enumerate(source.split("\n"), 1):
        if line.count(".") > MAX_DOTS:
            raise DefinitionError(f"{name}: line {number} has more than {MAX_DOTS} dots")
    try:
        keys = tomllib.loads(source)
    except RecursionError:
        raise DefinitionError(f"{name}: not a TOML file: nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError, or a number that Python does not read
        raise DefinitionError(f"{name}: not a TOML file: {error}") from None
    return check_keys(name, with_places(keys, source), source)


def with_places(keys: Mapping[str, Any], source: str) -> dict[str, Any]:
    """The keys of a file, where what the grammar will read knows where it stands in the file."""
    file = source.replace("\r\n", "\n")  # as TOML reads it

    def placed(value: Any, what: str) -> Any:
        return Excerpt(value, file, what) if isinstance(value, str) else value

    found = dict(keys)
    for key in NOTATIONS:
        if key in found:
            found[key] = placed(found[key], key)
    if isinstance(found.get("assume"), list):
        found["assume"] = [placed(v, f"assume[{i}]") for i, v in enumerate(found["assume"])]
    return found


def is_line(text: str) -> bool:
    """Has it no character that ends a line or steers what stands around it?"""
    return all(c.isprintable() for c in text)


def is_layer_name(name: str) -> bool:
    """A layer's name becomes a module's name and a file's name: it must be a plain word."""
    return bool(re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name)) and name not in FORBIDDEN_LAYERS


def check_layer_name(name: str) -> None:
    """Refuse a name that no layer can have."""
    if not is_layer_name(name):
        raise DefinitionError(
            f"{name!r} cannot be a layer's name: it must be a word of lower-case letters, digits "
            "and '_' that Python and NumPy do not use"
        )


def check_keys(name: str, keys: Mapping[str, Any], source: str) -> Definition:
    """Check the type of each key of a definition."""
    unknown = sorted(set(keys) - KEYS)
    if unknown:
        known = ", ".join(sorted(KEYS))
        raise DefinitionError(f"{name}: unknown key {unknown[0]!r}; the keys are {known}")
    read = Keys(name, keys)
    equations, made = equations_of(read)
    if all(e.notation for e in equations):
        raise DefinitionError(f"{name}: there is no equation with '=', so there is no output")
    assume = [
        parse_comparison(text, f"{name}, assume[{i}]")
        for i, text in enumerate(read.texts("assume"))
    ]
    return Definition(
        name=name,
        source=source,
        title=read.text("title", name),
        summary=read.text("summary", ""),
        equations=equations,
        wrt=read.texts("wrt") if "wrt" in keys else None,
        assume=plain_facts(assume, equations),
        symbols=read.table("symbols"),
        references=read.texts("references"),
        handout=read.table("handout"),
        sizes=tuple(
            (axis, parse_size(text, f"{name}, [sizes] {axis}"))
            for axis, text in read.table_of_sizes().items()
        ),
        group=read.words("group", MAX_GROUP),
        understood=made,
    )


def equations_of(read: Keys) -> tuple[tuple[Equation, ...], Understood | None]:
    """The equations, and what was understood where they come from another notation."""
    keys, name = read.values, read.name
    given = [key for key in NOTATIONS if key in keys]
    if len(given) > 1:
        raise DefinitionError(
            f"{name}: the keys '{given[0]}' and '{given[1]}' are there; give one of them"
        )
    if "shapes" in keys and given in ([], ["equations"]):
        raise DefinitionError(f"{name}: the key 'shapes' goes with 'arrays' or 'matrices'")
    if not given:
        raise DefinitionError(f"{name}: the key 'equations' is missing")
    if given == ["equations"]:
        parsed = without_sugar(parse_equations(read.text("equations", ""), name))
        parsed = with_own_axes(with_recurrences(parsed))
        return with_scalar_labels(parsed), None
    # Imported where they are asked for, so that other definitions do not wait for them.
    text, shapes = read.text(given[0], ""), read.table("shapes")
    if given == ["arrays"]:
        from pullback.derive.read.from_arrays import reader as arrays

        made = arrays.understand(text, shapes, name)
    else:
        from pullback.derive.read.from_matrices import reader as matrices

        made = matrices.understand(text, shapes, name)
    return with_scalar_labels(made.parsed()), made


@dataclass(frozen=True)
class Keys:
    """The values of a definition's keys, each of the type that it must have."""

    name: str
    values: Mapping[str, Any]

    def refuse(self, key: str, wanted: str) -> NoReturn:
        """Say of what type a key must be."""
        raise DefinitionError(f"{self.name}: the key '{key}' must be {wanted}")

    def text(self, key: str, default: str) -> str:
        """A key that is text."""
        value = self.values.get(key, default)
        if not isinstance(value, str):
            self.refuse(key, "text")
        return value

    def words(self, key: str, most: int) -> str:
        """A key that is a few words on one line, or is left out."""
        value = self.text(key, "")
        if key in self.values and (not value.strip() or len(value) > most or not is_line(value)):
            self.refuse(key, f"words on one line, 1 to {most} characters")
        return value.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        """A key that is a list of texts."""
        value = self.values.get(key, [])
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            self.refuse(key, "a list of texts")
        return tuple(value)

    def table_of_sizes(self) -> Mapping[str, str]:
        """The sizes of axes, each a whole number or text."""
        values = self.values.get("sizes", {})
        if not isinstance(values, dict) or not all(
            isinstance(v, str | int) and not isinstance(v, bool) for v in values.values()
        ):
            self.refuse("sizes", "a table of texts such as 'size(n) + 2', or of whole numbers")
        return {axis: str(v) if isinstance(v, int) else v for axis, v in values.items()}

    def table(self, key: str) -> Mapping[str, str]:
        """A key that is a table of texts."""
        value = self.values.get(key, {})
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            self.refuse(key, "a table of texts")
        return value
