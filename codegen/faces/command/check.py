"""The command `pullback check`."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, cast

from pullback.codegen import library
from pullback.codegen.check.checking import check_file
from pullback.codegen.check.claims import check_claims
from pullback.codegen.check.found import Report
from pullback.codegen.check.report import data, text
from pullback.codegen.faces.options import add_shapes, pairs
from pullback.codegen.faces.progress import doing, nothing_more, watched
from pullback.codegen.faces.remembered import key_of, remembered
from pullback.codegen.faults import stages
from pullback.derive.calculus.derivation import Derivation, derive
from pullback.derive.proof.proving import prove
from pullback.derive.read.reader import read_layer

PYTHON = ".py"
SECONDS = 20.0
MAX_SECONDS = 3600.0
EXAMPLES = """examples:
  pullback check homework.py --against mlp
  pullback check homework.py --shapes "x=N D; W=D K; b=K"    against its own forward
  pullback check homework.py --against my_layer.toml --function loss
  pullback check homework.py --against mlp --names X=x,W1=W,b1=c,W2=w,b2=b,reg=lamda
  pullback check mlp --claim "dW = x.T @ du / N"
  pullback check hand_in/*.py --against mlp --format json > marks.json

The code of each file is run, in a process of its own with limits on time and memory, but
with the rights that you have: check only files that you would run. Exit status: 0 all
gradients are right, 1 one is wrong, 2 one could not be compared.
"""


def add(checked: ArgumentParser) -> None:
    """The arguments of `check`."""
    checked.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="Python files with 'backward', or with a function that returns a loss and gradients; "
        "they are run. With --claim a definition in their place",
    )
    checked.add_argument(
        "--against",
        metavar="DEFINITION",
        help="a shipped layer's name or a .toml file (default: the file's own 'forward')",
    )
    add_shapes(checked)
    checked.add_argument(
        "--claim",
        action="append",
        default=[],
        metavar="FORMULA",
        help='a formula in NumPy in place of a file, as in "dW = x.T @ du"; it is read, never run',
    )
    checked.add_argument(
        "--function", metavar="NAME", help="the function that returns gradients (default: backward)"
    )
    checked.add_argument(
        "--names",
        type=own_names,
        default={},
        metavar="THEIRS=OURS,…",
        help="names of the file's that stand for names of the definition, as in W1=W,b1=c",
    )
    checked.add_argument(
        "--timeout",
        type=seconds,
        default=SECONDS,
        metavar="SECONDS",
        help=f"how long the code of a file may run, each time (default: {SECONDS:g})",
    )
    checked.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="for people (default), or data for graders",
    )


def own_names(given: str) -> dict[str, str]:
    """Names from `W1=W,b1=c`."""
    return pairs(given, "W1=W", lambda theirs, ours: theirs.isidentifier() and ours.isidentifier())


def seconds(given: str) -> float:
    """A time."""
    try:
        found = float(given)
    except ValueError:
        found = 0.0
    if not 0 < found <= MAX_SECONDS:
        raise ArgumentTypeError(f"{given!r} is no number of seconds above 0, up to {MAX_SECONDS:g}")
    return found


def run(options: Namespace) -> int:
    """Reports on files or on claims; the worst of their states."""
    found = claims(options) if options.claim else files(options)
    nothing_more()
    if options.format == "json":
        print(json.dumps(data(found), ensure_ascii=False, indent=2))
    else:
        print("\n".join(map(text, found)), end="")
    states = {report.status for report in found}
    return 1 if 1 in states else max(states)


def claims(options: Namespace) -> list[Report]:
    """Each claim against one definition."""
    refuse = cast(Callable[[str], NoReturn], options.refuse)
    if len(options.files) != 1 or options.against:
        refuse('--claim goes with one definition: pullback check mlp --claim "dW = x.T @ du"')
    derivation = right(options.files[0], options.shapes)
    with stages(options.files[0], ""):
        return [
            report
            for claim in options.claim
            for report in check_claims(derivation, claim, options.timeout)
        ]


def files(options: Namespace) -> list[Report]:
    """Each file against its definition."""
    refuse = cast(Callable[[str], NoReturn], options.refuse)
    for file in options.files:
        if not file.endswith(PYTHON):
            refuse(f"{file!r} is no {PYTHON} file; --claim checks a formula against a definition")
    shared = right(options.against, options.shapes) if options.against else None
    print(
        f"pullback: the code in {', '.join(options.files)} is run, in a process of its own",
        file=sys.stderr,
    )
    found = []
    for file in options.files:
        derivation = shared or right(f"{file}:forward", options.shapes)
        doing(f"check {file}")
        with stages(file, ""):
            found.append(
                check_file(derivation, Path(file), options.timeout, options.names, options.function)
            )
    return found


def right(definition: str, shapes: str) -> Derivation:
    """The derivation of a definition, proved now or by an earlier run of this engine."""
    definition = library.addressed(definition, shapes)
    name, source = library.find(definition)
    memory = remembered()
    with stages(name, source):
        doing(f"derive {name}")
        layer = read_layer(name, source, library.called_from(definition))
        key = key_of("proved, for check", layer.digest)
        derivation = derive(layer)
        if memory.get(key) is not True:
            derivation = prove(derivation, watched).derivation
            memory.put(key, True)
    return derivation
