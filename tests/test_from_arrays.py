"""Array notation: what is read of NumPy expressions computes what NumPy computes, or is refused."""

import doctest
import inspect
import random
import re
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from pullback import layer
from pullback.codegen.faces.functions import source_of
from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.derive.calculus.derivation import derive
from pullback.derive.errors import DefinitionError
from pullback.derive.read.from_arrays import algebra, reader, shapes, values
from pullback.derive.read.from_arrays.functions import FUNCTIONS
from pullback.derive.read.from_arrays.modules import METHODS
from pullback.derive.read.from_arrays.reader import understand
from pullback.derive.read.reader import read_arrays, read_layer
from tests.arrays import meaning, programs

CORPUS = {
    name: function
    for part in ("layers", "losses", "expressions")
    for name, function in vars(import_module(f"tests.arrays.{part}")).items()
    if inspect.isfunction(function)
    and function.__module__ == f"tests.arrays.{part}"
    and function.__annotations__
}
HEAVY = {  # derived and proved in `make slow`; else their equations are worked out entry by entry
    *("multi_head", "groupnorm", "contrastive", "captioning_loss", "two_layer_net", "norms"),
    *("softmax_loss_by_probabilities", "softmax_loss_by_eye", "svm_loss_linear"),
    *("three_layer_net", "kl", "nested_reductions", "spread_out", "causal_attention", "attention"),
}
PRIMES = (4, 3, 5, 2, 6)  # no two axes of one size, up to five
LEADING = ("P", "Q")  # what '...' stands for in a draw


def compiled(function):
    """The module of a function, not proved."""
    read = read_arrays("layer", source_of(function), {})
    derivation = derive(read)
    return loaded(module(derivation, lower(derivation)), read)


def draw(function, seed=0):
    """Arguments of the shapes that annotations say, axes of size 1 included."""
    rng, sizes, found = np.random.default_rng(seed), {}, {}

    def size(name):
        return 1 if name == "1" else sizes.setdefault(name, PRIMES[len(sizes) % len(PRIMES)])

    for name, text in function.__annotations__.items():
        axes, _, below = text.replace("...", " ".join(LEADING)).partition(":")
        shape = tuple(map(size, axes.split()))
        if below:
            found[name] = rng.integers(size(below.strip()), size=shape)
        else:
            found[name] = rng.normal(size=shape) if shape else float(rng.uniform(0.5, 2))
    return found


def run(function, arguments):
    """What Python gives, of several things the first; arguments are copied."""
    found = function(**{n: v.copy() if np.ndim(v) else v for n, v in arguments.items()})
    while isinstance(found, tuple):
        found = found[0]
    return found


def taken(function, arguments):
    """Arguments as a module takes them: without axes of size 1."""
    ones = [n for n, text in function.__annotations__.items() if "1" in text.split()]
    return {n: np.squeeze(v) if n in ones else v for n, v in arguments.items()}


def assert_same(found, wanted, least=0.0):
    """Equal to twelve digits of the largest entry, or of `least`, where entries cancel."""
    assert np.shape(found) == np.shape(wanted)
    scale = max(least, np.max(np.abs(wanted)))
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12 * scale)


def by_module(function):
    """The forward pass of the module, all of it proved."""
    return layer(function).compile().forward


def by_meaning(function):
    """What was understood, worked out entry by entry."""
    equations = understand(source_of(function), {}).parsed()

    def forward(**given):
        return (meaning.output(equations, given, {}),)

    return forward


def compare(function, forward):
    """Hold a forward pass beside its function, at a few draws."""
    used = understand(source_of(function), {}).inputs
    for seed in range(3):
        arguments = draw(function, seed)
        given = {n: v for n, v in taken(function, arguments).items() if n in used}
        assert_same(forward(**given)[0], run(function, arguments))


# -- what people write -----------------------------------------------------------------------------


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", CORPUS)
def test_a_module_computes_what_the_function_computes(name):
    if name in HEAVY:
        compare(CORPUS[name], by_meaning(CORPUS[name]))
    else:
        compare(CORPUS[name], by_module(CORPUS[name]))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(HEAVY))
def test_long_functions_are_proved_too(name):
    compare(CORPUS[name], by_module(CORPUS[name]))


def test_a_whole_network_computes_what_the_function_computes():
    compare(CORPUS["two_layer_net"], compiled(CORPUS["two_layer_net"]).forward)


def test_the_corpus_is_large():
    assert len(CORPUS) >= 80 and set(CORPUS) >= HEAVY


@pytest.mark.parametrize("name", ["relu", "relu_by_mask", "hard_tanh", "embedding", "moved"])
def test_to_the_bit_where_nothing_is_rounded(name):
    function = CORPUS[name]
    arguments = draw(function)
    np.testing.assert_array_equal(
        compiled(function).forward(**arguments)[0], run(function, arguments)
    )


# -- random programs -------------------------------------------------------------------------------

SIZES = {
    f"{name.lower()}{i}": size for name, size in programs.SIZES.items() for i in ("", *range(2, 40))
}


SPECIAL = ("erf", "erfc", "expit", "logsumexp", "softmax", "log_softmax")
SPECIAL += ("gammaln", "digamma", "psi", "erfinv")


def both_ways(seed):
    """A random program run by Python, and what was read of it worked out entry by entry."""
    choose = random.Random(seed)
    text = programs.Program(choose).text(choose.randrange(5))
    inputs, names = drawn(seed)
    exec(text, names)
    try:
        read = understand(f"from scipy.special import expit\n{text}", programs.SHAPES)
    except DefinitionError as error:  # np.eye(K)[y][np.arange(N), y]: y says no axis any more
        assert "compared with other labels alone" in error.reason
        return np.float64(0), np.float64(0)
    return np.squeeze(names["out"]), np.squeeze(meaning.output(read.parsed(), inputs, SIZES))


def drawn(seed):
    """Inputs of a random program, and what Python knows when it runs."""
    rng, inputs = np.random.default_rng(seed), {}
    for name, shape in programs.SHAPES.items():
        axes, _, below = shape.partition(":")
        size = tuple(programs.SIZES[a] for a in axes.split())
        drawn = rng.normal(size=size) if size else float(rng.normal())
        inputs[name] = rng.integers(programs.SIZES[below.strip()], size=size) if below else drawn
    names = {n: np.copy(v) if np.ndim(v) else v for n, v in inputs.items()}
    return inputs, names | {"np": np, "expit": special.expit}


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 2**32))
def test_random_programs_mean_what_python_computes(seed):
    with np.errstate(all="ignore"):
        wanted, found = both_ways(seed)
    assert_same(found, wanted.astype(float), 1.0)


@pytest.mark.slow
def test_many_random_programs():
    with np.errstate(all="ignore"):
        for seed in range(10_000):
            wanted, found = both_ways(seed)
            assert_same(found, wanted.astype(float), 1.0)


EXPRESSIONS = """
np.abs(x) + np.absolute(x) * np.fabs(t)[:, None] + abs(s)
np.add(x, b) * np.subtract(x, s) - np.multiply(b, np.divide(x, 3)) + np.true_divide(x, 7)
np.amax(x, axis=0) + np.amin(x, 0) + np.max(x) - np.min(x, axis=0)
np.sum(w[None], axis=(0, 2)) + np.mean(x, axis=0) + np.average(x, axis=0) + np.var(x, 0)
np.where(y[:, None] == np.arange(K), u, 0) + (u > 0) * np.array(u) + np.asarray(u)
np.ascontiguousarray(x) + np.copy(x) + x.copy() + x.astype(float) + np.array(x, dtype=float)
np.bitwise_and(x > 0, x < 1) * x + np.bitwise_or(x > 1, x < 0) - np.logical_xor(x > 0, b > 0)
np.logical_and(x > 0, b < 0) * 2 + np.logical_or(x > 0, b < 0) * x + np.logical_not(x > 0) * b
np.invert(x > 0) * 1.0 + ((x > 0) ^ (b > 0))
np.broadcast_to(b, (N, D)) * x + np.clip(x, None, 0.5) + x.clip(-0.1, 0.1)
np.cos(x) + np.sin(x) + np.tanh(x) + np.exp(-x**2) + np.expm1(x) + np.exp2(x) + np.sqrt(x * x)
np.log(1 + x**2) + np.log1p(x**2) + np.log2(2 + x**2) + np.log10(2 + x**2) + np.logaddexp(x, b)
np.tan(x) + np.arcsin(x / 9) * np.arccos(x / 9) - np.arctan(x) + np.arctan2(x, b) * np.hypot(x, b)
np.sinh(x) * np.cosh(b) + np.arcsinh(x) + np.arccosh(1 + x**2) - np.arctanh(x / 9) + np.cbrt(x)
np.sinc(x) + gammaln(3 + x) + digamma(3 + x) * psi(4 + b) + erfinv(x / 9)
np.floor(3 * x) + np.ceil(x) * np.rint(5 * b) + np.mod(x, 0.5) + np.remainder(b, 3)
np.count_nonzero(x > 0, axis=1) * t
np.diag(x @ x.T) + np.diagonal(x @ x.T) * np.trace(x @ x.T) + np.diag(t) @ t
np.dot(x, w) + np.matmul(x, w) + np.einsum("nd,dk->nk", x, w) + np.tensordot(x, w, 1)
np.inner(x, w.T) + np.outer(t, w.sum(axis=0)) + np.vdot(t, t)
np.equal(x, b) + np.not_equal(x, b) * 2.0 + np.greater(x, 0) * x - np.less(x, b) * x
np.greater_equal(x, b) * x + np.less_equal(x, 0) * 3
np.expand_dims(x, -1).squeeze(-1) + np.squeeze(x[None], axis=0) + np.reshape(x, (N, 1, -1))[:, 0]
np.eye(N) @ x + np.identity(N) @ x + np.tri(N) @ x + np.tril(x @ x.T) @ x + np.triu(x @ x.T, 1) @ x
np.float64(s) * x + float(s) + len(x) / np.size(x) + np.ndim(x) * np.shape(x)[1] + x.size
np.full((N, D), s) + np.full_like(x, 2) * np.ones((N, D)) + np.ones_like(x)
np.zeros_like(x) + np.zeros(D) + x
np.maximum(x, b) + np.minimum(x, 0) + max(s, 1.0, 2) + min(s, 0) + np.sign(x) + np.square(x)
np.moveaxis(x, 0, 1).T + np.swapaxes(x, 0, 1).transpose() + np.transpose(x, (1, 0)).T
np.negative(x) + np.positive(x) * b + np.power(x, 2) + np.reciprocal(1 + x**2)
np.ravel(t) * 2 + t.flatten() + t[:, None].ravel()
np.std(x, axis=1, ddof=1) + np.linalg.norm(x, axis=1) + x.var(axis=1, ddof=1) + x.std(1)
np.take_along_axis(u, y[:, None], axis=1)[:, 0] + u[range(N), y] + np.take(w, y, axis=1).sum(0)
w.take(y, axis=1)[:, None].sum((0, 1))
logsumexp(x, axis=1) + erf(t) + erfc(t) + expit(t) + x.max(1) + x.min(1) + x.mean(1)
x.dot(b) + (x @ x.T).trace() * x.sum().item() + (x @ x.T).diagonal()
(x.reshape(N, 1, D) + x[:, None].swapaxes(0, 1)).sum(1)
softmax(x, axis=-1) + log_softmax(x, axis=1) + softmax(x)
""".strip().split("\n")


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_every_function(text):
    inputs, names = drawn(0)
    names |= {name: getattr(special, name) for name in SPECIAL}
    lines = f"from scipy.special import {', '.join(SPECIAL)}\n{programs.HEAD}\nout = {text}"
    exec(lines, names)
    read = understand(lines, programs.SHAPES)
    assert_same(meaning.output(read.parsed(), inputs, SIZES), np.asarray(names["out"], float))


def test_no_function_is_left_out():
    used = {word for text in EXPRESSIONS for word in re.findall(r"\w+", text)}
    assert {name.rpartition(".")[2] for name in FUNCTIONS} <= used
    assert set(METHODS) <= used


FAULTS = {
    "broadcasting from the front": (algebra, "spread", lambda v, i: i[: len(v.axes)]),
    "a mean that is a sum": (
        algebra,
        "over",
        lambda word, bound, body, own=algebra.over: own(word.replace("mean", "sum"), bound, body),
    ),
    "cases the wrong way round": (
        algebra,
        "choose",
        lambda c, a, b, own=algebra.choose: own(c, b, a),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_reading_is_seen(fault, monkeypatch):
    monkeypatch.setattr(*FAULTS[fault])
    seen = 0
    for seed in range(60):
        try:
            with np.errstate(all="ignore"):
                wanted, found = both_ways(seed)
            assert_same(found, wanted.astype(float), 1.0)
        except (AssertionError, ValueError, IndexError, KeyError, DefinitionError):
            seen += 1
    assert seen


# -- signs and numbers -----------------------------------------------------------------------------

LOGITS = """
def by_log_of_p(x: "N C", y: "N: C"):
    e = np.exp(x)
    p = e / e.sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(x)), y]).mean()

def by_shift(x: "N C", y: "N: C"):
    s = x - np.max(x, axis=1, keepdims=True)
    e = np.exp(s)
    Z = np.sum(e, axis=1, keepdims=True)
    p = e / Z
    picked = p[np.arange(len(x)), y]
    return np.mean(-np.log(picked))

def by_one_hot(x: "N C", y: "N: C"):
    p = np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True)
    t = np.zeros_like(x)
    t[np.arange(len(x)), y] = 1
    return -np.sum(t * np.log(p)) / len(x)
"""


@pytest.mark.parametrize("name", ["by_log_of_p", "by_shift", "by_one_hot"])
def test_a_log_of_probabilities_is_safe_at_any_logits(name):
    text = reader.blanked(LOGITS, name)
    made = layer(text, x="N C", y="N: C").compile()
    y = np.array([0, 3, 1, 2, 2])
    for size in (1, 1e4):
        x = np.random.default_rng(0).normal(size=(5, 4)) * size
        value, gradients = made.value_and_grad(x, y)
        top = x.max(axis=1, keepdims=True)
        log_p = x - top - np.log(np.exp(x - top).sum(axis=1, keepdims=True))
        right = np.eye(4)[y]
        assert_same(value, -(right * log_p).sum() / 5)
        slope = (np.exp(log_p) - right) / 5
        np.testing.assert_allclose(gradients.dx, slope, rtol=1e-9, atol=1e-12)


def signs(text, **given):
    """The equations of a text by name, with their signs."""
    read = understand(text, given)
    return {line.split("[")[0].split(" ")[0]: line for line in read.text.split("\n")}


def test_assignments_are_nodes_but_for_masks_labels_and_exponentials_under_a_log():
    text = """
u = x @ W
e = np.exp(u)
p = e / e.sum(axis=1, keepdims=True)
m = u > 0
t = np.eye(W.shape[1])[y]
h = np.maximum(u, 0) * m
out = np.sum(t * np.log(p)) + h.sum()
"""
    found = signs(text, x="N D", W="D K", y="N: K")
    assert {n: ":=" in line for n, line in found.items()} == {
        "u": False,
        "e": True,
        "p": True,
        "m": True,
        "t": True,
        "h": False,
        "out": False,
    }


def test_an_exponential_behind_another_function_stays_a_node():
    found = signs("a = np.exp(x)\nb = np.tanh(a)\nout = np.log(b + 2)", x="N")
    assert " = exp" in found["a"] and " = tanh" in found["b"]


WRITTEN = [
    ("out = x.mean(axis=1)", "out[n] = mean(d, x[n, d])"),
    ("out = x @ x.T", "out[n, n2] = sum(d, x[n, d] * x[n2, d])"),
    ("out = 1.0 * x + 1e-05 - 0.1", "out[n, d] = 1 * x[n, d] + 1e-5 - 0.1"),
    ("out = x * (0.1 + 0.2) * 0.30000000000000004", "* 0.30000000000000004"),
    ("out = x / np.sqrt(x.shape[1])", "out[n, d] = x[n, d] / sqrt(size(d))"),
    ("N = len(x)\nout = x.sum() / N", "out = sum(n, d, x[n, d]) / size(n)"),
    ("x -= x.max(axis=1, keepdims=True)\nx", "x_2[n, d] = x[n, d] - max(d2, x[n, d2])"),
    ("h = x * 2\nh[h < 0] = 0\nh", "h_2[n, d] = where(h[n, d] < 0, 0, h[n, d])"),
    ("h_2 = x * 2\nh = h_2 + 1\nh += h_2\nh", "h_3[n, d] = h[n, d] + h_2[n, d]"),
    ("m = np.ones(x.shape)\nm[np.arange(len(x)), y] = 0\nm * x", "m[n, d] := where(d == y[n], 0"),
    ("s = x * 2\ns[np.arange(len(x)), y] -= 1\ns", "s_2[n, d] = s[n, d] - [d == y[n]]"),
    ("mean = x.mean(axis=0)\nx - mean", "mean_1[d] = mean(n, x[n, d])"),
    ("d = x * 2\nd", "d[n, i] = x[n, i] * 2"),
    ("a = x.T\nb = a\nout = b * 1", "out[d, n] = x[n, d] * 1"),
    ("from numpy import exp as e, linalg\nout = e(linalg.norm(x))", "out = exp(sqrt(sum(n, d, x"),
    ("import numpy.linalg as la\nout = la.norm(x, axis=1)", "out[n] = sqrt(sum(d, x[n, d]**2))"),
    ("import jax.numpy as q\nout = q.tanh(x)", "out[n, d] = tanh(x[n, d])"),
    ("out = x.sum(axis=0, keepdims=True)", "out[d] = sum(n, x[n, d])"),
    ("E = 1e-8\ndef f(a, b=3): return a / (b + E)\nout = f(x * 2)", "= x[n, d] * 2 / (3 + 1e-8)"),
    ("out = np.where(x > 0, x, 0) ** 2 / 2", "out[n, d] = where(x[n, d] > 0, x[n, d], 0)**2 / 2"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), WRITTEN, ids=[t for t, _ in WRITTEN])
def test_what_is_written(text, wanted):
    given = {"x": "N D"} | ({"y": "N: D"} if ", y]" in text else {})
    assert wanted in understand(text, given).text


# -- shapes ----------------------------------------------------------------------------------------

ANNOTATED = """
def f({}):
    return x[np.arange(len(x)), y] * a
"""


@pytest.mark.parametrize(
    "parameters",
    [
        'x: "N D", y: "N: D", a: ""',
        'x: Float[Array, "N D"], y: Int[Array, "N"], a: float',
        'x: jt.Float32[np.ndarray, "N D"], y: Integer[Array, "N: D"], a: Float[Array, ""]',
        'x: "N, D", y: "N:D", *, a: ""',
    ],
)
def test_shapes_in_annotations(parameters):
    read = understand(ANNOTATED.format(parameters), {})
    assert read.text == "out[n] = x[n, y[n]] * a"
    assert read.labels == {"y": "D"} and read.inputs == ("x", "y", "a") and read.wrt == ("x", "a")


def test_shapes_of_the_caller_win_and_defaults_are_numbers():
    read = understand("def f(x: np.ndarray, a: 'N', b=0.5): return x * a * b", {"x": "N", "a": ""})
    assert read.text == "out[n] = x[n] * a * 0.5"


def test_leading_axes():
    text = "def f(x: '... D', W: 'D K'): return (x @ W).mean(axis=-1, keepdims=True)"
    assert understand(text, {}).text == "out[...] = mean(k, sum(d, x[..., d] * W[d, k]))"


def test_axes_of_size_one_are_left_out_with_words():
    read = understand("out = a * b", {"a": "N 1", "b": "D"})
    assert read.text == "out[n, d] = a[n] * b[d]"
    assert read.notes == ("a is taken without its axis of size 1: its shape is (N)",)


def test_inputs_come_in_the_order_of_parameters():
    text = "def f(b: 'D', unused: 'N', x: 'N D'): return x + b"
    read = read_arrays("layer", text, {})
    assert [t.name for t in read.inputs] == ["b", "x"]
    library = {"inner": f'arrays = "{text}"'.replace("'", '\\"')}
    outer = read_layer("outer", 'equations = "u[n, d] = inner(c, z[n, d])"', library.__getitem__)
    assert outer.output.text == "u[n, d] = z[n, d] + c[d]"


def test_what_was_understood_is_shown_beside_its_line():
    text = "\ndef f(x: 'N'):\n    y = 2 * x  # twice\n    z = y + 1\n\n    return y.sum()\n"
    read = understand(text, {})
    assert read.equations == ((3, "y[n] = 2 * x[n]"), (6, "out = sum(n, y[n])"))
    assert read.show() == (
        "understood:\n"
        "  3  y = 2 * x  # twice  y[n] = 2 * x[n]\n"
        "  6  return y.sum()      out = sum(n, y[n])\n"
        "  the output needs none of z"
    )
    with pytest.raises(AttributeError):
        read.equations = ()


def test_examples_in_docstrings():
    for part in (reader, shapes, values):
        assert doctest.testmod(part).attempted > 0 == doctest.testmod(part).failed
