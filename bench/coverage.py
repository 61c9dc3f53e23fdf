"""What other places define and differentiate, said in this language: `python -m bench.coverage`.

Each row of the tables in `tests/coverage/` is derived, proved and emitted; its module passes its
own tests, and is held against the row's reference at one point: value and gradients.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
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
from pullback.derive.errors import PullbackError
from pullback.derive.layer import Layer
from pullback.derive.proof.proving import prove
from pullback.derive.read.reader import read_layer
from tests.coverage.rows import Row, Table, called, draw, source
from tests.coverage.tables import TABLES

Key = tuple[str, str]  # the title of a table, and that of a row
LIMIT = 1e-10  # of an error, relative to the largest entry of the array or to 1
HELP = """\
examples:
  python -m bench.coverage                       all tables, into docs/coverage.md
  python -m bench.coverage --only Conv2d GRUCell  these rows, printed and not written
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


@cache
def made(name: str) -> Made:
    """A definition through every stage; its module has passed its own tests."""
    text = source(name)
    with stages(name, text):
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
        own = made(row.definition)
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


def cells(row: Row, what: Found) -> list[str]:
    """A row as it is printed."""
    if what.fault:
        return [row.title, row.definition, "", "", what.fault]
    seconds, proved, steps = what.made
    size = "yes" if proved == steps else f"{proved} of {steps} steps"
    return [row.title, row.definition, f"{seconds:.2f}", size, f"{what.error:.0e}"]


def section(table: Table, results: dict[Key, Found]) -> str:
    """A table with its words, and what is left."""
    rows = [cells(row, results[table.title, row.title]) for row in table.rows]
    parts = [f"## {table.title}\n", f"{table.about}\n", markdown(HEADS, rows)]
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


def run(definitions: Sequence[str]) -> dict[Key, Found]:
    """The rows of these definitions, on all processors."""
    results: dict[Key, Found] = {}
    with ProcessPoolExecutor(min(os.cpu_count() or 1, len(definitions))) as pool:
        done = pool.map(of_definition, definitions)
        for rows in tqdm(done, "definitions", len(definitions), disable=None):
            results.update(rows)
    return results


def main(arguments: Sequence[str] | None = None) -> int:
    """Work out, print what goes wrong, and write; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.coverage",
        description=__doc__,
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only", nargs="+", metavar="DEFINITION", help="print these, write nothing"
    )
    parser.add_argument("--out", type=Path, default=Path("docs/coverage.md"), metavar="FILE")
    given = parser.parse_args(arguments)
    every = dict.fromkeys(row.definition for table in TABLES for row in table.rows)
    results = run(given.only or list(every))
    for table in TABLES:
        for row in table.rows:
            what = results.get((table.title, row.title))
            if what and (given.only or bad(what)):
                print(" | ".join(cells(row, what)))
    if not given.only:
        parts = [ABOUT, *(section(table, results) for table in TABLES)]
        given.out.write_text("\n".join(parts), encoding="utf-8")
    return any(map(bad, results.values()))


if __name__ == "__main__":
    sys.exit(main())
