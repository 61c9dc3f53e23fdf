"""Functions of a real variable beyond exp and log: circular, hyperbolic, inverse, steps.

SymPy has most of them and works them out by rules of its own, as asin(-x) or floor(x + 1). Here a
function stays as it is written, but for its value at a number, and its slope is the one that
neither cancels nor overflows.
"""

from __future__ import annotations

from typing import Any, ClassVar, cast

import mpmath
import sympy as sp
from sympy import Expr


class Elementary(sp.Function):
    """A function of one real variable, real wherever it has a value."""

    nargs = 1
    mp: ClassVar[str] = ""  # what mpmath calls it

    def _eval_mpmath(self) -> tuple[Any, tuple[Expr, ...]]:
        return getattr(mpmath, self.mp), self.args

    def _eval_is_real(self) -> bool:
        return not self.args[0].is_number or bool(self.evalf(15).is_extended_real)


class Tan(Elementary):
    """sin(x) / cos(x)."""

    mp = "tan"

    def fdiff(self, argindex: int = 1) -> Expr:
        """The derivative in terms of the value."""
        return cast(Expr, 1 + self**2)


class Asin(Elementary):
    """The angle from -π/2 to π/2 whose sine is x."""

    mp = "asin"

    def fdiff(self, argindex: int = 1) -> Expr:
        """1 / √(1 - x²), by roots that keep their digits next to 1 and -1."""
        return one_over_root(self.args[0])


class Acos(Elementary):
    """The angle from 0 to π whose cosine is x."""

    mp = "acos"

    def fdiff(self, argindex: int = 1) -> Expr:
        """As of -asin."""
        return cast(Expr, -one_over_root(self.args[0]))


def one_over_root(x: Expr) -> Expr:
    """1 / (√(1 - x) √(1 + x))."""
    return cast(Expr, 1 / (sp.sqrt(1 - x) * sp.sqrt(1 + x)))


class Atan(Elementary):
    """The angle from -π/2 to π/2 whose tangent is x."""

    mp = "atan"

    def fdiff(self, argindex: int = 1) -> Expr:
        """1 / (1 + x²)."""
        return cast(Expr, 1 / (1 + self.args[0] ** 2))


class Atan2(sp.Function):
    """The angle from -π to π of the point (x, y), its arguments being y and x."""

    nargs = 2

    def _eval_mpmath(self) -> tuple[Any, tuple[Expr, ...]]:
        return mpmath.atan2, self.args

    def fdiff(self, argindex: int = 1) -> Expr:
        """x / (x² + y²) by y, and -y / (x² + y²) by x."""
        y, x = self.args
        return cast(Expr, (x if argindex == 1 else -y) / (x**2 + y**2))

    def _eval_is_real(self) -> bool:
        return True


class Sinh(Elementary):
    """(exp(x) - exp(-x)) / 2."""

    mp = "sinh"

    def fdiff(self, argindex: int = 1) -> Expr:
        """The hyperbolic cosine."""
        return Cosh(self.args[0])


class Cosh(Elementary):
    """(exp(x) + exp(-x)) / 2."""

    mp = "cosh"

    def fdiff(self, argindex: int = 1) -> Expr:
        """The hyperbolic sine."""
        return Sinh(self.args[0])

    def _eval_is_positive(self) -> bool:
        return True


class Asinh(Elementary):
    """The number whose hyperbolic sine is x."""

    mp = "asinh"

    def fdiff(self, argindex: int = 1) -> Expr:
        """1 / √(1 + x²)."""
        return cast(Expr, 1 / sp.sqrt(1 + self.args[0] ** 2))


class Acosh(Elementary):
    """The number, 0 or more, whose hyperbolic cosine is x."""

    mp = "acosh"

    def fdiff(self, argindex: int = 1) -> Expr:
        """1 / (√(x - 1) √(x + 1)), which has no value below 1, as the function has none."""
        x = self.args[0]
        return cast(Expr, 1 / (sp.sqrt(x - 1) * sp.sqrt(x + 1)))


class Atanh(Elementary):
    """The number whose hyperbolic tangent is x."""

    mp = "atanh"

    def fdiff(self, argindex: int = 1) -> Expr:
        """1 / (1 - x²), by factors."""
        x = self.args[0]
        return cast(Expr, 1 / ((1 - x) * (1 + x)))


class Cbrt(Elementary):
    """The cube root, negative where x is."""

    mp = "cbrt"

    def _eval_mpmath(self) -> tuple[Any, tuple[Expr, ...]]:
        return (lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x))), self.args

    def fdiff(self, argindex: int = 1) -> Expr:
        """1 / (3 ∛x²): infinite at 0."""
        return cast(Expr, 1 / (3 * self**2))


class Step(Elementary):
    """A function that is constant between its jumps: its slope is 0, at these too."""

    @classmethod
    def eval(cls, x: Expr) -> Expr | None:
        """The value at a number."""
        return cls.at(x) if x.is_number and x.is_extended_real and x.is_finite else None

    @staticmethod
    def at(x: Expr) -> Expr:
        """The value at a number."""
        raise NotImplementedError

    def fdiff(self, argindex: int = 1) -> Expr:
        """0."""
        return cast(Expr, sp.S.Zero)


class Floor(Step):
    """The largest whole number that is not above x."""

    mp = "floor"

    @staticmethod
    def at(x: Expr) -> Expr:
        """The value at a number."""
        return cast(Expr, sp.floor(x))


class Ceil(Step):
    """The smallest whole number that is not below x."""

    mp = "ceil"

    @staticmethod
    def at(x: Expr) -> Expr:
        """The value at a number."""
        return cast(Expr, sp.ceiling(x))


class Round(Step):
    """The nearest whole number, of two the even one."""

    mp = "nint"

    @staticmethod
    def at(x: Expr) -> Expr:
        """The value at a number; only a rational one can lie half way."""
        half = sp.Rational(1, 2)
        whole = sp.floor(x + half)
        return cast(Expr, whole - 1 if whole - half == x and whole % 2 else whole)
