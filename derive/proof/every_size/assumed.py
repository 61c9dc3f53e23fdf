"""What a definition assumes to be equal, put in: Σ_j t[n, j] = 1 makes Σ_j a t[n, j] to a."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pullback.derive.proof.every_size.places import BOUND
from pullback.derive.proof.every_size.ring import Ring
from pullback.derive.proof.every_size.terms import Factor, Number, Term, Value, number, plus, scaled

MAX_ROUNDS = 12


@dataclass(frozen=True)
class Rule:
    """A term is a value, at all places of its free indices."""

    term: Term
    value: Value


def rule(difference: Value) -> Rule | None:
    """What a fact puts in: for its largest term the others."""
    terms = [t for t in difference if t[1]]
    if not terms:
        return None
    term = max(terms, key=lambda t: (len(t[0]), len(t[1]), t))
    others = {t: c for t, c in difference.items() if t != term}
    return Rule(term, scaled(others, number(Fraction(-1) / difference[term])))


def put_in(ring: Ring, rules: Sequence[Rule], value: Value) -> Value:
    """A value with facts put in wherever they can be."""
    for _ in range(MAX_ROUNDS):
        new = once(ring, rules, value)
        if new == value:
            return value
        value = new
    return value


def once(ring: Ring, rules: Sequence[Rule], value: Value) -> Value:
    """A value with the first fact put in that can be, in each of its terms."""
    out: Value = {}
    for term, coefficient in value.items():
        as_it_is: Value = {term: 1}
        found = next((v for r in rules for v in put_into(ring, r, term)), as_it_is)
        out = plus(out, scaled(found, coefficient))
    return out


def put_into(ring: Ring, fact: Rule, term: Term) -> Iterator[Value]:
    """A term with a fact put in, in each way in which it can be."""
    bound, factors = term
    for table, left in ways(ring, fact, list(fact.term[1]), dict(factors), {}):
        summed = [table[b] for b in fact.term[0] if b in table]
        if len(summed) < len(fact.term[0]) or len(set(summed)) < len(summed):
            continue
        if any(ring.places.kinds[b] != BOUND or b not in bound for b in summed):
            continue
        elsewhere = {leaf for f in left for p in f[1:] for leaf in ring.places.leaves[p]}
        others = {
            leaf
            for b, p in table.items()
            if b not in fact.term[0]
            for leaf in ring.places.leaves[p]
        }
        if elsewhere & set(summed) or others & set(summed):
            continue
        depth = ring.depth
        opened, parts = ring.opened([b for b in bound if b not in summed], list(left.items()))
        opening = dict(zip([b for b in bound if b not in summed], opened, strict=True))
        moved = {
            p: ring.places.replaced(q, opening) for p, q in table.items() if p not in fact.term[0]
        }
        rest = ring.term(1, (), dict(parts))
        new = ring.summed(ring.product(rest, ring.put(fact.value, moved)), opened)
        ring.depth = depth
        yield new


def ways(
    ring: Ring,
    fact: Rule,
    pattern: list[tuple[Factor, Number]],
    factors: dict[Factor, Number],
    table: dict[int, int],
) -> Iterator[tuple[dict[int, int], dict[Factor, Number]]]:
    """How the factors of a fact are among those of a term, and what is left."""
    if not pattern:
        yield table, factors
        return
    (wanted, power), *others = pattern
    for factor, has in factors.items():
        if factor[0] != wanted[0] or has < power or (power < 0 and has != power):
            continue
        for way in ring.ways(factor):
            more = dict(table)
            if not ring.places.matches(wanted[1:], way, more, bound=fact.term[0]):
                continue
            left = {**factors, factor: has - power}
            if not left[factor]:
                del left[factor]
            yield from ways(ring, fact, others, left, more)
