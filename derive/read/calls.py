"""Calls of other definitions, written out: `h = relu(u)` becomes relu's equations.

Only names change: inputs become the arguments, axes are matched by position, and the callee's own
nodes and axes keep their names where these are free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from string import ascii_lowercase
from typing import Protocol

from pullback.derive.index.functions import FUNCTIONS, OF_TWO
from pullback.derive.read.axes_of_calls import match_axes, with_axes_for_batch
from pullback.derive.read.flat import (
    MAX_EQUATIONS,
    Axes,
    Flat,
    all_axes,
    inputs_of,
    up_to_output,
)
from pullback.derive.read.limits import MAX_PARTS, count_parts
from pullback.derive.read.names import names_in
from pullback.derive.read.renaming import Argument, rename, rename_equation
from pullback.derive.read.sizes import by_callers
from pullback.derive.read.sugar import SUGAR, Plain, is_argument, is_sweet, may_be_call
from pullback.derive.read.trees import (
    Apply,
    Declared,
    Equation,
    Negative,
    Number,
    Operation,
    Ref,
    Tree,
    refuse,
    spell,
    walk,
)
from pullback.derive.read.vocabulary import WORDS, suggestion

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

    @property
    def sizes(self) -> Declared:
        """The sizes of axes that it declares."""

    @property
    def order(self) -> tuple[str, ...]:
        """Its inputs, where their order is declared; else they come in order of appearance."""


# A definition by its name. KeyError where there is none; its second argument, if it has one, says
# which there are.
Load = Callable[[str], Callee]


def write_out_calls(definition: Callee, load: Load, stack: tuple[str, ...] = ()) -> Flat:
    """A definition with every call replaced by what it calls.

    Raises DefinitionError where a call has no definition, a wrong number of arguments, axes that
    do not fit, or comes back to itself.
    """
    caller = Caller(definition, (*stack, definition.name), load)
    parts, counted = 0, 0
    for equation in definition.equations:
        if caller.is_call(equation):
            caller.call(caller.without_axis(equation))
        else:
            caller.keep(equation)
        if len(caller.done) > MAX_EQUATIONS:
            refuse(f"calls come to more than {MAX_EQUATIONS} equations", equation.place)
        parts += sum(map(count_parts, caller.done[counted:]))
        counted = len(caller.done)
        if parts > MAX_PARTS:
            refuse(f"the equations have more than {MAX_PARTS:,} parts", equation.place)
    sizes = (*definition.sizes, *caller.sizes)
    facts = (*definition.assume, *caller.assume)
    return Flat(tuple(caller.done), facts, sizes, tuple(caller.calls))


@dataclass
class Caller:
    """The state of writing out one definition's calls."""

    definition: Callee
    stack: tuple[str, ...]
    load: Load
    done: list[Equation] = field(default_factory=list)
    assume: list[Operation] = field(default_factory=list)  # of what is called
    sizes: list[tuple[str, Tree]] = field(default_factory=list)  # likewise
    axes_of: dict[str, Axes] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)  # names, and the capitals of axes
    nodes: set[str] = field(default_factory=set)  # the names of equations
    calls: dict[str, None] = field(default_factory=dict)  # what it calls, in order
    plain: Plain | None = None  # what puts in what words mean, once there is one
    others: Iterable[str] = ()  # the definitions that there are, where one was missing

    def __post_init__(self) -> None:
        axes, _ = names_in(e.right for e in self.definition.equations)
        for equation in self.definition.equations:
            axes.update(equation.axes or ())
            self.used.add(equation.name)
            self.nodes.add(equation.name)
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

        A function's name with whole tensors for arguments calls the definition of that name. So
        does a word that stands for others, with as many arguments as the definition has inputs.
        """
        right = equation.right
        if isinstance(right, Apply) and may_be_call(right) and self.takes(right):
            return True
        functions = {*FUNCTIONS, *OF_TWO}
        if isinstance(right, Apply) and right.name in functions and self.exists(right.name):
            whole = (isinstance(a, Ref) and a.indices is None for a in right.args)
            if all(whole) and any(self.axes_of.get(getattr(a, "name", "")) for a in right.args):
                return True
        for tree in walk(equation.right):
            if not isinstance(tree, Apply) or tree.name in WORDS or tree.name in SUGAR:
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
                or f"; the functions are {', '.join(sorted({*WORDS, *SUGAR}))}"
            )
            refuse(f"'{tree.name}' is neither a function nor a definition{words}", tree.place)
        return False

    def without_axis(self, equation: Equation) -> Equation:
        """A call with the last axis of its one argument before it, prod(j, x[n, j]), without that.

        A definition that runs along an axis has it last, and is called with whole tensors.
        """
        tree = equation.right
        if not isinstance(tree, Apply) or len(tree.args) != 2 or tree.name in self.stack:
            return equation
        axis, given = tree.args
        whole = write_out_calls(self.load(tree.name), self.load, self.stack)
        one = len(inputs_of(up_to_output(whole.equations))) == 1
        if not one or not isinstance(axis, Ref) or axis.indices is not None:
            return equation
        if axis.name in self.axes_of or not any(
            isinstance(t, Ref) and axis.name in [i.name for i in t.indices or ()]
            for t in walk(given)
        ):
            return equation
        if not is_argument(given) or not isinstance(given, Ref) or given.indices is None:
            refuse(
                f"{tree.name} runs along the last axis of a tensor: give the expression a line of "
                f"its own, as in u[…, {axis.name}] = …, and then {tree.name}({axis.name}, "
                f"u[…, {axis.name}])",
                tree.place,
            )
        if given.indices[-1].name != axis.name:
            refuse(
                f"{tree.name} runs along the last axis of {spell(given)}, and '{axis.name}' is "
                "another: give the tensor with its axes in another order a line of its own",
                tree.place,
            )
        return replace(equation, right=replace(tree, args=(given,)))

    def takes(self, tree: Apply) -> bool:
        """Is there a definition of that name with so many inputs, or none of the words fits?"""
        if not self.exists(tree.name):
            return False
        if tree.name in self.stack:
            return True
        callee = self.load(tree.name)
        whole = write_out_calls(callee, self.load, self.stack)
        inputs = callee.order or inputs_of(up_to_output(whole.equations))
        return len(tree.args) == len(inputs) or not SUGAR[tree.name].fits(len(tree.args))

    def keep(self, equation: Equation) -> None:
        """An equation that calls nothing."""
        if is_sweet(equation.right):
            self.plain = self.plain or Plain(self.used)
            equation = replace(equation, right=self.plain.tree(equation.right))
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
        callee = self.load(tree.name)
        self.calls[tree.name] = None
        whole = write_out_calls(callee, self.load, self.stack)
        flat = Flat(up_to_output(whole.equations), whole.assume, whole.sizes)
        body, assume, sizes, _ = with_axes_for_batch(equation, flat, self.axes_of)
        inputs = inputs_of(body)
        inputs = {name: inputs[name] for name in callee.order} or inputs
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
        axes = match_axes(equation, body[-1], inputs, arguments, self.axes_of)
        for axis in all_axes(body, assume):
            if axis not in axes:
                axes[axis] = self.free_axis(axis)
        tensors = self.match_tensors(equation, body, arguments)
        self.take_over(rename(fact, tensors, axes) for fact in assume)
        told = ((axes[a], s) for a, s in sizes if a in axes)
        self.sizes += [(a, s if by_callers(s) else rename(s, tensors, axes)) for a, s in told]
        for own in body:
            renamed = rename_equation(own, tensors, axes)
            if own is body[-1]:
                renamed = replace(renamed, notation=equation.notation)
            self.done.append(replace(renamed, origin=own.origin))
            self.nodes.add(renamed.name)
            self.axes_of[renamed.name] = renamed.axes or ()

    def take_over(self, facts: Iterable[Tree]) -> None:
        """What is assumed of inputs is assumed here too; of a node it is not needed, and left."""
        for fact in facts:
            names = {t.name for t in walk(fact) if isinstance(t, Ref)}
            if not isinstance(fact, Operation) or names & self.nodes or fact in self.assume:
                continue
            if fact.op == "==" or names:  # of a number that is passed there is nothing to say
                self.assume.append(fact)

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
