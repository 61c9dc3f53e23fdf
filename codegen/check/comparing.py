"""Gradients beside ours: right, wrong, or not compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pullback.codegen.check.arrays import Array

TOLERANCE = 1e-6  # relative to the largest entry: what float64 loses, and a constant's last digits
NOTHING = 1e-7  # entries below this are measured as this: a gradient that is 0 comes as rounding
RIGHT, WRONG, NOT_COMPARED = "right", "wrong", "not compared"


@dataclass(frozen=True)
class Compared:
    """One gradient: its tensor, how it is, its relative error, and why where there is none."""

    tensor: str
    status: str
    error: float | None = None
    reason: str = ""


def compared(tensor: str, came: Array | None, wanted: Array) -> Compared:
    """One gradient beside the right one, by the largest entry; shapes must be the same."""
    if came is None:
        return Compared(tensor, NOT_COMPARED, reason="it is not returned")
    if came.shape != wanted.shape:
        reason = f"its shape is {came.shape}, wanted is {wanted.shape}"
        return Compared(tensor, WRONG, reason=reason)
    if not np.isfinite(came).all():
        return Compared(tensor, WRONG, reason="it has entries that are no numbers")
    error = relative(came, wanted)
    return Compared(tensor, RIGHT if error <= TOLERANCE else WRONG, error)


def relative(came: Array, wanted: Array) -> float:
    """The largest difference over the largest entry wanted."""
    scale = max(float(np.max(abs(wanted), initial=0)), NOTHING)
    return float(np.max(abs(came - wanted), initial=0)) / scale


def status(found: Sequence[Compared], wanted: Sequence[str]) -> int:
    """0 where all wanted gradients are right, 1 where one is wrong, else 2."""
    by_name: Mapping[str, str] = {c.tensor: c.status for c in found}
    if WRONG in by_name.values():
        return 1
    return 0 if all(by_name.get(w) == RIGHT for w in wanted) else 2
