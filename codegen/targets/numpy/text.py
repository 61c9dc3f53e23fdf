"""Expressions of Python as text, and how tightly they bind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sympy import Expr, Rational

ATOM, CALL, POWER, UNARY, PRODUCT, SUM, COMPARE = 9, 8, 7.5, 7, 5, 4, 3  # how tightly Python binds
INFIX: Mapping[str, tuple[str, int]] = {
    "add": ("+", SUM),
    "subtract": ("-", SUM),
    "multiply": ("*", PRODUCT),
    "divide": ("/", PRODUCT),
    "greater": (">", COMPARE),
    "greater_equal": (">=", COMPARE),
    "less": ("<", COMPARE),
    "less_equal": ("<=", COMPARE),
    "equal": ("==", COMPARE),
    "not_equal": ("!=", COMPARE),
    "matmul": ("@", PRODUCT),
    "whole_add": ("+", SUM),
    "whole_multiply": ("*", PRODUCT),
}
# functions that the module defines itself
HELPERS = {name: f"_{name}" for name in ("sigmoid", "erf", "erfc", "erfcx", "exp_difference")}
SPECIAL = ("lgamma", "digamma", "trigamma", "tetragamma", "erfinv", "bessel0", "bessel1", "bessel2")
HELPERS |= {name: f"_{name}" for name in SPECIAL}
# functions that NumPy calls otherwise
OTHERWISE = {f"a{word}": f"arc{word}" for word in ("sin", "cos", "tan", "sinh", "cosh", "tanh")}
OTHERWISE |= {"atan2": "arctan2", "round": "rint"}


@dataclass(frozen=True)
class Text:
    """An expression and how tightly it binds."""

    text: str
    rank: float = ATOM

    def within(self, rank: float) -> str:
        """In brackets where it binds less tightly than its surroundings."""
        return self.text if self.rank >= rank else f"({self.text})"


@dataclass(frozen=True)
class Line:
    """One statement; `about` is the named value whose lines begin with it, or empty."""

    code: str
    about: str = ""


def call(function: str, *args: str, out: str = "") -> Text:
    """A call; with `out` it writes its result there."""
    return Text(f"{function}({', '.join([*args, *([f'out={out}'] if out else [])])})", CALL)


def tuple_text(parts: Iterable[object]) -> str:
    """A tuple: `(N, D)`, `(N,)`."""
    words = [str(part) for part in parts]
    return f"({', '.join(words)}{',' if len(words) == 1 else ''})"


def function_name(function: str) -> str:
    """A function of the module's own, or NumPy's."""
    if function.startswith("_"):
        return function
    numpy = OTHERWISE.get(function, function.removeprefix("whole_"))
    return HELPERS.get(function, f"np.{numpy}")


def infix(function: str, left: Text | str, right: Text | str) -> Text:
    """An operator between its operands."""
    sign, level = INFIX[function]
    a, b = (Text(side, CALL) if isinstance(side, str) else side for side in (left, right))
    # brackets on the right also for +: a + (b - c) rounds otherwise than a + b - c
    return Text(f"{a.within(level)} {sign} {b.within(level + 1)}", level)


def number_text(number: Expr) -> Text:
    """A number as Python: whole, or a float, or a quotient where no float says it exactly."""
    tight = UNARY if number.is_negative else ATOM
    if number.is_infinite:
        return Text("-np.inf", UNARY) if number < 0 else Text("np.inf")
    if number.is_Rational and number.q != 1 and Rational(repr(float(number))) != number:
        return Text(f"{number.p} / {number.q}", PRODUCT)
    whole = number.is_Integer and abs(number) <= 2**53  # above, NumPy before 2.0 takes an object
    return Text(str(number) if whole else repr(float(number)).replace("e+", "e"), tight)
