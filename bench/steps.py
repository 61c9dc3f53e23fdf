"""What training steps with a workspace allocate: `python -m bench.steps`."""

import argparse
import re
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tqdm import trange

from bench import machine
from bench.ours import ours
from bench.tables import markdown
from bench.tasks import DTYPES, SHAPES, Row, draw

HELP = """\
examples:
  python -m bench.steps                    a million steps, some minutes
  python -m bench.steps --steps 10000
"""
SMALL = SHAPES["mlp"][0]


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    made = argparse.ArgumentParser(
        prog="python -m bench.steps",
        description="Measure what steps of the perceptron allocate beside their workspace.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--steps", type=int, default=10**6, metavar="N")
    made.add_argument("--out", type=Path, default=Path("bench/results"), metavar="DIR")
    return made


def resident() -> int:
    """The bytes of this process that lie in memory (Linux)."""
    found = re.search(r"VmRSS:\s*(\d+)", Path("/proc/self/status").read_text())
    return 1024 * int(found[1]) if found else 0


def step(shape: tuple[int, ...], dtype: str) -> tuple[Callable[[], Any], int]:
    """A training step of the perceptron, and the bytes of its inputs."""
    inputs = tuple(draw(Row("mlp", shape, dtype)).inputs.values())
    size = sum(getattr(value, "nbytes", 0) for value in inputs)
    return ours("mlp", inputs, kept=True), size


def peak(call: Callable[[], Any]) -> int:
    """The most bytes that are new at any time of the third step."""
    call()
    tracemalloc.start()
    try:
        call()
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        call()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def growth(steps: int) -> int:
    """By how many bytes so many steps of the smallest network let this process grow."""
    call, _ = step(SMALL, "float32")
    for _ in range(100):
        call()
    before = resident()
    for _ in trange(steps, desc="steps", disable=None):
        call()
    return resident() - before


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and write; returns the exit status."""
    given = parser().parse_args(arguments)
    try:
        grown = growth(given.steps)
        rows = []
        for shape in SHAPES["mlp"]:
            for dtype in DTYPES:
                call, size = step(shape, dtype)
                cells = [f"{size / 2**20:.1f} MiB", f"{peak(call) / 2**10:.0f} KiB"]
                rows.append(["×".join(map(str, shape)), dtype, *cells])
    except KeyboardInterrupt:
        print("\ninterrupted; nothing is written", file=sys.stderr)
        return 130
    heads = ["N×D×H×C", "dtype", "inputs", "new in a step"]
    packages = machine.describe()["packages"]
    text = (
        "# Steps with a workspace\n\nWritten by `python -m bench.steps`, with "
        f"numpy {packages['numpy']}.\n\n{given.steps:,} steps of the perceptron at "
        f"{'×'.join(map(str, SMALL))} in float32 let the process grow by "
        f"{grown / 2**10:.0f} KiB.\n\n"
        "The most bytes that are new at any time of a step, as tracemalloc counts them; they are\n"
        f"scratch of fixed size.\n\n{markdown(heads, rows)}"
    )
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "steps.md").write_text(text, encoding="utf-8")
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
