"""The order in which the operands of a contraction are joined, two at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import combinations

from sympy import Expr

from pullback.codegen.lower.context import Term
from pullback.derive.index.objects import Index

MAX_SEARCHED = 6  # operands of a contraction whose best order is searched for
COMMON_SIZE = 64  # of every axis, where orders are compared
Axes = frozenset[Expr]


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
    """Which two operands to contract first: of few the first of the order that costs least.

    That search takes time that grows with the factorial of their number. Of many operands the pair
    that leaves least, and of those the one that costs least.
    """
    if len(terms) == 2:
        return 0, 1
    if len(terms) > MAX_SEARCHED:
        pairs = combinations(range(len(terms)), 2)
        return min(pairs, key=lambda pair: cost_of_pair(terms, indices, pair))
    letters = [frozenset(t.indices) for t in terms]
    out = frozenset().union(*letters).difference(indices)
    _, pair = cheapest_order(tuple(letters), out)
    return pair


@lru_cache(2**10)
def cheapest_order(operands: tuple[Axes, ...], out: Axes) -> tuple[int, tuple[int, int]]:
    """What the order that costs least comes to, in operations, and its first pair.

    `out` are the axes of the result. Of orders that cost the same it is the first.
    """
    best = None
    for pair in combinations(range(len(operands)), 2):
        left, right = (operands[place] for place in pair)
        rest = tuple(o for place, o in enumerate(operands) if place not in pair)
        whole = left | right
        kept = whole & out.union(*rest)
        cost = COMMON_SIZE ** len(whole) * (1 if kept == whole else 2)  # multiply, and add up
        cost += cheapest_order((*rest, kept), out)[0] if rest else 0
        if best is None or cost < best[0]:
            best = cost, pair
    assert best
    return best


def cost_of_pair(
    terms: Sequence[Term], indices: Sequence[Index], pair: tuple[int, int]
) -> tuple[int, int]:
    """By how many entries contracting a pair makes its operands more, and its multiplications."""
    left, right = (set(terms[place].indices) for place in pair)
    kept = {i for place, t in enumerate(terms) if place not in pair for i in t.indices}
    result = {i for i in left | right if i in kept or i not in indices}
    more = COMMON_SIZE ** len(result) - COMMON_SIZE ** len(left) - COMMON_SIZE ** len(right)
    return more, COMMON_SIZE ** len(left | right)
