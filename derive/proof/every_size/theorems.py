"""The rules of the normal form: what each function of this folder uses, and who proves it.

Each rule is an everyday theorem of finite sums, of reals, of exp and log. `proofs/rules.toml` names
the theorem that proves it in Coq for every size; its words stand here beside the functions that use
it. What a definition says of where it has values, and cases of signs, are its conditions.
"""

from __future__ import annotations

from collections.abc import Mapping

RULES: Mapping[str, tuple[str, ...]] = {
    # sums and deltas
    "ring.Ring.product": ("a product of two sums is a double sum",),
    "ring.Ring.apart": (
        "a bound index is renamed, by any map of the axis onto itself that can be undone",
    ),
    "ring.Ring.summed": (
        "a sum is taken term by term",
        "a sum of as many terms as there are is taken term by term",
        "a constant comes out of a sum",
        "sums are exchanged",
        "sums over two axes are one sum over both",
    ),
    "ring.Ring.add": (
        "a sum of a constant is the size times it",
        "whole powers of one base, and those below 0 where the base is not 0",
        "real powers of one base that is above 0",
        "real powers of one base that may be 0, where both exponents are above 0",
        "as many whole powers of one base as there are, where it is not 0",
        "as many real powers of one base as there are, where it is above 0",
        "natural powers of one base, whatever it is",
        "a power of one bracket is the bracket",
        "a power of a delta is the delta",
    ),
    "ring.Ring.by_delta": (
        "a sum over a delta picks one term",
        "beside a delta its places are the same",
        "a delta is 1 where its places are the same",
        "a delta is 0 where its places are not the same",
    ),
    "ring.Ring.by_apart": ("a bracket and its complement make 1",),
    "ring.Ring.by_turned": ("beside a number it is below 0 where it is not above 0",),
    "ring.Ring.by_sum": ("natural powers of one base, whatever it is",),
    "meeting.excluded": (
        "a number is not above 0 and below 0 at once",
        "two places are not each before the other",
        "a product of exclusive brackets is 0",
    ),
    "shifted_places.beside_meetings": (
        "where two places meet, what is compared with one is compared with the other",
    ),
    "shifted_places.two_places": ("two places of one axis are one where their numbers are",),
    "heads.Heads.least_way": ("a delta does not know the order of its places",),
    "heads.Heads.complement": ("a bracket and its complement make 1",),
    # powers, exp and log
    "powers.one_power": (
        "whole powers of a product",
        "a whole power of a whole power",
        "a real power of a product",
        "a real power of a real power",
        "a real power of an exponential",
        "a real power of an even power is one of |a|",
        "a real power with a whole exponent is the whole power",
        "a real power with exponent 1 is its base",
        "a whole power, but for the 0th, of a product with a bracket",
        "a real power, but for the 0th, of a product with a bracket",
        "the root of a square is |a|",
        "a number is the square of its root",
        "a real power with exponent a half is the root",
    ),
    "powers.by_cases": ("a function of a choice by a bracket is a choice of its values",),
    "powers.one_bracket": ("a positive factor does not change a bracket",),
    "powers.without_logs": (
        "a log has the sign of what it is taken of, less 1",
        "a log of a product is a sum",
        "log(a^p) = p log(a)",
        "a positive factor does not change a bracket",
    ),
    "powers.sign_of_product": (
        "a product is above 0 where both factors are, or neither is and none is 0",
        "an even power is above 0 where its base is not 0",
        "an odd power has the sign of its base",
        "what stands below the line has the sign of what it is one over",
    ),
    "powers.sign": ("the sign by brackets",),
    "powers.positive_part": ("the larger of two by a bracket",),
    "powers.absolute": (
        "|v| by brackets",
        "|v| is v times its sign",
        "a square is |v| times |v|",
    ),
    "exponentials.exp": ("an exponential of a sum is a product",),
    "exponentials.one_exp": (
        "an exponential of a sum is a product",
        "exp(0) = 1",
        "an exponential of what has a minus sign stands below the line",
        "an exponential of a whole multiple is a power",
        "exp(log(a)) = a where a is above 0",
        "a real power is an exponential",
        "exp(where(c, a, -oo)) = [c] exp(a)",
    ),
    "exponentials.one_log": (
        "a log of a product is a sum",
        "a log of a quotient is a difference",
        "log(1) = 0",
        "log(a^p) = p log(a)",
    ),
    "exponentials.log_of_factor": ("log(exp(a)) = a",),
    "exponentials.sigmoid": ("the sigmoid by exponentials",),
    "exponentials.tanh": ("tanh by an exponential that is small far out",),
    "exponentials.odd": (
        "sine is odd",
        "cosine is even",
        "erf is odd, so that erfc(-a) = 2 - erfc(a)",
    ),
    # signs
    "signs.Signs.by_terms": (
        "a sum of what is not below 0 is not below 0",
        "it is above 0 where one of its terms is",
    ),
    "signs.Signs.by_facts": (
        "a sum of what is not below 0 is not below 0",
        "it is above 0 where one of its terms is",
    ),
    "signs.Signs.sign_of_power": (
        "an even power is above 0 where its base is not 0",
        "an odd power has the sign of its base",
        "what stands below the line has the sign of what it is one over",
        "a real power of a number above 0 is above 0",
    ),
    "signs.Signs.sign": ("an exponential is above 0", "a size is above 0"),
    "signs.Signs.least_of_log": ("a log has the sign of what it is taken of, less 1",),
    "signs.Signs.by_bounds": ("sine and cosine are no further from 0 than 1",),
    "signs.Signs.by_cases": ("what holds in each case of a sign holds",),
    "made_up.MadeUp.within_sum": ("a sum of what is not below 0 is no less than any of its parts",),
    "made_up.MadeUp.within_squares": ("two squares make up for twice the product",),
    # what kinds of expressions come to
    "values.larger": (
        "the larger of two by a bracket",
        "the smaller of two by a bracket",
        "the larger of two is a choice, whichever wins a tie",
        "the smaller of two is a choice, whichever wins a tie",
    ),
    "values.extreme": (
        "the largest over an axis is the entry at the first place of the largest",
        "the smallest is the entry at the first place of the smallest",
    ),
    "values.raised": ("a real power is an exponential",),
    "values.erfc": ("erfc is what it stands for",),
    "values.erfcx": ("erfcx is what it stands for",),
    "values.log_sigmoid": ("the log of a sigmoid",),
    "reader.Reader.first": (
        "the place of the largest is that of c a + d, where c is above 0",
        "the smallest by the largest",
        "entries that are the same have the same place of the largest",
    ),
    "reader.Reader.left_in": (
        "the largest over what a condition leaves in stands where it holds, if any does",
    ),
    "left_in.some_left": (
        "a sum with brackets that is not 0 has a place where the condition holds",
    ),
    "reader.Reader.condition": (
        "a comparison is one of the difference with 0",
        "weak comparisons by strict ones",
        "a weak comparison is the complement of a strict one",
        "equality with 0 by comparisons",
    ),
    "reader.Reader.ordered": ("a weak comparison of places is the complement of a strict one",),
    "reader.Reader.mixed": ("a choice by brackets",),
    # slopes
    "slopes.entry_slope": (
        "the derivative of an entry by an entry is a delta",
        "what an entry does not stand in has the derivative 0",
    ),
    "slopes.of_sum": ("the derivative of a sum",),
    "slopes.of_product": (
        "the derivative of a product",
        "the derivative of a bracket, where its condition does not change near x",
    ),
    "slopes.over_axes": ("the derivative of a sum over axes",),
    "slopes.of_extreme": (
        "the derivative of an entry at the place of the largest, off ties",
        "the derivative of the largest over an axis, off ties",
        "the derivative of the smallest over an axis, off ties",
    ),
    "slopes.of_choice": (
        "the derivative of a choice, where its condition does not change near x",
        "the derivative of the larger of two, off ties",
        "the derivative of the smaller of two, off ties",
    ),
    "slopes.of_power": (
        "the derivative of a natural power",
        "the derivative of a power below the line",
        "the derivative of a real power",
        "the derivative of a root",
        "the derivative of a power whose base and exponent both run",
    ),
    "slopes.slope_by_kind": (
        "the derivative of a function of one variable, the chain rule",
        "the derivative of exp",
        "the derivative of log1p",
        "the derivative of expm1",
        "the derivative of the log of the sigmoid",
        "the derivative of sine",
        "the derivative of cosine",
        "the derivative of |x|, off 0",
        "the derivative of the sign, off 0",
    ),
    "slopes.inverse": ("the derivative of log",),
    "slopes.bell": ("the derivative of erfc, given that of erf",),
    "slopes.of_sigmoid": ("the derivative of the sigmoid",),
    "slopes.of_tanh": ("the derivative of tanh",),
    "slopes.of_log_erfc": ("the derivative of the log of erfc, given that of erf",),
    "slopes.of_erfcx": ("the derivative of erfcx, given that of erf",),
    # is it 0
    "alike.one_function": ("a function of what is equal is equal",),
    "alike.one_exponential": (
        "a function of what is equal is equal",
        "an exponential of a sum is a product",
        "an exponential of a whole multiple is a power",
        "a real power is an exponential",
        "exp(log(a)) = a where a is above 0",
    ),
    "zero.rows": ("sums are equal where their summands are, at every place",),
    "zero.opened_rows": ("a number is the sum of its shares over an axis",),
    "zero.cleared": (
        "a denominator that does not vanish is cleared",
        "what does not vanish and is a factor of both sides goes",
    ),
    "zero.by_cases": (
        "what holds in each case of a sign holds",
        "a number is above 0, or 0, or below 0",
    ),
    "zero.by_places": ("of two places one is before the other, or they are one",),
}

# Rules that no theorem of `proofs/` stands behind: what a function is made of, where it has values,
# and slopes of functions and of matrices. They are the reader's and the checker's to get right, and
# tests hold them beside SymPy, autograd and 50 digits.
GIVEN: Mapping[str, str] = {
    "exponentials.named": "a function has one value for each of what it is taken of",
    "values.by_its_name": "a function has one value for each of what it is taken of",
    "values.angle": "atan2 has one value for each two that it is taken of",
    "values.tangent": "tan = sin / cos",
    "values.hyperbolic": "sinh and cosh are halves of exp(a) ∓ exp(-a)",
    "values.area_tangent": "atanh(a) = (log(1 + a) - log(1 - a)) / 2",
    "values.area_cosine": "acosh has values from 1 on",
    "values.between": "asin and acos have values from -1 to 1",
    "values.inverse_erf": "erfinv has values between -1 and 1",
    "values.beside_one": "1 ± a",
    "slopes.beside_square": "1 ± a²",
    "slopes.both_sides": "1 - a² = (1 - a)(1 + a)",
    "slopes.root_below": "1 / √a has values where a is above 0",
    "slopes.of_asin": "asin'(a) = 1 / √(1 - a²)",
    "slopes.of_acosh": "acosh'(a) = 1 / (√(a - 1) √(a + 1))",
    "slopes.of_cbrt": "cbrt'(a) = 1 / (3 cbrt(a)²)",
    "slopes.of_inverse_erf": "erfinv'(a) = √π/2 exp(erfinv(a)²)",
    "slopes.of_bessel1": "j1' = (j0 - 2 j2) / 3",
    "slopes.of_atan2": "the angle of (x, y) changes by (x y' - y x') / (x² + y²)",
    "matrices.opened": "rows and columns of a matrix are renamed",
    "matrices.known": "the inverse of a transpose is the transpose of the inverse",
    "matrices.of_matrix": "det(A) = exp(logdet(A)) is not said; each is a factor of its own",
    "matrices.determinant_of": "the determinant of a transpose is the determinant",
    "matrices.entry_of": "an inverse has values where the determinant is not 0",
    "matrices.slope_of_matrix": "Giles 2008, 2.2.3 and 2.2.4",
}
