"""Recurrences in the words of libraries: their own loops, prefix scans, no steps."""

import numpy as np
import pytest

from pullback.codegen.targets.functional.module_test import NEEDS
from tests.targets.making import needs, own

LIBRARIES = [
    pytest.param(name, marks=needs(NEEDS[name.replace("-", "_")][0]))
    for name in ("array-api", "torch", "jax")
]
TANH = """
s[n, -1, k] = s0[n, k]
s[n, t, k] = tanh(x[n, t, k] + sum(j, s[n, t - 1, j] * U[j, k]))
y[n, t, k] = s[n, t, k]
"""
AVERAGE = """
s[size(t), k] = 0
s[t, k] = a[t, k] * s[t + 1, k] + (1 - a[t, k]) * x[t, k]
y[t, k] = s[t, k]
"""
SUMS = "s[..., -1] = 0\ns[..., t] = s[..., t - 1] + x[..., t]\ny[..., t] = s[..., t]"
TWO = "f[0] = c\nf[1] = d\nf[t] = f[t - 1] * a[t] + f[t - 2] * b[t]\ny[t] = f[t]"


def arrays_of(target):
    return pytest.importorskip({"array-api": "numpy", "jax": "jax.numpy"}.get(target, target))


@pytest.fixture(autouse=True)
def _in_float64():
    """JAX takes float32 without."""
    try:
        import jax
    except ImportError:
        yield
        return
    with jax.enable_x64(True):
        yield


def by_steps(equations, a, x):
    """The states by a loop here."""
    s, before = np.zeros_like(x), np.zeros(x.shape[1:])
    for t in reversed(range(len(x))):
        before = s[t] = a[t] * before + (1 - a[t]) * x[t]
    return s


@pytest.mark.parametrize("target", LIBRARIES)
@pytest.mark.parametrize("steps", [0, 1, 2, 9])
def test_any_number_of_steps(target, steps):
    library, rng = arrays_of(target), np.random.default_rng(steps)
    x, u, start = rng.normal(size=(2, steps, 3)), rng.normal(size=(3, 3)), rng.normal(size=(2, 3))
    made = own(TANH, target)
    value, cache = made.forward(**{k: library.asarray(v) for k, v in
                                   {"x": x, "U": u, "s0": start}.items()})  # fmt: skip
    s = start
    for t in range(steps):
        s = np.tanh(x[:, t] + s @ u)
        np.testing.assert_allclose(np.asarray(value)[:, t], s, rtol=1e-12)
    assert value.shape == x.shape
    found = made.backward(library.asarray(np.ones(x.shape)), cache)
    assert sorted(g.shape for g in found) == sorted([x.shape, u.shape, start.shape])
    assert all(np.isfinite(np.asarray(g)).all() for g in found)


@pytest.mark.parametrize("target", LIBRARIES)
@pytest.mark.parametrize("steps", [0, 1, 6])
def test_running_sums(target, steps):
    library, made = arrays_of(target), own(SUMS, target)
    x = np.random.default_rng(0).normal(size=(2, 3, steps))
    value, cache = made.forward(library.asarray(x))
    np.testing.assert_allclose(np.asarray(value), np.cumsum(x, -1), rtol=1e-12, atol=1e-12)
    (dx,) = made.backward(library.asarray(x), cache)
    wanted = np.cumsum(x[..., ::-1], -1)[..., ::-1]
    np.testing.assert_allclose(np.asarray(dx), wanted, rtol=1e-12, atol=1e-12)


@needs("jax")
@pytest.mark.parametrize("equations", [TANH, AVERAGE, SUMS, TWO])
def test_jax_has_no_loop_over_steps_and_traces_as_much_for_many(equations):
    import jax

    made = own(equations, "jax")
    shapes = {"s0": (2, 3), "U": (3, 3), "c": (), "d": ()}

    def count(steps):
        three = {"x": (2, steps, 3)} if equations == TANH else {"x": (steps, 3), "a": (steps, 3)}
        three = {"a": (steps,), "b": (steps,)} if equations == TWO else three
        names = made.forward.__wrapped__ if hasattr(made.forward, "__wrapped__") else made.forward
        given = names.__code__.co_varnames[: names.__code__.co_argcount]
        arrays = [np.ones({**shapes, **three}[n]) for n in given]
        text_ = str(jax.make_jaxpr(jax.grad(lambda *v: made.apply(*v).sum()))(*arrays))
        return text_.count("\n")

    assert count(256) <= 2 * count(16)  # a prefix scan has four rounds more


@needs("jax")
@pytest.mark.parametrize("steps", [0, 1, 2, 7, 64])
@pytest.mark.parametrize("back", [False, True])
def test_a_prefix_scan_gives_what_steps_in_order_give(steps, back):
    """Also where a product of slopes leaves what floats can hold, and where slopes are 0."""
    import jax

    made, rng = own(AVERAGE, "jax"), np.random.default_rng(steps)
    for kind in ("normal", "large", "zeros"):
        a, b = rng.normal(size=(2, steps, 3))
        if kind == "large":
            a, b = a * 10.0 ** rng.integers(-200, 200, size=a.shape), b * (np.arange(3) != 1)
        if kind == "zeros":
            a = a * rng.integers(0, 2, size=a.shape)
        exact, before = np.zeros_like(b), np.zeros(3)
        with np.errstate(all="ignore"):
            for t in reversed(range(steps)) if back else range(steps):
                before = exact[t] = a[t] * before + b[t]
        for function in (made._prefixes, made._in_order, made._solved):
            found = jax.jit(function, static_argnums=2)(a, b, back)
            top = np.max(np.abs(exact[np.isfinite(exact)]), initial=1.0)
            np.testing.assert_allclose(found, exact, rtol=1e-12, atol=1e-12 * top)


@needs("jax")
def test_an_average_from_the_end_and_its_derivatives_in_jax():
    """Value, gradient, tangent and the derivative of the gradient beside JAX's own of a loop."""
    import jax
    from jax import numpy as jnp

    made, rng = own(AVERAGE, "jax"), np.random.default_rng(0)
    names = made.forward.__wrapped__.__code__.co_varnames[:2]
    x, a = rng.normal(size=(2, 9, 3))
    given = [jnp.asarray({"x": x, "a": a}[n]) for n in names]
    v = [jnp.cos(jnp.arange(27.0)).reshape(9, 3), jnp.sin(jnp.arange(27.0)).reshape(9, 3)]
    w = jnp.asarray(rng.normal(size=(9, 3)))

    def direct(*values):
        named = dict(zip(names, values, strict=True))
        s, found = jnp.zeros(3), []
        for t in reversed(range(9)):
            s = named["a"][t] * s + (1 - named["a"][t]) * named["x"][t]
            found.insert(0, s)
        return jnp.stack(found)

    def results(f, forward):
        gradient = jax.grad(lambda *u: (w * f(*u) ** 2).sum(), argnums=(0, 1))

        def along(*u):
            return sum((g * d).sum() for g, d in zip(gradient(*u), v, strict=True))

        slopes = jax.grad(along, argnums=(0, 1))
        return [f(*given), *gradient(*given), *slopes(*given), jax.jvp(forward, given, v)[1]]

    ours = results(made.apply, made.apply_forward_mode)
    for found, wanted in zip(ours, results(direct, direct), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12 * float(abs(wanted).max()))


@needs("jax")
@pytest.mark.parametrize("equations", [TANH, AVERAGE])
def test_what_each_device_of_a_shard_map_has(equations):
    """States begin as zeros that vary along the devices as what comes out of a step does."""
    import jax
    from jax.sharding import Mesh, PartitionSpec

    made = own(equations, "jax")
    axis = 0 if equations == TANH else 1
    x = np.random.default_rng(0).normal(size=(2, 5, 3) if equations == TANH else (5, 3))
    more = {"U": np.eye(3), "s0": np.ones((2, 3))} if equations == TANH else {"a": x * 0.5}
    cut = PartitionSpec(*[None] * axis, "m")
    given = {"x": x, **more}
    specs = {n: PartitionSpec() if n == "U" else cut for n in given}
    names = made.forward.__wrapped__.__code__.co_varnames[: len(given)]
    mesh = Mesh(np.array(jax.devices()[:1]), ("m",))
    arrays = [jax.numpy.asarray(given[n]) for n in names]
    mapped = jax.shard_map(
        made.apply, mesh=mesh, in_specs=tuple(specs[n] for n in names), out_specs=cut
    )
    np.testing.assert_allclose(jax.jit(mapped)(*arrays), made.apply(*arrays), rtol=1e-12)


@needs("jax")
def test_a_state_has_the_type_of_what_comes_out():
    """An input of fewer digits than another is no state that loses them."""
    from jax import numpy as jnp

    made = own(TANH, "jax")
    names = made.forward.__wrapped__.__code__.co_varnames[:3]
    rng = np.random.default_rng(0)
    arrays = {"x": rng.normal(size=(2, 4, 3)), "U": rng.normal(size=(3, 3)), "s0": np.ones((2, 3))}
    types = {"x": jnp.float32, "U": jnp.float64, "s0": jnp.float32}
    value, _ = made.forward(*(jnp.asarray(arrays[n], types[n]) for n in names))
    assert value.dtype == jnp.float64


@needs("jax")
def test_called_again_outside_of_jit_nothing_is_compiled_anew():
    made = own(TANH, "jax")
    names = made.forward.__wrapped__.__code__.co_varnames[:3]
    given = {"x": np.ones((2, 4, 3)), "U": np.eye(3), "s0": np.ones((2, 3))}
    for _ in range(2):
        made.forward(*(given[n] for n in names))
    assert made.forward._cache_size() == 1
