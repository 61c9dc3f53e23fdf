"""What is not smooth, with declared values at its kinks: indicators, cases, max, min, |x|."""

from __future__ import annotations

from typing import Any, cast

import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from pullback.derive.index.objects import Index, KroneckerDelta, unless_infinite
from pullback.derive.index.rewriting import rewrite


class Bracket(Expr):
    """The indicator: 1 where the condition holds, else 0; its derivative is 0."""

    is_commutative = True

    def __new__(cls, condition: Any) -> Expr:
        """A condition that is true or false becomes 1 or 0 at once."""
        condition = sp.sympify(condition)
        if condition in (sp.true, sp.false):
            return cast(Expr, sp.Integer(1 if condition is sp.true else 0))
        if isinstance(condition, sp.Eq) and all(side.is_integer for side in condition.args):
            met = meeting(condition.lhs - condition.rhs)
            if met.is_Number or isinstance(met, KroneckerDelta):
                return met
            if met.is_zero is False:  # T, or t + 1
                return cast(Expr, sp.S.Zero)
            condition = sp.Eq(met, 0, evaluate=False)
        return cast(Expr, super().__new__(cls, condition))

    @property
    def condition(self) -> Relational:
        """The comparison."""
        return cast(Relational, self.args[0])

    def _eval_derivative(self, s: Expr) -> Expr:
        return cast(Expr, sp.S.Zero)

    def _eval_power(self, exponent: Expr) -> Expr | None:
        return self if exponent.is_positive else None

    def _eval_is_real(self) -> bool:
        return True

    def _eval_is_nonnegative(self) -> bool:
        return True


def meeting(difference: Expr) -> Expr:
    """Where places meet: the difference that is 0 there, in one form whichever way it is written;
    1 or 0 where that is plain, and a delta of two indices of one size."""
    whole = sp.expand(difference)
    if whole.is_Number:
        return sp.Integer(whole == 0)
    numbers = [term.as_coeff_Mul()[0] for term in sp.Add.make_args(whole)]
    terms = [t for t in sp.Add.make_args(whole) if not t.is_Number]
    divisor = sp.gcd_list(numbers)
    first = min(terms, key=lambda t: sp.default_sort_key(t.as_coeff_Mul()[1]))
    if first.as_coeff_Mul()[0].is_negative:
        divisor = -divisor
    whole = sp.Add(*(t / divisor for t in sp.Add.make_args(whole)))
    if len(terms) == 2 and len(sp.Add.make_args(whole)) == 2:
        i, j = sorted(whole.args, key=lambda t: bool(t.could_extract_minus_sign()))
        if isinstance(i, Index) and isinstance(-j, Index) and i.size == (-j).size:
            return cast(Expr, KroneckerDelta(i, -j))
    return cast(Expr, whole)


def indicator(condition: Any) -> Expr:
    """1 where the condition holds, else 0; the equality of an index is a Kronecker delta."""
    if isinstance(condition, sp.Eq) and any(isinstance(side, Index) for side in condition.args):
        return cast(Expr, KroneckerDelta(*condition.args))
    return Bracket(condition)


class Where(Expr):
    """a where the condition holds, else b; the condition has no derivative."""

    is_commutative = True

    def __new__(cls, condition: Any, a: Any, b: Any) -> Expr:
        """A condition that is true or false chooses at once."""
        condition, a, b = map(sp.sympify, (condition, a, b))
        if condition in (sp.true, sp.false):
            return cast(Expr, a if condition is sp.true else b)
        if (a, b) == (1, 0):
            return indicator(condition)
        return cast(Expr, a if a == b else super().__new__(cls, condition, a, b))

    def _eval_derivative(self, s: Expr) -> Expr:
        condition, a, b = self.args
        return Where(condition, a.diff(s), b.diff(s))

    def _eval_is_real(self) -> bool | None:
        return unless_infinite(self)

    def _eval_is_extended_real(self) -> bool:
        return True


class Maximum(sp.Function):
    """max(a, b); at a tie a constant argument wins, else the first."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Expr:
        """1 where the argument is the one chosen."""
        return wins(self.args, argindex - 1, sp.StrictGreaterThan, sp.GreaterThan)

    def _eval_is_real(self) -> bool | None:
        return unless_infinite(self)

    def _eval_is_extended_real(self) -> bool:
        return True

    def _eval_is_nonnegative(self) -> bool | None:
        return True if any(a.is_nonnegative for a in self.args) else None


class Minimum(sp.Function):
    """min(a, b); at a tie a constant argument wins, else the first."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Expr:
        """1 where the argument is the one chosen."""
        return wins(self.args, argindex - 1, sp.StrictLessThan, sp.LessThan)

    def _eval_is_real(self) -> bool:
        return True


def wins(args: tuple[Expr, ...], which: int, strict: type, weak: type) -> Expr:
    """The indicator that an argument of max or min is chosen, with the declared value at a tie."""
    me, other = args[which], args[1 - which]
    return Bracket((weak if wins_tie(args, which) else strict)(me, other))


def wins_tie(args: tuple[Expr, ...], which: int) -> bool:
    """Is an argument of max or min chosen at a tie? A constant is, else the first."""
    return bool(args[which].is_number) or (which == 0 and not args[1].is_number)


class Sign(sp.sign):
    """-1, 0 or 1: the slope of abs. Its own slope is 0, at 0 too, where SymPy's is a DiracDelta."""

    def _eval_derivative(self, s: Expr) -> Expr:
        return cast(Expr, sp.S.Zero)


class Abs(sp.Abs):
    """|x|. SymPy's own takes x for complex where it does not see that x is real, as log(x) is."""

    @classmethod
    def eval(cls, arg: Expr) -> Expr | None:
        """Numbers, known signs and a sign in front are worked out, and nothing more."""
        if arg.is_number or arg.is_nonnegative or arg.is_nonpositive:
            return cast(Expr, -arg if arg.is_nonpositive else sp.Abs(arg) if arg.is_number else arg)
        factor, rest = arg.as_coeff_Mul()
        if factor != 1:
            return cast(Expr, abs(factor) * cls(rest))
        return cls(-arg) if arg.could_extract_minus_sign() else None

    def _eval_derivative(self, s: Expr) -> Expr:
        return cast(Expr, Sign(self.args[0]) * self.args[0].diff(s))

    def _eval_is_real(self) -> bool:
        return True


def with_own_abs(expr: Expr) -> Expr:
    """With our |x| for SymPy's, which it makes of (x²)^½ by itself and which is another object."""
    if not any(type(e) is sp.Abs for e in expr.atoms(sp.Abs)):
        return expr
    return rewrite(expr, lambda e: Abs(*e.args) if type(e) is sp.Abs else None)
