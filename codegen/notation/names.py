"""Names in print: whose cotangent a name is, and what bound indices are called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

import sympy as sp
from sympy import Expr

from pullback.derive.index.derivatives import Partial
from pullback.derive.index.objects import Index, entry_name, is_entry, own_name
from pullback.derive.layer import Layer, Node
from pullback.derive.read.symbols import BATCH_SIZE
from pullback.derive.read.trees import BATCH
from pullback.derive.read.vocabulary import COTANGENT, DOTS, size_words


@dataclass(frozen=True)
class Tensors:
    """The tensors of a layer, and what the names of their cotangents stand for."""

    layer: Layer
    # where a factor stands among others, once for each, as steps change little of what is written
    orders: dict[Expr, tuple[int, int, object]] = field(default_factory=dict, compare=False)
    losses: dict[object, str] = field(default_factory=dict, compare=False)  # by style
    # the letters that came after the first prime, for what says what they run over
    met: dict[Index, None] = field(default_factory=dict, compare=False)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """All tensors, each with its place in the order of the text: x, W, c, u for u = xW + c."""
        found: dict[str, None] = {}
        for node in self.layer.nodes:
            right = node.text.split("=", 1)[-1]
            found.update(dict.fromkeys([*re.findall(r"[A-Za-z_]\w*", right), node.name]))
        known = [t.name for t in self.layer.inputs] + [n.name for n in self.layer.nodes]
        ordered = dict.fromkeys([*(n for n in found if n in known), *known])
        return {name: place for place, name in enumerate(ordered)}

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name that is printed: of tensors, axes and sizes."""
        axes = [name for i in self.layer.axes for name in (i.axis, str(i.size))]
        return frozenset((*self.places, *axes))

    def further(self, index: Index, letters: Mapping[str, str]) -> Iterator[Index]:
        """Letters for more indices of an axis, which are its own wherever they stand; then primes.

        They are dealt out among the sizes in turn, in one order, from those that nothing has.
        """
        sizes = list(dict.fromkeys(a.size for a in self.layer.axes))
        at = sizes.index(index.size) if index.size in sizes else len(sizes)
        free = [x for x in FURTHER if x not in self.names and x not in letters.values()]
        for letter in free[at :: len(sizes) + 1]:
            yield Index(letter, index.size)
        yield from primed(index.primed)

    def met_over(self, size: Expr) -> list[Index]:
        """Those of one size that were met, in their order."""
        return sorted((i for i in self.met if i.size == size), key=lambda i: FURTHER.index(i.name))

    def source(self, name: str) -> str | None:
        """The tensor whose cotangent bears this name."""
        rest = name.removeprefix(COTANGENT)
        return rest if rest != name and name not in self.places and rest in self.places else None

    def is_slope(self, expr: Expr) -> bool:
        """Is it a cotangent or a derivative, whose own stroke must not meet another?"""
        if isinstance(expr, Partial):
            return True
        return is_entry(expr) and self.source(own_name(entry_name(expr))) is not None

    def is_unit(self, expr: Expr) -> bool:
        """Is it ∂L/∂L?"""
        output = self.layer.output
        return (
            isinstance(expr, sp.Symbol)
            and not output.indices
            and expr.name == COTANGENT + output.name
            and self.source(expr.name) is not None
        )


# for indices after the first prime, in the order in which they are dealt out
FURTHER = re.findall(
    r"\w+",
    "r s m p q k h j b c a g v w u f x y z rho sigma tau nu mu kappa iota xi omega chi phi psi "
    "alpha beta gamma zeta eta theta lamda upsilon t e l d",
)
LETTERS = "nmbrstvabcdefghijklopquwxyz"  # for leading axes, in the order in which they are tried
NAMELESS = "i"  # what a bound index is called where no axis has its size


def leading(layer: Layer) -> Mapping[str, str]:
    """The letters for the leading axes, which are one axis here, and for its size: n and N, or the
    first that stand for nothing else. None where a layer has no leading axes."""
    if all(index.name != BATCH for index in layer.axes):
        return {}
    names = {i.name for i in layer.axes} | {str(i.size) for i in layer.axes} | {*layer.tensors}
    free = (x for x in LETTERS if not {x, x.upper()} & names)
    letter = next(free, "batch")
    return {BATCH: letter, BATCH_SIZE: letter.upper()}


def as_written(layer: Layer, node: Node) -> list[str]:
    """The lines of a node's equation as the definition has them, with the letter for '...'."""
    return node.text.replace("...", leading(layer).get(BATCH, "...")).split("\n")


IN_WORDS = re.compile(r"\w+(?= ?= ?\d)|(?<=per )\w+|(?<=each )\w+|(?<=and )\w+")


def lettered(letters: Mapping[str, str], text: str) -> str:
    """The engine's own words about axes and sizes, with these letters; leading axes are dots."""
    for name, dots in ((BATCH_SIZE, size_words(BATCH_SIZE)), (BATCH, DOTS)):
        text = text.replace(dots, letters.get(name, dots))
    return IN_WORDS.sub(lambda found: letters.get(found[0], found[0]), text)


@dataclass(frozen=True, eq=False)
class Scope:
    """What bound indices are called, the names that none may take, and those to take first."""

    names: Mapping[Expr, Index]
    taken: frozenset[str]
    preferred: tuple[Index, ...] = ()

    def bind(self, indices: Sequence[Index], tensors: Tensors, letters: Mapping[str, str]) -> Scope:
        """A name for each bound index: an axis of its size, one with a prime, else a letter."""
        names, axes = dict(self.names), tensors.layer.axes
        for i in indices:
            used = self.taken | {called.name for called in names.values()}
            own = [a for a in (*self.preferred, *axes) if a.size == i.size] or [
                Index(NAMELESS, i.size)
            ]
            first = Index(own[0].axis, i.size)
            more = tensors.further(first, letters)
            found = chain(own, (first, first.primed), more)
            names[i] = next(a for a in found if a.name not in used)
            if names[i].name in FURTHER and names[i] not in own:
                tensors.met[names[i]] = None
        return Scope(names, self.taken, self.preferred)


def primed(index: Index) -> Iterator[Index]:
    """An index with one prime more, with two, and so on."""
    while True:
        index = index.primed
        yield index
