"""The slope of abs is the sign of what stands in it, whether that is known to be real or not."""

import pytest

from tests.random_layers import troubles_of

INNER = ["sqrt(x[n])", "x[n]**1.5", "log1p(x[n])", "x[n]**x[n]", "log(x[n])**3", "b[n]**a - 1"]
FORMS = ["u[n] = abs({0})", "u = sum(n, abs({0} - 1)**1.5)", "u[n] = max(abs({0}), 0.5)"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("inner", INNER)
def test_abs_of_what_may_be_no_real_number(inner, form):
    text = f'equations = """\n{form.format(inner)}\n"""\n'
    assert not [t for t in troubles_of(text, 1) if not t.late]
