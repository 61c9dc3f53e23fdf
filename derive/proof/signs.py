"""What is seen at once of a scalar's sign, wherever it has a value."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from pullback.derive.index.ranges import Range
from pullback.derive.proof.nodes import Node, Number, is_function, whole_number

ODD = frozenset(("tanh", "erf", "sin"))
BELOW_ONE = frozenset(("tanh", "erf"))  # in absolute value
BOUNDED = BELOW_ONE | {"sin", "cos"}  # by 1


def positive(node: Node) -> bool:
    """Is it seen at once that it is positive, wherever it has a value?"""
    return known_signs(node)[0]


def nonnegative(node: Node) -> bool:
    """Is it seen at once that it is not negative, wherever it has a value?"""
    return known_signs(node)[1]


def known_signs(node: Node) -> tuple[bool, bool]:
    """Whether it is seen to be positive, and not to be negative."""
    if node.signs is None:
        node.signs = look_at_sign(node)
    return node.signs


def look_at_sign(node: Node) -> tuple[bool, bool]:
    """As above, of a node that is looked at for the first time."""
    kind, args = node.kind, node.args
    if kind in ("number", "infinity"):
        return args[0] > 0, args[0] >= 0
    if kind == "constant" or is_function(node, "exp"):
        return True, True
    if node.range is not None:
        return node.range.positive, node.range.not_negative
    if kind == "sum":
        return sign_of_sum(*args)
    if kind == "product":
        signs = [sign_of_power(b, e) for b, e in args]
        return all(s[0] for s in signs), all(s[1] for s in signs)
    if kind == "power":
        return positive(args[0]), nonnegative(args[0])
    return False, False


def sign_of_sum(number: Number, terms: Iterable[tuple[Node, Number]]) -> tuple[bool, bool]:
    """Whether a sum is seen to be positive, and not to be negative: 2 + sin(u), 1 − tanh(u)."""
    lowest, more = Fraction(number), False  # that it may be, and is it more than that?
    for node, factor in terms:
        end = end_of(node.range, factor) if node.range is not None else None
        if end is not None:
            lowest, more = lowest + end[0], more or end[1]
            continue
        is_positive, is_nonnegative = known_signs(node) if factor > 0 else (False, False)
        if node.kind == "function" and node.args[0] in BOUNDED and not is_nonnegative:
            lowest -= abs(Fraction(factor))
            more = more or node.args[0] in BELOW_ONE
        elif not is_nonnegative:
            return False, False
        more = more or is_positive
    return lowest > 0 or (lowest == 0 and more), lowest >= 0


def end_of(place: Range, factor: Number) -> tuple[Fraction, bool] | None:
    """What so many times a number in a range is not below, and whether it never is that."""
    end, is_open = (place.low, place.low_open) if factor > 0 else (place.high, place.high_open)
    if not end.is_finite:
        return None
    return Fraction(int(end.p), int(end.q)) * Fraction(factor), is_open


def sign_of_power(base: Node, power: Number) -> tuple[bool, bool]:
    """Whether a power is seen to be positive, and not to be negative."""
    is_positive, is_nonnegative = known_signs(base)
    even = not whole_number(power) or int(power) % 2 == 0
    return is_positive or ((even or is_nonnegative) and power < 0), is_nonnegative or even
