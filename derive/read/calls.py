"""Calls of other definitions, written out: `h = relu(u)` becomes relu's equations.

Only names change: inputs become the arguments, axes are matched by position, and the callee's own
nodes and axes keep their names where these are free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from string import ascii_lowercase
from typing import NamedTuple, Protocol

from pullback.derive.index.functions import FUNCTIONS
from pullback.derive.read.limits import MAX_PARTS, count_parts
from pullback.derive.read.renaming import (
    Argument,
    rename,
    rename_equation,
    spread_batch,
    with_batch,
)
from pullback.derive.read.symbols import names_in
from pullback.derive.read.trees import (
    BATCH,
    Apply,
    Equation,
    Negative,
    Number,
    Operation,
    Place,
    Ref,
    Tree,
    refuse,
    walk,
)
from pullback.derive.read.vocabulary import PI, WORDS, suggestion

MAX_EQUATIONS = 256  # each takes a symbol
MAX_CALLS = 32  # one inside another


class Callee(Protocol):
    """What a call needs to know of a definition."""

    @property
    def name(self) -> str:
        """The definition's name."""

    @property
    def equations(self) -> tuple[Equation, ...]:
        """Its equations."""

    @property
    def assume(self) -> tuple[Operation, ...]:
        """What it takes to hold."""


class Flat(NamedTuple):
    """A definition without calls: its equations, and what it and those that it calls assume."""

    equations: tuple[Equation, ...]
    assume: tuple[Operation, ...]


# A definition by its name. KeyError where there is none; its second argument, if it has one, says
# which there are.
Load = Callable[[str], Callee]
Axes = tuple[str | None, ...]  # the axes of a tensor by position; None where a label stands


def write_out_calls(definition: Callee, load: Load, stack: tuple[str, ...] = ()) -> Flat:
    """A definition with every call replaced by what it calls.

    Raises DefinitionError where a call has no definition, a wrong number of arguments, axes that
    do not fit, or comes back to itself.
    """
    caller = Caller(definition, (*stack, definition.name), load)
    parts, counted = 0, 0
    for equation in definition.equations:
        if caller.is_call(equation):
            caller.call(equation)
        else:
            caller.keep(equation)
        if len(caller.done) > MAX_EQUATIONS:
            refuse(f"calls come to more than {MAX_EQUATIONS} equations", equation.place)
        parts += sum(map(count_parts, caller.done[counted:]))
        counted = len(caller.done)
        if parts > MAX_PARTS:
            refuse(f"the equations have more than {MAX_PARTS:,} parts", equation.place)
    return Flat(tuple(caller.done), (*definition.assume, *caller.assume))


@dataclass(frozen=True)
class Match:
    """A tensor's axes in the callee and in the caller, position by position."""

    name: str
    inner: Axes
    outer: Axes | None  # None where the caller does not show them
    place: Place

    def check_rank(self, callee: str) -> None:
        """Refuse different numbers of axes."""
        if self.outer is not None and len(self.inner) != len(self.outer):
            count = "1 axis" if len(self.inner) == 1 else f"{len(self.inner)} axes"
            given = "1 axis" if len(self.outer) == 1 else f"{len(self.outer)} axes"
            refuse(f"'{self.name}' has {given} here; {callee} wants {count}", self.place)

    def pairs(self) -> list[tuple[str, str]]:
        """The names that both sides have for an axis."""
        both = zip(self.inner, self.outer or (), strict=False)
        return [(a, b) for a, b in both if a is not None and b is not None]


@dataclass
class Caller:
    """The state of writing out one definition's calls."""

    definition: Callee
    stack: tuple[str, ...]
    load: Load
    done: list[Equation] = field(default_factory=list)
    assume: list[Operation] = field(default_factory=list)  # of what is called
    axes_of: dict[str, Axes] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)  # names, and the capitals of axes
    others: Iterable[str] = ()  # the definitions that there are, where one was missing

    def __post_init__(self) -> None:
        axes, _ = names_in(e.right for e in self.definition.equations)
        for equation in self.definition.equations:
            axes.update(equation.axes or ())
            self.used.add(equation.name)
            for tree in walk(equation.right):
                if isinstance(tree, Ref):
                    self.used |= {tree.name, *(i.name for i in tree.indices or ())}
                    if tree.indices and all(i.indices is None for i in tree.indices):
                        self.axes_of.setdefault(tree.name, tuple(i.name for i in tree.indices))
        self.used |= axes | {a.upper() for a in axes}

    def exists(self, name: str) -> bool:
        """Is there a definition of that name?"""
        if name in self.stack:
            return True
        try:
            self.load(name)
        except KeyError as error:
            self.others = error.args[1] if len(error.args) > 1 else ()
            return False
        return True

    def is_call(self, equation: Equation) -> bool:
        """Is the right side a call? What looks like one and is none is refused.

        A function's name with whole tensors for arguments calls the definition of that name.
        """
        right = equation.right
        if isinstance(right, Apply) and right.name in FUNCTIONS and self.exists(right.name):
            whole = (isinstance(a, Ref) and a.indices is None for a in right.args)
            if all(whole) and any(self.axes_of.get(getattr(a, "name", "")) for a in right.args):
                return True
        for tree in walk(equation.right):
            if not isinstance(tree, Apply) or tree.name in WORDS:
                continue
            if self.exists(tree.name):
                if tree is equation.right:
                    return True
                refuse(
                    f"a call of a definition stands alone on the right side: give "
                    f"'{tree.name}' a line of its own",
                    tree.place,
                )
            if tree.name in self.used:
                refuse(
                    f"'{tree.name}' is not a function; an entry of a tensor is written in square "
                    f"brackets: {tree.name}[…]",
                    tree.place,
                )
            words = (
                suggestion(tree.name, self.others)
                or f"; the functions are {', '.join(sorted(WORDS))}"
            )
            refuse(f"'{tree.name}' is neither a function nor a definition{words}", tree.place)
        return False

    def keep(self, equation: Equation) -> None:
        """An equation that calls nothing."""
        self.done.append(replace(equation, origin=equation.origin or self.definition.name))
        self.axes_of[equation.name] = equation.axes or ()

    def call(self, equation: Equation) -> None:
        """Write out one call."""
        tree = equation.right
        assert isinstance(tree, Apply)
        path = " → ".join((*self.stack, tree.name))
        if tree.name in self.stack:
            refuse(f"'{tree.name}' calls itself: {path}", tree.place)
        if len(self.stack) > MAX_CALLS:
            refuse(f"more than {MAX_CALLS} definitions call each other in a row", tree.place)
        flat = write_out_calls(self.load(tree.name), self.load, self.stack)
        body, assume = self.spread_batch(equation, up_to_output(flat.equations), flat.assume)
        inputs = inputs_of(body)
        if len(tree.args) != len(inputs):
            count = "1 argument" if len(inputs) == 1 else f"{len(inputs)} arguments"
            refuse(
                f"{tree.name} takes {count} ({', '.join(inputs)}); it has {len(tree.args)}",
                tree.place,
            )
        arguments = {
            name: self.argument(tree.name, name, axes, arg)
            for (name, axes), arg in zip(inputs.items(), tree.args, strict=True)
        }
        axes = self.match_axes(equation, all_axes(body, assume), body[-1], inputs, arguments)
        tensors = self.match_tensors(equation, body, arguments)
        self.take_over(rename(fact, tensors, axes) for fact in assume)
        for own in body:
            renamed = rename_equation(own, tensors, axes)
            if own is body[-1]:
                renamed = replace(renamed, notation=equation.notation)
            self.done.append(replace(renamed, origin=own.origin))
            self.axes_of[renamed.name] = renamed.axes or ()

    def take_over(self, facts: Iterable[Tree]) -> None:
        """What is assumed of inputs is assumed here too; of a node it is not needed, and left."""
        nodes = {e.name for e in (*self.definition.equations, *self.done)}
        for fact in facts:
            names = {t.name for t in walk(fact) if isinstance(t, Ref)}
            if isinstance(fact, Operation) and not names & nodes and fact not in self.assume:
                self.assume.append(fact)

    def spread_batch(
        self, equation: Equation, body: tuple[Equation, ...], assume: tuple[Operation, ...]
    ) -> Flat:
        """The callee with axes of its own for `...`, as many as the caller has."""
        args = getattr(equation.right, "args", ())
        pairs: list[tuple[Axes, Axes | None]] = [
            (body[-1].axes or (), equation.axes or self.axes_of.get(equation.name))
        ]
        for inner, arg in zip(inputs_of(body).values(), args, strict=False):
            if isinstance(arg, Ref):
                shown = arg.indices is not None
                outer = tuple(i.name for i in arg.indices or ()) if shown else None
                pairs.append((inner, outer if shown else self.axes_of.get(arg.name)))
        found = [
            outer[: len(outer) - len(inner) + 1]
            for inner, outer in pairs
            if outer is not None and inner[:1] == (BATCH,) and len(outer) >= len(inner) - 1
        ]
        if not found or found[0] == (BATCH,):
            return Flat(body, assume)
        taken = {*all_axes(body, assume), *inputs_of(body), *(e.name for e in body)}
        free = (f"b{i}" for i in range(1, 2 * MAX_EQUATIONS) if f"b{i}" not in taken)
        axes = [next(free) for _ in found[0]]
        spread = (spread_batch(fact, axes) for fact in assume)
        return Flat(
            tuple(with_batch(own, axes) for own in body),
            tuple(fact for fact in spread if isinstance(fact, Operation)),
        )

    def argument(self, callee: str, name: str, axes: Axes, arg: Tree) -> Argument:
        """An argument: a tensor, or a number for a tensor without axes."""
        if isinstance(arg, Number) or (
            isinstance(arg, Negative) and isinstance(arg.operand, Number)
        ):
            if axes:
                refuse(f"'{name}' of {callee} is a tensor and no number", arg.place)
            return arg
        if not isinstance(arg, Ref):
            refuse(
                f"an argument of {callee} is a tensor or a number; give the expression a line of "
                "its own",
                arg.place,
            )
        if any(i.indices is not None for i in arg.indices or ()):
            refuse(
                f"an argument of {callee} has only axes in its brackets; give the entry a line of "
                "its own",
                arg.place,
            )
        return arg

    def match_axes(
        self,
        equation: Equation,
        own_axes: list[str],
        output: Equation,
        inputs: Mapping[str, Axes],
        arguments: Mapping[str, Argument],
    ) -> dict[str, str]:
        """Names for the callee's axes: the left side's, then the arguments', then its own."""
        callee = getattr(equation.right, "name", "")
        axes: dict[str, str] = {}
        left = Match(equation.name, output.axes or (), equation.axes, equation.place)
        written, known = [left], []
        for name, arg in arguments.items():
            if isinstance(arg, Ref) and arg.indices is not None:
                outer = tuple(i.name for i in arg.indices)
                written.append(Match(arg.name, inputs[name], outer, arg.place))
            elif isinstance(arg, Ref):
                outer_axes = self.axes_of.get(arg.name)
                known.append(Match(arg.name, inputs[name], outer_axes, arg.place))
        if equation.axes is None:
            left = replace(left, outer=self.axes_of.get(equation.name))
            known.append(left)
        for match in (*written, *known):
            match.check_rank(callee)
        for match in written:
            for a, b in match.pairs():
                other = next((k for k, v in axes.items() if v == b and k != a), None)
                if axes.setdefault(a, b) != b:
                    refuse(f"{callee} has one axis where '{axes[a]}' and '{b}' stand", match.place)
                if other is not None:
                    refuse(f"'{b}' stands for two axes of {callee}, {other} and {a}", match.place)
        for match in known:
            for a, b in match.pairs():
                if a not in axes and b not in axes.values():
                    axes[a] = b
        for a in own_axes:
            if a not in axes:
                axes[a] = self.free_axis(a)
        return axes

    def match_tensors(
        self, equation: Equation, body: tuple[Equation, ...], arguments: Mapping[str, Argument]
    ) -> dict[str, Argument]:
        """What stands for each of the callee's tensors."""
        found = dict(arguments)
        for own in body[:-1]:
            name = own.name if own.name not in self.used else f"{equation.name}_{own.name}"
            candidates = (name, *(f"{name}{i}" for i in range(2, 2 * MAX_EQUATIONS)))
            found[own.name] = Ref(self.take(iter(candidates)), None, own.place)
        found[body[-1].name] = Ref(equation.name, None, equation.place)
        return found

    def free_axis(self, axis: str) -> str:
        """The axis's name, or another one where it, or the name of its size, is taken."""
        letters = ascii_lowercase[8:14] if len(axis) == 1 else ""
        candidates = (axis, *letters, *(f"{axis}{i}" for i in range(2, 2 * MAX_EQUATIONS)))
        found = self.take(c for c in candidates if c.upper() not in self.used)
        self.used.add(found.upper())
        return found

    def take(self, candidates: Iterator[str]) -> str:
        """The first name that is free, which is then taken."""
        found = next(c for c in candidates if c not in self.used)
        self.used.add(found)
        return found


def up_to_output(body: tuple[Equation, ...]) -> tuple[Equation, ...]:
    """Equations up to the last node; notation after it is not used."""
    last = max(i for i, e in enumerate(body) if not e.notation)
    return body[: last + 1]


def inputs_of(body: tuple[Equation, ...]) -> dict[str, Axes]:
    """The inputs of flat equations in order of appearance, each with its axes at its first use.

    A use that has only axes in its brackets shows more than one with labels.
    """
    axes, tensors = names_in(e.right for e in body)
    axes.update(a for e in body for a in e.axes or ())
    hidden = {e.name for e in body} | axes | ({a.upper() for a in axes} - tensors) | {PI}
    found: dict[str, Axes] = {}
    for equation in body:
        for tree in walk(equation.right):
            if isinstance(tree, Ref) and tree.name not in hidden:
                own = tuple(i.name if i.indices is None else None for i in tree.indices or ())
                if tree.name not in found or (None in found[tree.name] and None not in own):
                    found[tree.name] = own
    return found


def all_axes(body: tuple[Equation, ...], assume: tuple[Operation, ...] = ()) -> list[str]:
    """The axes of flat equations and of what is assumed, in order of appearance."""
    trees: list[Tree] = [*(e.right for e in body), *assume]
    axes, _ = names_in(trees)
    seen = dict.fromkeys(a for e in body for a in e.axes or ())
    for whole in trees:
        for tree in walk(whole):
            if isinstance(tree, Ref):
                names = [tree.name, *(i.name for i in tree.indices or ())]
                seen.update(dict.fromkeys(n for n in names if n in axes))
    return list(seen)
