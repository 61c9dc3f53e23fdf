"""Layers as C alone, built and called from Python: arrays in, arrays out."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections import namedtuple
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.c_only.module import Parts
from pullback.codegen.targets.table import ONLY
from pullback.codegen.targets.target import Emission
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.layer import Layer
from pullback.derive.read.symbols import BATCH_SIZE
from tests.shipped import derivation_of

STRICT = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror"]
COMPILERS = ("gcc", "clang")
LINE = 2**12  # bytes behind a cache, and what stands there
GUARD = 0xA5


def of_source(source: str, name: str = "own") -> Derivation:
    """The derivation of a definition's text."""
    return derivation_of(name, source)


def emitted(made: Derivation) -> Emission:
    """A layer in C."""
    return ONLY.emit(made, ONLY.program(made))


def compiler(name: str) -> str:
    """A compiler; where it is not there the test is skipped, and says so."""
    found = shutil.which(name) or next(
        (p for v in range(20, 10, -1) if (p := shutil.which(f"{name}-{v}"))), None
    )
    if found is None:
        pytest.skip(f"there is no {name}")
    return found


def written(folder: Path, made: Emission, name: str) -> Path:
    """The files of a layer in a folder: its C file."""
    (folder / f"{name}.h").write_text(made.header, encoding="utf-8")
    path = folder / f"{name}.c"
    path.write_text(made.module, encoding="utf-8")
    return path


class Library:
    """Layers that were built together."""

    def __init__(self, layers: Iterable[Derivation], flags: Iterable[str] = ("-O1",)) -> None:
        with tempfile.TemporaryDirectory() as folder:
            paths = [written(Path(folder), emitted(made), made.layer.name) for made in layers]
            made = Path(folder) / "layers.so"
            command = ["cc", *STRICT, *flags, "-shared", "-fPIC", *map(str, paths), "-o", str(made)]
            done = subprocess.run([*command, "-lm"], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr[:2000]
            self.library = ctypes.CDLL(str(made))

    def layer(self, made: Derivation) -> InC:
        """One of them."""
        return InC(self.library, made)


class Refused(Exception):
    """What a function said instead of its work."""


class InC:
    """A layer in C as a module of Python: forward, backward and sizes by the arrays' shapes."""

    def __init__(self, code: ctypes.CDLL, made: Derivation) -> None:
        self.library, self.layer = code, made.layer
        self.sizes = [str(s.symbol) for s in Parts(made, lower(made)).given]
        self.message = getattr(code, f"{self.layer.name}_message")
        self.message.restype = ctypes.c_char_p

    def __call__(
        self, inputs: dict[str, Any], g: Any, shape: tuple[int, ...], **sizes: int
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The output, and the gradients by name; `shape` is the output's."""
        layer, dtype = self.layer, np.asarray(g).dtype
        end = "f" if dtype == np.float32 else ""
        found = {**sizes_by_name(layer, inputs), **sizes}
        given = [ctypes.c_size_t(found[s]) for s in self.sizes]
        bytes_of = getattr(self.library, f"{layer.name}_cache_bytes{end}")
        bytes_of.restype = ctypes.c_size_t
        count = bytes_of(*given)
        cache_ = np.full(count + LINE, GUARD, np.uint8)
        arrays = [self.argument(t, inputs[t.name], dtype) for t in layer.inputs]
        before = [a.tobytes() for a in arrays if isinstance(a, np.ndarray)]
        output = np.full(shape, np.nan, dtype)
        out = [pointer(output), pointer(cache_)]
        self.call(f"forward{end}", [*given, *map(pointer, arrays), *out])
        results = {n: np.full(np.shape(inputs[n]), np.nan, dtype) for n in layer.wrt}
        upstream = np.ascontiguousarray(g) if layer.output.indices else number(g, dtype)
        last: list[bytes] = []
        for _ in range(2):  # it may be called again
            more = [pointer(upstream), pointer(cache_), *map(pointer, results.values())]
            self.call(f"backward{end}", [*given, *map(pointer, arrays), *more])
            again = [r.tobytes() for r in results.values()]
            assert not last or again == last, "backward again gives other gradients"
            last = again
        assert (cache_[count:] == GUARD).all(), "what is behind the cache was written"
        assert [a.tobytes() for a in arrays if isinstance(a, np.ndarray)] == before
        return output, results

    def call(self, name: str, arguments: list[Any]) -> None:
        """Call a function; Refused, with its message, where it does not work."""
        code = getattr(self.library, f"{self.layer.name}_{name}")(*arguments)
        if code:
            raise Refused(self.message(code).decode())

    def argument(self, tensor: Any, value: Any, dtype: Any) -> Any:
        """An input as C takes it."""
        if tensor.integer:
            labels = np.ascontiguousarray(value, np.int64)
            return labels if tensor.indices else ctypes.c_int64(int(value))
        if not tensor.indices:
            return number(value, dtype)
        return np.ascontiguousarray(value, dtype)


class AsModule:
    """A layer in C with the functions of a module of Python; shapes are those of NumPy's module."""

    def __init__(self, found: InC, numpy: Any) -> None:
        self.found, self.numpy = found, numpy

    def forward(self, **inputs: Any) -> tuple[np.ndarray, Any]:
        """The output, and what backward is given."""
        with np.errstate(all="ignore"):
            wanted = np.asarray(self.numpy.forward(**inputs)[0])
        g = np.ones(wanted.shape, wanted.dtype) if wanted.ndim else wanted.dtype.type(1)
        return self.found(inputs, g, wanted.shape)[0], (inputs, wanted.shape)

    def backward(self, g: Any, cache: Any) -> Any:
        """The gradients."""
        results = self.found(cache[0], g, cache[1])[1]
        return namedtuple("Gradients", [f"d{n}" for n in results])(*results.values())


def pointer(value: Any) -> Any:
    """Where an array begins; a number is itself."""
    return ctypes.c_void_p(value.ctypes.data) if isinstance(value, np.ndarray) else value


def number(value: Any, dtype: Any) -> Any:
    """A number in C."""
    return (ctypes.c_float if dtype == np.float32 else ctypes.c_double)(float(value))


def sizes_by_name(layer: Layer, inputs: dict[str, Any]) -> dict[str, int]:
    """The sizes of the axes of inputs; that of leading axes together."""
    found: dict[str, int] = {}
    for tensor in layer.inputs:
        shape = np.shape(inputs[tensor.name])
        names = [str(i.size) for i in tensor.indices]
        if names and names[0] == BATCH_SIZE:
            lead = len(shape) - len(names) + 1
            shape = (int(np.prod(shape[:lead])), *shape[lead:])
        found |= dict(zip(names, shape, strict=True))
    return found | {str(size): int(inputs[str(size)]) for size in layer.arguments}
