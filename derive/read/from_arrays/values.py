"""What a name or an expression of array notation stands for, entry by entry.

An axis of an array is the name of its size, as in a shape "N D"; `1` is an axis of size 1, over
which NumPy broadcasts, and `...` any number of leading axes. In trees an axis stands as `N'1`,
`N'2`, …: its name is chosen when all tensors are known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum

from pullback.derive.read.limits import MAX_OPERATIONS
from pullback.derive.read.trees import (
    BATCH,
    Apply,
    Iverson,
    Negative,
    Number,
    Operation,
    Place,
    Ref,
    Tree,
)
from pullback.derive.read.words import MAX_DIGITS

ONE = "1"  # an axis of size 1
NOWHERE = Place()
MARK = "'"  # between the name of a size and the number of an axis that has it
INFINITE = "infinity is no number of the language; write a large number, as -1e9"
Axes = tuple[str, ...]
Indices = tuple[Ref, ...]


class Unreadable(Exception):
    """What array notation has and index notation lacks; the reader adds where it stands."""


class Meet(Unreadable):
    """Two sizes meet that would have to be one; `sizes` are their names."""

    def __init__(self, message: str, a: str, b: str) -> None:
        super().__init__(message)
        self.sizes = a, b


class Meter:
    """How much has been written, which is limited: what is used twice is written twice."""

    def __init__(self) -> None:
        self.count = 0

    def tick(self) -> None:
        """One part more."""
        self.count += 1
        if self.count > MAX_OPERATIONS:
            raise Unreadable(
                f"this comes to more than {MAX_OPERATIONS:,} operations; give parts of it names"
            )


@dataclass(frozen=True)
class Scope:
    """The axes that are bound where a tree stands."""

    taken: frozenset[str]
    meter: Meter

    def bind(self, axis: str) -> tuple[Ref, Scope]:
        """An axis of this size that is free here, and the scope in which it is bound."""
        if axis == BATCH:
            if BATCH in self.taken:
                raise Unreadable(f"'{BATCH}' would stand twice; give the leading axes names")
            name = BATCH
        else:
            count = 1
            while f"{axis}{MARK}{count}" in self.taken:
                count += 1
            name = f"{axis}{MARK}{count}"
        return Ref(name, None, NOWHERE), replace(self, taken=self.taken | {name})


Entry = Callable[[Indices, Scope], Tree]


class Kind(Enum):
    """What the entries of an array are."""

    REAL = "numbers"
    MASK = "truth values"
    PLACE = "labels"  # places on an axis: labels, or np.arange


@dataclass
class Reach:
    """The axis on which labels are places; None until their first use says so."""

    axis: str | None

    def agree(self, axis: str) -> None:
        """Labels are used for this axis."""
        if self.axis is None:
            self.axis = axis
        elif self.axis != axis:
            message = f"labels below '{self.axis}' are used on an axis of size '{axis}'"
            raise Meet(message, self.axis, axis)


@dataclass(frozen=True, eq=False)
class Array:
    """An array, or a number, which has no axes.

    `entry` gives the tree of an entry; for a mask `condition` gives its comparison. `literal` is a
    number as typed, `size` the size that a Python number is, or up to which np.arange goes. `whole`
    says that NumPy holds integers, `buffer` in which memory: two arrays with one change together.
    """

    axes: Axes
    entry: Entry
    kind: Kind = Kind.REAL
    condition: Entry | None = None
    reach: Reach | None = None
    literal: int | float | None = None
    size: str | None = None
    whole: bool = False
    python: bool = False  # a number of Python's, not of NumPy's
    tensor: str = ""  # the tensor whose entries these are, axis by axis
    buffer: object = field(default_factory=object)

    def at(self, indices: Indices, scope: Scope) -> Tree:
        """An entry as a number, a place or labels."""
        scope.meter.tick()
        return self.entry(indices, scope)

    def index(self, indices: Indices, scope: Scope) -> Ref:
        """An entry of labels, or a place, as an index."""
        tree = self.at(indices, scope)
        assert isinstance(tree, Ref)
        return tree

    def holds(self, indices: Indices, scope: Scope) -> Tree:
        """The comparison that says where a mask is true, or a number is not 0."""
        scope.meter.tick()
        if self.condition is not None:
            return self.condition(indices, scope)
        sign = ">" if self.kind is Kind.MASK else "!="
        return Operation(sign, self.entry(indices, scope), numeral(0), NOWHERE)

    def view(self, axes: Axes, back: Callable[[Indices], Indices]) -> Array:
        """The same memory with other axes; `back` gives the own indices for those of the view."""
        entry, condition = self.entry, self.condition
        return replace(
            self,
            axes=axes,
            entry=lambda i, s: entry(back(i), s),
            condition=condition and (lambda i, s: condition(back(i), s)),
            tensor="",
        )


@dataclass(frozen=True, eq=False)
class Items:
    """A tuple or a list."""

    items: tuple[Value, ...]


@dataclass(frozen=True, eq=False)
class Constant:
    """None, True, False, a text, a type, or anything else that is no array."""

    value: object


Value = Array | Items | Constant


def numeral(value: int | float) -> Tree:
    """A number as typed."""
    tree = Number(digits(abs(value)), NOWHERE)
    return Negative(tree, NOWHERE) if value < 0 else tree


def digits(value: int | float) -> str:
    """A number in few digits that are exactly it.

    >>> digits(1.0), digits(1e-05), digits(1e9), digits(0.1 + 0.2), digits(1_000_000)
    ('1', '1e-5', '1e9', '0.30000000000000004', '1000000')
    """
    if isinstance(value, int):
        return str(value)
    short = f"{value:.6g}"
    text = short if float(short) == value else repr(value)
    mantissa, sign, power = text.partition("e")
    return f"{mantissa}{sign}{int(power)}" if sign else text


def literal(value: int | float) -> Array:
    """A number of Python's."""
    if value != value or abs(value) == float("inf"):
        raise Unreadable(INFINITE)
    if isinstance(value, int) and abs(value) >= 10**MAX_DIGITS:
        raise Unreadable(f"a number has at most {MAX_DIGITS} digits")
    tree = numeral(value)
    whole = isinstance(value, int)
    return Array((), lambda i, s: tree, literal=value, whole=whole, python=True)


def size_tree(axis: str) -> Tree:
    """The size of an axis as a tree."""
    name = BATCH if axis == BATCH else f"{axis}{MARK}1"
    return Apply("size", (Ref(name, None, NOWHERE),), NOWHERE)


def size_of(axis: str) -> Value:
    """The size of an axis, as x.shape has it."""
    if axis == ONE:
        return literal(1)
    tree = size_tree(axis)
    return Array((), lambda i, s: tree, size=axis, whole=True, python=True)


def tensor(name: str, axes: Axes, **about: object) -> Array:
    """The array whose entries are those of a tensor of the definition."""

    def entry(indices: Indices, scope: Scope) -> Tree:
        own = tuple(i for i, a in zip(indices, axes, strict=True) if a != ONE)
        return Ref(name, own or None, NOWHERE)

    return Array(axes, entry, tensor=name, **about)  # type: ignore[arg-type]


def mask(axes: Axes, condition: Entry) -> Array:
    """Truth values, by the comparison that makes them."""
    return Array(
        axes,
        lambda i, s: Iverson(condition(i, s), NOWHERE),
        kind=Kind.MASK,
        condition=condition,
        whole=True,
    )


def array(value: Value, what: str = "this") -> Array:
    """A value that must be an array or a number."""
    if isinstance(value, Array):
        return value
    if isinstance(value, Items):
        raise Unreadable(f"{what} is a tuple or a list; wanted an array or a number")
    if value.value == "inf":
        raise Unreadable(INFINITE)
    raise Unreadable(f"{what} is {value.value!r}; wanted an array or a number")


def number(value: Value, what: str = "this") -> Array:
    """An array whose entries can be computed with; a mask counts as 1 and 0."""
    found = array(value, what)
    if found.kind is Kind.PLACE:
        raise Unreadable(
            "labels and places (np.arange) are no numbers to compute with: they index, "
            "or are compared with one another"
        )
    if found.kind is Kind.MASK:
        return replace(found, kind=Kind.REAL, condition=None, tensor="")
    return found


def words(axes: Axes) -> str:
    """A shape, for messages."""
    return f"({', '.join(axes)}{',' if len(axes) == 1 else ''})"
