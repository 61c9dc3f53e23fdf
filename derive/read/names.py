"""Which names of trees are axes and which stand as tensors, and which sizes are one."""

from __future__ import annotations

from collections.abc import Iterable

from pullback.derive.read.matrix_functions import named_axes
from pullback.derive.read.shifts import bare_within
from pullback.derive.read.trees import COMPARISONS, Apply, Operation, Ref, Tree, walk
from pullback.derive.read.vocabulary import PAIRS


def names_in(trees: Iterable[Tree]) -> tuple[set[str], set[str]]:
    """The names that are axes and the names that stand as tensors with indices."""
    axes: set[str] = set()
    tensors: set[str] = set()
    firsts: set[str] = set()  # of max and min: axes, or numbers
    pairs: list[set[str]] = []  # bare names that are compared
    parts_of = [part for whole in trees for part in walk(whole)]
    for tree in parts_of:
        if isinstance(tree, Operation) and tree.op in COMPARISONS:
            pairs.append(bare_names((tree.left, tree.right)))
        elif isinstance(tree, Apply) and tree.name in PAIRS:
            firsts |= bare_names(tree.args[:-1])
        if isinstance(tree, Ref) and tree.indices:
            tensors.add(tree.name)
            axes.update(i.name for i in tree.indices if i.indices is None)
        elif isinstance(tree, Apply) and tree.name in ("sum", "mean", "size"):
            bare = tree.args if tree.name == "size" else tree.args[:-1]
            axes |= bare_names(bare)
        elif isinstance(tree, Apply):
            axes.update(named_axes(tree))
    axes |= firsts & {*bare_within(parts_of)}
    while more := set().union(*(p for p in pairs if len(p) == 2 and p & axes)) & firsts - axes:
        axes |= more  # no number is compared with an axis
    return axes, tensors


def bare_names(trees: Iterable[Tree]) -> set[str]:
    """The names that stand without brackets among these."""
    return {t.name for t in trees if isinstance(t, Ref) and t.indices is None}


class Sizes:
    """Which sizes are one: a union of axes and of places of tensors."""

    def __init__(self) -> None:
        self.parent: dict[object, object] = {}

    def find(self, key: object) -> object:
        """The representative of a key."""
        self.parent.setdefault(key, key)
        while self.parent[key] != key:
            key = self.parent[key]
        return key

    def join(self, a: object, b: object) -> None:
        """Two keys have one size; the one seen first stays."""
        a, b = self.find(a), self.find(b)
        if a != b:
            self.parent[b] = a
