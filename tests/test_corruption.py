"""Generated text with one fault put in: the check of test_generated must refuse every one."""

import re
from functools import cache
from types import ModuleType

import numpy as np
import pytest

from tests.definitions import facts
from tests.samples import GENERATED, check, cotangent, draw, sizes_of

# what is wrong, a pattern in the text, what stands there instead
SHARED = [
    ("sign at the right class", r"\[(n|places), y\] = -p\.sum", r"[\1, y] = p.sum"),
    ("right class left at 0", r"\[(n|places), y\] = -p\.sum\(axis=1\)", r"[\1, y] = 0"),
    ("p - 1 at the right class", r"(p\[(?:n|places), y\]) = 0\n.*\n", r"\1 -= 1\n"),
    ("p at the right class", r" p\[(?:n|places), y\] = 0\n.*\n", "\n"),
    ("labels of other rows", r"\[(n|places), y\] = -", r"[\1, y[::-1]] = -"),
    ("rows of other labels", r"\[(n|places), y\] = -", r"[\1[::-1], y] = -"),
    ("loss at other labels", r"- z\[(n|places), y\]", r"- z[\1, y[::-1]]"),
    ("label off by one", r"- z\[(n|places), y\]", r"- z[\1, y - 1]"),
    ("sign of the loss's logit", r"- z\[(n|places), y\]", r"+ z[\1, y]"),
    ("not shifted by the largest", r"np\.exp\(z - z_max\[:, None\]\)", "np.exp(z)"),
    ("largest not split off", r"exp_z\[(?:n|places), z_argmax\] = 0", "pass"),
    ("log of 1 + s", r"np\.log1p\((\w+)\)", r"np.log(1 + \1)"),
    ("largest forgotten in p's sum", r"(sum_exp_z = others_exp_z) \+ 1", r"\1"),
    ("p not divided", r"p = exp_z / sum_exp_z\[:, None\]", "p = exp_z + 0"),
    ("sums over the wrong axis", r"exp_z\.sum\(axis=1\)", "exp_z.sum(axis=0)"),
    ("p's sum over the wrong axis", r"-p\.sum\(axis=1\)", "-p.sum(axis=0)"),
    ("kept value overwritten", r"p = (exp_z) / (sum_exp_z.*)", r"p = np.divide(\1, \2, out=\1)"),
    (
        "input overwritten",
        r"(np\.exp\(z) - (z_max\[:, None\])\)",
        r"np.exp(np.subtract(z, \2, out=z))",
    ),
]
FACTOR = r"\1(1 + 1e-9) * (\2)"
LOSS = [
    ("loss times 1 + 1e-9", r"(\bL = )(z_max.*)", FACTOR),
    ("gradient times 1 + 1e-9", r"(\bdz = )(.*)", FACTOR),
    ("no cotangent", r"np\.multiply\(dL\[:, None\], p, out=p\)", "p"),
    ("cotangent along the wrong axis", r"dL\[:, None\]", "dL[None, :]"),
    ("float64 for float32", r"(\bdz = )(.*)", r"\1np.float64(\2)"),
]
MLP = [
    *((f"{d} times 1 + 1e-9", rf"(\b{d} = )(.*)", FACTOR) for d in ("dW", "dc", "dw", "db")),
    ("loss times 1 + 1e-9", r"(\bL = )(ell.*)", FACTOR),
    ("sign of the loss", r"(\bL = )(ell.*)", r"\1-(\2)"),
    *((f"sign of {d}", rf"(\b{d} = )(.*)", r"\1-(\2)") for d in ("dW", "dc", "dw", "db")),
    ("w not transposed", r"dz @ w\.T", "dz @ w"),
    ("x not transposed", r"x\.T @ du", "x @ du"),
    ("h not transposed", r"h\.T @ dz", "h @ dz"),
    ("product transposed", r"h\.T @ dz", "dz.T @ h"),
    ("factors swapped", r"x\.T @ du", "du @ x.T"),
    ("h for x", r"x\.T @ du", "h.T @ du"),
    ("loss not divided by N", r"ell\.sum\(\) / N", "ell.sum()"),
    ("gradient not divided by N", r"dell = dL / N", "dell = dL"),
    ("divided by N twice", r"dell = dL / N", "dell = dL / N / N"),
    ("no cotangent", r"dell = dL / N", "dell = 1 / N"),
    ("no cotangent at lamda", r"dL_lamda = dL \* lamda", "dL_lamda = lamda"),
    ("db over the wrong axis", r"db = _sum_rows\(dz\)", "db = dz.sum(axis=1)"),
    ("dc over the wrong axis", r"dc = _sum_rows\(du\)", "dc = du.sum(axis=1)"),
    ("no regularisation of W", r"(\bdW = .*) \+ dL_lamda \* W", r"\1"),
    ("no regularisation of w", r"(\bdw = .*) \+ dL_lamda \* w", r"\1"),
    ("regularisation doubled", r"0\.5 \* lamda", "lamda"),
    ("regularised by W twice", r"_dot\(w, w\)", "_dot(W, W)"),
    ("slope 1 at the kink", r"\b([hu]) > 0", r"\1 >= 0"),
    ("mask turned round", r"\b([hu]) > 0", r"\1 <= 0"),
    ("mask forgotten", r"np\.multiply\(dh, .* > 0, out=dh\)", "dh"),
    ("bias forgotten", r"(\bz = .*) \+ b\n", r"\1\n"),
    ("a gradient that is an input", r"dw = .*", "dw = w"),
    ("input changed", r"(dW = .* \+ dL_lamda \* W)", r"\1; W += 1"),
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


def examine(name, text):
    code = ModuleType(name)
    exec(compile(text, name, "exec"), vars(code))
    for inputs, g, strict in cases(name):
        given = {n: np.array(v) if np.ndim(v) else v for n, v in inputs.items()}
        check(code, name, given, g, strict=strict)


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
