"""Definitions that sit at an edge, each through every stage, and its numbers to 60 digits.

Most once went wrong: they are singular in some case (a tie, an empty mask, i = j), their exponents
are large, an axis stands twice, labels point at labels. `tests/edges/` holds one definition a file.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pullback.codegen import library
from pullback.codegen.compiler import compile_definition, files
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.derive.read.definition import read_definition
from pullback.derive.read.trees import Operation, Ref, walk
from tests.autodiff import text_facts
from tests.definitions import Facts
from tests.reference import MP, Exact, jacobians_of, pull
from tests.strategies import limited

EDGES = Path(__file__).parent / "edges"
NAMES = sorted(path.stem for path in EDGES.glob("*.toml"))
SECONDS = 240  # to read, derive, prove and emit one definition, which takes under 60 mostly
TRIES = 60  # draws for a point at which the forward pass is a real number
LIMIT = 1e-12  # relative to the largest entry of the array, or to 1
ORDINARY = (1.0, 0.3, 3.0)
EXTREME = (1e3, -1e3, 1e4)
# exact as formulas, but with differences of large numbers that no rewriting can take away:
# distances of points that are 1e4 away lose what their coordinates' rounding loses
CANCELLING = {
    "distance_matrix", "energy_without_diagonal", "gaussian_mixture", "gaussian_mixture_unit",
    "t_sne", "triplet", "triplet_batch_hard", "pair_energy", "value_of_gathered_rows",
}  # fmt: skip
# its own tests work out loops over six axes, which takes a minute
MANY_AXES = {"weighted_mean_of_volumes"}
# the loops divide by 0 where a mask leaves a term out, so they say nothing
BEYOND_LOOPS = {"t_sne"}


def source(name: str) -> str:
    """The text of a definition."""
    return (EDGES / f"{name}.toml").read_text(encoding="utf-8")


@cache
def facts_of(name: str) -> Facts:
    """What the text says, read from the parser's trees alone."""

    def nothing(called: str) -> Any:
        raise KeyError(called)

    return text_facts(read_definition(name, source(name)), nothing)


@cache
def code(name: str) -> ModuleType:
    """The module, every stage before it passed in time."""
    with limited(SECONDS):
        made = compile_definition(name, source(name), library.shipped_source)
    if name in MANY_AXES:
        return loaded(module(made.derivation, made.program), made.layer)
    text = files(made)[f"{name}.py"]
    return loaded(text, made.layer)


def draw(layer: Facts, rng: np.random.Generator, scale: float, attempt: int) -> dict[str, Any]:
    """Inputs; every other draw is positive, and every fourth has one tensor alone scaled."""
    roots = [*layer.same.values(), *(a for axes in layer.axes.values() for a in axes)]
    sizes = {a: 2 + i % 3 for i, a in enumerate(dict.fromkeys([*roots, *layer.labels.values()]))}
    if layer.assume:  # facts of rows and of columns may need a square
        sizes = dict.fromkeys(sizes, 3)
    inputs = {}
    real = [name for name in layer.axes if name not in layer.labels]
    chosen = {real[rng.integers(len(real))]} if attempt % 4 > 1 or abs(scale) > 100 else {*real}
    for name, axes in layer.axes.items():
        shape = tuple(sizes[a] for a in axes)
        if name in layer.labels:
            inputs[name] = rng.integers(sizes[layer.labels[name]], size=shape)
        else:
            value = rng.normal(size=shape) * (scale if name in chosen else 1.0)
            inputs[name] = np.asarray(np.abs(value) if attempt % 2 else value)
    if layer.assume:
        keep(layer, inputs)
    return inputs


def keep(layer: Facts, inputs: dict[str, Any]) -> None:
    """Move the tensors that are assumed about to the nearest ones for which all facts hold."""
    moved = [n for n in layer.axes if any(r.name == n for f in layer.assume for r in refs(f))]
    start = np.concatenate([inputs[n].ravel() for n in moved])

    def rests(entries: np.ndarray) -> np.ndarray:
        for name, part in zip(moved, np.split(entries, cuts), strict=True):
            inputs[name] = part.reshape(inputs[name].shape)
        return np.array(
            [float(rest) for fact in layer.assume for rest in rests_of(layer, fact, inputs)]
        )

    cuts = np.cumsum([inputs[n].size for n in moved])[:-1]
    at_zero = rests(np.zeros_like(start))
    slopes = np.stack([rests(unit) - at_zero for unit in np.eye(start.size)], axis=1)
    rests(start - np.linalg.pinv(slopes) @ (slopes @ start + at_zero))


def refs(fact: Operation) -> list[Ref]:
    """The names in a fact."""
    return [part for part in walk(fact) if isinstance(part, Ref)]


def rests_of(layer: Facts, fact: Operation, inputs: dict[str, Any]) -> list[Any]:
    """Left less right side of a linear fact, at all its places."""
    exact = Exact(layer, inputs)
    bare = {r.name for r in refs(fact) if r.indices is None}
    free = dict.fromkeys(i.name for r in refs(fact) for i in r.indices or () if i.name not in bare)
    places = product(*(range(exact.axis_size(axis)) for axis in free))
    return [
        exact.build(fact.left, at) - exact.build(fact.right, at)
        for at in (dict(zip(free, place, strict=True)) for place in places)
    ]


def point(layer: Facts, seed: int, scale: float) -> tuple[dict[str, Any], np.ndarray] | None:
    """Inputs at which the forward pass is real, and its output to 60 digits."""
    rng = np.random.default_rng(seed)
    for attempt in range(TRIES):
        inputs = draw(layer, rng, scale, attempt)
        try:
            exact = Exact(layer, inputs).output()
        except (ZeroDivisionError, ValueError):
            continue
        if all(MP.im(v) == 0 and MP.isfinite(v) for v in exact.flat):
            return inputs, exact
    return None


def close(what: str, found: Any, exact: Any, limit: float) -> None:
    """Every entry, relative to the largest of the array or to 1."""
    found, exact = np.asarray(found), np.asarray(exact, object)
    assert found.shape == exact.shape, what
    scale = max([1, *(abs(v) for v in exact.flat)])
    for at in np.ndindex(exact.shape):
        assert np.isfinite(found[at]), f"{what}{list(at)} is {found[at]}, not {exact[at]}"
        error = abs(MP.mpf(float(found[at])) - exact[at])
        assert error <= limit * scale, f"{what}{list(at)} is {found[at]!r}, not {exact[at]}"


def check(name: str, seed: int, scale: float) -> bool:
    """Forward, backward, jvp and value at one point against complex steps; False without a point.

    Some definitions have no point of a large scale at which they are real numbers.
    """
    layer = facts_of(name)
    drawn = point(layer, seed, scale)
    if drawn is None:
        return False
    inputs, exact = drawn
    limit = LIMIT * (abs(scale) if abs(scale) > 100 and name in CANCELLING else 1)
    given = [v if v.shape else v.item() for v in inputs.values()]
    rng = np.random.default_rng(seed)
    shape = np.shape(exact)
    g = np.asarray(rng.normal(size=shape)) if shape else 1.0
    steps = jacobians_of(layer, inputs)
    output, cache_ = code(name).forward(*given)
    close("output", output, exact, limit)
    close("value", code(name).value(*given), exact, limit)
    gradients = code(name).backward(g, cache_)
    names = [field.removeprefix("d") for field in gradients._fields]
    for wanted, gradient in zip(names, gradients, strict=True):
        close(f"d{wanted}", gradient, pull(steps[wanted], g), limit)
    tangents = [np.asarray(rng.normal(size=np.shape(inputs[w]))) for w in names]
    moved = np.full(shape, MP.mpf(0), object)
    for wanted, tangent in zip(names, tangents, strict=True):
        for at in np.ndindex(tangent.shape):
            column = steps[wanted][(..., *at)]
            moved = moved + column * MP.mpf(float(tangent[at]))
    along = tuple(t if t.shape else t.item() for t in tangents)
    close("tangent", code(name).jvp(tuple(given), along)[1], moved, limit)
    return True


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", NAMES)
def test_every_stage_in_time_and_right_numbers(name):
    """The module's own tests too, which `files` runs; then ordinary and extreme points."""
    assert code(name).forward
    assert all(check(name, 1, scale) or name in BEYOND_LOOPS for scale in ORDINARY)
    for scale in EXTREME:
        check(name, 2, scale)
