"""Forms in matrix notation as steps: what a form says, why it stands so, and corrupted forms."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from pullback.codegen import library
from pullback.codegen.notation.styles import LATEX, UNICODE
from pullback.codegen.pages.detail import KEY, narrowed
from pullback.codegen.pages.outline import MATRICES, pieces
from pullback.codegen.pages.outlines import outline
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.calculus.matrix_forms import MatrixForm, form_of, matrix_form
from pullback.derive.calculus.steps import Chain, Step
from pullback.derive.errors import ProofFailed
from pullback.derive.index.objects import Index, entry, entry_indices, is_entry, size_symbol
from pullback.derive.matrix.batches import parted
from pullback.derive.matrix.meaning import Misfit, said
from pullback.derive.matrix.tree import Leaf, Made, Matrix, Ones
from pullback.derive.proof.proving import every_size_checker
from pullback.derive.proof.step_check import check_step
from pullback.derive.read.reader import read_equations
from tests.shipped import derived, proved

SHOWN = ("affine", "embedding", "mlp", "softmax")
N, K = size_symbol("N"), size_symbol("K")
n, k, i = Index("n", N), Index("k", K), Index("i", K)
X = Leaf(n, k, entry("x", [n, k]))
V = Leaf(k, None, entry("v", [k]))


@cache
def page(name: str, style=UNICODE):
    proof = proved(name)
    return outline(proof.derivation, proof, style)


def forms(derivation: Derivation) -> list[MatrixForm]:
    """Those of values and gradients."""
    found = [v.matrix for v in derivation.values]
    for gradient in derivation.gradients:
        found += [gradient.matrix, *(w.matrix for w in gradient.wholes)]
    return [form for form in found if form]


# -- what a form says ------------------------------------------------------------------------------


def test_a_form_says_what_matrix_algebra_defines():
    from pullback.derive.index.binders import Sum

    x, v = X.expr, V.expr
    assert said(Made(n, None, "product", (X, V)), [n]) == Sum(x * v, k)
    turned = Made(k, n, "transpose", (X,))
    assert said(turned, [k, n]) == x
    rows = Made(k, None, "product", (turned, Ones(n, None)))
    assert said(rows, [k]) == Sum(x, n)
    scaled = Made(n, k, "product", (X, Made(k, k, "diag", (V,))))
    inner = said(scaled, [n, k])
    assert isinstance(inner, Sum) and inner != x * v


@pytest.mark.parametrize(
    ("tree", "axes"),
    [
        (Made(n, n, "product", (X, X)), [n, n]),
        (Made(n, k, "plus", (X, V)), [n, k]),
        (Made(n, k, "hadamard", (X, Made(k, n, "transpose", (X,)))), [n, k]),
        (Made(n, n, "diag", (X,)), [n, n]),
        (Made(n, k, "scale", (V, X)), [n, k]),
        (X, [k, n]),
        (V, [n]),
    ],
)
def test_what_does_not_fit_is_refused(tree, axes):
    with pytest.raises(Misfit):
        said(tree, axes)


def test_names_of_indices_count_for_nothing():
    """A form is read by the places of axes: x times x, both K by K, is no square of entries."""
    square = Leaf(k, i, entry("x", [k, i]))
    wrong = Made(k, i, "product", (square, square))
    step = form_of(square.expr**2, [k, i], wrong).chain.steps[0]
    layer = read_equations("test", "u[k, i] = x[k, i]**2\nv[k] = sum(i, u[k, i] + x[i, k])")
    with pytest.raises(ProofFailed):
        check_step(layer, "test", step, {})


# -- corrupted forms -------------------------------------------------------------------------------


def corrupted(a: Matrix, others: list[Leaf]) -> Iterator[tuple[str, Matrix]]:
    """A form with one fault: what was done, and what it leads to."""
    if isinstance(a, Leaf) and a.axes:
        for other in others:
            same = [x.size for x in entry_indices(other.expr)] == [
                getattr(x, "size", None) for x in entry_indices(a.expr)
            ]
            if same and other.expr.base != a.expr.base:
                yield "another factor", replace(other, rows=a.rows, columns=a.columns)
                break
    if not isinstance(a, Made):
        return
    if a.kind == "transpose":
        yield "no transpose", a.of[0]
    if a.kind in ("product", "hadamard"):
        other = {"product": "hadamard", "hadamard": "product"}[a.kind]
        yield f"{other} for {a.kind}", replace(a, kind=other)
    if a.kind in ("product", "hadamard", "plus"):
        for place in range(len(a.of)):
            rest = (*a.of[:place], *a.of[place + 1 :])
            yield "a part less", rest[0] if len(rest) == 1 else replace(a, of=rest)
    if a.kind == "scale":
        yield "no number before it", a.of[1]
    for place, part in enumerate(a.of):
        for what, wrong in corrupted(part, others):
            yield what, replace(a, of=(*a.of[:place], wrong, *a.of[place + 1 :]))


def tensors(derivation: Derivation) -> list[Leaf]:
    layer = derivation.layer
    real = [t for t in (*layer.inputs, *layer.nodes) if not getattr(t, "integer", False)]
    found = [(t.entry, parted(t.indices)) for t in real if t.indices]
    return [Leaf(*(*own, None)[:2], expr, held) for expr, (held, own) in found]


# faults that change nothing: deviations add up to nothing, so what is multiplied by them may be
# anything that does not run with them, and a quadratic form is that of the transpose; written out,
# these are the same number too; and expm1(min(u, 0)) is 0 by itself where u is positive
STILL_TRUE = {"batch_norm": 6, "deep_mlp": 6, "elu": 1, "gaussian": 1, "layer_norm": 6}


QUICK_AND_SLOW = [  # the network of sixteen nodes takes long, and has nothing that others have not
    pytest.param(n, marks=pytest.mark.slow) if n == "deep_mlp" else n for n in library.shipped()
]


@pytest.mark.parametrize("name", QUICK_AND_SLOW)
def test_a_corrupted_form_is_refused_by_each_checker(name):
    derivation = derived(name)
    layer, others = derivation.layer, tensors(derivation)
    checker = every_size_checker(layer)
    notations = {x.name: (x.indices, x.expr) for x in layer.notations}
    true = []
    for form in forms(derivation):
        expr = form.chain.start
        for what, tree in corrupted(form.tree, others):
            try:
                wrong = said(tree, form.axes)
            except Misfit:
                continue
            step = Step("as matrices", expr, wrong)
            if checker.chain(Chain(expr, (step,)), notations)[0].proved:
                true.append(what)
                check_step(layer, what, step, notations, second=True)
                continue
            with pytest.raises(ProofFailed):
                check_step(layer, what, step, notations, second=True)
    assert len(true) == STILL_TRUE.get(name, 0), true


def test_of_the_perceptron_each_kind_of_fault_is_tried():
    derivation = derived("mlp")
    found = [w for f in forms(derivation) for w, _ in corrupted(f.tree, tensors(derivation))]
    kinds = {"another factor", "no transpose", "hadamard for product", "product for hadamard"}
    assert kinds | {"a part less", "no number before it"} == set(found) and len(found) > 50


# -- what is shown ---------------------------------------------------------------------------------


def lines(name: str, tensor: str, style=UNICODE):
    section = next(s for s in page(name, style).sections if s.name == tensor)
    return [block.lines[-1] for block in section.forms if block.words == MATRICES]


def test_a_transpose_is_explained_by_axes():
    (line,) = lines("affine", "x")
    assert line.formula == "(∂ℒ/∂u Wᵀ)[n,d]" and line.law == "as matrices"
    assert line.shapes == "(N×K)(K×D) → N×D"
    assert line.reasons == (
        "`k` is the second axis of `W` and is summed with the second axis of `∂ℒ/∂u`: "
        "hence the transpose `Wᵀ`",
    )
    (line,) = lines("affine", "x", LATEX)
    assert line.shapes == r"(N \times K)(K \times D) \to N \times D"


def test_a_bias_is_explained_by_its_rows():
    (line,) = lines("affine", "c")
    assert line.shapes == "(K×N)(N×1) → K×1"
    assert line.reasons == (
        "`c` is added to each row, so its gradient adds the rows: `𝟏ᵀ ∂ℒ/∂u`, as a column",
        "of one example, `N = 1`, that is the one row of `∂ℒ/∂u` itself",
    )
    value = next(b for b in page("affine").values if b.words == MATRICES)
    assert value.lines[0].formula == "(x W + 𝟏 cᵀ)[n,k]"
    assert "`c` has no axis `n`: `𝟏 cᵀ` has it in each row" in value.lines[0].reasons


def test_a_diagonal_is_explained_with_what_it_saves():
    first = lines("mlp", "u")[0]
    assert first.formula == "(𝟙[u > 0] ⊙ ∂L/∂h)[n,k]"
    assert first.reasons[0] == (
        "`∂h/∂u` is diagonal, hence the elementwise (Hadamard) product `⊙`: about `K N` "
        "products in place of `K² N²`"
    )
    (part,) = next(s for s in page("mlp").sections if s.name == "u").parts
    assert part.at == "N = 1, K = 2" and part.small
    assert part.written == "∂h/∂u = [𝟙[u[0,0] > 0], 0; 0, 𝟙[u[0,1] > 0]]"
    (part,) = next(s for s in page("mlp").sections if s.name == "h").parts
    assert part.written == "∂z/∂h = [w[0,0], w[1,0]; w[0,1], w[1,1]]"


def test_cases_are_added_each_where_it_holds():
    section = next(s for s in page("leaky_relu").sections if s.name == "u")
    assert section.matrix == "∂ℒ/∂u = (𝟙[u > 0] + α 𝟙[u ≤ 0]) ⊙ ∂ℒ/∂h"
    first = next(b for b in page("masked_attention").values if b.words == MATRICES)
    assert first.lines[0].formula == ("((1/√(D)) (𝟙[M > 0] ⊙ (Q[n] K[n]ᵀ)) - 10³⁰ 𝟙[M ≤ 0])[q,k]")


def test_the_gradient_of_the_loss_is_put_together():
    section = next(s for s in page("mlp").sections if s.name == "z")
    assert section.wholes == (
        ("∂L/∂z[n,j] = (1/N) (p[n,j] - 𝟙[j = y[n]])", "∂L/∂z = (1/N) (p - onehot(y))"),
    )
    (put,) = (b for b in section.forms if b.words != MATRICES)
    assert put.lines[0].assumes == ("∂L/∂ℓ[n] = 1/N",)
    assert not any(s.wholes for s in page("softmax_cross_entropy").sections)


def test_key_steps_have_two_reasons_and_results_none():
    section = next(s for s in narrowed(page("mlp"), detail=KEY).sections if s.name == "b")
    assert [len(line.reasons) for block in section.forms for line in block.lines] == [2]
    assert not narrowed(page("mlp"), detail="result").sections[0].forms
    only = narrowed(page("mlp"), notation="index")
    assert not any(b.words == MATRICES for s in only.sections for b in s.forms)
    assert not any(b.words == MATRICES for b in only.values)


@pytest.mark.parametrize("name", SHOWN)
def test_every_form_that_is_shown_is_a_step(name):
    derivation, shown = derived(name), page(name)
    numbers = [line.number for line in every_line(shown)]
    others = [t for t in (*derivation.tangents, *derivation.seconds) if t.matrix]
    assert len(numbers) == len(set(numbers)) == len(forms(derivation)) + len(others)
    for section in (*shown.sections, *shown.tangents, *shown.seconds):
        assert bool(section.matrix) == any(b.words == MATRICES for b in section.forms)


def every_line(shown):
    sections = (*shown.sections, *shown.tangents, *shown.seconds)
    blocks = [*shown.values, *(b for s in sections for b in s.forms)]
    return [line for b in blocks if b.words == MATRICES for line in b.lines]


def test_reasons_are_sentences_with_formulas():
    for name in SHOWN:
        for line in every_line(page(name)):
            for reason in line.reasons:
                found = list(pieces(reason))
                assert len(found) % 2 and found[0][1] is False, reason
                assert "_1a" not in reason and "fresh" not in reason


def test_there_is_no_form_of_a_number():
    layer = read_equations("test", "f = sum(n, x[n]**2)")
    assert matrix_form(layer.nodes[0].expr, layer.nodes[0].indices) is None
    assert is_entry(V.expr)
