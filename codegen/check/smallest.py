"""A small example: few and whole numbers at which a file's gradients differ from ours."""

from __future__ import annotations

import json

import numpy as np

from pullback.codegen.check.arrays import Array
from pullback.codegen.check.calling import Ran, called_with, came, drawn, gradients, wanted
from pullback.codegen.check.comparing import WRONG
from pullback.codegen.check.quantities import Quantities
from pullback.derive.calculus.derivation import cotangent_name

SMALL = ((1,), (2, 1), (2,))  # lengths of axes, each repeated


def example(ran: Ran, seconds: float) -> str:
    """The smallest inputs among a few at which the gradients still differ, in numbers."""
    if ran.raised:
        return ""
    lead = tuple(1 for _ in ran.quantities.drawn.lead)
    for lengths in SMALL:
        try:
            small = drawn(
                ran.quantities.derivation,
                ran.plan,
                lead if lengths == (1,) else tuple(2 for _ in lead),
                lengths=lengths * 12,
                whole=True,
            )
            again = called_with(ran.plan, Quantities(ran.quantities.derivation, small), seconds)
        except Exception:  # no such inputs, or the code takes none so small
            continue
        if again.raised:
            continue
        for found in gradients(again):
            if found.status == WRONG and found.error is not None and again.places:
                return in_numbers(again, found.tensor)
    return ""


def in_numbers(ran: Ran, tensor: str) -> str:
    """Inputs, and what came and what is right for a gradient."""
    own = came(ran, tensor)
    given = [f"{n.removeprefix('given ')} = {digits(a)}" for n, a in ran.given.items()]
    assert own is not None
    name = cotangent_name(tensor)
    right = digits(wanted(ran, tensor))
    return f"{', '.join(given)}\n{name} is {digits(own)}, right is {right}"


def digits(array: Array) -> str:
    """Numbers with a few digits, as Python writes lists."""
    rounded = np.vectorize(lambda v: float(f"{float(v):.4g}"), otypes=[float])(array)
    whole = bool((rounded == np.round(rounded)).all()) and np.max(abs(rounded), initial=0) < 1e15
    return json.dumps((rounded.astype(int) if whole else rounded).tolist())
