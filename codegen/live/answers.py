"""A question becomes events: the one face of the engine that the screen meets.

It knows no process, no socket and no file, so that it can run wherever Python does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pullback.codegen.faults import stages
from pullback.codegen.library import LAYER
from pullback.codegen.live import fragments
from pullback.codegen.live.chips import chips
from pullback.codegen.live.fixes import faulty
from pullback.codegen.live.growing import Growing
from pullback.codegen.live.questions import (
    Derive,
    Examples,
    Question,
    Read,
    Written,
    question,
)
from pullback.codegen.live.reading import Reading, read
from pullback.codegen.live.understood import understood
from pullback.derive.errors import PullbackError

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
            yield faulty(error, written)
        yield {"event": "done", "seconds": round(time.monotonic() - start, 3)}

    def growing(self, written: Written) -> Growing:
        """What is known of a definition: what was kept, or a new beginning."""
        if self.kept is None or self.kept.reading.written != written:
            self.kept = None  # while another is begun its memory is free
            self.kept = Growing(read(written))
        return self.kept

    # -- one method for each question --------------------------------------------------------------

    def read(self, asked: Read) -> Iterator[Event]:
        """What is understood."""
        kept = self.kept
        same = kept is not None and kept.reading.written == asked.written
        reading: Reading = kept.reading if kept and same else read(asked.written)
        yield understood(reading)

    def derive(self, asked: Derive) -> Iterator[Event]:
        """Values, gradients one by one, and then their proof."""
        growing = self.growing(asked.written)
        yield {
            "event": "layer",
            "values": fragments.values(growing.setting(growing.derivation)),
            "names": growing.names,
            "steps": len(growing.derivation.steps),
        }
        for derivation in growing.gradients():
            setting = growing.setting(derivation)
            name = derivation.gradients[-1].tensor.name
            latex, words = (o.section(derivation.gradients[-1]) for o in setting.outliners)
            yield {
                "event": "gradient",
                "name": name,
                "of": str(setting.name(name)),
                "html": fragments.section(setting, latex, words),
                "latex": fragments.latex(setting, [name]),
            }
        yield {"event": "derived", "steps": len(growing.derivation.steps)}
        for number, _, check in growing.proving():
            yield {
                "event": "proved",
                "step": number,
                "mark": "✓" if check.every_size else "◐",
                "check": check.words,
            }

    def examples(self, asked: Examples) -> Iterator[Event]:
        """Definitions to start from, and changes to try."""
        yield {"event": "examples", "items": chips(asked.written)}


ANSWERS: Mapping[type[Question], Callable[[Answers, Any], Iterator[Event]]] = {
    Read: Answers.read,
    Derive: Answers.derive,
    Examples: Answers.examples,
}
