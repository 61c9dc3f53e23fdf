"""The order in which the operands of a contraction are joined, two at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from string import ascii_letters

import numpy as np

from pullback.codegen.lower.context import Term
from pullback.derive.index.objects import Index

MAX_SEARCHED = 6  # operands of a contraction whose best order is searched for
MAX_AXES = 8  # of an operand in that search: NumPy counts the entries of a larger one wrongly
COMMON_SIZE = 64  # of every axis, where orders are compared


def in_pairs(
    terms: list[Term],
    indices: Sequence[Index],
    join: Callable[[Term, Term, Sequence[Index]], Term],
) -> tuple[Term, tuple[Index, ...]]:
    """Operands joined two at a time in the order that costs least, and what is not summed yet.

    `join` is told which indices no other operand has, and sums over these.
    """
    while len(terms) > 1:
        a, b = cheapest_pair(terms, indices)
        left, right = terms[a], terms[b]
        rest = [t for place, t in enumerate(terms) if place not in (a, b)]
        kept = {i for t in rest for i in t.indices}
        summed = [i for i in indices if i in {*left.indices, *right.indices} - kept]
        terms = [*rest, join(left, right, summed)]
        indices = [i for i in indices if i not in summed]
    return terms[0], tuple(indices)


def cheapest_pair(terms: list[Term], indices: Sequence[Index]) -> tuple[int, int]:
    """Which two operands to contract first: of few by NumPy's search, at a common size.

    That takes time that grows with the factorial of their number. Of many operands the pair that
    leaves least, and of those the one that costs least.
    """
    if len(terms) == 2:
        return 0, 1
    axes = list(dict.fromkeys(i for t in terms for i in t.indices))
    largest = max(len(t.indices) for t in terms)
    if len(terms) > MAX_SEARCHED or len(axes) > len(ascii_letters) or largest > MAX_AXES:
        pairs = combinations(range(len(terms)), 2)
        return min(pairs, key=lambda pair: cost_of_pair(terms, indices, pair))
    letters = dict(zip(axes, ascii_letters, strict=False))
    words = ["".join(letters[i] for i in t.indices) for t in terms]
    out = "".join(letter for i, letter in letters.items() if i not in indices)
    arrays = [np.broadcast_to(0.0, (COMMON_SIZE,) * len(w)) for w in words]
    path, _ = np.einsum_path(f"{','.join(words)}->{out}", *arrays, optimize="optimal")
    pair = next(step for step in path[1:] if len(step) >= 2)
    return pair[0], pair[1]


def cost_of_pair(
    terms: Sequence[Term], indices: Sequence[Index], pair: tuple[int, int]
) -> tuple[int, int]:
    """By how many entries contracting a pair makes its operands more, and its multiplications."""
    left, right = (set(terms[place].indices) for place in pair)
    kept = {i for place, t in enumerate(terms) if place not in pair for i in t.indices}
    result = {i for i in left | right if i in kept or i not in indices}
    more = COMMON_SIZE ** len(result) - COMMON_SIZE ** len(left) - COMMON_SIZE ** len(right)
    return more, COMMON_SIZE ** len(left | right)
