"""The whole way of a file: its gradients beside those that are proved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pullback.codegen.check.blaming import faults_of, right_until, searched, unplaced
from pullback.codegen.check.by_numbers import sizes_in_words
from pullback.codegen.check.calling import Ran, called, gradients, output, words_of
from pullback.codegen.check.comparing import status
from pullback.codegen.check.conventions import NotComparable, plan
from pullback.codegen.check.explaining import Explainer
from pullback.codegen.check.found import Report
from pullback.codegen.check.smallest import example
from pullback.derive.calculus.derivation import Derivation

# part of the time that is given, and seconds, for each line
EXPLAINING, MOST_EXPLAINING = 0.05, 0.8
MOST = 1.2  # seconds for all lines


def check_file(
    derivation: Derivation,
    path: Path,
    seconds: float,
    names: Mapping[str, str] | None = None,
    function: str | None = None,
) -> Report:
    """Run the gradients of a file beside those of a proved derivation, and say why they differ."""
    layer = derivation.layer
    try:
        how = plan(path, layer, names or {}, function)
        runs = called(derivation, how, seconds)
    except NotComparable as error:
        return Report(str(path), layer.name, function or "", 2, problem=str(error))
    first = report = reported(path, runs[0], seconds, 1 / len(runs))
    for ran in runs[1:]:
        if report.status != 1 or any(f.repair for f in report.faults):
            break
        report = reported(path, ran, seconds, 1 / len(runs))
    return report if any(f.repair for f in report.faults) else first


def reported(path: Path, ran: Ran, seconds: float, part: float) -> Report:
    """The report on one run, with reasons where something is wrong, found in part of the time."""
    layer, found = ran.quantities.layer, gradients(ran)
    code = 1 if ran.raised else status(found, layer.wrt)
    report = Report(
        name=str(path),
        against=layer.name,
        function=ran.plan.backward.function,
        status=code,
        gradients=tuple(found),
        output=output(ran),
        raised=words_of(ran),
        sizes=sizes_in_words(ran.quantities),
    )
    return explained(report, ran, seconds, part) if code == 1 else report


def explained(report: Report, ran: Ran, seconds: float, part: float) -> Report:
    """The report with the lines where it goes wrong, and why."""
    try:
        said = searched(ran, seconds, part)
    except NotComparable as error:
        return replace(report, remarks=(f"the line was not found: {error}",))
    explainer = Explainer(ran.quantities, min(seconds * EXPLAINING, MOST_EXPLAINING), part * MOST)
    faults = sorted(faults_of(ran, said, explainer), key=lambda fault: fault.line)
    if not faults and not ran.raised:
        faults = [*unplaced(ran, report, explainer)]
    first = min((f.line for f in faults if f.line), default=0)
    return replace(
        report,
        faults=tuple(faults),
        right_until=right_until(ran, said, first),
        example=example(ran, seconds),
    )
