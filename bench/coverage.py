"""What other places define and differentiate, said in this language: `python -m bench.coverage`.

Each row of the tables in `tests/coverage/` is derived, proved and emitted; its module passes its
own tests, and is held against the row's reference at one point: value and gradients.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path
from time import process_time
from types import ModuleType
from typing import Any

import numpy as np
from tqdm import tqdm

from bench.tables import markdown
from pullback.codegen.compiler import lowered
from pullback.codegen.faults import stages
from pullback.codegen.targets.numpy.loading import loaded
from pullback.derive.calculus.derivation import derive
from pullback.derive.errors import PullbackError, TooLarge
from pullback.derive.layer import Layer
from pullback.derive.proof.proving import prove
from pullback.derive.read.reader import read_layer
from tests.coverage.onnx_cases import Cases, cases
from tests.coverage.onnx_operators import Said
from tests.coverage.rows import Row, Table, called, draw, source
from tests.coverage.tables import TABLES

Key = tuple[str, str]  # the title of a table, and that of a row
Uses = list[tuple[str, str, Said, Any]]
Work = Callable[[Any], list[tuple[Key, "Found"]]]
NODES = "ONNX"
ABOUT_NODES = """\
The node test cases that the package onnx carries: {said} of {all} are said and have the values that
the case has, within its own tolerance. A rule makes a definition of a node's attributes and ranks
(`tests/coverage/onnx_operators.py`); an error is relative to the largest entry or to 1, and is that
of the case's float32 or float16."""
SECONDS = 120  # of the CPU, for a definition to go through every stage
RTOL, ATOL = 1e-3, 1e-7  # the tolerance that cases have
NOT_RUN = "not run"
KEPT = Path("build/coverage.jsonl")  # what a run has found so far
LIMIT = 1e-10  # of an error, relative to the largest entry of the array or to 1
HELP = """\
examples:
  python -m bench.coverage                       all tables, into docs/coverage.md
  python -m bench.coverage --only conv2d gru_cell  these definitions, printed and not written
  python -m bench.coverage --go-on               where a stopped run left off
"""


ABOUT = """\
# Coverage

What other places define and differentiate, said as definitions of this language. `make coverage`
derives each, proves it, emits its module, sees that pass its own tests, and holds it against the
source's own code in float64: value and all gradients, by automatic differentiation there.
Definitions stand in `tests/coverage/`, or in `layers/` where they are shipped. Seconds are those of
one CPU for deriving alone; an error is the largest of any entry, relative to the largest of its
array or to 1.
"""


@dataclass(frozen=True)
class Made:
    """A definition's module, the seconds that it took to derive, and how many steps are proved."""

    layer: Layer
    code: ModuleType
    seconds: float
    proved: int
    steps: int


@dataclass(frozen=True)
class Found:
    """What came of a row; `fault` is why nothing did."""

    made: tuple[float, int, int] = (0.0, 0, 0)
    error: float = float("nan")
    fault: str = ""


class Slow(BaseException):
    """A definition has taken its time; no stage takes this for a fault of its own."""


@contextmanager
def in_time() -> Iterator[None]:
    """A block that ends, with TooLarge, when it has had its seconds of the CPU."""

    def stop(*_: object) -> None:
        raise Slow

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    except Slow:
        raise TooLarge(f"takes more than {SECONDS} s") from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@cache
def made(name: str, text: str) -> Made:
    """A definition through every stage; its module has passed its own tests."""
    with in_time(), stages(name, text):
        layer = read_layer(name, text, called)
        start = process_time()
        derivation = derive(layer)
        seconds = process_time() - start
        proof = prove(derivation)
        compiled = lowered(proof)
        emission = compiled.emit()
        compiled.target.tests(derivation, emission, name)
    proved = sum(check.every_size for _, check in proof.steps)
    code = loaded(emission.module, layer)
    return Made(layer, code, seconds, proved, len(proof.steps))


def found(row: Row) -> Found:
    """A row's definition, and its numbers beside those of the reference."""
    try:
        own = made(row.definition, source(row.definition))
    except PullbackError as error:
        return Found(fault=" ".join(str(error).split()))
    try:
        error = apart(row, own)
    except Exception as error_:
        return Found(fault=f"{type(error_).__name__}: {' '.join(str(error_).split())}")
    return Found((own.seconds, own.proved, own.steps), error)


def apart(row: Row, own: Made) -> float:
    """The largest error of the output and of the gradients."""
    import torch

    torch.set_num_threads(1)
    inputs = draw(row)
    tensors = {name: torch.tensor(value) for name, value in inputs.items()}
    for name in own.layer.wrt:
        tensors[name].requires_grad_()
    wanted = row.reference(**tensors)
    given = [inputs[t.name] for t in own.layer.inputs]
    output, cache_ = own.code.forward(*(v if np.shape(v) else v.item() for v in given))
    g = np.asarray(np.random.default_rng(1).normal(size=np.shape(output)))
    gradients = own.code.backward(g if g.shape else g.item(), cache_)
    wrt = [tensors[name] for name in own.layer.wrt]
    slopes = torch.autograd.grad(wanted, wrt, torch.tensor(g), materialize_grads=True)
    pairs = [(output, wanted), *zip(gradients, slopes, strict=True)]
    return max(difference(ours, theirs.detach().numpy()) for ours, theirs in pairs)


def difference(ours: Any, theirs: np.ndarray) -> float:
    """The largest error, relative to the largest entry or to 1."""
    if np.shape(ours) != theirs.shape:
        raise ValueError(f"the shape is {np.shape(ours)}, and that of the reference {theirs.shape}")
    scale = max(1.0, np.abs(theirs).max(initial=0.0))
    return float(np.abs(ours - theirs).max(initial=0.0) / scale)


HEADS = ("what", "definition", "s to derive", "proved for every size", "error")


def cells(row: Row, what: Found | None) -> list[str]:
    """A row as it is printed; one that a stopped run did not come to says so."""
    if what is None:
        return [row.title, row.definition, "", "", NOT_RUN]
    if what.fault:
        return [row.title, row.definition, "", "", what.fault]
    seconds, proved, steps = what.made
    size = "yes" if proved == steps else f"{proved} of {steps} steps"
    return [row.title, row.definition, f"{seconds:.2f}", size, f"{what.error:.0e}"]


def section(table: Table, results: dict[Key, Found]) -> str:
    """A table with its words, and what is left."""
    rows = [cells(row, results.get((table.title, row.title))) for row in table.rows]
    right = {
        row.name: all(
            (what := results.get((table.title, other.title))) and not bad(what)
            for other in table.rows
            if other.name == row.name
        )
        for row in table.rows
    }
    count = f"{len(right)} have rows here, and {sum(right.values())} of them have been run."
    parts = [f"## {table.title}\n", f"{table.about} {count}\n", markdown(HEADS, rows)]
    if table.left:
        parts.append("Not said:\n")
        parts.append("\n".join(f"- {name}: {why}" for name, why in table.left.items()) + "\n")
    return "\n".join(parts)


def bad(what: Found) -> bool:
    """Did a row go wrong?"""
    return bool(what.fault) or not what.error <= LIMIT


def of_definition(name: str) -> list[tuple[Key, Found]]:
    """All rows of a definition, which is worked out once."""
    return [
        ((table.title, row.title), found(row))
        for table in TABLES
        for row in table.rows
        if row.definition == name
    ]


def of_node(task: tuple[str, Uses]) -> list[tuple[Key, Found]]:
    """What a definition of a node gives in each of its cases, beside what the case has."""
    text, uses = task
    try:
        own = made("node", text)
    except PullbackError as error:
        fault = " ".join(str(error).split())
        return [((NODES, f"{name} {text}"), Found(fault=fault)) for _, name, _, _ in uses]
    results = []
    for _, name, said, wanted in uses:
        given = [np.asarray(said.inputs[t.name]) for t in own.layer.inputs]
        try:
            with np.errstate(all="ignore"):
                output = own.code.value(*(v if v.shape else v.item() for v in given))
        except ValueError as error:
            results.append(((NODES, f"{name} {text}"), Found(fault=str(error))))
            continue
        ours, theirs = np.reshape(output, wanted.shape), wanted.astype(float)
        right = np.allclose(ours, theirs, RTOL, ATOL, equal_nan=True)
        finite = np.isfinite(ours) & np.isfinite(theirs)
        error = difference(np.where(finite, ours, 0), np.where(finite, theirs, 0))
        fault = "" if right else f"is not what the case has, by {error:.0e}"
        what = Found((own.seconds, own.proved, own.steps), error, fault)
        results.append(((NODES, f"{name} {text}"), what))
    return results


def run(work: Work, tasks: Sequence[Any], kept: Path | None, what: str) -> dict[Key, Found]:
    """All tasks on all processors; what comes of them is written down at once where it is kept."""
    results: dict[Key, Found] = {}
    with ProcessPoolExecutor(max(1, min(os.cpu_count() or 1, len(tasks)))) as pool:
        waiting = [pool.submit(work, task) for task in tasks]
        for done in tqdm(as_completed(waiting), what, len(tasks), disable=None):
            results.update(done.result())
            if kept:
                with kept.open("a", encoding="utf-8") as file:
                    for key, value in done.result():
                        file.write(json.dumps([key, astuple(value)]) + "\n")
    return results


def known(kept: Path) -> dict[Key, Found]:
    """What an earlier run has written down."""
    if not kept.is_file():
        return {}
    lines = map(json.loads, kept.read_text(encoding="utf-8").splitlines())
    return {(t, r): Found(tuple(m), error, fault) for (t, r), (m, error, fault) in lines}


def nodes_section(every: Cases, results: dict[Key, Found]) -> str:
    """The table of ONNX, a row for each operator, with a definition of each."""
    uses: dict[str, list[tuple[str, str]]] = {}
    for text, of_text in every.uses.items():
        for operator, name, _, _ in of_text:
            uses.setdefault(operator, []).append((name, text))
    rows, texts, said = [], [], 0
    for operator in sorted(every.names):
        own = uses[operator]
        found = {key: results.get((NODES, f"{key[0]} {key[1]}")) for key in own}
        names = {name: [found[key] for key in own if key[0] == name] for name, _ in own}
        good = [n for n, parts in names.items() if all(p and not p.fault for p in parts)]
        said += len(good)
        fine = [p for p in {text: found[name, text] for name, text in own}.values() if p]
        proved = sum(p.made[1] == p.made[2] > 0 for p in fine)
        left = sum(every.left.get(operator, Counter()).values())
        errors = [p.error for p in found.values() if p and not p.fault]
        ran = [operator, f"{len(good)} of {len(names) + left}", str(len({t for _, t in own}))]
        if errors:
            ran += [f"{max(p.made[0] for p in fine):.2f}", f"{proved} of {len(fine)}"]
        rows.append([*ran, f"{max(errors):.0e}"] if errors else [*ran, "", "", NOT_RUN])
        texts.append(f"# {operator}: {own[0][0]}\n{shown(own[0][1])}")
    parts = [f"## {NODES}\n", f"{ABOUT_NODES.format(said=said, all=sum(every.names.values()))}\n"]
    heads = ("operator", "cases", "definitions", "s to derive", "proved for every size", "error")
    parts.append(markdown(heads, rows))
    why = Counter[str]()
    for operator, reasons in sorted(every.left.items()):
        why.update({f"{operator}: {reason}": count for reason, count in reasons.items()})
    parts.append("Cases of these operators that are not said:\n")
    parts.append("\n".join(f"- {reason} ({count})" for reason, count in why.items()) + "\n")
    others = ", ".join(f"{name} {count}" for name, count in sorted(every.others.items()))
    parts.append(f"Operators that give floats and have no rule, with their cases: {others}.\n")
    parts.append("The first definition of each operator:\n")
    parts.append("```text\n" + "\n\n".join(texts) + "\n```\n")
    return "\n".join(parts)


def shown(text: str) -> str:
    """A definition without the marks of its file."""
    body = text.removeprefix('equations = """\n').replace('"""\n', "")
    return body.replace("[sizes]\n", "").rstrip()


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    made = argparse.ArgumentParser(
        prog="python -m bench.coverage",
        description=__doc__,
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--only", nargs="+", metavar="DEFINITION", help="print these, write nothing")
    made.add_argument("--go-on", action="store_true", help="take over what a stopped run found")
    made.add_argument("--no-more", action="store_true", help="write what that found, run nothing")
    made.add_argument("--out", type=Path, default=Path("docs/coverage.md"), metavar="FILE")
    return made


def asked(names: Sequence[str]) -> int:
    """Work some definitions out and print their rows."""
    results = run(of_definition, names, None, "definitions")
    for table in TABLES:
        for row in table.rows:
            if what := results.get((table.title, row.title)):
                print(" | ".join(cells(row, what)))
    return any(map(bad, results.values()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Work out, print what goes wrong, and write; returns the exit status."""
    given = parser().parse_args(arguments)
    if given.only:
        return asked(given.only)
    KEPT.parent.mkdir(exist_ok=True)
    if not (given.go_on or given.no_more):
        KEPT.unlink(missing_ok=True)
    every, results = cases(), known(KEPT)
    if not given.no_more:
        definitions = dict.fromkeys(
            row.definition
            for table in TABLES
            for row in table.rows
            if (table.title, row.title) not in results
        )
        results |= run(of_definition, [*definitions], KEPT, "definitions")
        nodes = [
            (text, uses)
            for text, uses in sorted(every.uses.items(), key=lambda use: len(use[0]))
            if any((NODES, f"{name} {text}") not in results for _, name, _, _ in uses)
        ]
        results |= run(of_node, nodes, KEPT, "nodes")
    for (_, title), what in results.items():
        if what.fault:
            print(f"{title}: {what.fault}")
    parts = [ABOUT, *(section(table, results) for table in TABLES), nodes_section(every, results)]
    given.out.write_text("\n".join(parts), encoding="utf-8")
    return any(bool(w.fault) if t == NODES else bad(w) for (t, _), w in results.items())


if __name__ == "__main__":
    sys.exit(main())
