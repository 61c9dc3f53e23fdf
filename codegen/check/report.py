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
    return [asdict(report) for report in reports]


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
    if report.right_until and report.faults:
        seen = report.right_until
        yield f"  right until line {seen.line}: `{seen.source}` is {seen.title}"
    if report.example:
        yield "  the smallest example that shows it:"
        yield from (f"    {line}" for line in report.example.splitlines())


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
    if fault.line:
        value = f" is {fault.is_}" if fault.is_ else ""
        rights = listed([cotangent_name(t) for t in fault.makes_right])
        yield f"line {fault.line}: `{fault.source}`{value}"
        if fault.wanted:
            yield f"  wanted for {fault.sets}: {fault.wanted}"
        if fault.repair:
            yield f"  with `{fault.repair}` {rights} would be right"
    else:
        yield f"{fault.sets}{f' is {fault.is_}' if fault.is_ else ''}"
        yield f"  wanted: {fault.wanted}"
    why = fault.explanation
    if why is not None:
        yield f"  as it is, {'; and '.join(why.words)}{f': {why.formula}' if why.formula else ''}"
    elif fault.wanted and not fault.repair:
        yield "  no single change of the formulas gives these numbers"


def listed(words: Sequence[str]) -> str:
    """Words with commas, and `and` before the last.

    >>> listed(["dW", "dc", "db"])
    'dW, dc and db'
    """
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
