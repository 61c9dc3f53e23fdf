"""What goes wrong, as exceptions with messages for people."""

from __future__ import annotations

QUOTES = (('"""\n', '"""'), ("'''\n", "'''"), ('"', '"'), ("'", "'"))  # around a text in TOML


class PullbackError(Exception):
    """Anything that Pullback refuses; its text is meant for the person who wrote the definition.

    `reason` is what is wrong, without where that is, and without what is said behind it.
    """

    def __init__(self, reason: str, where: str = "", more: str = "") -> None:
        self.reason = reason
        super().__init__(f"{where}: {reason}{more}" if where else f"{reason}{more}")


class Excerpt(str):
    """A text that a file holds: its positions can be told as lines and columns of the file.

    `what` is the key that the text is the value of, for where it cannot be found in the file.
    """

    file: str
    what: str

    def __new__(cls, text: str, file: str = "", what: str = "") -> Excerpt:
        """The text, the whole file, and the key."""
        self = super().__new__(cls, text)
        self.file, self.what = file, what
        return self

    @property
    def start(self) -> int | None:
        """Where the text starts in the file; None unless it stands there once, letter by letter.

        Escapes change columns, so that a text with escapes is not found.
        """
        places = set()
        for before, after in QUOTES:
            quoted = before + self + after
            first = self.file.find(quoted)
            if first >= 0:
                last = self.file.rfind(quoted)
                places |= {first + len(before), last + len(before)}
        return places.pop() if len(places) == 1 and self.strip() else None

    def in_file(self, line: int, column: int) -> tuple[int, int] | None:
        """The line and column of the file for those of the text, if it can be found there."""
        start = self.start
        if start is None:
            return None
        before = self.file[:start].split("\n")
        return line + len(before) - 1, column + (len(before[-1]) if line == 1 else 0)


class DefinitionError(PullbackError):
    """A definition that cannot be read; the message points into the text with a caret.

    `line` and `column` count in `source`: the text, or the file where the text is an excerpt that
    is found there. They are 0 where no place is known.
    """

    def __init__(self, reason: str, source: str = "", line: int = 0, column: int = 0) -> None:
        where, excerpt = "", ""
        if isinstance(source, Excerpt) and line:
            found = source.in_file(line, column)
            if found is None:
                where = f" of {source.what}"
            else:
                source, (line, column) = source.file, found
        self.line, self.column, self.source = line, column, str(source)
        lines = source.split("\n")
        if 1 <= line <= len(lines):
            text = lines[line - 1]
            start = max(0, column - 61)  # a long line is shown around the place
            shown = "".join(c if c.isprintable() else " " for c in text[start : start + 100])
            excerpt = f"\n  line {line}, column {column}{where}:\n    {shown.rstrip()}\n    "
            excerpt += " " * (column - 1 - start) + "^"
        super().__init__(reason, more=excerpt)


class MissingLaw(PullbackError):
    """The engine has no law for a case; the message names the node and what is missing."""


class ProofFailed(PullbackError):
    """A step or a result that its check refuses; nothing may be written after it."""


class TooLarge(PullbackError):
    """A derivation grows beyond the limit on operations."""


class Fault(PullbackError):
    """A fault of Pullback itself, whose cause is the exception that came up; please report it."""
