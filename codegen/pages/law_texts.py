"""The laws for pages: statement, example and reason, formulas spelled in one style."""

from __future__ import annotations

from dataclasses import dataclass

from pullback.codegen.notation.printer import Notation
from pullback.codegen.notation.styles import UNICODE, Style
from pullback.codegen.pages.outline import Formula
from pullback.derive.index.objects import free_indices
from pullback.derive.law_example import Example, read_example
from pullback.derive.laws.registry import LAWS, Law


@dataclass(frozen=True)
class LawText:
    """What a page says of a law; `given` are facts under which `before` equals `after`."""

    name: str
    statement: str
    given: tuple[Formula, ...]
    before: Formula
    after: Formula
    reason: str


def law_texts(style: Style = UNICODE) -> tuple[LawText, ...]:
    """Every law, by name."""
    return tuple(law_text(LAWS[name], style) for name in sorted(LAWS))


def law_text(law: Law, style: Style = UNICODE) -> LawText:
    """One law."""
    example = read_example(law)
    notation = Notation(example.layer, style)
    around = (*free_indices(example.before), *free_indices(example.after))
    before, after = (notation.spell(e, around) for e in (example.before, example.after))
    given = (*definitions(example, notation), *map(notation.relation, example.facts))
    return LawText(law.name, law.statement, given, before, after, law.reason)


def definitions(example: Example, notation: Notation) -> tuple[Formula, ...]:
    """The equations that are given."""
    return tuple(notation.equation(e.entry, e.expr) for e in example.equations)
