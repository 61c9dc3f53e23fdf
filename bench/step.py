"""Time one training step, generated beside hand-written: `python -m bench.step`."""

import argparse
import os
import sys
from statistics import median

from threadpoolctl import threadpool_info, threadpool_limits
from tqdm import tqdm

from bench import contest, machine
from bench.contest import Sizes

CASES = (Sizes(300, 2, 100, 3), Sizes(200, 64, 100, 10), Sizes(256, 784, 512, 10))
HEADS = (
    "N, D, H, C",
    "threads",
    "generated µs",
    "hand-written µs",
    "generated/hand",
    "min to max",
    "products µs",
    "generated/products",
)
HELP = """\
examples:
  python -m bench.step                            one and two threads, float32
  python -m bench.step --threads 1 --rounds 101   one thread, more rounds
  python -m bench.step --dtype float64 --markdown

Ratios are medians over rounds of the ratio within a round; times are medians.
Products are the five matrix products of a step alone, the limit for any step.
The median of ratios need not be the ratio of medians.
"""


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    made = argparse.ArgumentParser(
        prog="python -m bench.step",
        description="Time loss and parameter gradients of the two-layer perceptron.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    threads = sorted({1, min(2, os.cpu_count() or 1)})
    made.add_argument(
        "--threads",
        type=count,
        nargs="+",
        default=threads,
        help=f"numbers of BLAS threads to try (default: {' '.join(map(str, threads))})",
    )
    made.add_argument("--rounds", type=count, default=31, help="rounds per row (default: 31)")
    made.add_argument(
        "--dtype", choices=tuple(contest.LIMITS), default="float32", help="default: float32"
    )
    made.add_argument("--markdown", action="store_true", help="print a Markdown table")
    return made


def count(text: str) -> int:
    """Read a whole number of at least one."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def row(sizes: Sizes, threads: int, number: int, dtype: str, bar: tqdm) -> list[str]:
    """Check and time one case; return its cells of the table."""
    entered = contest.enter(contest.draw(sizes, dtype))
    seconds = []
    with threadpool_limits(threads):
        contest.check(entered, dtype)
        for times in contest.rounds(entered, number):
            seconds.append(times)
            bar.update()
    micros = [f"{1e6 * median(column):.0f}" for column in zip(*seconds, strict=True)]
    by_hand = [ours / hand for ours, hand, _ in seconds]
    by_products = [ours / products for ours, _, products in seconds]
    spread = f"{min(by_hand):.2f} to {max(by_hand):.2f}"
    ratios = [f"{median(by_hand):.2f}", spread, micros[2], f"{median(by_products):.2f}"]
    return [", ".join(map(str, sizes)), str(threads), *micros[:2], *ratios]


def table(rows: list[list[str]], markdown: bool) -> str:
    """Lay the rows out under their heads, numbers to the right."""
    if markdown:
        rule = [":--", *["--:"] * (len(HEADS) - 1)]
        return "\n".join(f"| {' | '.join(cells)} |" for cells in (HEADS, rule, *rows))
    widths = [max(map(len, column)) for column in zip(HEADS, *rows, strict=True)]
    lines = []
    for first, *rest in (list(HEADS), *rows):
        cells = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells]))
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Time every case at every number of threads, print the table; return the exit status."""
    given = parser().parse_args(arguments)
    if not any(pool["user_api"] == "blas" for pool in threadpool_info()):
        print("warning: cannot limit the threads of this BLAS", file=sys.stderr)
    work = [(sizes, threads) for sizes in CASES for threads in given.threads]
    try:
        with tqdm(total=len(work) * given.rounds, desc="timing", unit="round") as bar:
            rows = [row(*case, given.rounds, given.dtype, bar) for case in work]
    except ArithmeticError as error:
        print(f"error: results differ, timing stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    print(f"One training step, {given.dtype}, {given.rounds} rounds; {machine.describe()}\n")
    print(table(rows, given.markdown))
    return 0


if __name__ == "__main__":
    sys.exit(main())
