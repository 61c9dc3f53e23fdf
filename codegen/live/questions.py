"""What may be asked: questions from JSON, each of known keys, types and lengths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from pullback.codegen.faults import LONG
from pullback.derive.errors import PullbackError

NOTATIONS = {"index": "equations", "matrices": "matrices", "arrays": "arrays", "toml": ""}
LONG_TEXT = 64 * 1024  # characters
LONGEST = {"text": LONG_TEXT, "claim": LONG_TEXT, "numbers": 16 * 1024, "shapes": 4096}
SHORT = 2048  # ... of every other text
MOST = 10**6  # of a number


class Refused(PullbackError):
    """A question that is none."""


@dataclass(frozen=True)
class Written:
    """A definition as it is typed: `notation` is one of NOTATIONS, what it is called in a file.

    `shapes` is as `x=N D; W=D K`, `wrt` names with commas, `letters` as `n=i,j=k`; each may be
    empty.
    """

    notation: str = "index"
    text: str = ""
    shapes: str = ""
    wrt: str = ""
    letters: str = ""


@dataclass(frozen=True)
class Question:
    """Something that is asked about a definition."""

    written: Written
    proved: ClassVar[bool] = False  # does the answer wait until everything is proved?


@dataclass(frozen=True)
class Read(Question):
    """What is understood?"""


@dataclass(frozen=True)
class Derive(Question):
    """What follows? With `seconds` tangents and second derivatives too."""

    seconds: bool = False


@dataclass(frozen=True)
class Why(Question):
    """Why does a step hold?"""

    step: int = 0


@dataclass(frozen=True)
class CodeOf(Question):
    """How is it computed?"""

    target: str = "numpy"
    proved: ClassVar[bool] = True


@dataclass(frozen=True)
class CheckMine(Question):
    """Is this gradient right?"""

    claim: str = ""


@dataclass(frozen=True)
class Picture(Question):
    """What does a Jacobian look like, written out at these sizes (as `n=1,k=2`)?"""

    node: str = ""
    tensor: str = ""
    sizes: str = ""


@dataclass(frozen=True)
class Example(Question):
    """What comes out in numbers, of one's own or drawn?"""

    numbers: str = ""
    draw: int = 0
    proved: ClassVar[bool] = True


@dataclass(frozen=True)
class Convert(Question):
    """What is it in another notation?"""

    to: str = "index"


@dataclass(frozen=True)
class Examples(Question):
    """What could be typed?"""


KINDS: Mapping[str, type[Question]] = {
    "read": Read,
    "derive": Derive,
    "why": Why,
    "code": CodeOf,
    "check": CheckMine,
    "picture": Picture,
    "example": Example,
    "convert": Convert,
    "examples": Examples,
}


def question(data: Any) -> Question:
    """A question from what JSON holds.

    >>> question({"ask": "why", "text": "u = x", "step": 2}).step
    2

    Raises Refused, which says what was wanted.
    """
    if not isinstance(data, dict):
        raise Refused('a question is an object, as in {"ask": "read", "text": "u = x"}')
    asked = data.get("ask")
    if not isinstance(asked, str) or asked not in KINDS:
        raise Refused(f"'ask' is {shown(asked)}; wanted is one of {', '.join(KINDS)}")
    kind = KINDS[asked]
    own = {f.name: f.default for f in fields(kind) if f.name != "written"}
    common = {f.name: f.default for f in fields(Written)}
    known = {**common, **own}
    for name in data:
        if name != "ask" and name not in known:
            raise Refused(f"the question '{asked}' has no {shown(name)}; it has {', '.join(known)}")
    values = {name: value(name, data.get(name, usual), usual) for name, usual in known.items()}
    written = Written(**{name: values[name] for name in common})
    if written.notation not in NOTATIONS:
        raise Refused(
            f"'notation' is {shown(written.notation)}; wanted is one of {', '.join(NOTATIONS)}"
        )
    return kind(written, **{name: values[name] for name in own})


def value(name: str, given: Any, usual: Any) -> Any:
    """A value of the type that is usual, if it is not too large."""
    wanted = {str: "text", bool: "true or false", int: "a whole number"}[type(usual)]
    if type(given) is not type(usual):
        raise Refused(f"'{name}' is {shown(given)}; wanted is {wanted}")
    if isinstance(given, str):
        longest = LONGEST.get(name, SHORT)
        if len(given) > longest:
            raise Refused(f"'{name}' has {len(given):,} characters; at most {longest:,} are read")
        if any("\ud800" <= c <= "\udfff" for c in given):
            raise Refused(f"'{name}' is not Unicode text")
        return given.replace("\r\n", "\n")  # so that places are those of the lines
    if type(given) is int and abs(given) > MOST:
        raise Refused(f"'{name}' is {shown(given)}; wanted is one up to {MOST:,}")
    return given


def shown(given: Any) -> str:
    """What came, in a few letters that can be printed."""
    text = given if isinstance(given, str) else f"of the type {type(given).__name__}"
    safe = "".join(c if c.isprintable() else " " for c in text[:LONG])
    return repr(safe) if isinstance(given, str) else safe
