"""What share of single mutations of the shipped modules the tests emitted beside them see.

python -m tests.mutations [N] [module ...]     N mutants of each module, 40 if not said; 0: all
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from time import perf_counter

from pullback.codegen import library
from tests.mutations import Tried, tried_of

COUNT = 40  # mutants of each module


def tried_of_all(names: Sequence[str], count: int | None) -> Iterator[Tried]:
    """What became of the mutants of each module, in the order in which they end."""
    with multiprocessing.get_context("spawn").Pool(min(len(names), os.cpu_count() or 1)) as pool:
        yield from pool.imap_unordered(tried_of, [(name, count) for name in names])


def main(arguments: Sequence[str]) -> int:
    """Print a line for each module, with those of its mutants that survive below it."""
    count = int(arguments[0]) if arguments else COUNT
    names = list(arguments[1:]) or library.shipped()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the processes take all cores as it is
    survivors, total, start = 0, 0, perf_counter()
    print(f"{'':7} {'module':28} mutants  seen  seconds (its tests once)")
    for done, tried in enumerate(tried_of_all(names, count or None), 1):
        seen = tried.count - len(tried.survivors)
        line = f"{tried.name:28} {tried.count:7} {seen:5}  {tried.seconds:7.1f} ({tried.once:.1f})"
        print(f"{done:2} / {len(names):2} {line}")
        print(
            *(f"        {tried.name}.py, {m}\n" for m in tried.survivors),
            sep="",
            end="",
            flush=True,
        )
        total, survivors = total + tried.count, survivors + len(tried.survivors)
    share, seconds = 100 * (1 - survivors / total), perf_counter() - start
    print(f"{total - survivors} of {total} are seen, {share:.2f} %, in {seconds:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
