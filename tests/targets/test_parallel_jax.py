"""Layers on four devices of JAX: the same numbers as on one, and nothing travels that need not."""

import pytest

from tests.targets.making import needs
from tests.targets.parallel import found

pytestmark = needs("jax")

CODE = """
import json, jax, jax.numpy as jnp, numpy as np
jax.config.update("jax_num_cpu_devices", 4)
jax.config.update("jax_enable_x64", True)
import affine_jax, relu_jax, softmax_cross_entropy_jax, mlp_jax
from jax.sharding import Mesh, PartitionSpec as P
from examples.parallel import alone, furthest, problem
from examples.parallel_jax import collectives, ways

# the example, by each of its ways
given = problem(rows=200)
wanted = alone(given, 20)
trained = {
    way: [furthest(f.weights, wanted), f.collectives]
    for way, f in ways(mlp_jax, given, 4, 20).items()
}

# columns by hand: W's columns, and so w's rows, are apart; what the parts of the sum have in
# common is taken off
x, y, (W, c, w, b) = given.x, given.y, given.weights.values()
mesh = Mesh(np.array(jax.devices()), ("k",))
*ones, rest = (weight["u"] for weight in affine_jax.parts([24] * 4, "d"))
assert ones == [1.0] * 4 and rest == -3.0

def perceptron(x, W, c, w, b, y):
    h = relu_jax.apply(affine_jax.apply(x, W, c))
    once = jnp.where(jax.lax.axis_index("k") == 0, rest, 0.0)
    part = affine_jax.apply(h, w, b) + once * affine_jax.apply(h[:, :0], w[:0], b)
    return softmax_cross_entropy_jax.apply(jax.lax.psum(part, "k"), y).mean()

specs = (P(), P(None, "k"), P("k"), P("k"), P(), P())
cut = jax.shard_map(perceptron, mesh=mesh, in_specs=specs, out_specs=P())
step = jax.jit(jax.value_and_grad(cut, argnums=(1, 2, 3, 4)))
L, gradients = step(x, W, c, w, b, y)
one, wanted = jax.value_and_grad(mlp_jax.apply, argnums=(1, 2, 3, 4))(x, W, c, w, b, y, 0.0)
far = max(float(abs(a - v).max()) for a, v in zip((L, *gradients), (one, *wanted)))
text = step.lower(x, W, c, w, b, y).compile().as_text()
by_hand = [far, collectives(text)]

result = {"trained": trained, "by hand": by_hand}
print(json.dumps({**result, "weights": given.bytes, "z": 8 * 200 * 10, "b": b.nbytes}))
"""


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    names = ["affine", "relu", "softmax_cross_entropy", "mlp"]
    return found(CODE, tmp_path_factory.mktemp("jax"), "jax", names)


@pytest.mark.parametrize("way", ["rows, jit", "columns of W, jit", "rows, shard_map"])
def test_twenty_steps_on_four_devices_are_those_on_one(result, way):
    furthest, _ = result["trained"][way]
    assert furthest <= 1e-12


@pytest.mark.parametrize("way", ["rows, jit", "rows, shard_map"])
def test_of_rows_gradients_are_added_up_and_nothing_else_travels(result, way):
    assert result["trained"][way][1] == {"all-reduce": result["weights"]}


def test_of_columns_the_sums_over_them_travel_and_no_weights(result):
    assert result["trained"]["columns of W, jit"][1] == {"all-reduce": result["z"]}


def test_columns_by_hand(result):
    far, collectives = result["by hand"]
    assert far <= 1e-12
    assert {*collectives} == {"all-reduce"}
    assert result["z"] <= collectives["all-reduce"] <= result["z"] + 2 * result["b"]
