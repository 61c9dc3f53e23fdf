"""Where definitions are found: the shipped ones by name, others by the path of their file."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Any, BinaryIO

from pullback.derive.errors import DefinitionError
from pullback.derive.read.definition import Library, is_layer_name
from pullback.derive.read.reader import read_arrays, read_equations

SUFFIX = ".toml"
PYTHON = re.compile(r"(?P<path>.+\.py)(:(?P<function>\w*))?(\((?P<shapes>.*)\))?", re.DOTALL)
LAYER = "layer"  # the name of a layer that has none
MAX_FILE = 64 * 1024  # bytes


def shipped() -> list[str]:
    """The names of the shipped definitions."""
    found = (entry.name for entry in resources.files("pullback.layers").iterdir())
    return sorted(name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX))


def shipped_source(name: str) -> str:
    """The text of a shipped definition; KeyError, with those that there are, for other names."""
    if name not in shipped():
        raise KeyError(name, shipped())
    return resources.files("pullback.layers").joinpath(name + SUFFIX).read_text(encoding="utf-8")


def find(definition: str) -> tuple[str, str]:
    """Name and text of a definition: the name of a shipped one, or the path of a file.

    The file is TOML; or Python, `homework.py:forward(x=N D; W=D K)`, of which a function is read:
    its name may be left out where there is one, and shapes where its annotations say them.
    """
    if definition.endswith(SUFFIX):
        path = Path(definition)
        return path.stem, read(path)
    if python := PYTHON.fullmatch(definition):
        return from_python(**python.groupdict())
    if definition in shipped():
        return definition, shipped_source(definition)
    close = get_close_matches(definition, shipped(), 1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise DefinitionError(
        f"there is no definition {definition!r}; {hint}'pullback list' shows those that there are, "
        f"and yours are {SUFFIX} files or functions, homework.py:forward"
    )


def addressed(definition: str, shapes: str) -> str:
    """A function of a Python file, with the shapes of its inputs."""
    python = PYTHON.fullmatch(definition)
    if not shapes:
        return definition
    if python is None:
        raise DefinitionError(f"{definition}: shapes go with a Python file; TOML has [shapes]")
    if python["shapes"] is not None:
        raise DefinitionError(f"{definition}: the shapes are given twice")
    return f"{definition}({shapes})"


def from_python(path: str, function: str | None, shapes: str | None) -> tuple[str, str]:
    """Name and text of the definition that a function in a Python file is; the file is not run."""
    # Imported where it is asked for, so that other definitions do not wait for it.
    from pullback.derive.read.from_arrays.reader import blanked
    from pullback.derive.read.from_arrays.source import parse

    text = read(Path(path)).removeprefix("\ufeff")
    _, tree = parse(text, path)
    found = function or the_function(path, tree)
    only = blanked(text, found, path)
    names = (found, Path(path).stem, LAYER)
    name = next(n for n in names if is_layer_name(n))
    return name, made_of_arrays(name, only, split(shapes or "", f"{path}: shapes"))


def split(shapes: str, where: str = "shapes") -> dict[str, str]:
    """Shapes from `x=N D; W=D K`, as the command takes them."""
    from pullback.derive.read.from_arrays.shapes import split_shapes

    try:
        return split_shapes(shapes)
    except ValueError as error:
        raise DefinitionError(f"{where}: {error}") from None


def the_function(path: str, tree: ast.Module) -> str:
    """The one function of a file."""
    functions = [n.name for n in tree.body if isinstance(n, ast.FunctionDef)]
    if len(functions) == 1:
        return functions[0]
    if not functions:
        raise DefinitionError(f"{path}: there is no function at the top of the file")
    raise DefinitionError(
        f"{path}: there are {len(functions)} functions, {', '.join(functions)}; "
        f"say which, as in {path}:{functions[-1]}"
    )


def read(path: Path) -> str:
    """The text of a definition's file, if it is text of a reasonable length."""
    try:
        with path.open("rb") as file:
            return decoded(file, str(path))
    except OSError as error:
        raise DefinitionError(f"{path}: {error.strerror}") from None


def decoded(file: BinaryIO, where: str) -> str:
    """What a file holds, if it is text of a reasonable length."""
    data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise DefinitionError(f"{where}: the definition is longer than 64 KiB")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise DefinitionError(f"{where}: not UTF-8 text") from None


def made(
    name: str,
    equations: str,
    wrt: Sequence[str] | None = None,
    assume: Sequence[str] = (),
    sizes: Mapping[str, int | str] | None = None,
) -> str:
    """The text of a definition with these equations, which may call shipped ones."""
    keys = given(wrt, assume)
    # Read alone first, so that an error points into what was typed and not into TOML made of it.
    read_equations(name, equations, shipped_source, **keys, **({"sizes": sizes} if sizes else {}))
    table = [f"{quoted(axis)} = {json.dumps(size)}" for axis, size in (sizes or {}).items()]
    return toml("equations", equations, keys) + "\n".join(["[sizes]", *table, ""] if table else [])


def made_of_arrays(
    name: str,
    text: str,
    shapes: Mapping[str, str],
    wrt: Sequence[str] | None = None,
    assume: Sequence[str] = (),
    notation: str = "arrays",
) -> str:
    """The text of a definition in array notation, or in that of `matrices`."""
    keys = given(wrt, assume)
    read_arrays(name, text, shapes, shipped_source, notation, **keys)  # alone first, as above
    table = ["[shapes]", *(f"{quoted(n)} = {quoted(shape)}" for n, shape in shapes.items())]
    return toml(notation, text, keys) + "\n".join(table) + "\n"


def given(wrt: Sequence[str] | None, assume: Sequence[str]) -> dict[str, Any]:
    """Keys of a definition beside its equations."""
    return {"assume": assume} | ({} if wrt is None else {"wrt": wrt})


def toml(notation: str, text: str, keys: Mapping[str, Any]) -> str:
    """A definition as TOML: its equations in some notation, and lists of texts by their keys."""
    lines = [f"{notation} = {quoted(text)}"]
    lines += [f"{key} = [{', '.join(map(quoted, texts))}]" for key, texts in keys.items()]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """Text as a basic string of TOML, whose escapes are those of JSON, and one more."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def called_from(definition: str) -> Library:
    """The definitions that this one may call."""
    return lambda name: beside(definition, name)


def beside(definition: str, name: str) -> str:
    """The text of a definition that another one calls: from its own folder, else shipped."""
    if definition.endswith(SUFFIX):
        folder = Path(definition).parent
        if (folder / (name + SUFFIX)).is_file():
            return read(folder / (name + SUFFIX))
        if name not in shipped():
            raise KeyError(name, [*shipped(), *(p.stem for p in folder.glob("*" + SUFFIX))])
    return shipped_source(name)
