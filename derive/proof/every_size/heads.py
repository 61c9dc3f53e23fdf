"""What factors are: their heads, the places where they stand, atoms that hold values.

An atom stands for a function of a value (exp, log, a power of a sum, a condition on a sign) and is
one whatever the places are called at which the value stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pullback.derive.proof.every_size.canonical import least, orders
from pullback.derive.proof.every_size.places import NUMBER, OPEN, Places
from pullback.derive.proof.every_size.terms import (
    Factor,
    Factors,
    Head,
    Number,
    Term,
    Value,
    constant,
    into,
    plus,
    scaled,
)

NOTHING = "-oo"  # the tensor that stands for the exponent of what does not count


class Heads:
    """All heads and places that have come up."""

    def __init__(self) -> None:
        self.places = Places()
        self.heads: list[Head] = []
        self.numbers: dict[Any, int] = {}
        self.atoms: dict[Any, Factor] = {}
        self.depth = 0  # how many indices are open
        self.delta, self.less = self.head("delta"), self.head("less")
        self.apart_head = self.head("apart")  # 1 less a delta, where the rest has no value at it
        self.certain: list[tuple[Factor, str]] = []  # switches of which it is known what they are
        self.primes: dict[int, int] = {}  # heads of prime numbers under roots
        self.switches = {self.delta, self.less, self.apart_head}  # heads of what is 0 or 1
        self.opposites: dict[int, Factor] = {}

    def head(
        self,
        kind: str,
        name: str = "",
        value: Value | None = None,
        holders: tuple[int, ...] = (),
        swaps: tuple[tuple[int, ...], ...] = (),
    ) -> int:
        """The number of a head."""
        key = (kind, name, frozenset(value.items()) if value is not None else None)
        if key not in self.numbers:
            self.numbers[key] = len(self.heads)
            self.heads.append(Head(kind, name, value, holders, swaps))
            if kind == "bracket":
                self.switches.add(self.numbers[key])
            if kind == "constant" and name.isdigit():
                self.primes[self.numbers[key]] = int(name)
        return self.numbers[key]

    def renamed(self, factor: Factor, table: Mapping[int, int]) -> Factor:
        """A factor with other places."""
        return self.least_way((factor[0], *self.places.all_replaced(factor[1:], table)))

    def least_way(self, factor: Factor) -> Factor:
        """The places in order, where the order does not matter."""
        symmetric = factor[0] in (self.delta, self.apart_head) or self.heads[factor[0]].swaps
        return (factor[0], *min(self.ways(factor))) if symmetric else factor

    def ways(self, factor: Factor) -> list[tuple[int, ...]]:
        """The places of a factor in all orders that are one."""
        if factor[0] in (self.delta, self.apart_head):
            return [factor[1:], (factor[2], factor[1])]
        swaps = self.heads[factor[0]].swaps
        return [tuple(factor[1 + k] for k in order) for order in swaps] or [factor[1:]]

    def opened(self, bound: Sequence[int], factors: Sequence[tuple[Factor, Number]]) -> Any:
        """The indices and factors of a term with bound indices that are free for a while."""
        if not bound:
            return (), list(factors)
        table = {}
        for place in bound:
            table[place] = self.places.make(OPEN, self.places.sizes[place], self.depth)
            self.depth += 1
        return tuple(table.values()), [(self.renamed(f, table), p) for f, p in factors]

    def complement(self, switch: Factor) -> Value:
        """1 less a switch."""
        if switch[0] == self.apart_head:
            return {((), (((self.delta, *switch[1:]), 1),)): 1}
        return plus(constant(1), {((), ((switch, 1),)): -1})

    def infinite(self, value: Value) -> bool:
        """Is minus infinity among its terms?"""
        return any(self.heads[f[0]].name == NOTHING for _, factors in value for f, _ in factors)

    def switch(self, switch: Factor) -> Value:
        """A switch as it is; it is put in where it meets other factors."""
        return {((), ((switch, 1),)): 1}

    # -- atoms -------------------------------------------------------------------------------------

    def atom(self, kind: str, value: Value, name: str = "") -> Factor:
        """The factor that stands for a function of a value, whatever its places are called."""
        key = (kind, name, frozenset(value.items()))
        if key not in self.atoms:
            best, alike = self.order(value)
            swaps = tuple(tuple(best.index(p) for p in order) for order in alike)
            head = self.head(
                kind,
                name,
                self.held(value, best),
                self.holders(best),
                swaps if len(swaps) > 1 else (),
            )
            self.atoms[key] = self.least_way((head, *best))
        return self.atoms[key]

    def order(self, value: Value, first: Sequence[int] = ()) -> tuple[list[int], list[list[int]]]:
        """The order of a value's free places in which it is written least, after those that come
        first, and all orders that write it so."""
        free = self.free(value, first)
        parts = [factors for (_, factors) in value]
        return least(
            orders(self.places, self.ways, parts, free),
            lambda order: sorted(self.held(value, [*first, *order]).items()),
        )

    def holders(self, order: Sequence[int]) -> tuple[int, ...]:
        """What stands for places in that order."""
        return tuple(self.places.holder(k, self.places.sizes[p]) for k, p in enumerate(order))

    def held(self, value: Value, order: Sequence[int]) -> Value:
        """A value with holders for its places in that order."""
        return self.put_apart(value, dict(zip(order, self.holders(order), strict=True)))

    def put_apart(self, value: Value, table: Mapping[int, int]) -> Value:
        """As `put`, where no two places become one and deltas stay."""
        out: Value = {}
        for (bound, factors), coefficient in value.items():
            powers = {self.renamed(f, table): p for f, p in factors}
            into(out, self.canonical(set(bound), powers), coefficient)
        return out

    def canonical(self, bound: set[int], powers: Factors) -> Term:
        """The term with canonical names for its bound indices."""
        if not bound:
            return (), tuple(sorted(powers.items()))
        items = list(powers.items())

        def written(order: Sequence[int]) -> Any:
            table = self.bound_names(order)
            return tuple(sorted((self.renamed(f, table), p) for f, p in items))

        order, _ = least(orders(self.places, self.ways, [items], sorted(bound)), written)
        return tuple(sorted(self.bound_names(order).values())), written(order)

    def bound_names(self, order: Sequence[int]) -> dict[int, int]:
        """The canonical names of bound indices that come in this order."""
        counts: dict[str, int] = {}
        table = {}
        for place in order:
            size = self.places.sizes[place]
            table[place] = self.places.bound(size, counts.get(size, 0))
            counts[size] = counts.get(size, 0) + 1
        return table

    def free(self, value: Value, apart: Sequence[int] = ()) -> list[int]:
        """The free places of a value, as large as they come without a bound index within, nor one
        of those that are kept apart."""
        found: set[int] = set()
        for bound, factors in value:
            for factor, _ in factors:
                for place in factor[1:]:
                    self.collect(place, (*bound, *apart), found)
        return sorted(found)

    def collect(self, place: int, bound: Sequence[int], found: set[int]) -> None:
        """The free places within one."""
        if self.places.kinds[place] == NUMBER:
            return
        if self.places.leaves[place].isdisjoint(bound):
            if self.places.leaves[place]:
                found.add(place)
            return
        for inner in self.places.inner[place]:
            self.collect(inner, bound, found)

    def opposite(self, factor: Factor) -> Factor:
        """[v < 0] for [v > 0]."""
        head = factor[0]
        if head not in self.opposites:
            value = self.heads[head].value
            assert value is not None
            self.opposites[head] = self.atom("bracket", scaled(value, -1))
        return self.given(self.opposites[head], factor)

    def turned(self, factor: Factor) -> tuple[Factor, Factor] | None:
        """x and [x > 0], where a factor is [x < 0] for an entry x."""
        value = self.heads[factor[0]].value
        if value is None or len(value) != 1:
            return None
        ((bound, factors),) = value
        if bound or value[bound, factors] > 0 or len(factors) != 1 or factors[0][1] != 1:
            return None
        inner = factors[0][0]
        if self.heads[inner[0]].kind != "tensor":
            return None
        return self.given(inner, factor), self.opposite(factor)

    def given(self, inner: Factor, outer: Factor) -> Factor:
        """A factor over holders at the places of an atom that holds it."""
        holders = self.heads[outer[0]].holders
        return self.renamed(inner, dict(zip(holders, outer[1:], strict=True)))

    def fell_together(self, factor: Factor) -> bool:
        """Does an atom stand at one place twice, or at a number?"""
        if self.heads[factor[0]].value is None:
            return False
        return len(set(factor[1:])) < len(factor) - 1 or any(
            self.places.kinds[p] == NUMBER for p in factor[1:]
        )
