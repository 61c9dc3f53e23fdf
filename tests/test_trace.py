"""Every value and every gradient by name: beside numbers of 30 digits, and what is refused."""

import json

import mpmath
import numpy as np
import pytest

import pullback
from pullback.codegen import library
from pullback.codegen import trace as tracing
from pullback.codegen.compiler import compile_definition
from pullback.codegen.faces.cli import main
from pullback.codegen.interface import example as examples
from pullback.codegen.interface.sizes import completed
from pullback.derive.calculus.derivation import cotangent_name
from pullback.derive.errors import Fault, PullbackError
from pullback.generated import mlp, relu
from tests.shipped import compiled, derived

NAMES = [n for n in library.shipped() if n != "deep_mlp"] + [
    pytest.param("deep_mlp", marks=pytest.mark.slow)
]


@pytest.mark.parametrize("name", NAMES)
def test_a_trace_has_what_the_formulas_say(name):
    """Each value and gradient, worked out entry by entry from the derivation, in 30 digits."""
    found = tracing.trace(compiled(name))
    derivation = derived(name)
    with mpmath.workdps(examples.DIGITS):
        given = {t.name: np.asarray(found[t.name], object) for t in derivation.layer.inputs}
        sizes = sizes_of(derivation.layer, found)
        wanted = examples.worked(derivation, sizes, given)
    upstream = found[cotangent_name(derivation.layer.output.name)]
    if wanted.upstream is not None:
        np.testing.assert_array_equal(wanted.upstream.values, upstream)
    tables = {t.name: t.values for t in wanted.nodes}
    tables |= {cotangent_name(t.name): t.values for t in wanted.gradients}
    given |= dict.fromkeys(map(str, derivation.layer.arguments))
    assert tables.keys() | {*given, cotangent_name(derivation.layer.output.name)} == found.keys()
    for key, values in tables.items():
        assert found[key].shape == values.shape, key
        np.testing.assert_allclose(found[key], values, rtol=1e-12, atol=1e-13, err_msg=key)


def sizes_of(layer, found):
    shown = {
        axis.size: n
        for t in layer.inputs
        for axis, n in zip(t.indices, found[t.name].shape, strict=True)
    }
    shown |= {size: int(found[str(size)]) for size in layer.arguments}
    return completed(layer, shown)


def test_the_names_come_in_order():
    assert " ".join(pullback.trace(mlp)) == (
        "x W c w b y lamda dL u h z p ell L dell dz dw db dh du dW dc"
    )


@pytest.mark.parametrize("scale", [1.0, 1e3, 1e4])
def test_extreme_inputs(scale):
    z = scale * np.array([[1.0, -1.0, 0.5], [-0.25, 1.0, -1.0]])
    found = pullback.trace("softmax_cross_entropy", {"z": z, "y": [1, 0]})
    exact = [[mpmath.exp(v - max(row)) for v in row] for row in z.tolist()]
    p = np.array([[float(e / sum(row)) for e in row] for row in exact])
    np.testing.assert_allclose(found["p"], p, rtol=1e-12)
    np.testing.assert_allclose(found["dz"], p - np.eye(3)[[1, 0]], atol=1e-15)
    assert np.isfinite(found["L"]).all()


def test_leading_axes_stand_as_they_came():
    for lead in ((), (4,), (2, 3), (0,)):
        found = pullback.trace(
            "affine", {"x": np.ones((*lead, 2)), "W": np.ones((2, 3)), "c": np.ones(3)}
        )
        assert found["u"].shape == found["du"].shape == (*lead, 3)
        assert found["dx"].shape == (*lead, 2)


def test_inputs_are_not_changed_and_shared_with_nothing():
    u = np.array([-1.0, 2.0])
    found = pullback.trace(relu, {"u": u, "dh": [1, 2]})
    found["u"][:] = found["h"][:] = 7
    assert u.tolist() == [-1, 2] and found["du"].tolist() == [0, 2]


def test_all_kinds_of_layers():
    made = pullback.layer("u[n, k] = sum(d, x[n, d] * W[d, k])")
    inputs = {"x": [[1, 2]], "W": [[1, 0], [0, 1]]}
    assert pullback.trace(made, inputs)["dW"].tolist() == [[1, 1], [2, 2]]
    assert pullback.trace(pullback.load("relu"), {"u": 3})["du"].tolist() == 1
    with pytest.raises(PullbackError, match="numpy is not that of a shipped layer"):
        pullback.trace(np)
    with pytest.raises(TypeError, match="came int"):
        pullback.trace(3)


def test_a_module_of_another_definition_is_refused(monkeypatch):
    monkeypatch.setattr(relu, "__doc__", "Digest of the definition: 0000000000000000")
    with pytest.raises(PullbackError, match="as it is now"):
        pullback.trace(relu)


@pytest.mark.parametrize(
    ("inputs", "error"),
    [
        ({"v": 1}, "there is no input 'v': relu takes u, and may be given dh"),
        ({}, "u: not given"),
        ({"u": [[1], [2, 3]]}, "rows are not of one length"),
        ({"u": ["a"]}, "u: wanted are real numbers"),
        ({"u": [None]}, "u: wanted are real numbers"),
        ({"u": [1j]}, "u: wanted are real numbers"),
    ],
)  # fmt: skip
def test_other_inputs_are_refused(inputs, error):
    with pytest.raises(PullbackError, match=error):
        pullback.trace("relu", inputs)


def test_shapes_are_refused_as_by_the_module():
    with pytest.raises(ValueError, match=r"dh has shape \(1,\); it must be \(2,\)"):
        pullback.trace("relu", {"u": [1, 2], "dh": [1]})
    with pytest.raises(ValueError, match=r"y\[1\] is 5"):
        pullback.trace("softmax_cross_entropy", {"z": [[1, 2], [3, 4]], "y": [0, 5]})


def test_modules_that_differ_are_a_fault(monkeypatch):
    made = compile_definition("relu", library.find("relu")[1], library.shipped_source)
    text = tracing.every_value
    monkeypatch.setattr(tracing, "every_value", lambda d: text(d).replace("dh *", "2 * dh *"))
    with pytest.raises(Fault, match="differ in du"):
        tracing.trace(made, {"u": [1.0, 2.0]})


# -- the command -----------------------------------------------------------------------------------


def run(capsys, *arguments):
    status = main(["trace", *map(str, arguments)])
    return status, *capsys.readouterr()


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_numbers_from_a_file(tmp_path, capsys, suffix):
    path = tmp_path / f"numbers{suffix}"
    if suffix == ".json":
        path.write_text('{"u": [-1, 2.5], "dh": [3, 4]}', "utf-8")
    else:
        np.savez(path, u=[-1, 2.5], dh=[3, 4])
    assert run(capsys, "relu", "--numbers", path) == (
        0,
        "u  (2)  pre-activations\n    [-1.   2.5]\ndh  ∂ℒ/∂h  (2)\n    [3. 4.]\n"
        "h  (2)  h[n] = max(0, u[n])\n    [0.  2.5]\ndu  ∂ℒ/∂u  (2)\n    [0. 4.]\n",
        "",
    )
    _, out, _ = run(capsys, "relu", "--numbers", path, "--format", "json")
    assert json.loads(out) == {"u": [-1, 2.5], "dh": [3, 4], "h": [0, 2.5], "du": [0, 4]}


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.json", "{", "not read as JSON"),
        ("a.json", "[" * 100_000, "not read as JSON"),
        ("a.json", "[1]", "wanted are inputs by name"),
        ("a.json", '{"u": [1], "dh": [1, 2]}', "dh has shape"),
        ("a.npz", "abc", "no .npz of arrays"),
        ("a.npz", "", "no .npz of arrays"),
    ],
)  # fmt: skip
def test_other_files_are_refused(tmp_path, capsys, name, content, error):
    (tmp_path / name).write_text(content, "utf-8")
    status, out, problem = run(capsys, "relu", "--numbers", tmp_path / name)
    assert (status, out) == (2, "") and error in problem and name in problem


def test_objects_in_a_file_are_not_loaded(tmp_path, capsys):
    np.savez(tmp_path / "a.npz", u=np.array([{}], object))
    status, _, problem = run(capsys, "relu", "--numbers", tmp_path / "a.npz")
    assert status == 2 and "no .npz of arrays" in problem


def test_what_is_no_number_is_null(tmp_path, capsys):
    (tmp_path / "a.json").write_text('{"u": [NaN, Infinity]}', "utf-8")
    _, out, _ = run(capsys, "relu", "--numbers", tmp_path / "a.json", "--format", "json")
    assert json.loads(out)["h"] == [None, None]
