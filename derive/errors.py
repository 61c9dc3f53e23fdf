"""What goes wrong, as exceptions with messages for people."""


class PullbackError(Exception):
    """Anything that Pullback refuses; its text is meant for the person who wrote the definition."""


class DefinitionError(PullbackError):
    """A definition that cannot be read; the message points into the text with a caret."""

    def __init__(self, message: str, source: str = "", line: int = 0, column: int = 0) -> None:
        self.message, self.line, self.column = message, line, column
        lines = source.splitlines()
        if 1 <= line <= len(lines):
            text = lines[line - 1]
            start = max(0, column - 61)  # a long line is shown around the place
            shown = text[start : start + 100].replace("\t", " ")
            message += f"\n  line {line}, column {column}:\n    {shown}\n    "
            message += " " * (column - 1 - start) + "^"
        super().__init__(message)


class MissingLaw(PullbackError):
    """The engine has no law for a case; the message names the node and what is missing."""


class ProofFailed(PullbackError):
    """A step or a result that its check refuses; nothing may be written after it."""
