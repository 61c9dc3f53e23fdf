"""Calls of other definitions, written out: `h = relu(u)` becomes relu's equations.

Only names change: inputs become the arguments, axes are matched by position, and the callee's own
nodes and axes keep their names where these are free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from string import ascii_lowercase
from typing import NoReturn, Protocol

from derive.errors import DefinitionError
from derive.grammar import (
    Apply,
    Equation,
    Iverson,
    Negative,
    Number,
    Operation,
    Place,
    Ref,
    Tree,
)

MAX_EQUATIONS = 1000


class Callee(Protocol):
    """What a call needs to know of a definition."""

    @property
    def name(self) -> str:
        """The definition's name."""

    @property
    def equations(self) -> tuple[Equation, ...]:
        """Its equations."""


Load = Callable[[str], Callee]  # a definition by its name; KeyError where there is none


def walk(tree: Tree) -> Iterator[Tree]:
    """Every part of a tree, without recursion, left to right."""
    stack: list[Tree] = [tree]
    while stack:
        part = stack.pop()
        yield part
        stack.extend(reversed(parts(part)))


def parts(tree: Tree) -> tuple[Tree, ...]:
    """The direct parts of a tree; indices count where they are tensors."""
    match tree:
        case Operation(_, left, right, _):
            return (left, right)
        case Negative(operand, _):
            return (operand,)
        case Iverson(comparison, _):
            return (comparison,)
        case Apply(_, args, _):
            return args
        case Ref(_, indices, _) if indices:
            return tuple(i for i in indices if i.indices is not None)
    return ()


def names_in(equations: Iterable[Equation]) -> tuple[set[str], set[str]]:
    """The names that are axes and the names that stand as tensors with indices."""
    axes: set[str] = set()
    tensors: set[str] = set()
    for equation in equations:
        axes.update(equation.axes or ())
        for tree in walk(equation.right):
            if isinstance(tree, Ref) and tree.indices:
                tensors.add(tree.name)
                axes.update(i.name for i in tree.indices if i.indices is None)
            elif isinstance(tree, Apply) and tree.name in ("sum", "mean", "size"):
                bare = tree.args if tree.name == "size" else tree.args[:-1]
                axes.update(a.name for a in bare if isinstance(a, Ref) and a.indices is None)
    return axes, tensors


def write_out_calls(definition: Callee, load: Load, stack: tuple[str, ...] = ()) -> tuple[
    Equation, ...
]:
    """The equations of a definition with every call replaced by what it calls.

    Raises DefinitionError where a call has no definition, a wrong number of arguments, axes that
    do not fit, or comes back to itself.
    """
    stack = (*stack, definition.name)
    caller = Caller(definition, stack, load)
    for equation in definition.equations:
        if is_call(equation.right, definition, load):
            caller.call(equation)
        else:
            caller.keep(equation)
        if len(caller.done) > MAX_EQUATIONS:
            caller.fail(f"calls come to more than {MAX_EQUATIONS} equations", equation.place)
    return tuple(caller.done)


def is_call(tree: Tree, definition: Callee, load: Load) -> bool:
    """Is it the call of a definition that exists?"""
    if not isinstance(tree, Apply):
        return False
    if tree.name == definition.name:
        return True
    try:
        load(tree.name)
    except (KeyError, DefinitionError) as error:
        if isinstance(error, DefinitionError) and error.line:
            raise
        return False
    return True


@dataclass
class Caller:
    """The state of writing out one definition's calls."""

    definition: Callee
    stack: tuple[str, ...]
    load: Load
    done: list[Equation] = field(default_factory=list)
    axes_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for equation in self.definition.equations:
            self.used |= {equation.name, *(equation.axes or ())}
            for tree in walk(equation.right):
                if isinstance(tree, Ref):
                    self.used |= {tree.name, *(i.name for i in tree.indices or ())}
                    if tree.indices and all(i.indices is None for i in tree.indices):
                        self.axes_of.setdefault(tree.name, tuple(i.name for i in tree.indices))

    def fail(self, message: str, place: Place) -> NoReturn:
        """Raise an error that points into the text."""
        text = f"{self.definition.name}: {message}"
        raise DefinitionError(text, place.source, place.line, place.column)

    def keep(self, equation: Equation) -> None:
        """An equation that calls nothing."""
        self.done.append(replace(equation, origin=equation.origin or self.definition.name))
        self.axes_of[equation.name] = equation.axes or ()

    def call(self, equation: Equation) -> None:
        """Write out one call."""
        tree = equation.right
        assert isinstance(tree, Apply)
        if tree.name in self.stack:
            self.fail(f"'{tree.name}' calls itself: {' → '.join((*self.stack, tree.name))}",
                      tree.place)
        body = write_out_calls(self.load(tree.name), self.load, self.stack)
        inputs = inputs_of(body)
        if len(tree.args) != len(inputs):
            names = ", ".join(inputs)
            self.fail(f"{tree.name} takes {len(inputs)} arguments ({names}); "
                      f"it has {len(tree.args)}", tree.place)
        axes = self.match_axes(equation, body, inputs)
        tensors = self.match_tensors(equation, body, inputs)
        for own in body:
            renamed = rename_equation(own, tensors, axes)
            if own is body[-1]:
                renamed = replace(renamed, notation=equation.notation)
            self.done.append(replace(renamed, origin=own.origin))
            self.axes_of[renamed.name] = renamed.axes or ()

    def match_axes(
        self, equation: Equation, body: tuple[Equation, ...], inputs: Mapping[str, Ref | None]
    ) -> dict[str, str]:
        """Names for the callee's axes: the left side's, then the arguments', then its own."""
        tree = equation.right
        assert isinstance(tree, Apply)
        axes: dict[str, str] = {}
        pairs = []
        if equation.axes is not None:
            pairs.append((equation.name, body[-1].axes or (), equation.axes, equation.place))
        for (name, ref), arg in zip(inputs.items(), tree.args, strict=True):
            if isinstance(arg, Number):
                continue
            if not isinstance(arg, Ref):
                self.fail(f"an argument of {tree.name} is a tensor or a number", arg.place)
            inner = tuple(i.name for i in (ref.indices if ref else None) or ())
            outer = (
                tuple(i.name for i in arg.indices)
                if arg.indices is not None
                else self.axes_of.get(arg.name)
            )
            if outer is not None:
                pairs.append((name, inner, outer, arg.place))
        for name, inner, outer, place in pairs:
            if len(inner) != len(outer):
                self.fail(f"'{name}' of {tree.name} has {len(inner)} axes; "
                          f"{len(outer)} are given", place)
            for a, b in zip(inner, outer, strict=True):
                if a not in axes and b not in axes.values():
                    axes[a] = b
        for a in all_axes(body):
            if a not in axes:
                axes[a] = self.free_name(a)
        return axes

    def match_tensors(
        self, equation: Equation, body: tuple[Equation, ...], inputs: Mapping[str, Ref | None]
    ) -> dict[str, Ref | Number]:
        """What stands for each of the callee's tensors."""
        tree = equation.right
        assert isinstance(tree, Apply)
        found: dict[str, Ref | Number] = {}
        for name, arg in zip(inputs, tree.args, strict=True):
            assert isinstance(arg, Ref | Number)
            found[name] = arg
        for own in body[:-1]:
            name = own.name if own.name not in self.used else f"{equation.name}_{own.name}"
            found[own.name] = Ref(self.free_name(name), None, equation.place)
        found[body[-1].name] = Ref(equation.name, None, equation.place)
        return found

    def free_name(self, name: str) -> str:
        """The name, or another one where it is taken."""
        candidates = [name, *ascii_lowercase[8:14]] if len(name) == 1 else [name]
        candidates += [f"{name}{i}" for i in range(2, MAX_EQUATIONS)]
        chosen = next(c for c in candidates if c not in self.used)
        self.used.add(chosen)
        return chosen


def inputs_of(body: tuple[Equation, ...]) -> dict[str, Ref | None]:
    """The inputs of flat equations in order of appearance, each with a use that shows its axes."""
    axes, tensors = names_in(body)
    defined = {e.name for e in body}
    capitals = {a.upper() for a in axes} - tensors - axes
    found: dict[str, Ref | None] = {}
    for equation in body:
        for tree in walk(equation.right):
            if isinstance(tree, Ref) and tree.name not in defined | axes | capitals:
                plain = all(i.indices is None for i in tree.indices or ())
                if plain or tree.name not in found:
                    found[tree.name] = found.get(tree.name) or (tree if plain else None)
    return found


def all_axes(body: tuple[Equation, ...]) -> list[str]:
    """The axes of flat equations, in order of appearance."""
    axes, _ = names_in(body)
    seen = dict.fromkeys(a for e in body for a in e.axes or ())
    for equation in body:
        for tree in walk(equation.right):
            if isinstance(tree, Ref):
                names = [tree.name, *(i.name for i in tree.indices or ())]
                seen.update(dict.fromkeys(n for n in names if n in axes))
    return list(seen)


def rename_equation(
    equation: Equation, tensors: Mapping[str, Ref | Number], axes: Mapping[str, str]
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


def rename(tree: Tree, tensors: Mapping[str, Ref | Number], axes: Mapping[str, str]) -> Tree:
    """A tree under other names."""
    match tree:
        case Operation(op, left, right, place):
            return Operation(op, rename(left, tensors, axes), rename(right, tensors, axes), place)
        case Negative(operand, place):
            return Negative(rename(operand, tensors, axes), place)
        case Iverson(comparison, place):
            return Iverson(rename(comparison, tensors, axes), place)
        case Apply(name, args, place):
            return Apply(name, tuple(rename(a, tensors, axes) for a in args), place)
        case Ref():
            return rename_ref(tree, tensors, axes)
    return tree


def rename_ref(tree: Ref, tensors: Mapping[str, Ref | Number], axes: Mapping[str, str]) -> Tree:
    """A tensor, an axis or the size of an axis under another name."""
    if tree.name in tensors:
        target = tensors[tree.name]
        if isinstance(target, Number):
            return target
        indices = None
        if tree.indices is not None:
            renamed = (rename_ref(i, tensors, axes) for i in tree.indices)
            indices = tuple(r for r in renamed if isinstance(r, Ref))
        return Ref(target.name, indices, tree.place)
    if tree.name in axes:
        return replace(tree, name=axes[tree.name])
    axis = next((a for a in axes if a.upper() == tree.name), None)
    if axis is not None:
        return Apply("size", (Ref(axes[axis], None, tree.place),), tree.place)
    return tree
