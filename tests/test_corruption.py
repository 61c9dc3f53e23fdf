"""Generated text with one fault put in: the checks here must refuse every one."""

import re
from functools import cache
from types import ModuleType

import numpy as np
import pytest

from tests.definitions import facts
from tests.samples import GENERATED, check, cotangent, draw, run, sizes_of

# what is wrong, a pattern in the text, what stands there instead
SHARED = [
    ("sign at the right class", r"np\.negative\(others_dz, out=others_dz\)", "pass"),
    ("right class left at 0", r"dz\[(n|places), y\] = others_dz", "pass"),
    ("p - 1 at the right class", r"(dz\[(?:n|places), y\]) = 0\n(.*\n){3}", r"\1 -= 1\n"),
    ("p at the right class", r"dz\[(?:n|places), y\] = 0\n", "pass\n"),
    ("labels of other rows", r"\[(n|places), y\] = others", r"[\1, y[::-1]] = others"),
    ("rows of other labels", r"\[(n|places), y\] = others", r"[\1[::-1], y] = others"),
    ("loss at other labels", r"_pick\(z, \((n|places), y\)", r"_pick(z, (\1, y[::-1])"),
    ("label off by one", r"_pick\(z, \((n|places), y\)", r"_pick(z, (\1, y - 1)"),
    ("sign of the loss's logit", r"np\.subtract\(z_max, (ell|L), out", r"np.add(z_max, \1, out"),
    ("not shifted by the largest", r"np\.subtract\(z, z_max\[:, None\], out", "np.positive(z, out"),
    ("largest not split off", r"exp_z\[(?:n|places), z_argmax\] = 0", "pass"),
    ("log of 1 + s", r"np\.log1p\((\w+), out", r"np.log(1 + \1, out"),
    (
        "largest forgotten in p's sum",
        r"np\.add\(others_exp_z, 1, out=w",
        "np.add(others_exp_z, 0, out=w",
    ),
    ("largest forgotten in p", r"p\[(?:n|places), z_argmax\] = sum_exp_z", "pass"),
    (
        "p not divided",
        r"np\.divide\(exp_z, sum_exp_z\[:, None\], out=w",
        "np.positive(exp_z, out=w",
    ),
    ("sums of other rows", r"_sum_last\(exp_z, out", "_sum_last(exp_z[::-1], out"),
    ("p's sums of other rows", r"_sum_last\(dz, out", "_sum_last(dz[::-1], out"),
    ("kept value overwritten", r"out=work\.p\b", "out=exp_z"),
    (
        "input overwritten",
        r"np\.subtract\(z, z_max\[:, None\], out=work\.exp_z",
        "np.subtract(z, z_max[:, None], out=z",
    ),
    ("two values in one buffer", r"out=work\.(ell|L)\b", "out=work.z_max"),
    ("a buffer that is read later", r"out=work\.log1p_others_exp_z\b", "out=work.others_exp_z"),
    ("a value of forward overwritten", r"out=work\.others_dz\b", "out=work.others_exp_z"),
    ("an argument in the workspace", r" +_apart\(work, \*\*arrays\)\n", ""),
    ("a workspace for other sizes", r"work\.sizes != sizes", "False"),
]
FACTOR = r"\1(1 + 1e-9) * (\2)"
LOSS = [
    ("loss times 1 + 1e-9", r"(\bL \+= log1p.*)", r"\1; L *= 1 + 1e-9"),
    ("gradient times 1 + 1e-9", r"(\bdz \*= dL.*)", r"\1 * (1 + 1e-9)"),
    ("no cotangent", r"dz \*= dL.*", "pass"),
    ("cotangent along the wrong axis", r"dL\[:, None\]", "dL[None, :]"),
    ("float64 for float32", r"Gradients\(_unflat\(dz,", "Gradients(_unflat(np.float64(dz),"),
    ("a cotangent in the workspace", r" +_apart\(work, dL=dL\)\n", ""),
    ("the output overwritten by backward", r"out=work\.sum_exp_z\b", "out=work.L"),
]
MLP = [
    *((f"{d} times 1 + 1e-9", rf"(\b{d} = )(.*)", FACTOR) for d in ("dW", "dc", "dw", "db")),
    ("loss times 1 + 1e-9", r"(\bL = )(ell.*)", FACTOR),
    ("sign of the loss", r"(\bL = )(ell.*)", r"\1-(\2)"),
    *((f"sign of {d}", rf"(\b{d} = )(.*)", r"\1-(\2)") for d in ("dW", "dc", "dw", "db")),
    ("w not transposed", r"\(dz, w\.T, out", "(dz, w, out"),
    ("x not transposed", r"\(x\.T, du, out", "(x, du, out"),
    ("h not transposed", r"\(h\.T, dz, out", "(h, dz, out"),
    ("product transposed", r"\(h\.T, dz, out", "(dz.T, h, out"),
    ("factors swapped", r"\(x\.T, du, out", "(du, x.T, out"),
    ("h for x", r"\(x\.T, du, out", "(h.T, du, out"),
    ("loss not divided by N", r"ell\.sum\(\) / N", "ell.sum()"),
    ("gradient not divided by N", r"dell = dL / N", "dell = dL"),
    ("divided by N twice", r"dell = dL / N", "dell = dL / N / N"),
    ("no cotangent", r"dell = dL / N", "dell = 1 / N"),
    ("no cotangent at lamda", r"dL_lamda = dL \* lamda", "dL_lamda = lamda"),
    ("db over the wrong axis", r"db = _sum_rows\(dz, out.*", "db = dz.sum(axis=1)"),
    ("dc over the wrong axis", r"dc = _sum_rows\(du, out.*", "dc = du.sum(axis=1)"),
    ("no regularisation of W", r"_add_product\(dW, dL_lamda, W\)", "pass"),
    ("no regularisation of w", r"_add_product\(dw, dL_lamda, w\)", "pass"),
    (
        "regularisation added elsewhere",
        r"total \+= factor \* array",
        "total = total + factor * array",
    ),
    ("regularisation doubled", r"0\.5 \* lamda", "lamda"),
    ("regularised by W twice", r"_dot\(w, w\)", "_dot(W, W)"),
    ("slope 1 at the kink", r"np\.not_equal\(h, 0", "np.greater_equal(h, 0"),
    ("mask turned round", r"np\.not_equal\(h, 0", "np.equal(h, 0"),
    ("mask forgotten", r"np\.multiply\(dh, not_equal_h, out=dh\)", "dh"),
    ("bias forgotten", r"\bz \+= b\n", "pass\n"),
    ("a gradient that is an input", r"dw = .*\n(.*\n).*\n", r"dw = w\n\1"),
    ("input changed", r"(_add_product\(dW, dL_lamda, W\))", r"\1; W += 1"),
    ("a layer over the one before", r"out=work\.dh\b", "out=h"),
    ("a buffer of forward in backward", r"out=work\.dh\b", "out=work.u"),
    ("two gradients in one buffer", r"out=work\.db\b", "out=work.dc"),
]
FAULTS = [("softmax_cross_entropy", *f) for f in SHARED + LOSS]
FAULTS += [("mlp", *f) for f in SHARED if f[0] != "input overwritten"] + [("mlp", *f) for f in MLP]
NAMES = ["mlp", "softmax_cross_entropy"]


@cache
def cases(name):
    """Square sizes, so that a missing transpose is no error of shape; then other sizes, ties at
    every kink, float32, and a right class so far ahead that p is 1 in a float."""
    layer, rng = facts(name), np.random.default_rng(3)
    square = dict.fromkeys(layer.same.values(), 3)
    found = []
    for kind, dtype, sizes in (
        ("normal", "float64", square),
        ("grid", "float64", square),
        ("normal", "float32", sizes_of(layer)),
    ):
        inputs = draw(layer, sizes, rng, kind, dtype)
        for label, axis in layer.labels.items():
            inputs[label] = np.arange(inputs[label].size) % sizes[axis]
        found.append((inputs, cotangent(layer, inputs, rng, dtype), False))
    inputs, g, _ = found[0]
    zero = {n: v if n in ("w", "y", "lamda") else v * 0 for n, v in inputs.items()}
    ahead = {n: v * 0 for n, v in inputs.items()}
    ahead["b" if name == "mlp" else "z"][..., 0] = 45
    return [*found, (zero, g, False), (ahead, g, True)]


class Kept:
    """A module that writes into one workspace again and again."""

    def __init__(self, code, inputs):
        self.code, self.work, self.backward = code, code.workspace(**inputs), code.backward

    def forward(self, **inputs):
        return self.code.forward(**inputs, work=self.work)


def refused(function, *args, **named):
    """A workspace must not be used where it does not fit."""
    try:
        function(*args, **named)
    except ValueError as error:
        assert "work" in str(error)
    else:
        raise AssertionError("what does not fit the workspace is taken")


def check_workspace(code, name, inputs, g):
    """The same results, bit by bit; arguments that do not fit are refused."""
    kept, layer = Kept(code, inputs), facts(name)
    wanted = run(code, layer, inputs, g)
    for _ in range(2):
        np.testing.assert_equal(run(kept, layer, inputs, g), wanted)
    refused(kept.forward, **{n: v[:1] if n in ("x", "z", "y") else v for n, v in inputs.items()})
    output, cache = kept.forward(**inputs)
    gradients = kept.backward(g, cache)
    refused(kept.forward, **inputs | {layer.wrt[0]: gradients[0]})
    if np.ndim(output):
        refused(kept.backward, output, cache)


def examine(name, text):
    code = ModuleType(name)
    exec(compile(text, name, "exec"), vars(code))
    for inputs, g, strict in cases(name):
        given = {n: np.array(v) if np.ndim(v) else v for n, v in inputs.items()}
        check(code, name, given, g, strict=strict)
        check_workspace(code, name, given, g)


def text_of(name):
    return (GENERATED / f"{name}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_the_text_as_it_is_passes(name):
    examine(name, text_of(name))


@pytest.mark.parametrize(("name", "fault", "pattern", "instead"), FAULTS)
def test_fault_is_found(name, fault, pattern, instead):
    text = text_of(name)
    corrupted, count = re.subn(pattern, instead, text)
    assert count and corrupted != text, f"{fault}: there is no {pattern} in the text of {name}"
    with pytest.raises((AssertionError, FloatingPointError)):
        examine(name, corrupted)
