"""Contractions of two arrays that NumPy does better than by an einsum."""

from __future__ import annotations

from collections.abc import Callable

from pullback.codegen.program import (
    Contract,
)
from pullback.codegen.targets.numpy.text import CALL, Text

TURNED = ".swapaxes(-1, -2)"  # of stacked matrices; NumPy before 2.0 has no .mT
Spell = Callable[[int], Text]
Product = tuple[str, Text, Text]


def whole_dot(spell: Spell, op: Contract) -> Product | None:
    """Two arrays of one shape, all of it summed."""
    left, right = op.letters
    if op.out or left != right:
        return None
    return ("_dot", *pair(spell, op))


def row_dot(spell: Spell, op: Contract) -> Product | None:
    """Two arrays of one shape, their last axis summed."""
    left, right = op.letters
    if left != right or len(left) < 2 or op.out != left[:-1]:
        return None
    return ("_dot_last", *pair(spell, op))


def column_dot(spell: Spell, op: Contract) -> Product | None:
    """Two arrays of one shape, their first axis summed."""
    left, right = op.letters
    if left != right or len(left) < 2 or op.out != left[1:]:
        return None
    return ("_dot_rows", *pair(spell, op))


def pair(spell: Spell, op: Contract) -> tuple[Text, Text]:
    """The two factors as they are."""
    left, right = op.values
    return spell(left), spell(right)


def batched_product(spell: Spell, op: Contract) -> Product | None:
    """`a @ b` of matrices that stand behind the same leading axes, transposed where needed."""
    for first, second in ((0, 1), (1, 0)):
        left, right = op.letters[first], op.letters[second]
        lead, matrix = op.out[:-2], op.out[-2:]
        summed = set(left[-2:]) & set(right[-2:])
        if not lead or left[:-2] != lead or right[:-2] != lead or len(summed) != 1:
            continue
        (s,) = summed
        if {*left[-2:]} != {matrix[0], s} or {*right[-2:]} != {s, matrix[1]}:
            continue
        a = turned(spell, op.values[first], left[-1] == s, TURNED)
        b = turned(spell, op.values[second], right[-2] == s, TURNED)
        return "matmul", a, b
    return None


def matrix_product(spell: Spell, op: Contract) -> Product | None:
    """`a @ b` with the right transposes, where one axis is summed and no other is shared."""
    for first, second in ((0, 1), (1, 0)):
        left, right = op.letters[first], op.letters[second]
        shared = set(left) & set(right)
        if len(shared) != 1 or shared & set(op.out) or len(right) > 2:
            continue
        (s,) = shared
        rows, columns = (tuple(i for i in side if i != s) for side in (left, right))
        if (*rows, *columns) != op.out:
            continue
        if len(left) > 2 and left[-1] != s:
            continue
        a = turned(spell, op.values[first], left[-1] == s or len(left) == 1, ".T")
        b = turned(spell, op.values[second], right[0] == s or len(right) == 1, ".T")
        return "matmul", a, b
    return None


def is_product(op: Contract) -> bool:
    """Has each of two arrays an axis of its own, and is one summed that both have?

    Then it costs far more to work out than to copy, and NumPy's einsum works it out without BLAS.
    """
    left, right = map(set, op.letters)
    kept = {*op.out}
    return bool(left & right - kept and kept & left - right and kept & right - left)


def turned(spell: Spell, value: int, fits: bool, turn: str) -> Text:
    """A matrix, transposed where it does not fit."""
    text = spell(value)
    return text if fits else Text(f"{text.within(CALL)}{turn}", CALL)


RULES = (whole_dot, row_dot, column_dot, batched_product, matrix_product)  # the first that fits
