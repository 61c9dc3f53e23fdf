"""What happens where factors meet: a delta puts a place in, conditions exclude each other."""

from __future__ import annotations

from pullback.derive.proof.every_size.heads import Heads
from pullback.derive.proof.every_size.places import BOUND, HOLDER, INDEX, NUMBER, OPEN
from pullback.derive.proof.every_size.terms import Factor, Factors


def put_in_by(
    heads: Heads, factor: Factor, free: set[int], powers: Factors
) -> dict[int, int] | None:
    """What a delta puts in; nothing where it is 1 or 0, None where it cannot be used."""
    _, a, b = factor
    places = heads.places
    if a == b or places.kinds[a] == NUMBER == places.kinds[b]:
        return {}
    if places.sizes[a] != places.sizes[b]:
        return None
    for old, new in ((b, a), (a, b)):
        if old in free and old not in places.leaves[new]:
            return {old: new}
    old, new = direction(heads, a, b)
    if old < 0 or not any(heads.places.holds(p, old) for f in powers if f != factor for p in f[1:]):
        return None
    return {old: new}


def direction(heads: Heads, a: int, b: int) -> tuple[int, int]:
    """Which place of a delta that stays gives way to which; -1 where neither does."""
    places = heads.places
    simple = [p for p in (a, b) if places.kinds[p] in (INDEX, BOUND, OPEN, HOLDER)]
    if len(simple) == 2:
        return max(a, b), min(a, b)
    if simple:
        (old,) = simple
        new = b if old == a else a
        return (-1, -1) if old in places.leaves[new] else (old, new)
    new, old = sorted((a, b), key=lambda p: (places.kinds[p] != NUMBER, p))
    return (-1, -1) if heads.places.holds(new, old) else (old, new)


def known_switch(heads: Heads, factor: Factor) -> str | None:
    """What a switch is known to be: "1", "0", or "other": 1 less its opposite."""
    if factor[0] == heads.apart_head and factor[1] == factor[2]:
        return "0"
    for pattern, kind in heads.certain:
        if pattern[0] == factor[0] and fits(heads, pattern, factor):
            return kind
    return None


def excluded(heads: Heads, powers: Factors) -> bool:
    """Do two conditions exclude each other?"""
    for factor in powers:
        if factor[0] == heads.apart_head:
            if (heads.delta, *factor[1:]) in powers:
                return True
        elif factor[0] == heads.less:
            if factor[1] == factor[2] or (heads.less, factor[2], factor[1]) in powers:
                return True
            if (heads.delta, *sorted(factor[1:])) in powers:
                return True
        elif heads.heads[factor[0]].kind == "bracket" and heads.opposite(factor) in powers:
            return True
    return False


def fits(heads: Heads, pattern: Factor, factor: Factor) -> bool:
    """Does a switch that is known stand at these places?"""
    return any(heads.places.matches(pattern[1:], way, {}) for way in heads.ways(factor))
