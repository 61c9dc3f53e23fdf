"""The gallery: one page of Markdown with the equations and the gradients of many layers."""

from __future__ import annotations

from collections.abc import Iterable

from codegen.compiler import Compiled
from codegen.notebook import markdown
from codegen.outline import outline

FILE = "README.md"  # what a folder's page is called where folders are read in a browser
HEAD = """# Gallery

Every shipped layer with its gradients, in index notation and, where there is one, in matrix
notation. Each step that leads to them is proved. Written by pullback from the definitions.
"""


def entry(compiled: Compiled) -> str:
    """A layer's part of the gallery: name, title, files, equations, and a line for each gradient."""
    name, page = compiled.layer.name, outline(compiled.derivation, compiled.proof)
    width = max((len(s.index) for s in page.sections if s.matrix), default=0)
    gradients = (f"{s.index:<{width}}    {s.matrix}".rstrip() for s in page.sections)
    lines = ["```text", *page.equations, "", *gradients, "```"]
    head = f"## {name}: {markdown(page.title)}\n\n[Module]({name}.py), [derivation]({name}.tex)\n"
    return "\n".join([head, *lines, ""])


def gallery(entries: Iterable[str]) -> str:
    """The page, with its entries in the order in which they come."""
    return "\n".join([HEAD, *entries])
