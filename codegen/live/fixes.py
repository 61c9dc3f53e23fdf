"""What went wrong, as events: its place in the user's text, and what to write there instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pullback.codegen.library import LAYER
from pullback.codegen.live.questions import Written
from pullback.derive.errors import DefinitionError, Fault, ProofFailed, PullbackError, TooLarge
from pullback.derive.read.from_matrices.functions import FUNCTIONS
from pullback.derive.read.from_matrices.words import plain
from pullback.derive.read.guessing.shapeless import Guess, Shapeless
from pullback.derive.read.run_together import GREEK_NAMES, letters_of, split
from pullback.derive.read.sugar import SUGAR
from pullback.derive.read.vocabulary import HABITS, WORDS, alike
from pullback.derive.read.words import INSTEAD

WORD = re.compile(r"(?!ᵀ)[^\W\d_][^\Wᵀᵗ]*|\d+(\.\d+)?|\*\*|\S")
LEFT = re.compile(r"^\s*([^\W\d_]\w*)\s*(?:\[[^\]]*\]\s*)?:?=(?!=)", re.MULTILINE)
ALIKE, MOST = 0.7, 3  # how much names must be alike; how many fixes are offered
ADVICE = (
    "Give parts of the equations names of their own, each with '=', or leave out what is not "
    "needed: steps then stay short."
)
Try = Callable[[Written], object]  # reads a definition; PullbackError where it is not read


@dataclass(frozen=True)
class Word:
    """A word of the user's text: line and columns from 1, the last one that behind it."""

    text: str = ""
    line: int = 0
    column: int = 0
    end: int = 0


def faulty(error: PullbackError, written: Written, tried: Try | None = None) -> dict[str, Any]:
    """The event that says what went wrong; `tried` reads what could be written instead."""
    message = error.reason if isinstance(error, DefinitionError) else str(error)
    message = message.removeprefix(f"{LAYER}: ")
    if isinstance(error, ProofFailed):
        return {"event": "refuted", "message": message}
    if isinstance(error, TooLarge):
        return {"event": "too large", "message": message, "advice": ADVICE}
    word = word_at(error, written)
    parts = parts_of(word, written)
    found = fixes(word, parts, written, tried) if tried and word.text else []
    if isinstance(error, Shapeless) and (guess := error.guess):
        found.append(shaped(guess, written))
    return {
        "event": "error",
        "message": message,
        "line": word.line,
        "column": word.column,
        "end": word.end,
        "asking": bool(parts and found),
        "fault": isinstance(error, Fault),
        "fixes": found,
    }


def word_at(error: PullbackError, written: Written) -> Word:
    """The word at which an error points, if it points into the user's text."""
    if not isinstance(error, DefinitionError) or error.source != written.text or not error.line:
        return Word()
    lines = written.text.split("\n")
    if not 1 <= error.line <= len(lines):
        return Word()
    found = WORD.match(lines[error.line - 1], error.column - 1)
    text = found[0] if found else ""
    return Word(text, error.line, error.column, error.column + len(text))


def known(written: Written) -> set[str]:
    """The names that are declared, or defined, or have indices."""
    declared = (part.partition("=")[0].strip() for part in written.shapes.split(";"))
    names = {*filter(None, declared), *LEFT.findall(written.text)}
    if written.notation == "index":
        names |= set(re.findall(r"([^\W\d_]\w*)\s*\[", written.text))
    return names | {plain(name) for name in names}


def parts_of(word: Word, written: Written) -> tuple[str, ...]:
    """The names that a word is made of, if it is none itself: x and W of xW."""
    names = known(written)
    meant = names | GREEK_NAMES | WORDS | {*SUGAR, *FUNCTIONS}
    if not word.text.isidentifier() or word.text in meant:
        return ()
    own = letters_of(word.text) if written.notation == "matrices" else ()
    return split(word.text, {*names, *own})


def fixes(word: Word, parts: tuple[str, ...], written: Written, tried: Try) -> list[dict[str, str]]:
    """What could stand in the place of a word, each with the whole text; only what mends this."""
    found: list[dict[str, str]] = []
    for label in dict.fromkeys(instead(word, parts, written)):
        text = replaced(word, label.strip(), written.text)
        end = word.column + len(label.strip())
        if len(found) < MOST and mends(replace(written, text=text), word.line, end, tried):
            found.append({"label": label.strip() or "leave it out", "text": text})
    return found


def instead(word: Word, parts: tuple[str, ...], written: Written) -> Iterator[str]:
    """What could stand in the place of a word."""
    if parts and written.notation == "index":
        yield " * ".join(with_indices(part, written.text) for part in parts)
    elif parts and written.notation == "matrices":
        yield " ".join(parts)
    elif parts:
        yield from (" @ ".join(parts), " * ".join(parts))
    if written.notation in ("index", "toml"):
        sign = INSTEAD.get(word.text, "")
        yield from [sign] if sign and len(sign) < 6 and "(" not in sign else []
    if word.text == "@" and written.notation == "matrices":
        yield ""
    if word.text.isidentifier():
        names = known(written)
        own = {*WORDS, *SUGAR} if written.notation != "matrices" else {*FUNCTIONS}
        words = {*names, *own} - {word.text}
        yield from [HABITS[word.text]] if HABITS.get(word.text, "*").isalpha() else []
        yield from ["lamda"] if word.text == "lambda" else []
        yield from alike(word.text, words, MOST, ALIKE)


def shaped(guess: Guess, written: Written) -> dict[str, str]:
    """A guess of shapes, put into the field that holds them, or into a file's table."""
    fix = {"label": guess.line, "about": "; ".join(guess.reasons), "text": written.text}
    if written.notation == "toml":
        head, table, rest = written.text.partition("[shapes]\n")
        start = head if table else f"{head.rstrip()}\n"
        return {**fix, "text": f"{start}[shapes]\n{guess.table}{rest}"}
    known = written.shapes.strip().rstrip(";")
    return {**fix, "shapes": f"{known}; {guess.line}" if known else guess.line}


def with_indices(name: str, text: str) -> str:
    """A name with the indices that it has elsewhere."""
    found = re.search(rf"(?<!\w){re.escape(name)}\s*(\[[^\[\]]*\])", text)
    return name + found[1] if found else name


def replaced(word: Word, by: str, text: str) -> str:
    """The text with something else in the place of a word."""
    lines = text.split("\n")
    line = lines[word.line - 1]
    lines[word.line - 1] = line[: word.column - 1] + by + line[word.end - 1 :]
    return "\n".join(lines)


def mends(written: Written, line: int, end: int, tried: Try) -> bool:
    """Is a text read, or at least wrong only behind what was put in, which ends there?"""
    try:
        tried(written)
    except Shapeless:
        return True  # what is missing stands in a field of its own
    except PullbackError as error:
        at = word_at(error, written)
        return (at.line, at.column) >= (line, end)
    return True
