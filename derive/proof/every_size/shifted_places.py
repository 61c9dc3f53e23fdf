"""Places so many on from others: beside [m = t + 1] what is compared with m is with t + 1."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from pullback.derive.proof.every_size.facts import ZERO, Given
from pullback.derive.proof.every_size.places import OPEN
from pullback.derive.proof.every_size.ring import Ring
from pullback.derive.proof.every_size.terms import Number, Value, minus, scaled


def beside_meetings(ring: Ring, value: Value, met: Mapping[int, Value]) -> Value:
    """A difference of places, with t + 1 for m where m = t + 1 is given; m is bound."""
    for pivot, zero in met.items() if places_alone(ring, value) else ():
        own, by = open_places(ring, value).get(pivot), open_places(ring, zero)[pivot]
        if own is not None:
            value = minus(value, scaled(zero, Fraction(own) / Fraction(by)))
    return value


def pivots(ring: Ring, given: Given) -> dict[int, Value]:
    """Bound indices that are given to be at sums of other places, and what is 0 there."""
    found: dict[int, Value] = {}
    for zero in (ring.inside(fact.value) for fact in given if fact.kind == ZERO):
        there = open_places(ring, zero) if places_alone(ring, zero) else {}
        if there:
            found.setdefault(max(there), zero)
    return found


def places_alone(ring: Ring, value: Value) -> bool:
    """Is it made of places, sizes and numbers, without a sum over any?"""
    kinds = ("place", "size")
    return all(
        not bound and all(ring.heads[f[0]].kind in kinds for f, _ in factors)
        for bound, factors in value
    )


def open_places(ring: Ring, value: Value) -> dict[int, Number]:
    """The bound indices that stand by themselves in a value, once or with a minus sign."""
    return {
        factors[0][0][1]: coefficient
        for (_, factors), coefficient in value.items()
        if len(factors) == 1
        and factors[0][1] == 1
        and ring.heads[factors[0][0][0]].kind == "place"
        and ring.places.kinds[factors[0][0][1]] == OPEN
        and coefficient in (1, -1)
    }


def two_places(ring: Ring, value: Value) -> tuple[int, int] | None:
    """The places of one axis of which a value is the difference."""
    found = sorted((c, factors) for (bound, factors), c in value.items() if not bound)
    if len(found) != 2 or len(value) != 2 or found[0][0] != -found[1][0]:
        return None
    if any(len(f) != 1 or f[0][1] != 1 for _, f in found):
        return None
    first, second = (f[0][0] for _, f in found)
    if not all(ring.heads[f[0]].kind == "place" for f in (first, second)):
        return None
    sizes = {ring.places.sizes[f[1]] for f in (first, second)}
    return (first[1], second[1]) if len(sizes) == 1 and "" not in sizes else None
