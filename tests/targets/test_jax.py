"""JAX's own checks of modules for it: both modes, twice, compiled, over a batch, in float32 too."""

import numpy as np
import pytest

from tests.definitions import facts
from tests.targets.making import EACH_JAX, inputs, module

jax = pytest.importorskip("jax", reason="JAX is not installed; make targets has it")
jnp = jax.numpy


def given(name, **more):
    """The module, its inputs as arrays, and those that gradients are by, in their order."""
    arrays = {n: jnp.asarray(v) for n, v in inputs(name, **more).items()}
    return module(name, "jax"), arrays, [n for n in arrays if n in facts(name).wrt]


def of_wanted(function, arrays, wanted):
    """The layer as a function of these inputs."""
    return lambda *values: function(**arrays | dict(zip(wanted, values, strict=True)))


@pytest.mark.parametrize("name", EACH_JAX)
def test_both_modes_once_and_the_reverse_mode_twice(name):
    from jax.test_util import check_grads

    with jax.enable_x64(True):
        made, arrays, wanted = given(name)
        values = [arrays[n] for n in wanted]
        reverse, forward = (
            of_wanted(by_position(f, arrays), arrays, wanted)
            for f in (made.apply, made.apply_forward_mode)
        )
        # by differences: the gradients themselves are held against 30 digits elsewhere
        check_grads(reverse, values, order=2, modes=["rev"], rtol=2e-4, atol=2e-4, eps=1e-5)
        along = [jnp.cos(jnp.arange(v.size, dtype=v.dtype)).reshape(v.shape) for v in values]
        _, pushed = jax.jvp(forward, values, along)
        output, pull = jax.vjp(reverse, *values)
        g = jnp.sin(1 + jnp.arange(output.size, dtype=output.dtype)).reshape(output.shape)
        left = float((g * pushed).sum())
        right = sum(float((a * b).sum()) for a, b in zip(pull(g), along, strict=True))
        assert abs(left - right) <= 1e-11 * (1 + abs(left))


def by_position(function, arrays):
    """custom_jvp takes arguments by position."""
    return lambda **named: function(*(named[n] for n in arrays))


@pytest.mark.parametrize("name", EACH_JAX)
def test_compiled_and_over_a_batch(name):
    with jax.enable_x64(True):
        made, arrays, wanted = given(name)
        function = of_wanted(by_position(made.apply, arrays), arrays, wanted)
        gradient = jax.grad(lambda *v: function(*v).sum(), argnums=tuple(range(len(wanted))))
        values = [arrays[n] for n in wanted]
        plain, compiled = gradient(*values), jax.jit(gradient)(*values)
        batched = jax.vmap(gradient)(*(jnp.stack([v, v]) for v in values))
        for a, b, c in zip(plain, compiled, batched, strict=True):
            top = float(abs(a).max())
            np.testing.assert_allclose(b, a, rtol=1e-9, atol=1e-12 * (1 + top))
            np.testing.assert_allclose(c[1], a, rtol=1e-9, atol=1e-12 * (1 + top))


@pytest.mark.parametrize("name", ["mlp", "softmax", "layer_norm", "embedding"])
def test_in_float32(name):
    made, arrays, _ = given(name, dtype="float32")
    output, cache = made.forward(*arrays.values())
    assert output.dtype == np.float32
    found = made.backward(jnp.ones_like(output), cache)
    assert all(g.dtype == np.float32 for g in found)


def test_sharded_inputs_give_what_whole_ones_give():
    """Rows over as many devices as there are; the result does not say how many."""
    from jax.sharding import Mesh, NamedSharding, PartitionSpec

    made, arrays, _ = given("mlp", dtype="float32", n=4)
    rows = NamedSharding(Mesh(np.array(jax.devices()), ("n",)), PartitionSpec("n"))
    sharded = {n: jax.device_put(v, rows) if n in ("x", "y") else v for n, v in arrays.items()}
    gradient = jax.jit(jax.grad(made.apply, argnums=[*arrays].index("W")))
    np.testing.assert_allclose(gradient(*sharded.values()), gradient(*arrays.values()), rtol=1e-6)


@pytest.mark.parametrize("name", ["mlp", "embedding", "layer_norm"])
def test_gradients_of_what_each_device_of_a_shard_map_has_are_added_up(name):
    """JAX asks for it where types of arrays say which axes of devices they vary along."""
    from jax.sharding import Mesh, PartitionSpec

    with jax.enable_x64(True):
        made, arrays, wanted = given(name)
        first = next(iter(arrays))  # this one is cut, and others are the same everywhere
        specs = {n: PartitionSpec("m") if n == first else PartitionSpec() for n in arrays}
        apart = [n for n in wanted if n != first]

        def loss(*values):
            named = arrays | dict(zip(arrays, values, strict=True))
            return jnp.sum(made.apply(*named.values()) ** 2)

        numbers = [[*arrays].index(n) for n in apart]
        mesh = Mesh(np.array(jax.devices()[:1]), ("m",))
        gradient = jax.grad(lambda *v: jax.lax.psum(loss(*v), "m"), argnums=numbers)
        cut = jax.shard_map(
            gradient, mesh=mesh, in_specs=(*specs.values(),), out_specs=PartitionSpec()
        )
        whole = jax.grad(loss, argnums=numbers)(*arrays.values())
        for a, b in zip(jax.jit(cut)(*arrays.values()), whole, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12 * float(abs(b).max()))


@pytest.mark.parametrize("label", [-1, 0, 2, 5])
def test_an_entry_of_each_row_is_what_jaxs_own_indexing_gives(label):
    made = module("softmax_cross_entropy", "jax")
    x, labels = jnp.arange(12.0).reshape(2, 2, 3), jnp.full((2, 2), label)
    there = jnp.arange(2)
    np.testing.assert_array_equal(
        made._pick_last(x, (there[:, None], there, labels)), x[there[:, None], there, labels]
    )
