"""Results as Markdown."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from statistics import median
from typing import Any

from bench.peers import FRESH, LIMIT, NATIVE, OURS, PEERS, PRECISE
from bench.tasks import AXES

Result = dict[str, Any]


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the first column to the left, the others to the right."""
    lines = [heads, [":--", *["--:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def plural(number: int, noun: str) -> str:
    """A number of things."""
    return f"{number} {noun}{'s' * (number != 1)}"


def ratio(result: Result, peer: str) -> float:
    """Our time over a peer's: the median of the ratios within each round."""
    ours, theirs = result["seconds"][OURS], result["seconds"][peer]
    return median(a / b for a, b in zip(ours, theirs, strict=True))


def micros(seconds: Sequence[float]) -> str:
    """The median in µs, three digits."""
    value = 1e6 * median(seconds)
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def cell(result: Result, peer: str) -> str:
    """A peer's time, and ours over it."""
    if peer not in result["seconds"]:
        return "—"
    times = micros(result["seconds"][peer])
    return times if peer == OURS else f"{times} ({ratio(result, peer):.2f})"


def speed(results: Sequence[Result]) -> str:
    """A table for each dtype and number of threads."""
    parts = []
    for (dtype, threads), group in groupby(
        sorted(results, key=lambda r: (r["dtype"], r["threads"])),
        lambda r: (r["dtype"], r["threads"]),
    ):
        heads = ["row", "rounds", *PEERS]
        rows = [
            [
                f"{r['layer']} {AXES[r['layer']]} = {', '.join(map(str, r['shape']))}",
                str(len(r["seconds"][OURS])),
                *(cell(r, peer) for peer in PEERS),
            ]
            for r in group
        ]
        title = f"## {dtype}, {plural(threads, 'thread')}"
        parts.append(f"{title}\n\n{markdown(heads, rows)}")
    return "\n".join(parts)


def left_out(results: Sequence[Result]) -> str:
    """Who did not take part, where and why."""
    reasons: dict[tuple[str, str], set[str]] = {}
    for r in results:
        for peer, reason in r["left_out"].items():
            reasons.setdefault((peer, reason), set()).add(r["layer"])
    lines = [
        f"- {peer}: {reason}: {', '.join(sorted(layers))}"
        for (peer, reason), layers in sorted(reasons.items())
    ]
    return "\n".join(lines)


def beaten(results: Sequence[Result]) -> str:
    """The rows in which a peer is faster than we are, worst first."""
    found = []
    for r in results:
        own = (OURS, FRESH, PRECISE, NATIVE, LIMIT)
        others = [(ratio(r, p), p) for p in r["seconds"] if p not in own]
        worst, peer = max(others, default=(0.0, ""))
        if worst > 1:
            name = f"{r['layer']} {'×'.join(map(str, r['shape']))} {r['dtype']}"
            words = f"{name}, {plural(r['threads'], 'thread')}: {worst:.2f} times {peer}"
            found.append((worst, words))
    return "\n".join(f"- {words}" for _, words in sorted(found, reverse=True))
