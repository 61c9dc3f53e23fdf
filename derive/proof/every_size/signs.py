"""Which values are positive: by their form, by what is known, by the bounds of functions.

Sums of what is not negative are not negative, and positive where a term is; exponentials and sizes
are positive, and so is a sum of positive terms over an axis that is not empty. What has a value is
taken to have one: below a line nothing is 0.
"""

from __future__ import annotations

from fractions import Fraction

from pullback.derive.proof.every_size.facts import (
    NOT_NEGATIVE,
    NOT_ZERO,
    POSITIVE,
)
from pullback.derive.proof.every_size.known import PLAIN, Known, Question
from pullback.derive.proof.every_size.made_up import MadeUp
from pullback.derive.proof.every_size.ring import Ring
from pullback.derive.proof.every_size.switches import MAX_SWITCHES, switches, with_switch
from pullback.derive.proof.every_size.terms import (
    Factor,
    Number,
    Term,
    Value,
    as_number,
    constant,
    minus,
    number,
    plus,
    scaled,
)

BOUNDED = ("erf", "sin", "cos")  # between -1 and 1; the first never reaches them
DEPTH = 6  # of sums within atoms of which the sign is looked for


class Signs(Known):
    """Signs of values, by their form and by what is known."""

    def __init__(self, ring: Ring) -> None:
        super().__init__(ring)
        self.depth = 0
        self.answers: dict[Question, str | None] = {}
        self.brackets: dict[Question, Value] = {}  # [value > 0], worked out before
        self.ways = (self.by_terms, self.by_facts, self.by_bounds, self.by_others, self.by_cases)

    # -- questions ---------------------------------------------------------------------------------

    def positive(self, value: Value) -> bool:
        """Is it seen to be positive?"""
        return self.least(value) == POSITIVE

    def not_negative(self, value: Value) -> bool:
        """Is it seen not to be negative?"""
        return self.least(value) is not None

    def not_zero(self, value: Value) -> bool:
        """Is it seen not to be 0?"""
        if self.positive(value) or self.positive(scaled(value, -1)):
            return True
        if len(value) == 1:
            ((bound, factors),) = value
            if not bound and all(self.factor_not_zero(f, p) for f, p in factors):
                return True
        return self.known(NOT_ZERO, value)

    def factor_not_zero(self, factor: Factor, power: Number) -> bool:
        """Is a factor seen not to be 0? It is not below a line."""
        if power < 0 or self.ring.heads[factor[0]].kind in PLAIN:
            return True
        if factor[0] in self.ring.switches:
            return False
        if self.known(NOT_ZERO, self.ring.factor(factor)):
            return True
        found = self.sign(factor)
        return found is not None and found[1] == POSITIVE

    def least(self, value: Value) -> str | None:
        """ ">" or ">=" where that is seen, else None."""
        known = as_number(value)
        if known is not None:
            return None if known < 0 else POSITIVE if known else NOT_NEGATIVE
        if self.depth > DEPTH:
            return None
        key = self.question(value)
        if key not in self.answers:
            answer = self.worked_out(value)
            if answer is None and self.depth:
                return None  # it may be seen from where less stands around it
            self.answers[key] = answer
        return self.answers[key]

    def worked_out(self, value: Value) -> str | None:
        """The same, not remembered."""
        self.depth += 1
        try:
            if self.known(POSITIVE, value):
                return POSITIVE
            found = NOT_NEGATIVE if self.known(NOT_NEGATIVE, value) else None
            for way in self.ways:
                new = way(value)
                if new == POSITIVE:
                    return new
                found = found or new
            return POSITIVE if found and self.known(NOT_ZERO, value) else found
        finally:
            self.depth -= 1

    def by_facts(self, value: Value) -> str | None:
        """The sign of what is more, by a number, than what is known not to be below 0."""
        less = self.facts.less(value, self.given)
        return POSITIVE if any(self.known(NOT_NEGATIVE, one) for one in less) else None

    def by_cases(self, value: Value) -> str | None:
        """The sign where it is the same whatever the switches of a value are."""
        found = switches(self.ring, value)
        if not found or len(found) > MAX_SWITCHES:
            return None
        kinds = [self.in_case(value, found[0], answer) for answer in (1, 0)]
        return (
            None if None in kinds else POSITIVE if kinds == [POSITIVE, POSITIVE] else NOT_NEGATIVE
        )

    def in_case(self, value: Value, switch: Factor, answer: int) -> str | None:
        """The sign where a switch is 1 or 0: where [v > 0] is 1 what is at least v is positive, and
        where it is 0 what is at least -v is not negative."""
        case = with_switch(self.ring, value, switch, answer)
        kind = self.least(case)
        if kind == POSITIVE or self.ring.heads[switch[0]].kind != "bracket":
            return kind
        inner = self.ring.inside(switch)
        more = self.least(minus(case, inner) if answer else plus(case, inner))
        return POSITIVE if more and answer else more or kind

    def by_terms(self, value: Value) -> str | None:
        """The sign of a sum of terms of one sign."""
        found: str | None = NOT_NEGATIVE
        for term, coefficient in value.items():
            sign = self.sign_of_term(term)
            if sign is None or (sign[0] > 0) != (coefficient > 0):
                return None
            found = POSITIVE if sign[1] == POSITIVE else found
        return found

    def sign_of_term(self, term: Term) -> tuple[int, str] | None:
        """The sign of a term without its coefficient, and whether it may be 0."""
        depth = self.ring.depth
        _, factors = self.ring.opened(*term)
        sign, kind = 1, POSITIVE
        try:
            for factor, power in factors:
                found = self.sign_of_power(factor, power)
                if found is None:
                    return None
                sign *= found[0]
                kind = kind if found[1] == POSITIVE else NOT_NEGATIVE
        finally:
            self.ring.depth = depth
        return sign, kind

    def sign_of_power(self, factor: Factor, power: Number) -> tuple[int, str] | None:
        """The sign of a power of a factor."""
        found = self.sign(factor)
        if found is not None:
            strict = found[1] == POSITIVE or power < 0
            odd = number(Fraction(power)).denominator != 1 or power % 2
            return found[0] if odd else 1, POSITIVE if strict else NOT_NEGATIVE
        whole = Fraction(power)
        if whole.numerator % 2 == 0 or whole.denominator % 2 == 0:
            strict = power < 0 or self.known(NOT_ZERO, self.ring.factor(factor))
            return 1, POSITIVE if strict else NOT_NEGATIVE
        return None

    def sign(self, factor: Factor) -> tuple[int, str] | None:
        """The sign of a factor."""
        head = self.ring.heads[factor[0]]
        if head.kind in PLAIN:
            return 1, POSITIVE
        if factor[0] in self.ring.switches or head.kind == "place":
            return 1, NOT_NEGATIVE
        if head.kind == "base":
            inner = self.ring.inside(factor)
            for sign in (1, -1):
                kind = self.least(scaled(inner, sign))
                if kind is not None:
                    return sign, kind
            return None
        if head.kind == "log":
            kind = self.least_of_log(self.ring.inside(factor))
            if kind is not None:
                return 1, kind
        value = self.ring.factor(factor)
        for sign in (1, -1):
            for kind in (POSITIVE, NOT_NEGATIVE):
                if self.known(kind, scaled(value, sign)):
                    return sign, kind
        return None

    def least_of_log(self, inner: Value) -> str | None:
        """The sign of a log, where what is under it is seen to be 1 or more."""
        return self.least(minus(inner, constant(1))) if self.not_negative(inner) else None

    def by_bounds(self, value: Value) -> str | None:
        """The sign of a number and terms of which the bounds are known."""
        low: Number = value.get(((), ()), 0)
        if low <= 0:
            return None
        reached = False
        for term, coefficient in value.items():
            if term == ((), ()):
                continue
            bound = self.bound_of_term(term, coefficient)
            if bound is None:
                return None
            low += bound[0]
            reached = reached or bound[1]
        if low > 0 or (low == 0 and not reached):
            return POSITIVE
        return NOT_NEGATIVE if low == 0 else None

    def bound_of_term(self, term: Term, coefficient: Number) -> tuple[Number, bool] | None:
        """What a term is not below, and whether it may reach that."""
        if term[0]:
            return None
        strict = False
        for factor, power in term[1]:
            if factor[0] in self.ring.switches:
                continue
            head = self.ring.heads[factor[0]]
            if head.kind != "function" or head.name not in BOUNDED or power < 1:
                sign = self.sign_of_term(term)
                ok = sign is not None and (sign[0] > 0) == (coefficient > 0)
                return (0, True) if ok else None
            strict = strict or head.name == BOUNDED[0]
        if all(f[0] in self.ring.switches for f, _ in term[1]) and coefficient > 0:
            return 0, True
        return -abs(Fraction(coefficient)), not strict

    def by_others(self, value: Value) -> str | None:
        """The sign where terms below 0 are made up for by others."""
        return MadeUp(self.ring, self.sign_of_term, self.sign_of_power).least(value)
