"""The last line of a written file: whose it is, and a digest that tells whether it was edited."""

from __future__ import annotations

import hashlib
import re
from enum import Enum
from pathlib import Path

COMMENTS = {  # how a line of a file of each kind says nothing to its reader
    ".py": ("# ", ""),
    ".tex": ("% ", ""),
    ".html": ("<!-- ", " -->"),
    ".md": ("<!-- ", " -->"),
    ".c": ("/* ", " */"),
    ".h": ("/* ", " */"),
}
SHIPPED = "Written by pullback from its own layers"
YOURS = "Written by pullback"
DIGITS = 16  # of the digest
MARK = re.compile(rf"({SHIPPED}|{YOURS}); digest of what stands above: ([0-9a-f]{{{DIGITS}}})")


class Owner(Enum):
    """Whose a file is, so far as it can be told from what it holds."""

    NONE = "there is none"
    SHIPPED = "written from a shipped layer, and as it was written"
    YOURS = "written from a definition of somebody's own, and as it was written"
    EDITED = "edited since pullback wrote it"
    FOREIGN = "not written by pullback"

    @property
    def untouched(self) -> bool:
        """May the file be written over or removed without a loss?"""
        return self in (Owner.NONE, Owner.SHIPPED, Owner.YOURS)


def marked(name: str, text: str, shipped: bool) -> str:
    """The text with the line at its end; it stands in a comment of this kind of file."""
    before, after = COMMENTS[Path(name).suffix]
    words = SHIPPED if shipped else YOURS
    body = text if text.endswith("\n") else text + "\n"
    body += "\n\n" if name.endswith(".py") else ""  # as formatters want it behind a function
    return f"{body}{before}{words}; digest of what stands above: {digest(body)}{after}\n"


def digest(text: str) -> str:
    """Some digits that change with the text."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def owner(path: Path) -> Owner:
    """Whose the file at a path is."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        return Owner.FOREIGN
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        return Owner.NONE
    except UnicodeDecodeError:
        return Owner.FOREIGN
    return owner_of(path.name, text)


def owner_of(name: str, text: str) -> Owner:
    """Whose a text is that stands in a file of this name.

    Ends of lines do not count: version control may change them.
    """
    text = text.replace("\r\n", "\n")
    body, _, last = text.removesuffix("\n").rpartition("\n")
    before, after = COMMENTS.get(Path(name).suffix, ("", ""))
    if not (last.startswith(before) and last.endswith(after)):
        last = ""
    mark = MARK.fullmatch(last.removeprefix(before).removesuffix(after))
    if mark is None:
        return Owner.EDITED if MARK.search(text) else Owner.FOREIGN
    if digest(body + "\n") != mark[2]:
        return Owner.EDITED
    return Owner.SHIPPED if mark[1] == SHIPPED else Owner.YOURS
