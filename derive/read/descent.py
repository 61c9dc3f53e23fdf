"""Recursive descent over the words of a text, with limits: what every notation shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, NoReturn, TypeVar

from pullback.derive.read.trees import Operation, Place, Tree, refuse
from pullback.derive.read.words import Token

MAX_TEXT = 64 * 1024  # bytes
MAX_WORDS = 20_000
MAX_DEPTH = 64
T = TypeVar("T", bound=Token)


class Descent(Generic[T]):
    """Recursive descent over the words of one text, with limits: what every notation shares."""

    deep = f"brackets, functions, powers and signs are nested deeper than {MAX_DEPTH}"
    kinds: Mapping[str, str] = {"newline": "the end of the line", "end": "the end of the text"}

    def __init__(
        self, words: Callable[[str, str], Iterable[T]], source: str, within: str = ""
    ) -> None:
        if len(source.encode("utf-8", "surrogatepass")) > MAX_TEXT:
            refuse(f"the text is longer than {MAX_TEXT // 1024} KiB", Place(within=within))
        self.tokens: list[T] = []
        for token in words(source, within):
            self.tokens.append(token)
            if len(self.tokens) > MAX_WORDS:
                refuse(f"the text has more than {MAX_WORDS:,} words and signs", token.place)
        self.at = 0
        self.depth = 0

    def fail(self, message: str, place: Place | None = None) -> NoReturn:
        """Raise an error that points at a place, by default at the current token."""
        refuse(message, place or self.token.place)

    def deeper(self) -> None:
        """Go down in the nesting, which is limited."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(self.deep)

    @property
    def token(self) -> T:
        """The token to be read next."""
        return self.tokens[self.at]

    def next(self) -> T:
        """Take one token."""
        self.at += 1
        return self.tokens[self.at - 1]

    def accept(self, *texts: str) -> T | None:
        """Take the token if it is one of these operators."""
        if self.token.kind == "op" and self.token.text in texts:
            return self.next()
        return None

    def expect(self, text: str, where: str) -> T:
        """Take this operator or say what was found in its place."""
        token = self.accept(text)
        if token is None:
            self.fail(f"expected '{text}' {where}, found {self.found()}")
        return token

    def found(self) -> str:
        """The current token, for messages."""
        return self.kinds.get(self.token.kind, f"'{self.token.text}'")

    def sum(self) -> Tree:
        """Products joined by + and -."""
        self.deeper()
        tree = self.product()
        while op := self.accept("+", "-"):
            tree = Operation(op.text, tree, self.product(), op.place)
        self.depth -= 1
        return tree

    def product(self) -> Tree:
        """What a sum is made of, in this notation."""
        raise NotImplementedError
