"""Is a value 0 at every size? Rows are opened, denominators cleared, cases of signs taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice, permutations, product

from pullback.derive.proof.every_size.alike import made_one
from pullback.derive.proof.every_size.assumed import put_in as put_in_facts
from pullback.derive.proof.every_size.facts import POSITIVE
from pullback.derive.proof.every_size.meeting import direction
from pullback.derive.proof.every_size.places import OPEN
from pullback.derive.proof.every_size.powers import bracket, power
from pullback.derive.proof.every_size.ring import Ring
from pullback.derive.proof.every_size.signs import Signs
from pullback.derive.proof.every_size.switches import switches, with_switch
from pullback.derive.proof.every_size.terms import (
    Factor,
    Factors,
    Number,
    Term,
    Undecided,
    Value,
    as_number,
    merged,
    minus,
    plus,
    scaled,
)

DEPTH = 14  # of what is opened, cleared and taken in cases
CASES = 4  # of signs, one within the other
MATCHINGS = 48  # ways to say which indices of two terms are one


def is_zero(signs: Signs, value: Value, depth: int = 0, cases: int = 0) -> bool:
    """Is a value seen to be 0?"""
    if signs.rules:
        value = put_in_facts(signs.ring, signs.rules, value)
    if not value:
        return True
    if depth > DEPTH:
        return False
    if bound_below(signs.ring, value):
        apart = groups(signs.ring, value)
        if len(apart) > 1 and all(is_zero(signs, v, depth + 1, cases) for v in apart):
            return True
        return any(is_zero(signs, v, depth + 1, cases) for v in rows(signs, value))
    below = to_clear(signs, value)
    if below is not None and is_zero(signs, cleared(signs, value, below), depth + 1, cases):
        return True
    if below is None or not depth:  # what is cleared hides powers of sums beside exponentials
        one = made_one(signs, value, lambda each: is_zero(signs, each, depth + 1, cases))
        if one != value:
            return is_zero(signs, one, depth + 1, cases)
    return by_cases(signs, value, depth, cases)


# -- rows ------------------------------------------------------------------------------------------


def bases(ring: Ring, term: Term) -> list[tuple[Factor, Number]]:
    """The sums of a term that stand below a line or under a root."""
    return [(f, p) for f, p in term[1] if ring.heads[f[0]].kind == "base"]


def bound_in_bases(ring: Ring, term: Term) -> list[int]:
    """The bound indices at which sums below a line stand."""
    bound = set(term[0])
    found = [
        leaf
        for factor, _ in bases(ring, term)
        for p in factor[1:]
        for leaf in sorted(ring.places.leaves[p] & bound)
    ]
    return list(dict.fromkeys(found))


def bound_below(ring: Ring, value: Value) -> bool:
    """Does a sum below a line stand at a bound index?"""
    return any(bound_in_bases(ring, term) for term in value)


def groups(ring: Ring, value: Value) -> list[Value]:
    """The terms of a value by the sums below lines, at bound indices or at which free places."""
    found: dict[object, Value] = {}
    for term, coefficient in value.items():
        below = {
            (f[0], *(-1 if ring.places.leaves[p] & set(term[0]) else p for p in f[1:]))
            for f, _ in bases(ring, term)
        }
        found.setdefault(tuple(sorted(below)), {})[term] = coefficient
    return list(found.values())


def rows(signs: Signs, value: Value) -> Iterator[Value]:
    """Σ_n F(n) = Σ_n G(n) where F(n) = G(n) at every n: the ways to say which n are one."""
    ring = signs.ring
    wanted: dict[str, int] = {}
    for term in value:
        counts: dict[str, int] = {}
        for place in bound_in_bases(ring, term):
            counts[ring.places.sizes[place]] = counts.get(ring.places.sizes[place], 0) + 1
        for size, count in counts.items():
            wanted[size] = max(count, wanted.get(size, 0))
    marks = {}
    for size in sorted(wanted):
        marks[size] = [ring.places.make(OPEN, size, ring.depth + k) for k in range(wanted[size])]
        ring.depth += wanted[size]
    try:
        every = [list(islice(choices(ring, term, wanted), MATCHINGS)) for term in value]
        for chosen in islice(product(*every), MATCHINGS):
            yield opened_rows(signs, value, chosen, marks)
    finally:
        ring.depth -= sum(wanted.values())


def choices(ring: Ring, term: Term, wanted: dict[str, int]) -> Iterator[dict[str, list[int]]]:
    """Which bound indices of a term are opened, by size; those below a line come first."""
    first = bound_in_bases(ring, term)
    ways = []
    for size, count in sorted(wanted.items()):
        need = [b for b in first if ring.places.sizes[b] == size]
        others = [b for b in term[0] if ring.places.sizes[b] == size and b not in need]
        taken = min(count - len(need), len(others))
        found = (
            (size, list(order))
            for extra in permutations(others, taken)
            for order in permutations([*need, *extra])
        )
        ways.append(list(islice(found, MATCHINGS)))
    for way in product(*ways):
        yield dict(way)


def opened_rows(
    signs: Signs, value: Value, chosen: Sequence[dict[str, list[int]]], marks: dict[str, list[int]]
) -> Value:
    """The rows of all terms; a term without an index is the sum of its share over that axis."""
    ring = signs.ring
    out: Value = {}
    for (term, coefficient), choice in zip(value.items(), chosen, strict=True):
        bound, factors = term
        table: dict[int, int] = {}
        shares: Factors = {}
        for size, places in marks.items():
            table.update(zip(choice[size], places, strict=False))
            missing = len(places) - len(choice[size])
            if missing:
                shares[(ring.head("size", size),)] = -missing
        rest = [b for b in bound if b not in table]
        moved = {ring.renamed(f, table): p for f, p in factors}
        ring.add(out, coefficient, rest, merged(moved.items(), shares.items()))
    return out


# -- denominators ----------------------------------------------------------------------------------


def to_clear(signs: Signs, value: Value) -> Factor | None:
    """The sum below a line that is cleared first: of those that are seen not to be 0, the one in
    which most others stand."""
    ring = signs.ring
    found = {
        f for term in value for f, p in bases(ring, term) if p < 0 or Fraction(p).denominator != 1
    }
    found = {f for f in found if lift(value, f) or any(dict(t[1]).get(f, 0) >= 1 for t in value)}
    order = sorted(
        found, key=lambda f: (-nesting(ring, f[0]), -len(ring.heads[f[0]].value or ()), f)
    )
    return next((f for f in order if signs.not_zero(ring.inside(f))), None)


def nesting(ring: Ring, head: int) -> int:
    """How deep sums below lines are nested."""
    value = ring.heads[head].value
    if value is None:
        return 0
    return 1 + max((nesting(ring, f[0]) for t in value for f, _ in t[1]), default=0)


def lift(value: Value, below: Factor) -> int:
    """The least whole power of a sum by which no term has it below a line any more."""
    low = min((Fraction(dict(t[1]).get(below, 0)) for t in value), default=Fraction(0))
    return -(low.numerator // low.denominator) if low < 0 else 0


def cleared(signs: Signs, value: Value, below: Factor) -> Value:
    """A value times a power of what stands below a line."""
    ring = signs.ring
    up = lift(value, below)
    whole = ring.inside(below)
    out: Value = {}
    for (bound, factors), coefficient in value.items():
        powers = dict(factors)
        exponent = Fraction(powers.pop(below, 0)) + up
        count, left = divmod(exponent, 1)
        if left:
            powers[below] = left
        one = ring.term(coefficient, bound, powers)
        if count:
            one = ring.product(one, power(signs, whole, int(count)))
        out = plus(out, one)
    return out


# -- cases -----------------------------------------------------------------------------------------


def by_cases(signs: Signs, value: Value, depth: int, cases: int) -> bool:
    """Is it 0 in each case of a sign, or of an order of two places?"""
    if cases >= CASES:
        return False
    ring = signs.ring
    found = sorted(switches(ring, value), key=lambda s: s[0] in (ring.delta, ring.apart_head))
    if not found:
        return False
    switch = found[0]
    if ring.heads[switch[0]].value is None:
        return all(is_zero(signs, v, depth + 1, cases + 1) for v in by_places(ring, value, switch))
    inner, other = ring.inside(switch), ring.opposite(switch)
    for on, sign in ((switch, 1), (other, -1)):
        side = with_switch(ring, value, on, 1)
        given = signs.fact(POSITIVE, scaled(inner, sign), (), everywhere=False)
        before, signs.given = signs.given, (*signs.given, given)
        try:
            if not is_zero(signs, settled(signs, side), depth + 1, cases + 1):
                return False
        finally:
            signs.given = before
    return at_tie(signs, without(ring, value, (switch, other)), inner, depth, cases)


def by_places(ring: Ring, value: Value, switch: Factor) -> list[Value]:
    """A value where two places are one, and where they differ, in either order."""
    a, b = switch[1:]
    delta, apart = (ring.delta, *sorted((a, b))), (ring.apart_head, *sorted((a, b)))
    differ = with_switch(ring, with_switch(ring, value, delta, 0), apart, 1)
    old, new = direction(ring, a, b)
    equal = with_switch(ring, with_switch(ring, value, apart, 0), delta, 1)
    equal = ring.put(equal, {old: new}) if old >= 0 else equal
    orders = [(ring.less, a, b), (ring.less, b, a)]
    if not any(
        o in powers for (_, factors) in differ for o in orders for powers in [dict(factors)]
    ):
        return [equal, differ]
    first = with_switch(ring, with_switch(ring, differ, orders[0], 1), orders[1], 0)
    second = with_switch(ring, with_switch(ring, differ, orders[0], 0), orders[1], 1)
    return [equal, first, second]


def settled(signs: Signs, value: Value) -> Value:
    """A value with the conditions that follow from what is given."""
    ring = signs.ring
    for switch in switches(ring, value):
        if ring.heads[switch[0]].kind == "bracket":
            answer = as_number(bracket(signs, ring.inside(switch)))
            value = value if answer is None else with_switch(ring, value, switch, int(answer))
    return value


def without(ring: Ring, value: Value, off: Sequence[Factor]) -> Value:
    """A value where these switches are 0."""
    for switch in off:
        value = with_switch(ring, value, switch, 0)
    return value


def at_tie(signs: Signs, value: Value, tie: Value, depth: int, cases: int) -> bool:
    """Is a value 0 where another is 0?"""
    if is_zero(signs, value, depth + 1, cases + 1):
        return True
    ring = signs.ring
    if len(tie) == 1:
        ((bound, factors),) = tie
        if bound:
            return False
        for factor, _ in factors:
            if signs.factor_not_zero(factor, 1):
                continue
            put = put_in(signs, value, factor, {})
            if put is None or not is_zero(signs, put, depth + 1, cases + 1):
                return False
        return True
    for term, coefficient in tie.items():
        bound, factors = term
        if bound or len(factors) != 1 or factors[0][1] != 1:
            continue
        factor = factors[0][0]
        if ring.heads[factor[0]].kind != "tensor":
            continue
        others = minus(tie, {term: coefficient})
        if any(f[0] == factor[0] for t in others for f, _ in t[1]):
            continue
        put = put_in(signs, value, factor, scaled(others, Fraction(-1) / coefficient))
        if put is not None and is_zero(signs, put, depth + 1, cases + 1):
            return True
    return False


def put_in(signs: Signs, value: Value, factor: Factor, new: Value) -> Value | None:
    """A value with another for one factor; None where that would be below a line."""
    ring = signs.ring
    out: Value = {}
    for (bound, factors), coefficient in value.items():
        powers = dict(factors)
        exponent = powers.pop(factor, 0)
        if exponent < 0 or (exponent and Fraction(exponent).denominator != 1 and new):
            return None
        one = ring.term(coefficient, bound, powers)
        if exponent:
            try:
                one = ring.product(one, power(signs, new, exponent))
            except Undecided:
                return None
        out = plus(out, one)
    return out
