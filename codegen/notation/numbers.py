"""Fractions that are short decimals, and powers of ten: written as such, and exact."""

from __future__ import annotations

from sympy import Expr

LEAST = 100  # a fraction with a denominator up to this stays one
PLACES = 12  # behind the point, at most
ZEROS = 5  # ... before the first digit there, at most


def power_of_ten(number: Expr) -> int:
    """Which power of ten a positive number is, from a thousandth down; 0 for all else."""
    if not number.is_Rational or number.p != 1:
        return 0
    zeros = len(str(number.q)) - 1
    return -zeros if number.q == 10**zeros > LEAST else 0


def decimal(number: Expr) -> str:
    """A positive fraction as a decimal of just this value, where that is short; else nothing."""
    if not number.is_Rational or number.q <= LEAST or power_of_ten(number):
        return ""
    places = next((k for k in range(1, PLACES + 1) if 10**k % number.q == 0), 0)
    if not places:
        return ""
    digits = str(number.p * 10**places // number.q)
    if places - len(digits) > ZEROS:
        return ""
    digits = digits.rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}"


def in_one_piece(number: Expr) -> bool:
    """Is a positive number no fraction in print?"""
    return bool(decimal(number) or power_of_ten(number))
