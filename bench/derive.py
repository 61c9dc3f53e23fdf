"""Time deriving, proving, emitting, tests and pages: `python -m bench.derive`.

Every case runs in a fresh process, since SymPy keeps what it has worked out before.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

from tqdm import tqdm

from bench import machine, plots
from bench.tables import markdown
from pullback.codegen import library
from pullback.codegen.compiler import lowered, pages
from pullback.codegen.faults import stages
from pullback.codegen.notation.styles import LATEX
from pullback.codegen.pages.latex import document
from pullback.codegen.pages.links import BESIDE
from pullback.derive.calculus.derivation import derive
from pullback.derive.errors import PullbackError
from pullback.derive.proof.proving import prove
from pullback.derive.read.reader import read_layer

STAGES = ("read", "derive", "prove", "emit", "tests", "page")  # of which each has a column
CHAINS = (5, 10, 20, 50, 100)
SOFTMAX = (2, 4, 8, 16, 32)
EDGES = Path(__file__).parent.parent / "tests" / "edges"
HARD = ("cosine_embedding", "gaussian_mixture", "nt_xent", "ppo_clip")
COMMANDS = {  # what a command is given, after those that come before it
    "generate, everything new": ["generate --out DIR"],
    "generate, nothing changed": ["generate --out DIR"] * 2,
    "show relu": ["show relu"],
}
HELP = """\
examples:
  python -m bench.derive                                shipped layers, chains, softmax by SymPy
  python -m bench.derive --kinds chain --timeout 600

A chain of n calls is affine, relu, affine, … with weights of its own for each affine layer.
"""
Case = tuple[str, Any]


def chain(calls: int) -> str:
    """The definition of a deep network."""
    lines, last = [], "x[n, a]"
    for k in range(calls):
        if k % 2:
            lines.append(f"h{k} = relu(u{k - 1})")
            last = f"h{k}"
        else:
            before, after = "ab" if k % 4 == 0 else "ba"
            lines.append(
                f"u{k}[n, {after}] = affine({last}, W{k}[{before}, {after}], c{k}[{after}])"
            )
    return f"equations = {json.dumps(chr(10).join(lines))}\n"


def longest() -> int:
    """How many calls the language allows in a chain."""
    allowed, refused = 1, 2 * max(CHAINS)
    while refused - allowed > 1:
        middle = (allowed + refused) // 2
        try:
            read_layer("chain", chain(middle), library.shipped_source)
        except PullbackError:
            refused = middle
        else:
            allowed = middle
    return allowed


def compiled(name: str, source: str) -> dict[str, Any]:
    """Seconds of each stage, and how much there was to do."""
    times = [perf_counter()]

    def lap(value: Any) -> Any:
        times.append(perf_counter())
        return value

    try:
        layer = lap(read_layer(name, source, library.shipped_source))
    except PullbackError as error:
        return {"refused": str(error).splitlines()[0]}
    with stages(name, source):
        derivation = lap(derive(layer))
        proof = lap(prove(derivation))
        made = lowered(proof)
        emission = lap(made.emit())
        tests = lap(made.target.tests(derivation, emission, name))
        written = lap((document(made.outlines[LATEX]), *pages(made, emission, BESIDE)))
    seconds = [b - a for a, b in pairwise(times)]
    return {
        "seconds": dict(zip(STAGES, seconds, strict=True)),
        "nodes": len(layer.nodes),
        "steps": len(derivation.steps),
        "bytes": sum(map(len, (emission.module, tests, *written))),
    }


def jacobian(n: int) -> dict[str, Any]:
    """SymPy's explicit Jacobian of a softmax of n."""
    import sympy

    start = perf_counter()
    z = sympy.symbols(f"z0:{n}", real=True)
    total = sum(map(sympy.exp, z))
    found = sympy.Matrix([sympy.exp(v) / total for v in z]).jacobian(z)
    return {
        "seconds": {"derive": perf_counter() - start},
        "operations": int(sympy.count_ops(found)),
    }


def commanded(commands: Sequence[str]) -> dict[str, Any]:
    """Seconds of the last command, also of its processes' CPU; the memory of the largest process.

    Nothing is known from before the first one.
    """
    with tempfile.TemporaryDirectory() as folder:
        known = {**os.environ, "PULLBACK_CACHE": os.path.join(folder, "cache")}
        for command in commands:
            words = [folder if word == "DIR" else word for word in command.split()]
            before, start = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
            run = [sys.executable, "-m", "pullback", *words]
            done = subprocess.run(run, stdout=subprocess.DEVNULL, env=known)
            if done.returncode:
                return {"refused": f"ended with {done.returncode}"}
    wall, used = perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    megabytes = used.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    return {"seconds": {"wall": wall, "CPU": cpu}, "megabytes": megabytes}


def work(case: Case) -> dict[str, Any]:
    """What a fresh process does."""
    kind, what = case
    if kind == "layer":
        return compiled(what, library.shipped_source(what))
    if kind == "edge":
        return compiled(what, (EDGES / f"{what}.toml").read_text(encoding="utf-8"))
    if kind == "command":
        return commanded(COMMANDS[what])
    return compiled("chain", chain(what)) if kind == "chain" else jacobian(what)


def measure(case: Case, timeout: int) -> dict[str, Any]:
    """The work of a case in a process of its own."""
    command = [sys.executable, "-m", "bench.derive", "--one", json.dumps(case)]
    try:
        # Ctrl-C comes to us alone, and we end it.
        done = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, timeout=timeout, start_new_session=True
        )
    except subprocess.TimeoutExpired:
        return {"refused": f"not done in {timeout} s"}
    if done.returncode:
        return {"refused": f"ended with {done.returncode}"}
    return dict(json.loads(done.stdout))


def cases(kinds: Sequence[str]) -> list[Case]:
    """All of some kinds."""
    chains = sorted({*CHAINS, longest()})
    every: dict[str, Sequence[Any]] = {
        "layer": library.shipped(),
        "chain": chains,
        "softmax": SOFTMAX,
        "edge": HARD,
        "command": tuple(COMMANDS),
    }
    return [(kind, what) for kind in kinds for what in every[kind]]


def table(results: Sequence[tuple[Case, dict[str, Any]]]) -> str:
    """A table for each kind."""
    parts = []
    for kind, title in (
        ("layer", "Shipped layers"),
        ("edge", "Definitions that were hard to prove"),
        ("command", "The command"),
        ("chain", "Chains of affine and relu, by calls"),
        ("softmax", "SymPy's explicit Jacobian of a softmax, by its size"),
    ):
        chosen = [(what, found) for (k, what), found in results if k == kind]
        if chosen:
            parts.append(f"## {title}\n\n{section(kind, chosen)}")
    return "\n".join(parts)


def section(kind: str, results: Sequence[tuple[Any, dict[str, Any]]]) -> str:
    """The table of one kind."""
    if kind == "softmax":
        cells = [
            [str(n), f"{r['seconds']['derive']:.3f}", f"{r['operations']:,}"] for n, r in results
        ]
        return markdown(["n", "seconds", "operations"], cells)
    if kind == "command":
        rows = [
            [w, *(f"{s:.2f}" for s in r["seconds"].values()), f"{r['megabytes']:.0f}"]
            for w, r in results
            if "seconds" in r
        ]
        return markdown(["command", "seconds", "CPU seconds", "MB of a process"], rows)
    times = [f"{stage} s" for stage in (*STAGES, "whole")]
    heads = [kind, "nodes", "steps", *times, "KB"]
    rows = []
    for what, r in results:
        if "refused" in r:
            rows.append([str(what), *["—"] * (len(heads) - 2), r["refused"]])
            continue
        seconds = [*r["seconds"].values()]
        times = [f"{s:.2f}" for s in (*seconds, sum(seconds))]
        rows.append(
            [str(what), str(r["nodes"]), str(r["steps"]), *times, f"{r['bytes'] / 1e3:.0f}"]
        )
    return markdown(heads, rows)


def points(
    results: Sequence[tuple[Case, dict[str, Any]]], kind: str, by: str = ""
) -> list[tuple[float, float]]:
    """Sizes and whole times; the size is the case itself where no measure is named."""
    found = [(r[by] if by else w, r) for (k, w), r in results if k == kind and "seconds" in r]
    return sorted((size, sum(r["seconds"].values())) for size, r in found)


def picture(results: Sequence[tuple[Case, dict[str, Any]]], file: Path) -> None:
    """Seconds against steps, calls and size."""
    panels = {
        "shipped layers, by steps": points(results, "layer", "steps"),
        "chains, by calls": points(results, "chain"),
        "SymPy's softmax Jacobian, by n": points(results, "softmax"),
    }
    some = {title: p for title, p in panels.items() if p}
    if some:
        plots.scatter(some, "seconds", file)


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    made = argparse.ArgumentParser(
        prog="python -m bench.derive",
        description="Time deriving, proving and emitting.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kinds = ("layer", "edge", "chain", "command", "softmax")
    made.add_argument("--kinds", nargs="+", choices=kinds, default=kinds)
    made.add_argument("--timeout", type=int, default=120, help="seconds for a case (120)")
    made.add_argument("--out", type=Path, default=Path("bench/results"), metavar="DIR")
    made.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    return made


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and write; returns the exit status."""
    given = parser().parse_args(arguments)
    if given.one:
        print(json.dumps(work(tuple(given.one))))
        return 0
    results: list[tuple[Case, dict[str, Any]]] = []
    status = 0
    try:
        for case in tqdm(cases(given.kinds), desc="cases", disable=None):
            results.append((case, measure(case, given.timeout)))
    except KeyboardInterrupt:
        print("\ninterrupted; what is done is kept", file=sys.stderr)
        status = 130
    text = (
        f"# Time to derive\n\nSeconds in fresh processes. A chain may have {longest()} calls.\n\n"
    )
    text += f"{machine.sentences(machine.describe())}\n\n{table(results)}"
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "derive.md").write_text(text, encoding="utf-8")
    (given.out / "derive.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    picture(results, given.out / "derive.svg")
    print(text, end="")
    return status


if __name__ == "__main__":
    sys.exit(main())
