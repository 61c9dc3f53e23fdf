"""Special functions: of the gamma function, of the error function, of Bessel.

Each slope is another function of the same family, so that no slope cancels where SymPy's own does.
"""

from __future__ import annotations

from typing import Any, cast

import mpmath
import sympy as sp
from sympy import Expr

from pullback.derive.index.elementary import Elementary


class Special(Elementary):
    """A function that nothing but its slope is known of."""


class Lgamma(Special):
    """The log of |gamma|."""

    def _eval_mpmath(self) -> tuple[Any, tuple[Expr, ...]]:
        return (lambda x: mpmath.re(mpmath.loggamma(x))), self.args

    def fdiff(self, argindex: int = 1) -> Expr:
        """The digamma function."""
        return Digamma(self.args[0])


class Digamma(Special):
    """The slope of lgamma."""

    mp = "digamma"

    def fdiff(self, argindex: int = 1) -> Expr:
        """The trigamma function."""
        return Trigamma(self.args[0])


class Trigamma(Special):
    """The slope of digamma."""

    def _eval_mpmath(self) -> tuple[Any, tuple[Expr, ...]]:
        return (lambda x: mpmath.psi(1, x)), self.args

    def fdiff(self, argindex: int = 1) -> Expr:
        """The next one."""
        return Tetragamma(self.args[0])


class Tetragamma(Special):
    """The slope of trigamma, which no derivative of second order goes beyond."""

    def _eval_mpmath(self) -> tuple[Any, tuple[Expr, ...]]:
        return (lambda x: mpmath.psi(2, x)), self.args


class Erfinv(Special):
    """The number whose erf is x."""

    mp = "erfinv"

    def fdiff(self, argindex: int = 1) -> Expr:
        """√π/2 exp(y²), where y is the value."""
        return cast(Expr, sp.sqrt(sp.pi) / 2 * sp.exp(self**2))


class Bessel0(Special):
    """sin(x) / x, and 1 at 0: the spherical Bessel function of order 0."""

    def fdiff(self, argindex: int = 1) -> Expr:
        """Minus that of order 1."""
        return cast(Expr, -Bessel1(self.args[0]))


class Bessel1(Special):
    """The spherical Bessel function of order 1."""

    def fdiff(self, argindex: int = 1) -> Expr:
        """By its neighbours."""
        return cast(Expr, (Bessel0(self.args[0]) - 2 * Bessel2(self.args[0])) / 3)


class Bessel2(Special):
    """The spherical Bessel function of order 2, which no derivative of second order of that of
    order 0 goes beyond."""


def sinc(x: Expr) -> Expr:
    """sin(π x) / (π x), and 1 at 0."""
    return cast(Expr, sp.S.One) if x.is_zero else Bessel0(sp.pi * x)


GAMMA = (Lgamma, Digamma, Trigamma, Tetragamma)
BESSEL = (Bessel0, Bessel1, Bessel2)  # bounded
FAMILIES = (*GAMMA, *BESSEL)
