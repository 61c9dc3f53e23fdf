"""What the buttons of a page copy: gradients, tangents and their steps, as lines of align*."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files

from markupsafe import Markup

from pullback.codegen.pages.detail import DETAILS, at_detail
from pullback.codegen.pages.fragment import fragment, step
from pullback.codegen.pages.outline import Section
from pullback.codegen.pages.setting import Context

SHARED = "copy.js"  # what copies; the live page has it too
SCRIPTS = (SHARED, "buttons.js")
LEFT_OUT = re.compile(r"^(import [^\n]*\n|export |/\*\*.*?\*/\n)", re.MULTILINE | re.DOTALL)


def copying(gradients: Sequence[Section], tangents: Sequence[Section] = ()) -> Context:
    """The texts by names and numbers, sections spelled in LaTeX, and the script of buttons."""
    sections = (*gradients, *tangents)
    texts = {
        "gradients": {s.name: copied_levels(s) for s in gradients},
        "tangents": {s.name: copied_levels(s) for s in tangents},
        "steps": {number: text for section in sections for number, text in copied_steps(section)},
    }
    return {"texts": data(texts), "script": script()}


def copied_levels(section: Section) -> Mapping[str, str]:
    """A gradient or a tangent, by how much of it is shown."""
    return {detail: fragment([at_detail(section, detail)]) for detail in DETAILS}


def data(value: object) -> Markup:
    """A value as JSON that no element of a page ends in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))


def copied_steps(section: Section) -> Iterator[tuple[int, str]]:
    """Each step of a gradient, from what stands before it."""
    blocks = [block for part in section.parts for block in (part.jacobian, *part.blocks)]
    for block in filter(None, (*blocks, *section.forms)):
        before = block.start or block.left
        for line in block.lines:
            yield line.number, step(before, line)
            before = line.formula


@cache
def script() -> Markup:
    """The script of a page, as one module, without its comments."""
    return Markup(LEFT_OUT.sub("", "\n".join(map(source, SCRIPTS))))


def source(name: str) -> str:
    """The text of a script."""
    return (files(__package__) / "static" / name).read_text(encoding="utf-8")
