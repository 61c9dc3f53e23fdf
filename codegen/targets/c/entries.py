"""How the entries and rows of a kernel are spelled in C, and where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pullback.codegen.program import Constant
from pullback.codegen.targets.c.kernel import Kernel
from pullback.codegen.targets.c.nodes import Node
from pullback.codegen.targets.c.text import STORED, function, literal

HEAD = 4  # words before the first array


@dataclass(frozen=True)
class Slots:
    """The places of a call's block: arrays by value, sizes of groups of axes, numbers by value.

    The first words say how arrays are told, which piece of how many this call is, and where
    pieces leave their sums.
    """

    arrays: Sequence[int]
    sizes: int
    numbers: Sequence[int]

    def array(self, value: int) -> int:
        """Where an array stands."""
        return HEAD + self.arrays.index(value)

    def size(self, group: int) -> int:
        """Where a size stands."""
        return HEAD + len(self.arrays) + group

    def number(self, value: int) -> int:
        """Where a number stands."""
        return HEAD + len(self.arrays) + self.sizes + self.numbers.index(value)


class Entries:
    """The names and places of what a kernel works with, and its formulas.

    `side_by_side` says how rows are gone over: a lane each, or one by one.
    """

    def __init__(self, kernel: Kernel, name: str) -> None:
        self.kernel, self.name = kernel, name
        nodes, program = kernel.nodes, kernel.program
        loaded = dict.fromkeys(n.value for n in nodes if n.op == "load")
        fresh = [o.value for o in kernel.outputs if o.over < 0]
        self.home = {o.node: (o.value if o.over < 0 else o.over) for o in kernel.outputs}
        numbers = [n.value for n in nodes if n.op == "number"]
        self.slots = Slots(
            [*dict.fromkeys([*loaded, *fresh])], len(kernel.groups), [*dict.fromkeys(numbers)]
        )
        self.kinds = {v: program[v].kind for v in self.slots.arrays}
        self.written = {*self.home.values()}
        self.columns = [n for n in nodes if n.op == "sum" and kernel.forms[n.number] == "columns"]
        self.side_by_side = False  # do rows lie so?

    def to_memory(self, number: int, text: str) -> str:
        """A value as it lies in an array."""
        kind = self.kernel.nodes[number].kind
        return text if kind == "real" or number not in self.home else f"({STORED[kind]}){text}"

    def entry(self, node: Node, which: int) -> str:
        """An entry: read where it lies, or worked out."""
        if self.kernel.is_read_again(node.number, which):
            place = self.memory(node.number)
            return place if node.kind == "real" else f"(PLACE){place}"
        if node.op == "load":
            place = f"p{self.slots.array(node.value)}[{self.load_at(node)}]"
            return place if node.kind == "real" else f"(PLACE){place}"
        return self.formula(node)

    def formula(self, node: Node) -> str:
        """A function of what the node reads."""
        nodes = self.kernel.nodes
        kinds = [nodes[a].kind for a in node.args]
        places = "integer" in kinds
        args = [self.place_of(a) if places else self.name_of(a) for a in node.args]
        constants = [nodes[a].op == "constant" for a in node.args]
        return function(node.op, args, kinds, constants)

    def place_of(self, number: int) -> str:
        """A value among labels and places: no float32 holds all of these."""
        node = self.kernel.nodes[number]
        if node.op == "number":
            return f"(PLACE)a[{self.slots.number(node.value)}].number"
        if node.op == "constant":
            return f"(PLACE){self.name_of(number).removeprefix('(REAL)')}"
        return self.name_of(number)

    def real(self, number: int) -> str:
        """A value that is added up."""
        kind = self.kernel.nodes[number].kind
        return self.name_of(number) if kind == "real" else f"(REAL){self.name_of(number)}"

    def name_of(self, number: int) -> str:
        """A value where it is read."""
        node, kernel = self.kernel.nodes[number], self.kernel
        form = kernel.forms[number]
        if node.op == "constant":
            made = kernel.program[node.value].op
            assert isinstance(made, Constant)
            return literal(made.number)
        if node.op == "number":
            return f"s{self.slots.number(node.value)}"
        if node.op == "index":
            (rank,) = kernel.ranks_of(node)
            if rank == len(kernel.groups) - 1:
                return "(PLACE)c"
            return f"(PLACE){'n' if kernel.is_flat() else f'n{rank}'}"
        if self.side_by_side and form in ("rows", "some rows"):
            return f"v{number}[k]"
        return f"v{number}"

    # -- where things lie --------------------------------------------------------------------------

    def memory(self, number: int) -> str:
        """Where an entry is kept."""
        if number in self.home:
            return f"p{self.slots.array(self.home[number])}[{self.entry_at()}]"
        return f"m{number}[{'c * LANES + k' if self.side_by_side else 'c'}]"

    def scratch_at(self, number: int) -> str:
        """Where the scratch memory of a node begins."""
        place = self.kernel.scratch.index(number)
        return f"{place} * C * LANES" if self.side_by_side else f"{place} * C"

    def row(self) -> str:
        """The row."""
        return "(n + k)" if self.side_by_side else "n"

    def entry_at(self) -> str:
        """The place of an entry in an array that has all axes."""
        return f"{self.row()} * C + c" if self.kernel.rows else "c"

    def load_at(self, node: Node) -> str:
        """The place that is read of an array."""
        form = self.kernel.forms[node.number]
        if form == "entries":
            return self.entry_at()
        if form == "columns":
            return "c"
        if form == "rows":
            return self.row()
        return self.partial_at(node)

    def partial_at(self, node: Node) -> str:
        """The place in an array that has some groups of axes."""
        last, text = len(self.kernel.groups) - 1, ""
        for rank in self.kernel.ranks_of(node):
            at = "c" if rank == last else f"n{rank}"
            size = f"a[{self.slots.size(rank)}].size"
            text = f"({text}) * {size} + {at}" if text else at
        return text

    def picked(self, node: Node) -> str:
        """An entry that is looked up."""
        base, label = node.args
        at = self.name_of(label)
        if self.kernel.nodes[base].op == "load" and base not in self.home:
            place = self.slots.array(self.kernel.nodes[base].value)
        elif base in self.home:
            place = self.slots.array(self.home[base])
        else:
            return f"m{base}[{at} * LANES + k]" if self.side_by_side else f"m{base}[{at}]"
        return f"p{place}[{self.row()} * C + {at}]" if self.kernel.rows else f"p{place}[{at}]"
