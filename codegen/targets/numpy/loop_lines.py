"""Lines of the loops of an emitted test file: statements and the equations beside them."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

WIDTH = 92  # of a line inside a function


@dataclass(frozen=True)
class Fact:
    """An assumption in words, and the lines that give its residual and an entry to solve for."""

    text: str
    lines: list[str]


def commented(code: str, text: str) -> list[str]:
    """A statement with an equation behind it, or above it where both are too long for a line."""
    one = f"{code}  # {text}".lstrip()
    if len(one) <= WIDTH:
        return [one]
    above = textwrap.wrap(
        text, WIDTH, initial_indent="# ", subsequent_indent="#     ", break_long_words=False
    )
    return [*above, *([code] if code else [])]


def statement(left: str, right: str) -> list[str]:
    """`left = right`, on several lines where one would be too long.

    These are for a reader who compares them with the definition; a formatter leaves them alone.
    """
    one = f"{left} = {right}"
    if len(one) <= WIDTH - 4:
        return [one]
    inside = textwrap.wrap(right, WIDTH - 8, break_long_words=False, break_on_hyphens=False)
    return [f"{left} = (", *("    " + line for line in inside), ")  # fmt: skip"]
