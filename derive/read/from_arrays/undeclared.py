"""Names of array notation whose shapes nobody has said: told at once, with a guess."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Protocol

from pullback.derive.read.from_arrays.functions import FUNCTIONS
from pullback.derive.read.from_arrays.modules import BUILTINS, Modules
from pullback.derive.read.from_arrays.source import Source, names_in
from pullback.derive.read.guessing.candidates import candidates
from pullback.derive.read.guessing.in_arrays import axes, loaded, stored, uses
from pullback.derive.read.guessing.search import search
from pullback.derive.read.guessing.shapeless import Guess, Shapeless, said
from pullback.derive.read.run_together import question
from pullback.derive.read.vocabulary import suggestion


class Reading(Protocol):
    """What is known of a text before it is read; another one can be begun."""

    source: Source
    tree: ast.Module
    shapes: Mapping[str, str]
    modules: Modules
    functions: dict[str, ast.FunctionDef]

    def again(self, shapes: Mapping[str, str], function: str | None) -> None:
        """Read the text with these shapes."""


def check_names(nodes: Iterable[ast.stmt], reading: Reading) -> None:
    """Refuse names of bare statements without a shape, all at once, at the first of them."""
    whole = ast.Module(list(nodes), [])
    names = stored(whole)
    known = {*reading.shapes, *names, *reading.functions}
    missing = {
        name: node
        for name, node in loaded(whole).items()
        if name not in known
        and reading.modules.full_name(node) is None
        and f"numpy.{name}" not in FUNCTIONS
    }
    if not missing or any(question(n, {*known, *missing} - {n}) for n in missing):
        return
    called = (n.func for n in ast.walk(whole) if isinstance(n, ast.Call))
    if {f.id for f in called if isinstance(f, ast.Name)} - {*reading.functions, *BUILTINS}:
        return  # a function that there is not is told first
    hint = suggestion(next(iter(missing)), known) if len(missing) == 1 else ""
    refuse(missing, reading, whole, None, hint)


def refuse(
    missing: Mapping[str, ast.Name | ast.arg],
    reading: Reading,
    tree: ast.AST,
    function: str | None,
    hint: str = "",
) -> None:
    """Say which names have no shape."""
    place = reading.source.place(next(iter(missing.values())))
    find = partial(guess, reading, {n: node.lineno for n, node in missing.items()}, tree, function)
    raise Shapeless(said(tuple(missing), hint), place, tuple(missing), find)


def guess(
    reading: Reading, missing: Mapping[str, int], tree: ast.AST, function: str | None
) -> Guess | None:
    """What the shapes of names may be, each with the line where it comes first."""
    used, known = uses(tree), axes(tree)
    sizes = {size for shape in reading.shapes.values() for size in shape.replace(":", " ").split()}
    return search(
        {name: candidates(name, used.get(name, set()), known.get(name)) for name in missing},
        reading.shapes,
        lambda shapes: reading.again(shapes, function),
        missing,
        {*names_in(reading.tree), *reading.shapes, *sizes},
    )
