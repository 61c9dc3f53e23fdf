"""The words of a text of matrix notation, taken one by one, with limits."""

from __future__ import annotations

from typing import NoReturn

from pullback.derive.read.from_matrices.words import Word, words
from pullback.derive.read.grammar import MAX_DEPTH, MAX_TEXT, MAX_WORDS
from pullback.derive.read.trees import Place, refuse

DEEP = f"brackets, powers and operations are nested deeper than {MAX_DEPTH}"


class Cursor:
    """A place among the words of a text, and how deep it is nested."""

    def __init__(self, source: str, within: str) -> None:
        if len(source.encode("utf-8", "surrogatepass")) > MAX_TEXT:
            refuse(f"the text is longer than {MAX_TEXT // 1024} KiB", Place(within=within))
        self.words: list[Word] = []
        for word in words(source, within):
            self.words.append(word)
            if len(self.words) > MAX_WORDS:
                refuse(f"the text has more than {MAX_WORDS:,} words and signs", word.place)
        self.at = 0
        self.depth = 0

    def fail(self, message: str, place: Place | None = None) -> NoReturn:
        """Raise an error that points at a place, by default at the current word."""
        refuse(message, place or self.word.place)

    def deeper(self) -> None:
        """Go down in the nesting, which is limited."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(DEEP)

    @property
    def word(self) -> Word:
        """The word to be read next."""
        return self.words[self.at]

    def next(self) -> Word:
        """Take one word."""
        self.at += 1
        return self.words[self.at - 1]

    def accept(self, *texts: str) -> Word | None:
        """Take the word if it is one of these signs."""
        return self.next() if self.word.kind == "op" and self.word.text in texts else None

    def expect(self, text: str, where: str) -> None:
        """Take this sign or say what was found in its place."""
        if self.accept(text) is None:
            self.fail(f"expected '{text}' {where}, found {self.found()}")

    def found(self) -> str:
        """The current word, for messages."""
        kinds = {"newline": "the end of the line", "end": "the end of the text", "norm": "'‖'"}
        return kinds.get(self.word.kind, f"'{self.word.text}'")
