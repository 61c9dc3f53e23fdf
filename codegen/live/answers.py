"""A question becomes events: the one face of the engine that the screen meets.

It knows no process, no socket and no file, so that it can run wherever Python does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pullback.codegen.faults import stages
from pullback.codegen.library import LAYER
from pullback.codegen.live import asides, fragments
from pullback.codegen.live.chips import STARTS
from pullback.codegen.live.converting import converted
from pullback.codegen.live.fixes import faulty
from pullback.codegen.live.growing import Growing, part
from pullback.codegen.live.questions import (
    CheckMine,
    CodeOf,
    Convert,
    Derive,
    Example,
    Examples,
    Picture,
    Question,
    Read,
    Why,
    Written,
    question,
)
from pullback.codegen.live.reading import Reading, read
from pullback.codegen.live.understood import understood
from pullback.codegen.live.worked import worked
from pullback.codegen.notation.styles import LATEX
from pullback.codegen.pages.setting import Setting
from pullback.derive.calculus.derivation import Gradient
from pullback.derive.errors import PullbackError
from pullback.derive.proof.every_size.said import Need
from pullback.derive.proof.proving import Proof

Event = Mapping[str, Any]


class Answers:
    """Answers questions one after the other; what was derived last is kept for the next one."""

    def __init__(self) -> None:
        self.kept: Growing | None = None

    def to(self, data: Any) -> Iterator[Event]:
        """The events that answer a question, given as what JSON holds; the last one is `done`."""
        start = time.monotonic()
        written = Written()
        try:
            asked = question(data)
            written = asked.written
            with stages(LAYER, written.text):
                yield from ANSWERS[type(asked)](self, asked)
        except PullbackError as error:
            yield faulty(error, written, read)
        yield {"event": "done", "seconds": round(time.monotonic() - start, 3)}

    # -- one method for each question --------------------------------------------------------------

    def read(self, asked: Read) -> Iterator[Event]:
        """What is understood."""
        kept = self.kept
        same = kept is not None and kept.reading.written == asked.written
        reading: Reading = kept.reading if kept and same else read(asked.written)
        yield understood(reading)

    def derive(self, asked: Derive) -> Iterator[Event]:
        """Values, gradients one by one, and their proof; then, if asked, tangents and theirs."""
        growing = self.growing(asked.written)
        values = growing.setting(part(growing.derivation, 0))
        yield {
            "event": "layer",
            "values": fragments.values(values),
            "names": growing.names,
            "steps": len(values.derivation.steps),
        }
        for derivation in growing.gradients():
            yield gradient(growing.setting(derivation), derivation.gradients[-1])
        count = growing.count
        yield {"event": "derived", "steps": count}
        yield from (e for e in proved(growing) if e["step"] <= count)
        if asked.seconds:
            growing.rest()
            yield from tangents(growing.setting(growing.derivation))
            yield {"event": "derived", "steps": len(growing.derivation.steps)}
            yield from (e for e in proved(growing) if e["step"] > count)
            if growing.derivation.remark:
                yield {"event": "note", "text": growing.derivation.remark}

    def why(self, asked: Why) -> Iterator[Event]:
        """The reason of a step."""
        yield asides.why(asked, self.derived(asked.written))

    def code(self, asked: CodeOf) -> Iterator[Event]:
        """The code, of what is proved."""
        yield asides.code(asked, *self.proved(asked.written))

    def check(self, asked: CheckMine) -> Iterator[Event]:
        """Is it right?"""
        yield asides.check(asked, self.derived(asked.written))

    def picture(self, asked: Picture) -> Iterator[Event]:
        """A Jacobian."""
        yield asides.picture(asked, self.growing(asked.written))

    def example(self, asked: Example) -> Iterator[Event]:
        """In numbers."""
        yield worked(asked, *self.proved(asked.written))

    def convert(self, asked: Convert) -> Iterator[Event]:
        """In another notation."""
        yield converted(asked, read(asked.written))

    def examples(self, asked: Examples) -> Iterator[Event]:
        """Definitions to start from."""
        yield {"event": "examples", "items": [*map(dict, STARTS)]}

    # -- what several of them need -----------------------------------------------------------------

    def growing(self, written: Written) -> Growing:
        """What is known of a definition: what was kept, or a new beginning."""
        if self.kept is None or self.kept.reading.written != written:
            self.kept = None  # while another is begun its memory is free
            self.kept = Growing(read(written))
        return self.kept

    def derived(self, written: Written) -> Growing:
        """A definition with all its gradients."""
        growing = self.growing(written)
        for _ in growing.gradients():
            pass
        return growing

    def proved(self, written: Written) -> tuple[Growing, Proof]:
        """A definition with all its derivatives, and their proof."""
        growing = self.derived(written)
        growing.rest()
        for _ in growing.proving():
            pass
        assert growing.proof
        return growing, growing.proof


def gradient(setting: Setting, found: Gradient) -> Event:
    """A gradient that was derived."""
    latex, words = (outliner.section(found) for outliner in setting.outliners)
    return {
        "event": "gradient",
        "name": words.name,
        "of": str(setting.name(words.name)),
        "html": fragments.section(setting, latex, words),
        "latex": fragments.latex(setting.known.outliner(LATEX).section(found)),
    }


def tangents(setting: Setting) -> Iterator[Event]:
    """Forward mode, and how gradients change along the inputs' tangents."""
    (latex, words), typeset = setting.outlines, setting.known[LATEX]
    groups = (
        ("tangent", latex.tangents, words.tangents, typeset.tangents),
        ("second", latex.seconds, words.seconds, typeset.seconds),
    )
    for kind, *sections in groups:
        for own, spoken, copied in zip(*sections, strict=True):
            yield {
                "event": kind,
                "name": spoken.name,
                "of": str(setting.typeset(own.left, spoken.left)),
                "html": fragments.section(setting, own, spoken, kind),
                "latex": fragments.latex(copied),
            }


def proved(growing: Growing) -> Iterator[Event]:
    """How each step was checked, and what must hold for both of its sides to have values."""
    setting = growing.setting(growing.derivation)
    for number, check in growing.proving():
        yield {
            "event": "proved",
            "step": number,
            "mark": "✓" if check.every_size else "◐",
            "check": setting.words(check.words),
            "needs": [needed(setting, need) for need in dict.fromkeys(check.needs)],
        }


def needed(setting: Setting, need: Need) -> str:
    """A condition, typeset."""
    return str(setting.formula(lambda notation: notation.needed(need.relation, need.beside)))


ANSWERS: Mapping[type[Question], Callable[[Answers, Any], Iterator[Event]]] = {
    Read: Answers.read,
    Derive: Answers.derive,
    Why: Answers.why,
    CodeOf: Answers.code,
    CheckMine: Answers.check,
    Picture: Answers.picture,
    Example: Answers.example,
    Convert: Answers.convert,
    Examples: Answers.examples,
}
