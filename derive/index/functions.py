"""Functions of one variable that SymPy lacks or rewrites, and the table of all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import sympy as sp
from sympy import Expr
from sympy.codegen.cfunctions import expm1 as expm1
from sympy.codegen.cfunctions import log1p as log1p

from pullback.derive.index import elementary as el
from pullback.derive.index import special
from pullback.derive.index.kinks import Abs, Sign


class Sigmoid(sp.Function):
    """1 / (1 + exp(-x))."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """The derivative in terms of the value."""
        return cast(Expr, self * (1 - self))

    def _eval_is_positive(self) -> bool:
        return True

    def _eval_is_real(self) -> bool:
        return True


class LogSigmoid(sp.Function):
    """log(σ(x)), left as it is: SymPy makes a product of exp(a + log(b))."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """σ(-x), written as gates are."""
        return cast(Expr, 1 - Sigmoid(self.args[0]))

    def _eval_is_negative(self) -> bool:
        return True

    def _eval_is_real(self) -> bool:
        return True


class Erfc(sp.Function):
    """1 - erf(x), left as it is: SymPy's own turns erfc(-x) into 2 - erfc(x), which cancels."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """As of -erf."""
        return cast(Expr, -2 * sp.exp(-(self.args[0] ** 2)) / sp.sqrt(sp.pi))

    def _eval_is_positive(self) -> bool:
        return True

    def _eval_is_real(self) -> bool:
        return True


class LogErfc(sp.Function):
    """log(erfc(x)), left as it is, as LogSigmoid is."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """As of the log."""
        return cast(Expr, Erfc(self.args[0]).fdiff() / Erfc(self.args[0]))

    def _eval_is_real(self) -> bool:
        return True


class Erfcx(sp.Function):
    """exp(x²) erfc(x), which neither vanishes nor overflows where x is large."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """As of the product."""
        return cast(Expr, 2 * self.args[0] * self - 2 / sp.sqrt(sp.pi))

    def _eval_is_positive(self) -> bool:
        return True

    def _eval_is_real(self) -> bool:
        return True


FUNCTIONS: Mapping[str, Callable[..., Expr]] = {
    "exp": sp.exp,
    "log": sp.log,
    "log1p": log1p,
    "expm1": expm1,
    "sqrt": sp.sqrt,
    "tanh": sp.tanh,
    "sigmoid": Sigmoid,
    "erf": sp.erf,
    "erfc": Erfc,
    "sin": sp.sin,
    "cos": sp.cos,
    "abs": Abs,
    "tan": el.Tan,
    "asin": el.Asin,
    "acos": el.Acos,
    "atan": el.Atan,
    "sinh": el.Sinh,
    "cosh": el.Cosh,
    "asinh": el.Asinh,
    "acosh": el.Acosh,
    "atanh": el.Atanh,
    "cbrt": el.Cbrt,
    "sign": Sign,
    "floor": el.Floor,
    "ceil": el.Ceil,
    "round": el.Round,
    "lgamma": special.Lgamma,
    "digamma": special.Digamma,
    "erfinv": special.Erfinv,
    "sinc": special.sinc,
}
OF_TWO: Mapping[str, Callable[..., Expr]] = {"atan2": el.Atan2}  # functions of two values
