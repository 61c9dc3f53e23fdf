"""How large a definition may become, found on its trees before any SymPy object is made.

SymPy works numbers out as soon as it sees them: `2**x * 2**(1e300 - x)` would fill the memory. So
the length of every number that could come out is bounded here first, notation looked through.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from pullback.derive.read.trees import (
    Apply,
    Equation,
    Iverson,
    Length,
    Negative,
    Number,
    Operation,
    Ref,
    Shifted,
    Tree,
    parts,
    refuse,
    walk,
)

MAX_PARTS = 2_000  # of all equations, calls written out
MAX_OPERATIONS = 20_000  # of one equation, notation put in
MAX_POWER = 64  # written as a number
MAX_BITS = 8192  # of a number that literals make up
CAP = 2**20  # a bound beyond every limit; no bound grows further


@dataclass(frozen=True)
class Extent:
    """Bounds on a tree: how many parts, the bits of its numbers, and how large they are (log2).

    `logs` says whether a logarithm is in it, which `exp` would undo.
    """

    parts: int = 1
    bits: int = 0
    magnitude: int = 0
    logs: bool = False


def check_limits(equations: Iterable[Equation]) -> None:
    """Refuse equations that come to too much."""
    notation: dict[str, Extent] = {}
    for equation in equations:
        found = measure(equation.right, notation)
        if found.parts > MAX_OPERATIONS:
            refuse(
                f"'{equation.name}' comes to more than {MAX_OPERATIONS:,} operations "
                "once notation is put in",
                equation.place,
            )
        if found.bits > MAX_BITS:
            refuse(f"a number in '{equation.name}' may become too long", equation.place)
        if equation.notation:
            notation[equation.name] = found


def count_parts(equation: Equation) -> int:
    """The size of a right side."""
    return sum(1 + len(t.indices or ()) if isinstance(t, Ref) else 1 for t in walk(equation.right))


def measure(tree: Tree, notation: dict[str, Extent]) -> Extent:
    """The bounds of a tree; parts are measured before what they are parts of."""
    found: dict[int, Extent] = {}
    for part in reversed(list(walk(tree))):
        inner = [found[id(p)] for p in parts(part)]
        extent = combine(part, inner, notation)
        count = min(CAP, extent.parts + sum(i.parts for i in inner))
        logs = extent.logs or any(i.logs for i in inner)
        bits, magnitude = min(CAP, extent.bits), min(CAP, extent.magnitude)
        found[id(part)] = Extent(count, bits, magnitude, logs)
    return found[id(tree)]


def combine(tree: Tree, inner: list[Extent], notation: dict[str, Extent]) -> Extent:
    """The bounds of one operation, given those of its parts."""
    bits = sum(i.bits for i in inner)
    magnitude = max((i.magnitude for i in inner), default=0)
    match tree:
        case Number(text, _):
            value = Fraction(text)
            size = max(value.numerator.bit_length(), value.denominator.bit_length())
            return Extent(1, size, size if value > 1 else 0)
        case Ref(name, _, _):
            return notation.get(name, Extent())
        case Operation("**", _, Number(text, _), _):
            power = min(MAX_POWER, max(1, ceil(Fraction(text))))
            return Extent(1, (inner[0].bits + 1) * power, inner[0].bits * power)
        case Operation("**", _, _, _):
            power = 2 ** min(inner[1].magnitude, 32)
            return Extent(1, (inner[0].bits + 1) * power if bits else 0, inner[0].bits * power)
        case Operation("*", _, _, _):
            return Extent(1, bits, sum(i.magnitude for i in inner))
        case Operation("/", _, _, _):
            return Extent(1, bits, inner[0].magnitude + inner[1].bits)
        case Operation("+" | "-", _, _, _):
            return Extent(1, bits, magnitude + 1)
        case Apply("exp" | "expm1", _, _):
            power = 2 ** min(magnitude, 32)
            undone = any(i.logs for i in inner)
            return Extent(1, bits * power if undone else 0, magnitude * power if undone else 0)
        case Apply("log" | "log1p", _, _):
            return Extent(1, bits, 0, logs=True)
        case Apply() | Iverson() | Negative() | Operation() | Length() | Shifted():
            return Extent(1, bits, magnitude)
