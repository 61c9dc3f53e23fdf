"""Pieces of HTML: what a page has of a derivation, piece by piece, with the macros of pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment

from pullback.codegen.pages import setting as pages
from pullback.codegen.pages.detail import DETAILS, at_detail
from pullback.codegen.pages.fragment import fragment
from pullback.codegen.pages.outline import Section
from pullback.codegen.pages.page_steps import Steps
from pullback.codegen.pages.setting import Context, Setting, prose
from pullback.codegen.templating import environment

NOT_YET = "○"  # beside a step that is not proved


@cache
def templates() -> Environment:
    """The templates of this package and of pages; everything is escaped."""
    made = environment(__package__, pages.__package__, autoescape=True)
    made.filters["prose"] = prose
    return made


def filled(macro: str, *values: Any) -> str:
    """A macro with these values."""
    module = templates().get_template("fragments.html.j2").module
    return str(getattr(module, macro)(*values)).strip()


def values(setting: Setting) -> str:
    """The values of nodes, as defined and step by step."""
    found = steps_of(setting).values()
    for value in found:
        value["block"] = numbered(value["block"])
        value["computing"] = list(map(numbered, value["computing"]))
        value["forms"] = list(map(numbered, value["forms"]))
        value["key"] = key(value["block"])
    return filled("values", found)


def section(setting: Setting, latex: Section, words: Section, kind: str = "gradient") -> str:
    """A gradient, or a tangent: result, key steps and every step, the page showing one of them."""
    found = steps_of(setting).section(latex, words)
    found["forms"] = list(map(numbered, found["forms"]))
    found["forms_key"] = list(map(key, found["forms"]))
    gradient = setting.gradients.get(words.name) if kind == "gradient" else None
    for place, part in enumerate(found["parts"]):
        part["jacobian"] = part["jacobian"] and numbered(part["jacobian"])
        part["jacobian_key"] = part["jacobian"] and key(part["jacobian"])
        part["blocks"] = list(map(numbered, part["blocks"]))
        part["computing"] = list(map(numbered, part["computing"]))
        part["blocks_key"] = list(map(key, part["blocks"]))
        if part["shown"] and gradient:
            part["shown"]["name"] = gradient.parts[place].jacobian.node.name
    return filled("gradient", found, kind)


def steps_of(setting: Setting) -> Steps:
    """What fills the macros of steps; nothing here has an address."""
    return Steps(setting, lambda name: "")


def numbered(block: Context) -> Context:
    """A chain whose rows are not yet proved and stand for themselves."""
    rows = [
        {**r, "first": r["number"], "check": NOT_YET * bool(r["number"])} for r in block["rows"]
    ]
    return {**block, "rows": rows}


def key(block: Context) -> Context:
    """A chain by its ends: its last row stands for the steps from `first` on."""
    rows: Sequence[Context] = block["rows"]
    steps = [row for row in rows if row["number"]]
    if len(steps) < 2:
        return block
    first, last = steps[0]["number"], steps[-1]["number"]
    law = f"steps {first} to {last}"
    end = {**steps[-1], "first": first, "law": law, "assumes": (), "needs": ()}
    return {**block, "rows": [*(row for row in rows if not row["number"]), end]}


def latex(section: Section) -> Mapping[str, str]:
    """A gradient, spelled in LaTeX, as lines of align*, at each level of detail."""
    return {detail: fragment([at_detail(section, detail)]) for detail in DETAILS}
