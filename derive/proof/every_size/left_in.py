"""A largest value over what a condition leaves in: where it stands, the condition holds.

That is so if the condition holds anywhere. It does where what is known says that a sum over what is
left in is not 0: with nothing left in it would be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pullback.derive.proof.every_size.facts import NOT_NEGATIVE
from pullback.derive.proof.every_size.known import Known
from pullback.derive.proof.every_size.ring import Ring
from pullback.derive.proof.every_size.terms import ONE, Factor, Factors, Value, constant, minus

Switches = list[tuple[Factor, str]]


def switches_of(ring: Ring, holds: Value) -> Switches | None:
    """What the switches of a condition are where it holds; None where that is not known."""
    others = minus(holds, constant(1)) if ONE in holds else holds
    one = ONE in holds and ONE not in others
    if not all(not t[0] and all(f[0] in ring.switches for f, _ in t[1]) for t in others):
        return None
    found = [([f for f, _ in t[1]], c) for t, c in others.items()]
    if not one and len(found) == 1 and found[0][1] == 1:
        known = [(f, "1") for f in found[0][0]]
        apart = [f for f in found[0][0] if f[0] == ring.apart_head]
        return [*known, *(((ring.delta, *f[1:]), "0") for f in apart)]
    if one and len(found) == 1 and found[0][1] == -1 and len(found[0][0]) == 1:
        return [(found[0][0][0], "0")]
    if not one and len(found) == 2 and all(c == 1 and len(fs) == 1 for fs, c in found):
        first, second = (fs[0] for fs, _ in found)
        if ring.heads[first[0]].kind == "bracket" and ring.opposite(first) == second:
            return [(max(first, second), "other")]
    return None


def some_left(known: Known, holds: Sequence[Value], mark: int) -> bool:
    """Do the conditions hold together at some place, by what is known of sums?"""
    if len(holds) > 1:  # each must be a switch, so that all of them are
        if any(len(each) != 1 or ONE in each for each in holds):
            return False
        holds = [{((), tuple(f for each in holds for f in next(iter(each))[1])): 1}]
    return any(
        not v
        for value in sums_not_zero(known)
        for v in with_none(known.ring, value, holds[0], mark)
    )


def sums_not_zero(known: Known) -> Iterator[Value]:
    """Values that are not 0 at any place of their indices."""
    for facts in list(known.facts.by_head.values()):
        for fact in facts:
            if fact.kind != NOT_NEGATIVE and fact.everywhere and not fact.guards:
                yield known.ring.inside(fact.value)


def with_none(ring: Ring, value: Value, holds: Value, mark: int) -> Iterator[Value]:
    """What a value comes to if a condition holds nowhere, in each way in which they may meet."""
    wanted = weights(ring, [f for t in holds for f, _ in t[1]])
    if any(f[0] == ring.apart_head for f in wanted):
        yield from with_one_place(ring, value, wanted, mark)
        return
    answer = 1 if ONE in holds else 0
    for bound, factors in value:
        for factor, _ in factors:
            for switch in wanted:
                table: dict[int, int] = {}
                if factor[0] != switch[0] or not ring.places.matches(
                    factor[1:], switch[1:], table, bound=bound
                ):
                    continue
                own = {p: q for p, q in table.items() if p not in bound}
                if mark in own.values():
                    continue
                yield answered(ring, ring.put(value, own), wanted, mark, answer)


def weights(ring: Ring, wanted: list[Factor]) -> list[Factor]:
    """What is 0 where a condition fails: of [w > 0] + [w < 0] it is w itself."""
    brackets = [f for f in wanted if ring.heads[f[0]].kind == "bracket"]
    if len(brackets) == 2 == len(wanted) and ring.opposite(brackets[0]) == brackets[1]:
        inner = ring.inside(brackets[0])
        ((bound, factors), *others) = inner
        if not others and not bound and len(factors) == 1:
            return [factors[0][0]]
    return wanted


def with_one_place(ring: Ring, value: Value, wanted: list[Factor], mark: int) -> Iterator[Value]:
    """What a value comes to if its sums have the one place that is left out."""
    (apart,) = [f for f in wanted if f[0] == ring.apart_head]
    (there,) = [p for p in apart[1:] if p != mark] or [mark]
    size = ring.places.sizes[mark]
    for index in ring.free(value):
        if ring.places.sizes[index] != size or len(wanted) > 1:
            continue
        out: Value = {}
        for (bound, factors), coefficient in ring.put(value, {index: there}).items():
            summed = [b for b in bound if ring.places.sizes[b] == size]
            rest = [b for b in bound if b not in summed]
            ring.move(out, coefficient, rest, dict(factors), dict.fromkeys(summed, there))
        yield out


def answered(ring: Ring, value: Value, wanted: list[Factor], mark: int, answer: int) -> Value:
    """A value in which switches are 0, or 1, at every place of its sums."""
    out: Value = {}
    for (bound, factors), coefficient in value.items():
        powers: Factors = dict(factors)
        together = [{ring.renamed(f, {mark: b}) for f in wanted} for b in bound]
        found = {f for meant in together if meant <= set(powers) for f in meant}
        if found and not answer:
            continue
        ring.add(out, coefficient, bound, {f: p for f, p in powers.items() if f not in found})
    return out
