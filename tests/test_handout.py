"""A handout's lines beside ours; letters and signs that mean one thing each."""

import re

import pytest

from pullback.codegen import library
from pullback.codegen.compiler import compile_definition, html
from pullback.codegen.notation.styles import LATEX, UNICODE
from pullback.codegen.pages import mathml
from pullback.codegen.pages.latex import book, chapter, document, words
from pullback.codegen.pages.outlines import outline
from pullback.codegen.pages.plain_formulas import spelled
from pullback.codegen.pages.setting import prose
from pullback.codegen.proved import proved
from pullback.derive.errors import DefinitionError
from tests.shipped import proved as proof

EQUATIONS = 'equations = "u[n] = a * x[n]\\nL = sum(n, u[n]**2)"\n[handout]\n'


def own(lines):
    return proved("own", EQUATIONS + lines, library.shipped_source)


def page(found, style=UNICODE):
    return outline(found.derivation, found, style)


def test_the_perceptron_has_every_line_of_the_handout():
    rows = {row.words: row.ours for row in page(proof("mlp")).handout}
    assert len(rows) == 19
    assert rows["`u = x W + c`"][-1] == "u = x W + 𝟏 cᵀ"
    assert rows["`∂L/∂h = ∂L/∂z wᵀ`"][-1] == "∂L/∂h = ∂L/∂z wᵀ"
    assert rows["`∂z/∂h = wᵀ`"][-1].endswith("w[1,0]; w[0,1], w[1,1]] = wᵀ")
    assert rows["`∂h/∂u`, a diagonal 2 × 2 matrix"][-1].endswith("0, 𝟙[u[0,1] > 0]]")
    assert "p[n′,j]" in rows["`∂L[i]/∂z[k] = p[k] − 𝟙[k = y[i]]`"][0]
    chain = rows["`∂L/∂u = (∂h/∂u)ᵀ ∂L/∂h`"]
    assert chain == ("∂L/∂u[n,k] = Σ_{n′,k′} ∂L/∂h[n′,k′] ∂h[n′,k′]/∂u[n,k]",)
    assert len(set(rows.values())) == 19  # each line is beside something of its own


def test_every_equation_of_the_guide_is_a_line():
    lines = " ".join(row.words for row in page(proof("mlp"), LATEX).handout)
    for wanted in [
        r"-\sum_{j} y_{j} \log (p_{j})",
        r"J_{i j}=\frac{\partial f_{i}}{\partial x_{j}}",
    ]:
        assert wanted in lines
    assert not re.search(r"_[a-z]", re.sub("`[^`]*`", "", lines))  # none stays in words


def test_what_differs_is_said():
    remarks = {row.ours[-1]: row.remark for row in page(proof("mlp")).handout}
    assert "`N = 1`" in remarks["∂L/∂b = (∂L/∂z)ᵀ 𝟏"] and "`1/N`" in remarks["∂L/∂b = (∂L/∂z)ᵀ 𝟏"]


@pytest.mark.parametrize(
    ("text", "unicode", "latex"),
    [
        ("`p_k`", "`p[k]`", "`p_{k}`"),
        ("`z_{y_i}`", "`z[y[i]]`", "`z_{y_{i}}`"),
        ("`hᵀ ∂L/∂z`", "`hᵀ ∂L/∂z`", r"`h^{\top} \frac{\partial L}{\partial z}`"),
        ("`λ/2`", "`λ/2`", r"`\frac{\lambda}{2}`"),
        ("`𝟙[k = y]`", "`𝟙[k = y]`", r"`\mathrm{1\!l}[k=y]`"),
        (r"`\input{x}`", r"\input{x}", r"\input{x}"),
        ("`$x$` and `", "$x$ and ", "$x$ and "),
    ],
)
def test_formulas_in_words(text, unicode, latex):
    assert (spelled(text, UNICODE), spelled(text, LATEX)) == (unicode, latex)


def test_a_jacobian_that_is_a_tensor_or_its_transpose_is_called_so():
    own = 'equations = "u[n, k] = sum(j, x[n, j] * w[%s])\\nL = sum(n, k, u[n, k]**2)"'
    text = own + '\n[handout]\n"A" = "u by x"\n'
    for axes, name in (("j, k", "wᵀ"), ("k, j", "w"), ("k, j] * v[j", "")):
        found = page(proved("own", text % axes, library.shipped_source))
        last = found.handout[0].ours[-1]
        assert last.endswith(f"] = {name}" if name else "]"), (axes, last)


def test_a_line_may_name_a_value_a_gradient_or_a_jacobian():
    rows = page(own('"A" = "u"\n"B" = "L by x"\n"C" = "u by a"\n')).handout
    assert [row.section for row in rows] == [("value", "u"), ("grad", "x"), ("grad", "a")]
    assert [row.ours[0][:12] for row in rows] == ["u[n] = a x[n", "∂L/∂x[n] = a", "∂u[n′]/∂a = "]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('"A" = "v"', "'v' in 'v'; wanted is a node, or 'node by tensor'; the nodes are L, u"),
        ('"A" = "x"', "[handout] names 'x'"),
        ('"A" = "u by q"', "[handout] names 'q'"),
        ('"A" = "u by L"', "'u by L', which is not derived; there are L by a, L by u, L by x"),
        ('"A" = "u, squared"', "'squared' of 'u'; what can be shown of it alone is as defined"),
        ('"A" = "u by x, as defined"', "alone is by name, chain rule"),
        ('"A" = 3', "the key 'handout' must be a table of texts"),
    ],
)
def test_a_line_that_names_nothing_is_refused(lines, words):
    with pytest.raises(DefinitionError, match=re.escape(words)):
        own(lines)


def test_the_words_of_a_line_stay_text():
    text = "</td><script>alert(1)</script> {{7*7}} $x$ \\\\input{x}"
    found = own(f'"{text}" = "u"\n')
    assert r"\textbackslash{}input\{x\}" in document(page(found, LATEX))
    made = compile_definition("own", EQUATIONS + f'"{text}" = "u"\n', library.shipped_source)
    assert "&lt;/td&gt;&lt;script&gt;" in html(made) and "<script>" not in html(made)


def test_the_book_has_the_lines_as_an_appendix():
    with_lines, without = (chapter(p.derivation, p) for p in (proof("mlp"), proof("relu")))
    text = book([with_lines, without])
    assert text.count(r"\chapter[\texorpdfstring{The handout's lines") == 1
    assert (
        text.index(r"\appendix")
        < text.index("The handout's lines, and ours")
        < text.index("{The laws}")
    )


def test_the_loss_and_a_tensor_called_alike_have_two_letters():
    assert page(proof("softmax_cross_entropy")).sections[0].left == "∂E/∂z[n,j]"
    assert ("E", "any number that is computed from L") in page(
        proof("softmax_cross_entropy")
    ).symbols
    assert page(proof("relu")).sections[0].left == "∂ℒ/∂u[n]"


def test_a_mask_and_a_vector_of_ones_have_two_signs():
    sections = {s.name: s.matrix for s in page(proof("mlp")).sections}
    assert "𝟙[" in sections["u"] and "𝟏" in sections["b"]
    typeset = {s.name: s.matrix for s in page(proof("mlp"), LATEX).sections}
    assert r"\mathrm{1\!l}[" in typeset["u"] and r"\mathbf{1}" in typeset["b"]


def test_primes_are_not_raised_twice():
    text = mathml.serial(mathml.parsed("w_{k' j'} + x_{n'}^{2}"))
    assert "msup" not in text.replace("msubsup", "") and text.count("′") == 3


def test_a_delta_is_spelled_as_in_formulas():
    assert prose("Σ_j δ(j, l) f(j)") == "Σ<sub>j</sub> δ<sub>jl</sub> f(j)"
    assert words("by δ(n, m)") == r"by $\delta_{n m}$"
