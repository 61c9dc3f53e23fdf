"""Words that stand for what the language has already: `softplus(a)` is `log(1 + exp(a))`.

They are put in where a definition is read, so that every law, proof, page and target knows them:
what is derived is what they mean. One table says what there is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from string import ascii_lowercase

from pullback.derive.read.grammar import Parser
from pullback.derive.read.renaming import rebuild, rename
from pullback.derive.read.shifts import names_of
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

OWN = "@"  # before a name of the table where it is read, so that it is none of a definition
AXIS = "j"  # in the table: the axes that a word takes before its value
OTHERS = ("i", "k")  # ... other axes of the same sizes, one for each


@dataclass(frozen=True)
class Sugar:
    """A word with its arguments, as it is written; what that means; and in words."""

    form: str
    meaning: str
    about: str

    @cached_property
    def word(self) -> str:
        """The word alone."""
        return self.form.partition("(")[0]

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The names of its arguments."""
        return tuple(re.findall(r"\w+", self.form.partition("(")[2]))

    @property
    def reduces(self) -> bool:
        """Does it take axes first?"""
        return self.parameters[0] == AXIS

    def fits(self, count: int) -> bool:
        """May it have so many arguments?"""
        wanted = len(self.parameters)
        return count == wanted or (self.reduces and not self.single and count > wanted)

    @cached_property
    def tree(self) -> Tree:
        """What it means, as a tree."""

        def own(part: Tree) -> Tree:
            return replace(part, name=OWN + part.name) if isinstance(part, Ref) else part

        return rebuild(Parser(self.meaning).sum(), own)

    @cached_property
    def fresh(self) -> tuple[str, ...]:
        """The other axes that its meaning needs."""
        names = {t.name for t in walk(self.tree) if isinstance(t, Ref)}
        return tuple(other for other in OTHERS if OWN + other in names)

    @property
    def single(self) -> bool:
        """Does it take one axis alone, as places on it are compared?"""
        return self.reduces and "[" in self.meaning


# how many are less than x or stand before it and are the same, or are more
RANK = "sum(i, [x_i < x] + [x_i == x] * [i < j])"
RANK_DOWN = "sum(i, [x_i > x] + [x_i == x] * [i < j])"
RANK_OF_OTHER = "sum(k, [x_k < x_i] + [x_k == x_i] * [k < i])"

_TABLE = (
    Sugar("relu(a)", "max(0, a)", "a where it is above 0, else 0"),
    Sugar("softplus(a)", "log(1 + exp(a))", "a smooth relu"),
    Sugar("clip(a, b, c)", "min(max(a, b), c)", "a, no less than b and no more than c"),
    Sugar("rsqrt(a)", "1 / sqrt(a)", "one over the square root"),
    Sugar("log2(a)", "log(a) / log(2)", "the logarithm to base 2"),
    Sugar("log10(a)", "log(a) / log(10)", "the logarithm to base 10"),
    Sugar("exp2(a)", "2**a", "2 to the power a"),
    Sugar("mod(a, b)", "a - b * floor(a / b)", "what is left of a when b is taken away, by floor"),
    Sugar("logsumexp(j, z)", "log(sum(j, exp(z)))", "the log of a sum of exponentials"),
    Sugar("softmax(j, z)", "exp(z) / sum(i, exp(z_i))", "exponentials as shares of their sum"),
    Sugar("log_softmax(j, z)", "z - log(sum(i, exp(z_i)))", "the log of the softmax"),
    Sugar("norm(j, x)", "sqrt(sum(j, x**2))", "the Euclidean length"),
    Sugar("var(j, x)", "mean(j, (x - mean(i, x_i))**2)", "the mean squared deviation"),
    Sugar("std(j, x)", "sqrt(mean(j, (x - mean(i, x_i))**2))", "the root of the variance"),
    Sugar("cumsum(j, x)", "sum(i, [i <= j] * x_i)", "the sum of what stands up to here"),
    Sugar("rank(j, x)", RANK, "how many stand before x in order"),
    Sugar("sort(j, x)", f"sum(i, [{RANK_OF_OTHER} == sum(k, [k < j])] * x_i)", "x in order"),
    Sugar("kth(j, m, x)", f"sum(j, [{RANK_DOWN} == m - 1] * x)", "the m-th largest x"),
    Sugar("topk(j, m, x)", f"[{RANK_DOWN} < m]", "1 for the m largest x, else 0"),
    Sugar(
        "median(j, x)",
        f"sum(j, x * ([2 * {RANK} + 1 == size(j)]"
        f" + ([2 * {RANK} + 2 == size(j)] + [2 * {RANK} == size(j)]) / 2))",
        "the middle one in order, or the mean of the two there",
    ),
)
SUGAR: Mapping[str, Sugar] = {sugar.word: sugar for sugar in _TABLE}


def without_sugar(equations: tuple[Equation, ...]) -> tuple[Equation, ...]:
    """The equations with the meaning of each word in its place.

    What may be a call of a definition with the same name stays, until it is known which there are.
    """
    if not any(is_sweet(e.right) for e in equations):
        return equations
    plain = Plain({*names_of(equations)})
    return tuple(
        e if may_be_call(e.right) else replace(e, right=plain.tree(e.right)) for e in equations
    )


def plain_facts(
    facts: Iterable[Operation], equations: tuple[Equation, ...]
) -> tuple[Operation, ...]:
    """The same of what a definition assumes."""
    facts = tuple(facts)
    names = {t.name for fact in facts for t in walk(fact) if isinstance(t, Ref)}
    plain = Plain({*names, *names_of(equations)})
    sides = ((fact, plain.tree(fact.left), plain.tree(fact.right)) for fact in facts)
    return tuple(replace(fact, left=left, right=right) for fact, left, right in sides)


def is_sweet(tree: Tree) -> bool:
    """Has it a word of the table in it?"""
    return any(isinstance(part, Apply) and part.name in SUGAR for part in walk(tree))


def may_be_call(tree: Tree) -> bool:
    """May it be a call? Such has whole tensors and numbers alone for arguments."""
    return isinstance(tree, Apply) and tree.name in SUGAR and all(map(is_argument, tree.args))


def is_argument(tree: Tree) -> bool:
    """May it be the argument of a call?"""
    if isinstance(tree, Negative):
        return isinstance(tree.operand, Number)
    plain = isinstance(tree, Ref) and all(i.indices is None for i in tree.indices or ())
    return plain or isinstance(tree, Number)


class Plain:
    """Puts in what words mean; `used`, which grows, are names that no axis of its own may have."""

    def __init__(self, used: set[str]) -> None:
        self.used = used
        self.others: dict[str, list[str]] = {}  # axes of its own, by the axes that they go beside

    def tree(self, tree: Tree) -> Tree:
        """A tree without words of the table."""
        return rebuild(tree, lambda part: self.meant(part) if is_word(part) else part)

    def meant(self, tree: Tree) -> Tree:
        """What one word with its arguments means."""
        assert isinstance(tree, Apply)
        sugar = SUGAR[tree.name]
        values = tree.args[-len(sugar.parameters) + 1 :] if sugar.reduces else tree.args
        if not sugar.fits(len(tree.args)):
            count = len(tree.args)
            refuse(f"{tree.name} is written {sugar.form}; it has {count} arguments", tree.place)
        axes = self.axes(sugar, tree) if sugar.reduces else []
        names = sugar.parameters[1:] if sugar.reduces else sugar.parameters
        given = {OWN + n: v for n, v in zip(names, values, strict=True)}
        known, places = dict(given), {OWN + AXIS: axes}
        taken: set[str] = set()
        for other in sugar.fresh:
            moved = self.beside(axes, values, taken)
            taken |= {*moved.values()}
            known |= {f"{n}_{other}": at_others(v, moved) for n, v in given.items()}
            places[OWN + other] = [*moved.values()]
        return put_in(sugar.tree, known, places, tree.place)

    def axes(self, sugar: Sugar, tree: Apply) -> list[str]:
        """The axes that stand before the value."""
        first = tree.args[: len(tree.args) - len(sugar.parameters) + 1]
        for axis in first:
            if not isinstance(axis, Ref) or axis.indices is not None:
                refuse(f"{tree.name} takes axes and then a value: {sugar.form}", axis.place)
            if axis.name == BATCH and sugar.fresh:
                refuse(f"{tree.name} takes axes by their names, and not '{BATCH}'", axis.place)
        return [axis.name for axis in first if isinstance(axis, Ref)]

    def beside(
        self, axes: Sequence[str], values: Iterable[Tree], taken: Collection[str]
    ) -> dict[str, str]:
        """For each axis another of the same size that is free and does not stand in the values."""
        refs = [t for v in values for t in walk(v) if isinstance(t, Ref)]
        inside = {n for t in refs for n in (t.name, *(i.name for i in t.indices or ()))}
        found: dict[str, str] = {}
        for axis in axes:
            own = self.others.setdefault(axis, [])
            free = (name for name in own if name not in {*inside, *taken, *found.values()})
            found[axis] = next(free, "") or self.taken(axis)
        return found

    def taken(self, axis: str) -> str:
        """A new name for an axis beside this one."""
        found = next(n for n in candidates(axis) if not {n, n.upper()} & self.used)
        self.used |= {found, found.upper()}
        self.others[axis].append(found)
        return found


def at_others(tree: Tree, axes: Mapping[str, str]) -> Tree:
    """A value at other axes."""
    refs = (t for t in walk(tree) if isinstance(t, Ref) and t.indices is not None)
    return rename(tree, {t.name: Ref(t.name, None, t.place) for t in refs}, axes)


def candidates(axis: str) -> Iterator[str]:
    """Names for an axis beside this one: letters beside a letter."""
    if len(axis) == 1:
        yield from ascii_lowercase[8:14]
    number = 2
    while True:
        yield f"{axis}{number}"
        number += 1


def is_word(tree: Tree) -> bool:
    """Is it a word of the table with its arguments?"""
    return isinstance(tree, Apply) and tree.name in SUGAR


def put_in(
    template: Tree, known: Mapping[str, Tree], axes: Mapping[str, Sequence[str]], place: Place
) -> Tree:
    """A meaning from the table with these values and axes, as if it were written at a place."""

    def spread(part: Tree) -> Tree:
        if not isinstance(part, Apply):
            return part
        args: list[Tree] = []
        for arg in part.args:
            names = axes.get(arg.name) if isinstance(arg, Ref) else None
            args += [arg] if names is None else [Ref(name, None, place) for name in names]
        return replace(part, args=tuple(args))

    def rule(part: Tree) -> Tree:
        if isinstance(part, Ref) and part.name in known:
            return known[part.name]
        if isinstance(part, Ref) and part.name in axes:
            (name,) = axes[part.name]
            return Ref(name, None, place)
        return replace(part, place=place)

    return rebuild(rebuild(template, spread), rule)
