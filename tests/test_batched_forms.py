"""Matrix forms where a result has more than two axes: one for each place of the leading ones."""

from dataclasses import replace

import pytest

from pullback.codegen.notation.styles import LATEX
from pullback.codegen.pages.outline import MATRICES
from pullback.derive.calculus.derivation import derive
from pullback.derive.calculus.matrix_forms import form_of, matrix_form
from pullback.derive.calculus.steps import Chain
from pullback.derive.errors import ProofFailed
from pullback.derive.index.binders import Sum
from pullback.derive.index.objects import Index, entry, size_symbol
from pullback.derive.matrix.batches import tree_for_each
from pullback.derive.matrix.meaning import Misfit, said, shape
from pullback.derive.matrix.tree import OneHot
from pullback.derive.proof.proving import every_size_checker
from pullback.derive.proof.step_check import check_step
from pullback.derive.read.reader import read_equations
from tests.test_matrix_forms import page

B, N, K = map(size_symbol, "BNK")
b, c = Index("b", B), Index("c", B)
n, m, k = Index("n", N), Index("m", N), Index("k", K)


def x(*indices):
    return entry("x", indices)


def v(*indices):
    return entry("v", indices)


def gradients(name, style):
    return {s.name: s.matrix for s in page(name, style).sections}


def test_attention_is_written_as_its_paper_writes_it():
    p = r"p_{n}"
    slope = r"\frac{\partial \mathcal{L}}{\partial %s_{n}}"
    found = gradients("attention", LATEX)
    root = r"\frac{1}{\sqrt{D}} \, "
    assert found["Q"] == f"{slope % 'Q'} = {root}{slope % 's'} \\, K_{{n}}"
    assert found["V"] == f"{slope % 'V'} = {p}^{{\\top}} \\, {slope % 'o'}"
    assert found["p"] == f"{slope % 'p'} = {slope % 'o'} \\, V_{{n}}^{{\\top}}"
    values = [b.lines[-1] for b in page("attention").values if b.words == MATRICES]
    assert [line.formula for line in values] == [
        "((1/√(D)) Q[n] K[n]ᵀ)[q,k]",
        "(diag(exp(s[n]) 𝟏)⁻¹ exp(s[n]))[q,k]",
        "(p[n] V[n])[q,e]",
    ]
    assert values[0].reasons == (
        "for each `n` apart, with the axes `q, k`: nothing is summed over `n`",
        "`d` is the second axis of `K[n]` and is summed with the second axis of `Q[n]`: "
        "hence the transpose `K[n]ᵀ`",
    )


def test_a_mask_is_multiplied_entry_by_entry():
    found = {s.name: s.matrix for s in page("masked_attention").sections}
    assert found["Q"] == "∂ℒ/∂Q[n] = (1/√(D)) (𝟙[M > 0] ⊙ ∂ℒ/∂s[n]) K[n]"
    assert found["K"] == "∂ℒ/∂K[n] = (1/√(D)) ((∂ℒ/∂s[n])ᵀ ⊙ 𝟙[Mᵀ > 0]) Q[n]"


@pytest.mark.parametrize(
    ("expr", "axes", "wanted"),
    [
        (x(b, n, k) * v(b, n, k), (b, n, k), True),
        (Sum(x(b, n, k) * v(k, m), k), (b, n, m), True),  # weights that all share
        (x(b, n, k) * v(b), (b, n, k), True),  # a number for each
        (x(b, c, n, k) + v(b, c, k), (b, c, n, k), True),
        (x(n, b, k), (b, n, k), False),  # what is held stands elsewhere
        (Sum(x(c, n, k), c) * v(b, n, k), (b, n, k), False),  # a sum over what is held
        (x(c, b, n, k), (b, c, n, k), False),  # in another order
        (Sum(x(b, n, m) * v(b, m, k) * x(b, k, n), m), (b, n, k), True),
        (v(n, k), (b, n, k), True),  # the same for each
    ],
)
def test_what_is_held_stands_first(expr, axes, wanted):
    tree = tree_for_each(expr, axes)
    assert (tree is not None) == wanted
    if tree is not None:
        form = matrix_form(expr, axes)
        assert form.tree == tree and form.held == axes[:-2] and form.axes == axes[-2:]
        assert shape(tree) == tuple(i.size for i in axes[-2:])


def test_labels_are_held_too():
    y = entry("y", (b, n), integer=True)
    layer = read_equations("test", "u[b, n, k] = x[b, n, k] - [k == y[b, n]]")
    tree = tree_for_each(layer.nodes[0].expr, layer.nodes[0].indices)
    (hot,) = (a for part in tree.parts for a in (part, *part.parts) if isinstance(a, OneHot))
    assert str(hot.label) == str(y) and shape(hot) == (size_symbol("N"), size_symbol("K"))
    assert matrix_form(layer.nodes[0].expr, layer.nodes[0].indices).chain.end == (
        layer.nodes[0].expr
    )


def test_a_form_at_another_place_is_refused_by_each_checker():
    layer = read_equations("test", "u[b, n, m] = sum(k, x[b, n, k] * w[b, m, k])")
    node = layer.nodes[0]
    form = matrix_form(node.expr, node.indices)
    first, turned = form.tree.of
    (held,) = first.held
    elsewhere = replace(first, held=(held.primed,))
    other = replace(turned.of[0], expr=entry("x", (held, form.axes[1], first.columns)))
    for wrong in (
        replace(form.tree, of=(elsewhere, turned)),  # the matrix of another place
        replace(form.tree, of=(first, replace(turned, of=(other,)))),  # another matrix
    ):
        step = form_of(node.expr, node.indices, wrong).chain.steps[0]
        assert not every_size_checker(layer).chain(Chain(node.expr, (step,)), {})[0].proved
        with pytest.raises(ProofFailed):
            check_step(layer, "test", step, {})
    with pytest.raises(Misfit):
        form_of(node.expr, node.indices, replace(form.tree, of=(first, turned.of[0])))
    assert said(form.tree, form.axes) == node.expr


def test_a_batch_of_layers_has_forms_for_each():
    layer = read_equations("test", "u[b, n, k] = sum(d, x[b, n, d] * W[d, k]) + c[k]")
    found = {g.tensor.name: g.matrix for g in derive(layer).gradients}
    assert found["x"] is not None and len(found["x"].held) == 1
    assert found["W"] is None  # it adds up over all of them
