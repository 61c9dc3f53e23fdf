"""Index notation in print, and matrix notation against the values it stands for."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp

from pullback.codegen.notation.matrix.printer import matrix_form
from pullback.codegen.notation.printer import Notation
from pullback.codegen.notation.styles import LATEX, UNICODE, Style
from pullback.codegen.pages.latex import latex
from pullback.codegen.pages.terminal import show, wrap
from pullback.derive.calculus.derivation import Derivation, derive
from pullback.derive.index.binders import ArgLargest, Binder, Largest, Sum
from pullback.derive.index.derivatives import Partial
from pullback.derive.index.kinks import Bracket, Maximum, Minimum, Where
from pullback.derive.index.matrices import Inverse, LogDeterminant, MatrixFunction
from pullback.derive.index.objects import (
    Index,
    KroneckerDelta,
    entry,
    entry_indices,
    entry_name,
    is_entry,
    is_size,
    size_symbol,
)
from pullback.derive.layer import Layer
from pullback.derive.matrix.making import transpose
from pullback.derive.matrix.reader import matrix_tree
from pullback.derive.matrix.tree import Leaf, Made, Matrix, OneHot, Ones
from pullback.derive.proof.proving import Proof, prove
from pullback.derive.read.reader import read_equations, read_layer

LAYERS = Path(__file__).parent.parent / "layers"
TEXTS = {p.stem: p.read_text() for p in LAYERS.glob("*.toml")}


def spell(expr: sp.Expr, layer: Layer, style: Style = UNICODE, unit_output: bool = True) -> str:
    return Notation(layer, style, unit_output).spell(expr)


def shipped(name: str) -> Derivation:
    return derive(read_layer(name, TEXTS[name], TEXTS.__getitem__))


def equations(text: str) -> Layer:
    return read_equations("test", text)


# -- computing with numbers ---------------------------------------------------------------------


class Numbers:
    """Random values of every tensor, its sizes all different."""

    def __init__(self, layer: Layer) -> None:
        sizes = sorted({a.size for a in layer.axes}, key=str)
        self.sizes = {size: 3 + 2 * i for i, size in enumerate(sizes)}
        self.values: dict[str, Any] = {}
        rng = np.random.default_rng(0)
        for tensor in (*layer.inputs, *layer.nodes):
            shape = [self.sizes[i.size] for i in tensor.indices]
            labels = getattr(tensor, "labels_of", None)
            if labels is None:
                self.values[tensor.name] = rng.uniform(0.2, 1, shape) * rng.choice([-1, 1], shape)
                self.values["d" + tensor.name] = rng.normal(size=shape)
            else:
                self.values[tensor.name] = rng.integers(0, self.sizes[labels], shape)

    def value(self, expr: Any, at: dict[Any, int]) -> Any:
        """An index expression at a place: loops, nothing else."""
        if expr in at:
            return at[expr]
        if is_size(expr):
            return self.sizes[expr]
        if is_entry(expr):
            places = tuple(self.value(i, at) for i in entry_indices(expr))
            return self.values[entry_name(expr)][places]
        if isinstance(expr, MatrixFunction):
            p, q = expr.matrix.indices
            whole = np.array(
                [
                    [
                        self.value(expr.matrix.body, {**at, p: i, q: j})
                        for j in range(self.sizes[q.size])
                    ]
                    for i in range(self.sizes[p.size])
                ]
            )
            if isinstance(expr, Inverse):
                return np.linalg.inv(whole)[tuple(self.value(i, at) for i in expr.places)]
            sign, log = np.linalg.slogdet(whole)
            return log if isinstance(expr, LogDeterminant) else sign * np.exp(log)
        if isinstance(expr, Binder):
            ranges = [range(self.sizes[i.size]) for i in expr.indices]
            terms = [
                self.value(expr.body, {**at, **dict(zip(expr.indices, places, strict=True))})
                for places in product(*ranges)
            ]
            if isinstance(expr, Sum):
                return sum(terms)
            return max(terms) if isinstance(expr, Largest) else int(np.argmax(terms))
        if isinstance(expr, Bracket):
            return float(self.value(expr.condition, at))
        args = [self.value(a, at) for a in expr.args]
        if isinstance(expr, KroneckerDelta):
            return float(args[0] == args[1])
        return FUNCTIONS[type(expr).__name__](*args) if args else float(expr)

    def matrix(self, tree: Matrix) -> Any:
        """A tree of matrices, always with two dimensions."""
        if isinstance(tree, Ones):
            return np.ones((self.sizes[tree.rows.size], 1))
        if isinstance(tree, OneHot):
            labels = self.values[entry_name(tree.label)]
            return np.eye(self.sizes[tree.columns.size])[labels]
        if isinstance(tree, Leaf):
            found = self.values[entry_name(tree.expr)] if tree.axes else self.value(tree.expr, {})
            return np.reshape(found, (*np.shape(found), 1, 1)[:2])
        assert isinstance(tree, Made)
        of = [self.matrix(t) for t in tree.of]
        return COMPUTE[tree.kind](of, tree)


def power(base: Any, exponent: float) -> Any:
    """A power; roots are taken of what is below 0 as if it were above."""
    return base**exponent if exponent.is_integer() else np.abs(base) ** exponent


FUNCTIONS: dict[str, Any] = {
    "Add": lambda *a: sum(a),
    "Mul": lambda *a: np.prod(a),
    "Pow": lambda a, b: power(float(a), float(b)),
    "exp": np.exp,
    "log": lambda a: np.log(np.abs(a)),
    "log1p": lambda a: np.log1p(np.abs(a)),
    "tanh": np.tanh,
    "Abs": np.abs,
    "sign": np.sign,
    "erf": np.vectorize(math.erf),
    "Erfc": np.vectorize(math.erfc),
    "Sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "Where": np.where,
    "LessThan": lambda a, b: a <= b,
    "expm1": np.expm1,
    "Sign": np.sign,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
    "StrictGreaterThan": lambda a, b: a > b,
    "GreaterThan": lambda a, b: a >= b,
    "StrictLessThan": lambda a, b: a < b,
    "Unequality": lambda a, b: a != b,
    "Relational": None,
}
SIGNS = {">": "StrictGreaterThan", ">=": "GreaterThan", "<": "StrictLessThan", "<=": "LessThan"}
SIGNS |= {"!=": "Unequality"}
COMPUTE: dict[str, Any] = {
    "transpose": lambda of, t: of[0].T,
    "inverse": lambda of, t: np.linalg.inv(of[0]),
    "logdet": lambda of, t: np.reshape(np.linalg.slogdet(of[0])[1], (1, 1)),
    "det": lambda of, t: np.reshape(np.linalg.det(of[0]), (1, 1)),
    "product": lambda of, t: np.linalg.multi_dot(of) if len(of) > 1 else of[0],
    "hadamard": lambda of, t: np.prod(np.stack(of), axis=0),
    "plus": lambda of, t: np.sum(np.stack(of), axis=0),
    "scale": lambda of, t: of[0].item() * of[1],
    "diag": lambda of, t: np.diag(of[0][:, 0]),
    "apply": lambda of, t: FUNCTIONS[t.word](*of),
    "bracket": lambda of, t: FUNCTIONS[SIGNS[t.word]](*of).astype(float),
    "power": lambda of, t: power(of[0], float(t.exponent)),
}


def agrees(expr: Any, axes: tuple[Index, ...], numbers: Numbers, tree: Matrix) -> bool:
    """Does the tree have the value of the index expression at every place?"""
    found = numbers.matrix(tree)
    shape = tuple(numbers.sizes[i.size] for i in axes)
    places = list(product(*map(range, shape)))
    wanted = [numbers.value(expr, dict(zip(axes, p, strict=True))) for p in places]
    two = (*shape, 1, 1)[:2]
    return found.shape == two and np.allclose(found.ravel(), wanted)


def all_expressions(derivation: Derivation) -> list[tuple[Any, tuple[Index, ...]]]:
    found = [(v.node.expr, v.node.indices) for v in derivation.values]
    found += [(v.code.end, v.node.indices) for v in derivation.values]
    for g in derivation.gradients:
        found += [(g.total, g.tensor.indices), (g.code, g.tensor.indices)]
        found += [(s.after, g.tensor.indices) for p in g.parts for s in p.result.steps]
    return found


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_matrix_form_has_the_value_of_the_index_expression(name: str) -> None:
    derivation = shipped(name)
    numbers = Numbers(derivation.layer)
    count = 0
    for expr, axes in all_expressions(derivation):
        tree = matrix_tree(expr, axes)
        if tree is not None:
            assert agrees(expr, axes, numbers, tree), matrix_form(
                expr, axes, Notation(derivation.layer)
            )
            count += 1
    has_form = all(len(t.indices) <= 2 for t in derivation.layer.inputs)
    last = derivation.values[-1].node.expr
    has_form = has_form and not (last.has(Maximum) and last.has(Sum))
    # places that are shifted have none
    has_form = has_form and not (derivation.layer.recurrences or derivation.layer.reaches)
    assert count >= len(derivation.gradients) or not has_form


HARD = """
a[n, k] = sum(d, x[n, d] * v[d] * W[d, k])
b[n, k] = r[n] * a[n, k] * s[k]
e[n] = sum(k, b[n, k] * s[k])
f = sum(n, r[n] * e[n])
g[k] = sum(n, d, r[n] * x[n, d] * W[d, k])
q[k, n] = a[n, k] - r[n] + exp(b[n, k]) / 2
m[n, k] = max(q[k, n], r[n]) + min(b[n, k], 1) + [r[n] > s[k]]
o[d] = mean(n, x[n, d] ** 3)
i[n, k] = 1 + s[k] / sum(d, x[n, d] ** 2)
c = sum(n, k, a[n, k] * m[n, k])
t[d, n] = sum(k, W[d, k] * a[n, k]) * f
h[k] = -2 * f
"""


def test_matrix_forms_of_harder_expressions() -> None:
    layer = equations(HARD)
    numbers = Numbers(layer)
    for node in layer.nodes:
        tree = matrix_tree(node.expr, node.indices)
        assert tree is not None, node.name
        assert agrees(node.expr, node.indices, numbers, tree), node.name


def test_a_wrong_transpose_is_seen() -> None:
    derivation = shipped("affine")
    numbers = Numbers(derivation.layer)
    gradient = derivation.gradient("W")
    axes = gradient.tensor.indices
    right = matrix_tree(gradient.total, axes)
    assert isinstance(right, Made) and agrees(gradient.total, axes, numbers, right)
    assert not agrees(gradient.total, axes, numbers, transpose(right))
    leaves = tuple(t if isinstance(t, Leaf) else t.parts[0] for t in right.of)
    with pytest.raises(ValueError, match=r"matmul|align"):
        numbers.matrix(Made(right.rows, right.columns, "product", leaves))


def test_no_matrix_form_where_none_exists() -> None:
    layer = equations("z[n, k] = sum(d, x[n, d] * y[d, k] * v[n, d, k])\nL[n] = z[n, l[n]]")
    for node in layer.nodes:
        assert matrix_form(node.expr, node.indices, Notation(layer)) is None
    cube = equations("a[n, k, d] = x[n] * y[k] * v[d]").nodes[0]
    assert matrix_form(cube.expr, cube.indices, Notation(layer)) is None
    assert matrix_form(entry("x", cube.indices[:2]), cube.indices[:1], Notation(layer)) is None


MLP = {
    "ell": "(1/N) 𝟏",
    "z": "diag(∂L/∂ℓ) (p - onehot(y))",
    "h": "∂L/∂z wᵀ",
    "W": "xᵀ ∂L/∂u + λ W",
    "c": "(∂L/∂u)ᵀ 𝟏",
    "w": "hᵀ ∂L/∂z + λ w",
    "b": "(∂L/∂z)ᵀ 𝟏",
}


def test_gradients_of_the_perceptron_in_matrix_notation() -> None:
    derivation = shipped("mlp")
    layer = derivation.layer
    for name, text in MLP.items():
        gradient = derivation.gradient(name)
        assert matrix_form(gradient.total, gradient.tensor.indices, Notation(layer)) == text
    u = derivation.gradient("u")
    assert matrix_form(u.code, u.tensor.indices, Notation(layer)) == "𝟙[h ≠ 0] ⊙ ∂L/∂h"
    w = derivation.gradient("w")
    assert matrix_form(w.total, w.tensor.indices, Notation(layer, LATEX)) == (
        r"h^{\top} \, \frac{\partial L}{\partial z} + \lambda \, w"
    )


def test_gradient_of_softmax_in_matrix_notation() -> None:
    derivation = shipped("softmax")
    z = derivation.gradient("z")
    text = matrix_form(z.total, z.tensor.indices, Notation(derivation.layer))
    assert text == "p ⊙ (∂ℒ/∂p - (p ⊙ ∂ℒ/∂p) 𝟏 𝟏ᵀ)"


# -- index notation -----------------------------------------------------------------------------

BASE = """
z[n, j] = x[n, j] * a + lamda
p[n, j] = exp(z[n, j]) / sum(i, exp(z[n, i]))
loss[n] = p[n, y[n]] + rate_2
L = mean(n, loss[n])
"""
N, J = size_symbol("N"), size_symbol("J")
n, j, i = Index("n", N), Index("j", J), Index("i", J)
x, a, lamda = entry("x", [n, j]), entry("a"), entry("lamda")
dz, dL = entry("dz", [n, j]), entry("dL")
label = entry("y", [n], integer=True)

SPELLED = [
    (x, "x[n,j]", "x_{n j}"),
    (lamda, "λ", r"\lambda"),
    (entry("rate_2"), "rate_2", r"\mathrm{rate\_2}"),
    (entry("loss", [n]), "loss[n]", r"\mathrm{loss}_{n}"),
    (entry("z", [n, label]), "z[n,y[n]]", r"z_{n\,y_{n}}"),
    (entry("z", [Index("n'", N), j]), "z[n′,j]", "z_{n' j}"),
    (dz, "∂L/∂z[n,j]", r"\frac{\partial L}{\partial z_{n j}}"),
    (dz**2, "(∂L/∂z[n,j])²", None),
    (1 / dz, "1/(∂L/∂z[n,j])", None),
    (dL * lamda * x, "λ x[n,j]", r"\lambda \, x_{n j}"),
    (dL, "1", "1"),
    (dL / N, "1/N", r"\frac{1}{N}"),
    (-x, "-x[n,j]", "-x_{n j}"),
    (-x - a, "-a - x[n,j]", None),
    (a - x, "a - x[n,j]", None),
    (-a * (x - a), "-a (x[n,j] - a)", None),
    (a - (x + a * x) * lamda / 2, "a - (λ/2) (a x[n,j] + x[n,j])", None),
    (sp.Rational(-3, 4) * x, "-(3/4) x[n,j]", r"-\frac{3}{4} \, x_{n j}"),
    (x / (a * lamda), "(1 / (a λ)) x[n,j]", r"\frac{1}{a \, \lambda} \, x_{n j}"),
    (a / x, "a/x[n,j]", None),
    (dz / x, "(∂L/∂z[n,j])/x[n,j]", None),
    (a / (x * dz), "a / (x[n,j] ∂L/∂z[n,j])", None),
    (a / (x + 1) ** 2, "a / (1 + x[n,j])²", r"\frac{a}{(1 + x_{n j})^{2}}"),
    (x**2, "x[n,j]²", "x_{n j}^{2}"),
    (x ** (a + 1), "x[n,j]^(1 + a)", "x_{n j}^{1 + a}"),
    (sp.sqrt(x), "√(x[n,j])", r"\sqrt{x_{n j}}"),
    (1 / sp.sqrt(x), "1/√(x[n,j])", r"\frac{1}{\sqrt{x_{n j}}}"),
    (x ** sp.Rational(3, 2), "x[n,j]^(3/2)", None),
    (sp.tanh(x) ** 2, "(tanh(x[n,j]))²", r"(\tanh(x_{n j}))^{2}"),
    (sp.exp(x), "exp(x[n,j])", "e^{x_{n j}}"),
    (sp.exp(-x), "exp(-x[n,j])", r"\exp(-x_{n j})"),
    (sp.Abs(x), "abs(x[n,j])", r"\left| x_{n j} \right|"),
    (Maximum(0, x - a), "max(0, x[n,j] - a)", r"\max(0, x_{n j} - a)"),
    (Minimum(x, a) * 2, "2 min(x[n,j], a)", None),
    (Sum(x, j), "Σ_j x[n,j]", r"\sum_{j} x_{n j}"),
    (Sum(x, n, j), "Σ_{n,j} x[n,j]", r"\sum_{n, j} x_{n j}"),
    (Sum(x + a, j), "Σ_j (a + x[n,j])", None),
    (Sum(-x, j), "Σ_j (-x[n,j])", None),
    (a + Sum(x * a, j), "Σ_j a x[n,j] + a", None),
    (Sum(x, j) ** 2, "(Σ_j x[n,j])²", None),
    (Sum(x, j) * Sum(sp.exp(x), j), "(Σ_j exp(x[n,j])) Σ_j x[n,j]", None),
    (x * Sum(x, j), "x[n,j] Σ_i x[n,i]", None),
    (Sum(x, j) / Sum(sp.exp(x), j), "(Σ_j x[n,j]) / (Σ_j exp(x[n,j]))", None),
    (Sum(x * Sum(x, n), j) * x, "x[n,j] Σ_i x[n,i] Σ_n′ x[n′,i]", None),
    (Largest(x, j) + 1, "1 + max_j x[n,j]", r"1 + \max_{j} x_{n j}"),
    (Largest(x + 1, j) * a, "a max_j (1 + x[n,j])", None),
    (
        entry("z", [n, ArgLargest(x, j)]),
        "z[n,argmax_j x[n,j]]",
        r"z_{n\,\operatorname{argmax}_{j} x_{n j}}",
    ),
    (
        entry("z", [ArgLargest(x, n), j]),
        "z[argmax_n x[n,j],j]",
        r"z_{(\operatorname{argmax}_{n} x_{n j})\,j}",
    ),
    (KroneckerDelta(j, i), "δ(i,j)", r"\delta_{i j}"),
    (KroneckerDelta(j, label), "𝟙[j = y[n]]", r"\mathrm{1\!l}[j = y_{n}]"),
    (1 - KroneckerDelta(j, label), "𝟙[j ≠ y[n]]", r"\mathrm{1\!l}[j \ne y_{n}]"),
    (x - KroneckerDelta(j, label), "x[n,j] - 𝟙[j = y[n]]", None),
    (Bracket(x > 0) * dz, "𝟙[x[n,j] > 0] ∂L/∂z[n,j]", None),
    (Bracket(x >= a + 1), "𝟙[x[n,j] ≥ 1 + a]", r"\mathrm{1\!l}[x_{n j} \ge 1 + a]"),
    (a * Where(x > 0, x, 0), "a where(x[n,j] > 0, x[n,j], 0)", None),
    (
        Partial(a * x, x),
        "∂/∂x[n,j] (a x[n,j])",
        r"\frac{\partial}{\partial x_{n j}} (a \, x_{n j})",
    ),
    (
        a * Partial(x, entry("x", [n, i])) * Bracket(a > 0),
        "a 𝟙[a > 0] ∂x[n,j]/∂x[n,i]",
        r"a \, \mathrm{1\!l}[a > 0] \, \frac{\partial x_{n j}}{\partial x_{n i}}",
    ),
    (
        Partial(x, x) / x - a * Sum(Partial(x**2, x), j) / x**2,
        "(1/x[n,j]) ∂x[n,j]/∂x[n,j] - (a/x[n,j]²) Σ_i ∂/∂x[n,i] (x[n,i]²)",
        r"\frac{1}{x_{n j}} \, \frac{\partial x_{n j}}{\partial x_{n j}} - \frac{a}{x_{n j}^{2}} "
        r"\, \sum_{i} \frac{\partial}{\partial x_{n i}} (x_{n i}^{2})",
    ),
    (Partial(x, x) * x / a, "(1/a) x[n,j] ∂x[n,j]/∂x[n,j]", None),
    (sp.sqrt(sp.pi) * x, "√(π) x[n,j]", None),
    (sp.Rational(8943, 200000) * x, "0.044715 x[n,j]", r"0.044715 \, x_{n j}"),
    (sp.Rational(26829, 400000) * sp.sqrt(2) * x, "0.0670725 √(2) x[n,j]", None),
    (a - sp.Rational(1, 200) * x, "a - 0.005 x[n,j]", None),
    (sp.Rational(-1234567, 1000), "-1234.567", "-1234.567"),
    (sp.Rational(3, 100) * x, "(3/100) x[n,j]", r"\frac{3}{100} \, x_{n j}"),
    (sp.Rational(1, 300) * x, "(1/300) x[n,j]", None),
    (sp.Rational(1, 2**20), "1/1048576", None),  # no short decimal
    (sp.Rational(3, 10**8), "3/10⁸", None),
    (sp.Rational(719795241, 2 * 10**10) * x, "0.03598976205 x[n,j]", None),
    (sp.Rational(1, 10**8) * x, "10⁻⁸ x[n,j]", r"10^{-8} \, x_{n j}"),
    (Maximum(sp.Rational(1, 10**8), x), "max(10⁻⁸, x[n,j])", r"\max(10^{-8}, x_{n j})"),
    (x / sp.Integer(10) ** 8 / dz, "10⁻⁸ x[n,j] / (∂L/∂z[n,j])", None),
    (sp.Pow(x, sp.Rational(1, 1000)), "x[n,j]^(10⁻³)", "x_{n j}^{10^{-3}}"),
]


SHORT = [sp.Rational(p, q) for p in (1, 3, 7, 8943) for q in (125, 128, 1000, 2**5 * 5**6, 10**5)]


@pytest.mark.parametrize("number", SHORT, ids=str)
def test_a_decimal_is_the_number_itself(number: sp.Rational) -> None:
    found = spell(number, equations(BASE), UNICODE)
    assert "/" not in found
    superscripts = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    power = found.removeprefix("10").translate(superscripts)
    exact = Fraction(10) ** int(power) if power.startswith("-") else Fraction(found)
    assert exact == Fraction(int(number.p), int(number.q))


@pytest.mark.parametrize(("expr", "unicode", "latex"), SPELLED, ids=[s[1] for s in SPELLED])
def test_spelling(expr: Any, unicode: str, latex: str | None) -> None:
    layer = equations(BASE)
    assert spell(expr, layer, UNICODE) == unicode
    if latex is not None:
        assert spell(expr, layer, LATEX) == latex


def test_names_that_mean_something_are_spelled_out() -> None:
    layer = equations("L[n] = e * pi * delta * Sigma * x[n] + exp(x[n])")
    text = spell(layer.nodes[0].expr, layer)
    assert text == "π e delta Sigma x[n] + exp(x[n])"
    assert r"\exp(x_{n})" in spell(layer.nodes[0].expr, layer, LATEX)


def test_a_tensor_called_like_a_cotangent_is_itself() -> None:
    read = equations("u[n] = x[n] * g[n]")
    inputs = (read.inputs[0], replace(read.inputs[1], name="dx"))
    layer = replace(read, inputs=inputs)
    assert spell(entry("dx", [layer.axes[0]]), layer) == "dx[n]"


def test_bound_names_avoid_the_left_side() -> None:
    layer = equations("u[n] = x[n] * sum(m, x[m])")
    n_, m_ = layer.axes
    total = Sum(entry("x", [m_]), m_)
    assert Notation(layer).equation(entry("u", [n_]), total) == "u[n] = Σ_m x[m]"
    assert Notation(layer).spell(total, [n_, m_]) == "Σ_n′ x[n′]"


def test_the_output_cotangent_shows_when_asked() -> None:
    layer = equations(BASE)
    assert spell(dL / N, layer, unit_output=False) == "(1/N) ∂L/∂L"


def doubled(text: str) -> bool:
    """Does a pair of brackets hold nothing but another pair?"""
    opened: list[int] = []
    pairs = {}
    for at, char in enumerate(text):
        if char == "(":
            opened.append(at)
        elif char == ")":
            pairs[opened.pop()] = at
    return any(pairs.get(at + 1) == end - 1 for at, end in pairs.items())


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_every_step_can_be_spelled(name: str) -> None:
    derivation = shipped(name)
    for step in derivation.steps:
        for style in (UNICODE, LATEX):
            text = spell(step.after, derivation.layer, style)
            assert "_1a" not in text and "fresh" not in text
            assert "+ -" not in text and "- -" not in text and not doubled(text)


# -- pages ----------------------------------------------------------------------------------------

HOSTILE = r"\input{/etc/passwd} 50% #1 {{7*7}} <<7*7>> <% x %> $a_b^c$ ~ & \end{document}"
ESCAPED = (
    r"\textbackslash{}input\{/etc/passwd\} 50\% \#1 \{\{7*7\}\} "
    r"\textless{}\textless{}7*7\textgreater{}\textgreater{} \textless{}\% x \%\textgreater{} "
    r"\$a\_b\textasciicircum{}c\$ \textasciitilde{} \& \textbackslash{}end\{document\}"
)


def hostile_page() -> tuple[Derivation, Proof]:
    """A layer whose every text tries to be something else."""
    layer = read_equations(
        "test",
        "h[n] = max(0, u[n]) * a_b + sum(m, t[n, m])",
        title=HOSTILE,
        summary=HOSTILE + "\n\n\x1b[31mred\u202e",
        references=[HOSTILE],
        symbols={"u": HOSTILE, "n": "é ß 漢 Σ \x07"},
        assume=["sum(m, t[n, m]) == 1"],
        wrt=["u"],
    )
    derivation = derive(layer)
    return derivation, prove(derivation)


def test_latex_shows_every_text_as_text() -> None:
    text = latex(*hostile_page())
    assert text.count(ESCAPED) == 4
    assert r"\input" not in text and text.count(r"\end{document}") == 1
    assert r"é ß {[}U+6F22{]} \ensuremath{\Sigma} {[}U+0007{]}" in text
    assert r"\mathrm{a\_b}" in text
    assert text.isprintable() or {c for c in text if not c.isprintable()} == {"\n"}


def test_terminal_shows_every_text_on_its_line_and_without_controls() -> None:
    text = show(*hostile_page())
    assert all(c.isprintable() for c in text.replace("\n", ""))
    assert "�[31mred�" in text
    assert "{{7*7}}" in text and r"\input{/etc/passwd}" in text
    assert max(map(len, text.splitlines())) <= 100


def test_colour_only_when_asked() -> None:
    page = hostile_page()
    plain, painted = show(*page), show(*page, colour=True)
    assert "\x1b" not in plain and "\x1b[" in painted
    assert re.sub(r"\x1b\[\d*m", "", painted) == plain


PAGES = ["mlp", "cross_entropy", "softmax_cross_entropy", "attention", "huber", "l2", "embedding"]


@pytest.fixture(scope="module")
def proved() -> dict[str, tuple[Derivation, Proof]]:
    """Layers of every kind; all of them would take minutes to prove once more."""
    found = {name: shipped(name) for name in PAGES}
    return {name: (derivation, prove(derivation)) for name, derivation in found.items()}


def test_pages_of_the_shipped_layers(proved: dict[str, tuple[Derivation, Proof]]) -> None:
    for name, page in proved.items():
        text, document = show(*page), latex(*page)
        assert max(map(len, text.splitlines())) <= 100, name
        numbers = [int(k) for k in re.findall(r"^ *(\d+) = ", text, re.M)]
        assert numbers == list(range(1, len(page[0].steps) + 1)), name
        assert document.count(r"\step{(") == len(numbers), name
        assert document.count("{") - document.count(r"\{") == (
            document.count("}") - document.count(r"\}")
        ), name
        for step in page[0].steps:
            assert step.law in text and step.law in document.replace("{}", ""), name


def test_the_page_of_the_perceptron(proved: dict[str, tuple[Derivation, Proof]]) -> None:
    text = show(*proved["mlp"])
    assert "block-diagonal, one block per n" in text
    assert re.search(
        r"∂L/∂w\[k,j\] = Σ_n h\[n,k\] ∂L/∂z\[n,j\] \+ λ w\[k,j\] +∂L/∂w = hᵀ ∂L/∂z", text
    )
    assert "max(0, u[n,k]): at a tie the constant is taken, so the slope there is 0" in text
    assert "given Σ_j t[n,j] = 1" in show(*proved["cross_entropy"])


def test_wrap_breaks_before_operators() -> None:
    lines = wrap("x = " + " + ".join(["f(a + b)"] * 30), 60, 2)
    assert len(lines) > 3 and all(len(line) <= 60 for line in lines)
    assert all(line.startswith("      + f(") for line in lines[1:])
    assert wrap("a" * 200, 60) == ["a" * 200]
    assert wrap("", 60) == []


def test_pages_do_not_depend_on_the_hash_seed() -> None:
    code = (
        "from pathlib import Path; from pullback.derive.read.reader import read_layer;"
        "from pullback.derive.calculus.derivation import derive;"
        "from pullback.codegen.notation.styles import LATEX;"
        "from pullback.codegen.notation.printer import Notation;"
        "from pullback.codegen.notation.matrix.printer import matrix_form;"
        f"texts = {{p.stem: p.read_text() for p in Path({str(LAYERS)!r}).glob('*.toml')}};"
        "layer = read_layer('mlp', texts['mlp'], texts.__getitem__); d = derive(layer);"
        "print([Notation(layer, LATEX).spell(s.after) for s in d.steps]);"
        "print([matrix_form(g.code, g.tensor.indices, Notation(layer)) for g in d.gradients])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=LAYERS.parent,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(LAYERS.parent)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in "123"
    }
    assert len(outputs) == 1


@pytest.mark.parametrize(
    ("name", "primes", "text", "typeset"),
    [
        ("N", 0, "N", "N"),
        ("size_n", 0, "|n|", "|n|"),
        ("n", 2, "n′′", "n''"),
    ],
)
def test_sizes_stand_between_strokes_and_only_names_with_primes_have_them(
    name, primes, text, typeset
):
    assert UNICODE.name(name, primes) == text
    assert LATEX.name(name, primes) == typeset
    assert LATEX.name(name, primes).isascii(), "TeX has no … in formulas"


def test_a_side_condition_says_where_it_must_hold() -> None:
    layer = equations("u[n] = sum(j, x[n, j])")
    n, j = (Index(name, size_symbol(name.upper())) for name in "nj")
    x = entry("x", (n, j))
    fact, beside = sp.Ne(Sum(x, j), 0), [sp.Gt(entry("x", (n, n)), 0), sp.Ne(n, n.primed)]
    plain, latex = (Notation(layer, style) for style in (UNICODE, LATEX))
    assert plain.needed(fact) == "Σ_j x[n,j] ≠ 0"
    assert plain.needed(fact, beside) == "Σ_j x[n,j] ≠ 0 if x[n,n] > 0 and n ≠ n′"
    told = r"\sum_{j} x_{n j} \ne 0 \text{ if } x_{n n} > 0 \text{ and } n \ne n'"
    assert latex.needed(fact, beside) == told


@pytest.mark.parametrize(
    ("text", "index", "size", "spelled"),
    [
        ("u[...] = a * x[...]", "n", "N", "∂ℒ/∂x[n] = a ∂ℒ/∂u[n]"),
        ("u[..., n] = a * x[..., n]", "m", "M", "∂ℒ/∂x[m,n] = a ∂ℒ/∂u[m,n]"),
        ("u[..., m] = N * x[..., m]", "b", "B", "∂ℒ/∂x[b,m] = N ∂ℒ/∂u[b,m]"),
        ("n[...] = B * x[...]", "m", "M", "∂ℒ/∂x[m] = B ∂ℒ/∂n[m]"),
    ],
)
def test_leading_axes_have_the_first_letter_that_is_free(text, index, size, spelled) -> None:
    layer = equations(text)
    notation = Notation(layer)
    assert (notation.style.name("..."), notation.style.name("size_batch")) == (index, size)
    assert Notation(layer, LATEX).style.name("...", 1) == f"{index}'"
    derivation = derive(layer)
    gradient = derivation.gradient("x")
    assert notation.equation(gradient.cotangent, gradient.total) == spelled
    assert notation.words("one block per …, |…|=2") == f"one block per {index}, {size}=2"
    assert index in notation.leading
    page = show(derivation, prove(derivation))
    assert f"  {index}: any number of leading axes" in page
    assert "…" not in page


def test_a_layer_without_leading_axes_has_no_letter_for_them() -> None:
    notation = Notation(equations("u[n] = a * x[n]"))
    assert not notation.style.letters and not notation.leading
