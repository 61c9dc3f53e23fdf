"""The plain target: textbook modules, right, stable, short, and readable."""

import ast
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from pullback.codegen import library
from pullback.codegen.compiler import files
from pullback.codegen.faces.cli import main
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.plain import runtime
from pullback.codegen.targets.table import NUMPY, PLAIN, TARGETS
from pullback.derive.calculus.derivation import derive
from pullback.derive.calculus.textbook import textbook
from pullback.derive.errors import ProofFailed, PullbackError
from pullback.derive.laws.registry import LAWS, Law
from pullback.derive.proof.proving import prove_forms
from pullback.derive.read.reader import read_equations
from tests.definitions import facts
from tests.reference import MP
from tests.samples import draw, sizes_of
from tests.shipped import compiled, derivation_of, derived

EDGES = sorted((Path(__file__).parent / "edges").glob("*.toml"))
LONG = {"weighted_mean_of_volumes"}  # its tests work out loops over six axes, for a minute


def made(name, source):
    """A derivation and its plain module, whose emitted tests it has passed."""
    return emitted(name, derivation_of(name, source))


def emitted(name, derivation):
    """The derivation and its plain module, which has passed its tests."""
    forms = textbook(derivation)
    prove_forms(forms)
    emission = PLAIN.emit(forms, PLAIN.program(forms))
    if name not in LONG:
        PLAIN.tests(derivation, emission, name)
    return derivation, emission


@cache
def shipped(name):
    return emitted(name, derived(name))


def inputs_of(name, scale=1.0):
    """Inputs of a shipped layer, large ones too."""
    layer = facts(name)
    kind = "normal" if scale == 1 else "extreme"
    return draw(layer, sizes_of(layer), np.random.default_rng(3), kind, "float64")


QUICK_AND_SLOW = [  # the network of sixteen nodes takes long, and has nothing that others have not
    pytest.param(n, marks=pytest.mark.slow) if n == "deep_mlp" else n for n in library.shipped()
]


@pytest.mark.parametrize("name", QUICK_AND_SLOW)
def test_a_shipped_layer_passes_its_tests_and_agrees_with_the_fast_module(name):
    derivation, emission = shipped(name)
    layer = derivation.layer
    plain = loaded(emission.module, layer)
    fast = loaded(NUMPY.emit(derivation, NUMPY.program(derivation)).module, layer)
    for scale in (1.0, 30.0):
        inputs = inputs_of(name, scale)
        output, cache_ = plain.forward(**inputs)
        wanted, kept = fast.forward(**inputs)
        cotangent = np.random.default_rng(1).normal(size=np.shape(wanted))
        found = plain.backward(cotangent, cache_)
        found = found if isinstance(found, tuple) else (found,)
        pairs = zip((output, *found), (wanted, *fast.backward(cotangent, kept)), strict=True)
        for a, b in pairs:
            assert np.shape(a) == np.shape(b)
            limit = 1e-12 * max(1, np.max(np.abs(b), initial=0))
            np.testing.assert_allclose(a, b, rtol=0, atol=limit)


LONG = {"t_sne", "gaussian_mixture", "distance_matrix", "doubly_stochastic"}  # tens of seconds


@pytest.mark.parametrize(
    "path",
    [pytest.param(p, marks=pytest.mark.slow) if p.stem in LONG else p for p in EDGES],
    ids=[p.stem for p in EDGES],
)
def test_a_definition_at_an_edge_passes_its_tests(path):
    made(path.stem, path.read_text(encoding="utf-8"))


def test_the_guides_line_is_there():
    _, emission = shipped("mlp")
    for line in ("u = x @ W + c", "h = np.maximum(0, u)", "z = h @ w + b", "p[n, y] -= 1",
                 "dh = dz @ w.T", "dc = du.sum(axis=0)"):  # fmt: skip
        assert f"    {line}\n" in emission.module


@pytest.mark.parametrize("name", library.shipped())
def test_a_module_is_two_functions_and_short(name):
    """Checks of shapes and comments aside, few statements, or few an equation and a slope."""
    derivation, emission = shipped(name)
    tree = ast.parse(emission.module)
    bodies = {f.name: f.body for f in tree.body if isinstance(f, ast.FunctionDef)}
    public = {n for n in bodies if not n.startswith("_")}
    assert public - {"parts", "combine"} == {"forward", "backward"}
    assert ("parts" in public) == ("combine" in public)
    slopes = sum(len(gradient.parts) for gradient in derivation.gradients)
    limits = {"forward": 4 * len(derivation.layer.nodes), "backward": 5 * slopes}
    for name_of, limit in limits.items():
        statements = [s for s in bodies[name_of] if not isinstance(s, ast.If)]
        assert len(statements) <= max(25, limit), name_of
    imported = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    names = {a.name for n in imported for a in n.names}
    assert names <= {"numpy", "math", "Any"}


@pytest.mark.parametrize(
    ("name", "tensor"), [("softmax_cross_entropy", "y"), ("mlp", "c"), ("mlp", "y")]
)
def test_a_wrong_shape_is_refused_by_name(name, tensor):
    derivation, emission = shipped(name)
    module = loaded(emission.module, derivation.layer)
    inputs = inputs_of(name)
    wrong = np.concatenate([inputs[tensor]] * 2)[None]
    with pytest.raises(ValueError, match=rf"^{tensor} has shape .*, wanted is|unpack"):
        module.forward(**inputs | {tensor: wrong})


def test_a_step_to_a_textbook_form_that_does_not_hold_is_refused(monkeypatch):
    derivation = derive(read_equations("own", "L[n] = log(sum(j, exp(z[n, j])))"))
    law = LAWS["log shifted by the largest"]

    def wrong(expr, *context):
        found = law.apply(expr, *context)
        return found if found == expr else 2 * found

    bad = Law(law.name, law.statement, wrong)
    monkeypatch.setattr("pullback.derive.laws.shift_log", bad)
    with pytest.raises(ProofFailed, match="log shifted by the largest"):
        prove_forms(textbook(derivation))


def test_a_wrong_module_is_refused():
    derivation, emission = shipped("relu")
    wrong = emission.module.replace("np.maximum(0, u)", "np.minimum(0, u)")
    with pytest.raises(PullbackError, match="test_forward"):
        PLAIN.tests(derivation, type(emission)(wrong, emission.code, emission.promise), "relu")


def test_textbook_forms_do_not_part_sums():
    derivation = textbook(shipped("softmax_cross_entropy")[0])
    laws = {step.law for form in derivation.forms for step in form.steps}
    assert "log shifted by the largest" in laws
    assert not laws & {"split off the largest", "minus the others", "shifted log-sum-exp"}


def test_a_page_shows_the_steps_to_the_lines_beside_them():
    """A page has the steps to the forms that its code computes, the LaTeX beside it those alone."""
    name = "softmax_cross_entropy"
    fast = compiled(name)
    plain = fast.to(PLAIN)
    assert plain.proof is fast.proof and plain.forms.derivation.seconds == ()
    assert [s for s, _ in plain.forms.steps] == list(plain.forms.derivation.steps)
    for made, other in ((fast, plain), (plain, fast)):
        own, others = ({s.law for s in m.forms.derivation.steps} for m in (made, other))
        written = files(made, targets=[made.target])
        page, book = written[f"{name}.html"], written[f"{name}.tex"]
        both = page + written[f"{name}-tangents.html"]
        assert own - others and all(law in both and law in book for law in own)
        assert not [law for law in others - own if law in book]
        assert any(law in page for law in others - own) == (made is fast)  # plain code is there too


def test_files_of_two_targets(tmp_path, capsys):
    assert main(["generate", "relu", "--target", "numpy,plain", "--out", str(tmp_path)]) == 0
    names = {p.name for p in tmp_path.iterdir()}
    assert {"relu.py", "test_relu.py", "relu_plain.py", "test_relu_plain.py"} <= names
    assert '"relu_plain.py"' in (tmp_path / "test_relu_plain.py").read_text()
    assert "Workspace" not in (tmp_path / "relu_plain.py").read_text()
    page = (tmp_path / "relu.html").read_text()
    tabs = re.findall(r'id="module-(\d)"( checked)?> <code>(\w+\.py)</code>', page)
    assert tabs == [("1", " checked", "relu_plain.py"), ("2", "", "relu.py")]
    assert [page.count(f'class="module module-{n}"') for n in (1, 2, 3)] == [1, 1, 0]
    assert "module-2:not(:checked)) .module-2:not(:has(:target)) { display: none; }" in page
    assert main(["generate", "relu", "--target", "plain,numpy", "--out", str(tmp_path / "b")]) == 0
    assert "Workspace" not in (tmp_path / "b" / "relu.py").read_text()


def test_a_page_of_one_target_has_no_tabs(tmp_path):
    assert main(["generate", "relu", "--out", str(tmp_path)]) == 0
    assert 'name="module"' not in (tmp_path / "relu.html").read_text()


def test_a_target_that_there_is_not(capsys):
    with pytest.raises(SystemExit):
        main(["generate", "relu", "--target", "fortran"])
    words = capsys.readouterr().err
    assert "'fortran'" in words and all(name in words for name in TARGETS)


# -- functions that NumPy lacks ----------------------------------------------------------------
POINTS = np.array([-1e4, -30.0, -5.0, -0.3, 0.0, 0.3, 5.0, 9.99, 10.0, 10.01, 26.0, 1e4])
EXACT = {
    "_sigmoid": lambda x: 1 / (1 + MP.exp(-x)),
    "_erf": MP.erf,
    "_erfc": MP.erfc,
    "_erfcx": lambda x: MP.exp(x * x) * MP.erfc(x),
}


@pytest.mark.parametrize("name", EXACT)
def test_functions(name):
    points = POINTS[POINTS > -20] if name == "_erfcx" else POINTS
    with np.errstate(over="ignore"):
        found = getattr(runtime, name)(points)
    for x, value in zip(points, found, strict=True):
        wanted = EXACT[name](MP.mpf(float(x)))
        assert abs(MP.mpf(float(value)) - wanted) <= 1e-13 * abs(wanted) + MP.mpf(10) ** -320
    assert getattr(runtime, name)(np.float32(0.5)).dtype == np.float32


def test_rows_are_added_up():
    rows, at = np.arange(12.0).reshape(2, 3, 2), np.array([[1, 0, 1], [3, 3, 3]])
    total = runtime._add_at(rows, (at,), (5,))
    wanted = np.zeros((5, 2))
    for place in np.ndindex(2, 3):
        wanted[at[place]] += rows[place]
    assert (total == wanted).all()


def test_zero_times_infinity_is_zero():
    a, b = np.array([[0.0, 1.0]]), np.array([[np.inf, 2.0], [3.0, 4.0]])
    found = runtime._guarded_einsum("ij,jk->ik", a, b)
    assert found.tolist() == [[3.0, 4.0]]
