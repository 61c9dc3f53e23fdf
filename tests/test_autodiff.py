"""Generated modules beside HIPS autograd, which runs every definition from its syntax trees."""

from math import prod

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pullback.derive.read.trees import BATCH
from tests.autodiff import Point
from tests.definitions import facts
from tests.places import enlarged
from tests.samples import NAMES, STRICT, cotangent, draw, module

LIMIT = 1e-10
LEADING = [(), (1,), (3,), (2, 3)]  # what a module may get where the definition has '...'

every_layer = pytest.mark.parametrize("name", NAMES)


def having(function):
    """The layers whose modules have a function."""
    return [name for name in NAMES if hasattr(module(name), function)]


def scalar(name):
    """Is the output one number?"""
    return not facts(name).out_axes()


class Case:
    """A layer at random inputs: what autograd takes, and what the module takes and gives."""

    def __init__(self, name, data, kind="normal"):
        layer = self.layer = facts(name)
        self.code = module(name)
        self.leading = data.draw(st.sampled_from(LEADING), label="leading axes")
        axes = sorted(set(layer.same.values()))
        sizes = {a: data.draw(st.integers(1, 4), label=f"size of {a}") for a in axes}
        sizes |= {BATCH: prod(self.leading)} if BATCH in sizes else {}
        sizes = enlarged(layer, sizes)
        self.rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1), label="seed"))
        inputs = draw(layer, sizes, self.rng, kind)
        self.g = cotangent(layer, inputs, self.rng, "float64")
        self.point = Point(layer, inputs)
        with np.errstate(all="ignore"):  # as written, with nothing shifted, some rows are 0 / 0
            assume(self.has_values())
        self.inputs = {i: self.unflatten(inputs[i], layer.axes[i]) for i in layer.axes}
        self.inputs |= {name: inputs[name] for name in layer.arguments}
        self.tangents = tuple(self.rng.normal(size=np.shape(inputs[w])) for w in layer.wrt)

    def has_values(self):
        """Are the output and its slopes there, by autograd? A singular matrix has no inverse."""
        try:
            found = [self.point.output(), *self.point.gradients(self.g)]
        except np.linalg.LinAlgError:
            return False
        return all(np.isfinite(array).all() for array in found)

    def unflatten(self, value, axes):
        """An array as a module takes it, with all leading axes."""
        if BATCH not in axes:
            return value
        assert axes[0] == BATCH
        return np.reshape(value, self.leading + np.shape(value)[1:])

    def ours(self, function, *args):
        """What a function of the module returns."""
        with np.errstate(**STRICT):
            return getattr(self.code, function)(*args)

    def directions(self):
        """The tangents as the module takes them."""
        pairs = zip(self.tangents, self.layer.wrt, strict=True)
        return tuple(self.unflatten(t, self.layer.axes[w]) for t, w in pairs)

    def close_output(self, what, found, exact):
        close(what, found, self.unflatten(exact, self.layer.out_axes()))

    def close_gradients(self, what, found, exact):
        assert type(found).__name__ == "Gradients"
        assert found._fields == tuple(f"d{w}" for w in self.layer.wrt)
        for wanted, ours, theirs in zip(self.layer.wrt, found, exact, strict=True):
            axes = self.layer.axes[wanted]
            close(f"{what} by {wanted}", ours, self.unflatten(theirs, axes))


def close(what, found, exact):
    """Every entry to 1e-10, relative or absolute."""
    found, exact = np.asarray(found), np.asarray(exact)
    assert found.dtype == np.float64 and found.shape == exact.shape, what
    np.testing.assert_allclose(found, exact, rtol=LIMIT, atol=LIMIT, err_msg=what)


def cases(function):
    """A test of a few random cases; on the grid ties and kinks are met exactly."""
    function = given(data=st.data())(function)
    function = settings(max_examples=8)(function)
    return pytest.mark.parametrize("kind", ["normal", "grid"])(function)


@every_layer
@cases
def test_output_and_gradients(name, kind, data):
    case = Case(name, data, kind)
    output, kept = case.ours("forward", *case.inputs.values())
    case.close_output("output", output, case.point.output())
    g = case.unflatten(case.g, case.layer.out_axes())
    gradients = case.ours("backward", g, kept)
    case.close_gradients("gradient", gradients, case.point.gradients(case.g))


@pytest.mark.parametrize("name", having("jvp"))
@cases
def test_output_along_tangents(name, kind, data):
    case = Case(name, data, kind)
    output, tangent = case.ours("jvp", tuple(case.inputs.values()), case.directions())
    case.close_output("output", output, case.point.output())
    case.close_output("tangent", tangent, case.point.jvp(case.tangents))


@pytest.mark.parametrize("name", having("hvp"))
@cases
def test_hessian_along_tangents(name, kind, data):
    case = Case(name, data, kind)
    found = case.ours("hvp", tuple(case.inputs.values()), case.directions())
    case.close_gradients("hvp", found, case.point.hvp(case.tangents))


@pytest.mark.parametrize("name", having("jacobian"))
@cases
def test_jacobian(name, kind, data):
    case = Case(name, data, kind)
    found = case.ours("jacobian", *case.inputs.values())
    assert found._fields == tuple(f"d{w}" for w in case.layer.wrt)
    batched = BATCH in case.layer.out_axes()
    for wanted, ours, theirs in zip(case.layer.wrt, found, case.point.jacobian(), strict=True):
        out = (case.leading if batched else ()) + theirs.shape[batched : case.g.ndim]
        shape = out + np.shape(case.inputs[wanted])
        close(f"jacobian by {wanted}", ours, theirs.reshape(shape))


def test_every_module_has_jvp():
    assert having("jvp") == NAMES


def test_every_scalar_module_has_hvp():
    assert having("hvp") == [name for name in NAMES if scalar(name)]


def test_every_module_has_jacobian():
    assert having("jacobian") == NAMES
