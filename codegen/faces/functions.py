"""The text of a Python function, and of what it needs of the place where it was written."""

from __future__ import annotations

import inspect
import sys
from math import isfinite
from textwrap import dedent
from types import FunctionType, ModuleType

import numpy as np

from pullback.derive.errors import DefinitionError
from pullback.derive.read.from_arrays.source import names_in, parse

MISSING = object()
MODULES = ("numpy", "numpy.linalg", "scipy.special")


def source_of(function: FunctionType) -> str:
    """The text of a function, then that of the functions, imports and numbers that it uses.

    Raises DefinitionError where there is no text of it, as of one that was typed at a bare prompt.
    """
    texts: list[str] = []
    seen: set[str] = set()
    waiting = [(function.__name__, function)]
    while waiting:
        name, one = waiting.pop(0)
        text = text_of(one)
        texts.append(text)
        seen.add(name)
        _, tree = parse(text, name)
        for used in sorted(names_in(tree) - seen):
            value = one.__globals__.get(used, MISSING)
            if isinstance(value, FunctionType) and value.__name__ == used and is_plain(value):
                waiting.append((used, value))
                seen.add(used)
            elif line := said(used, value):
                texts.append(line)
                seen.add(used)
    return "\n".join(texts)


def is_plain(function: FunctionType) -> bool:
    """Is it a function of the user's, and none of NumPy's that are written in Python?"""
    return not function.__module__.startswith(("numpy.", "scipy.", "jax."))


def text_of(function: FunctionType) -> str:
    """The text of one function."""
    if function.__name__ == "<lambda>":
        raise DefinitionError("a lambda has no lines to read; write a function with def")
    try:
        return dedent(inspect.getsource(function))
    except (OSError, TypeError):
        raise DefinitionError(
            f"{function.__name__}: Python has no text of this function; write it in a file or a "
            "cell of a notebook, or pass the text itself"
        ) from None


def said(name: str, value: object) -> str:
    """A line that says what a name from outside stands for; empty for what is not read."""
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        return f"{name} = {int(value) if isinstance(value, int) else float(value)!r}\n"
    if value is np.newaxis:
        return f"from numpy import newaxis as {name}\n"
    if isinstance(value, ModuleType):
        return f"import {value.__name__} as {name}\n"
    for module in MODULES:
        own = getattr(value, "__name__", None)
        if isinstance(own, str) and getattr(sys.modules.get(module), own, None) is value:
            return f"from {module} import {own} as {name}\n"
    return ""
