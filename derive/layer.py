"""A layer as it was read: frozen values that every later stage takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sympy import Expr
from sympy.core.relational import Relational

from pullback.derive.index.objects import Index, earlier, entry, own_name
from pullback.derive.index.ranges import Range, ranges

Definitions = Mapping[str, tuple[tuple[Index, ...], Expr]]  # a name, its axes, what it stands for


def with_earlier(definitions: Definitions) -> Definitions:
    """The definitions, with what each name is where a recurrence reads it at another place."""
    same = {earlier(n): (i, entry(n, i)) for n, (i, _) in definitions.items()}
    return {**definitions, **same}


@dataclass(frozen=True)
class Tensor:
    """An input: its name, its axes, and what it holds.

    `labels_of` is the size of the axis on which an integer tensor's values lie, else None.
    """

    name: str
    indices: tuple[Index, ...]
    labels_of: Expr | None = None
    description: str = ""

    @property
    def integer(self) -> bool:
        """Does it hold labels?"""
        return self.labels_of is not None

    @property
    def entry(self) -> Expr:
        """Its general entry, `x[n, d]`."""
        return entry(self.name, self.indices, self.integer)


@dataclass(frozen=True)
class Node:
    """An equation: a node (`=`), or notation (`:=`) that is put in before differentiating.

    `text` is the equation as written; `origin` is the definition that a call brought it from.
    """

    name: str
    indices: tuple[Index, ...]
    expr: Expr
    notation: bool
    text: str
    origin: str

    @property
    def entry(self) -> Expr:
        """Its general entry, `z[n, k]`."""
        return entry(self.name, self.indices)


@dataclass(frozen=True)
class Beside:
    """A line of somebody's handout in words, and what it is here: a node's value, or the derivative
    of a node by a tensor; `part` says what is shown of that, `remark` where it differs."""

    words: str
    node: str
    tensor: str = ""
    part: str = ""
    remark: str = ""


@dataclass(frozen=True)
class Reach:
    """Where the places lie at which a tensor is read along an axis: from `low` to `high`, which
    must not leave it. `text` is the entry as written; `sure` says that they do not, by how sizes
    were found."""

    tensor: str
    position: int
    low: Expr
    high: Expr
    size: Expr
    text: str
    sure: bool = False


@dataclass(frozen=True)
class Recurrence:
    """Nodes of which each hangs on what others were at earlier places of an axis; with `back` at
    later ones. Each has the position of that axis in it; they stand in order."""

    positions: Mapping[str, int] = field(hash=False)
    back: bool


@dataclass(frozen=True)
class Layer:
    """One definition, read: inputs in order of appearance, equations in order of use."""

    name: str
    title: str
    summary: str
    inputs: tuple[Tensor, ...]
    nodes: tuple[Node, ...]
    wrt: tuple[str, ...]
    assumptions: tuple[Relational, ...]
    axes: tuple[Index, ...]  # every axis by its name in the text, in order of appearance
    references: tuple[str, ...]
    digest: str  # SHA-256 of all text that the layer was read from
    descriptions: Mapping[str, str] = field(default_factory=dict, hash=False)
    handout: tuple[Beside, ...] = ()
    sizes: tuple[tuple[Expr, Expr], ...] = ()  # those that no input shows, by the others, in order
    reaches: tuple[Reach, ...] = ()  # what must lie within its axis
    group: str = ""  # the kind of layer, as lists have it
    calls: tuple[str, ...] = ()  # the definitions that its equations call
    recurrences: tuple[Recurrence, ...] = ()
    domain: tuple[Relational, ...] = ()  # where inputs lie: their entries, compared with numbers
    arguments: tuple[Expr, ...] = ()  # the sizes that callers give, each as an integer

    @property
    def parameters(self) -> tuple[str, ...]:
        """What callers give, by name: the inputs, and behind them the sizes that are arguments."""
        return (*(t.name for t in self.inputs), *map(str, self.arguments))

    @property
    def given_sizes(self) -> tuple[Expr, ...]:
        """The sizes that what callers give shows: of the inputs' axes, and the arguments."""
        return (*dict.fromkeys(i.size for t in self.inputs for i in t.indices), *self.arguments)

    @property
    def output(self) -> Node:
        """The last node."""
        return next(n for n in reversed(self.nodes) if not n.notation)

    @property
    def assumed(self) -> tuple[Relational, ...]:
        """All that is assumed of inputs."""
        return (*self.assumptions, *self.domain)

    @cached_property
    def ranges(self) -> Mapping[str, Range]:
        """Where inputs lie of which that is assumed, by name."""
        return ranges(self.domain)

    @cached_property
    def notations(self) -> tuple[Node, ...]:
        """The equations written with `:=`."""
        return tuple(n for n in self.nodes if n.notation)

    @cached_property
    def tensors(self) -> Mapping[str, Tensor | Node]:
        """Its inputs and nodes by name, in order."""
        inputs: dict[str, Tensor | Node] = {t.name: t for t in self.inputs}
        return inputs | {n.name: n for n in self.nodes}

    def recurrence(self, name: str) -> Recurrence | None:
        """The recurrence of a node, if it has one."""
        return next((r for r in self.recurrences if name in r.positions), None)

    def tensor(self, name: str) -> Tensor | Node:
        """The input or node of that name, which may be that of a node at other places of its
        recurrence; KeyError with the known names otherwise."""
        own = own_name(name)
        if own != name and self.recurrence(own):
            return Tensor(name, self.tensors[own].indices)
        if name not in self.tensors:
            raise KeyError(f"{self.name} has no tensor {name!r}; it has {', '.join(self.tensors)}")
        return self.tensors[name]
