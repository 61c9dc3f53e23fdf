"""Index notation read into values: places, entries, conditions. What each kind of expression comes
to stands in tables that a reader is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import ArgLargest, Binder, Largest, Place
from pullback.derive.index.kinks import Where
from pullback.derive.index.objects import (
    Index,
    entry_indices,
    entry_name,
    free_indices,
    is_entry,
    is_size,
)
from pullback.derive.layer import Definitions
from pullback.derive.proof.every_size.facts import (
    FAILS,
    HOLDS,
    NOT_NEGATIVE,
    NOT_ZERO,
    POSITIVE,
    ZERO,
    Fact,
    Given,
)
from pullback.derive.proof.every_size.left_in import Switches, some_left, switches_of
from pullback.derive.proof.every_size.needs import Needs
from pullback.derive.proof.every_size.places import ENTRY, FIRST, NUMBER, OPEN
from pullback.derive.proof.every_size.powers import bracket
from pullback.derive.proof.every_size.shifted_places import beside_meetings, pivots, two_places
from pullback.derive.proof.every_size.signs import Signs
from pullback.derive.proof.every_size.terms import (
    Undecided,
    Value,
    as_number,
    constant,
    minus,
    plus,
    scaled,
)

At = Mapping[Index, int]  # the place of each free index
Rules = Sequence[tuple[Any, Callable[["Reader", Any, At], Value]]]  # how kinds are read


@dataclass(frozen=True)
class Condition:
    """1 where a comparison holds, 1 where it does not, and what is known in either case."""

    holds: Value
    fails: Value
    yes: Given = ()
    no: Given = ()


class Reader(Needs):
    """Reads expressions, each kind by its rule."""

    def __init__(
        self,
        signs: Signs,
        definitions: Definitions,
        label_sizes: Mapping[str, Expr],
        rules: Rules,
    ) -> None:
        super().__init__(signs)
        self.definitions, self.label_sizes, self.rules = definitions, label_sizes, rules
        self.level = 0  # binders that are open
        self.puts_places_in = True  # t + 1 for m, beside [m = t + 1]?
        self.has_put_in = False  # ... anywhere so far
        self.memory: dict[Any, tuple[Value, tuple[Fact, ...]]] = {}  # and what must hold for it

    def read(self, expr: Expr, at: At) -> Value:
        """What an expression comes to."""
        if expr.is_Rational:
            return constant(Fraction(int(expr.p), int(expr.q)))
        where = tuple(at.get(i) for i in free_indices(expr))
        key = expr, where, self.signs.given, self.level, self.puts_places_in
        if key in self.memory:
            value, needed = self.memory[key]
            self.needed += needed
            return value
        before = len(self.needed)
        value = self.reading(expr, lambda: self.anew(expr, at))
        self.memory[key] = value, tuple(dict.fromkeys(self.needed[before:]))
        return value

    def anew(self, expr: Expr, at: At) -> Value:
        """What an expression comes to, by its kind."""
        for kind, rule in self.rules:
            if isinstance(expr, kind):
                return rule(self, expr, at)
        if is_size(expr):
            return self.ring.factor((self.ring.head("size", str(expr)),))
        if is_entry(expr):
            return self.entry(expr, at)
        if expr.is_NumberSymbol:
            return self.ring.factor((self.ring.head("constant", str(expr)),))
        raise Undecided(f"{type(expr).__name__} is not read")

    def entry(self, expr: Expr, at: At) -> Value:
        """An entry, or what its definition says of it."""
        name = entry_name(expr)
        places = tuple(self.place(i, at) for i in entry_indices(expr))
        if name in self.definitions:
            indices, meaning = self.definitions[name]
            inner = dict(zip(indices, places, strict=True))
            return self.looked_through(expr, indices, lambda: self.read(meaning, inner))
        if name in self.label_sizes:
            return self.number_of(self.place(expr, at))
        return self.ring.factor((self.ring.head("tensor", name), *places))

    def looked_through(
        self, expr: Expr, indices: Sequence[Index], read: Callable[[], Value]
    ) -> Value:
        """What is read of an entry's definition, whose own indices stand for those of the entry."""
        before = self.letters
        self.letters = before.through(indices, entry_indices(expr))
        try:
            return read()
        finally:
            self.letters = before

    def number_of(self, place: int) -> Value:
        """A place as a number."""
        if self.ring.places.kinds[place] == NUMBER:
            name = self.ring.places.names[place]
            assert isinstance(name, int)
            return constant(name)
        return self.ring.factor((self.ring.head("place"), place))

    def place(self, index: Expr, at: At) -> int:
        """Where an index stands."""
        places = self.ring.places
        if isinstance(index, Index):
            return at[index] if index in at else places.index(index.name, str(index.size))
        if index.is_Integer:
            return places.make(NUMBER, "", int(index))
        if isinstance(index, Place):
            return self.first(index, isinstance(index, ArgLargest), at)
        name = entry_name(index)
        inner = tuple(self.place(i, at) for i in entry_indices(index))
        return places.make(ENTRY, str(self.label_sizes.get(name, "")), name, inner)

    def first(self, over: Binder, largest: bool, at: At) -> int:
        """The first place of the largest value, or of the smallest, of what is bound: of the values
        less what does not move along."""
        (index,) = over.indices
        mark = self.ring.places.make(OPEN, str(index.size), -1 - self.level)
        self.level += 1
        value = self.read(over.body, {**at, index: mark})
        self.level -= 1
        value = value if largest else scaled(value, -1)
        moving = {
            (bound, factors): c
            for (bound, factors), c in value.items()
            if any(mark in self.ring.places.leaves[p] for f, _ in factors for p in f[1:])
        }
        value = self.signs.bare(moving, but=mark)
        free, _ = self.ring.order(value, [mark])
        # the mark comes first, so that its holder is known
        order = [mark, *free]
        head = self.ring.head("first", "", self.ring.held(value, order), self.ring.holders(order))
        found = self.ring.places.make(FIRST, str(index.size), head, tuple(free))
        masks = masks_of(over.body) if largest else []
        if masks:
            self.left_in(masks, at, index, found, mark)
        return found

    def left_in(self, masks: Sequence[Any], at: At, index: Index, found: int, mark: int) -> None:
        """What is left out is not the largest: where that stands, the conditions hold."""
        certain: Switches = []
        for mask in masks:
            known = switches_of(self.ring, self.condition(mask, {**at, index: found}).holds)
            if known is None:
                return
            certain += known
        if all(each in self.ring.certain for each in certain):
            return
        holds = [self.condition(mask, {**at, index: mark}).holds for mask in masks]
        if not some_left(self.signs, holds, mark):
            raise Undecided("a largest value over what may all be left out")
        self.ring.certain += certain

    def bound(self, expr: Any, at: At) -> tuple[dict[Index, int], list[int]]:
        """The indices of a sum as places that stand nowhere else."""
        marks = [
            self.ring.places.make(OPEN, str(i.size), -1 - self.level - k)
            for k, i in enumerate(expr.indices)
        ]
        return {**at, **dict(zip(expr.indices, marks, strict=True))}, marks

    def condition(self, relation: Any, at: At) -> Condition:
        """1 or 0, and what is known where it holds and where it does not."""
        left, right = relation.args
        met = pivots(self.ring, self.signs.given) if self.puts_places_in else {}
        if is_place(left) and is_place(right):
            both = self.place(left, at), self.place(right, at)
            if not any(p in met for p in both):
                return self.ordered(relation.rel_op, *both)
        if right is sp.S.NegativeInfinity:  # of a largest value over what is left out: there is one
            if not isinstance(left, Largest) or relation.rel_op != ">":
                raise Undecided("a comparison with minus infinity")
            if self.ring.infinite(self.read(left, at)):
                raise Undecided("a largest value over what may all be left out")
            return Condition(constant(1), {})
        a, b = self.read(left, at), self.read(right, at)
        op, difference = relation.rel_op, minus(a, b)
        if met:
            difference = beside_meetings(self.ring, difference, met)
            self.has_put_in = True
            places = two_places(self.ring, difference)
            if places and op in ("==", "!="):
                return self.ordered(op, *places)
        if op in ("<", "<="):
            difference = scaled(difference, -1)
        back = scaled(difference, -1)
        up, down = bracket(self.signs, difference), bracket(self.signs, back)
        one = constant(1)
        if op in (">", "<"):
            yes, no = self.facts(POSITIVE, difference), self.facts(NOT_NEGATIVE, back)
            return Condition(up, minus(one, up), yes, no)
        if op in (">=", "<="):
            yes, no = self.facts(NOT_NEGATIVE, difference), self.facts(POSITIVE, back)
            return Condition(minus(one, down), down, yes, no)
        apart = plus(up, down)
        same, differ = self.facts(ZERO, difference), self.facts(NOT_ZERO, difference)
        if op == "!=":
            return Condition(apart, minus(one, apart), differ, same)
        return Condition(minus(one, apart), apart, same, differ)

    def ordered(self, op: str, a: int, b: int) -> Condition:
        """A comparison of places, as a condition."""
        if op in (">", "<="):
            a, b = b, a
        ring, same = self.ring, op in ("==", "!=")
        switch = (ring.delta, *sorted((a, b))) if same else (ring.less, a, b)
        holds = self.compared("==" if same else "<", a, b)
        fails = self.compared("!=", a, b) if same else minus(constant(1), holds)
        yes, no = Fact(HOLDS, switch, (), False), Fact(FAILS, switch, (), False)
        if yes in self.signs.given:
            holds, fails = constant(1), {}
        if no in self.signs.given:
            holds, fails = {}, constant(1)
        if op in ("!=", "<=", ">="):
            return Condition(fails, holds, (no,), (yes,))
        return Condition(holds, fails, (yes,), (no,))

    def facts(self, kind: str, value: Value) -> Given:
        """That a value is positive, and so on, as what is given, be it false of a number."""
        return (self.signs.fact(kind, value, (), everywhere=False),)

    def compared(self, op: str, a: int, b: int) -> Value:
        """Whether places are equal, differ, or stand one before the other."""
        ring, kinds, names = self.ring, self.ring.places.kinds, self.ring.places.names
        if op == "==":
            return ring.factor((ring.delta, *sorted((a, b))))
        if op == "!=":
            equal = self.compared("==", a, b)
            known = as_number(equal)
            if known is not None:
                return constant(1 - known)
            return ring.switch((ring.apart_head, *sorted((a, b))))
        if kinds[a] == NUMBER == kinds[b]:
            return constant(int(str(names[a])) < int(str(names[b])))
        return ring.factor((ring.less, a, b))

    def chosen(self, relation: Any, sides: Sequence[Expr], at: At) -> Value:
        """One value where a condition holds, else another."""
        condition = self.condition(relation, at)
        first = self.under(condition.yes, lambda: self.read(sides[0], at), [relation])
        second = self.under(condition.no, lambda: self.read(sides[1], at), [relation.negated])
        return self.mixed(condition, first, second)

    def mixed(self, condition: Condition, first: Value, second: Value) -> Value:
        """b u + (1 - b) v."""
        if first == second:
            return first
        product = self.ring.product
        return plus(product(condition.holds, first), product(condition.fails, second))


def masks_of(body: Expr) -> list[Any]:
    """The conditions without which a value is minus infinity."""
    found = []
    while isinstance(body, Where) and body.args[2] is sp.S.NegativeInfinity:
        found.append(body.args[0])
        body = body.args[1]
    return found


def is_place(expr: Expr) -> bool:
    """Is it an index, a label, the place of an extreme value, or a whole number?"""
    if isinstance(expr, Index | Place) or expr.is_Integer:
        return True
    return bool(expr.is_integer) and is_entry(expr)
