"""Which bare names in brackets are labels that are one number, and no axes: `z[y]`.

A name that a left side, a reduction, `size` or a call has as an axis is one everywhere. Another one
is a label where what it indexes has an axis of another name elsewhere, as in `z[y] - sum(j, z[j])`,
or where it is compared with an axis, as in `[j == y]`. What is left is an axis that nobody binds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pullback.derive.read.matrix_functions import named_axes
from pullback.derive.read.renaming import rebuild
from pullback.derive.read.shifts import bare_within
from pullback.derive.read.trees import (
    BATCH,
    COMPARISONS,
    Apply,
    Equation,
    Operation,
    Ref,
    Shifted,
    Tree,
    walk,
)
from pullback.derive.read.vocabulary import REDUCTIONS, WORDS

Position = tuple[str, int]  # of a tensor, the how manieth of its axes


def with_scalar_labels(equations: tuple[Equation, ...]) -> tuple[Equation, ...]:
    """The equations, where a label that is one number stands with empty brackets of its own."""
    labels = scalar_labels(equations)

    def rule(part: Tree) -> Tree:
        if isinstance(part, Shifted):
            at = tuple((own, rebuild(whole, marked)) for own, whole in part.at)
            return replace(part, at=at)
        return labelled(part, labels) if isinstance(part, Ref) and part.indices else part

    def marked(part: Tree) -> Tree:
        if isinstance(part, Ref) and part.indices is None and part.name in labels:
            return replace(part, indices=())
        return part

    if not labels:
        return equations
    return tuple(replace(e, right=rebuild(e.right, rule)) for e in equations)


def labelled(tree: Ref, labels: frozenset[str]) -> Ref:
    """A tensor whose indices are labels where they are among these."""
    indices = []
    for index in tree.indices or ():
        bare = index.indices is None and index.name in labels
        indices.append(replace(index, indices=()) if bare else labelled(index, labels))
    return replace(tree, indices=tuple(indices) if tree.indices is not None else None)


def scalar_labels(equations: tuple[Equation, ...]) -> frozenset[str]:
    """The names of the labels without axes that stand as an index."""
    axes = {a for e in equations for a in e.axes or ()}
    positions: dict[str, set[Position]] = {}  # of what stands as an index, bare
    trees = [part for e in equations for part in walk(e.right)]
    for tree in trees:
        axes.update(bound_by(tree))
        for index, position in bare_indices(tree):
            positions.setdefault(index, set()).add(position)
    within = {*bare_within(trees)}
    positions.update((name, positions.get(name, set())) for name in within)
    axes &= {*positions, *(a for e in equations for a in e.axes or ())}
    named = {p for axis in axes for p in positions.get(axis, ())}
    named |= {(e.name, i) for e in equations for i in range(len(e.axes or ()))}
    compared = set(compared_with(axes, trees))
    sizes = {axis.upper() for axis in axes}
    compared |= within - sizes
    tensors = {e.name for e in equations} | {
        t.name for t in trees if isinstance(t, Ref) and t.indices
    }
    own = {axis for t in trees if isinstance(t, Shifted) for axis, _ in t.at}
    return frozenset(
        name
        for name, places in positions.items()
        if name not in axes | tensors | own | {BATCH} and (places & named or name in compared)
    )


def bound_by(tree: Tree) -> Iterator[str]:
    """The names that a reduction, `size` or a call takes as axes."""
    if not isinstance(tree, Apply):
        return
    if tree.name not in WORDS:  # a call: its arguments have only axes in their brackets
        refs = (a for a in tree.args if isinstance(a, Ref))
        yield from (i.name for ref in refs for i in ref.indices or () if i.indices is None)
        return
    bare = tree.args if tree.name == "size" else tree.args[:-1]
    if tree.name in REDUCTIONS or tree.name == "size":
        yield from (a.name for a in bare if isinstance(a, Ref) and a.indices is None)
    yield from named_axes(tree)


def bare_indices(tree: Tree) -> Iterator[tuple[str, Position]]:
    """The names in the brackets of a tensor, with where they stand."""
    if isinstance(tree, Ref):
        for i, index in enumerate(tree.indices or ()):
            if index.indices is None:
                yield index.name, (tree.name, i)


def compared_with(axes: set[str], trees: Iterable[Tree]) -> Iterator[str]:
    """The bare names that stand in a comparison with an axis."""
    for tree in trees:
        if isinstance(tree, Operation) and tree.op in COMPARISONS:
            sides = [
                s.name for s in (tree.left, tree.right) if isinstance(s, Ref) and not s.indices
            ]
            if len(sides) == 2 and not axes.isdisjoint(sides):
                yield from sides
