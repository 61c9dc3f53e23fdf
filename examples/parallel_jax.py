"""Train the generated perceptron on several devices with JAX, by rows and by columns of W.

The devices are virtual ones of this processor; on others the same lines run.
"""

import argparse
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

import pullback
from examples.parallel import LAMDA, MOMENTUM, STEP, Problem, alone, furthest, problem, shown

COLLECTIVES = "all-reduce|all-gather|reduce-scatter|all-to-all|collective-permute"
WIDTHS = {"pred": 1, "s32": 4, "u32": 4, "f32": 4, "s64": 8, "u64": 8, "f64": 8}
ROWS = {"x": P("devices"), "y": P("devices")}
COLUMNS = {"W": P(None, "devices"), "c": P("devices"), "w": P("devices", None)}


class Found(NamedTuple):
    """The weights, and the bytes that each device hands to each kind of collective in a step."""

    weights: dict[str, Any]
    collectives: dict[str, int]


def collectives(text: str) -> dict[str, int]:
    """The bytes of the arrays that go into collectives, read off a compiled program."""
    found: dict[str, int] = {}
    for types, kind in re.findall(rf"= (.*?) ({COLLECTIVES})(?:-start)?\(", text):
        for dtype, shape in re.findall(r"(\w+)\[([\d,]*)\]", types):
            size = int(np.prod([int(n) for n in shape.split(",") if n]))
            found[kind] = found.get(kind, 0) + WIDTHS[dtype] * size
    return found


def descend(
    loss: Callable[..., Any], given: Problem, at: Callable[[str], Any], steps: int
) -> Found:
    """Some steps of descent; `at` says how an array lies on the devices."""

    @jax.jit
    def step(weights: Any, speed: Any, x: Any, y: Any) -> Any:
        gradients = jax.grad(loss)(weights, x, y)
        speed = jax.tree.map(lambda v, g: MOMENTUM * v + g, speed, gradients)
        return jax.tree.map(lambda w, v: w - STEP * v, weights, speed), speed

    weights = {n: jax.device_put(v, at(n)) for n, v in given.weights.items()}
    speed = jax.tree.map(jax.numpy.zeros_like, weights)
    x, y = jax.device_put(given.x, at("x")), jax.device_put(given.y, at("y"))
    compiled = step.lower(weights, speed, x, y).compile()
    for _ in range(steps):
        weights, speed = compiled(weights, speed, x, y)
    return Found(weights, collectives(compiled.as_text()))


def ways(mlp: ModuleType, given: Problem, devices: int, steps: int) -> dict[str, Found]:
    """The same descent, cut in three ways."""
    mesh = Mesh(np.array(jax.devices()[:devices]), ("devices",))

    def loss(weights: Any, x: Any, y: Any) -> Any:
        return mlp.apply(x, *(weights[n] for n in given.weights), y, LAMDA)

    # JAX finds out what must travel from where the arrays lie
    def lie(cut: dict[str, Any]) -> Callable[[str], Any]:
        return lambda name: NamedSharding(mesh, cut.get(name, P()))

    # each device works on its own rows, and says itself what is added up: see docs/parallel.md
    weight = mlp.parts([len(given.x) // devices] * devices)[0]["L"]

    @jax.shard_map(mesh=mesh, in_specs=(P(), *ROWS.values()), out_specs=P())
    def added(weights: Any, x: Any, y: Any) -> Any:
        return jax.lax.psum(weight * loss(weights, x, y), "devices")

    return {
        "rows, jit": descend(loss, given, lie(ROWS), steps),
        "columns of W, jit": descend(loss, given, lie(COLUMNS), steps),
        "rows, shard_map": descend(added, given, lie(ROWS), steps),
    }


def main() -> None:
    """Train in each way, and print how far the weights are from those of one process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=4, help="virtual devices (%(default)s)")
    parser.add_argument("--rows", type=int, default=1000, help="examples (%(default)s)")
    parser.add_argument("--steps", type=int, default=20, help="steps of descent (%(default)s)")
    asked = parser.parse_args()
    jax.config.update("jax_num_cpu_devices", asked.devices)
    jax.config.update("jax_enable_x64", True)
    given = problem(rows=asked.rows)
    wanted = alone(given, asked.steps)
    z = 8 * asked.rows * len(given.weights["b"])  # what sums over columns come to
    mlp = pullback.compile("mlp", target="jax")
    for way, found in ways(mlp, given, asked.devices, asked.steps).items():
        least = z if way.startswith("columns") else given.bytes
        print(
            shown(way, furthest(found.weights, wanted), sum(found.collectives.values()), least),
            *(f"{kind}: {size:,}" for kind, size in found.collectives.items()),
            sep="; ",
        )


if __name__ == "__main__":
    main()
