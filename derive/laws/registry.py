"""What a law is: its texts, the rewriting, and the table of all laws."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pickle import PicklingError
from typing import Any

from sympy import Expr

LAWS: dict[str, Law] = {}  # by name, in the order in which they are defined


@dataclass(frozen=True)
class Law:
    """A named law: its statement in words and the rewriting.

    `example` is lines of text: facts that are given, if any, and last `before = after`. `reason`
    says in words why the law holds.
    """

    name: str
    statement: str
    apply: Callable[..., Expr]
    example: tuple[str, ...] = ()
    reason: str = ""

    def __call__(self, expr: Expr, *context: Any) -> Expr:
        """The expression, rewritten."""
        return self.apply(expr, *context) if context else alone(self.apply, expr)

    def __reduce__(self) -> tuple[Callable[[str], Law], tuple[str]]:
        """A law is pickled as its name, since a law's function goes by the name of the law."""
        if LAWS.get(self.name) is not self:
            raise PicklingError(f"the law {self.name!r} is not in the table of laws")
        return named, (self.name,)


def named(name: str) -> Law:
    """The law of that name."""
    return LAWS[name]


@lru_cache(2**14)
def alone(apply: Callable[[Expr], Expr], expr: Expr) -> Expr:
    """A law without context: chains ask again and again whether one still applies."""
    return apply(expr)


def law(name: str) -> Callable[[Callable[..., Expr]], Law]:
    """Register a law under its name; its docstring is statement, example and reason."""

    def register(apply: Callable[..., Expr]) -> Law:
        statement, example, reason = texts(name, apply)
        LAWS[name] = Law(name, statement, apply, example, reason)
        return LAWS[name]

    return register


def texts(name: str, apply: Callable[..., Expr]) -> tuple[str, tuple[str, ...], str]:
    """The three paragraphs of a law's docstring."""
    paragraphs = inspect.cleandoc(apply.__doc__ or "").split("\n\n")
    if len(paragraphs) != 3 or not all(paragraphs):
        raise ValueError(
            f"the law {name!r}: its docstring has {len(paragraphs)} paragraphs; "
            "wanted are three: statement, example, reason"
        )
    statement, example, reason = paragraphs
    *given, last = example.split("\n")
    if " = " not in last or not all(line.startswith("given ") for line in given):
        raise ValueError(
            f"the law {name!r}: its example is {example!r}; "
            "wanted are lines 'given …', if any, and 'before = after'"
        )
    return " ".join(statement.split()), (*given, last), " ".join(reason.split())
