"""The door for notebooks and scripts: what a layer made there shows, and the functions it gives."""

import doctest
import inspect
import subprocess
import sys
import traceback
from pathlib import Path

import numpy as np
import pytest
import sympy as sp

import pullback
from pullback import layer
from pullback.codegen import library
from pullback.codegen.compiler import compile_definition
from pullback.codegen.faces.notebook import Derived, load
from pullback.codegen.pages.markdown import markdown
from pullback.codegen.pages.terminal import show
from pullback.derive.errors import DefinitionError, PullbackError
from pullback.derive.index.objects import entry, free_indices

ROOT = Path(__file__).parent.parent
AFFINE = "z[n,k] = sum(d, h[n,d]*w[d,k]) + b[k]"
RIDGE = "z[n] = sum(d, x[n,d]*w[d]) \nL = mean(n, z[n]**2) + lamda/2 * sum(d, w[d]**2)"


@pytest.fixture(scope="module")
def affine():
    return layer(AFFINE, wrt=["w"])


@pytest.fixture(scope="module")
def ridge():
    return layer(RIDGE, wrt=["w"])


def test_the_mathematics_does_not_import_programs():
    code = "import sys, pullback.derive.proof.proving; assert 'pullback.codegen' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_the_example_in_the_docstring():
    assert doctest.testmod(pullback) == (0, 4)


def test_gradients_by_name(affine):
    gradient = affine.gradients["w"]
    assert str(gradient) == "∂ℒ/∂w[d,k] = Σ_n h[n,d] ∂ℒ/∂z[n,k]"
    assert gradient.latex.startswith(r"\frac{\partial \mathcal{L}}{\partial w_{d k}} = \sum_{n}")
    assert r"h^{\top}" in gradient.matrix_form
    assert gradient.check.startswith("50 digits")
    assert gradient._repr_latex_() == rf"$\displaystyle {gradient.latex}$"
    with pytest.raises(KeyError, match="no gradient by 'b' was derived; there are w"):
        affine.gradients["b"]


def test_steps_lead_from_one_to_the_next(affine):
    steps = affine.gradients["w"].steps
    first, *_, last, form = steps
    assert (first.law, last.law) == ("sum rule", "sum over a delta")
    assert (form,) == affine.gradients["w"].forms and form.after == "(hᵀ ∂ℒ/∂z)[d,k]"
    assert form.shapes == "(D×N)(N×K) → D×K" and "hence the transpose hᵀ" in form.why[0]
    assert form._repr_markdown_().endswith(r"hence the transpose $\displaystyle h^{\top}$")
    assert first.statement.startswith("A sum is differentiated term by term")
    assert first.check.startswith("for every size; exact at")
    assert first.before.startswith("∂/∂w[d,k]") and first.after == steps[1].before
    assert last.after == "Σ_n′ h[n′,d] ∂ℒ/∂z[n′,k]" and r"\sum_{n'}" in last.after_latex
    assert [s.number for s in steps] == [2, 3, 4, 5, 6, 7]  # the first one leads z to matrices
    assert str(steps).count("\n") == 5 and "(sum rule; for every size; exact at" in str(steps)
    assert steps._repr_markdown_().startswith(r"(2) $\displaystyle \frac{\partial}{\partial w")


def test_a_step_says_what_it_assumes():
    made = layer(
        "L[n] = -sum(j, t[n,j] * (z[n,j] - log(sum(i, exp(z[n,i])))))",
        wrt=["z"],
        assume=["sum(j, t[n, j]) == 1"],
    )
    facts = {fact for step in made.gradients["z"].steps for fact in step.assumes}
    assert facts == {"Σ_i t[n,i] = 1"}
    assert any("given Σ_i t[n,i] = 1" in str(step) for step in made.gradients["z"].steps)


def test_a_jacobian_is_a_sympy_matrix(affine):
    found = affine.gradients["w"].jacobian(sizes={"n": 1, "k": 2, "d": 1})
    h = found.matrix[0, 0]
    assert isinstance(found.matrix, sp.Matrix) and found.matrix == h * sp.eye(2)
    assert h == entry("h", [sp.Integer(0), sp.Integer(0)]) and not free_indices(h)
    assert found.structure == "block-diagonal, one block per k: dense"
    assert str(found) == "[ h[0,0]  0      ]\n[ 0       h[0,0] ]"
    assert r"h_{0 0} & 0 \\ 0 & h_{0 0}" in found._repr_latex_()
    assert affine.jacobian("z", "b").matrix.shape == (4, 2)


def test_what_is_no_jacobian_is_refused(affine, ridge):
    with pytest.raises(KeyError, match="no tensor 'q'; it has h, w, b, z"):
        affine.jacobian("z", "q")
    with pytest.raises(KeyError, match="no node 'q'"):
        affine.jacobian("q", "w")
    for sizes, words in (
        ({"m": 2}, "∂z/∂w has no axis 'm'"),
        ({"n": 0}, "the size of 'n' is 0; it must be 1 or more"),
        ({"n": 2.0}, "the size of 'n' is 2.0"),
        ({"n": 10_000}, "more than 1000 entries"),
    ):
        with pytest.raises(PullbackError, match=words):
            affine.jacobian("z", "w", sizes)
    labelled = layer("L[n] = z[n, y[n]]")
    with pytest.raises(PullbackError, match="'y' holds labels"):
        labelled.jacobian("L", "y")
    with pytest.raises(ValueError, match="a part for each of z, L"):
        ridge.gradients["w"].jacobian()


def test_a_tensor_that_two_nodes_read_has_two_parts(ridge):
    gradient = ridge.gradients["w"]
    assert [part.node for part in gradient.parts] == ["z", "L"]
    assert [repr(part)[1:6] for part in gradient.parts] == ["∂z/∂w", "∂L/∂w"]
    assert gradient.parts[0].jacobian({"n": 1, "d": 1}).matrix.shape == (1, 1)
    parts = sum(len(part.steps) for part in gradient.parts)
    assert len(gradient.steps) == parts + len(gradient.forms) == parts + 1
    assert "z" in ridge.gradients  # the node on the way


def test_text_and_pages_are_those_of_the_command(affine):
    assert str(affine) == show(affine.compiled.derivation, affine.compiled.proof)
    assert "\x1b" not in str(affine)
    assert affine.latex.startswith("\\documentclass")
    assert repr(affine) == (
        "<layer layer: z[n, k] = sum(d, h[n, d] * w[d, k]) + b[k]; gradients by w>"
    )
    assert affine.nodes == {"z": "z[n, k] = sum(d, h[n, d] * w[d, k]) + b[k]"}


def test_what_is_shown_needs_no_network(affine, ridge, monkeypatch):
    gradient = ridge.gradients["w"]
    shown = (gradient, gradient.matrix, gradient.jacobian, gradient.steps[0], ridge)
    pages = [thing._repr_html_() for thing in (*shown, affine.jacobian("z", "w"))]
    for page in pages:
        assert "<math" in page and "$" not in page and "http" not in page and "<script" not in page
    assert f'aria-label="{gradient}"' in pages[0]
    for step in gradient.steps:
        assert step._repr_html_() in pages[4]
    monkeypatch.setattr("pullback.codegen.pages.mathml.find_spec", lambda name: None)
    assert {thing._repr_html_() for thing in shown} == {None}


def test_text_from_a_definition_does_nothing_in_html():
    source = "<img src=x onerror=alert(1)>"
    made = Derived(
        compile_definition(
            "odd",
            f"""
        title = "{source}"
        summary = "{source}"
        equations = "u[n] = a * x[n]"
    """,
            library.shipped_source,
        )
    )
    assert "<img" not in made._repr_html_() and "&lt;img" in made._repr_html_()


def test_steps_by_stage(affine, ridge):
    gradient = layer("p[n,j] = exp(z[n,j]) / sum(i, exp(z[n,i]))").gradients["z"]
    (part,) = gradient.parts
    for own in (gradient, part):
        assert own.jacobian.steps[0].before.startswith("∂/∂z[n,j]")
        assert own.pullback.steps[0].before.startswith("Σ") and own.computing.steps
        assert own.computing.steps[0].before == own.pullback.steps[-1].after
    assert gradient.jacobian({"n": 1, "j": 3}).matrix.shape == (3, 3)
    stages = (gradient.jacobian, gradient.pullback, gradient.computing)
    assert part.steps == sum((stage.steps for stage in stages), ())
    numbers = [step.number for step in ridge.gradients["w"].jacobian.steps]
    of_parts = [[step.number for step in p.jacobian.steps] for p in ridge.gradients["w"].parts]
    assert numbers == of_parts[0] + of_parts[1] and all(of_parts)
    for stage in stages:
        assert stage._repr_html_() == stage.steps._repr_html_()
        assert stage._repr_markdown_() == stage.steps._repr_markdown_()


def test_markdown_holds_every_step_and_result(ridge):
    page = ridge._repr_markdown_()
    assert page.startswith("### layer\n\n```text\nz[n] = ") and "\n```\n\n" in page
    for name in ("z", "w"):
        gradient = ridge.gradients[name]
        assert f"\n\n{gradient._repr_latex_()}\n\n" in page
        for step in gradient.steps:
            assert step._repr_markdown_() in page
    assert page.count("$") % 2 == 0 and all(line.count("$") % 2 == 0 for line in page.split("\n"))


def test_text_from_a_definition_does_nothing_in_markdown():
    text = '<script>x</script> [a](javascript:b) `c` $d$ *e*\n# f \\ &lt; | "\x1b[31m'
    shown = markdown(text)
    assert "\n" not in shown and "\x1b" not in shown and "[" not in shown
    for sign in "<>`$*#|:!":
        assert shown.count(sign) == shown.count("\\" + sign) + shown.count("&" + sign)
    assert markdown("- a") == r"\- a" and markdown("exact at N=2, D=3") == "exact at N=2, D=3"


def test_compile_gives_working_functions(affine, ridge):
    made = affine.compile()
    rng = np.random.default_rng(0)
    h, w, b = rng.normal(size=(3, 4)), rng.normal(size=(4, 5)), rng.normal(size=5)
    z, cache = made.forward(h, w, b)
    np.testing.assert_allclose(z, h @ w + b, rtol=0, atol=1e-12)
    g = rng.normal(size=z.shape)
    np.testing.assert_allclose(made.backward(g, cache).dw, h.T @ g, rtol=0, atol=1e-12)
    loss, gradients = ridge.compile().value_and_grad(h, w[:, 0], 0.5)
    np.testing.assert_allclose(loss, np.mean((h @ w[:, 0]) ** 2) + 0.25 * w[:, 0] @ w[:, 0])
    wanted = 2 / 3 * h.T @ (h @ w[:, 0]) + 0.5 * w[:, 0]
    np.testing.assert_allclose(gradients.dw, wanted, rtol=0, atol=1e-12)


def test_the_source_of_compiled_functions_is_found(affine):
    made = affine.compile()
    assert made.__doc__.startswith("layer\n") and made.__name__ == "layer"
    assert inspect.getsource(made.backward).startswith("def backward(dz: NDArray[np.floating],")
    assert inspect.getsource(made) == affine.source
    with pytest.raises(ValueError) as info:
        made.forward(np.ones((2, 3)), np.ones((4, 5)), np.ones(5))
    assert "_arguments(h, w, b)" in "".join(traceback.format_exception(info.value))


def test_calls_of_shipped_definitions_and_a_shipped_layer():
    made = layer("u[n] = a * x[n]\nh = relu(u)", wrt=["a"], name="mine")
    assert list(made.nodes) == ["u", "h"] and made.compile().__name__ == "mine"
    assert isinstance(load("tanh"), Derived) and "tanh" in repr(load("tanh"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"equations": "z[n] = x[n, k]"}, "line 1, column 13:\n    z[n] = x[n, k]\n"),
        ({"equations": "z = x", "wrt": ["q"]}, "wrt names 'q', which is not an input"),
        ({"equations": "z = x", "wrt": "x"}, "the key 'wrt' must be a list of texts"),
        ({"equations": "z = x", "assume": ["x == ("]}, "layer, assume[0]: expected a number"),
        ({"equations": "z = x", "name": "../x"}, "cannot be a layer's name"),
        ({"equations": 'z = x"""\nimport os'}, "is not part of the language"),
    ],
)
def test_errors_point_into_what_was_typed(arguments, words):
    with pytest.raises(DefinitionError) as info:
        layer(**arguments)
    assert words in str(info.value) and "equations = " not in str(info.value)


def test_sympy_objects_are_taken():
    x, z = sp.IndexedBase("x"), sp.IndexedBase("z")
    n, d, D = sp.symbols("n d D", integer=True)
    made = layer({z[n]: sp.Sum(x[n, d] ** 2, (d, 0, D - 1))})
    assert str(made.gradients["x"]) == "∂ℒ/∂x[n,d] = 2 x[n,d] ∂ℒ/∂z[n]"
