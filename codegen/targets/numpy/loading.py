"""A module made from its text, without a file."""

from __future__ import annotations

import linecache
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pullback.derive.layer import Layer


def loaded(text: str, layer: Layer) -> ModuleType:
    """A layer's module, made from its text without a file.

    Tracebacks and `inspect.getsource` find the text.
    """
    return named(text, layer.name, f"<pullback {layer.name} {layer.digest[:16]}>")


def named(text: str, name: str, file: str) -> ModuleType:
    """The same by its name, and by what stands in tracebacks in place of a file."""
    made = ModuleType(name, None)
    made.__file__ = file
    lines = text.splitlines(keepends=True)
    linecache.cache[file] = (len(text), None, lines, file)
    # What runs is our own emitted text; of a definition it holds only checked names and words
    # in comments and docstrings.
    exec(compile(text, file, "exec"), made.__dict__)
    return made
