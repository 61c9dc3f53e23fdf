"""Equations under other names: what a call does to the equations that it brings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from derive.trees import Apply, Equation, Iverson, Negative, Number, Operation, Ref, Tree, walk

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


def rename(tree: Tree, tensors: Mapping[str, Argument], axes: Mapping[str, str]) -> Tree:
    """A tree under other names, its parts first, so that a long sum needs no recursion."""
    done: dict[int, Tree] = {}
    for part in reversed(list(walk(tree))):
        match part:
            case Operation(op, left, right, place):
                done[id(part)] = Operation(op, done[id(left)], done[id(right)], place)
            case Negative(operand, place):
                done[id(part)] = Negative(done[id(operand)], place)
            case Iverson(comparison, place):
                done[id(part)] = Iverson(done[id(comparison)], place)
            case Apply(name, args, place):
                done[id(part)] = Apply(name, tuple(done[id(a)] for a in args), place)
            case Ref():
                done[id(part)] = rename_ref(part, tensors, axes)
            case Number():
                done[id(part)] = part
    return done[id(tree)]


def rename_ref(tree: Ref, tensors: Mapping[str, Argument], axes: Mapping[str, str]) -> Tree:
    """A tensor, an axis or the size of an axis under another name."""
    if tree.name in tensors:
        target = tensors[tree.name]
        if not isinstance(target, Ref):
            return target
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
