"""Time steps of generated modules beside peers: `python -m bench.speed`."""

import argparse
import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench import machine, plots, tables, tasks
from bench.peers import NATIVE, OURS
from bench.tasks import DTYPES, Row

HELP = """\
examples:
  python -m bench.speed                             every row, one and two threads
  python -m bench.speed --quick --rows mlp          a first look at the perceptron
  python -m bench.speed --rows "softmax*float32" --threads 1
  python -m bench.speed --rows "layer_norm 256x768" --dtypes float64

A row is a layer, a shape and a dtype, as in "relu 32x32 float32". Each number of threads has a
fresh process. Results are checked against the same step by hand in float64 before any is timed.
Times are medians over rounds in which all take turns; ratios are medians of the ratios within each
round, ours over theirs: below 1 we are faster. The limit is the matrix products alone, or a copy of
what must be read and written. Written are speed.md, .json and .csv, and a picture for each dtype
and number of threads.
"""
HEAD = """\
µs a step, forward and backward. Written by `python -m bench.speed`; its `--help` says how it
measures.

Of each type and number of threads the first table has this project's targets: `numpy` with a
workspace and without, `numpy-precise`, `c`, `array-api` on NumPy's arrays, and the modules in
PyTorch, under its autograd, and in JAX, under `jit`. In brackets stands the time over that of
the fastest of torch, torch.compile and JAX in the same round: below 1 we are faster. The second
table has the peers, and in brackets the times of `numpy` and of `c` over theirs. The limit is
no code that takes the step: it is the bare products of matrices, or a copy of what must be read
and written."""
WHY_NUMPY = """\
NumPy makes a pass over memory for each operation where compilers make one for several, and its
own functions (exp, tanh, erf by parts) take as long as all of a compiled loop. On arrays of a
thousand entries calls cost most: about a µs for each, and every argument is checked, which code
by hand leaves out."""
WHY_C = """\
Products of matrices are NumPy's, as are gathers of rows, windows and sums of whole arrays:
where these take most of the time, kernels change little. Kernels use several threads from half
a million entries on alone, where peers use them sooner."""
POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class Failed(Exception):
    """A process has ended with an error."""


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    made = argparse.ArgumentParser(
        prog="python -m bench.speed",
        description="Time forward and backward passes beside peers on the same operands.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    threads = sorted({1, min(2, os.cpu_count() or 1)})
    made.add_argument("--rows", default="*", metavar="PATTERN", help="rows whose name holds this")
    made.add_argument("--dtypes", nargs="+", choices=DTYPES, default=DTYPES)
    made.add_argument("--threads", type=count, nargs="+", default=threads, metavar="N")
    made.add_argument("--rounds", type=count, default=31, help="at most, for each row (31)")
    made.add_argument("--seconds", type=count, default=2, help="of rounds for each row (2)")
    made.add_argument("--quick", action="store_true", help="7 rounds, 1 second")
    made.add_argument("--out", type=Path, default=Path("bench/results"), metavar="DIR")
    return made


def count(text: str) -> int:
    """Read a whole number of at least one."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def environment(threads: int) -> dict[str, str]:
    """The environment in which every pool has so many threads."""
    return os.environ | dict.fromkeys(POOLS, str(threads))


def run(rows: Sequence[Row], threads: int, given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The lines that a fresh process prints; it may use so many processors."""
    job = {
        "rows": [(r.layer, r.shape, r.dtype) for r in rows],
        "threads": threads,
        "rounds": 7 if given.quick else given.rounds,
        "seconds": 1 if given.quick else given.seconds,
    }

    def confine() -> None:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])

    command = [sys.executable, "-m", "bench.worker", json.dumps(job)]
    process = subprocess.Popen(
        command, env=environment(threads), stdout=subprocess.PIPE, text=True, preexec_fn=confine
    )
    try:
        for line in process.stdout or ():
            yield json.loads(line)
        if process.wait():
            raise Failed(f"the process with {threads} threads ended with {process.returncode}")
    finally:
        process.terminate()
        process.wait()


def measure(
    given: argparse.Namespace, results: list[dict[str, Any]], machines: dict[int, Any]
) -> None:
    """Fill in every row at every number of threads, and the machine as each process saw it."""
    rows = tasks.rows(given.rows, tuple(given.dtypes))
    if not rows:
        raise Failed(f"no row's name holds {given.rows!r}; rows are like {tasks.rows()[0].name!r}")
    total = len(rows) * len(given.threads)
    with tqdm(total=total, desc="timing", unit="row", disable=None) as bar:
        for threads in given.threads:
            for line in run(rows, threads, given):
                if "error" in line:
                    raise Failed(f"results differ: {line['error']}")
                if "machine" in line:
                    machines[threads] = line["machine"]
                    continue
                results.append(line)
                bar.update()


def report(results: Sequence[dict[str, Any]], machines: dict[int, Any], warning: str = "") -> str:
    """The page with all tables."""
    parts = ["# Speed", HEAD]
    if warning:
        parts.append(f"**Warning: {warning}.**")
    for threads, found in machines.items():
        parts.append(f"With {tables.plural(threads, 'thread')}:\n\n{machine.sentences(found)}")
    parts.append(tables.speed(results).rstrip())
    for own, title, why in ((OURS, "NumPy", WHY_NUMPY), (NATIVE, "C", WHY_C)):
        slower = tables.beaten(results, own)
        parts.append(f"## Where a peer is faster than the module in {title}")
        parts.append(f"{why}\n\n{slower}" if slower else "Nowhere.")
    if absent := tables.left_out(results):
        parts.append(f"## Left out\n\n{absent}")
    return "\n\n".join(parts) + "\n"


def write(
    out: Path, text: str, results: Sequence[dict[str, Any]], machines: dict[int, Any]
) -> None:
    """Tables, raw numbers and pictures."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "speed.md").write_text(text, encoding="utf-8")
    raw = json.dumps({"machines": machines, "results": results}, indent=1)
    (out / "speed.json").write_text(raw + "\n", encoding="utf-8")
    with (out / "speed.csv").open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(["layer", "shape", "dtype", "threads", "entrant", "round", "seconds"])
        for r in results:
            row = [r["layer"], "x".join(map(str, r["shape"])), r["dtype"], r["threads"]]
            for name, seconds in r["seconds"].items():
                lines.writerows([*row, name, k, s] for k, s in enumerate(seconds))
    for dtype, threads in sorted({(r["dtype"], r["threads"]) for r in results}):
        plots.speed(results, dtype, threads, out / f"speed_{dtype}_{threads}.svg")


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and write; returns the exit status."""
    given = parser().parse_args(arguments)
    results: list[dict[str, Any]] = []
    machines: dict[int, Any] = {}
    status, warning = 0, machine.busy()
    if warning:
        print(f"warning: {warning}", file=sys.stderr)
    try:
        measure(given, results, machines)
    except Failed as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; what is done is kept", file=sys.stderr)
        status = 130
    if results:
        text = report(results, machines, warning)
        write(given.out, text, results, machines)
        print(text, end="")
    return status


if __name__ == "__main__":
    sys.exit(main())
