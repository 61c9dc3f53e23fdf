"""What the names of a definition are: axes, inputs, nodes, labels; their ranks, their sizes."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import TypeGuard

from sympy import Expr

from pullback.derive.index.objects import Index, own_name, size_symbol
from pullback.derive.read.matrix_functions import named_axes
from pullback.derive.read.names import Sizes, names_in
from pullback.derive.read.trees import (
    BATCH,
    COMPARISONS,
    Apply,
    Equation,
    Iverson,
    Length,
    Negative,
    Number,
    Operation,
    Place,
    Ref,
    Shifted,
    Tree,
    parts,
    refuse,
    walk,
)
from pullback.derive.read.vocabulary import (
    BATCH_AXIS,
    COTANGENT,
    FORBIDDEN,
    KEPT,
    PI,
    SIZE,
    TANGENT,
    size_name,
)

MAX_SYMBOLS = 512
BATCH_SIZE = size_name(BATCH_AXIS)
MAX_AXES = 8


class Symbols:
    """Every name of flat equations and of the assumptions about them, seen once."""

    def __init__(self, equations: tuple[Equation, ...], assume: tuple[Operation, ...]) -> None:
        self.equations = equations
        self.sizes = Sizes()
        self.places: dict[str, Place] = {}  # where a name stands first
        self.ranks: dict[str, int] = {}  # of every tensor, in order of appearance
        self.labels: dict[str, object] = {}  # an integer tensor to the place that it indexes
        self.order: list[str] = []  # tensors that no equation defines, in order of appearance
        self.defined = {e.name for e in equations}
        self.axes, self.tensors = names_in((*(e.right for e in equations), *assume))
        self.axes.update(a for e in equations for a in e.axes or ())
        self.collect()
        for assumption in assume:
            self.see_assumption(assumption)

    # -- seeing ------------------------------------------------------------------------------

    def collect(self) -> None:
        """See every name of the equations: kinds, ranks, sizes, order."""
        seen: set[str] = set()
        for equation in self.equations:
            self.see_left(equation, seen)
            for tree in walk(equation.right):
                self.see(tree, seen)
            axes = equation.axes or ()
            self.rank(equation.name, len(axes), equation.place)
            for position, axis in enumerate(axes):
                self.sizes.join(axis, (equation.name, position))
            seen.add(equation.name)

    def see_left(self, equation: Equation, seen: set[str]) -> None:
        """A left side names a new node, each axis once."""
        axes = equation.axes or ()
        self.name(equation.name, equation.place)
        if equation.name in self.axes:
            refuse(f"'{equation.name}' is both an axis and a tensor", equation.place)
        if equation.name in seen:
            refuse(f"'{equation.name}' is defined twice", equation.place)
        for axis in axes:
            self.name(axis, equation.place)
            if axes.count(axis) > 1:
                refuse(f"the axis '{axis}' stands twice on the left side", equation.place)

    def see(self, tree: Tree, seen: set[str]) -> None:
        """Take up one part of a right side."""
        if isinstance(tree, Iverson | Apply):
            for part in parts(tree):
                if isinstance(part, Operation) and part.op in COMPARISONS:
                    self.see_comparison(part)
        square = [*named_axes(tree)]  # a matrix has as many rows as columns
        if square:
            self.sizes.join(*square)
        if isinstance(tree, Shifted):
            for axis, whole in tree.at:
                self.see_whole(whole, axis)
        if isinstance(tree, Ref) and (tree.indices is not None or self.is_tensor(tree.name)):
            self.see_tensor(tree, seen)
        elif isinstance(tree, Ref) and tree.name != PI:
            self.name(tree.name, tree.place)

    def see_tensor(self, tree: Ref, seen: set[str]) -> None:
        """A tensor, with indices or without."""
        name = own_name(tree.name)
        self.name(name, tree.place)
        if name in self.axes:
            refuse(f"'{name}' is both an axis and a tensor", tree.place)
        if tree.name in self.defined and tree.name not in seen:
            refuse(f"'{tree.name}' is used before it is defined", tree.place)
        if name not in self.defined and name not in self.order:
            self.order.append(name)
        indices = tree.indices or ()
        self.rank(name, len(indices), tree.place)
        for position, index in enumerate(indices):
            if index.indices is None:
                self.name(index.name, index.place)
                self.sizes.join(index.name, (name, position))
            else:
                self.see_label(index, (name, position))

    def see_label(self, ref: Ref, place: object) -> None:
        """A tensor used as an index holds labels of the axis that it indexes."""
        if ref.name in self.defined:
            refuse(f"'{ref.name}' is a node and cannot be an index", ref.place)
        if ref.name in self.labels:
            self.sizes.join(self.labels[ref.name], place)
        self.labels[ref.name] = place

    def see_whole(self, whole: Tree, axis: str) -> None:
        """A label within a whole expression is a place on the axis on which that lies."""
        for part in walk(whole):
            if isinstance(part, Ref) and part.indices is not None:
                self.see_label(part, axis)

    def see_comparison(self, tree: Operation) -> None:
        """`[k == y[n]]` makes y an integer tensor; `[j == k]` makes two sizes one."""
        sides = [tree.left, tree.right]
        if self.compares_places(tree):
            for side, other in (sides, sides[::-1]):
                if isinstance(side, Ref) and side.indices is None and side.name in self.axes:
                    self.see_whole(other, side.name)
            return
        bare = [
            s for s in sides if isinstance(s, Ref) and s.indices is None and s.name in self.axes
        ]
        if len(bare) == 2:
            self.sizes.join(bare[0].name, bare[1].name)
        elif len(bare) == 1:
            other = sides[1 - sides.index(bare[0])]
            if not isinstance(other, Ref) or not (other.indices or self.is_tensor(other.name)):
                refuse("an axis is compared with an axis or an integer tensor", tree.place)
            self.see_label(other, bare[0].name)

    def compares_places(self, tree: Operation) -> bool:
        """Does a comparison stand between whole expressions, one of which has an axis in it?

        Axes and labels alone are compared as such.
        """
        sides = (tree.left, tree.right)
        plain = all(isinstance(side, Ref) for side in sides)
        if plain or not all(map(self.may_be_whole, sides)):
            return False
        bare = [t for s in sides for t in walk(s) if isinstance(t, Ref) and t.indices is None]
        sized = {id(a) for s in sides for t in walk(s) if is_size_of(t) for a in t.args}
        return any(t.name in self.axes and id(t) not in sized for t in bare)

    def may_be_whole(self, tree: Tree) -> bool:
        """Is it made of names, whole numbers and sizes with + - *, as a place is?"""
        return all(
            (isinstance(t, Ref) and (t.indices is None or t.name in self.labels))
            or isinstance(t, Number | Negative | Length)
            or (isinstance(t, Operation) and t.op in ("+", "-", "*"))
            or is_size_of(t)
            for t in walk(tree)
        )

    def see_assumption(self, assumption: Operation) -> None:
        """An assumption speaks of inputs; it brings in no tensor of its own."""
        for tree in walk(assumption):
            if isinstance(tree, Ref) and (tree.indices is not None or self.is_tensor(tree.name)):
                if tree.name not in self.ranks:
                    refuse(f"no equation has '{tree.name}'", tree.place)
                if tree.name in self.defined:
                    refuse(f"'{tree.name}' is a node; an assumption speaks of inputs", tree.place)
            self.see(tree, self.defined)

    def name(self, name: str, place: Place) -> None:
        """Take up a name; refuse one that would mean something else."""
        self.places.setdefault(name, place)
        if name in FORBIDDEN or name in KEPT:
            hint = "; write 'lamda', which prints as λ" if name == "lambda" else ""
            refuse(f"'{name}' cannot be a name: it means something already{hint}", place)
        if name.startswith(SIZE):
            refuse(f"names that start with '{SIZE}' are kept for sizes", place)
        if name.endswith(TANGENT):
            refuse(f"names that end in '{TANGENT}' are kept for tangents", place)
        if len(self.places) > MAX_SYMBOLS:
            refuse(f"there are more than {MAX_SYMBOLS} symbols", place)

    def rank(self, name: str, rank: int, place: Place) -> None:
        """A tensor has one rank."""
        if rank > MAX_AXES:
            refuse(f"'{name}' has more than {MAX_AXES} axes", place)
        known = self.ranks.setdefault(name, rank)
        if known != rank:
            axes = "1 axis" if known == 1 else f"{known} axes"
            refuse(f"'{name}' has {axes} elsewhere and {rank} here", place)

    # -- checks on the whole -------------------------------------------------------------------

    def check(self, solved: Collection[object]) -> None:
        """Refuse what shows only when every name is seen; `solved` have sizes of their own."""
        known = {self.sizes.find((t, i)) for t in self.order for i in range(self.ranks[t])}
        for axis in self.axes_in_order:
            place = self.places.get(axis, Place())
            for other in self.axes_in_order:
                if other < axis and other.upper() == axis.upper():
                    refuse(f"the sizes of axes '{other}' and '{axis}' would have one name", place)
            if axis != BATCH and self.sizes.find(axis) == self.sizes.find(BATCH):
                refuse(f"'{axis}' is one axis, and '{BATCH}' any number of them", place)
            root = self.sizes.find(axis)
            if root not in known and root not in solved:
                refuse(
                    f"no input has the axis '{axis}', so its size is unknown{self.hint()}", place
                )
        for label, position in self.labels.items():
            if BATCH in self.axes and self.sizes.find(position) == self.sizes.find(BATCH):
                refuse(
                    f"'{label}' is a label of one axis, and '{BATCH}' any number of them",
                    self.places[label],
                )
        self.check_cotangents()
        self.check_sizes()

    def hint(self) -> str:
        """What to write where a size is unknown, beside entries at whole expressions."""
        trees = (tree for e in self.equations for tree in walk(e.right))
        shifted = any(isinstance(t, Shifted) or self.is_comparison_of_places(t) for t in trees)
        return "; say how large it is in [sizes]" if shifted else ""

    def is_comparison_of_places(self, tree: Tree) -> bool:
        """Is it a comparison between whole expressions?"""
        if not isinstance(tree, Operation) or tree.op not in COMPARISONS:
            return False
        return self.compares_places(tree)

    def check_cotangents(self) -> None:
        """Refuse names that the cotangents of tensors would take, or could not have."""
        for name in self.ranks:
            cotangent = COTANGENT + name
            if name in self.labels:
                continue
            if cotangent in self.places:
                refuse(
                    f"'{cotangent}' is the name of the cotangent of '{name}'; "
                    "give one of them another name",
                    self.places[cotangent],
                )
            if cotangent in FORBIDDEN:
                refuse(
                    f"'{name}' cannot be a name: its cotangent would be called '{cotangent}', "
                    "and that means something already",
                    self.places[name],
                )

    def check_sizes(self) -> None:
        """Refuse two sizes with one name."""
        first: dict[Expr, object] = {}
        unnamed = ((name, place) for name in self.ranks for place in range(self.ranks[name]))
        for key in (*self.axes_in_order, *unnamed):
            size = self.size(key)
            if self.sizes.find(first.setdefault(size, key)) != self.sizes.find(key):
                axis = next(k for k in (first[size], key) if isinstance(k, str))
                refuse(
                    f"the size of the axis '{axis}' would be called '{size}', as another is",
                    self.places.get(axis, Place()),
                )

    # -- answers -------------------------------------------------------------------------------

    def is_tensor(self, name: str) -> bool:
        """A bare name is a tensor unless it is an axis, the size of one, or π."""
        return name not in self.axes and name != PI and self.axis_of_size(name) is None

    def axis_of_size(self, name: str) -> str | None:
        """The axis whose size a capital name stands for, where no tensor bears that name."""
        if name in self.defined or name in self.tensors:
            return None
        return next((a for a in sorted(self.axes) if a.upper() == name and a != name), None)

    @cached_property
    def axes_in_order(self) -> list[str]:
        """The axes: those of the left sides in order of appearance, then the others."""
        found = dict.fromkeys(a for e in self.equations for a in e.axes or ())
        found.update(dict.fromkeys(sorted(self.axes)))
        return list(found)

    def size(self, key: object) -> Expr:
        """The size of an axis or of a place, by the name of the first axis that has it."""
        root = self.sizes.find(key)
        first = next((a for a in self.axes_in_order if self.sizes.find(a) == root), None)
        if first is None:
            assert isinstance(root, tuple)
            return size_symbol(size_name("_".join(map(str, root))))
        if first == BATCH:
            return size_symbol(BATCH_SIZE)
        capital = first.upper()
        taken = capital in self.ranks or capital in self.axes
        return size_symbol(size_name(first) if taken else capital)

    def index(self, name: str) -> Index:
        """The index of an axis."""
        return Index(name, self.size(name))


def is_size_of(tree: Tree) -> TypeGuard[Apply]:
    """Is it the size of an axis?"""
    return isinstance(tree, Apply) and tree.name == "size"
