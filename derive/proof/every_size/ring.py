"""Arithmetic of values. Every term is kept in one form: deltas are summed away and put in, an index
on which nothing hangs becomes a size, what excludes each other vanishes, bound indices have
canonical names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from pullback.derive.proof.every_size.heads import Heads
from pullback.derive.proof.every_size.meeting import (
    excluded,
    known_switch,
    put_in_by,
)
from pullback.derive.proof.every_size.terms import (
    ONE,
    Factor,
    Factors,
    NoValue,
    Number,
    Undecided,
    Value,
    into,
    merged,
    number,
    scaled,
)

MAX_WORK = 20_000  # terms that are made for one step


class Ring(Heads):
    """Values over heads and places; `rebuild` makes a power of an atom anew from what is in it."""

    def __init__(self) -> None:
        super().__init__()
        self.work = 0
        self.rebuild: Callable[[Factor, Number], Value] = self.factor

    def term(self, coefficient: Number, bounds: Sequence[int], factors: Factors) -> Value:
        """The value of one term."""
        out: Value = {}
        self.add(out, coefficient, bounds, factors)
        return out

    def factor(self, factor: Factor, power: Number = 1) -> Value:
        """A power of a factor."""
        return self.term(1, (), {factor: power})

    def times(self, *values: Value) -> Value:
        """The product of values."""
        result = values[0]
        for value in values[1:]:
            result = self.product(result, value)
        return result

    def product(self, left: Value, right: Value) -> Value:
        """The product of two values: each term with each, their bound indices told apart."""
        if len(left) == 1 and ONE in left:
            return scaled(right, left[ONE])
        if len(right) == 1 and ONE in right:
            return scaled(left, right[ONE])
        out: Value = {}
        for (bound, factors), coefficient in left.items():
            for (other, others), by in right.items():
                bounds, powers = self.apart(bound, other, others)
                self.add(out, coefficient * by, (*bound, *bounds), merged(factors, powers))
        return out

    def apart(
        self, taken: Sequence[int], bound: Sequence[int], factors: Sequence[tuple[Factor, Number]]
    ) -> tuple[Sequence[int], Sequence[tuple[Factor, Number]]]:
        """A term with bound indices that are not among those taken."""
        if not taken or not bound or set(taken).isdisjoint(bound):
            return bound, factors
        table = {}
        counts: dict[str, int] = {}
        for place in taken:
            counts[self.places.sizes[place]] = counts.get(self.places.sizes[place], 0) + 1
        for place in bound:
            size = self.places.sizes[place]
            name = self.places.names[place]
            assert isinstance(name, int)
            table[place] = self.places.bound(size, name + counts.get(size, 0))
        return [table[b] for b in bound], [(self.renamed(f, table), p) for f, p in factors]

    def summed(self, value: Value, indices: Sequence[int]) -> Value:
        """The sum of a value over free places."""
        out: Value = {}
        for (bound, factors), coefficient in value.items():
            self.add(out, coefficient, (*bound, *indices), dict(factors))
        return out

    def put(self, value: Value, table: Mapping[int, int]) -> Value:
        """A value with other places for its free ones; none of these is bound in it."""
        if not table:
            return value
        out: Value = {}
        for (bound, factors), coefficient in value.items():
            self.move(out, coefficient, bound, dict(factors), table)
        return out

    def settled(self, value: Value) -> Value:
        """A value whose terms are all in their form."""
        return self.summed(value, ())

    def inside(self, factor: Factor) -> Value:
        """What stands in an atom at its places."""
        head = self.heads[factor[0]]
        assert head.value is not None
        return self.put(head.value, dict(zip(head.holders, factor[1:], strict=True)))

    # -- terms -------------------------------------------------------------------------------------

    def move(
        self,
        out: Value,
        coefficient: Number,
        bounds: Sequence[int],
        factors: Factors,
        table: Mapping[int, int],
    ) -> None:
        """Add a term with other places; atoms of which two places become one are made anew."""
        found: Factors = {}
        fallen = []
        for factor, power in factors.items():
            new = self.renamed(factor, table) if len(factor) > 1 else factor
            if new != factor and self.fell_together(new):
                fallen.append((new, power))
            else:
                found[new] = found.get(new, 0) + power
        if not fallen:
            return self.add(out, coefficient, bounds, found)
        return self.anew(out, coefficient, bounds, found, fallen)

    def anew(
        self,
        out: Value,
        coefficient: Number,
        bounds: Sequence[int],
        found: Factors,
        fallen: Sequence[tuple[Factor, Number]],
    ) -> None:
        """Add a term of which some factors are made anew."""
        depth = self.depth
        opened, parts = self.opened(bounds, [*found.items(), *fallen])
        rest = self.term(coefficient, (), dict(parts[: len(found)]))
        try:
            made = [self.rebuild(f, p) for f, p in parts[len(found) :]]
        except NoValue as error:  # a factor has none, which what stands beside it may leave out
            raise Undecided(str(error)) from None
        for term, by in self.summed(self.times(rest, *made), opened).items():
            into(out, term, by)
        self.depth = depth

    def add(self, out: Value, coefficient: Number, bounds: Sequence[int], factors: Factors) -> None:
        """Add a term in its form, or the terms that it comes to."""
        self.work += 1
        if self.work > MAX_WORK:
            raise Undecided("its normal form has too many terms")
        powers = {f: (1 if f[0] in self.switches else number(p)) for f, p in factors.items() if p}
        ways = (self.by_known, self.by_delta, self.by_apart, self.by_sum, self.by_turned)
        if any(way(out, coefficient, bounds, powers) for way in ways):
            return
        coefficient *= self.whole_primes(powers)
        used = {leaf for f in powers for p in f[1:] for leaf in self.places.leaves[p]}
        for place in sorted(set(bounds) - used):  # Σ_j 1 is the size of the axis
            size = (self.head("size", self.places.sizes[place]),)
            powers[size] = powers.get(size, 0) + 1
            if not powers[size]:
                del powers[size]
        into(out, self.canonical(set(bounds) & used, powers), coefficient)

    # Each of these says whether it has added the term, in other terms.

    def by_known(
        self, out: Value, coefficient: Number, bounds: Sequence[int], powers: Factors
    ) -> bool:
        """Switches that are known, and those that exclude each other."""
        for factor in [f for f in powers if f[0] in self.switches]:
            known = known_switch(self, factor)
            if known == "0":
                return True
            if known is not None:
                del powers[factor]
            if known == "other":  # of two that exclude each other one holds
                self.add(out, coefficient, bounds, powers)
                self.add(out, -coefficient, bounds, {**powers, self.opposite(factor): 1})
                return True
        return excluded(self, powers)

    def by_delta(
        self, out: Value, coefficient: Number, bounds: Sequence[int], powers: Factors
    ) -> bool:
        """Σ_j δ(i, j) f(j) = f(i), and δ(i, j) f(j) = δ(i, j) f(i) where nothing is summed."""
        for factor in [f for f in powers if f[0] == self.delta]:
            table = put_in_by(self, factor, set(bounds), powers)
            if table is None:
                continue
            if not table and factor[1] != factor[2]:
                return True  # two numbers that differ
            del powers[factor]
            if not table:
                continue
            (old,) = table
            if old in bounds:
                rest = [b for b in bounds if b != old]
                self.move(out, coefficient, rest, powers, table)
            else:
                self.beside(out, coefficient, bounds, powers, table, factor)
            return True
        return excluded(self, powers)

    def by_apart(
        self, out: Value, coefficient: Number, bounds: Sequence[int], powers: Factors
    ) -> bool:
        """[i ≠ j] is 1 - δ(i, j), if what stands beside it has a value where i = j."""
        for factor in [f for f in powers if f[0] == self.apart_head]:
            if not self.has_pole(factor, powers):
                del powers[factor]
                self.add(out, coefficient, bounds, powers)
                self.add(out, -coefficient, bounds, {**powers, (self.delta, *factor[1:]): 1})
                return True
        return False

    def by_sum(
        self, out: Value, coefficient: Number, bounds: Sequence[int], powers: Factors
    ) -> bool:
        """A sum that is no longer below a line is multiplied out."""
        sums = {
            f: int(Fraction(p) // 1)
            for f, p in powers.items()
            if p >= 1 and self.heads[f[0]].kind == "base"
        }
        if sums:
            rest = merged(powers.items(), ((f, -p) for f, p in sums.items()))
            self.anew(out, coefficient, bounds, rest, list(sums.items()))
        return bool(sums)

    def by_turned(
        self, out: Value, coefficient: Number, bounds: Sequence[int], powers: Factors
    ) -> bool:
        """x [x < 0] = x - x [x > 0]; of 1/x it is not so, as [x < 0] leaves x = 0 out."""
        for factor in powers:
            turned = self.turned(factor) if factor[0] in self.switches else None
            if turned is not None and powers.get(turned[0], 0) > 0:
                rest = {f: p for f, p in powers.items() if f != factor}
                self.add(out, coefficient, bounds, rest)
                self.add(out, -coefficient, bounds, {**rest, turned[1]: 1})
                return True
        return False

    def whole_primes(self, powers: Factors) -> Number:
        """The whole powers of primes among the factors, taken out: 2^(3/2) = 2 2^(1/2)."""
        found = Fraction(1)
        for factor in [f for f, p in powers.items() if f[0] in self.primes and not -1 < p < 1]:
            whole, left = divmod(Fraction(powers.pop(factor)), 1)
            found *= Fraction(self.primes[factor[0]]) ** int(whole)
            if left:
                powers[factor] = left
        return number(found)

    def beside(
        self,
        out: Value,
        coefficient: Number,
        bounds: Sequence[int],
        powers: Factors,
        table: Mapping[int, int],
        delta: Factor,
    ) -> None:
        """Add a term into which a delta was put that stays, as no sum takes it away."""
        depth = self.depth
        opened, parts = self.opened(bounds, [(delta, 1), *powers.items()])
        opening = dict(zip(bounds, opened, strict=True))
        inside = {
            self.places.replaced(old, opening): self.places.replaced(new, opening)
            for old, new in table.items()
        }
        moved: Value = {}
        self.move(moved, coefficient, (), dict(parts[1:]), inside)
        whole: Value = {}
        for (bound, factors), by in moved.items():
            self.add(whole, by, (*bound, *opened), merged(factors, [parts[0]]))
        for term, by in whole.items():
            into(out, term, by)
        self.depth = depth

    def has_pole(self, apart: Factor, powers: Factors) -> bool:
        """Would something below a line or under a log be 0 where two places are one?"""
        for factor, power in powers.items():
            head = self.heads[factor[0]]
            if not (head.kind == "log" or (head.kind == "base" and power < 0)):
                continue
            meeting = [h for h, p in zip(head.holders, factor[1:], strict=True) if p in apart[1:]]
            if len(meeting) == 2 and not self.put(head.value or {}, {meeting[1]: meeting[0]}):
                return True
        return False
