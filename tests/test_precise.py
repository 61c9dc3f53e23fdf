"""Precise modules: a few ULPs off where others lose hundreds, and otherwise as every module."""

import numpy as np
import pytest

from bench import accuracy
from bench.accuracy_peers import precisely, pullback
from bench.ours import step, targeted
from pullback.codegen.faces import cli
from tests.definitions import facts
from tests.samples import cotangent, draw, module, sizes_of
from tests.test_workspace import allocated, large, work_of

LIMIT = 6  # ULPs
NAMES = ("softmax_cross_entropy", "layer_norm", "mlp")


@pytest.fixture(scope="module")
def modules():
    return {name: targeted(name, "numpy-precise") for name in NAMES}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("regime", ["N(0, 100²)", "right class ahead by 45"])
def test_ulps_of_the_loss_and_its_gradients(regime, dtype):
    by = {"precise": precisely("softmax_cross_entropy"), "plain": pullback("softmax_cross_entropy")}
    found = accuracy.measured("softmax_cross_entropy", regime, dtype, by)
    for quantity, errors in found.items():
        assert not any(errors["precise"].flaws.values()), quantity
        assert errors["precise"].largest <= LIMIT, quantity
    if dtype == "float64":  # and the check can fail
        assert found["others"]["plain"].largest > LIMIT


@pytest.mark.parametrize("name", NAMES)
def test_float32_is_worked_in_float64_and_rounded_once(modules, name):
    layer, rng = facts(name), np.random.default_rng(0)
    inputs = draw(layer, sizes_of(layer), rng, "normal", "float32")
    g = cotangent(layer, inputs, rng, "float32")
    wide = [np.float64(v) if np.asarray(v).dtype.kind == "f" else v for v in inputs.values()]
    found = step(modules[name], [*inputs.values()], g)()
    wanted = step(module(name), wide, np.float64(g))()
    for value, exact in zip(found, wanted, strict=True):
        assert value.dtype == np.float32
        np.testing.assert_allclose(value, exact, rtol=1.01 * 2**-24, atol=1e-30)
    given = (tuple(inputs.values()), tuple(v for n, v in inputs.items() if n in layer.wrt))
    for value, exact in zip(
        modules[name].jvp(*given),
        module(name).jvp(tuple(wide), tuple(map(np.float64, given[1]))),
        strict=True,
    ):
        assert value.dtype == np.float32
        np.testing.assert_allclose(value, exact, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
def test_workspaces_hold_the_conversions_too(modules, name, dtype):
    inputs, g = large(name, dtype)
    assert allocated(modules[name], inputs, g) <= 2**20
    work = work_of(modules[name], inputs)
    plain = step(modules[name], [*inputs.values()], g)()
    output, cache = modules[name].forward(*inputs.values(), work=work)
    for value, wanted in zip((output, *modules[name].backward(g, cache)), plain, strict=True):
        np.testing.assert_array_equal(value, wanted)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_beside_infinities_it_is_as_the_plain_module(modules, value):
    z, y = np.array([[value, 0.0, 1.0], [2.0, -1.0, value]]), np.array([1, 0])
    with np.errstate(invalid="ignore"):
        for dtype in ("float32", "float64"):
            found = step(
                modules["softmax_cross_entropy"], (z.astype(dtype), y), np.ones(2, dtype)
            )()
            wanted = step(
                module("softmax_cross_entropy"), (z.astype(dtype), y), np.ones(2, dtype)
            )()
            for a, b in zip(found, wanted, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-6)


def test_the_command_writes_them(tmp_path, capsys):
    assert cli.main(["generate", "softmax", "--precise", "--out", str(tmp_path)]) == 0
    text = (tmp_path / "softmax.py").read_text(encoding="utf-8")
    assert "Made to be precise" in text and "_exp_difference(" in text
    assert "Made to be precise" not in (module("softmax").__doc__ or "")
