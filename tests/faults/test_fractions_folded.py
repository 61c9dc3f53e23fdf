"""A name that stands for a fraction of a power is put in without going round for ever."""

import pytest

from tests.random_layers import troubles_of

POWERS = ("0.75", "(2/3)", "0.4", "(-1/3)", "(-3/4)", "1.25", "(1/2)", "(-1/2)", "(7/3)")
FORMS = (
    "u[n] = abs(x[n])**{0}",
    "u[n] := (1 + x[n]**2)**{0}\nv = sum(n, u[n] * x[n])",
    "u[n] = (2 + sin(x[n]))**{0}\nv[n] = u[n] * (2 + sin(x[n]))",
)


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("form", FORMS)
def test_a_fraction_of_a_power(form, power):
    troubles = troubles_of(f'equations = """\n{form.format(power)}\n"""\n', 1)
    assert not [t for t in troubles if not t.late]
