"""One piece of work for many definitions, on all processors."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.connection import wait
from signal import SIG_IGN, SIGINT, signal
from threading import Thread
from typing import TypeVar

from pullback.codegen.faces.progress import progress
from pullback.derive.errors import PullbackError

Done = TypeVar("Done")  # what comes of a definition


def ends_together() -> None:
    """End this process when the one that started it ends, however that comes about."""
    parent = parent_process()
    assert parent is not None  # a worker has one

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    Thread(target=watch, daemon=True).start()


@contextmanager
def each(work: Callable[[str], Done], definitions: Sequence[str]) -> Iterator[Iterable[Done]]:
    """The outcome for each definition in order, on all processors, with a bar on a terminal.

    Where something goes wrong, Ctrl-C included, the other processes are ended at once.
    """
    if len(definitions) == 1:
        yield map(work, definitions)
        return
    others = set(active_children())
    workers = min(len(definitions), os.cpu_count() or 1)
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=ends_together)
    try:
        # Ctrl-C reaches every process of the terminal; the workers, who inherit that it is
        # ignored, leave it to this one, which ends them.
        handler = signal(SIGINT, SIG_IGN)
        try:
            futures = [pool.submit(work, definition) for definition in definitions]
        finally:
            signal(SIGINT, handler)
        # pool.map would cancel what is pending where it is interrupted, and a process that ends
        # then makes the pool's own thread fail at what is cancelled
        outcomes = (future.result() for future in futures)
        yield progress(outcomes, len(definitions), "derive and prove", "layer")
    except BaseException as error:
        for process in set(active_children()) - others:
            process.terminate()
        if isinstance(error, BrokenProcessPool):
            raise PullbackError(
                "a process that worked for pullback was ended from outside, as happens where "
                "memory runs out; fewer definitions at a time need less"
            ) from None
        raise
    finally:
        pool.shutdown(cancel_futures=True)
