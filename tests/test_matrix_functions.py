"""Inverses, determinants and systems of whole matrices, through every stage.

`tests/matrices_functions/` holds one definition a file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pullback.codegen.compiler import files
from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.codegen.targets.plain.module import emission as plain
from pullback.derive.calculus.derivation import derive
from pullback.derive.errors import DefinitionError
from pullback.derive.read.definition import read_definition
from pullback.derive.read.reader import read_equations, read_layer
from tests.autodiff import Point, text_facts
from tests.shipped import compiled_from, derivation_of

FOLDER = Path(__file__).parent / "matrices_functions"
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))
LONG = {"kalman", "gaussian_process", "gaussian", "ridge", "mahalanobis", "of_values"}
FIRST = [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in NAMES]


def text(name: str) -> str:
    """A definition's text."""
    return (FOLDER / f"{name}.toml").read_text(encoding="utf-8")


def made(layer: Any, target: Any = module) -> Any:
    """The module of a layer."""
    derivation = derive(layer)
    found = target(derivation, lower(derivation))
    return loaded(getattr(found, "module", found), layer)


def drawn(facts: Any, seed: int) -> dict[str, Any]:
    """Inputs with sizes of their own; square matrices are far from singular."""
    rng = np.random.default_rng(seed)
    roots = dict.fromkeys(a for axes in facts.axes.values() for a in axes)
    sizes = {root: 2 + (i + seed) % 3 for i, root in enumerate(roots)}
    inputs = {}
    for name, axes in facts.axes.items():
        value = rng.normal(size=[sizes[a] for a in axes])
        if len(axes) > 1 and axes[-1] == axes[-2]:
            value = value @ np.swapaxes(value, -1, -2) + 0.3 * value + np.eye(value.shape[-1])
        inputs[name] = np.asarray(abs(value) if not axes else value)
    return inputs


@pytest.mark.parametrize("target", [module, plain])
@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_those_of_autograd(name: str, target: Any) -> None:
    """Values and gradients beside autograd's numpy.linalg, which shares nothing with ours."""
    found = made(read_layer(name, text(name)), target)
    facts = text_facts(read_definition(name, text(name)), {}.__getitem__)
    for seed in range(3):
        inputs = drawn(facts, seed)
        point = Point(facts, inputs)
        wanted = point.output()
        output, cache = found.forward(*inputs.values())
        np.testing.assert_allclose(output, wanted, rtol=1e-11, atol=1e-11)
        g = np.random.default_rng(seed + 9).normal(size=np.shape(wanted))
        gradients = found.backward(g[()], cache)
        gradients = gradients if isinstance(gradients, tuple) else (gradients,)
        for gradient, exact in zip(gradients, point.gradients(g), strict=True):
            limit = 1e-10 * max(1, np.abs(exact).max())
            np.testing.assert_allclose(gradient, exact, rtol=0, atol=limit)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", FIRST)
def test_each_step_is_proved_for_every_size_and_the_files_pass(name: str) -> None:
    """Compiling runs the module's own tests: the text as loops, on dual numbers."""
    compiled = compiled_from(name, text(name))
    left = [what for what, found in compiled.proof.steps if not found.every_size]
    assert left == [] and files(compiled)


def test_no_inverse_is_multiplied_by() -> None:
    """Where a sum runs along an inverse a system is solved, in values and in gradients."""
    for name in ("gaussian", "mahalanobis", "ridge", "systems", "columns", "kalman"):
        derivation = derivation_of(name, text(name))
        source = getattr(plain(derivation, lower(derivation)), "module", "")
        assert "np.linalg.solve" in source
        assert ("np.linalg.inv" in source) == (name == "gaussian")  # the slope of logdet is one


# -- the edges of numbers --------------------------------------------------------------------------
SOLVE = "x[n, j] = solve(A[n, i, j], b[n, i])"


def test_singular_matrices_raise_what_numpy_raises() -> None:
    """Values that are there are given; their gradients need an inverse."""
    singular = np.ones((1, 2, 2))
    with pytest.raises(np.linalg.LinAlgError):
        made(read_equations("layer", "B[n, i, j] = inv(A[n, i, j])")).forward(singular)
    with pytest.raises(np.linalg.LinAlgError):
        made(read_equations("layer", SOLVE)).forward(singular, np.ones((1, 2)))
    found = made(read_equations("layer", "d[n] = det(A[n, i, j])"))
    value, cache = found.forward(singular)
    assert value == 0
    with pytest.raises(np.linalg.LinAlgError):
        found.backward(np.ones(1), cache)
    found = made(read_equations("layer", "d[n] = logdet(A[n, i, j])"))
    with np.errstate(divide="ignore"):
        assert found.forward(singular)[0] == -np.inf


@pytest.mark.parametrize("target", [module, plain])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtypes_empty_batches_and_nan(target: Any, dtype: str) -> None:
    """The dtype stays, a batch may be empty, NaN goes through."""
    found = made(read_equations("layer", SOLVE), target)
    for count in (0, 1, 3):
        a = (np.eye(2) + np.zeros((count, 2, 2))).astype(dtype)
        x, cache = found.forward(a, np.ones((count, 2), dtype))
        gradients = found.backward(np.ones_like(x), cache)
        assert x.shape == (count, 2) and {x.dtype, *(g.dtype for g in gradients)} == {x.dtype}
        assert x.dtype == dtype and gradients[0].shape == a.shape
    a[0, 0, 0] = np.nan
    assert np.isnan(found.forward(a, np.ones((3, 2), dtype))[0][0]).any()


def test_large_determinants_do_not_overflow() -> None:
    """The log of a determinant is there where the determinant itself is not."""
    found = made(read_equations("layer", "L = logdet(A[i, j])"))
    for scale in (1e-300, 1e300, -1e4):
        value, cache = found.forward(np.eye(3) * scale)
        assert np.isclose(value, 3 * np.log(abs(scale)), rtol=1e-14)
        np.testing.assert_allclose(found.backward(1.0, cache).dA, np.eye(3) / scale, rtol=1e-14)


def test_a_matrix_that_is_not_square_is_named() -> None:
    """The check of sizes says it."""
    found = made(read_equations("layer", "L = logdet(A[i, j])"))
    with pytest.raises(ValueError, match=r"A has shape \(2, 3\)"):
        found.forward(np.ones((2, 3)))


# -- what is refused -------------------------------------------------------------------------------
REFUSED = [
    ("L = det(A)", "takes a matrix by two axes"),
    ("L[i] = det(A[i, i])", "takes a matrix by two axes"),
    ("L = det(A[i, j] + B[i, j])", "takes a matrix by two axes"),
    ("x[j] = solve(A[i, j])", "takes a matrix by two axes"),
    ("B[i] = inv(A[i, j])", "'j' is not bound"),
    ("x[i] = solve(A[i, j], b[i])", "the axis 'i' is in use here already"),
    ("L[i] = logdet(A[i, j])", "the axis 'i' is in use here already"),
    ("x[n] = solve(A[n, i, j], b[n, i])", "'j' is not bound"),
    ("L = det(A[n, i, j])", "'n' is not bound"),
]


@pytest.mark.parametrize(("equation", "words"), REFUSED)
def test_what_is_no_matrix_is_refused(equation: str, words: str) -> None:
    """With what to write."""
    with pytest.raises(DefinitionError, match=words):
        read_equations("layer", equation)
