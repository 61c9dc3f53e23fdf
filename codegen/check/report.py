"""What was found, as text for a terminal and as data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from pullback.codegen.check.comparing import RIGHT, Compared
from pullback.codegen.check.found import Fault, Report
from pullback.derive.calculus.derivation import cotangent_name


def text(report: Report) -> str:
    """A report for people."""
    return "\n".join(lines(report)) + "\n"


def data(reports: Sequence[Report]) -> list[dict[str, Any]]:
    """Reports as JSON has them."""
    return [asdict(report, dict_factory=spelled) for report in reports]


def spelled(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Fields but those that hold what is spelled in others."""
    return {name: value for name, value in pairs if name != "sides"}


def lines(report: Report) -> Iterator[str]:
    """The lines of a report."""
    if report.problem:
        yield f"could not be compared: {report.problem}"
        return
    where = f", {report.function}" if report.function else ""
    yield f"{report.name}{where}, against {report.against} at {report.sizes}"
    if report.raised:
        yield f"  raises: {report.raised}"
    else:
        yield from compared(report)
    yield from remarks(report)
    for fault in report.faults:
        yield ""
        yield from about(fault)
    if report.faults:
        yield from around(report)


def around(report: Report) -> Iterator[str]:
    """Where it is right before the first fault, and a small example."""
    seen = report.right_until
    if seen or report.example:
        yield ""
    if seen:
        yield f"right until line {seen.line}: `{seen.source}` is {seen.title}"
    if report.example:
        yield "a small example that shows it:"
        yield from (f"  {line}" for line in report.example.splitlines())


def compared(report: Report) -> Iterator[str]:
    """A line for the output and for each gradient."""
    names = {cotangent_name(g.tensor): g for g in report.gradients}
    rows: list[tuple[str, Compared]] = [*names.items()]
    if report.output is not None:
        rows.insert(0, (report.output.tensor, report.output))
    width = max((len(name) for name, _ in rows), default=0)
    for name, one in rows:
        why = one.reason or f"relative error {one.error:.2g}"
        yield f"  {name:<{width}}  {one.status}{'' if one.status == RIGHT else f': {why}'}"


def remarks(report: Report) -> Iterator[str]:
    """What else there is to say."""
    if report.status == 1 and not report.faults:
        yield "  no line was found at which the right value makes these right"
    yield from (f"  {remark}" for remark in report.remarks)


def about(fault: Fault) -> Iterator[str]:
    """What is said of one fault."""
    value = f" is {fault.is_}" if fault.is_ else ""
    if fault.line:
        yield f"line {fault.line}: `{fault.source}`{value}"
        sets = f" for {fault.sets}"
    else:
        yield f"{fault.sets}{value}"
        sets = ""
    if fault.wanted:
        yield f"  wanted{sets}: {fault.wanted}"
    why = fault.explanation
    if why is not None and why.formula:
        yield f"  what came: {why.formula}"
    if why is not None:
        yield f"  the slip: {'; and '.join(why.words)}"
    elif fault.wanted and not fault.repair:
        yield "  no single change of the formulas gives these numbers"
    if fault.repair:
        rights = listed([cotangent_name(t) for t in fault.makes_right])
        yield f"  with `{fault.repair}` {rights} would be right"


def listed(words: Sequence[str]) -> str:
    """Words with commas, and `and` before the last.

    >>> listed(["dW", "dc", "db"])
    'dW, dc and db'
    """
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
