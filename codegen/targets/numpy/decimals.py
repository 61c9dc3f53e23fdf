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
    "erf": '_number(2 / math.sqrt(math.pi)) * _of("exp", -self.a * self.a)',
    "erfc": '_number(-2 / math.sqrt(math.pi)) * _of("exp", -self.a * self.a)',
}


def called(functions: Set[str]) -> list[str]:
    """The functions that a test file needs for those of its equations, in the order of the table.

    A number to the power of another has a slope with a logarithm.
    """
    found = {"log"} | {"exp" if f == "sigmoid" else f for f in functions} & {*LEAVES}
    for _ in LEAVES:
        found |= {other for name in found for other in LEAVES[name][1]}
    return [name for name in LEAVES if name in found]
