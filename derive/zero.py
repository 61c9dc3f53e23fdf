"""Is a scalar expression zero? Exactly where that can be decided, else to 50 digits."""

from __future__ import annotations

import random
from functools import cache
from typing import Any, cast

import mpmath
import sympy as sp
from sympy import Expr

DIGITS = 50
POINTS = 3
EXACT_LIMIT = 1000  # operations; beyond it the polynomials of an exact decision grow too large


@cache
def zero(expr: Expr) -> str:
    """ "exact" or "50 digits" where an expression is zero, and "" where it is not.

    >>> x, y = sp.symbols("x y", real=True)
    >>> zero(sp.exp(x + y) / sp.exp(y) - sp.exp(x)), zero(x - y)
    ('exact', '')
    """
    if expr == 0:
        return "exact"
    if expr.count_ops() <= EXACT_LIMIT and exactly_zero(expr):
        return "exact"
    return f"{DIGITS} digits" if numerically_zero(expr) else ""


def exactly_zero(expr: Expr) -> bool:
    """Is it zero as a rational function of its symbols, with exp, log, … as atoms?"""
    numerator, _ = sp.fraction(sp.together(atomised(expr)))
    if sp.expand(numerator) == 0:
        return True
    if expr.has(sp.tanh) and expr.has(sp.exp):  # they may cancel once tanh is written in exp
        return exactly_zero(expr.replace(sp.tanh, in_exponentials))
    return False


def in_exponentials(a: Expr) -> Expr:
    """tanh(a)."""
    return (1 - sp.exp(-2 * a)) / (1 + sp.exp(-2 * a))


@cache
def atomised(expr: Expr) -> Expr:
    """The expression with each transcendental part, in a normal form, as one symbol."""
    if expr.is_Atom:
        return expr
    if isinstance(expr, sp.exp):
        powers = []
        for term in sp.Add.make_args(sp.expand(expr.args[0])):
            power, rest = term.as_coeff_Mul()
            powers.append(atom("exp", sp.exp(rest)) ** power)
        return cast(Expr, sp.Mul(*powers))
    args = [atomised(a) for a in expr.args]
    if isinstance(expr, sp.log):
        return log_atoms(args[0])
    if isinstance(expr, sp.Pow) and not expr.exp.is_Integer:
        whole, rest = args[1].as_coeff_Add()
        if whole.is_Integer and rest != 0:  # a^(p - 1) = a^p / a
            return cast(Expr, atom("pow", sp.Pow(sp.cancel(args[0]), rest)) * args[0] ** whole)
        return atom("pow", expr.func(sp.cancel(args[0]), args[1]))
    if expr.is_Add or expr.is_Mul or expr.is_Pow:
        return cast(Expr, expr.func(*args))
    return atom("function", expr.func(*(sp.cancel(a) for a in args)))


def log_atoms(arg: Expr) -> Expr:
    """log of a rational function of atoms, as a sum of logs of its irreducible positive parts."""
    numerator, denominator = sp.fraction(sp.together(arg))
    total = sp.S.Zero
    for part, sign in ((numerator, 1), (denominator, -1)):
        content, factors = sp.factor_list(part)
        if content != 1:
            total += sign * sp.log(content)
        for base, power in factors:
            known = ATOMS.get(base)
            log = known.args[0] if isinstance(known, sp.exp) else atom("log", sp.log(base))
            total += sign * power * log
    return cast(Expr, total)


ATOMS: dict[Expr, Expr] = {}  # an atom's symbol to what it stands for
_SYMBOLS: dict[Expr, Expr] = {}


def atom(kind: str, meaning: Expr) -> Expr:
    """The symbol that stands for a transcendental part; it is positive where that is."""
    if meaning not in _SYMBOLS:
        positive = True if meaning.is_positive else None
        symbol = sp.Symbol(f"{kind}{len(_SYMBOLS)}", real=True, positive=positive)
        _SYMBOLS[meaning] = symbol
        ATOMS[symbol] = meaning
    return _SYMBOLS[meaning]


def numerically_zero(expr: Expr) -> bool:
    """Is it zero to 50 digits at random points, relative to the size of its terms?"""
    symbols = sorted(expr.free_symbols, key=str)
    chance = random.Random(0)
    with mpmath.workdps(DIGITS + 15):
        for _ in range(POINTS):
            memory = {s: mpmath.mpf(chance.randint(-3000, 3000)) / 997 for s in symbols}
            terms = [evaluate(term, memory) for term in sp.Add.make_args(expr)]
            scale = max([mpmath.mpf(10) ** -DIGITS, *(abs(t) for t in terms)])
            if not abs(mpmath.fsum(terms)) <= scale * mpmath.mpf(10) ** -DIGITS:
                return False
    return True


def evaluate(expr: Expr, memory: dict[Expr, Any]) -> Any:
    """The value of an expression; `memory` holds those of its symbols, and of parts seen before."""
    if expr not in memory:
        if expr.is_Rational:
            value = mpmath.mpf(expr.p) / expr.q
        elif not expr.args:
            value = mpmath.mpf(sp.N(expr, DIGITS + 15))
        else:
            args = [evaluate(a, memory) for a in expr.args]
            if expr.is_Add:
                value = mpmath.fsum(args)
            elif expr.is_Mul:
                value = mpmath.fprod(args)
            elif expr.is_Pow:
                value = args[0] ** args[1]
            else:
                value = getattr(mpmath, type(expr).__name__)(*args)
        memory[expr] = value
    return memory[expr]
