"""The output of a layer and its gradients over dask arrays: parts, and sums in one order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Any

import dask.array as da
from dask.delayed import Delayed, delayed

from pullback.codegen.faces.over_dask.inputs import Inputs, read
from pullback.codegen.faces.over_dask.recipes import Key, Recipe, recipes
from pullback.codegen.targets.numpy.loading import named

TOGETHER = 4  # sums that are added up by one task, on the way to the whole one
Sums = list[Any]  # the value of a part and the gradients of whole inputs, weighted


def value_and_grad(
    module: ModuleType,
    *inputs: Any,
    axis: str | None = None,
    groups: int = 16,
    **by_name: Any,
) -> tuple[da.Array, Any]:
    """The output of a layer and its gradients, as dask arrays, which are worked out when asked for.

    Arguments:
        module: a module for NumPy, as it was generated or as `pullback.compile` made it (targets
            numpy, numpy-precise, c). Workers are sent its text, and need this package and NumPy
        inputs: as of the module's `value_and_grad`, in their order or by name. Those that have the
            axis of rows are dask arrays with chunks along it alone; others are given whole
        axis: the letter of the axis that is cut; the first that the module knows if left out
        groups: how many tasks go over the chunks, each over neighbours, one chunk at a time. More
            spread over more workers, and hand on more sums

    Returns (value, gradients), the gradients by the names that the module gives them.

    Sums are taken in an order that follows from the chunks and `groups` alone: results are the same
    to the byte wherever tasks run, and when a worker is lost on the way.

    Raises PullbackError where the layer cannot be cut, TypeError and ValueError where the arrays do
    not fit, with their names.
    """
    if groups < 1:
        raise ValueError(f"groups is {groups}; there must be one at least")
    given = read(module, inputs, by_name, axis)
    sums, laid = parts(given, -(-len(given.counts) // groups))
    while len(sums) > 1:
        sums = [delayed(added)(*sums[k : k + TOGETHER]) for k in range(0, len(sums), TOGETHER)]
    (total,) = sums
    value = da.from_delayed(delayed(given.dtype.type)(total[0]), (), given.dtype)
    added_up = [name for name in given.wanted if name not in given.cut]
    gradients = {
        name: da.from_delayed(total[1 + k], *given.like(name)) for k, name in enumerate(added_up)
    }
    for name, pieces in laid.items():
        gradients[name] = behind_one_another(given, name, pieces)
    return value, module.Gradients(*(gradients[name] for name in given.wanted))


def behind_one_another(given: Inputs, name: str, pieces: Sequence[Delayed]) -> da.Array:
    """The gradient of an input that is cut, whose pieces are those of the parts."""
    shape, dtype = given.like(name)
    along = given.cut[name]
    each = [
        da.from_delayed(piece, (*shape[:along], count, *shape[along + 1 :]), dtype)
        for piece, count in zip(pieces, given.counts, strict=True)
    ]
    return da.concatenate(each, along)


def parts(given: Inputs, run: int) -> tuple[list[Delayed], dict[str, list[Delayed]]]:
    """The sums over each `run` of parts, in order, and the gradients of inputs that are cut."""
    weights = [next(iter(w.values())) for w in given.module.parts(given.counts, given.axis)]
    kept = tuple(name for name in given.wanted if name in given.cut)
    layer = delayed(Layer)(given.name, given.text, (*given.whole,), kept)
    # one value for all, as dask spreads tasks over workers by few things that they read
    whole = delayed(together)(*(delayed(v, traverse=False) for v in given.whole.values()))
    count = len(given.counts)
    runs = [slice(k, min(k + run, count)) for k in range(0, count, run)]
    laid: dict[str, list[Delayed]] = {}
    made = None if kept else recipes([*given.arrays.values()], given.chunks)
    if made is not None:
        shared = [Delayed(key, made.graph) for key in made.shared]
        groups = [Group(weights[r], made.each[r], made.shared) for r in runs]
        sums = [delayed(of_group)(layer, whole, group, *shared) for group in groups]
    else:
        each = [
            delayed(of_part, nout=2)(layer, whole, weight, part)
            for weight, part in zip(weights, chunks_of(given), strict=False)
        ]
        laid = {name: [rest[k] for _, rest in each] for k, name in enumerate(kept)}
        sums = [delayed(added)(*(first for first, _ in each[r])) for r in runs]
    for weight in weights[count:]:  # of an empty part
        sums.append(delayed(of_part, nout=2)(layer, whole, weight, given.empty)[0])
    return sums, laid


def chunks_of(given: Inputs) -> list[dict[str, Delayed]]:
    """The chunks of each part, as tasks of dask's own."""
    return [
        {
            n: Delayed(key, given.arrays[n].dask, layer=given.arrays[n].name)
            for n, key in keys.items()
        }
        for keys in given.chunks
    ]


def added(*sums: Sums) -> Sums:
    """Sums of parts added up, from the first to the last."""
    total, *rest = sums
    for one in rest:
        total = [a + b for a, b in zip(total, one, strict=True)]
    return total


@dataclass(frozen=True)
class Layer:
    """A module by its text: `whole` are inputs of all parts, `kept` gradients that are laid."""

    name: str
    text: str
    whole: tuple[str, ...]
    kept: tuple[str, ...]

    @property
    def module(self) -> ModuleType:
        """The module, made once in each process."""
        return loaded(self.name, self.text)


@lru_cache(maxsize=32)
def loaded(name: str, text: str) -> ModuleType:
    """A module of this text."""
    return named(text, name, f"<pullback {name} over dask {hash(text):x}>")


class Group:
    """Parts that one task goes over; no dataclass, as dask would look for its keys in that."""

    def __init__(
        self, weights: Sequence[float], recipes: Sequence[Recipe], shared: Sequence[Key]
    ) -> None:
        self.weights, self.recipes, self.shared = weights, recipes, shared


def together(*values: Any) -> tuple[Any, ...]:
    """Values as one."""
    return values


def of_part(
    layer: Layer, whole: Sequence[Any], weight: float, arrays: dict[str, Any]
) -> tuple[Sums, list[Any]]:
    """The sums of a part, and the gradients of its own inputs."""
    module = layer.module
    output, cache = module.forward(**arrays, **dict(zip(layer.whole, whole, strict=True)))
    found = module.backward(weight, cache)._asdict()
    kept = [found.pop(f"d{name}") for name in layer.kept]
    return [weight * float(output), *found.values()], kept


def of_group(layer: Layer, whole: Sequence[Any], group: Group, *values: Any) -> Sums:
    """The sums over a group, whose arrays are made here, those of one part after the other.

    Values are those that the recipes share.
    """
    shared = dict(zip(group.shared, values, strict=True))
    total: Sums = []
    for weight, recipe in zip(group.weights, group.recipes, strict=True):
        sums, _ = of_part(layer, whole, weight, recipe.made(shared))
        total = added(total, sums) if total else sums
    return total
