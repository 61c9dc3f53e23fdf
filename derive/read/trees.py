"""Syntax trees: what the grammar of definitions reads, and what calls and the reader take apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn

from pullback.derive.errors import DefinitionError
from pullback.derive.index.objects import own_name

OWN = "@"  # an axis of its own, in an entry at whole expressions, until it has a name
BATCH = "..."  # the axis that stands for any number of leading axes
COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")


@dataclass(frozen=True)
class Place:
    """Where a piece of text stands: line and column, from 1, in which text."""

    line: int = 0
    column: int = 0
    source: str = field(default="", repr=False, compare=False)
    within: str = ""  # the definition, or its assumption, that the text is


@dataclass(frozen=True)
class Number:
    """A literal such as `2`, `0.5` or `1e-5`, kept as text so that it stays exact."""

    text: str
    place: Place


@dataclass(frozen=True)
class Ref:
    """A name, with indices where it has brackets: `x`, `x[n, d]`, `z[n, y[n]]`."""

    name: str
    indices: tuple[Ref, ...] | None
    place: Place


@dataclass(frozen=True)
class Apply:
    """A function, a reduction or a call of another definition: `exp(…)`, `sum(d, …)`."""

    name: str
    args: tuple[Tree, ...]
    place: Place


@dataclass(frozen=True)
class Operation:
    """`left op right` for `+ - * / **` and the comparisons."""

    op: str
    left: Tree
    right: Tree
    place: Place


@dataclass(frozen=True)
class Negative:
    """`-operand`."""

    operand: Tree
    place: Place


@dataclass(frozen=True)
class Iverson:
    """`[comparison]`: 1 where it holds, else 0."""

    comparison: Tree
    place: Place


@dataclass(frozen=True)
class Length:
    """`size(x, 1)`: the size of a tensor's axis, counted from 0."""

    name: str
    position: int
    place: Place


@dataclass(frozen=True)
class Start:
    """What a recurrence has at one place before it begins: `s[-1, k] = s0[k]`."""

    at: Tree
    value: Tree


@dataclass(frozen=True)
class Shifted:
    """An entry at whole expressions of axes: `x[n, 2*i + a]`, or `pad(0, x[n, i - 1])`.

    `entry` has an axis of its own for each of them, which `at` pairs with the expression. `outside`
    is what it is where a place lies outside of its axis; None where no place may, but on the axis
    `along` of a recurrence, which has its `starts` there, and else 0.
    """

    entry: Ref
    at: tuple[tuple[str, Tree], ...]
    outside: Tree | None
    place: Place
    along: str = ""
    starts: tuple[Start, ...] = ()


Tree = Number | Ref | Apply | Operation | Negative | Iverson | Length | Shifted
Declared = tuple[tuple[str, Tree], ...]  # an axis, and its size


@dataclass(frozen=True)
class Equation:
    """`name[axes] = right` or `name[axes] := right`; axes is None where no brackets stand."""

    name: str
    axes: tuple[str, ...] | None
    notation: bool
    right: Tree
    place: Place
    origin: str = ""  # the definition that a call brought it from
    start: tuple[int, Tree] | None = None  # of s[-1, k] = …: which axis has a place, and this one
    starts: tuple[Equation, ...] = ()  # such equations, of a node that reads itself


def refuse(message: str, place: Place) -> NoReturn:
    """Raise an error that names the definition and points into its text."""
    prefix = f"{place.within}: " if place.within else ""
    raise DefinitionError(prefix + message, place.source, place.line, place.column)


def walk(tree: Tree) -> Iterator[Tree]:
    """Every part of a tree, without recursion, left to right; a part comes before its own parts."""
    stack: list[Tree] = [tree]
    while stack:
        part = stack.pop()
        yield part
        stack.extend(reversed(parts(part)))


def parts(tree: Tree) -> tuple[Tree, ...]:
    """The direct parts of a tree; indices count where they are tensors."""
    match tree:
        case Operation(_, left, right, _):
            return (left, right)
        case Negative(operand, _):
            return (operand,)
        case Iverson(comparison, _):
            return (comparison,)
        case Apply(_, args, _):
            return args
        case Ref(_, indices, _) if indices:
            return tuple(i for i in indices if i.indices is not None)
        case Shifted(entry, at, outside, _, _, starts):
            beyond = [] if outside is None else [outside]
            beyond += [tree for start in starts for tree in (start.at, start.value)]
            return (entry, *(whole for _, whole in at), *beyond)
    return ()


PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "//": 2, "**": 4} | dict.fromkeys(COMPARISONS, 0)


def spell(tree: Tree, within: int = 0) -> str:
    """A tree as tidy text, with brackets where an operation of rank `within` needs them.

    >>> a, b = Ref("a", None, Place()), Ref("b", None, Place())
    >>> spell(Operation("*", Operation("+", a, b, Place()), b, Place()))
    '(a + b) * b'
    """
    match tree:
        case Number(text, _):
            return text
        case Ref(name, indices, _):
            return own_name(name) + (f"[{', '.join(map(spell, indices))}]" if indices else "")
        case Apply(name, args, _):
            return f"{name}({', '.join(map(spell, args))})"
        case Iverson(comparison, _):
            return f"[{spell(comparison)}]"
        case Length(name, position, _):
            return f"size({name}, {position})"
        case Shifted():
            return spell_shifted(tree)
        case Negative(operand, _):
            text, rank = f"-{spell(operand, 3)}", 3
        case Operation(op, _, right, _) if op == "**":
            text, rank = f"{spell(tree.left, 5)}**{spell(right, 3)}", 4
        case Operation():
            text, rank = spell_chain(tree), PRECEDENCE[tree.op]
    return f"({text})" if rank < within else text


def spell_shifted(tree: Shifted) -> str:
    """An entry with its expressions in its brackets, as it was written."""
    at = dict(tree.at)
    indices = (spell(at[i.name]) if i.name in at else spell(i) for i in tree.entry.indices or ())
    entry = f"{own_name(tree.entry.name)}[{', '.join(indices)}]"
    return entry if tree.outside is None else f"pad({spell(tree.outside)}, {entry})"


def spell_chain(tree: Operation) -> str:
    """A run of operations of one rank, however long."""
    rank = PRECEDENCE[tree.op]
    words: list[str] = []
    left: Tree = tree
    while isinstance(left, Operation) and PRECEDENCE[left.op] == rank:
        words += [spell(left.right, rank + 1), f" {left.op} "]
        left = left.left
    return spell(left, rank) + "".join(reversed(words))


def spell_equation(equation: Equation) -> str:
    """An equation as one tidy line."""
    names = list(equation.axes or ())
    if equation.start:
        position, place = equation.start
        names[position] = spell(place)
    axes = f"[{', '.join(names)}]" if names else ""
    sign = ":=" if equation.notation else "="
    return f"{equation.name}{axes} {sign} {spell(equation.right)}"
