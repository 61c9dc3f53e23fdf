"""Entrants for a row, checked against each other, then timed in turns."""

import time
from collections.abc import Callable, Mapping
from timeit import Timer
from typing import Any

import numpy as np

from bench import by_hand
from bench.peers import ENTRANTS, LIMIT, Entrant, LeftOut
from bench.tasks import Operands, Row

TOLERANCES = {"float32": 1e-4, "float64": 1e-12}  # of the largest entry of an array
ROUND_SECONDS = 0.02
REST_SECONDS = 0.002  # threads of the one before may still wait for work, and take a core
FEWEST = 3
PATIENCE = 4  # times the wanted seconds; then fewer rounds must do


class Mismatch(ArithmeticError):
    """Two entrants disagree."""


def enter(row: Row, o: Operands) -> tuple[dict[str, Entrant], dict[str, str]]:
    """Those who can take part, and why others cannot."""
    entrants, left_out = {}, {}
    for name, peer in ENTRANTS.items():
        try:
            entrants[name] = peer(row, o)
        except LeftOut as reason:
            left_out[name] = str(reason)
    return entrants, left_out


def reference(row: Row, o: Operands) -> list[Any]:
    """The results in float64, by hand."""
    given = [*o.inputs.values()] if o.g is None else [*o.inputs.values(), o.g]
    wide = [np.float64(v) if np.asarray(v).dtype.kind == "f" else v for v in given]
    return [np.asarray(a) for a in getattr(by_hand, row.layer)(*wide)]


def check(row: Row, o: Operands, entrants: Mapping[str, Entrant]) -> dict[str, float]:
    """The largest error of each entrant; raises Mismatch where one is too large."""
    arrays = ("output", *(f"d{name}" for name in o.wanted))
    wanted, errors = reference(row, o), {}
    for name, entrant in entrants.items():
        if name == LIMIT:
            continue
        found = [np.asarray(a) for a in entrant.read(entrant.call())]
        if len(found) != len(arrays):
            raise Mismatch(f"{row.name}: {name} gives {len(found)} arrays, wanted {len(arrays)}")
        errors[name] = max(
            error(f"{row.name}: {array} of {name}", a, b, TOLERANCES[row.dtype])
            for array, a, b in zip(arrays, found, wanted, strict=True)
        )
    return errors


def error(what: str, a: Any, b: Any, tolerance: float) -> float:
    """The largest difference over the largest entry; raises Mismatch where it is too large."""
    if a.shape != b.shape:
        raise Mismatch(f"{what} has shape {a.shape}, wanted {b.shape}")
    with np.errstate(invalid="ignore"):
        found = float(np.max(np.abs(a - b), initial=0) / (np.max(np.abs(b), initial=0) or 1))
    if not found <= tolerance:
        raise Mismatch(f"{what} is off by {found:.1e}, allowed {tolerance:.0e}")
    return found


def repetitions(call: Callable[[], Any]) -> int:
    """How many calls in a row last a round."""
    timer = Timer(call)
    one = timer.timeit(1)
    if one > ROUND_SECONDS:
        return 1
    one = min(one, timer.timeit(3) / 3)
    return max(1, round(ROUND_SECONDS / one))


def time_rounds(
    entrants: Mapping[str, Entrant], rounds: int, seconds: float
) -> dict[str, list[float]]:
    """Seconds per call of each entrant in each round; every other round runs backwards.

    Ends after so many rounds, or seconds where at least three are done by then; slow rows end with
    fewer.
    """
    timers = {name: Timer(e.call) for name, e in entrants.items()}
    counts = {name: repetitions(e.call) for name, e in entrants.items()}
    found: dict[str, list[float]] = {name: [] for name in entrants}
    order, start = list(entrants), time.perf_counter()
    for done in range(rounds):
        passed = time.perf_counter() - start
        if passed > (seconds if done >= FEWEST else PATIENCE * seconds):
            break
        for name in order:
            time.sleep(REST_SECONDS)
            found[name].append(timers[name].timeit(counts[name]) / counts[name])
        order.reverse()
    return found
