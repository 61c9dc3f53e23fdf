"""Definitions to layers: calls are written out, names get their meaning, sizes are unified.

Text becomes SymPy objects symbol by symbol; nothing is ever evaluated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from itertools import count
from typing import Any, cast

from sympy import Indexed
from sympy.core.relational import Relational

from pullback.derive.errors import DefinitionError
from pullback.derive.index.objects import Index, entries, entry_name, free_indices
from pullback.derive.layer import Beside, Layer, Node, Recurrence, Tensor
from pullback.derive.read.builder import Builder
from pullback.derive.read.calls import write_out_calls
from pullback.derive.read.definition import (
    Definition,
    Library,
    check_keys,
    check_layer_name,
    is_layer_name,
    no_library,
    read_definition,
)
from pullback.derive.read.domains import domain
from pullback.derive.read.flat import Flat
from pullback.derive.read.limits import check_limits
from pullback.derive.read.loops import loops
from pullback.derive.read.matrix_functions import bound_axes
from pullback.derive.read.run_together import question
from pullback.derive.read.sizes import solve
from pullback.derive.read.symbols import Symbols
from pullback.derive.read.trees import Apply, Equation, Operation, Ref, refuse, spell_equation, walk
from pullback.derive.read.vocabulary import REDUCTIONS, RELATIONS, suggestion

OF_VALUES = ("as defined", "worked out")  # what a handout's line may want of a value
OF_DERIVATIVES = ("by name", "chain rule")


def read_layer(name: str, source: str, library: Library = no_library) -> Layer:
    """Read a definition in TOML into a Layer.

    `library` gives the text of the definitions that may be called. Raises DefinitionError,
    with line, column and caret where the fault stands in an equation.
    """
    return read(name, lambda: read_definition(name, source), library)


def read_equations(name: str, text: str, library: Library = no_library, **keys: Any) -> Layer:
    """Read a layer from the text of its equations; keys as in a definition (`wrt`, `assume`)."""
    check_layer_name(name)
    values = {"title": name, **keys, "equations": text}
    return read(name, lambda: check_keys(name, values, text), library)


def read_arrays(
    name: str,
    text: str,
    shapes: Mapping[str, str],
    library: Library = no_library,
    notation: str = "arrays",
    **keys: Any,
) -> Layer:
    """Read a layer from array notation, or from `matrices`, with the shapes of what it takes.

    Nothing of the text is run.
    """
    check_layer_name(name)
    values = {"title": name, **keys, notation: text, "shapes": dict(shapes)}
    return read(name, lambda: check_keys(name, values, text), library)


def read(name: str, definition: Callable[[], Definition], library: Library) -> Layer:
    """Read a definition and build its layer; the stack may be nearly full already."""
    try:
        return build_layer(definition(), library)
    except RecursionError:
        raise DefinitionError(f"{name}: the equations are nested too deeply") from None


def build_layer(definition: Definition, library: Library) -> Layer:
    """Give the names of a definition their meaning."""
    called: dict[str, Definition] = {}

    def load(name: str) -> Definition:
        if not is_layer_name(name):
            raise KeyError(name)
        if name not in called:
            called[name] = read_definition(name, library(name))
        return called[name]

    flat = write_out_calls(definition, load)
    sources = {definition.name: definition.source} | {n: d.source for n, d in called.items()}
    text = "\0".join(sources[name] for name in sorted(sources))
    assembly = Assembly(definition, flat)
    if definition.understood is None:
        assembly.check_names()
    return assembly.layer(text)


class Assembly:
    """The parts of a layer, made from flat equations."""

    def __init__(self, definition: Definition, flat: Flat) -> None:
        self.definition = definition
        self.equations, self.assume, declared, self.calls = flat
        check_limits(self.equations)
        self.symbols = Symbols(self.equations, self.assume)
        self.solved = solve(self.symbols, declared)
        self.symbols.check(self.solved.roots)
        self.builder = Builder(self.symbols)

    def layer(self, sources: str) -> Layer:
        """Build everything."""
        given = self.definition
        inputs = tuple(self.tensor(name) for name in (given.order or self.symbols.order))
        nodes = tuple(self.node(e) for e in self.equations)
        real = [t.name for t in inputs if not t.integer]
        assumptions = self.assumptions()
        tied = {entry_name(e) for fact in assumptions for e in entries(fact)}
        for name in given.wrt or ():
            if name not in real or name in tied:
                self.refuse_wrt(name, [n for n in real if n not in tied])
        wrt = tuple(
            n for n in real if n in (given.wrt or ()) or (given.wrt is None and n not in tied)
        )
        known = {t.name for t in inputs} | {n.name for n in nodes} | self.symbols.axes
        for name in given.symbols:
            if name not in known:
                hint = suggestion(name, known)
                raise DefinitionError(
                    f"{given.name}: [symbols] describes {name!r}, which no equation has{hint}"
                )
        return Layer(
            name=given.name,
            title=given.title,
            summary=given.summary,
            inputs=inputs,
            nodes=nodes,
            wrt=wrt,
            assumptions=assumptions,
            axes=tuple(map(self.symbols.index, self.symbols.axes_in_order)),
            references=given.references,
            digest=hashlib.sha256(sources.encode()).hexdigest(),
            descriptions=dict(given.symbols),
            handout=tuple(self.handout({n.name for n in nodes})),
            sizes=self.solved.sizes,
            reaches=self.solved.reaches,
            group=given.group,
            calls=self.calls,
            recurrences=self.recurrences(),
            domain=self.domain(),
            arguments=self.solved.arguments,
        )

    def recurrences(self) -> tuple[Recurrence, ...]:
        """The recurrences, calls written out. Refuses an output that is part of one."""
        found = list({id(loop): loop for loop in loops(self.equations).values()}.values())
        last = next(e for e in reversed(self.equations) if not e.notation)
        if any(last.name in loop.positions for loop in found):
            at = f"[{', '.join(last.axes or ())}]"
            refuse(
                f"'{last.name}' is the output and reads itself: say in a last line what the layer "
                f"gives of it, as in out{at} = {last.name}{at}",
                last.place,
            )
        return tuple(found)

    def handout(self, nodes: set[str]) -> Iterator[Beside]:
        """Each line of a handout: `u`, a node's value, or `L by W`, a derivative.

        What is shown of it may follow, as in `u, as defined`, and a remark behind a colon.
        """
        for words, text in self.definition.handout.items():
            head, _, remark = text.partition(":")
            what, comma, part = (piece.strip() for piece in head.partition(","))
            node, by, tensor = what.partition(" by ")
            parts = OF_DERIVATIVES if by else OF_VALUES
            if comma and part not in parts:
                raise DefinitionError(
                    f"{self.definition.name}: [handout] wants {part!r} of {what!r}; "
                    f"what can be shown of it alone is {', '.join(parts)}"
                )
            known = nodes if not by else nodes | self.symbols.ranks.keys()
            for name in filter(None, (node, tensor)):
                if name not in (nodes if name is node else known):
                    raise DefinitionError(
                        f"{self.definition.name}: [handout] names {name!r} in {what!r}; wanted is "
                        f"a node, or 'node by tensor'; the nodes are {', '.join(sorted(nodes))}"
                    )
            yield Beside(words, node, tensor, part, remark.strip())

    def check_names(self) -> None:
        """Ask about inputs whose names are those of other tensors, run together, as in `xW`."""
        meant = {*self.definition.symbols, *(self.definition.wrt or ())}
        for name in (n for n in self.symbols.order if n not in meant):
            asked = question(
                name,
                self.symbols.ranks.keys() - {name},
                f"it with * and their axes, or describe {name} in [symbols]",
            )
            if asked:
                refuse(asked, self.symbols.places[name])

    def refuse_wrt(self, name: str, real: list[str]) -> None:
        """Say why there is no gradient by a name."""
        reason = "is not an input"
        if any(entry_name(e) == name for fact in self.assumptions() for e in entries(fact)):
            reason = "is held by an assumption, which its own tangents would break"
        if name in self.symbols.labels:
            reason = "holds labels and has no gradient"
        elif name in self.symbols.defined:
            reason = "is a node and not an input"
        raise DefinitionError(
            f"{self.definition.name}: wrt names {name!r}, which {reason}; "
            f"there are {', '.join(real) or 'none'}"
        )

    def tensor(self, name: str) -> Tensor:
        """An input with its axes named as where it is first used, each once."""
        symbols = self.symbols
        names = self.first_axes.get(name, [None] * symbols.ranks[name])
        taken = ({*names}, symbols.axes, symbols.ranks)
        indices: list[Index] = []
        for position, own in enumerate(names):
            size = symbols.size((name, position))
            used = {n for n in names if n} | {i.name for i in indices}
            same = (a for a in symbols.axes_in_order if symbols.size(a) == size and a not in used)
            numbered = (f"{name}{i}" for i in count(position))
            free = next(n for n in numbered if not any(n in some for some in taken))
            indices.append(Index(own or next(same, free), size))
        labels = symbols.size(symbols.labels[name]) if name in symbols.labels else None
        return Tensor(name, tuple(indices), labels, self.definition.symbols.get(name, ""))

    @cached_property
    def first_axes(self) -> Mapping[str, list[str | None]]:
        """The axis names at each tensor's first use that has distinct ones."""
        found: dict[str, list[str | None]] = {}
        for tree in (part for equation in self.equations for part in walk(equation.right)):
            if isinstance(tree, Ref) and tree.name not in found:
                names = [i.name if i.indices is None else None for i in tree.indices or ()]
                plain = [n for n in names if n is not None]
                if len(set(plain)) == len(plain):
                    found[tree.name] = names
        return found

    def node(self, equation: Equation) -> Node:
        """A node or a notation."""
        axes = equation.axes or ()
        return Node(
            name=equation.name,
            indices=tuple(map(self.symbols.index, axes)),
            expr=self.builder.right_side(equation.right, axes, equation.place),
            notation=equation.notation,
            text="\n".join(map(spell_equation, (*equation.starts, equation))),
            origin=equation.origin or self.definition.name,
        )

    def assumptions(self) -> tuple[Relational, ...]:
        """The assumptions, which rewrite what stands on a left side into the right side."""
        facts = [(tree, self.assumption(tree)) for tree in self.assume if tree.op == "=="]
        left = {entry_name(e) for _, fact in facts for e in entries(fact.lhs)}
        for tree, fact in facts:
            again = sorted({entry_name(e) for e in entries(fact.rhs)} & left)
            if again:
                name = again[0]
                words = f"'{name}' stands on both sides of assumptions"
                if is_turned(fact):
                    words += "; a symmetric matrix is written (A[i, j] + A[j, i])/2, with "
                    words += f"'{name}' for A: its gradient is symmetric, too"
                refuse(words, tree.place)
        return tuple(dict.fromkeys(fact for _, fact in facts))

    def domain(self) -> tuple[Relational, ...]:
        """Where inputs are assumed to lie."""
        axes = frozenset(self.symbols.axes)
        compared = (tree for tree in self.assume if tree.op != "==")
        return domain(compared, lambda tree: self.builder.build(tree, axes))

    def assumption(self, tree: Operation) -> Relational:
        """An equality that holds for every value of its free axes."""
        bound = {
            a.name
            for part in walk(tree)
            if isinstance(part, Apply) and part.name in REDUCTIONS
            for a in part.args[:-1]
            if isinstance(a, Ref)
        }
        applied = (part for part in walk(tree) if isinstance(part, Apply))
        bound.update(name for part in applied for name in bound_axes(part))
        scope = frozenset(self.symbols.axes) - bound
        left, right = (self.builder.build(side, scope) for side in (tree.left, tree.right))
        if not entries(left):
            refuse("the left side of an assumption speaks of a tensor", tree.place)
        if not set(free_indices(right)) <= set(free_indices(left)):
            refuse("an axis stands only on the right side of an assumption", tree.place)
        return cast(Relational, RELATIONS[tree.op](left, right, evaluate=False))


def is_turned(fact: Relational) -> bool:
    """Does it say that a matrix is its transpose?"""
    sides = [side for side in fact.args if isinstance(side, Indexed)]
    return len(sides) == 2 and {*sides[0].indices} == {*sides[1].indices}
