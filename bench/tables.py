"""Results as Markdown."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from statistics import median
from typing import Any

from bench.peers import LIBRARIES, LIMIT, NATIVE, OURS, PEERS, TARGETS
from bench.tasks import AXES

Result = dict[str, Any]


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the first column to the left, the others to the right."""
    lines = [heads, [":--", *["--:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def plural(number: int, noun: str) -> str:
    """A number of things."""
    return f"{number} {noun}{'s' * (number != 1)}"


def ratio(result: Result, own: str, peers: Sequence[str] = LIBRARIES) -> float | None:
    """Our time over that of the fastest of some peers: the median of the ratios within each round.

    None where we or all of them take no part.
    """
    seconds = result["seconds"]
    if own not in seconds or not (there := [seconds[p] for p in peers if p in seconds]):
        return None
    fastest = map(min, zip(*there, strict=True))
    return median(a / b for a, b in zip(seconds[own], fastest, strict=True))


def micros(seconds: Sequence[float]) -> str:
    """The median in µs, three digits."""
    value = 1e6 * median(seconds)
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def cell(result: Result, entrant: str, ratios: Sequence[float | None]) -> str:
    """An entrant's time, and ratios to it or of it."""
    if entrant not in result["seconds"]:
        return "—"
    times = micros(result["seconds"][entrant])
    found = ", ".join("—" if r is None else f"{r:.2f}" for r in ratios)
    return f"{times} ({found})" if any(r is not None for r in ratios) else times


def target_cell(result: Result, target: str) -> str:
    """A target's time, over that of the fastest library."""
    return cell(result, target, [ratio(result, target)])


def peer_cell(result: Result, peer: str) -> str:
    """A peer's time, and those of the modules in NumPy and in C over it."""
    return cell(result, peer, [ratio(result, own, [peer]) for own in (OURS, NATIVE)])


def speed(results: Sequence[Result]) -> str:
    """Two tables for each dtype and number of threads: our targets, and the peers."""
    parts = []
    for (dtype, threads), group in groupby(
        sorted(results, key=lambda r: (r["dtype"], r["threads"])),
        lambda r: (r["dtype"], r["threads"]),
    ):
        rows = [*group]
        parts.append(f"## {dtype}, {plural(threads, 'thread')}\n")
        for columns, words in ((TARGETS, target_cell), (PEERS, peer_cell)):
            heads = ["row", "rounds", *columns]
            lines = [
                [
                    f"{r['layer']} {AXES[r['layer']]} = {', '.join(map(str, r['shape']))}",
                    str(len(r["seconds"][OURS])),
                    *(words(r, name) for name in columns),
                ]
                for r in rows
            ]
            parts.append(markdown(heads, lines))
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


def beaten(results: Sequence[Result], own: str) -> str:
    """The rows in which a peer is faster than one of our targets, worst first."""
    found = []
    for r in results:
        others = [(ratio(r, own, [p]), p) for p in PEERS if p in r["seconds"] and p != LIMIT]
        worst, peer = max(((w, p) for w, p in others if w is not None), default=(0.0, ""))
        if worst > 1:
            name = f"{r['layer']} {'×'.join(map(str, r['shape']))} {r['dtype']}"
            words = f"{name}, {plural(r['threads'], 'thread')}: {worst:.2f} times {peer}"
            found.append((worst, words))
    return "\n".join(f"- {words}" for _, words in sorted(found, reverse=True))
