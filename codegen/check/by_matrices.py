"""The value of a formula in matrix notation, by the values of names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from pullback.codegen.check.arrays import Array, World
from pullback.derive.errors import DefinitionError
from pullback.derive.read.from_arrays.understood import Understood
from pullback.derive.read.from_matrices.reader import understand
from pullback.derive.read.from_matrices.words import words
from pullback.derive.read.guessing.shapeless import Shapeless
from pullback.derive.read.reader import read_equations
from pullback.derive.read.renaming import rebuild
from pullback.derive.read.trees import Ref, Tree, spell_equation

SIZE, AXES = "S{}", 2  # sizes are called by their numbers, which all differ


def value(text: str, names: Mapping[str, Any], below: Mapping[str, int]) -> Array:
    """What a formula comes to; DefinitionError where it is not read.

    `names` are arrays and sizes, `below` the number of labels that there are of what holds labels.
    """
    used = {w.text for w in words(text) if w.kind == "name"} & {*names}
    given = {n: np.asarray(names[n]) for n in sorted(used) if np.ndim(names[n]) <= AXES}
    shapes = {n: shape(a, below.get(n)) for n, a in given.items()}
    try:
        made = understand(text, shapes, "")
    except Shapeless as error:
        unknown = ", ".join(error.names)
        raise DefinitionError(f"there is no '{unknown}'; there are {', '.join(names)}") from None
    layer = read_equations("layer", renamed(made, given))
    short = {new: np.squeeze(given[n]) if 1 in given[n].shape else given[n]
             for n, new in zip(given, new_names(given), strict=True)}  # fmt: skip
    own = {t.name: t for t in layer.inputs}
    sizes = {
        index.size: size
        for name, tensor in own.items()
        for index, size in zip(tensor.indices, short[name].shape, strict=True)
    }
    sizes |= {t.labels_of: below[n] for n, new in zip(given, new_names(given), strict=True)
              if (t := own.get(new)) is not None and t.labels_of is not None}  # fmt: skip
    world = World({n: a for n, a in short.items() if n in own}, sizes)
    return world.array(layer.output.expr, layer.output.indices)


def shape(array: Array, below: int | None) -> str:
    """The shape of an array, its sizes by their numbers."""
    axes = " ".join("1" if n == 1 else SIZE.format(n) for n in array.shape)
    return axes if below is None else f"{axes}: {SIZE.format(below)}"


def new_names(given: Mapping[str, object]) -> list[str]:
    """Names that nothing else has, as cotangents are no tensors of a layer."""
    return [f"v{place}" for place, _ in enumerate(given)]


def renamed(made: Understood, given: Mapping[str, object]) -> str:
    """The equations that were understood, with new names for what they take."""
    names = dict(zip(given, new_names(given), strict=True))

    def rule(tree: Tree) -> Tree:
        if isinstance(tree, Ref):
            return Ref(names.get(tree.name, tree.name), tree.indices, tree.place)
        return tree

    def whole(tree: Tree) -> Tree:
        if isinstance(tree, Ref) and tree.indices is not None:
            indices = tuple(rule(i) for i in tree.indices)
            tree = Ref(tree.name, indices, tree.place)  # type: ignore[arg-type]
        return rule(tree)

    equations = [replace(e, right=rebuild(e.right, whole)) for e in made.parsed()]
    return "\n".join(map(spell_equation, equations))
