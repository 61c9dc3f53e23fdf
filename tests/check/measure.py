"""How many mutants are named right: gradients, line and change.

`python -m tests.check.measure N FILE…` takes every N-th mutant of these right files, or of all;
`N+K` begins with the K-th.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pullback.codegen.check.calling import LEADS, arguments, drawn
from pullback.codegen.check.checking import check_file
from pullback.codegen.check.comparing import NOT_COMPARED, TOLERANCE, relative
from pullback.codegen.check.conventions import gradient_names, plan
from pullback.codegen.check.found import Report
from pullback.codegen.check.inside.running import Loaded, parts
from pullback.codegen.check.quantities import Quantities
from pullback.codegen.interface.shapes import has_batch
from pullback.derive.calculus.derivation import cotangent_name
from tests.check.mutants import RIGHT, Mutant, layer_of, mutants, names, normal
from tests.shipped import derived

SECONDS = 20.0


@dataclass(frozen=True)
class Judged:
    """A mutant and what was said of it; `truth` are the gradients that it makes wrong."""

    mutant: Mutant
    truth: frozenset[str]  # empty where it raises
    raises: bool
    report: Report
    seconds: float  # of the processor, with those of the processes that run the file

    @property
    def gradients(self) -> bool:
        """Are the gradients flagged that are wrong, and no others?"""
        if self.raises:
            return bool(self.report.raised)
        flagged = {g.tensor for g in self.report.gradients if g.status != "right"}
        return flagged == self.truth

    @property
    def line(self) -> bool:
        """Is the first line that is blamed the one that was changed?"""
        return bool(self.report.faults) and self.report.faults[0].line in self.mutant.lines

    @property
    def change(self) -> bool:
        """Is a change named, tested by its numbers: of the formula, or of the line?"""
        faults = self.report.faults
        return bool(faults) and (faults[0].explanation is not None or faults[0].repair is not None)

    @property
    def named(self) -> bool:
        """Is all of it told? Where a gradient is not returned, that is all there is to tell."""
        missing = {g.tensor for g in self.report.gradients if g.status == NOT_COMPARED}
        whole = self.gradients and self.truth == missing and not self.raises
        return whole or (self.gradients and self.line and self.change)

    @property
    def verbatim(self) -> bool:
        return bool(self.report.faults) and self.report.faults[0].repair == self.mutant.old


class Judge:
    """Runs right files and mutants here, on inputs of their own, and has mutants checked."""

    def __init__(self, name: str) -> None:
        self.name, self.derivation = name, derived(layer_of(name))
        self.path = RIGHT / f"{name}.py"
        self.how = plan(self.path, self.derivation.layer, {}, None)
        leads = LEADS if has_batch(*self.derivation.layer.tensors.values()) else LEADS[:1]
        self.rights = {lead: self.run(normal(name), lead) for lead in leads}
        self.lead = next(lead for lead, right in self.rights.items() if right)
        self.right = self.rights[self.lead]

    def run(self, text: str, lead: tuple[int, ...]) -> dict[str, np.ndarray] | None:
        """The gradients that a file gives; None where it raises or their shapes are not right."""
        q = Quantities(self.derivation, drawn(self.derivation, self.how, lead, seed=7))
        call = lambda c: c and {  # noqa: E731
            "function": c.function, "positional": c.positional, "keywords": c.keywords
        }  # fmt: skip
        request = {
            "file": "mutant.py", "text": text,
            "backward": call(self.how.backward), "forward": call(self.how.forward),
        }  # fmt: skip
        arrays = {f"given {n}": a for n, a in arguments(self.how, q).items()}
        try:
            with np.errstate(all="ignore"):
                found = parts(Loaded(request, arrays).call()[1])
        except Exception:
            return None
        came = {tuple(p): a for p, a in found}
        known = lambda n: cotangent_name(n) in q.tensors  # noqa: E731
        where = gradient_names([*came], self.how, self.derivation.layer, known)
        result = {t: came[p] for t, p in where.items()}
        shapes = {
            t: q.shaped(q.world.arrays[cotangent_name(t)], q.tensors[cotangent_name(t)]).shape
            for t in result
        }
        fits = text != normal(self.name) or all(result[t].shape == s for t, s in shapes.items())
        return result if fits else None

    def is_right(self, text: str) -> bool:
        """Does a file give the right gradients for a number of leading axes that it may take?"""
        for lead, right in self.rights.items():
            came = self.run(text, lead)
            if right and came and not any(differs(a, came.get(t)) for t, a in right.items()):
                return True
        return False

    def judged(self, mutant: Mutant) -> Judged | None:
        """What is said of a mutant; None where it gives the same gradients."""
        if self.is_right(mutant.text):
            return None
        came = self.run(mutant.text, self.lead)
        truth: frozenset[str] = frozenset()
        if came is not None:
            truth = frozenset(t for t, a in self.right.items() if differs(a, came.get(t)))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{self.name}.py"
            path.write_text(mutant.text, "utf-8")
            start = sum(os.times()[:4])
            report = check_file(self.derivation, path, SECONDS)
            return Judged(mutant, truth, came is None, report, sum(os.times()[:4]) - start)


def differs(right: np.ndarray, came: np.ndarray | None) -> bool:
    if came is None or came.shape != right.shape or not np.isfinite(came).all():
        return True
    return relative(came, right) > TOLERANCE


def judged(chosen: list[str], every: int = 1, first: int = 0) -> list[Judged]:
    """Each `every`-th mutant of these files, from the `first` on, if it is not right."""
    found = []
    for name in chosen:
        judge = Judge(name)
        for k, mutant in enumerate(mutants(name)):
            if k % every == first and (one := judge.judged(mutant)) is not None:
                found.append(one)
    return found


def main() -> None:
    every, first = map(int, ([*sys.argv[1:2], "1"][0] + "+0").split("+")[:2])
    found, kinds, missed = [], Counter(), Counter()
    for name in sys.argv[2:] or names():
        some = judged([name], every, first)
        found += some
        for one in some:
            kinds[one.mutant.kind] += 1
            if not one.named:
                missed[one.mutant.kind] += 1
                what = "".join("-+"[ok] for ok in (one.gradients, one.line, one.change))
                at = one.report.faults[0].line if one.report.faults else one.report.problem
                m = one.mutant
                print(
                    f"{what} {m.name}:{m.line} {m.kind}: {m.old} -> {m.new}  blamed {at} "
                    f"{one.report.raised} {one.seconds:.1f} s",
                    flush=True,
                )
    for what in ("gradients", "line", "change", "named", "verbatim"):
        print(f"{what}: {sum(getattr(f, what) for f in found)} of {len(found)}")
    print(
        "raising:",
        sum(f.raises for f in found),
        "of them named",
        sum(f.named for f in found if f.raises),
    )
    print("slowest:", max(f.seconds for f in found), "mean", np.mean([f.seconds for f in found]))
    print({k: f"{kinds[k] - missed[k]}/{n}" for k, n in sorted(kinds.items())})


if __name__ == "__main__":
    main()
