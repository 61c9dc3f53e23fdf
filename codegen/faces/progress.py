"""What a terminal shows while one waits; nothing where standard error is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from multiprocessing import parent_process
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:  # what is shown hangs on none of it
    from pullback.derive.proof.proving import Checked

Done = TypeVar("Done")
CLEAR = "\r\x1b[K"  # back to the start of the line, which is then empty


def doing(words: str) -> None:
    """Say what is being done now, on a line that the next such call writes over."""
    if sys.stderr.isatty() and not parent_process():
        print(f"{CLEAR}{words} …", end="", file=sys.stderr, flush=True)


def nothing_more() -> None:
    """Leave an empty line where it was said what is being done."""
    if sys.stderr.isatty() and not parent_process():
        print(CLEAR, end="", file=sys.stderr, flush=True)


def watched(checks: Checked, count: int) -> Checked:
    """The checks of a proof, with a bar where this process is not one of several."""
    if parent_process():
        yield from checks
        return
    nothing_more()
    yield from progress(checks, count, "prove", "step")
    doing("write it down")


def progress(outcomes: Iterable[Done], total: int, words: str, unit: str) -> Iterable[Done]:
    """The outcomes, with a bar where tqdm is installed, and else with their count."""
    if not sys.stderr.isatty():
        return outcomes
    try:
        from tqdm import tqdm
    except ImportError:
        return counted(outcomes, total, words)
    return cast(Iterable[Done], tqdm(outcomes, desc=words, unit=unit, total=total, leave=False))


def counted(outcomes: Iterable[Done], total: int, words: str) -> Iterator[Done]:
    """The outcomes, with how many there have been."""
    for count, outcome in enumerate(outcomes):
        doing(f"{words}: {count} of {total}")
        yield outcome
    nothing_more()
