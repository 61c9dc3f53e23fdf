"""Every function of the language: its value and its slopes against 50 digits, in each dtype, and
the proof of a layer that uses it; every word that stands for others."""

from functools import cache

import numpy as np
import pytest
from mpmath import MPContext

from pullback import layer
from pullback.derive.calculus.derivation import derive
from pullback.derive.errors import DefinitionError
from pullback.derive.index.functions import FUNCTIONS, OF_TWO
from pullback.derive.proof.proving import chains, every_size_checker
from pullback.derive.read.reader import read_equations
from pullback.derive.read.sugar import SUGAR

MP = MPContext()
MP.dps = 50
WIDE = [0.1, 0.5, 0.99, 1.0, 1.5, 3.0, 20.0, 1e3, 1e4, 1e-3, 1e-8, 1e-300]
REAL = [*WIDE, *(-x for x in WIDE), 0.0]
NEAR_ONE = [1 - 1e-3, 1 - 1e-10, 1 - 2.0**-40]
INSIDE = [x for x in (*REAL, *NEAR_ONE, *(-x for x in NEAR_ONE)) if abs(x) < 1]
OFF_HALVES = [x + 0.25 for x in REAL if abs(x) < 1e5] + [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 3.0]


GAMMA = [
    0.1,
    0.5,
    0.99,
    1.001,
    1.3,
    1.9,
    2.0,
    2.4,
    3.0,
    7.7,
    9.99,
    10.0,
    33.0,
    1e3,
    1e4,
    1e-3,
    1e-8,
]
GAMMA += [-0.5, -1.25, -2.75, -20.5, -1e-3]


def cube_root(x):
    return MP.sign(x) * MP.cbrt(abs(x))


def one_over_root(x):
    return 1 / MP.sqrt((1 - x) * (1 + x))


def log_gamma(x):
    return MP.loggamma(x).real


def sinc_slope(x):
    """By its series near 0."""
    if abs(x) < 1e-6:
        return -(MP.pi**2) * x / 3
    return (MP.cospi(x) - MP.sincpi(x)) / x


def sinc_bend(x):
    if abs(x) < 1e-6:
        return -(MP.pi**2) / 3
    return -(MP.pi**2) * MP.sincpi(x) - 2 * sinc_slope(x) / x


def step(*_):
    return MP.mpf(0)


# the function, its slope and the slope's slope; points at which they are looked at
EXACT = {
    "tan": (MP.tan, lambda x: MP.sec(x) ** 2, lambda x: 2 * MP.tan(x) * MP.sec(x) ** 2, REAL),
    "asin": (MP.asin, one_over_root, lambda x: x * one_over_root(x) ** 3, INSIDE),
    "acos": (MP.acos, lambda x: -one_over_root(x), lambda x: -x * one_over_root(x) ** 3, INSIDE),
    "atan": (MP.atan, lambda x: 1 / (1 + x * x), lambda x: -2 * x / (1 + x * x) ** 2, REAL),
    "sinh": (MP.sinh, MP.cosh, MP.sinh, [x for x in REAL if abs(x) < 80]),
    "cosh": (MP.cosh, MP.sinh, MP.cosh, [x for x in REAL if abs(x) < 80]),
    "asinh": (
        MP.asinh,
        lambda x: 1 / MP.sqrt(1 + x * x),
        lambda x: -x / MP.sqrt(1 + x * x) ** 3,
        REAL,
    ),
    "acosh": (
        MP.acosh,
        lambda x: 1 / MP.sqrt(x * x - 1),
        lambda x: -x / MP.sqrt(x * x - 1) ** 3,
        [x for x in (*WIDE, 1 + 1e-6, 1 + 2.0**-30) if x > 1],
    ),
    "atanh": (MP.atanh, lambda x: 1 / (1 - x * x), lambda x: 2 * x / (1 - x * x) ** 2, INSIDE),
    "cbrt": (
        cube_root,
        lambda x: 1 / (3 * cube_root(x) ** 2),
        lambda x: -2 / (9 * cube_root(x) ** 5),
        [x for x in REAL if abs(x) > 1e-100],
    ),
    "sign": (MP.sign, step, step, REAL),
    "floor": (MP.floor, step, step, OFF_HALVES),
    "ceil": (MP.ceil, step, step, OFF_HALVES),
    "round": (MP.nint, step, step, OFF_HALVES),
    "lgamma": (log_gamma, MP.digamma, lambda x: MP.psi(1, x), GAMMA),
    "digamma": (MP.digamma, lambda x: MP.psi(1, x), lambda x: MP.psi(2, x), GAMMA),
    "erfinv": (
        MP.erfinv,
        lambda x: MP.sqrt(MP.pi) / 2 * MP.exp(MP.erfinv(x) ** 2),
        lambda x: MP.pi / 2 * MP.erfinv(x) * MP.exp(2 * MP.erfinv(x) ** 2),
        INSIDE,
    ),
    "sinc": (MP.sincpi, sinc_slope, sinc_bend, [0.25, 0.3, 0.7, 0.96, -0.4, -2.3, 1e-3, -1e-8, 0]),
}
OLDER = {"exp", "log", "log1p", "expm1", "sqrt", "tanh", "sigmoid", "erf", "erfc", "sin", "cos"}
OLDER |= {"abs"}
DTYPES = {"float64": 4e-16, "float32": 2.5e-7}
ULPS = 6  # of values and of what a slope is made of


def test_every_function_is_here():
    assert {*EXACT} | OLDER == {*FUNCTIONS}
    assert {*OF_TWO} == {"atan2"}


@cache
def compiled(text):
    return layer(text).compile()


@cache
def proved(text):
    """Is every step of a definition proved for every size?"""
    derivation = derive(read_equations("layer", text))
    checker = every_size_checker(derivation.labelled)
    return all(
        verdict.proved
        for _, chain, definitions in chains(derivation)
        for verdict in checker.chain(chain, definitions)
    )


def near(found, wanted, dtype, ulps=ULPS, beside=0.0):
    """Is it as near as some units in the last place, of itself and of what stands beside it?"""
    wanted = [float(w) for w in wanted]
    tiny = np.finfo(dtype).smallest_normal
    limit = ulps * DTYPES[dtype] * (np.abs(wanted) + beside) + tiny
    with np.errstate(over="ignore"):
        fits = np.abs(wanted) < np.finfo(dtype).max
    off = np.abs(np.asarray(found, float) - wanted)
    assert found.dtype == dtype
    assert (off[fits] <= limit[fits]).all(), (off / limit).max()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", EXACT)
def test_values_and_slopes(name, dtype):
    value, slope, bend, points = EXACT[name]
    made = compiled(f"y[n] = {name}(x[n])")
    x = np.unique(np.array(points, dtype))
    if dtype == "float32":
        inside = name in ("asin", "acos", "atanh")
        inside |= name == "erfinv"
        x = x[(np.abs(x) < 1) if inside else (x > 1) if name == "acosh" else np.isfinite(x)]
        x = x[(np.abs(x) > 1e-10) | (name != "cbrt")]
    exact = [MP.mpf(float(v)) for v in x]
    y, cache = made.forward(x)
    beside = 1.0 if name in ("lgamma", "digamma") else 0.0  # next to zeros that are no floats
    near(y, map(value, exact), dtype, beside=beside)
    wanted = [slope(v) for v in exact]
    near(made.backward(np.ones_like(x), cache).dx, wanted, dtype, 8, beside)
    near(made.jvp((x,), (np.ones_like(x),))[1], wanted, dtype, 8, beside)
    total = compiled(f"L = sum(n, {name}(x[n]) * w[n])")
    second = total.hvp((x, np.ones_like(x)), (np.ones_like(x), np.zeros_like(x)))
    near(second.dx if hasattr(second, "dx") else second[0], map(bend, exact), dtype, 16, 1.0)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", EXACT)
def test_a_layer_that_uses_it_is_proved_for_every_size(name):
    assert proved(f"u[n, k] = {name}(x[n, k] * a[k])\nL = sum(n, k, u[n, k] * {name}(x[n, k]))")


def test_the_angle_of_a_point():
    made = compiled("y[n] = atan2(a[n], b[n])")
    numbers = np.array([0.0, 1e-9, 0.3, 1.0, 2.0, 1e4, -1e-9, -0.3, -1.0, -1e4])
    a, b = (grid.ravel() for grid in np.meshgrid(numbers, numbers))
    kept = (a != 0) | (b != 0)
    a, b = a[kept], b[kept]
    exact = [(MP.mpf(p), MP.mpf(q)) for p, q in zip(a, b, strict=True)]
    y, cache = made.forward(a, b)
    near(y, [MP.atan2(p, q) for p, q in exact], "float64")
    slopes = made.backward(np.ones_like(a), cache)
    near(slopes.da, [q / (p * p + q * q) for p, q in exact], "float64")
    near(slopes.db, [-p / (p * p + q * q) for p, q in exact], "float64")
    assert proved("u[n, k] = atan2(x[n, k], z[n])\nL = sum(n, k, u[n, k]**2)")


def test_the_angle_of_the_origin_has_the_slope_0():
    made = compiled("y[n] = atan2(a[n], b[n])")
    zero = np.zeros(2)
    y, cache = made.forward(zero, zero)
    assert (y == 0).all()
    assert all((slope == 0).all() for slope in made.backward(np.ones(2), cache))


ENDS = {"asin": [-1.0, 1.0], "acos": [-1.0, 1.0], "acosh": [1.0], "cbrt": [0.0]}


@pytest.mark.parametrize("name", ENDS)
def test_where_a_slope_is_infinite_what_does_not_ask_for_it_gets_0(name):
    made = compiled(f"y[n] = {name}(x[n])")
    x = np.array(ENDS[name])
    y, cache = made.forward(x)
    assert np.isfinite(y).all()
    with np.errstate(divide="ignore"):
        assert np.isinf(made.backward(np.ones_like(x), cache).dx).all()
        assert (made.backward(np.zeros_like(x), cache).dx == 0).all()


@pytest.mark.parametrize("name", ["asin", "acos", "acosh", "atanh"])
def test_outside_of_its_domain_a_function_is_nan(name):
    made = compiled(f"y[n] = {name}(x[n])")
    with np.errstate(invalid="ignore"):
        y, _ = made.forward(np.array([-2.0 if name == "acosh" else 2.0, np.nan]))
    assert np.isnan(y).all()


# -- words that stand for others -------------------------------------------------------------------

MEANT = [
    ("h[n] = 2 * relu(x[n])", "h[n] = 2 * max(0, x[n])"),
    ("h[n] = clip(x[n], -1, a) + 1", "h[n] = min(max(x[n], -1), a) + 1"),
    ("p[n, j] = softmax(j, z[n, j])", "p[n, j] = exp(z[n, j]) / sum(i, exp(z[n, i]))"),
    ("p = softmax(j, z[j, i])[i]", None),
    (
        "p[j, i] = softmax(j, z[j, i] * i2[j])",
        "p[j, i] = exp(z[j, i] * i2[j]) / sum(k, exp(z[k, i] * i2[k]))",
    ),
    (
        "p[j, k] = softmax(j, k, z[j, k])",
        "p[j, k] = exp(z[j, k]) / sum(i, l, exp(z[i, l]))",
    ),
    ("v[n] = var(d, x[n, d])", "v[n] = mean(d, (x[n, d] - mean(i, x[n, i]))**2)"),
    ("c[t] = cumsum(t, x[t])", "c[t] = sum(i, [i <= t] * x[i])"),
    ("L = norm(n, d, x[n, d])", "L = sqrt(sum(n, d, x[n, d]**2))"),
    ("L = logsumexp(..., x[...])", "L = log(sum(..., exp(x[...])))"),
    (
        "L = logsumexp(n, log_softmax(n, x[n]))",
        "L = log(sum(n, exp(x[n] - log(sum(i, exp(x[i]))))))",
    ),
    ("y[n] = mod(x[n], 1)", "y[n] = x[n] - 1 * floor(x[n] / 1)"),
]


@pytest.mark.parametrize(("text", "meaning"), [m for m in MEANT if m[1]])
def test_what_words_stand_for(text, meaning):
    assert read_equations("layer", text).nodes[-1].text == (
        read_equations("layer", meaning).nodes[-1].text
    )


@pytest.mark.sampled(3)
@pytest.mark.parametrize("size", [1, 2, 3, 4, 7])
def test_what_goes_by_order_against_numpy(size):
    rng = np.random.default_rng(size)
    x = np.round(3 * rng.normal(size=(20, size)))  # with ties
    order = np.argsort(x, axis=1, kind="stable")
    found, cache = compiled("y[n, d] = sort(d, x[n, d])").forward(x)
    assert (found == np.take_along_axis(x, order, 1)).all()
    w = rng.normal(size=x.shape)
    back = np.zeros_like(x)
    np.put_along_axis(back, order, w, 1)
    assert (compiled("y[n, d] = sort(d, x[n, d])").backward(w, cache).dx == back).all()
    ranks = compiled("y[n, d] = rank(d, x[n, d]) + 0 * x[n, d]").forward(x)[0]
    assert (ranks == np.argsort(order, axis=1)).all()
    made = compiled("y[n] = median(d, x[n, d])")
    found, cache = made.forward(x)
    assert (found == np.median(x, axis=1)).all()
    picked = made.backward(np.ones(20), cache).dx
    assert (picked.sum(1) == 1).all() and ((picked * x).sum(1) == found).all()
    for m in range(1, size + 1):
        largest = np.argsort(-x, axis=1, kind="stable")[:, :m]
        made = compiled(f"y[n] = kth(d, {m}, x[n, d])")
        found, cache = made.forward(x)
        assert (found == np.take_along_axis(x, largest[:, -1:], 1)[:, 0]).all()
        assert (made.backward(found, cache).dx.argmax(1) == largest[:, -1])[found > 0].all()
        mask = compiled(f"y[n, d] = topk(d, {m}, x[n, d]) * x[n, d]").forward(x)[0]
        assert (mask.sum(1) == np.take_along_axis(x, largest, 1).sum(1)).all()


REFUSED = [
    ("h[n] = 2 * relu(x[n], 1)", "relu is written relu(a); it has 2 arguments"),
    ("h[n] = 1 + norm(x[n])", "norm is written norm(j, x); it has 1 arguments"),
    ("h[n] = 1 + norm(x[n], x[n])", "norm takes axes and then a value: norm(j, x)"),
    ("c[t, s] = cumsum(t, s, x[t, s]) + 1", "cumsum is written cumsum(j, x)"),
    ("p[...] = 2 * softmax(..., x[...])", "softmax takes axes by their names, and not '...'"),
    ("h[n] = softmx(n, x[n])", "did you mean 'softmax'?"),
    ("h[n] = arcsin(x[n])", "did you mean 'asin'?"),
    ("h[n] = logsumexpp(n, x[n])", "did you mean 'logsumexp'?"),
]


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_words_that_do_not_fit_are_refused(text, words):
    with pytest.raises(DefinitionError) as info:
        read_equations("layer", text)
    assert words in str(info.value)


def test_a_definition_of_the_same_name_is_called():
    library = {"relu": 'equations = "own[n] = 3 * u[n]"'}
    called = read_equations("layer", "h[n] = relu(x[n])", library.__getitem__)
    assert called.nodes[-1].text == "h[n] = 3 * x[n]"
    within = read_equations("layer", "h[n] = 1 * relu(x[n])", library.__getitem__)
    assert within.nodes[-1].text == "h[n] = 1 * max(0, x[n])"


def test_names_of_functions_may_be_those_of_tensors():
    text = "var[n] = var(d, floor[n, d])\nstd[n] = sqrt(var[n] + round)"
    assert [t.name for t in read_equations("layer", text).inputs] == ["floor", "round"]


@pytest.mark.parametrize("size", [1.0, 1e3, 1e4])
def test_shorthand_is_stable(size):
    x = np.random.default_rng(0).normal(size=(4, 5)) * size
    for text in (
        "L = sum(n, logsumexp(d, x[n, d]))",
        "L = sum(n, d, softplus(x[n, d]) * 1)",
        "L = sum(n, d, log_softmax(d, x[n, d]) * softmax(d, x[n, d]))",
        "L = sum(n, std(d, x[n, d]))",
        "L = sum(n, d, log(cosh(x[n, d])))",
        "L = sum(n, d, log(2 * cosh(x[n, d])) * 3)",
    ):
        value, gradients = compiled(text).value_and_grad(x)
        assert np.isfinite(value)
        assert np.isfinite(gradients.dx).all(), text


@pytest.mark.parametrize("word", SUGAR)
def test_each_word_is_proved_for_every_size(word):
    sugar = SUGAR[word]
    if sugar.reduces:
        stays = "soft" in word or word in ("cumsum", "rank", "sort", "topk")
        axes, middle = ("n, d" if stays else "n"), "2, " * (len(sugar.parameters) - 2)
        own = " + x[n, d]" if word in ("rank", "topk") else ""
        text = f"u[{axes}] = {word}(d, {middle}2 * x[n, d] + 1){own}\nL = sum({axes}, u[{axes}]**2)"
    else:
        given = ["x[n]**2 + 1", "2", "3"][: len(sugar.parameters)]
        text = f"u[n] = {word}({', '.join(given)})\nL = sum(n, u[n]**2)"
    assert proved(text)
