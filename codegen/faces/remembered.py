"""What came of a definition, kept from one run to the next under what it hangs on.

An outcome is found again only where every text that the layer was read from, every file of this
engine, the versions of Python and of the packages below it, and what was asked for are the same.
What is kept is text as JSON with a digest of its own: it is never run or unpickled, and what does
not fit its digest is worked out anew. Losing the folder loses nothing but time.

PULLBACK_CACHE names the folder; where it is empty nothing is kept. Else it is `pullback` in the
user's own folder for such things ($XDG_CACHE_HOME, or .cache in the home).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pullback

VARIABLE = "PULLBACK_CACHE"
KEPT = 500  # outcomes, the last used ones
STANDS_ON = ("sympy", "mpmath", "gmpy2", "numpy", "jinja2", "markupsafe", "math-core")
PARTS = ("__init__.py", "derive", "codegen")  # of the package, all that outcomes hang on
SUFFIX = ".json"


class Remembered:
    """Outcomes as plain data, by key, in files of a folder; None keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def get(self, key: str) -> Any | None:
        """What is kept under a key; None where it is not there or has been damaged."""
        if self.folder is None:
            return None
        path = self.folder / (key + SUFFIX)
        try:
            digest, _, body = path.read_text(encoding="utf-8").partition("\n")
            if digest != digest_of([key, body]):
                return None
            found = json.loads(body)
        except (OSError, ValueError, RecursionError):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # it was used now
        return found

    def put(self, key: str, value: Any) -> None:
        """Keep something, if the folder can be written to: whole or not at all."""
        if self.folder is None:
            return
        body = json.dumps(value, ensure_ascii=False)
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".", dir=self.folder) as aside:
                new = Path(aside) / key
                new.write_text(f"{digest_of([key, body])}\n{body}", encoding="utf-8")
                os.replace(new, self.folder / (key + SUFFIX))

    def forget(self) -> None:
        """Remove what has not been used for longest, beyond a fixed number."""
        if self.folder is None:
            return
        with contextlib.suppress(OSError):
            files = sorted(self.folder.glob(f"*{SUFFIX}"), key=lambda p: p.stat().st_mtime)
            for path in files[:-KEPT]:
                path.unlink()


def remembered() -> Remembered:
    """What is kept in the folder that the environment names."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        return Remembered(Path(named) if named else None)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser(os.path.join("~", ".cache"))
    # a path that is not absolute is no home: none is known, or the variable says nothing
    return Remembered(Path(base) / "pullback" if os.path.isabs(base) else None)


def key_of(*parts: str) -> str:
    """The key of what hangs on these texts, on this engine and on what it stands on."""
    return digest_of([engine(), *parts])


@lru_cache(1)
def engine() -> str:
    """A digest of every file of this package that outcomes hang on, and of the versions below it.

    The kind of machine counts too: the numbers of worked examples are its own.
    """
    texts = [platform.python_version(), platform.machine(), platform.system()]
    texts += [f"{name} {installed(name)}" for name in STANDS_ON]
    root = Path(pullback.__file__).parent
    for path in sorted(files_below(root / part for part in PARTS)):
        texts += [path.relative_to(root).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()]
    return digest_of(texts)


def files_below(paths: Iterable[Path]) -> Iterator[Path]:
    """The files at and below some paths, but for what Python itself keeps of them."""
    for path in paths:
        if path.is_file():
            yield path
        for folder, inner, names in os.walk(path):
            inner[:] = [n for n in inner if n != "__pycache__"]
            yield from (Path(folder) / name for name in names)


def installed(name: str) -> str:
    """The version of a package, or that there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def digest_of(texts: Sequence[str]) -> str:
    """A digest of texts, one after the other, of which no two lists have the same."""
    whole = hashlib.sha256()
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        whole.update(b"%d:" % len(data) + data)
    return whole.hexdigest()
