"""SymPy objects as equations: they compute what the same text computes, or are refused."""

import doctest

import numpy as np
import pytest
import sympy as sp
from sympy import Abs, Eq, Heaviside, Idx, KroneckerDelta, Max, Min, Piecewise, Rational, Sum, exp

from pullback import layer
from pullback.derive.errors import DefinitionError
from pullback.derive.read import from_sympy
from pullback.derive.read.from_sympy import equations_text

B, h, L, p, u, w, x, y, z = map(sp.IndexedBase, ["B", "h", "L", "p", "u", "w", "x", "y", "z"])
d, i, j, k, n = sp.symbols("d i j k n", integer=True)
D, J, K, M, N = sp.symbols("D J K M N", integer=True, positive=True)
a, lamda, E = sp.symbols("a lamda E")


def total(body, *axes):
    """The sum over whole axes."""
    sizes = {d: D, i: J, j: J, k: K, n: N}
    return Sum(body, *((axis, 0, sizes[axis] - 1) for axis in axes))


ROUND_TRIPS = {
    "affine": (
        {z[n, k]: total(x[n, d] * w[d, k], d) + B[k]},
        "z[n, k] = sum(d, x[n, d] * w[d, k]) + B[k]",
    ),
    "a network": (
        [
            Eq(z[n, k], total(x[n, d] * w[d, k], d)),
            Eq(h[n, k], Max(0, z[n, k])),
            Eq(p[n, k], exp(h[n, k]) / total(exp(h[n, j]), j).subs(J, K)),
            Eq(L[n], -sp.log(p[n, y[n]])),
            Eq(E, total(L[n], n) / N + lamda / 2 * total(w[d, k] ** 2, d, k)),
        ],
        "z[n, k] = sum(d, x[n, d] * w[d, k])\n"
        "h[n, k] = max(0, z[n, k])\n"
        "p[n, k] = exp(h[n, k]) / sum(j, exp(h[n, j]))\n"
        "L[n] = -log(p[n, y[n]])\n"
        "E = mean(n, L[n]) + lamda/2 * sum(d, k, w[d, k]**2)",
    ),
    "functions": (
        {
            u[n]: sp.tanh(x[n]) * sp.erf(x[n])
            - sp.sin(x[n]) / sp.cos(a)
            + Abs(x[n])
            + exp(1) * sp.pi
        },
        "u[n] = tanh(x[n]) * erf(x[n]) - sin(x[n]) / cos(a) + abs(x[n]) + exp(1) * pi",
    ),
    "powers": (
        {u[n]: 1 / sp.sqrt(x[n] ** 2 + 1) - (x[n] ** 2 + 2) ** Rational(-2, 3) + 2 ** x[n]},
        "u[n] = 1 / sqrt(x[n]**2 + 1) - (x[n]**2 + 2)**(-2/3) + 2**x[n]",
    ),
    "numbers": (
        {u[n]: -Rational(2, 3) * x[n] + 0.1 - 1e-5 * a - (x[n] - 3) / 4},
        "u[n] = -2/3 * x[n] + 0.1 - 1e-5 * a - (x[n] - 3) / 4",
    ),
    "cases": (
        {u[n]: Piecewise((x[n], x[n] > 0), (a * x[n], x[n] >= -1), (-a, True)) / 2},
        "u[n] = where(x[n] > 0, x[n], where(x[n] >= -1, a * x[n], -a)) / 2",
    ),
    "extremes": (
        {u[n]: Max(x[n], a, 0) - Min(x[n], Rational(1, 2))},
        "u[n] = max(0, max(a, x[n])) - min(1/2, x[n])",
    ),
    "a delta": (
        {u[n, k]: (KroneckerDelta(k, y[n]) - z[n, k]) ** 2 + KroneckerDelta(n, k)},
        "u[n, k] = ([k == y[n]] - z[n, k])**2 + [n == k]",
    ),
    "Idx with ranges": (
        {u[Idx("n", N)]: Sum(x[Idx("n", N), Idx("d", D)] ** 2, Idx("d", D)) / D},
        "u[n] = sum(d, x[n, d]**2) / D",
    ),
    "sizes of other names": (
        {u[n]: Sum(x[n, d], (d, 0, M - 1)) / M},
        "u[n] = mean(d, x[n, d])",
    ),
    "a shape": (
        {u[n, k]: sp.IndexedBase("x", shape=(M, D))[n, k] / M / D},
        "u[n, k] = x[n, k] / size(n) / size(k)",
    ),
    "a size that no axis explains": ({u[n]: x[n] * M}, "u[n] = x[n] * M"),
}
SQUARE = {"a delta": {"K": 3, "N": 3}}


def draws(made, sizes):
    """Random inputs, by name."""
    rng = np.random.default_rng(0)
    found = {}
    for tensor in made.compiled.layer.inputs:
        shape = tuple(sizes.get(str(axis.size), 3) for axis in tensor.indices)
        found[tensor.name] = rng.integers(0, 3, shape) if tensor.integer else rng.normal(size=shape)
    return found


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_objects_compute_what_the_text_computes(name):
    objects, text = ROUND_TRIPS[name]
    ours, theirs = layer(objects), layer(text)
    sizes = {"N": 4, "D": 2} | SQUARE.get(name, {})
    inputs = draws(theirs, sizes)
    values = []
    for made in (ours, theirs):
        functions = made.compile()
        output, cache = functions.forward(**inputs)
        back = functions.backward(np.ones_like(output) if np.ndim(output) else 1.0, cache)
        values.append([output, *(v for _, v in sorted(back._asdict().items()))])
    assert set(ours.gradients) == set(theirs.gradients)
    for own, other in zip(*values, strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-12, atol=1e-12)


WRITTEN = [
    ({u[n]: x[n] - (a - x[n])}, "u[n] = -a + 2 * x[n]"),
    ({u[n]: -x[n] / a}, "u[n] = -x[n] / a"),
    ({u[n]: x[n] ** -1}, "u[n] = 1 / x[n]"),
    ({u[n]: sp.Float(0.25) * x[n]}, "u[n] = 0.25 * x[n]"),
    ({u[n]: x[n] / 3.0 * (1 / 3)}, "u[n] = 0.1111111111111111 * x[n]"),
    ({u[n]: 1.6732632423543772 * x[n]}, "u[n] = 1.6732632423543772 * x[n]"),
    ({u[n]: 2.5e-7 * x[n]}, "u[n] = 2.5e-07 * x[n]"),
    ({u[n]: (x[n] + 1) ** a}, "u[n] = (x[n] + 1)**a"),
    ({E: 1}, "E = 1"),
    (
        {u[n, k]: Piecewise((z[n, k], Eq(k, y[n])), (0, True))},
        "u[n, k] = where(k == y[n], z[n, k], 0)",
    ),
    (Eq(u[n], total(x[n, d], d)), "u[n] = sum(d, x[n, d])"),
]


@pytest.mark.parametrize(("objects", "text"), WRITTEN, ids=[t for _, t in WRITTEN])
def test_what_is_written(objects, text):
    assert equations_text(objects) == text


def test_examples_in_docstrings():
    assert doctest.testmod(from_sympy).attempted > 0 == doctest.testmod(from_sympy).failed


REFUSED = [
    ({u[n]: Sum(x[n, d], (d, 1, D - 1))}, ValueError, "Sum(x[n, d], (d, 1, D - 1)): d runs from 1"),
    ({u[n]: Sum(x[n, d], (d, 0, D))}, ValueError, "d runs from 0 to D; it must run over a whole"),
    ({u[n]: Sum(x[n, d], (d, 0, D - 2))}, ValueError, "d runs from 0 to D - 2"),
    ({u[n]: Sum(x[n, d], (d, 0, 3))}, ValueError, "d runs from 0 to 3"),
    ({u[n]: Sum(x[n, d], (d, 0, y[n] - 1))}, ValueError, "d runs from 0 to y[n] - 1"),
    ({u[n]: Sum(x[d], (d, 0, n - 1))}, ValueError, "n is an axis and cannot be the size"),
    ({u[n]: x[Idx("n", (1, N))]}, ValueError, "n runs from 1 to N"),
    (
        {u[n]: total(x[n, d], d) + total(x[n, k], k)},
        ValueError,
        "one axis has two sizes: D in Sum(x[n, d], (d, 0, D - 1)), K in Sum(x[n, k]",
    ),
    (
        {u[n]: Sum(sp.IndexedBase("x", shape=(N, D))[n, d], (d, 0, M - 1))},
        ValueError,
        "one axis has two sizes",
    ),
    ({u[n]: x[n + 1]}, ValueError, "an index came as n + 1"),
    ({u[n]: x[n, 0]}, ValueError, "an index came as 0"),
    ({u[n, k]: KroneckerDelta(k, 0) * x[n]}, ValueError, "an index came as 0"),
    ({u[n, k]: KroneckerDelta(n, k, (0, N - 1))}, ValueError, "leave the range out"),
    ({u[y[n]]: x[n]}, ValueError, "y on a left side is no axis"),
    ({u[n]: Piecewise((x[n], x[n] > 0))}, ValueError, "the last case must hold everywhere else"),
    ({u[n]: sp.Float("0.1", 30) * x[n]}, ValueError, "has more than 17 digits; write a Rational"),
    ({u[n]: x[n] * sp.Symbol("é")}, ValueError, "'é' cannot be a name"),
    ({u[n]: x[n] * sp.Dummy("q")}, ValueError, "'_q' cannot be a name"),
    ({u[n]: sp.IndexedBase("x[n] + y")[n]}, ValueError, "'x[n] + y' cannot be a name"),
    ({u[sp.Symbol("n]=1#")]: a}, ValueError, "cannot be a name"),
    ({u[n]: Heaviside(x[n])}, TypeError, "SymPy's Heaviside is 1/2 at 0; write Piecewise"),
    ({u[n]: sp.Function("foo")(x[n], 2)}, TypeError, "foo(x[n], 2): foo is not a function; those"),
    ({u[n]: sp.gamma(x[n])}, TypeError, "gamma is not part of the language"),
    ({u[n]: sp.EulerGamma * x[n]}, TypeError, "EulerGamma is not part of the language"),
    ({u[n]: sp.I * x[n]}, TypeError, "ImaginaryUnit is not part of the language"),
    ({u[n]: sp.oo}, TypeError, "Infinity is not part of the language"),
    ({u[n]: sp.Product(x[n, d], (d, 0, D - 1))}, TypeError, "Product is not part of the language"),
    ({u[n]: x[n] > 0}, TypeError, "StrictGreaterThan is not part of the language"),
    ({u[n]: x}, TypeError, "IndexedBase is not part of the language"),
    (
        {u[n]: Piecewise((1, (x[n] > 0) & (x[n] < 1)), (0, True))},
        TypeError,
        "it must be one comparison",
    ),
    ({"u": x[n]}, TypeError, "a left side came as 'u'"),
    ({x[n] + 1: x[n]}, TypeError, "a left side came as x[n] + 1"),
    ({u[n]: "__import__('os')"}, TypeError, "a right side came as the text"),
    ([x[n]], TypeError, "an equation came as x[n]; wanted SymPy's Eq"),
    ([Eq(x[n], x[n])], TypeError, "an equation came as True"),
    (5, TypeError, "equations came as int"),
]


@pytest.mark.parametrize(("objects", "error", "words"), REFUSED, ids=[r[2][:40] for r in REFUSED])
def test_a_refusal_names_what_came(objects, error, words):
    with pytest.raises(error) as info:
        equations_text(objects)
    assert words in str(info.value)


@pytest.mark.parametrize(
    ("objects", "words"),
    [
        ({u[n]: x[n, d]}, "'d' is not bound"),
        ({u[n, n]: x[n]}, "stands twice"),
        ({u[n]: x[n] * sp.Symbol("lambda")}, "write 'lamda'"),
        ({u[n]: n * x[n]}, "'n' is an axis"),
        ({u[n]: u[n] + 1}, "'u' reads itself at the same place"),
        ({}, "no output"),
    ],
)
def test_the_reader_checks_the_rest(objects, words):
    with pytest.raises(DefinitionError, match=words):
        layer(objects)
