"""Writing files whole or not at all, and comparing them with what is there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from difflib import unified_diff
from pathlib import Path

WRITTEN = (".py", ".tex", ".html")  # the endings of files that are written


def write(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """Write the files that differ from what is there; each appears whole under its name.

    Everything is on disk under other names before the first file takes its place, so that an
    interruption leaves the old files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    changed = {n: t for n, t in files.items() if current(folder / n) != t}
    with tempfile.TemporaryDirectory(prefix=".pullback-", dir=folder) as aside:
        for name, text in changed.items():
            (Path(aside) / name).write_bytes(text.encode())
        for name in changed:
            os.replace(Path(aside) / name, folder / name)
    return [folder / name for name in changed]


def current(path: Path) -> str | None:
    """What a file holds, or None where there is none."""
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return None


def differences(
    folder: Path, files: Mapping[str, str], whole: bool, endings: Iterable[str] = WRITTEN
) -> str:
    """A diff between what is there and what would be written, empty where there is none.

    With `whole`, files with these endings that nothing would write are differences too.
    """
    names = set(files)
    if whole and folder.is_dir():
        names |= {p.name for p in folder.iterdir() if p.suffix in endings}
    found = []
    for name in sorted(names):
        old, new = current(folder / name), files.get(name)
        if old == new:
            continue
        state = "missing" if old is None else "stale" if new is None else "changed"
        found.append(f"{state}: {folder / name}\n")
        if old is not None and new is not None:
            found += unified_diff(
                old.splitlines(keepends=True),
                new.splitlines(keepends=True),
                f"{folder / name} (there)",
                f"{folder / name} (would be written)",
            )
    return "".join(found)
