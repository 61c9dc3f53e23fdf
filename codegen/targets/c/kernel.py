"""A run of statements as one function of rows: passes over each row, and what stands between them.

The axes are taken together as far as all arrays have them together. The last of these is that of
the entries of a row, the others are those of rows. A pass works out what needs no sum or extreme of
its own row but those of passes before it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pullback.codegen.program import borrows, reads
from pullback.codegen.targets.c.nodes import Node, Nodes, Refused

REDUCTIONS = frozenset({"sum", "max", "min", "argmax", "argmin"})
# what an operation costs where it is worked out again; what is dear is kept for later passes
COSTS: Mapping[str, int] = {"divide": 4, "sqrt": 6, "log": 20, "exp": 20, "log1p": 20, "tanh": 40}
COSTS = {**COSTS, **dict.fromkeys(("expm1", "sigmoid", "erf", "erfc"), 40)}
DEAR = 6
BEFORE = -1  # the pass before the first: what is known of a row when it begins


@dataclass(frozen=True)
class Output:
    """A value that is read after the run; it may lie where another value has been."""

    value: int
    node: int
    over: int = -1  # a value from before the run


class Kernel:
    """The passes of a run, the nodes of each, and what is kept from one to the next.

    `outputs` are the values of statements that are read after it.
    """

    def __init__(self, nodes: Nodes, outputs: Sequence[Output]) -> None:
        self.made, self.outputs = nodes, [*outputs]
        self.program = nodes.program
        self.nodes: Sequence[Node] = nodes.nodes
        nodes.join()
        self.axes = {n.number: nodes.axes_of(n) for n in self.nodes}
        self.groups = grouped(self.order(), [*self.axes.values()], nodes)
        self.ranks = {a: i for i, group in enumerate(self.groups) for a in group}
        self.forms = {n.number: self.form(n) for n in self.nodes}
        self.check_reductions()
        self.passes = self.staged()
        self.kept = self.kept_nodes()
        self.check_memory()

    # -- axes --------------------------------------------------------------------------------------

    def order(self) -> list[int]:
        """All axes in the one order that all arrays have them in."""
        found = max(self.axes.values(), key=len, default=())
        place = {axis: i for i, axis in enumerate(found)}
        for axes in self.axes.values():
            if len({*axes}) < len(axes):
                raise Refused("an array along one axis twice")
            at = [place.get(axis, -1) for axis in axes]
            if -1 in at or at != sorted(at):
                raise Refused("arrays of other axes")
        if not found:
            raise Refused("no axes")
        return [*found]

    @property
    def rows(self) -> range:
        """The groups of axes of rows."""
        return range(len(self.groups) - 1)

    def ranks_of(self, node: Node) -> tuple[int, ...]:
        """The groups of axes that a node has."""
        return tuple(sorted({self.ranks[a] for a in self.axes[node.number]}))

    def form(self, node: Node) -> str:
        """Has it all axes, those of rows, that of entries, some of those of rows, or none?"""
        ranks, last = self.ranks_of(node), len(self.groups) - 1
        if not ranks:
            return "number"
        if ranks == tuple(range(last + 1)):
            return "entries"
        if ranks == tuple(self.rows):
            return "rows"
        if ranks == (last,):
            return "columns"
        given = node.op in ("load", "index")
        if given and last not in ranks:
            return "some rows"
        if given:
            return "some entries"
        raise Refused("a part of the axes")

    def is_flat(self) -> bool:
        """Have all arrays all axes of rows, or none?"""
        partial = ("some rows", "some entries")
        counted = any(n.op == "index" and self.forms[n.number] == "rows" for n in self.nodes)
        return not counted and not any(f in partial for f in self.forms.values())

    # -- passes ------------------------------------------------------------------------------------

    def check_reductions(self) -> None:
        """Sums over rows end the kernel; others are over the entries of a row."""
        for node in self.nodes:
            form, results = self.forms[node.number], {o.node for o in self.outputs}
            if node.op in REDUCTIONS:
                over = self.forms[node.args[0]]
                if over != "entries" or form not in ("rows", "columns"):
                    raise Refused("a sum of another form")
                if form == "columns" and (node.op != "sum" or not self.rows):
                    raise Refused("extremes of columns")
            if node.op == "pick" and self.forms[node.args[0]] != "entries":
                raise Refused("entries of something smaller")
            if node.op == "pick" and (form != "rows" or len(self.groups[-1]) != 1):
                raise Refused("entries of other rows")
            if node.number in results and form == "columns" and node.op != "sum":
                raise Refused("columns by themselves")
            for arg in node.args:
                if self.nodes[arg].op in REDUCTIONS and self.forms[arg] == "columns":
                    raise Refused("a sum over rows that is read")

    def staged(self) -> dict[int, int]:
        """The pass of each node: in which its entries are known, or after which its rows are."""
        found: dict[int, int] = {}
        for node in self.in_order():
            at = BEFORE
            for arg in node.args:
                wide = self.forms[arg] in ("entries", "columns", "some entries")
                if wide:
                    at = max(at, found[arg])
                elif self.forms[node.number] in ("entries", "columns"):
                    at = max(at, found[arg] + 1)
                else:
                    at = max(at, found[arg])
            if self.forms[node.number] in ("entries", "columns", "some entries"):
                at = max(at, 0)
            if node.op == "pick":
                base = self.nodes[node.args[0]]
                at = max(found[node.args[1]], BEFORE if base.op == "load" else found[base.number])
            found[node.number] = at
        return found

    def in_order(self) -> list[Node]:
        """The nodes, each behind those that it reads."""
        done: dict[int, Node] = {}

        def place(number: int) -> None:
            if number not in done:
                for arg in self.nodes[number].args:
                    place(arg)
                done[number] = self.nodes[number]

        for node in self.nodes:
            place(node.number)
        return [*done.values()]

    @cached_property
    def last(self) -> int:
        """The last pass."""
        entries = [s for n, s in self.passes.items() if self.forms[n] == "entries"]
        return max(entries, default=BEFORE)

    def roots(self, which: int) -> list[Node]:
        """What a pass is for: what is kept of it, and what it adds up."""
        found = []
        for node in self.in_order():
            kept = node.number in self.kept and self.passes[node.number] == which
            if kept or (node.op in REDUCTIONS and self.added_in(node) == which):
                found.append(node)
        return found

    def added_in(self, node: Node) -> int:
        """The pass in which a sum or an extreme is taken."""
        return self.passes[node.args[0]]

    def needed(self, which: int) -> list[Node]:
        """The nodes of entries that a pass works out, in their order."""
        found: dict[int, Node] = {}

        def need(number: int) -> None:
            node = self.nodes[number]
            if number in found or self.forms[number] not in ("entries", "columns", "some entries"):
                return
            if not self.is_read_again(number, which):
                for arg in node.args:
                    need(arg)
            found[number] = node

        for root in self.roots(which):
            need(root.args[0] if root.op in REDUCTIONS else root.number)
        return [*found.values()]

    def is_read_again(self, number: int, which: int) -> bool:
        """Is it an entry that was kept in a pass before this one?"""
        return number in self.kept and self.passes[number] < which

    def between(self, which: int) -> list[Node]:
        """What is worked out of each row after a pass, but for sums and extremes."""
        return [
            n
            for n in self.in_order()
            if self.forms[n.number] in ("rows", "some rows")
            and n.op not in REDUCTIONS
            and self.passes[n.number] == which
        ]

    # -- what is kept ------------------------------------------------------------------------------

    def kept_nodes(self) -> frozenset[int]:
        """Entries that lie in memory: outputs, and what is dear and read in a later pass."""
        kept = {o.node for o in self.outputs if self.forms[o.node] == "entries"}
        while True:
            self.kept = frozenset(kept)
            more = {
                n.number
                for n in self.nodes
                if n.number not in kept
                and n.op not in ("load", "index", "number", "constant")
                and self.forms[n.number] == "entries"
                and (self.is_picked(n.number) or (self.is_read_later(n.number) and self.is_dear(n)))
            }
            if not more:
                return self.kept
            first = min(more, key=lambda n: (self.passes[n], n))
            kept.add(first)

    def is_picked(self, number: int) -> bool:
        """Are entries of it looked up?"""
        return any(n.op == "pick" and n.args[0] == number for n in self.nodes)

    def is_read_later(self, number: int) -> bool:
        """Does a later pass read it?"""
        return any(
            number in {n.number for n in self.needed(which)}
            for which in range(self.passes[number] + 1, self.last + 1)
        )

    def is_dear(self, node: Node) -> bool:
        """Would it cost much to work it out again?"""
        total, waiting, seen = 0, [node.number], set[int]()
        while waiting:
            number = waiting.pop()
            if number in seen or self.forms[number] != "entries" or number in self.kept:
                continue
            seen.add(number)
            total += COSTS.get(self.nodes[number].op, 1)
            waiting += self.nodes[number].args
        return total > DEAR

    @property
    def scratch(self) -> list[int]:
        """The nodes that are kept and are no outputs."""
        outputs = {o.node for o in self.outputs}
        return sorted(n for n in self.kept if n not in outputs)

    # -- memory ------------------------------------------------------------------------------------

    def check_memory(self) -> None:
        """What is written over is not read after that, by a later pass or at other places."""
        over = {o.over: o for o in self.outputs if o.over >= 0}
        if not over:
            return
        loads = [n for n in self.nodes if n.op == "load"]
        for load in loads:
            source = self.base(load.value)
            if source not in over:
                continue
            if self.forms[over[source].node] == self.forms[load.number] == "rows":
                continue  # they are read when a row begins
            entries = self.forms[over[source].node] == self.forms[load.number] == "entries"
            if source != load.value or not entries:
                raise Refused("memory that is read in another way")
            written = self.passes[over[source].node]
            used = [w for w in range(self.last + 1) if load in self.needed(w)]
            picked = [
                self.passes[n.number]
                for n in self.nodes
                if n.op == "pick" and n.args[0] == load.number
            ]
            if max([*used, *(p + 1 for p in picked)], default=0) > written:
                raise Refused("memory that is read after it is written")

    def base(self, value: int) -> int:
        """The value whose memory a view is."""
        while borrows(self.program[value].op, self.program.values):
            read = reads(self.program[value].op)
            if not read:
                break
            value = read[0]
        return value


def grouped(
    order: Sequence[int], each: Collection[tuple[int, ...]], nodes: Nodes
) -> list[tuple[int, ...]]:
    """Neighbouring axes that all arrays have together are one."""
    sets = [*({*axes} for axes in each), *({nodes.root(a)} for a in nodes.pinned)]
    groups: list[tuple[int, ...]] = []
    for axis in order:
        joins = groups and all((axis in s) == (groups[-1][-1] in s) for s in sets)
        if joins:
            groups[-1] = (*groups[-1], axis)
        else:
            groups.append((axis,))
    return groups
