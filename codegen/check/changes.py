"""Single changes of a formula, each with words that say what it is.

They are the slips of hands: a term or a factor left out or doubled, a sign, a sum too few or over
another axis, a mask the other way round, another size, another tensor, a label shifted by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import Binder, Largest, Smallest, Sum
from pullback.derive.index.kinks import Bracket, Maximum, Minimum, Where
from pullback.derive.index.objects import (
    Index,
    KroneckerDelta,
    entry,
    entry_indices,
    entry_name,
    free_indices,
    is_entry,
    is_size,
)

TURNED = {
    sp.StrictGreaterThan: sp.StrictLessThan,
    sp.GreaterThan: sp.LessThan,
    sp.StrictLessThan: sp.StrictGreaterThan,
    sp.LessThan: sp.GreaterThan,
}
SWAPPED = {Maximum: Minimum, Minimum: Maximum, Largest: Smallest, Smallest: Largest}
Axes = dict[str, tuple[Index, ...]]  # of every tensor and cotangent by name


@dataclass(frozen=True)
class Change:
    """A changed formula; `words` has `{}` for each of `about`, spelled when it is told."""

    words: str
    about: tuple[Expr, ...]
    result: Expr


def by_sizes(expr: Expr, sizes: Sequence[Expr]) -> Iterator[Change]:
    """A whole formula times, or over, a size."""
    for size in sizes:
        yield Change("{} is missing as a divisor", (size,), expr * size)
        yield Change("it is divided by {}", (size,), expr / size)


def changes(expr: Expr, axes: Axes, sizes: Sequence[Expr]) -> Iterator[Change]:
    """Every single change of an expression, those of the whole first."""
    yield from here(expr, axes, sizes)
    if isinstance(expr, Binder):
        body, bound = expr.open()
        yield from within(changes(body, axes, sizes), lambda new: type(expr)(new, *bound))
    elif isinstance(expr, sp.Add | sp.Mul | sp.Pow | sp.Function | Where) and expr.args:
        for at, part in enumerate(expr.args):
            if isinstance(part, Expr) and not isinstance(part, KroneckerDelta):
                yield from within(changes(part, axes, sizes), rebuilt(expr, at))
            elif isinstance(part, KroneckerDelta):
                yield from within(here(part, axes, sizes), rebuilt(expr, at))


def rebuilt(expr: Expr, at: int) -> Callable[[Expr], Expr]:
    """The expression with another part at a place."""

    def put(new: Expr) -> Expr:
        made: Expr = expr.func(*expr.args[:at], new, *expr.args[at + 1 :])
        return made

    return put


def within(found: Iterator[Change], put: Callable[[Expr], Expr]) -> Iterator[Change]:
    """Changes of a part as changes of the whole."""
    for change in found:
        result = put(change.result)
        yield Change(change.words, change.about, result)


def here(expr: Expr, axes: Axes, sizes: Sequence[Expr]) -> Iterator[Change]:
    """Changes at the head of an expression."""
    if isinstance(expr, sp.Add):
        yield from of_sum(expr)
    elif isinstance(expr, sp.Mul):
        yield from of_product(expr)
    elif isinstance(expr, Sum):
        yield from of_sum_over(expr, axes)
    elif isinstance(expr, sp.Pow):
        yield from of_power(expr)
    elif isinstance(expr, Bracket | Where):
        yield from of_condition(expr)
    elif isinstance(expr, KroneckerDelta):
        yield from of_delta(expr)
    elif type(expr) in SWAPPED:
        other = SWAPPED[type(expr)]
        new = (
            other(*expr.open()[0:1], *expr.open()[1])
            if isinstance(expr, Binder)
            else other(*expr.args)
        )
        yield Change("the largest and the smallest are swapped in {}", (expr,), new)
    elif isinstance(expr, sp.Function) and len(expr.args) == 1:
        yield Change("the function is left out of {}", (expr,), expr.args[0])
    elif is_size(expr):
        for size in sizes:
            if size != expr:
                yield Change("{} stands in place of {}", (size, expr), size)
    elif is_entry(expr):
        yield from of_entry(expr, axes)
    if not (expr.is_number or isinstance(expr, Index)):
        yield from of_anything(expr)


def of_anything(expr: Expr) -> Iterator[Change]:
    """A sign, twice, half."""
    yield Change("the sign of {} is wrong", (expr,), -expr)
    yield Change("{} is there twice", (expr,), 2 * expr)
    yield Change("the half is taken of {}", (expr,), expr / 2)
    yield Change("1 stands in place of {}", (expr,), sp.S.One)


def of_sum(expr: Expr) -> Iterator[Change]:
    """A term left out."""
    for term in expr.args:
        yield Change("the term {} is left out", (term,), expr - term)
    if len(expr.args) > 2:
        for term in expr.args:
            yield Change("only the term {} is there", (term,), term)


def of_product(expr: Expr) -> Iterator[Change]:
    """A factor left out, there twice, or divided by."""
    for factor in expr.args:
        words = "the factor {} is left out"
        if factor == -1:
            words = "the sign is wrong"
        yield Change(words, (factor,), expr / factor)
        if not factor.is_number:
            yield Change("the factor {} is there twice", (factor,), expr * factor)
        yield Change(
            "{} divides where it multiplies, or the other way round", (factor,), expr / factor**2
        )
    if expr.args[0].is_Rational and expr.args[0].q != 1:
        number = expr.args[0]
        yield Change("the factor {} is left out", (sp.Rational(1, number.q),), expr * number.q)


def of_sum_over(expr: Sum, axes: Axes) -> Iterator[Change]:
    """A sum left out, over another axis, or a mean."""
    body, bound = expr.open()
    own = {i for indices in axes.values() for i in indices}
    for at, index in enumerate(bound):
        rest = (*bound[:at], *bound[at + 1 :])
        for free in free_indices(body):
            if free not in bound:
                name = next((i for i in sorted(own, key=str) if i.size == index.size), index)
                while name in free_indices(expr):
                    name = name.primed
                new = Sum(body, *rest, free).xreplace({index: name})
                yield Change("the sum runs over {} in place of {}", (free, name), new)
        name = next((i for i in sorted(own, key=str) if i.size == index.size), index)
        if name not in free_indices(expr):
            yield Change(
                "the sum over {} is left out", (name,), Sum(body.xreplace({index: name}), *rest)
            )
    count = sp.Mul(*(i.size for i in bound))
    yield Change("the mean is taken where {} is a sum", (expr,), expr / count)
    yield Change("the sum is taken where {} is to be a mean", (expr / count,), expr * count)


def of_power(expr: Expr) -> Iterator[Change]:
    """Another exponent."""
    base, exponent = expr.args
    if exponent.is_number:
        yield Change("the power is left out of {}", (expr,), base)
        for other in (exponent - 1, exponent + 1, -exponent, exponent * 2, exponent / 2):
            if other not in (0, 1):
                yield Change("the exponent of {} is another one", (expr,), base**other)


def of_condition(expr: Expr) -> Iterator[Change]:
    """A condition the other way round; the two cases swapped."""
    condition, *cases = expr.args
    if type(condition) in TURNED:
        turned = TURNED[type(condition)](*condition.args)
        yield Change(
            "the comparison in {} is the wrong way round", (expr,), expr.func(turned, *cases)
        )
    if cases:
        yield Change("the two cases of {} are swapped", (expr,), expr.func(condition, *cases[::-1]))
        yield from (Change("{} is taken everywhere", (case,), case) for case in cases)
    else:
        yield Change("the mask {} is left out", (expr,), sp.S.One)


def of_delta(expr: Expr) -> Iterator[Change]:
    """A delta shifted by one."""
    first, second = expr.args
    for step in (1, -1):
        yield Change(f"{{}} is shifted by {step}", (expr,), KroneckerDelta(first, second + step))
    yield Change("1 stands in place of {}", (expr,), sp.S.One)


def of_entry(expr: Expr, axes: Axes) -> Iterator[Change]:
    """Another tensor of the same axes; an index over another axis of the same size."""
    name, indices = entry_name(expr), entry_indices(expr)
    if name not in axes or expr.is_integer:
        return
    shape = [i.size for i in axes[name]]
    for other, others in axes.items():
        if other != name and [i.size for i in others] == shape:
            new = entry(other, indices)
            yield Change("{} stands in place of {}", (new, expr), new)
    if len(indices) == 2 and shape[0] == shape[1]:
        new = entry(name, indices[::-1])
        yield Change("{} stands in place of {}: a transpose", (new, expr), new)
