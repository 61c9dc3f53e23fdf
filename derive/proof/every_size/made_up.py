"""Terms below 0 that are made up for by others: by a sum in which they stand, or by squares."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from pullback.derive.proof.every_size.facts import NOT_NEGATIVE, POSITIVE
from pullback.derive.proof.every_size.ring import Ring
from pullback.derive.proof.every_size.terms import Factor, Number, Term, Value, number

Sign = tuple[int, str]  # 1 or -1, and ">" or ">=": whether it may be 0
Used = dict[Term, list[int]]  # the places at which terms of a sum were taken


class MadeUp:
    """The sign of a value in which terms below 0 are made up for by others."""

    def __init__(
        self,
        ring: Ring,
        sign_of_term: Callable[[Term], Sign | None],
        sign_of_power: Callable[[Factor, Number], Sign | None],
    ) -> None:
        self.ring = ring
        self.sign_of_term, self.sign_of_power = sign_of_term, sign_of_power

    def least(self, value: Value) -> str | None:
        """The sign of what is left where terms below 0 are made up for: by the sum in which they
        stand, as in Σ_j a_j - a_i, or by squares, as a² + b² - 2 a b is one."""
        left = dict(value)
        below = [t for t in value if not self.counts(t, value[t])]
        used: Used = {}
        for term in below:
            coefficient = left.pop(term)
            if not (
                self.within_sum(left, term, coefficient, used)
                or self.within_squares(left, term, coefficient, used)
            ):
                return None
        found: str | None = NOT_NEGATIVE
        for term, coefficient in left.items():
            if coefficient == 0:
                continue
            sign = self.sign_of_term(term)
            if sign is None or (sign[0] > 0) != (coefficient > 0):
                return None
            found = POSITIVE if sign[1] == POSITIVE and term not in used else found
        return found if below else None

    def counts(self, term: Term, coefficient: Number) -> bool:
        """Is a term not negative?"""
        sign = self.sign_of_term(term)
        return sign is not None and (sign[0] > 0) == (coefficient > 0)

    def within_sum(self, left: Value, term: Term, coefficient: Number, used: Used) -> bool:
        """Is it one term of a sum of terms that are not negative, and not one that was taken?"""
        for whole, by in left.items():
            if len(whole[0]) != 1 or term[0] or not self.counts(whole, by):
                continue
            if abs(Fraction(by)) < abs(Fraction(coefficient)):  # of one sign they make it larger
                continue
            (index,) = whole[0]
            for place in {p for f, _ in term[1] for p in f[1:]}:
                one: Value = {}
                self.ring.move(one, 1, (), dict(whole[1]), {index: place})
                taken = used.setdefault(whole, [])
                if one == {term: 1} and all(self.differ(place, t) for t in taken):
                    taken.append(place)
                    return True
        return False

    def differ(self, one: int, other: int) -> bool:
        """Are two places seen to differ?"""
        return not self.ring.factor((self.ring.delta, *sorted((one, other))))

    def within_squares(self, left: Value, term: Term, coefficient: Number, used: Used) -> bool:
        """c a b is not below -|c| (a² + b²)/2: are there such squares?"""
        odd = [(f, p) for f, p in term[1] if not self.even(f, p)]
        if len(odd) != 2:
            return False
        rest = {f: p for f, p in term[1] if (f, p) not in odd}
        half = Fraction(abs(Fraction(coefficient))) / 2
        for factor, power in odd:
            square = self.ring.term(1, term[0], {**rest, factor: 2 * power})
            if len(square) != 1:
                return False
            ((whole, by),) = square.items()
            if whole in used or left.get(whole, 0) < half * by:
                return False
            left[whole] = number(left[whole] - half * by)
        return True

    def even(self, factor: Factor, power: Number) -> bool:
        """Is a power seen not to be negative?"""
        sign = self.sign_of_power(factor, power)
        return sign is not None and sign[0] > 0
