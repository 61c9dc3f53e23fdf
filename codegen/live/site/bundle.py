"""Run by bundle.mjs inside Pyodide: packages become one archive, compiled by its own Python."""

from __future__ import annotations

import importlib.util
import os
import zipfile
from collections.abc import Iterable, Iterator
from importlib import _bootstrap_external as importing

OWN = "pullback"  # the package whose text is kept: modules are put together of some of it
LEFT_OUT = ("tests", "benchmarks", "__pycache__")
# of SymPy: what nothing imports but those who ask for it, by name
UNUSED = {
    f"sympy/{name}"
    for name in (
        "categories", "crypto", "diffgeom", "holonomic", "liealgebras", "physics", "sandbox",
        "stats", "vector",
    )
}  # fmt: skip
WHEN = (2020, 1, 1, 0, 0, 0)  # of every file: the archive is the same each time


def archived(packages: Iterable[tuple[str, str]], path: str) -> None:
    """Packages, by the folders in which they lie, as one archive."""
    with zipfile.ZipFile(path, "w") as archive:
        for package, top in packages:
            for file in files(top):
                name = f"{package}/{os.path.relpath(file, top)}"
                if not any(name.startswith(f"{unused}/") for unused in UNUSED):
                    put(archive, name, file, package.startswith(OWN))


def files(top: str) -> Iterator[str]:
    """Every file below a folder, in order."""
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(f for f in folders if f not in LEFT_OUT)
        yield from (os.path.join(folder, name) for name in sorted(names))


def put(archive: zipfile.ZipFile, name: str, path: str, own: bool) -> None:
    """One file: compiled if it is Python, and as it is if it is ours."""
    with open(path, "rb") as file:
        data = file.read()
    if name.endswith(".py"):
        where = importlib.util.cache_from_source(name) if own else f"{name}c"
        add(archive, where, compiled(name, data, own))
    if own:
        add(archive, name, data)


def add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """A file of the archive."""
    info = zipfile.ZipInfo(name, WHEN)
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, data, compresslevel=9)


def compiled(name: str, data: bytes, own: bool) -> bytes:
    """What Python makes of a file; of others' without docstrings, which halves these."""
    code = compile(data, name, "exec", dont_inherit=True, optimize=0 if own else 2)
    unchecked = importing._code_to_hash_pyc  # type: ignore[attr-defined] # as py_compile does
    return bytes(unchecked(code, importlib.util.source_hash(data), False))
