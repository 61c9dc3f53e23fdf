"""Writing files whole or not at all, and never over what is not ours; comparing with what is there.

A file that pullback has not written, or that was edited since, is the user's: it is neither written
over nor removed unless that is asked for by `force`.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from difflib import unified_diff
from pathlib import Path
from signal import SIGINT, default_int_handler, getsignal, signal

from pullback.codegen.faces.marks import COMMENTS, Owner, owner
from pullback.derive.errors import PullbackError

WRITTEN = tuple(COMMENTS)  # the endings of files that are written
ASIDE = ".pullback-"  # what the folder's name starts with where files wait


def write(
    folder: Path, files: Mapping[str, str], stale: Iterable[str] = (), force: bool = False
) -> list[Path]:
    """Write the files that differ from what is there, and remove the stale ones: all or nothing.

    Everything is on disk under other names before the first file takes its place. Where one cannot
    be put there, those before it are put back; Ctrl-C waits until the last one has its place.
    """
    refuse_to_lose(folder, [*files, *stale], force)
    folder.mkdir(parents=True, exist_ok=True)
    changed = {n: t for n, t in files.items() if current(folder / n) != t}
    with tempfile.TemporaryDirectory(prefix=ASIDE, dir=folder) as aside:
        for name, text in changed.items():
            (Path(aside) / name).write_bytes(text.encode())
        with uninterrupted(), ExitStack() as undo:
            for name in (*changed, *stale):
                replace(folder / name, Path(aside) / name, undo)
            undo.pop_all()
    return [folder / name for name in (*changed, *stale)]


def replace(path: Path, new: Path, undo: ExitStack) -> None:
    """Put a new file, or none, in the place of one that is kept until all is done."""
    if os.path.lexists(path):
        old = new.with_name(new.name + ".old")
        os.replace(path, old)
        undo.callback(os.replace, old, path)
    if new.exists():
        os.replace(new, path)
        undo.callback(path.unlink)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """A block that Ctrl-C interrupts after its end."""
    before, pressed = getsignal(SIGINT), []
    main = threading.current_thread() is threading.main_thread()
    if not main or before is not default_int_handler:
        yield
        return
    signal(SIGINT, lambda *_: pressed.append(True))
    try:
        yield
    finally:
        signal(SIGINT, before)
    if pressed:
        raise KeyboardInterrupt


def refuse_to_lose(folder: Path, names: Iterable[str], force: bool = False) -> None:
    """Refuse to write over or to remove files that are not ours, or no longer."""
    lost = {name: owner(folder / name) for name in names}
    if force:
        lost = {n: o for n, o in lost.items() if (folder / n).is_dir()}
    lines = [f"\n  {folder / n}: {o.value}" for n, o in lost.items() if not o.untouched]
    if lines:
        hint = "these are folders" if force else "--force writes over them"
        raise PullbackError(
            f"nothing is written, as these files would be lost; {hint}, "
            f"and --out takes another folder:{''.join(lines)}"
        )


def check_folder(folder: Path) -> None:
    """Refuse a folder that files cannot be written into, or that cannot be made."""
    if os.path.lexists(folder) and not folder.is_dir():
        raise PullbackError(f"{folder} is a file; --out takes a folder")
    nearest = next(p for p in (folder, *folder.absolute().parents) if os.path.lexists(p))
    try:
        tempfile.TemporaryDirectory(prefix=ASIDE, dir=nearest).cleanup()
    except OSError as error:
        raise PullbackError(f"{folder}: {error.strerror}; --out takes another folder") from None


def is_ours(folder: Path) -> bool:
    """May files go into a folder that nobody has named: is it not there, empty or ours?"""
    if not folder.is_dir():
        return not os.path.lexists(folder)
    files = list(folder.iterdir())
    return not files or any(owner(p) is not Owner.FOREIGN for p in files if p.suffix in WRITTEN)


def stale_files(folder: Path, files: Iterable[str], endings: Iterable[str] = WRITTEN) -> list[str]:
    """The files that came from shipped layers, and that nothing would write any more."""
    if not folder.is_dir():
        return []
    names = sorted(p.name for p in folder.iterdir() if p.suffix in endings)
    return [n for n in names if n not in files and owner(folder / n) is Owner.SHIPPED]


def current(path: Path) -> str | None:
    """What a file holds, or None where there is none."""
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return None


def differences(folder: Path, files: Mapping[str, str], stale: Iterable[str] = ()) -> str:
    """A diff between what is there and what would be written, empty where there is none."""
    found = []
    for name in sorted({*files, *stale}):
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
