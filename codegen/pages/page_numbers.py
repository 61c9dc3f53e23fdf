"""A worked example on a page: arrays of numbers as matrices."""

from __future__ import annotations

from math import isfinite
from types import ModuleType
from typing import Any

from markupsafe import Markup

from pullback.codegen.interface.example import Example, Table, agree, example
from pullback.codegen.notation.printer import Notation
from pullback.codegen.notation.styles import LATEX, UNICODE
from pullback.codegen.pages.setting import Context, Setting

MOST = 4  # decimals, if the numbers are not all small
SMALL, MORE = 0.01, 7
LARGE = 1e6  # from here on a number has a power of ten
ROOM = 960.0  # pixels of a row of arrays


def numbers(setting: Setting, code: ModuleType, *others: ModuleType) -> Context | None:
    """The example of a layer whose module is `code`; None where no simple inputs will do.

    Other modules of the layer must return the same numbers.
    """
    found = example(setting.derivation, code)
    if found is None:
        return None
    for other in others:
        agree(setting.layer, found, other)
    return shown(setting, found)


def shown(setting: Setting, found: Example) -> Context:
    """An example as tables."""
    upstream = [found.upstream] if found.upstream else []
    return {
        "sizes": setting.words(found.sizes),
        "parts": [
            ("Given", [table(setting, t) for t in (*found.inputs, *upstream)]),
            ("Forward", [table(setting, t) for t in found.nodes]),
            ("Backward", [table(setting, t) for t in found.gradients]),
        ],
    }


def table(setting: Setting, found: Table) -> Markup:
    """name = its entries."""

    def spell(notation: Notation) -> str:
        name = notation.style.name(found.name)
        left = notation.style.slope(notation.loss, name) if found.gradient else name
        return f"{left} = {array(found.values, notation.style.latex, decimals(found.values))}"

    return setting.formula(spell, room=ROOM)


def array(values: Any, latex: bool, digits: int) -> str:
    """An array as a matrix; one of three axes as matrices side by side."""
    if values.ndim == 0:
        return number(values.item(), latex, digits)
    if values.ndim > 2:
        return (r" \;\; " if latex else ", ").join(array(part, latex, digits) for part in values)
    rows = values if values.ndim == 2 else values[None]
    style = LATEX if latex else UNICODE
    return style.matrix([[array(v, latex, digits) for v in row] for row in rows])


def number(value: float, latex: bool, digits: int) -> str:
    """A number with so many decimals, a large one with a power of ten; no zero has a sign."""
    if abs(value) < LARGE or not isfinite(value):
        return f"{round(value, digits) + 0.0:.{digits}f}"
    style = LATEX if latex else UNICODE
    mantissa, exponent = f"{value:.{MOST}e}".split("e")
    sign, ten = mantissa[0] == "-", style.power("10", str(int(exponent)), plain=True)
    whole = mantissa.lstrip("-").rstrip("0").removesuffix(".")
    times = r" \cdot " if latex else "·"
    return style.minus * sign + (ten if whole == "1" else f"{whole}{times}{ten}")


def decimals(values: Any) -> int:
    """The fewest decimals that show every number, and no more than are read easily."""
    found = [abs(float(v)) for v in values.flat if abs(v) < LARGE]
    most = MOST if max(found, default=1) >= SMALL else MORE
    return next((d for d in range(most) if all(round(n, d) == n for n in found)), most)
