"""Scalars written out: sums, products, powers and functions of entries.

The checker's own objects, since SymPy's move signs in and out of functions, turn a root of a square
into an absolute value and let nan and zoo appear. What has no value, as 1/0, is a node too: a
number that nobody knows, which 0 times makes 0, as [condition] * f is 0 where the condition is
false.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from pullback.derive.index.ranges import Range

Number = int | Fraction


class Node:
    """A scalar: its kind and what it is made of; `serial` counts nodes in the order of making.

    | kind | args |
    | --- | --- |
    | number | its value |
    | symbol, constant | its name; every constant is positive |
    | infinity | 1 or -1 |
    | undefined | what was to be worked out, and of what |
    | sum | a number, and pairs of a node and its coefficient |
    | product | pairs of a base and its exponent, a number |
    | power | a base and an exponent that is no number |
    | function | its name and its argument |
    """

    __slots__ = ("algebraic", "args", "kind", "range", "serial", "signs", "undefined")
    algebraic: bool
    undefined: bool
    range: Range | None  # where it is assumed to lie, if it is an entry of which that is
    signs: tuple[bool, bool] | None  # is it seen to be positive, and not to be negative?

    def __init__(self, kind: str, args: tuple[Any, ...], serial: int) -> None:
        self.kind, self.args, self.serial, self.signs = kind, args, serial, None
        self.range = None
        inner = [*parts(self)]
        self.undefined = kind == "undefined" or any(n.undefined for n in inner)
        whole = kind != "product" or all(whole_number(e) for _, e in args)
        plain = kind in ("number", "symbol", "constant", "sum", "product")
        self.algebraic = plain and whole and all(n.algebraic for n in inner)

    def __repr__(self) -> str:
        return f"{self.kind}{self.args}"


def parts(node: Node) -> Iterable[Node]:
    """The nodes that a node is made of."""
    if node.kind == "sum":
        return [n for n, _ in node.args[1]]
    if node.kind == "product":
        return [n for n, _ in node.args]
    return [a for a in node.args if isinstance(a, Node)]


def is_function(node: Node, name: str) -> bool:
    """Is it a function of that name?"""
    return node.kind == "function" and node.args[0] == name


def whole_number(value: Number) -> bool:
    """Is it an integer?"""
    return isinstance(value, int) or value.denominator == 1


def plain(value: Number) -> Number:
    """An integer as an int."""
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


def symbols(nodes: Iterable[Node]) -> list[Node]:
    """The symbols in nodes, in the order in which they were made."""
    seen: set[Node] = set()
    stack = list(nodes)
    found = []
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            if node.kind == "symbol":
                found.append(node)
            stack.extend(parts(node))
    return sorted(found, key=lambda n: n.serial)
