"""What is 0 or 1 within a value: conditions on signs, orders of places, deltas."""

from __future__ import annotations

from pullback.derive.proof.every_size.ring import Ring
from pullback.derive.proof.every_size.terms import Factor, Value

MAX_SWITCHES = 5  # of one value that are gone through case by case


def switches(ring: Ring, value: Value) -> list[Factor]:
    """The switches of a value that stand at no bound index, in a fixed order."""
    found = set()
    for bound, factors in value:
        for factor, _ in factors:
            if factor[0] in ring.switches and not any(
                ring.places.leaves[p] & set(bound) for p in factor[1:]
            ):
                found.add(factor)
    return sorted(found)


def with_switch(ring: Ring, value: Value, switch: Factor, answer: int) -> Value:
    """A value where a switch is 1 or 0; its opposite is 0 where it is 1."""
    out: Value = {}
    kind = ring.heads[switch[0]].kind
    gone = {ring.opposite(switch)} if answer and kind == "bracket" else set()
    if kind in ("delta", "apart") and answer:
        gone = {(ring.apart_head if kind == "delta" else ring.delta, *switch[1:])}
    if answer and kind == "less":
        gone = {(ring.less, switch[2], switch[1]), (ring.delta, *sorted(switch[1:]))}
    for (bound, factors), coefficient in value.items():
        powers = dict(factors)
        if gone & set(powers):
            continue
        if switch in powers:
            if not answer:
                continue
            del powers[switch]
        ring.add(out, coefficient, bound, powers)
    return out


Answers = tuple[tuple[Factor, int], ...]


def in_cases(ring: Ring, value: Value, answers: Answers = ()) -> list[tuple[Answers, Value]]:
    """What a value is in each case of its switches; as it is where these are too many."""
    found = switches(ring, value)
    if not found or len(found) > MAX_SWITCHES:
        return [(answers, value)]
    return [
        case
        for answer in (1, 0)
        for case in in_cases(
            ring, with_switch(ring, value, found[0], answer), (*answers, (found[0], answer))
        )
    ]
