"""Text and formulas in Markdown."""

from __future__ import annotations

import re

from pullback.codegen.pages.terminal import plain


def inline(formula: str) -> str:
    """A formula in a line of Markdown."""
    return rf"$\displaystyle {' '.join(formula.split())}$"


def markdown(text: str) -> str:
    """Text that Markdown shows as it is: no emphasis, link, list, formula or HTML comes of it."""
    escaped = re.sub(r"[-\\`*_{}<>#+.!|~$&^@:]", r"\\\g<0>", plain(text))
    return escaped.replace("[", "&#91;").replace("]", "&#93;")  # \\[ begins a formula in places
