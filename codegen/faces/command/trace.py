"""The command `pullback trace`."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from pullback.codegen import library
from pullback.codegen.compiler import compile_definition
from pullback.codegen.faces.options import add_shapes
from pullback.codegen.faces.progress import doing, nothing_more, watched
from pullback.codegen.trace import Trace, trace
from pullback.derive.errors import PullbackError

MAX_FILE = 64 * 2**20  # bytes of numbers
EXAMPLES = """examples:
  pullback trace mlp                          at the inputs of the page's worked example
  pullback trace mlp --numbers inputs.json    {"x": [[1, 2], [3, 4]], "y": [0, 1], ...}
  pullback trace my_layer.toml --numbers inputs.npz
  pullback trace homework.py:forward --shapes "x=N D; W=D K" --numbers inputs.json
  pullback trace mlp --format json > values.json
"""


def add(traced: ArgumentParser) -> None:
    """The arguments of `trace`."""
    traced.add_argument(
        "definition",
        metavar="DEFINITION",
        help="a shipped layer's name, a .toml file or a function of NumPy expressions, "
        "homework.py:forward",
    )
    add_shapes(traced)
    traced.add_argument(
        "--numbers",
        type=Path,
        metavar="FILE",
        help="the inputs by name, as JSON or as NumPy's .npz; among them may be the output's "
        "cotangent, dh of h (default: 1 everywhere)",
    )
    traced.add_argument(
        "--format", choices=("text", "json"), default="text", help="a table (default), or data"
    )


def run(options: Namespace) -> int:
    """Every value and every gradient, by name."""
    inputs = None if options.numbers is None else read(options.numbers)
    options.definition = library.addressed(options.definition, options.shapes)
    name, source = library.find(options.definition)
    doing(f"derive {name}")
    called = library.called_from(options.definition)
    compiled = compile_definition(name, source, called, watched)
    try:
        found = trace(compiled, inputs)
    except (TypeError, ValueError) as error:  # as modules refuse inputs
        raise PullbackError(f"{options.numbers or name}: {error}") from None
    nothing_more()
    print(as_json(found) if options.format == "json" else str(found), end="")
    return 0


def as_json(found: Trace) -> str:
    """Arrays as lists by name; what is no number as null."""
    data = {name: plain(array.tolist()) for name, array in found.items()}
    return json.dumps(data, ensure_ascii=False, allow_nan=False) + "\n"


def plain(value: Any) -> Any:
    """Lists of what JSON has."""
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value if isinstance(value, int) or np.isfinite(value) else None


def read(path: Path) -> dict[str, Any]:
    """Arrays by name from a file; nothing in it is run.

    Raises PullbackError where it is no such file.
    """
    if path.stat().st_size > MAX_FILE:
        raise PullbackError(f"{path}: it is longer than {MAX_FILE // 2**20} MiB")
    if path.suffix == ".npz":
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return dict(arrays)
        except (ValueError, OSError, EOFError, BadZipFile, AttributeError, TypeError):
            raise PullbackError(f"{path}: it is no .npz of arrays of numbers") from None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise PullbackError(f"{path}: it is not read as JSON: {error}") from None
    if not isinstance(found, dict):
        raise PullbackError(f'{path}: wanted are inputs by name, as in {{"x": [[1, 2]]}}')
    return found
