"""The runtime's functions as text: those that a module reads, and those that these read."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

FILES = (
    "checks",
    "sizes",
    "arrays",
    "windows",
    "matrices",
    "functions",
    "special",
    "parts",
)  # in the order in which a module has them


@dataclass(frozen=True)
class Helper:
    """A function or a constant of the runtime, and the names that it reads."""

    text: str
    reads: frozenset[str]


Helpers = Mapping[str, Helper]


@cache
def helpers(package: str = f"{__package__}.runtime", names: Sequence[str] = FILES) -> Helpers:
    """All of them by name, in order, from these files of a package."""
    runtime = files(package)
    texts = (runtime.joinpath(f"{name}.py").read_text(encoding="utf-8") for name in names)
    return {name: helper for text in texts for name, helper in split(text)}


def split(text: str) -> Iterable[tuple[str, Helper]]:
    """The functions and constants of a file, with the comments above them."""
    lines = text.splitlines()
    for node in ast.parse(text).body:
        name = defined(node)
        if name:
            start = node.lineno - 1
            while lines[start - 1].startswith("#"):
                start -= 1
            yield name, Helper("\n".join(lines[start : node.end_lineno]), names_read(node))


def defined(node: ast.stmt) -> str:
    """The name that a statement defines, or nothing."""
    if isinstance(node, ast.FunctionDef):
        return node.name
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    return target.id if isinstance(target, ast.Name) else ""


def names_read(tree: ast.AST) -> frozenset[str]:
    """The names that a program reads."""
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def needed(tree: ast.AST, known: Helpers | None = None) -> dict[str, str]:
    """The texts, by name, of what a program reads of a runtime, in the runtime's order."""
    known = helpers() if known is None else known
    found: set[str] = set()
    waiting = [names_read(tree)]
    while waiting:
        fresh = (waiting.pop() & known.keys()) - found
        found |= fresh
        waiting += [known[name].reads for name in fresh]
    return {name: helper.text for name, helper in known.items() if name in found}
