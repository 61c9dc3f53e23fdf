"""Kernels of a module: built at first use, kept for later, and called."""

from __future__ import annotations

import collections
import ctypes
import hashlib
import math
import os
import platform
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

# kernels by name: how many arrays, sizes and numbers each is given, and how
# many sums over rows it takes
_KERNELS: dict[str, tuple[int, int, int, int]] = {}
_SOURCE = ""


def _ready(dtype: np.dtype[Any], *arrays: Any) -> bool:
    """Are there kernels for this dtype, and can they read these arrays as they lie?"""
    if not _built(dtype.itemsize):
        return False
    return all(map(_lies_well, arrays))


def _lies_well(array: NDArray[Any]) -> Any:
    """Does it lie without gaps, in C's order and aligned (257), and has it no more entries?"""
    return array.flags.num & 257 == 257 and array.size < 2147483648


def _made(array: NDArray[Any] | None, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """An array of the workspace, or a new one where there is none."""
    return np.empty(shape, dtype) if array is None else array


def _run(
    name: str,
    dtype: np.dtype[Any],
    arrays: tuple[NDArray[Any], ...],
    sizes: tuple[int, ...],
    numbers: tuple[Any, ...] = (),
) -> None:
    """Call a kernel: one block holds arrays, sizes and numbers."""
    call, pack, place, head, sums = _built(dtype.itemsize)[name]
    rest = (*map(place, arrays), *sizes, *numbers)
    if math.prod(sizes) < _LARGE:
        failed = call(pack(head, 0, 1, 0, *rest))
    else:
        left = np.empty(_PIECES * 2 * sums * sizes[-1])  # what pieces leave of sums over rows
        parts = [pack(head, piece, _PIECES, left.ctypes.data, *rest) for piece in range(_PIECES)]
        failed = _call_each(call, parts)
        if sums and not failed:
            failed = call(pack(head, _PIECES, _PIECES, left.ctypes.data, *rest))
    if failed:
        raise MemoryError(f"{name} found no memory for some rows")


# Entries from which on a kernel is called in pieces, about a millisecond of work. There are as many
# whatever threads there are, so that sums over rows are the same.
_LARGE = 2**19
_PIECES = 8


def _call_each(call: Any, blocks: list[bytes]) -> int:
    """Call a kernel for each block, on several threads where there are processors for them.

    Threads last as long as the call: that costs little beside it, and a process may fork between.
    """
    waiting, failed = collections.deque(blocks), list[int]()

    def work() -> None:
        while waiting:
            try:
                block = waiting.popleft()
            except IndexError:  # another thread has taken the last one
                return
            failed.append(call(block))

    threads = [threading.Thread(target=work) for _ in range(_threads() - 1)]
    started = list[threading.Thread]()
    try:
        for thread in threads:
            try:
                thread.start()
            except RuntimeError:  # there may be no more: those that run do the work
                break
            started.append(thread)
        work()
    finally:
        waiting.clear()
        for thread in started:
            thread.join()
    return max(failed)


def _threads() -> int:
    """How many threads may work: the processors of this process, or fewer where it is said so."""
    own = (
        os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    )
    told = os.environ.get("PULLBACK_THREADS") or os.environ.get("OMP_NUM_THREADS") or ""
    return max(1, min(len(own), int(told) if told.isdecimal() else _PIECES, _PIECES))


def _built(size: int) -> dict[str, Any]:
    """The functions of all kernels for floats of so many bytes; none where NumPy works alone."""
    found = _FOUND.get(size)
    return _build(size) if found is None else found


_FOUND: dict[int, dict[str, Any]] = {}  # what came of the first use


def _build(size: int) -> dict[str, Any]:
    """Build the kernels, or say once why there are none."""
    chosen, why = os.environ.get("PULLBACK_CC", "cc"), ""
    found: dict[str, Any] = {}
    try:
        if chosen != "off":
            found = _functions(ctypes.CDLL(_library(shlex.split(chosen), size)), size)
    except (OSError, ValueError, AttributeError, subprocess.SubprocessError) as error:
        why = str(error)
        _FOUND.update({4: found, 8: found})
    _FOUND[size] = found
    if why:
        warnings.warn(
            f"there are no kernels in C, and NumPy works alone: {why}; PULLBACK_CC names a "
            "compiler, or is off",
            RuntimeWarning,
            stacklevel=5,
        )
    return found


def _library(command: list[str], size: int) -> str:
    """The file of the compiled kernels, made unless it is kept from before."""
    path = shutil.which(command[0]) if command else None
    if path is None:
        raise OSError(f"there is no {command[0] if command else 'compiler'}")
    flags = "-std=c11 -O3 -march=native -ffp-contract=off -fno-math-errno -fno-trapping-math"
    own = [*command, *flags.split(), f"-DBYTES={size}", "-fPIC", "-shared"]
    compiler = os.stat(path)  # a new one has another time or length
    told = [_SOURCE, *own, os.path.realpath(path), compiler.st_mtime_ns, compiler.st_size]
    told += [_processor(), platform.machine(), sys.platform]
    digest = hashlib.sha256("\0".join(map(str, told)).encode()).hexdigest()[:32]
    home = _folder()
    library = os.path.join(home, f"{digest}.so")
    if not os.path.exists(library):
        with tempfile.TemporaryDirectory(dir=home) as folder:
            source, made = os.path.join(folder, "kernels.c"), os.path.join(folder, "kernels.so")
            with open(source, "w", encoding="ascii") as file:
                file.write(_SOURCE)
            done = subprocess.run(
                [*own, source, "-o", made, "-lm"], capture_output=True, text=True, timeout=300
            )
            if done.returncode:
                said = done.stderr.strip().splitlines() or ["it says nothing"]
                raise OSError(f"{command[0]} fails: {said[-1][:200]}")
            os.replace(made, library)  # of two processes the last one wins; both are whole
        _forget(home)
    return library


def _forget(home: str) -> None:
    """Remove what was built longest ago, beyond some number; what is loaded stays so."""
    with os.scandir(home) as found:
        built = [(file.stat().st_mtime, file.path) for file in found if file.name.endswith(".so")]
    for _, path in sorted(built)[:-256]:
        os.unlink(path)


def _folder() -> str:
    """The folder in which compiled kernels are kept: the user's own, and no one else's to write."""
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    base = os.environ.get("PULLBACK_CACHE") or os.path.join(caches, "pullback")
    home = os.path.join(base, "kernels")
    os.makedirs(home, mode=0o700, exist_ok=True)
    for path in (base, home):
        found = os.stat(path)
        if hasattr(os, "getuid") and (found.st_uid != os.getuid() or found.st_mode & 0o022):
            raise OSError(f"others may write into {path}")
    return home


def _processor() -> str:
    """What a processor can do, as -march=native goes by it."""
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            return next((line for line in file if line.startswith(("flags", "Features"))), "")
    except OSError:
        return platform.processor()


def _functions(library: ctypes.CDLL, size: int) -> dict[str, Any]:
    """The functions, once some results of theirs are found right."""
    library.pullback_test.restype = ctypes.c_int
    if library.pullback_test():
        raise OSError("compiled functions give wrong results")
    place, head = _places_of(library)
    found = {}
    for name, (arrays, sizes, numbers, sums) in _KERNELS.items():
        function = getattr(library, f"{name}_{'f' if size == 4 else 'd'}")
        function.argtypes, function.restype = [ctypes.c_char_p], ctypes.c_int
        block = struct.Struct(f"@3q{arrays + 1}P{sizes}q{numbers}d")
        found[name] = (function, block.pack, place, head, sums)
    return found


def _places_of(library: ctypes.CDLL) -> tuple[Any, int]:
    """How a kernel is told where an array lies, and the first word of a call.

    In CPython an array's object begins with a head, and behind it stands the address of the
    entries; to read it there takes a tenth of the time. It is done where it is seen to be so.
    """
    library.pullback_at.argtypes = [ctypes.c_char_p]
    library.pullback_at.restype = ctypes.c_void_p
    if sys.implementation.name == "cpython":
        head, whole = object.__basicsize__, np.arange(24.0)
        arrays = [whole, whole[3:], whole.reshape(4, 6)[1:, 2:], np.ones(1, np.int64)]
        told = [library.pullback_at(struct.pack("@qP", head, id(a))) for a in arrays]
        if told == [a.ctypes.data for a in arrays]:
            return id, head
    return (lambda array: array.ctypes.data), -1
