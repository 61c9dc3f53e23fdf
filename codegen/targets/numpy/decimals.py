"""What the equations of an emitted test file take for functions: those of decimals, and slopes."""

from __future__ import annotations

from collections.abc import Mapping, Set

# functions of a decimal, and those that they or their slopes call
LEAVES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "exp": ("Decimal.exp", ()),
    "log": ("lambda value: value.ln() if value else -1 / abs(value)", ()),
    "log1p": ('lambda value: _near_0(lambda v: FUNCTIONS["log"](1 + v), value)', ()),
    "expm1": ("lambda value: _near_0(lambda v: v.exp() - 1, value)", ("exp",)),
    "sqrt": ("Decimal.sqrt", ()),
    "tanh": ("_tanh", ("expm1",)),
    "sin": ("lambda value: _wave(value, 1)", ("cos",)),
    "cos": ("lambda value: _wave(value, 0)", ("sin",)),
    "tan": ('lambda value: FUNCTIONS["sin"](value) / FUNCTIONS["cos"](value)', ("sin",)),
    "asin": ("_arc_sine", ("atan", "sqrt")),
    "acos": ("_arc_cosine", ("atan", "sqrt")),
    "atan": ("_arc_tangent", ()),
    "sinh": ("_hyperbolic_sine", ("expm1", "cosh")),
    "cosh": ("lambda value: (value.exp() + (-value).exp()) / 2", ("sinh",)),
    "asinh": ("_area_sine", ("log1p", "sqrt")),
    "acosh": ("_area_cosine", ("log1p", "sqrt")),
    "atanh": ("_area_tangent", ("log1p",)),
    "cbrt": ("_cube_root", ("exp",)),
    "sign": ("lambda value: Decimal((value > 0) - (value < 0))", ()),
    "floor": ('lambda value: value.to_integral_value("ROUND_FLOOR")', ()),
    "ceil": ('lambda value: value.to_integral_value("ROUND_CEILING")', ()),
    "round": ('lambda value: value.to_integral_value("ROUND_HALF_EVEN")', ()),
    "lgamma": ("_log_gamma", ("digamma", "sin")),
    "digamma": ("lambda value: _polygamma(0, value)", ("trigamma",)),
    "trigamma": ("lambda value: _polygamma(1, value)", ("tetragamma",)),
    "tetragamma": ("lambda value: _polygamma(2, value)", ()),
    "erfinv": ("_inverse_erf", ("exp",)),
    "sinc": ("lambda value: _bessel(0, PI * value)", ("bessel1", "sin")),
    "bessel1": ("lambda value: _bessel(1, value)", ("bessel0", "bessel2", "sin")),
    "bessel0": ("lambda value: _bessel(0, value)", ("bessel1",)),
    "bessel2": ("lambda value: _bessel(2, value)", ()),
    "erf": ("lambda value: Decimal(math.erf(value))", ("exp",)),
    "erfc": ("lambda value: Decimal(math.erfc(value))", ("exp",)),
}
# the slope of each where a dual number's value is `self.a`, and that of the function `value`
SLOPES: Mapping[str, str] = {
    "exp": "value",
    "log": "1 / self.a",
    "log1p": "1 / (1 + self.a)",
    "expm1": '_of("exp", self.a)',
    "sqrt": "1 / (2 * value)",
    "tanh": "(1 - value) * (1 + value)",
    "sin": '_of("cos", self.a)',
    "cos": '-_of("sin", self.a)',
    "tan": "1 + value * value",
    "asin": '1 / _of("sqrt", (1 - self.a) * (1 + self.a))',
    "acos": '-1 / _of("sqrt", (1 - self.a) * (1 + self.a))',
    "atan": "1 / (1 + self.a * self.a)",
    "sinh": '_of("cosh", self.a)',
    "cosh": '_of("sinh", self.a)',
    "asinh": '1 / _of("sqrt", 1 + self.a * self.a)',
    "acosh": '1 / _of("sqrt", (self.a - 1) * (self.a + 1))',
    "atanh": "1 / ((1 - self.a) * (1 + self.a))",
    "cbrt": "1 / (3 * value * value)",
    "sign": "0 * value",
    "floor": "0 * value",
    "ceil": "0 * value",
    "round": "0 * value",
    "lgamma": '_of("digamma", self.a)',
    "digamma": '_of("trigamma", self.a)',
    "trigamma": '_of("tetragamma", self.a)',
    "erfinv": '_number(math.sqrt(math.pi) / 2) * _of("exp", value * value)',
    "sinc": '-PI * _of("bessel1", PI * self.a)',
    "bessel0": '-_of("bessel1", self.a)',
    "bessel1": '(_of("bessel0", self.a) - 2 * _of("bessel2", self.a)) / 3',
    "erf": '_number(2 / math.sqrt(math.pi)) * _of("exp", -self.a * self.a)',
    "erfc": '_number(-2 / math.sqrt(math.pi)) * _of("exp", -self.a * self.a)',
}

# functions of dual numbers for which NumPy has no method to call
BY_DUALS: tuple[str, ...] = (
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "asinh",
    "acosh",
    "atanh",
    "cbrt",
)
BY_DUALS += ("sign", "floor", "ceil", "round")
BY_DUALS += ("lgamma", "digamma", "erfinv", "sinc")


def called(functions: Set[str]) -> list[str]:
    """The functions that a test file needs for those of its equations, in the order of the table.

    A number to the power of another has a slope with a logarithm.
    """
    also = {"sigmoid": "exp", "atan2": "atan"}
    found = {"log"} | {also.get(f, f) for f in functions} & {*LEAVES}
    for _ in LEAVES:
        found |= {other for name in found for other in LEAVES[name][1]}
    return [name for name in LEAVES if name in found]
