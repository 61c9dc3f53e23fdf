"""Imported by the process from which workers are forked: what all of them need is there by then."""

from __future__ import annotations

from pullback.codegen.live import worker
from pullback.codegen.live.answers import Answers
from pullback.codegen.live.chips import STARTS

__all__ = ["worker"]

# Caches are filled, and what is imported where it is asked for is there.
for start in STARTS:
    asked = {key: text for key, text in start.items() if key != "title"}
    for _ in Answers().to({"ask": "derive" if start is STARTS[0] else "read", **asked}):
        pass
