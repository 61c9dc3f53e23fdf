"""What the guide derives by hand, a test a line, by meaning and not by string."""

from itertools import product

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose

from pullback.derive.calculus.jacobians import jacobian, written_out
from pullback.derive.index.kinks import Bracket
from pullback.derive.index.objects import KroneckerDelta, entry, entry_name
from pullback.derive.proof.writing_out import write
from tests.meaning import RandomNumbers, evaluate, shipped
from tests.shipped import derived

N, D, K, J = 3, 4, 5, 2
LIMIT = {"rtol": 1e-13, "atol": 1e-13}  # a few roundings of float64


def arrays():
    rng = np.random.default_rng(0)
    shapes = {"x": (N, D), "W": (D, K), "c": (K,), "w": (K, J), "b": (J,)}
    shapes |= {"u": (N, K), "h": (N, K), "z": (N, J), "p": (N, J), "ell": (N,)}
    shapes |= {f"d{name}": shape for name, shape in shapes.items()} | {"lamda": (), "dL": ()}
    drawn = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    return {**drawn, "y": rng.integers(J, size=N), "dL": np.array(1.0)}


@pytest.fixture(scope="module")
def mlp():
    return derived("mlp")


def gradient(derivation, name, values):
    found = derivation.gradient(name)
    return evaluate(found.total, found.tensor.indices, derivation.layer, values)


def value(derivation, name, values):
    node = derivation.value(name).node
    return evaluate(node.expr, node.indices, derivation.layer, values)


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def one_hot(y):
    return np.eye(J)[y]


# 1. u = xW + c, h = max(0, u), z = hw + b


def test_forward(mlp):
    a = arrays()
    assert_allclose(value(mlp, "u", a), a["x"] @ a["W"] + a["c"], **LIMIT)
    assert_allclose(value(mlp, "h", a), np.maximum(0, a["u"]), **LIMIT)
    assert_allclose(value(mlp, "z", a), a["h"] @ a["w"] + a["b"], **LIMIT)


# 2. L_i = -log(e^{z_y} / Σ e^{z_j}) and its two forms


def test_loss_with_labels(mlp):
    a = arrays()
    del a["p"]
    expected = -np.log(softmax(a["z"])[np.arange(N), a["y"]])
    assert_allclose(value(mlp, "ell", a), expected, **LIMIT)


def test_loss_with_distributions_and_its_assumption():
    derivation = derived("cross_entropy")
    a = {"z": arrays()["z"], "t": softmax(arrays()["p"]), "dL": arrays()["dell"]}
    expected = -(a["t"] * np.log(softmax(a["z"]))).sum(axis=1)
    assert_allclose(value(derivation, "L", a), expected, **LIMIT)
    expected = (softmax(a["z"]) - a["t"]) * a["dL"][:, None]
    assert_allclose(gradient(derivation, "z", a), expected, **LIMIT)
    assumed = [s for s in derivation.steps if s.assumes]
    assert assumed and all(s.assumes == derivation.layer.assumptions for s in assumed)


def test_both_forms_agree_on_one_hot_targets():
    labels, distributions = derived("softmax_cross_entropy"), derived("cross_entropy")
    a = arrays()
    with_labels = {"z": a["z"], "y": a["y"], "dL": a["dell"]}
    with_targets = {"z": a["z"], "t": one_hot(a["y"]), "dL": a["dell"]}
    for get, name in ((value, "L"), (gradient, "z")):
        assert_allclose(
            get(labels, name, with_labels), get(distributions, name, with_targets), **LIMIT
        )


# 3. L = mean of L_i + ½ λ Σ W² over both matrices


def test_total_loss(mlp):
    a = arrays()
    expected = a["ell"].mean() + a["lamda"] / 2 * ((a["W"] ** 2).sum() + (a["w"] ** 2).sum())
    assert_allclose(value(mlp, "L", a), expected, **LIMIT)


# 4. ∂L_i/∂z_k = p_k - 1(y_i = k), with p folded back in


def test_gradient_of_the_loss_by_the_logits(mlp):
    a = arrays()
    expected = (a["p"] - one_hot(a["y"])) * a["dell"][:, None]
    assert_allclose(gradient(mlp, "z", a), expected, **LIMIT)  # p is read, not worked out
    names = {entry_name(s) for s in mlp.gradient("z").total.atoms(sp.Indexed)}
    assert names == {"p", "y", "dell"}
    assert not mlp.gradient("z").total.has(sp.exp)


# 5. the softmax's Jacobian: diag(p) - p pᵀ; its pullback p ⊙ (g - p·g)


def test_softmax_jacobian():
    derivation = derived("softmax")
    layer = derivation.layer
    found = jacobian(layer, "p", "z")
    assert found.structure.kind == "diagonal plus rank one"
    assert [(r.name, c.name) for r, c in found.structure.tied] == [("...'", "...")]
    matrix = written_out(found, {"...": 1, "j": 3})
    p = [entry("p", (sp.Integer(0), sp.Integer(j))) for j in range(3)]
    expected = sp.Matrix(3, 3, lambda j, k: (p[j] if j == k else 0) - p[j] * p[k])
    assert matrix == expected  # diag(p) - p pᵀ
    a = {"p": softmax(arrays()["z"]), "dp": arrays()["dz"]}
    expected = a["p"] * (a["dp"] - (a["p"] * a["dp"]).sum(axis=1, keepdims=True))
    assert_allclose(gradient(derivation, "z", a), expected, **LIMIT)
    assert derivation.gradient("z").total.is_Mul  # p ⊙ (…), not p ⊙ g - p ⊙ (…)


# 6. the output layer


def test_output_layer(mlp):
    a = arrays()
    transposed = written_out(jacobian(mlp.layer, "z", "h"), {"n": 1, "j": 2, "k": 3})
    w = sp.Matrix(3, 2, lambda k, j: entry("w", (sp.Integer(k), sp.Integer(j))))
    assert transposed == w.T
    assert_allclose(gradient(mlp, "h", a), a["dz"] @ a["w"].T, **LIMIT)
    assert_allclose(gradient(mlp, "w", a), a["h"].T @ a["dz"] + a["lamda"] * a["w"], **LIMIT)
    assert_allclose(gradient(mlp, "b", a), a["dz"].sum(axis=0), **LIMIT)
    one = {name: v[:1] if name == "dz" else v for name, v in a.items() if name in ("dz", "w")}
    assert_allclose(gradient(mlp, "b", one), one["dz"][0], **LIMIT)  # the guide's, for one example


# 7. the hidden layer


def test_hidden_layer(mlp):
    a = arrays()
    assert_allclose(gradient(mlp, "W", a), a["x"].T @ a["du"] + a["lamda"] * a["W"], **LIMIT)
    assert_allclose(gradient(mlp, "c", a), a["du"].sum(axis=0), **LIMIT)
    affine = derived("affine")
    a = {name: a[name] for name in ("x", "W", "c", "du")}
    assert_allclose(gradient(affine, "x", a), a["du"] @ a["W"].T, **LIMIT)


# 8. the Jacobian of ReLU: general entry, the 2x2 matrix, diagonal, f(u) ⊙ ∂L/∂h with f(0) = 0


def test_relu_jacobian():
    derivation = derived("relu")
    found = jacobian(derivation.layer, "h", "u")
    rows, columns = found.rows, found.columns
    u = entry("u", rows)
    deltas = [KroneckerDelta(r, c) for r, c in zip(rows, columns, strict=True)]
    assert found.entry.end == sp.Mul(*deltas, Bracket(u > 0))
    assert found.structure.kind == "diagonal"
    f = [Bracket(entry("u", (sp.Integer(k),)) > 0) for k in range(2)]
    assert written_out(found, {"...": 2}) == sp.diag(*f)


def test_relu_gradient_is_elementwise_and_zero_at_zero():
    derivation = derived("relu")
    u = np.array([-1.5, 0.0, -0.0, 2.0, 1e-300])
    g = np.arange(1.0, 6.0)
    found = gradient(derivation, "u", {"u": u, "dh": g})
    assert_allclose(found, np.where(u > 0, 1, 0) * g, **LIMIT)
    assert not derivation.gradient("u").total.has(KroneckerDelta)


# 9. ∂u/∂c is the identity, passed through


def test_bias_jacobian_is_the_identity(mlp):
    found = jacobian(mlp.layer, "u", "c")
    assert found.structure.kind == "identity"
    assert written_out(found, {"n": 1, "k": 2}) == sp.eye(2)
    one = {"du": arrays()["du"][:1]}
    assert_allclose(gradient(mlp, "c", one), one["du"][0], **LIMIT)


# 10. the m x n Jacobian of any node at any small size


@pytest.mark.parametrize(
    ("layer", "node", "tensor", "sizes"),
    [
        ("relu", "h", "u", {"...": 3}),
        ("softmax", "p", "z", {"...": 2, "j": 3}),
        ("affine", "u", "W", {"...": 2, "d": 3, "k": 2}),
        ("affine", "u", "x", {"...": 2, "d": 3, "k": 2}),
        ("mlp", "L", "ell", {"n": 3}),
        ("mlp", "z", "h", {"n": 2, "j": 2, "k": 3}),
        ("mlp", "z", "x", {"n": 2, "j": 2, "d": 2}),  # zero: z reads x only by way of h
    ],
)
def test_written_out_jacobian_is_the_slope_of_scalars(layer, node, tensor, sizes):
    """Each entry against the slope of the node written out in scalars, at random numbers."""
    read = shipped(layer)
    found = jacobian(read, node, tensor)
    matrix = written_out(found, sizes)
    rows = list(product(*(range(sizes[i.name.rstrip("'")]) for i in found.rows)))
    columns = list(product(*(range(sizes[i.name]) for i in found.columns)))
    assert matrix.shape == (len(rows), len(columns))
    point = RandomNumbers(read, node, sizes)
    own = read.tensor(node)
    for (r, row), (c, column) in product(enumerate(rows), enumerate(columns)):
        at = dict(zip(own.indices, row, strict=True))
        slope = point.slope(own.expr, at, tensor, list(column))
        ours = write(point.scalars, matrix[r, c], {})
        assert abs(ours - slope) < 1e-13


def test_nothing_is_derived_for_fixed_sizes(mlp):
    """Sizes stay symbols: every index in every step has one."""
    sizes = {i.size for step in mlp.steps for i in step.after.atoms(type(mlp.layer.axes[0]))}
    assert sizes and all(s.is_Symbol for s in sizes)
