"""Where inputs lie, as a definition declares it: `x[n] > 0`, `sigma >= 1/2`, `-1 < x[n]`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from pullback.derive.index.objects import Index, entries, entry_indices, entry_name, is_entry
from pullback.derive.index.ranges import EVERYWHERE, Range, both, said
from pullback.derive.read.trees import Apply, Operation, Tree, refuse, spell, walk
from pullback.derive.read.vocabulary import RELATIONS

WANTED = "an entry and a number, as in x[n] > 0 or -1 <= x[n]"


def domain(trees: Iterable[Operation], build: Callable[[Tree], Expr]) -> tuple[Relational, ...]:
    """What comparisons say of where inputs lie: the entry of each at the left, once.

    Refuses such as leave no number.
    """
    facts: dict[Relational, Operation] = {}
    found: dict[str, Range] = {}
    for tree in trees:
        fact = compared(tree, build)
        name = entry_name(fact.lhs)
        range_ = both(found.get(name, EVERYWHERE), said(fact))
        if range_.empty:
            before = (spell(t) for f, t in facts.items() if entry_name(f.lhs) == name)
            words = " and ".join([*before, spell(tree)])
            refuse(f"no '{name}' is as it is assumed to be: {words}", tree.place)
        found[name] = range_
        facts.setdefault(fact, tree)
    return tuple(facts)


def compared(tree: Operation, build: Callable[[Tree], Expr]) -> Relational:
    """A comparison of the general entry of an input with a number."""
    if any(isinstance(t, Apply) and t.name == "abs" for t in walk(tree)):
        refuse(
            "bounds are assumed one by one: for abs(x[n]) < 1 write two, -1 < x[n] and x[n] < 1",
            tree.place,
        )
    left, right = build(tree.left), build(tree.right)
    fact = RELATIONS[tree.op](left, right, evaluate=False)
    if not is_entry(left):
        fact = fact.reversed
    if not is_entry(fact.lhs) or entries(fact.rhs):
        refuse(f"'{spell(tree)}' does not say where an input lies; wanted are {WANTED}", tree.place)
    if not fact.rhs.is_Rational:
        refuse(
            f"'{spell(tree)}' compares with what is no fraction; wanted are {WANTED}", tree.place
        )
    places = entry_indices(fact.lhs)
    if len({*places}) != len(places) or not all(isinstance(i, Index) for i in places):
        refuse(
            f"'{spell(tree)}' speaks of some entries alone; wanted are all, each place an axis "
            "of its own, as in x[n] > 0",
            tree.place,
        )
    if isinstance(fact, sp.Ne) and fact.rhs != 0:
        refuse("that an input is not a number is assumed of 0 alone: x[n] != 0", tree.place)
    return cast(Relational, fact)
