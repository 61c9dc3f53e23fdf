"""How chunks of dask arrays come about, one by one: so that a task may make them one at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dask
import dask.array as da
from dask.core import get_deps

Key = Hashable


@dataclass(frozen=True)
class Recipe:
    """The tasks that make the arrays of one part, by their keys, and the keys of the arrays."""

    tasks: Mapping[Key, Any]
    keys: Mapping[str, Key]

    def made(self, shared: Mapping[Key, Any]) -> dict[str, Any]:
        """The arrays, worked out here; `shared` are values that the tasks of all parts read."""
        graph = {**self.tasks, **{key: (Box(value),) for key, value in shared.items()}}
        return dict(zip(self.keys, dask.get(graph, [*self.keys.values()]), strict=True))


@dataclass(frozen=True)
class Box:
    """A value as a task, so that nothing in it is taken for a key."""

    value: Any

    def __call__(self) -> Any:
        """The value."""
        return self.value


@dataclass(frozen=True)
class Recipes:
    """A recipe for each part; all tasks, and the keys of those that each recipe reads."""

    each: tuple[Recipe, ...]
    graph: Mapping[Key, Any]
    shared: tuple[Key, ...]


def recipes(arrays: Sequence[da.Array], parts: Sequence[Mapping[str, Key]]) -> Recipes | None:
    """How the chunks of each part, at these keys, are made by themselves, if they are.

    They are not where a chunk lies on a worker already, or is made of what some other parts need
    too, as after `rechunk`: that is worked out once, as tasks of dask's own.
    """
    graph = tasks(arrays)
    reads, _ = get_deps(graph)
    reached = [everything(reads, keys.values()) for keys in parts]
    users = Counter(key for found in reached for key in found)
    own = [{key for key in found if users[key] == 1} for found in reached]
    shared = [{other for key in mine for other in reads.get(key, ())} - mine for mine in own]
    is_made = (key in mine for keys, mine in zip(parts, own, strict=True) for key in keys.values())
    is_same = (keys == shared[0] for keys in shared)
    lies = (is_placed(graph[key]) for mine in own for key in mine)
    if not all(is_made) or not all(is_same) or any(lies):
        return None
    each = [
        Recipe({key: graph[key] for key in mine}, keys)
        for keys, mine in zip(parts, own, strict=True)
    ]
    return Recipes(tuple(each), graph, tuple(sorted(shared[0], key=str)))


def tasks(arrays: Sequence[da.Array]) -> dict[Key, Any]:
    """All that arrays are made by: as dask makes it quicker, unless some of it lies on workers."""
    found: dict[Key, Any] = {}
    for array in arrays:
        found.update(array.__dask_graph__())
    if not any(map(is_placed, found.values())):
        found.clear()
        for array in dask.optimize(*arrays):
            found.update(array.__dask_graph__())
    return found


def everything(reads: Mapping[Key, Iterable[Key]], keys: Iterable[Key]) -> set[Key]:
    """All keys that some are made of, themselves included."""
    found: set[Key] = set()
    left = list(keys)
    while left:
        key = left.pop()
        if key not in found:
            found.add(key)
            left += reads.get(key, ())  # of what lies on a worker there are none
    return found


def is_placed(task: Any) -> bool:
    """Is it a value that lies on a worker?"""
    value = getattr(task, "value", task)
    return any(kind.__name__ == "Future" for kind in type(value).__mro__)
