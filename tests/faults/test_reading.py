"""What is true is read: the 17 digits of a float, labels that are one number."""

import numpy as np
import pytest
import sympy as sp

from pullback.codegen.faces import notebook
from pullback.derive.errors import DefinitionError
from pullback.derive.read.grammar import parse_equations
from pullback.derive.read.labels import scalar_labels
from pullback.derive.read.reader import read_equations

FLOATS = [
    *("1.0507009873554805", "1.6732632423543772", "0.00012345678901234567", "9007199254740993"),
    *(
        "2.2250738585072014e-300",
        "1.7976931348623157e300",
        "0.1",
        "5e-300",
        "000.5",
        "12345678901234567",
    ),
]


@pytest.mark.parametrize("text", FLOATS)
def test_a_literal_is_the_decimal_fraction_that_it_says(text):
    (node,) = read_equations("layer", f"u = x * {text}").nodes
    assert node.expr == sp.Rational(text) * sp.Symbol("x", real=True)


def test_every_float_can_be_written_and_comes_out_as_it_is():
    rng = np.random.default_rng(0)
    drawn = [float(v) for v in rng.uniform(0, 2, 3) * 10.0 ** rng.integers(-20, 20, 3)]
    for value in (*drawn, 0.1 + 0.2, 1.0507009873554805, 5e-17):
        made = notebook.layer(f"u = x + {value!r}")
        assert made.compile().forward(0.0)[0] == value
        # a float whose shortest text says it needs no quotient to say it
        assert value.is_integer() or repr(value) in made.source


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1.23456789012345678", "at most 17 digits"),
        ("100000000000000000", "at most 17 digits"),
        ("0." + "0" * 41 + "1", "at most 40 zeros in front"),
        ("0" * 5_000 + "1", "at most 40 zeros in front"),
        ("1" * 5_000, "at most 17 digits"),
    ],
)
def test_numbers_end_somewhere(text, words):
    with pytest.raises(DefinitionError, match=words):
        read_equations("layer", f"u = {text} * x")


LABELS = [
    ("L = z[y] - sum(j, z[j])", "y"),
    ("u[n] = sum(j, [j == y] * z[n, j]) + z[n, y]", "y"),
    ("u[n] = sum(j, z[n, j]) * z[n, c]", "c"),
    ("u[n] = w[c] * w[l[n]] * sum(i, w[i])", "c"),
    ("u[n] = x[n] + x[l[c]] * z[l[n]]", "c"),
    ("h[n, k] = relu(u)\nL[n] = h[n, y]", "y"),
    ("h = relu(u[n, k])\nL[n, k] = h[n, k] * h[n, y]", "y"),
    ("L = sum(..., j, z[..., j]) + sum(..., z[..., c])", "c"),
    ("L = A[r, c] + sum(i, j, A[i, j])", "rc"),
]
AXES = [
    "u = x[n]",
    "u[n] = x[n, d]",
    "h = relu(u[n, k])\nL = mean(n, h[n, k])",
    "u = sum(j, z[j])\nv = z[j]",
    "u = size(n) * x[n]\nv[m] = x[m]",
    "u = max(k, w[m, k])",
    "u[n] = max(j, z[n, j]) + z[n, j]",
]


@pytest.mark.parametrize(("text", "names"), LABELS)
def test_a_name_that_nothing_binds_is_a_label_where_an_axis_has_its_place(text, names):
    assert scalar_labels(parse_equations(text)) == {*names}


@pytest.mark.parametrize("text", AXES)
def test_an_axis_that_is_not_bound_is_no_label(text):
    assert not scalar_labels(parse_equations(text))
    with pytest.raises(DefinitionError, match="is not bound"):
        read_equations("layer", text, {"relu": 'equations = "h[...] = max(0, u[...])"'}.__getitem__)


@pytest.fixture(scope="module")
def picking():
    return notebook.layer("L = z[y] * sum(j, [j != y] * z[j])").compile()


@pytest.mark.parametrize("dtype", [int, "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">i4"])
def test_a_label_is_an_integer_of_any_type(dtype, picking):
    z = np.array([1.0, 2.0, 5.0])
    for y in range(3):
        label = int(y) if dtype is int else np.array(y, dtype)
        output, cache = picking.forward(z, label)
        assert output == z[y] * (8 - z[y])
        expected = np.full(3, z[y])
        expected[y] = 8 - z[y]
        assert np.array_equal(picking.backward(1.0, cache).dz, expected)


NO_LABELS = [(3, ValueError), (-1, ValueError), (np.array([1]), ValueError)]
NO_LABELS += [(value, TypeError) for value in (1.0, True, "1", None, np.float64(1))]


@pytest.mark.parametrize(("label", "error"), NO_LABELS)
def test_what_is_no_label_is_refused(label, error, picking):
    with pytest.raises(error, match="y "):
        picking.forward(np.array([1.0, 2.0, 5.0]), label)


LEADING = [
    "u[...] = exp(w[...])\nL = sum(k, x[k] * u[y[k]])",
    "u[..., k] = x[..., k] * z[y[..., k], k]\nL = sum(..., k, u[..., k] * z[..., k])",
    "L = z[y] + sum(..., z[...])",
]


@pytest.mark.parametrize("text", LEADING)
def test_a_label_does_not_stand_in_the_place_of_leading_axes(text):
    with pytest.raises(DefinitionError, match=r"'y' is a label of one axis, and '\.\.\.' any"):
        read_equations("layer", text)
