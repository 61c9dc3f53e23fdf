"""The operations of a run of statements as nodes over axes of their own.

The axes of an operation's operands and of its result that are one axis get one number, whatever
array they belong to. What has no such form, or is no work of entries and rows, is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from sympy import Expr

from pullback.codegen.program import (
    Arange,
    Constant,
    Contract,
    Elementwise,
    OneHot,
    Operand,
    Pick,
    Put,
    Reduce,
    Values,
    reads,
)

# functions of entries that have a form in C; `cast` and the like work on numbers, in Python
FUNCTIONS = frozenset(
    {
        *("add", "subtract", "multiply", "divide", "maximum", "minimum", "negative", "square"),
        *("sqrt", "exp", "log", "log1p", "expm1", "tanh", "abs", "sign", "sigmoid", "erf", "erfc"),
        *("floor", "ceil", "round", "where", "float", "isfinite", "spread"),
        *("greater", "greater_equal", "less", "less_equal", "equal", "not_equal"),
    }
)
COMPARISONS = frozenset({"greater", "greater_equal", "less", "less_equal", "equal", "not_equal"})


class Refused(Exception):
    """What has no form in C, or not beside the rest of a run."""


@dataclass(frozen=True)
class Node:
    """One value at each place of some axes.

    `op` is a function of entries, or load (an array), number (one, known to Python), constant,
    index (the place on an axis), onehot, put, pick, multiply_guarded, or a reduction: sum, max,
    min, argmax, argmin. `value` is what is loaded, or what the node works out, where it is one.
    """

    number: int
    op: str
    args: tuple[int, ...]
    axes: tuple[int, ...]
    kind: str
    value: int = -1


@dataclass
class Nodes:
    """The nodes of a run; `inside` are the values of its statements, `inlined` those in these."""

    program: Values
    inside: Collection[int]
    inlined: Collection[int]
    nodes: list[Node] = field(default_factory=list)
    of_value: dict[int, int] = field(default_factory=dict)  # the node that works a value out
    parent: list[int] = field(default_factory=list)  # of axes that are one
    sizes: list[Expr] = field(default_factory=list)  # of axes
    pinned: set[int] = field(default_factory=set)  # axes along which places are looked up

    # -- axes --------------------------------------------------------------------------------------

    def axis(self, size: Expr) -> int:
        """A new axis."""
        self.parent.append(len(self.parent))
        self.sizes.append(size)
        return len(self.parent) - 1

    def root(self, axis: int) -> int:
        """The axis that stands for all that are one with it."""
        while self.parent[axis] != axis:
            axis = self.parent[axis]
        return axis

    def same(self, a: int, b: int) -> None:
        """These two are one axis."""
        a, b = self.root(a), self.root(b)
        self.parent[max(a, b)] = min(a, b)

    def join(self) -> None:
        """Axes of one size that no array has both of are one: sums along rows share their loop."""
        every = [node.axes for node in self.nodes]
        longest = max(every, key=len, default=())
        for axis in sorted({self.root(a) for axes in every for a in axes}):
            for other in longest:
                inside = {self.root(a) for a in longest}
                if axis in inside or self.root(axis) != axis:
                    break
                if self.sizes[axis] == self.sizes[other] and not self.meet(axis, other, every):
                    self.same(axis, other)

    def meet(self, a: int, b: int, every: Iterable[tuple[int, ...]]) -> bool:
        """Has an array both axes?"""
        pair = {self.root(a), self.root(b)}
        return any(pair <= {*map(self.root, axes)} for axes in every)

    def axes_of(self, node: Node) -> tuple[int, ...]:
        """A node's axes as they are known in the end."""
        return tuple(map(self.root, node.axes))

    # -- nodes -------------------------------------------------------------------------------------

    def add(
        self, op: str, args: Iterable[int], axes: Iterable[int], kind: str, value: int = -1
    ) -> int:
        """A new node's number."""
        self.nodes.append(Node(len(self.nodes), op, (*args,), (*axes,), kind, value))
        return len(self.nodes) - 1

    def use(self, operand: Operand, result: tuple[int, ...]) -> int:
        """The node of an operand, its axes being these axes of the result."""
        return self.lined_up(operand.value, tuple(result[p] for p in operand.places))

    def lined_up(self, value: int, axes: tuple[int, ...]) -> int:
        """The node of a value whose axes are these."""
        made = self.program[value]
        if not made.sizes:
            op = "constant" if isinstance(made.op, Constant) else "number"
            self.check_from_before(value)
            return self.add(op, (), (), made.kind, value)
        if isinstance(made.op, Arange):
            return self.add("index", (), axes, "integer", value)
        if not self.is_inside(value):
            self.check_from_before(value)
            return self.add("load", (), axes, made.kind, value)
        node = self.nodes[self.work_out(value)]
        for own, other in zip(node.axes, axes, strict=True):
            self.same(own, other)
        return node.number

    def check_from_before(self, value: int) -> None:
        """Refuse what is spelled where it is read, and reads what the run works out."""
        waiting, seen = [value], set[int]()
        while waiting:
            number = waiting.pop()
            if number in self.inside:
                raise Refused("what hangs on the run itself")
            if number in self.inlined and number not in seen:
                seen.add(number)
                waiting += reads(self.program[number].op)

    def is_inside(self, value: int) -> bool:
        """Is it worked out in the run?"""
        if value in self.of_value or value in self.inside:
            return True
        return value in self.inlined and has_form(self.program, value)

    def work_out(self, value: int) -> int:
        """The node that works a value out."""
        if value not in self.of_value:
            if not has_form(self.program, value):
                raise Refused(type(self.program[value].op).__name__)
            self.of_value[value] = self.made(value)
        return self.of_value[value]

    def made(self, value: int) -> int:
        """The node of an operation."""
        made = self.program[value]
        axes = tuple(map(self.axis, made.sizes))
        match made.op:
            case Elementwise(function, operands):
                if function == "spread":
                    operands = operands[:1]
                args = [self.use(o, axes) for o in operands]
                return self.add(function, args, axes, made.kind, value)
            case OneHot(labels, _):
                self.pinned.add(axes[-1])
                args = [self.lined_up(labels, axes[:-1])]
                args.append(self.add("index", (), axes[-1:], "integer"))
                return self.add("equal", args, axes, "mask", value)
            case Reduce(kind, inner, reduced):
                rest = iter(axes)
                sizes = self.program[inner].sizes
                every = [self.axis(s) if a in reduced else next(rest) for a, s in enumerate(sizes)]
                arg = self.lined_up(inner, tuple(every))
                return self.add(kind, [arg], axes, made.kind, value)
            case Contract():
                return self.contract(made.op, axes, value)
            case Put() | Pick():
                return self.looked_up(made.op, axes, value)
        raise Refused(type(made.op).__name__)

    def contract(self, op: Contract, axes: tuple[int, ...], value: int) -> int:
        """Products added up, where one factor has every axis."""
        letters = {letter for each in op.letters for letter in each}
        whole = [ls for ls in op.letters if {*ls} == letters]
        if not whole or len(op.values) > 2 or any(len({*ls}) < len(ls) for ls in op.letters):
            raise Refused("a matrix product")
        at = dict(zip(op.out, axes, strict=True))
        size_of = {
            letter: size
            for v, ls in zip(op.values, op.letters, strict=True)
            for letter, size in zip(ls, self.program[v].sizes, strict=True)
        }
        at |= {letter: self.axis(size_of[letter]) for letter in sorted(letters - {*op.out})}
        args = [
            self.lined_up(v, tuple(at[letter] for letter in ls))
            for v, ls in zip(op.values, op.letters, strict=True)
        ]
        last = value if len(letters) == len(op.out) else -1
        if len(args) == 1:
            if last >= 0:
                raise Refused("an array turned")
            product = args[0]
        else:
            function = "multiply_guarded" if op.guarded else "multiply"
            every = [at[letter] for letter in whole[0]]
            product = self.add(function, args, every, "real", last)
        return product if last >= 0 else self.add("sum", [product], axes, "real", value)

    def looked_up(self, op: Put | Pick, axes: tuple[int, ...], value: int) -> int:
        """Entries at a label for each row: all axes but the last are those of the rows."""
        *rows, label = op.at
        places = {
            p: self.axis(size)
            for o in op.at
            for p, size in zip(o.places, self.program[o.value].sizes, strict=True)
        }
        base = axes if isinstance(op, Put) else (*map(self.axis, self.program[op.value].sizes),)
        for axis, operand in zip(base[:-1], rows, strict=True):
            if not isinstance(self.program[operand.value].op, Arange):
                raise Refused("rows at labels")
            self.same(axis, places[operand.places[0]])
        if isinstance(self.program[label.value].op, Arange) or not label.places:
            raise Refused("entries at places")
        if [*label.places] != sorted(places) or len(places) != len(rows):
            raise Refused("labels of other rows")
        self.pinned.add(base[-1])
        row_axes = tuple(places[p] for p in sorted(places))
        if isinstance(op, Pick):
            for own, axis in zip(axes, row_axes, strict=True):
                self.same(own, axis)
            args = [self.lined_up(op.value, base), self.lined_up(label.value, row_axes)]
            return self.add("pick", args, axes, self.program[value].kind, value)
        filling = self.lined_up(op.filling.value, tuple(places[p] for p in op.filling.places))
        at_label = self.lined_up(label.value, row_axes)
        index = self.add("index", (), base[-1:], "integer")
        there = self.add("equal", [at_label, index], axes, "mask")
        args = [there, filling, self.lined_up(op.value, base)]
        return self.add("where", args, axes, "real", value)


def has_form(program: Values, value: int) -> bool:
    """Is it an array of an operation that has a form in C, by itself?"""
    made = program[value]
    if not made.sizes:
        return False
    if isinstance(made.op, Elementwise):
        kinds = {program[o.value].kind for o in made.op.operands}
        if made.op.function == "spread":
            return made.kind == "real"
        if made.kind == "integer" or "scan" in kinds:
            return False
        return made.op.function in FUNCTIONS
    if isinstance(made.op, Contract):
        return 1 <= len(made.op.values) <= 2
    if isinstance(made.op, Put | Pick):
        return made.kind == "real"
    return isinstance(made.op, Reduce | OneHot)
