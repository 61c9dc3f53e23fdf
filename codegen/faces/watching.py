"""Showing something again each time that a file changes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from pullback.derive.errors import PullbackError

PAUSE = 0.2  # seconds between two looks at the file
HOME = "\x1b[H\x1b[2J\x1b[3J"  # an empty screen


def watch(path: Path, show: Callable[[], str]) -> None:
    """Print what is to be shown, and again whenever the file changes, until Ctrl-C.

    An error is printed in its place: the file is being written.
    """
    seen: object = None
    while True:
        state = state_of(path)
        if state != seen:
            seen = state
            try:
                text = show()
            except PullbackError as error:
                text = f"pullback: {error}\n"
            clear = HOME if sys.stdout.isatty() else ""
            print(f"{clear}{text}\n{path}: Ctrl-C ends this", flush=True)
        time.sleep(PAUSE)


def state_of(path: Path) -> object:
    """What changes when a file is written; None while there is none, as between two versions."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
