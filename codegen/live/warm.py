"""Imported by the process from which workers are forked: what all of them need is there by then."""

from __future__ import annotations

from pullback.codegen.live import worker
from pullback.codegen.live.answers import Answers
from pullback.codegen.live.chips import STARTS

__all__ = ["worker"]

# Each notation once: caches are filled, and what is imported where it is asked for is there.
for start in {start["notation"]: start for start in STARTS[::-1]}.values():
    asked = {key: text for key, text in start.items() if key != "title"}
    for ask in ("read", "derive"):
        for _ in Answers().to({"ask": ask, **asked}):
            pass
