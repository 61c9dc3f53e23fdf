"""Sums over axes of one value, and of the product of several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pullback.codegen.lower.arrays import elementwise, real
from pullback.codegen.lower.context import Context, Term
from pullback.codegen.lower.contraction_order import in_pairs
from pullback.codegen.lower.products import product
from pullback.codegen.program.operations import Contract, Reduce
from pullback.derive.index.objects import Index


def reduce(here: Context, term: Term, indices: Iterable[Index]) -> Term:
    """A sum over axes of one value; an axis that it lacks counts as often as it is long."""
    indices, term = tuple(indices), real(here, term)
    idle = [i for i in indices if i not in term.indices]
    axes = tuple(term.indices.index(i) for i in indices if i not in idle)
    others = tuple(i for i in term.indices if i not in indices)
    if axes:
        op = Reduce("sum", term.value, tuple(sorted(axes)))
        term = Term(here.builder.add(op), others)
    return product(here, [(term, 1)], [i.size for i in idle]) if idle else term


def contract(here: Context, terms: list[Term], indices: tuple[Index, ...]) -> Term:
    """A sum of products, two at a time in the order that costs least."""
    term, left = in_pairs(terms, indices, lambda *pair: contract_pair(here, *pair))
    return reduce(here, term, left) if left else term


def contract_pair(
    here: Context, left: Term, right: Term, summed: Sequence[Index], guarded: bool = False
) -> Term:
    """The sum over `summed` of left · right."""
    left = reduce_alone(here, left, right, summed)
    right = reduce_alone(here, right, left, summed)
    summed = [i for i in summed if i in left.indices and i in right.indices]
    if not summed:
        return elementwise(here, "multiply", [left, right])
    union = list(dict.fromkeys((*left.indices, *right.indices)))
    out = [i for i in union if i not in summed]
    if any(i in here.scope for i in out):
        out.sort(key=here.rank)
    number = {i: place for place, i in enumerate([*out, *summed])}
    left, right = real(here, left), real(here, right)
    letters = tuple(tuple(number[i] for i in t.indices) for t in (left, right))
    op = Contract((left.value, right.value), letters, tuple(range(len(out))), guarded)
    return Term(here.builder.add(op), tuple(out))


def reduce_alone(here: Context, term: Term, other: Term, summed: Sequence[Index]) -> Term:
    """Sum over the axes that only this operand has."""
    alone = [i for i in summed if i in term.indices and i not in other.indices]
    return reduce(here, term, alone) if alone else term
