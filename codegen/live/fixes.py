"""What went wrong, as events: its place in the user's text, and what to write instead."""

from __future__ import annotations

import re
from typing import Any

from pullback.codegen.library import LAYER
from pullback.codegen.live.questions import Written
from pullback.derive.errors import DefinitionError, Fault, ProofFailed, PullbackError, TooLarge

WORD = re.compile(r"[^\W\d_]\w*|\d+(\.\d+)?|\S")
ADVICE = (
    "Give parts of the equations names of their own, each with '=', or leave out what is not "
    "needed: steps then stay short."
)


def faulty(error: PullbackError, written: Written) -> dict[str, Any]:
    """The event that says what went wrong with a definition."""
    message = error.reason if isinstance(error, DefinitionError) else str(error)
    message = message.removeprefix(f"{LAYER}: ")
    if isinstance(error, ProofFailed):
        return {"event": "refuted", "message": message}
    if isinstance(error, TooLarge):
        return {"event": "too large", "message": message, "advice": ADVICE}
    line, column, end = place(error, written)
    return {
        "event": "error",
        "message": message,
        "line": line,
        "column": column,
        "end": end,
        "asking": False,
        "fault": isinstance(error, Fault),
        "fixes": [],
    }


def place(error: PullbackError, written: Written) -> tuple[int, int, int]:
    """Line, first column and the column behind the word at which an error points; 0 if unknown."""
    if not isinstance(error, DefinitionError) or error.source != written.text or not error.line:
        return 0, 0, 0
    lines = written.text.split("\n")
    if not 1 <= error.line <= len(lines):
        return 0, 0, 0
    found = WORD.match(lines[error.line - 1], error.column - 1)
    return error.line, error.column, found.end() + 1 if found else error.column
