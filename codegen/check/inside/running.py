"""The file as a module, its functions called, a result taken apart."""

from __future__ import annotations

import ast
import sys
import traceback
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

MAX_PARTS, MAX_DEPTH, MAX_WORDS = 200, 3, 300
CACHE = "cache"
SINGLE = ("float32", "float16")  # names of types of fewer digits


class Raised(Exception):
    """The user's code raised: `said` has the words, the line, and whether it was being loaded."""

    def __init__(self, said: dict[str, Any]) -> None:
        super().__init__(said["words"])
        self.said = said


def raised(error: BaseException, file: str, loading: bool = False) -> dict[str, Any]:
    """What an exception was, in data, in which line of the file it came up, and who called that."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    words = " ".join(f"{type(error).__name__}: {error}".split())[:MAX_WORDS]
    line = lines[-1] if lines else None
    return {"words": words, "line": line, "lines": lines[::-1], "loading": loading}


class Loaded:
    """A file whose functions can be called with the arrays of a request.

    `changed` makes another tree of the file's own, `names` go into the module beforehand.
    """

    def __init__(
        self,
        request: Mapping[str, Any],
        arrays: Mapping[str, Any],
        changed: Callable[[ast.Module], ast.Module] | None = None,
        names: Mapping[str, Any] | None = None,
    ) -> None:
        self.request, self.arrays, self.file = request, arrays, request["file"]
        self.module = types.ModuleType("homework")
        self.module.__dict__.update(names or {}, __file__=self.file)
        sys.modules[self.module.__name__] = self.module
        try:
            tree = in_double(ast.parse(request["text"], self.file))
            tree = changed(tree) if changed else tree
            exec(compile(tree, self.file, "exec"), self.module.__dict__)
        except Exception as error:
            raise Raised(raised(error, self.file, loading=True)) from None

    def call(self) -> tuple[Any, Any]:
        """Forward's output, if backward wants a cache, and what backward returns."""
        output, cache = None, None
        if self.request["forward"]:
            result = self.apply(self.request["forward"], None)
            if not (isinstance(result, tuple) and len(result) > 1):
                words = "forward returns no pair of an output and a cache"
                raise Raised({"words": words, "line": None, "lines": [], "loading": True})
            output, cache = result[0], result[1] if len(result) == 2 else result[1:]
            output = number(output)
        return output, self.apply(self.request["backward"], cache)

    def apply(self, call: Mapping[str, Any], cache: Any) -> Any:
        """One function with its arguments; arrays are copies, as code may write into them."""

        def given(name: str) -> Any:
            if name == CACHE:
                return cache
            array = self.arrays[f"given {name}"].copy()
            return array if array.ndim else array.item()

        function = getattr(self.module, call["function"])
        positional = [given(name) for name in call["positional"]]
        return function(*positional, **{k: given(n) for k, n in call["keywords"].items()})


def in_double(tree: ast.Module) -> ast.Module:
    """The file in double precision, whatever it asks for: formulas are compared, not rounding."""
    for node in ast.walk(tree):
        for field in ("attr", "id", "value", "name"):  # np.float32, float32, "float32", imported
            word = getattr(node, field, None)
            if isinstance(word, str) and word in SINGLE:
                setattr(node, field, "float64")
    return tree


def number(value: Any) -> Any | None:
    """An array of numbers in float64; None for what is none."""
    try:
        array = np.asarray(value)
    except Exception:  # the user's classes may raise anything
        return None
    return array.astype(np.float64) if array.dtype.kind in "biuf" else None


def parts(result: Any) -> list[tuple[list[Any], Any]]:
    """The arrays in a result, each with the keys and places that lead to it."""
    found: list[tuple[list[Any], Any]] = []

    def visit(value: Any, path: list[Any]) -> None:
        if len(found) >= MAX_PARTS or value is None:
            return
        if isinstance(value, dict) and len(path) < MAX_DEPTH:
            for key, inner in value.items():
                visit(inner, [*path, str(key)])
        elif is_list(value) and len(path) < MAX_DEPTH:
            fields = getattr(value, "_fields", range(len(value)))
            for key, inner in zip(fields, value, strict=False):
                visit(inner, [*path, key])
        elif (array := number(value)) is not None:
            found.append((path, array))
        elif len(path) < MAX_DEPTH:
            for key, inner in attributes(value).items():
                visit(inner, [*path, key])

    visit(result, [])
    return found


def is_list(value: Any) -> bool:
    """Is it a list of parts, and no array that is spelled as lists of lists of numbers?"""
    if not isinstance(value, tuple | list):
        return False
    nested = bool(value) and all(isinstance(v, list) for v in value) and isinstance(value, list)
    return not (nested and number(value) is not None)


def attributes(value: Any) -> dict[str, Any]:
    """What an object holds under names, such as one of a class of the file's own."""
    slots = [s for c in type(value).__mro__ for s in getattr(c, "__slots__", ())]
    held = {s: getattr(value, s) for s in slots if isinstance(s, str) and hasattr(value, s)}
    found = held | getattr(value, "__dict__", {})
    return {k: v for k, v in found.items() if isinstance(k, str) and not k.startswith("__")}
