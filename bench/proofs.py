"""Count which steps are proved for every size, and see corrupted ones refused: `make trust`."""

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time

from tqdm import tqdm

from bench.tables import markdown
from pullback.codegen import library
from pullback.codegen.faults import DEEP
from pullback.derive.calculus.derivation import Derivation, derive
from pullback.derive.calculus.steps import Chain, Step
from pullback.derive.errors import ProofFailed, PullbackError
from pullback.derive.proof.proving import chains, every_size_checker
from pullback.derive.proof.step_check import check_step
from pullback.derive.read.reader import read_layer
from tests.mutated_steps import mutants
from tests.random_layers import text_of

EDGES = Path(__file__).parent.parent / "tests" / "edges"
HELP = """\
examples:
  python -m bench.proofs                     shipped layers, edges, 300 random layers
  python -m bench.proofs --random 50         fewer random ones
  python -m bench.proofs --mutants 4         four corrupted copies of every step, too
"""


@dataclass
class Count:
    """How many definitions there are, how many steps these have, and how many are proved."""

    definitions: int = 0
    steps: int = 0
    proved: int = 0
    seconds: float = 0.0  # of this process, for checking
    left: list[str] = field(default_factory=list)  # what is not decided
    mutants: int = 0
    accepted: int = 0  # mutants that are proved, each of which holds when written out
    false: int = 0  # mutants that are proved and do not hold


def shipped() -> Iterable[tuple[str, str]]:
    """The shipped definitions."""
    return [(name, library.shipped_source(name)) for name in library.shipped()]


def edges() -> Iterable[tuple[str, str]]:
    """Definitions at an edge: masks, ties, places that coincide."""
    return [(p.stem, p.read_text(encoding="utf-8")) for p in sorted(EDGES.glob("*.toml"))]


def counted(name: str, definitions: Sequence[tuple[str, str]], each: int) -> Count:
    """The counts of some definitions; those that cannot be derived are left out."""
    count = Count()
    for own, text in tqdm(definitions, name, leave=False, disable=None):
        try:
            with DEEP:
                derivation = derive(read_layer(own, text, library.shipped_source))
        except PullbackError:
            continue
        count.definitions += 1
        with DEEP:
            one(count, own, derivation, each)
    return count


def one(count: Count, name: str, derivation: Derivation, each: int) -> None:
    """Count the steps of a derivation, and some mutants of each."""
    checker = every_size_checker(derivation.labelled)
    for what, chain, definitions in chains(derivation):
        start = process_time()
        verdicts = checker.chain(chain, definitions)
        count.seconds += process_time() - start
        for place, (step, verdict) in enumerate(zip(chain.steps, verdicts, strict=True)):
            count.steps += 1
            count.proved += verdict.proved
            if not verdict.proved:
                count.left.append(f"{name}: {what}: {step.law}: {verdict.why[:80]}")
            for _, mutant in mutants(step.after, each, count.steps) if each else ():
                wrong = Step(step.law, step.before, mutant, step.assumes)
                mixed = Chain(chain.start, (*chain.steps[:place], wrong))
                count.mutants += 1
                if checker.chain(mixed, definitions)[-1].proved:
                    count.accepted += 1
                    count.false += not holds(
                        lambda w=what, s=wrong, d=definitions: check_step(derivation.layer, w, s, d)
                    )


def holds(check: Callable[[], object]) -> bool:
    """Does a step hold, written out?"""
    try:
        check()
    except ProofFailed:
        return False
    return True


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=HELP, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--random", type=int, default=300, help="how many random definitions")
    parser.add_argument("--mutants", type=int, default=0, help="corrupted copies of every step")
    parser.add_argument("--left", action="store_true", help="list what is not decided")
    options = parser.parse_args()
    own = [("own", text_of(seed)) for seed in range(options.random)]
    rows, left = [], []
    for name, found in (("shipped", shipped()), ("edges", edges()), ("random", own)):
        count = counted(name, list(found), options.mutants)
        left += [f"{name}: {text}" for text in count.left]
        share = f"{100 * count.proved / count.steps:.2f} %" if count.steps else ""
        row = [name, count.definitions, count.steps, count.proved, share, f"{count.seconds:.1f}"]
        if options.mutants:
            row += [count.mutants, count.accepted, count.false]
        rows.append([str(cell) for cell in row])
    head = ["definitions", "number", "steps", "proved for every size", "share", "CPU seconds"]
    if options.mutants:
        head += ["mutants", "of these true", "false and accepted"]
    print(markdown(head, rows))
    if options.left:
        print("\n".join(left))


if __name__ == "__main__":
    main()
