"""What is given to a layer over dask arrays: read, and refused in words where it does not fit."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import dask.array as da
import numpy as np

from pullback.derive.errors import PullbackError


@dataclass(frozen=True)
class Inputs:
    """The inputs of a layer that is cut along an axis: `cut` has its number in each that has it.

    `whole` are those that are given whole to each part.
    """

    module: ModuleType
    axis: str
    cut: Mapping[str, int]
    arrays: Mapping[str, da.Array]
    whole: Mapping[str, Any]

    @cached_property
    def name(self) -> str:
        """The layer's."""
        return name_of(self.module)

    @cached_property
    def text(self) -> str:
        """The module's."""
        try:
            return inspect.getsource(self.module)
        except (OSError, TypeError):
            raise PullbackError(f"the text of the module {self.name} is not to be found") from None

    @cached_property
    def counts(self) -> list[int]:
        """How many rows each part has; chunks without rows are none."""
        name, axis = next(iter(self.cut.items()))
        return [int(c) for c in self.arrays[name].chunks[axis] if c]

    @cached_property
    def chunks(self) -> list[dict[str, Any]]:
        """The keys of each part's chunks, by the names of inputs."""
        found: list[dict[str, Any]] = [{} for _ in self.counts]
        for name, array in self.arrays.items():
            along = self.cut[name]
            full = [k for k, size in enumerate(array.chunks[along]) if size]
            for part, k in zip(found, full, strict=True):
                place = [k if number == along else 0 for number in range(array.ndim)]
                part[name] = (array.name, *place)
        return found

    @cached_property
    def empty(self) -> dict[str, Any]:
        """The arrays of a part without rows."""
        return {
            name: np.empty(
                [0 if k == self.cut[name] else n for k, n in enumerate(array.shape)], array.dtype
            )
            for name, array in self.arrays.items()
        }

    @cached_property
    def wanted(self) -> list[str]:
        """The inputs that gradients are by, in the order of the gradients."""
        return [gradient.removeprefix("d") for gradient in self.module.Gradients._fields]

    def like(self, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        """Shape and dtype of an input's gradient, which are the input's."""
        value = self.arrays[name] if name in self.cut else self.whole[name]
        return np.shape(value), getattr(value, "dtype", self.dtype)

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """That of the output: of the first array of floats."""
        every = [*self.arrays.values(), *self.whole.values()]
        kinds = [v.dtype for v in every if hasattr(v, "dtype")]
        return next((k for k in kinds if k.kind == "f"), np.dtype(float))


def read(
    module: ModuleType, inputs: Sequence[Any], by_name: Mapping[str, Any], axis: str | None
) -> Inputs:
    """The inputs; PullbackError, TypeError and ValueError, with names, for what does not fit."""
    axis, places = cuttable(module, axis)
    names = [n for n in inspect.signature(module.forward).parameters if n != "work"]
    given = bound(name_of(module), names, inputs, by_name)
    cut = {n: number_of(n, given[n], place, axis) for n, place in places.items()}
    arrays = chunked({n: given[n] for n in names if n in cut}, cut, axis)
    whole = {n: unchunked(n, given[n], axis, cut) for n in names if n not in cut}
    return Inputs(module, axis, cut, arrays, whole)


def name_of(module: ModuleType) -> str:
    """A layer's name, from its module's."""
    return module.__name__.rpartition(".")[2]


def cuttable(module: ModuleType, axis: str | None) -> tuple[str, Mapping[str, int]]:
    """The axis that is cut, and its number in each input that has it."""
    if not isinstance(module, ModuleType):
        raise TypeError(f"value_and_grad takes a layer's module; came {type(module).__name__}")
    name = name_of(module)
    if not hasattr(module, "Gradients"):
        raise PullbackError(
            f"{name} is no module for NumPy; those of the targets numpy, numpy-precise and c are"
        )
    if not hasattr(module, "value_and_grad"):
        raise PullbackError(f"the output of {name} is no number, so there is no value_and_grad")
    known = getattr(module, "PARTS", {})
    if not known:
        raise PullbackError(
            f"{name} cannot be cut: along no axis is its output a sum or a mean over parts of the "
            "inputs, each worked out apart"
        )
    chosen = next(iter(known)) if axis is None else axis
    if chosen not in known:
        raise ValueError(f"{name} cannot be cut along {axis!r}; it can be along {', '.join(known)}")
    return chosen, known[chosen]["inputs"]


def bound(
    layer: str, names: Sequence[str], inputs: Sequence[Any], by_name: Mapping[str, Any]
) -> dict[str, Any]:
    """Inputs by name."""
    if len(inputs) > len(names):
        raise TypeError(f"{layer} takes {', '.join(names)}; came {len(inputs)} inputs")
    given = dict(zip(names, inputs, strict=False))
    for name, value in by_name.items():
        if name not in names:
            raise TypeError(f"{layer} has no input {name!r}; it takes {', '.join(names)}")
        if name in given:
            raise TypeError(f"{name} is given twice, in its place and by its name")
        given[name] = value
    if missing := [n for n in names if n not in given]:
        raise TypeError(f"{layer} takes {', '.join(names)}; missing: {', '.join(missing)}")
    return given


def number_of(name: str, value: Any, place: int, axis: str) -> int:
    """The number of the axis that is cut, counted from the front."""
    rank = int(np.ndim(value))
    if not -rank <= place < rank:
        raise ValueError(f"{name} has {rank} axes; {axis} would be its axis {place}")
    return place % rank


def chunked(given: Mapping[str, Any], cut: Mapping[str, int], axis: str) -> dict[str, da.Array]:
    """Inputs with the axis, all in chunks along it as the first of them that dask has."""
    first = next((n for n, v in given.items() if isinstance(v, da.Array)), None)
    if first is None:
        raise TypeError(
            f"none of {', '.join(given)} is a dask array; one of them says how {axis} is cut"
        )
    for name, value in given.items():
        if isinstance(value, da.Array):
            check_chunks(name, value, cut[name], axis)
    rows = {name: np.shape(value)[cut[name]] for name, value in given.items()}
    if len(set(rows.values())) > 1:
        said = ", ".join(f"{n} has {count}" for n, count in rows.items())
        raise ValueError(f"{axis} is one axis, but {said}")
    if not rows[first]:
        raise ValueError(f"{first} has no rows along {axis}")
    chunks = given[first].chunks[cut[first]]
    return {name: in_chunks(value, cut[name], chunks) for name, value in given.items()}


def check_chunks(name: str, value: da.Array, axis: int, letter: str) -> None:
    """Refuses chunks of unknown sizes, and any along another axis."""
    if any(np.isnan(size) for sizes in value.chunks for size in sizes):
        raise ValueError(
            f"{name} has chunks of unknown sizes; {name}.compute_chunk_sizes() finds them"
        )
    for number in others_cut(value, {axis}):
        raise ValueError(
            f"{name} has {value.numblocks[number]} chunks along its axis {number}; it may be cut "
            f"along {letter} alone, its axis {axis}: {name}.rechunk({{{number}: -1}})"
        )


def others_cut(value: da.Array, allowed: set[int]) -> Iterator[int]:
    """The axes with several chunks, but for some."""
    return (k for k, n in enumerate(value.numblocks) if n > 1 and k not in allowed)


def in_chunks(value: Any, axis: int, chunks: tuple[int, ...]) -> da.Array:
    """An array in these chunks."""
    whole = dict.fromkeys(range(np.ndim(value)), -1)
    if isinstance(value, da.Array):
        return value if value.chunks[axis] == chunks else value.rechunk({axis: chunks})
    return da.from_array(np.asarray(value), chunks={**whole, axis: chunks})


def unchunked(name: str, value: Any, axis: str, cut: Mapping[str, int]) -> Any:
    """An input that each part gets whole: an array, a number, or a dask array of one chunk."""
    if isinstance(value, da.Array):
        for number in others_cut(value, set()):
            raise ValueError(
                f"{name} has {value.numblocks[number]} chunks along its axis {number}, and each "
                f"part needs it whole (along {axis} are cut {', '.join(cut)}): {name}.rechunk(-1)"
            )
        return value
    if type(value).__name__ == "Future":
        raise TypeError(
            f"{name} is a Future, whose shape nobody knows; pass "
            f"dask.array.from_delayed({name}, shape, dtype)"
        )
    return value
