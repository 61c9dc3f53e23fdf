"""How layers are worked out in parts: which axes are cut, why others are not, and what comes out.

That an axis is cut is held against NumPy: parts of the inputs, whatever their sizes, come to what
the whole is, for the output and every gradient. That one is not is held too: parts of it come to
something else, in whichever way they are put together.
"""

import doctest
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pullback.codegen import library
from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.codegen.targets.table import NATIVE, PLAIN, TARGETS
from pullback.derive.calculus.cuts import Cut, Cutting
from pullback.derive.calculus.cutting import cutting
from pullback.derive.calculus.derivation import derive
from pullback.derive.calculus.steps import Chain, Step
from pullback.derive.errors import ProofFailed
from pullback.derive.proof.proving import every_size_checker
from pullback.derive.proof.scalars import Work
from pullback.derive.proof.step_check import check_step
from pullback.derive.read.reader import read_equations, read_layer
from tests import samples
from tests.definitions import facts
from tests.mutated_steps import mutants
from tests.parted import in_parts, length, slices, taken, ways, whole
from tests.shipped import proved

# the axes that are cut, of a weighted sum with its kind and whether there is a rest; then others
SHIPPED = {
    "affine": "... k d:sum+rest |",
    "attention": "... q e | k d",
    "average_pool2d": "n c | l m",
    "batch_norm": "d | ...",
    "batch_norm2d": "c | n i j",
    "bilinear": "... k d:sum+rest e:sum+rest |",
    "binary_cross_entropy": "... |",
    "contrastive": "| i d",
    "conv1d": "n f c:sum+rest | a m",
    "conv2d": "n f c:sum+rest | a b l m",
    "conv_net": "n:mean | f k m o c p q r s",
    "cosine_similarity": "... | d",
    "crf": "n:mean | t j",
    "cross_entropy": "... | j",
    "cumprod": "... | t",
    "cumsum": "... | t",
    "deep_mlp": "n:mean | k m j d",
    "depthwise_conv1d": "n c | a m",
    "dice": "... | i",
    "dropout": "... |",
    "elu": "... |",
    "embedding": "... d | v",
    "focal": "... | j",
    "gaussian": "... | i",
    "gaussian_nll": "... d:sum |",
    "gelu": "... |",
    "gelu_tanh": "... |",
    "group_norm": "n g | c i j",
    "gru": "n | t k d",
    "hardtanh": "... |",
    "hinge": "... | j",
    "huber": "... |",
    "instance_norm": "n c | i j",
    "l2": "...:sum |",
    "layer_norm": "... | d",
    "leaky_relu": "... |",
    "linear": "... k d:sum |",
    "log_softmax": "... | j",
    "log_sum_exp": "... | j",
    "lstm": "n | t k d",
    "masked_attention": "... q e | k d",
    "max_pool": "... d | t",
    "max_pool2d": "n c | l m",
    "mean_pool": "... d t:mean |",
    "mean_squared_error": "...:mean |",
    "mlp": "n:mean+rest | k j d",
    "moving_average": "n | m",
    "multi_head_attention": "... h:sum+rest f | t e d",
    "poisson_nll": "... |",
    "prod": "... | t",
    "relu": "... |",
    "ridge_regression": "m:mean | i n",
    "rms_norm": "... | d",
    "rnn": "n | t k d",
    "rotary_embedding": "... t | i l",
    "sigmoid": "... |",
    "silu": "... |",
    "smoothed_cross_entropy": "... | j",
    "softmax": "... | j",
    "softmax_cross_entropy": "... | j",
    "softplus": "... |",
    "tanh": "... |",
    "transformer_block": "n k:sum+rest | t d h e",
    "transposed_conv1d": "n f c:sum | a i",
    "triplet": "... | d",
    "weighted_cross_entropy": "... | j",
}


def read(name):
    return read_layer(name, library.shipped_source(name), library.shipped_source)


def said(found: Cutting) -> str:
    """What was found of the axes, in short."""
    cuts = [cut.name + kind(cut) for cut in found.cuts]
    return " ".join([*cuts, "|", *(uncut.axis.axis for uncut in found.uncut)])


def kind(cut: Cut) -> str:
    return f":{cut.kind}{'+rest' * (cut.rest != 0)}" if cut.output is None else ""


def test_the_axes_of_all_shipped_layers():
    assert {name: said(cutting(read(name))) for name in library.shipped()} == SHIPPED


def close(found, wanted, scale):
    """Up to rounding of the numbers that go into it."""
    assert np.shape(found) == np.shape(wanted) and np.asarray(found).dtype == np.float64
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12 * scale)


def hold(code, wanted, inputs, cotangent):
    """Parts of every axis that is cut come to the whole, output and gradients."""
    output, gradients = whole(code, wanted, inputs, cotangent)
    largest = max(np.max(np.abs(v), initial=1) for v in (output, *gradients.values()))
    for axis in code.PARTS:
        for counts in ways(length(code, inputs, axis)):
            values, found = in_parts(code, wanted, inputs, cotangent, counts, axis)
            assert list(values) == [*code.PARTS[axis]["outputs"]]
            close(*values.values(), output, largest)
            assert [*found] == [*wanted]
            for name, gradient in found.items():
                close(gradient, gradients[name], largest)


@pytest.mark.parametrize("kind", ["normal", "grid"])
@pytest.mark.parametrize("name", [n for n, axes in SHIPPED.items() if not axes.startswith("|")])
def test_parts_of_shipped_layers_come_to_the_whole(name, kind):
    layer, code = facts(name), samples.module(name)
    for seed in range(2):
        rng = np.random.default_rng(seed)
        inputs = samples.draw(layer, samples.sizes_of(layer), rng, kind)
        hold(code, layer.wrt, inputs, samples.cotangent(layer, inputs, rng, "float64"))


# -- axes that are not cut -------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n, axes in SHIPPED.items() if not axes.endswith("|")])
def test_parts_of_other_axes_do_not_come_to_the_whole(name):
    """A slice of every input that has the axis is refused, or gives something else: parts laid
    side by side, added up, averaged."""
    layer, code = facts(name), samples.module(name)
    for uncut in cutting(read(name)).uncut:
        own = layer.same[uncut.axis.name]
        found = [ways_to_the_whole(layer, code, own, seed) for seed in range(5, 9)]
        assert not set.intersection(*found), f"{name} can be cut along {uncut.axis.axis}"


def ways_to_the_whole(layer, code, axis, seed):
    """In which ways two parts come to the whole; none where a part is refused."""
    inputs = samples.draw(layer, samples.sizes_of(layer), np.random.default_rng(seed))
    places = {n: [p for p, a in enumerate(axes) if a == axis] for n, axes in layer.axes.items()}
    size = next(np.shape(inputs[n])[p[0]] for n, p in places.items() if p)
    assert size > 1, "one place is no part of others"
    try:
        a, b = (
            code.forward(**{n: sliced(v, places.get(n, []), part) for n, v in inputs.items()})[0]
            for part in slices([1, size - 1])
        )
    except (ValueError, IndexError):
        return set()  # of other sizes, or labels point nowhere
    wanted = code.forward(**inputs)[0]
    found = {}
    if np.shape(a) == np.shape(b):
        found |= {"sum": a + b, "mean": (a + (size - 1) * b) / size}
    for axis in range(np.ndim(wanted)):
        if np.delete(a, 0, axis).shape == np.delete(b, np.s_[: size - 1], axis).shape:
            found[axis] = np.concatenate([a, b], axis)
    return {
        way
        for way, value in found.items()
        if np.shape(value) == np.shape(wanted) and np.allclose(value, wanted)
    }


def sliced(value, places, part):
    for place in places:
        value = taken(value, place, part)
    return value


# -- definitions of one's own ----------------------------------------------------------------------
CASES = {
    "a sum and a rest": (
        "L = sum(n, ell[n]**2) + lamda * sum(k, w[k]**2)",
        {"n": "sum+rest", "k": "sum+rest"},
    ),
    "a mean and a rest": ("L = mean(n, ell[n]**2) + lamda * sum(k, w[k]**2)", {"n": "mean+rest"}),
    "a mean over two axes": ("L = mean(n, t, (x[n, t] - y[n, t])**2)", {"n": "mean", "t": "mean"}),
    "cut along one, summed along another": (
        "z[n, k] = sum(j, x[n, j] * w[j, k]) + b[k]",
        {"n": "cut", "j": "sum+rest", "k": "cut"},
    ),
    "through nodes, each linear": (
        "s[k] = sum(n, x[n, k]**2)\nm = mean(n, y[n])\nr = 2 * sum(k, s[k] * w[k]) / size(n) - m\n"
        "L = 3 - lamda * r",
        {"n": "mean+rest"},
    ),
    "through notation": ("m := mean(n, x[n]**2)\nL = -m * lamda", {"n": "mean"}),
    "labels of rows": ("L = mean(n, log(1 + exp(z[n, y[n]])))", {"n": "mean"}),
    "a sum over more axes": ("L = sum(n, k, x[n, k] * w[k])", {"n": "sum", "k": "sum"}),
    "a recurrence beside": (
        "s[n, 0] = x[n, 0]\ns[n, t] = tanh(s[n, t - 1] * a + x[n, t])\nL = mean(n, t, s[n, t])",
        {"n": "mean"},
    ),
    "a mask of rows": ("L = sum(n, [m[n] > 0] * where(x[n] > 0, x[n], 2 * x[n]))", {"n": "sum"}),
    "the largest of other axes": ("L = mean(n, max(k, x[n, k] * w[k]))", {"n": "mean"}),
    "what is assumed of each row": (
        {
            "equations": "L = -mean(n, sum(j, t[n, j] * x[n, j]**2))",
            "assume": ["sum(j, t[n, j]) == 1"],
        },
        {"n": "mean"},
    ),
}
REFUSED = {
    "batch norm": (
        "mu[k] := mean(n, x[n, k])\nv[k] := mean(n, (x[n, k] - mu[k])**2)\n"
        "y[n, k] = (x[n, k] - mu[k]) / sqrt(v[k] + 1e-5)",
        "n",
        "v reads mu, which is a sum over it, and is not linear in it",
    ),
    "deviations": (
        "m = mean(n, x[n])\ny[n] = x[n] - m",
        "n",
        "y reads m, which is a sum over it",
    ),
    "a variance": ("v = sum(n, x[n]**2) / (size(n) - 1)", "n", "is not linear in its sum over it"),
    "a root of a mean": ("r = sqrt(mean(n, x[n]**2))", "n", "r is not linear in its sum over it"),
    "a product of sums": (
        "p = sum(n, x[n]) * sum(n, y[n])",
        "n",
        "is not linear in its sum over it",
    ),
    "a mean and a sum": ("L = mean(n, x[n]) + sum(n, x[n]**2)", "n", "of several weights"),
    "a rest by the number": ("L = mean(n, x[n]**2) + a / size(n)", "n", "of several weights"),
    "a sum times the number": (
        "L = size(n) * sum(n, x[n]**2)",
        "n",
        "the weight of L's sum over it is neither 1 nor 1/N",
    ),
    "the number within": ("L = sum(n, x[n]**2 * exp(1 / size(n)))", "n", "asks how many places"),
    "labels that point there": (
        "L = sum(m, z[y[m]]) + sum(n, z[n]**2)",
        "n",
        "labels y point into it",
    ),
    "labels of other rows": ("L = mean(n, (x[n] - x[l[n]])**2)", "n", "labels l point into it"),
    "a pairing": ("L = sum(n, m, exp(-(x[n] - x[m])**2) * [n == m])", "n", ""),
    "twice": ("L = sum(n, m, A[n, m] * A[m, n])", "n", "A has it twice"),
    "windows": ("y[i] = sum(a, x[i + a] * w[a])", "m", "size of another axis follows from its own"),
    "shifts": ("y[t] = x[t] - pad(0, x[t - 1])", "t", "y reads other places of it"),
    "a fixed place": ("L = mean(n, x[n]**2) + x[0]", "n", ""),
    "a recurrence": (
        "s[0] = x[0]\ns[t] = tanh(s[t - 1] + x[t])\nL = mean(t, s[t])",
        "t",
        "s is worked out from one place of it to the next",
    ),
    "a softmax": ("p[n] = exp(x[n]) / sum(m, exp(x[m]))", "n", "p has a sum over it within"),
    "the largest": ("L = max(n, x[n])", "n", "L has a largest value over it within"),
    "merged axes": (
        "y[n] = sum(h, e, x[n, (h e)] * w[h, e])",
        "h",
        "y asks which place of it is meant",
    ),
    "an inverse": ("L = logdet(S[i, j])", "i", "S has it twice"),
    "what is assumed of all": (
        {"equations": "L = sum(n, t[n] * x[n]**2)", "assume": ["sum(n, t[n]) == 1"]},
        "n",
        "what is assumed speaks of all of it",
    ),
    "a prefix": ("y[n] = sum(m, [m <= n] * x[m])", "n", "y reads other places of it"),
}


def own(text):
    if isinstance(text, dict):
        more = {k: v for k, v in text.items() if k != "equations"}
        return read_equations("own", text["equations"], **more)
    return read_equations("own", text)


@pytest.mark.parametrize("name", CASES)
def test_axes_that_are_cut(name):
    derivation = derive(own(CASES[name][0]))
    layer, code = derivation.layer, loaded(module(derivation, lower(derivation)), derivation.layer)
    found = {c.name: kind(c)[1:] or "cut" for c in derivation.cutting.cuts}
    assert {a: found.get(a) for a in CASES[name][1]} == CASES[name][1]
    rng = np.random.default_rng(1)
    every = dict.fromkeys(i.size for t in layer.inputs for i in t.indices)
    sizes = {size: 3 + at % 2 for at, size in enumerate(every)}
    inputs = {}
    for t in layer.inputs:
        shape = [sizes[i.size] for i in t.indices]
        most = sizes[t.labels_of] if t.integer else 0
        inputs[t.name] = rng.integers(most, size=shape) if t.integer else rng.normal(size=shape)[()]
    if layer.assumptions:
        inputs["t"] = abs(inputs["t"]) / abs(inputs["t"]).sum(-1, keepdims=True)
    hold(code, layer.wrt, inputs, rng.normal(size=np.shape(code.forward(**inputs)[0]))[()])


@pytest.mark.parametrize("name", REFUSED)
def test_axes_that_are_not_cut_and_why(name):
    text, axis, why = REFUSED[name]
    found = cutting(own(text))
    assert found.along(axis) is None
    reasons = {i.axis: u.why for u in found.uncut for i in own(text).axes if i.size == u.axis.size}
    assert why in reasons[axis]


def test_names_of_parts_give_way():
    layer = own("L = sum(n, part[n]**2 * p)\n")
    (cut,) = cutting(layer).cuts
    assert (cut.part.name, cut.parts.name) == ("part_", "q")
    assert cut.part.labels_of == cut.parts.size


# -- steps -----------------------------------------------------------------------------------------


def steps_of(layer):
    """The layer with labels of parts, what decides its steps for every size, and the steps, each
    with the names that it may look through."""
    found = cutting(layer)
    labelled = found.labelled(layer)
    notations = {n.name: (n.indices, n.expr) for n in layer.notations}
    steps = []
    for reasoning in found.reasonings:
        node = reasoning.node
        known = {**notations, **({node.name: (node.indices, node.expr)} if node else {})}
        steps += [(step, known) for step in reasoning.chain.steps]
    return labelled, every_size_checker(labelled), steps


def checked(layer, checker, step, known):
    """Is a step proved for every size, and does it hold when it is written out?"""
    (verdict,) = checker.chain(Chain(step.before, (step,)), known)
    try:
        check_step(layer, "own", step, known, Work())
    except ProofFailed:
        return verdict.proved, False
    return verdict.proved, True


@pytest.mark.parametrize("name", CASES)
def test_steps_hold_for_every_size_and_at_small_ones(name):
    layer, checker, steps = steps_of(own(CASES[name][0]))
    assert all(checked(layer, checker, *one) == (True, True) for one in steps)
    laws = {step.law for step, _ in steps}
    assert ("parts of a sum" in laws) == any(kind != "cut" for kind in CASES[name][1].values())


@pytest.mark.parametrize("name", ["affine", "gaussian_nll", "mlp", "transformer_block"])
def test_corrupted_steps_are_refused_by_each_check(name):
    layer, checker, steps = steps_of(read(name))
    asked = 0
    for step, known in steps:
        for what, after in mutants(step.after, 4, asked):
            wrong = Step(step.law, step.before, after)
            assert checked(layer, checker, wrong, known) == (False, False), what
            asked += 1
    assert asked >= 4


def test_a_part_that_is_forgotten_or_counted_twice_is_refused():
    layer, checker, steps = steps_of(read("mlp"))
    (cut,) = cutting(read("mlp")).cuts
    (step, known) = steps[-1]
    rest, size, parts = cut.rest, cut.axis.size, cut.parts.size
    for after in (
        step.after - rest,
        step.after + rest,
        step.after / parts,
        step.after * size / (size + 1),
    ):
        wrong = Step(step.law, step.before, after)
        assert checked(layer, checker, wrong, known) == (False, False)


# -- modules ---------------------------------------------------------------------------------------


def test_weights():
    mlp, affine, linear = (samples.module(n) for n in ("mlp", "affine", "linear"))
    assert mlp.parts([1, 0, 3]) == [{"L": 0.25}, {"L": 0.0}, {"L": 0.75}]
    assert affine.parts([1, 0, 3], "d") == [{"u": 1.0}, {"u": 0.0}, {"u": 1.0}, {"u": -1.0}]
    assert linear.parts([1, 0, 3], "d") == [{"u": 1.0}, {"u": 0.0}, {"u": 1.0}]
    assert linear.parts((1, 3)) == [{}, {}]
    assert "rest" not in mlp.PARTS["n"] and affine.PARTS["d"]["rest"]
    assert not hasattr(samples.module("contrastive"), "PARTS")


@pytest.mark.parametrize("counts", [[], [0, 0], [2, -1]])
def test_numbers_of_places_that_are_none(counts):
    for call in (samples.module("mlp").parts, lambda c: samples.module("mlp").combine([], c)):
        with pytest.raises(ValueError, match="counts"):
            call(counts)


def test_results_by_either_name_and_too_few():
    linear = samples.module("linear")
    x, W = np.arange(6.0).reshape(3, 2), np.ones((2, 2))
    for d in ("", "d"):
        pairs = [({"u": x[p] @ W}, {f"{d}x": x[p], f"{d}W": W}) for p in slices([1, 2])]
        values, gradients = linear.combine([pairs[0], None, pairs[1]], [1, 0, 2])
        assert (values["u"] == x @ W).all() and (gradients[f"{d}x"] == x).all()
        assert (gradients[f"{d}W"] == 2 * W).all()
    with pytest.raises(ValueError, match="there are 1 results; wanted are 2"):
        linear.combine(pairs[:1], [1, 2])
    with pytest.raises(KeyError):
        linear.parts([1], "q")


def test_float32_stays_float32():
    layer, code = facts("affine"), samples.module("affine")
    inputs = samples.draw(
        layer, samples.sizes_of(layer), np.random.default_rng(0), "normal", "float32"
    )
    output = code.forward(**inputs)[0]
    for axis in code.PARTS:
        counts = [1, length(code, inputs, axis) - 1]
        values, gradients = in_parts(code, layer.wrt, inputs, np.ones_like(output), counts, axis)
        assert {v.dtype for v in (*values.values(), *gradients.values())} == {np.dtype("float32")}
        np.testing.assert_allclose(values["u"], output, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("target", [PLAIN, NATIVE, TARGETS["numpy-precise"]], ids=lambda t: t.name)
@pytest.mark.parametrize("name", ["affine", "mlp"])
def test_parts_in_other_targets(name, target):
    derivation = target.forms(proved(name)).derivation if target == PLAIN else derive(read(name))
    text = target.emit(derivation, target.program(derivation)).module
    layer, code = facts(name), loaded(text, derivation.layer)
    rng = np.random.default_rng(3)
    inputs = samples.draw(layer, samples.sizes_of(layer), rng)
    hold(code, layer.wrt, inputs, samples.cotangent(layer, inputs, rng, "float64"))


def test_an_emission_says_nothing_of_parts_where_there_are_none():
    for target in (TARGETS["numpy"], PLAIN, TARGETS["torch"], TARGETS["jax"]):
        derivation = derive(read("contrastive"))
        text = target.emit(derivation, target.program(derivation)).module
        assert "PARTS" not in text and "_weights" not in text
    derivation = replace(derive(read("relu")), cutting=Cutting())
    assert "PARTS" not in TARGETS["numpy"].emit(derivation, lower(derivation)).module


# -- docs/parts.md ---------------------------------------------------------------------------------
PAGE = (Path(__file__).parent.parent / "docs" / "parts.md").read_text(encoding="utf-8")


def test_the_page_shows_what_modules_say():
    test = doctest.DocTestParser().get_doctest(PAGE, {}, "parts.md", None, 0)
    said = []
    doctest.DocTestRunner().run(test, out=said.append)
    assert test.examples and not said, "".join(said)


def test_the_page_by_hand():
    (text,) = re.findall(r"^```python\n(import .*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert "combine" in text and "assert" in text
    exec(compile(text, "parts.md", "exec"), {})
