"""Functions of what is equal are equal: log(a) and log(b) are one where a - b is seen to be 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pullback.derive.proof.every_size.exponentials import log_of_factor
from pullback.derive.proof.every_size.facts import POSITIVE
from pullback.derive.proof.every_size.signs import Signs
from pullback.derive.proof.every_size.terms import (
    Factor,
    Number,
    Term,
    Value,
    merged,
    minus,
    plus,
    scaled,
)

MANY = 6  # more functions of one name, or exponentials, are not compared
Part = tuple[tuple[Factor, Number], ...]  # factors of a term, with their powers
IsZero = Callable[[Value], bool]


def made_one(signs: Signs, value: Value, is_zero: IsZero) -> Value:
    """A value in which functions, and exponentials, of what is seen to be equal are one."""
    value = one_function(signs, value, is_zero)
    for bases in (False, True):
        value = one_exponential(signs, value, is_zero, bases)
    return value


def one_function(signs: Signs, value: Value, is_zero: IsZero) -> Value:
    """A value in which functions of one name are one where what is in them is equal."""
    ring = signs.ring
    names: dict[tuple[str, str], set[Factor]] = {}
    for term in value:
        for factor, _ in free(signs, term):
            head = ring.heads[factor[0]]
            if head.kind in ("function", "log"):
                names.setdefault((head.kind, head.name), set()).add(factor)
    table: dict[Factor, Factor] = {}
    for _, factors in sorted(names.items()):
        table |= firsts({f: ring.inside(f) for f in sorted(factors)}, is_zero)
    if not table:
        return value
    out: Value = {}
    for (bound, part), coefficient in value.items():
        ring.add(out, coefficient, bound, merged((), ((table.get(f, f), p) for f, p in part)))
    return out


def one_exponential(signs: Signs, value: Value, is_zero: IsZero, bases: bool) -> Value:
    """A value in which products of exponentials are one where the sums of what is in them are
    equal; with powers of positive sums, as exponentials of logs, or without."""
    ring = signs.ring
    parts = {term: exponential(signs, term, bases) for term in value}
    table = firsts({p: exponent(signs, p) for p in sorted(set(parts.values())) if p}, is_zero)
    if not table:
        return value
    out: Value = {}
    for term, coefficient in value.items():
        part = parts[term]
        new = merged(merged(term[1], table.get(part, part)).items(), ((f, -p) for f, p in part))
        ring.add(out, coefficient, term[0], new)
    return out


def free(signs: Signs, term: Term) -> Part:
    """The factors of a term that stand at no bound index."""
    leaves, bound = signs.ring.places.leaves, frozenset(term[0])
    return tuple((f, p) for f, p in term[1] if all(bound.isdisjoint(leaves[q]) for q in f[1:]))


def exponential(signs: Signs, term: Term, bases: bool) -> Part:
    """The exponentials of a term at no bound index, and positive sums beside them."""
    found = free(signs, term)
    kinds = {f: signs.ring.heads[f[0]].kind for f, _ in found}
    if "exp" not in kinds.values():
        return ()
    return tuple(
        (f, p)
        for f, p in found
        if kinds[f] == "exp" or (bases and kinds[f] == "base" and signs.sign(f) == (1, POSITIVE))
    )


def exponent(signs: Signs, part: Part) -> Value:
    """The sum of the logs of factors."""
    return plus(*(scaled(log_of_factor(signs, f), p) for f, p in part))


def firsts(values: Mapping[Any, Value], is_zero: IsZero) -> dict[Any, Any]:
    """What has the same value as something before it, with that."""
    kept: list[Any] = []
    table = {}
    for name, value in values.items() if len(values) <= MANY else ():
        same = next((k for k in kept if is_zero(minus(values[k], value))), None)
        if same is None:
            kept.append(name)
        else:
            table[name] = same
    return table
