"""A module made from its text, without a file."""

from __future__ import annotations

import linecache
from types import ModuleType

from pullback.derive.layer import Layer


def loaded(text: str, layer: Layer) -> ModuleType:
    """A layer's module, made from its text without a file.

    Tracebacks and `inspect.getsource` find the text.
    """
    made = ModuleType(layer.name, None)
    made.__file__ = f"<pullback {layer.name} {layer.digest[:16]}>"
    lines = text.splitlines(keepends=True)
    linecache.cache[made.__file__] = (len(text), None, lines, made.__file__)
    # What runs is our own emitted text; of a definition it holds only checked names and words
    # in comments and docstrings.
    exec(compile(text, made.__file__, "exec"), made.__dict__)
    return made
