"""Equations under other names: what a call does to the equations that it brings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from pullback.derive.index.objects import earlier, own_name
from pullback.derive.read.trees import (
    BATCH,
    Apply,
    Equation,
    Iverson,
    Length,
    Negative,
    Number,
    Operation,
    Ref,
    Shifted,
    Start,
    Tree,
    walk,
)

Argument = Ref | Number | Negative  # a tensor, or a number with or without a sign


def rename_equation(
    equation: Equation, tensors: Mapping[str, Argument], axes: Mapping[str, str]
) -> Equation:
    """The equation under other names."""
    target = tensors[equation.name]
    assert isinstance(target, Ref)
    return replace(
        equation,
        name=target.name,
        axes=tuple(axes[a] for a in equation.axes) if equation.axes else equation.axes,
        right=rename(equation.right, tensors, axes),
    )


def with_batch(equation: Equation, axes: Sequence[str]) -> Equation:
    """The equation with these axes in place of `...`."""
    left = equation.axes
    if left is not None:
        left = tuple(b for a in left for b in (axes if a == BATCH else (a,)))
    return replace(equation, axes=left, right=spread_batch(equation.right, axes))


def spread_batch(tree: Tree, axes: Sequence[str]) -> Tree:
    """A tree with these axes in place of `...`."""

    def each(refs: Iterable[Tree]) -> tuple[Tree, ...]:
        """References, `...` among them spread."""
        found: list[Tree] = []
        for ref in refs:
            batch = isinstance(ref, Ref) and ref.name == BATCH
            found += [Ref(a, None, ref.place) for a in axes] if batch else [ref]
        return tuple(found)

    def rule(part: Tree) -> Tree:
        match part:
            case Apply("size", (Ref("..."),), place):
                sizes = [Apply("size", (Ref(a, None, place),), place) for a in axes]
                product: Tree = Number("1", place)
                for size in sizes:
                    product = Operation("*", product, size, place)
                return sizes[0] if len(sizes) == 1 else product
            case Apply(name, args, place):
                given = each(args)
                whole = len(given) == 1 and len(args) > 1  # a reduction over no axis at all
                return given[0] if whole else Apply(name, given, place)
            case Ref(name, indices, place) if indices is not None:
                spread = (spread_batch(i, axes) if i.indices else i for i in indices)
                refs = tuple(i for i in each(spread) if isinstance(i, Ref))
                return Ref(name, refs, place)
        return part

    return rebuild(tree, rule)


def rename(tree: Tree, tensors: Mapping[str, Argument], axes: Mapping[str, str]) -> Tree:
    """A tree under other names."""

    def rule(part: Tree) -> Tree:
        if isinstance(part, Shifted):
            at = tuple((axes.get(own, own), whole) for own, whole in part.at)
            return replace(part, at=at, along=axes.get(part.along, part.along))
        if isinstance(part, Length):
            target = tensors.get(part.name)
            return replace(part, name=target.name) if isinstance(target, Ref) else part
        return rename_ref(part, tensors, axes) if isinstance(part, Ref) else part

    return rebuild(tree, rule)


def rebuild(tree: Tree, rule: Callable[[Tree], Tree]) -> Tree:
    """The tree with a rule applied to each part, its own parts first; no recursion.

    The indices of a reference are the rule's own affair.
    """
    done: dict[int, Tree] = {}
    for part in reversed(list(walk(tree))):
        new: Tree = part
        match part:
            case Operation(op, left, right, place):
                new = Operation(op, done[id(left)], done[id(right)], place)
            case Negative(operand, place):
                new = Negative(done[id(operand)], place)
            case Iverson(comparison, place):
                new = Iverson(done[id(comparison)], place)
            case Apply(name, args, place):
                new = Apply(name, tuple(done[id(a)] for a in args), place)
            case Shifted(entry, at, outside, place, along, starts):
                inner = done[id(entry)]
                assert isinstance(inner, Ref)
                whole = tuple((own, done[id(tree)]) for own, tree in at)
                beyond = None if outside is None else done[id(outside)]
                first = tuple(Start(done[id(s.at)], done[id(s.value)]) for s in starts)
                new = Shifted(inner, whole, beyond, place, along, first)
        done[id(part)] = rule(new)
    return done[id(tree)]


def rename_ref(tree: Ref, tensors: Mapping[str, Argument], axes: Mapping[str, str]) -> Tree:
    """A tensor, an axis or the size of an axis under another name."""
    own = own_name(tree.name)
    if own in tensors:
        target = tensors[own]
        if not isinstance(target, Ref):
            return target
        if own != tree.name:
            target = replace(target, name=earlier(target.name))
        indices = None
        if tree.indices is not None:
            renamed = (rename_ref(i, tensors, axes) for i in tree.indices)
            indices = tuple(r for r in renamed if isinstance(r, Ref))
        return Ref(target.name, indices, target.place)
    if tree.name in axes:
        return replace(tree, name=axes[tree.name])
    axis = next((a for a in axes if a.upper() == tree.name), None)
    if axis is not None:
        return Apply("size", (Ref(axes[axis], None, tree.place),), tree.place)
    return tree
