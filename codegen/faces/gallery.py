"""The gallery: one page of Markdown with the equations and the gradients of many layers."""

from __future__ import annotations

from collections.abc import Iterable

from pullback.codegen.compiler import Compiled
from pullback.codegen.notation.styles import UNICODE
from pullback.codegen.pages.markdown import markdown

FILE = "README.md"  # the page that is shown with a folder
WIDTH = 100
HEAD = """# Gallery

Every shipped layer with its gradients, in index notation and, where there is one, in matrix
notation. Each step that leads to them is proved. Leading axes, `...` in equations, are one axis
here: n, or the first letter that is free. Written by pullback; to change what is here, change the
definitions.
"""


def entry(compiled: Compiled) -> str:
    """A layer's part of the gallery: name, title, links to its files, equations, gradients."""
    name, page = compiled.layer.name, compiled.outlines[UNICODE]
    lines = [f"## {name}: {markdown(page.title)}", ""]
    lines += [f"[Module]({name}.py), [derivation]({name}.tex)", "", "```text", *page.equations, ""]
    column = max((len(s.index) for s in page.sections if len(s.index) < WIDTH / 2), default=0)
    for section in page.sections:
        index, matrix = section.index, section.matrix
        line = f"{index:<{column}}    {matrix}".rstrip()
        lines += [line] if len(line) <= WIDTH or not matrix else [index, f"    {matrix}"]
    remark = [markdown(page.remark), ""] if page.remark else []
    return "\n".join([*lines, "```", "", *remark])


def gallery(entries: Iterable[str]) -> str:
    """The page, with its entries in the order in which they come."""
    return "\n".join([HEAD, *entries])
