"""The reader's letters: other names for axes and tensors in print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from pullback.codegen.notation.names import NAMELESS, leading
from pullback.codegen.notation.styles import GREEK
from pullback.derive.errors import PullbackError
from pullback.derive.layer import Layer
from pullback.derive.read.symbols import BATCH_SIZE
from pullback.derive.read.trees import BATCH

MOVED = "abcdfghijkmnpqrstuvwxyz"  # without what looks like ℓ, 0 or Euler's number


def renamed(layer: Layer, given: Mapping[str, str]) -> Mapping[str, str]:
    """Other names for axes and tensors, by the names that are printed; a size goes with its axis.

    An axis that was not asked for, and whose letter is taken by this, moves away to a free one; it
    stands for the same axis, so that `j=k` is enough. Names of tensors stay.

    Raises PullbackError for a name that the layer lacks, and where two would be printed alike.
    """
    front = leading(layer)
    own = {front.get(i.axis, i.axis): i.axis for i in layer.axes} | {t: t for t in layer.tensors}
    for name in given:
        if name not in own:
            raise PullbackError(f"there is no axis or tensor {name!r}; there are {', '.join(own)}")
    return Renaming(layer, {own[name]: letter for name, letter in given.items()}).letters()


@dataclass(frozen=True)
class Renaming:
    """New names, and what they are new names of: tensors and axes by their names in the layer."""

    layer: Layer
    given: Mapping[str, str]

    @cached_property
    def front(self) -> Mapping[str, str]:
        """The letters for leading axes."""
        return leading(self.layer)

    @cached_property
    def axes(self) -> Mapping[str, str]:
        """Each axis with its size's name, which is empty where it has none of its own."""
        sizes = {str(s) for i in self.layer.axes for s in i.size.free_symbols}
        own = {axis: BATCH_SIZE if axis == BATCH else axis.upper() for axis in self.axes_in_order}
        return {axis: size if size in sizes else "" for axis, size in own.items()}

    @cached_property
    def axes_in_order(self) -> tuple[str, ...]:
        """The axes, those of tensors first; last what an index is called that has no axis."""
        held = [i.axis for tensor in self.layer.tensors.values() for i in tensor.indices]
        spare = [] if NAMELESS in self.layer.tensors else [NAMELESS]
        return tuple(dict.fromkeys([*held, *(i.axis for i in self.layer.axes), *spare]))

    def shown(self, name: str) -> str:
        """How a name is printed as long as it has no new one."""
        return self.front.get(name, name)

    def letters(self) -> Mapping[str, str]:
        """All new names, those of sizes and of axes that move away among them."""
        found = dict(self.given)
        taken: dict[str, str] = {}
        for name in self.layer.tensors:
            self.take(taken, found.get(name, name), f"the tensor {name}", name in found)
        for size in self.stray:
            self.take(taken, size, f"the size {size}", False)
        for axis in filter(found.__contains__, self.axes):
            self.take(taken, found[axis], f"the axis {self.shown(axis)}", True)
            if size := self.axes[axis]:
                found[size] = found[axis].upper()
                self.take(taken, found[size], f"the size of the axis {self.shown(axis)}", True)
        asked = set(found)
        before = {*taken, *map(self.shown, (*self.axes, *self.axes.values()))}
        for axis, size in self.axes.items():
            if axis in asked:
                continue
            pair = [self.shown(x) for x in (axis, size) if x]
            if any(printed(name) in taken for name in pair) and self.given:
                pair = pair_of(self.free(self.shown(axis), before | set(taken)), size)
                found |= dict(zip((axis, size), pair, strict=False))
            taken |= {printed(name): f"the axis {self.shown(axis)}" for name in pair}
        return found

    @cached_property
    def stray(self) -> tuple[str, ...]:
        """Sizes that go with no axis."""
        sizes = {str(s) for i in self.layer.axes for s in i.size.free_symbols}
        return tuple(sorted(sizes - {*self.axes.values()} - {*self.layer.tensors}))

    def take(self, taken: dict[str, str], name: str, whose: str, new: bool) -> None:
        """A name is this one's, unless it is another's; what the layer calls alike may stay so."""
        other = taken.setdefault(printed(name), whose)
        if other != whose and (new or other.removeprefix("the tensor ") in self.given):
            more = min(other, whose, key=lambda x: x.startswith("the size")).split()[-1]
            raise PullbackError(
                f"{other} and {whose} would both be {name!r}; give one of them a name that is "
                f"free, as in {more}={self.free(more, {*taken, *map(self.shown, self.axes)})}"
            )

    def free(self, name: str, taken: set[str]) -> str:
        """The first letter after this one that stands for nothing, nor its capital."""
        every = MOVED.upper() if name.isupper() else MOVED
        at = (every.find(name) + 1) % len(every)
        letters = every[at:] + every[:at]
        return next((x for x in letters if not {x, x.upper()} & taken), f"{name}_")


def pair_of(letter: str, size: str) -> list[str]:
    """A letter and, where an axis has a size of its own, that of the size."""
    return [letter, letter.upper()] if size else [letter]


def printed(name: str) -> str:
    """A name as it is printed: lamda and λ are one."""
    return GREEK.get(name, name)
