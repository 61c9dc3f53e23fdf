"""What the text of a definition says, read from the parser's syntax trees alone."""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pullback.derive.index.objects import own_name
from pullback.derive.read.calls import write_out_calls
from pullback.derive.read.definition import read_definition
from pullback.derive.read.flat import inputs_of
from pullback.derive.read.matrix_functions import OF_MATRICES, square_of
from pullback.derive.read.trees import Apply, Equation, Operation, Ref, Shifted, Tree, walk
from tests.places import bound_in_places

LAYERS = Path(__file__).parent.parent / "layers"
COMPARE = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Facts:
    """What the text of a definition says: inputs with their axes, labels, the gradients wanted.

    Axes of one size share one name in `axes` and `labels`; `same` gives that name for any axis.
    """

    name: str
    equations: dict[str, Equation]
    assume: tuple[Operation, ...]
    axes: dict[str, tuple[str, ...]]  # of every input, in order of appearance
    labels: dict[str, str]  # an integer input and the axis on which its values lie
    wrt: tuple[str, ...]
    output: str
    same: dict[str, str]
    sizes: tuple[tuple[str, Tree], ...] = ()  # those that are declared
    places: dict[str, tuple[str, ...]] = field(default_factory=dict)  # the axes of all tensors
    arguments: dict[str, str] = field(default_factory=dict)  # integers that callers give: the axes

    def out_axes(self) -> tuple[str, ...]:
        """The axes of the output."""
        return tuple(self.same[a] for a in self.equations[self.output].axes or ())

    def axis_of_size(self, capital: str) -> str:
        """The axis whose size a capital name stands for."""
        return next(axis for axis in self.same if axis.upper() == capital)


def given_apart(
    sizes: tuple[tuple[str, Tree], ...],
) -> tuple[tuple[tuple[str, Tree], ...], dict[str, str]]:
    """The sizes that a definition says, and the axes of those that callers give, by their names."""
    words = {axis for axis, tree in sizes if isinstance(tree, Ref) and tree.name == "argument"}
    said = tuple((axis, tree) for axis, tree in sizes if axis not in words)
    return said, {axis.upper(): axis for axis, _ in sizes if axis in words}


@cache
def facts(name: str) -> Facts:
    """Read a shipped definition."""

    def load(called: str) -> Any:
        path = LAYERS / f"{called}.toml"
        if not path.is_file():
            raise KeyError(called)
        return read_definition(called, path.read_text(encoding="utf-8"))

    definition = load(name)
    flat, _, sizes, _ = write_out_calls(definition, load)
    inputs = list(inputs_of(flat))
    axes, labels, same = unify(flat)
    same |= {n: size for n, size in labels.items() if n not in inputs}  # only in comparisons
    bound = {*bound_in_places(flat), *(axis for axis, _ in sizes)} - {*same}
    same |= {axis: axis for axis in sorted(bound)}
    real = [i for i in inputs if i not in labels]
    said, arguments = given_apart(sizes)
    return Facts(
        name=name,
        equations={e.name: e for e in flat},
        assume=definition.assume,
        axes={i: axes.get(i, ()) for i in inputs},
        labels={i: labels[i] for i in inputs if i in labels},
        wrt=tuple(i for i in real if definition.wrt is None or i in definition.wrt),
        output=[e.name for e in flat if not e.notation][-1],
        same=same,
        sizes=said,
        places=axes,
        arguments=arguments,
    )


def unify(flat: tuple[Equation, ...]) -> tuple[dict[str, Any], dict[str, str], dict[str, str]]:
    """The axes of each tensor, the axis of each label, and one name for axes of one size."""
    pairs = size_pairs(flat)
    root: dict[Any, Any] = {key: key for pair in pairs for key in pair}
    for a, b in pairs:  # an axis, where there is one, speaks for the others
        first, second = sorted((root[a], root[b]), key=lambda key: isinstance(key, tuple))
        root = {key: first if r == second else r for key, r in root.items()}
    axes: dict[str, Any] = {}
    for key in sorted((k for k in root if isinstance(k, tuple) and k[0] != "range"), key=str):
        axes[key[0]] = (*axes.get(key[0], ()), root[key])
    labels = {k[1]: root[k] for k in root if isinstance(k, tuple) and k[0] == "range"}
    return axes, labels, {k: r for k, r in root.items() if isinstance(k, str)}


def size_pairs(flat: tuple[Equation, ...]) -> list[tuple[Any, Any]]:
    """Pairs of one size: an axis is "k", a place of x is ("x", 0), y's range is ("range", "y")."""
    pairs: list[tuple[Any, Any]] = []
    for equation in flat:
        pairs += [(a, (equation.name, i)) for i, a in enumerate(equation.axes or ())]
        for tree in walk(equation.right):
            for own, whole in tree.at if isinstance(tree, Shifted) else ():
                labels = [p for p in walk(whole) if isinstance(p, Ref) and p.indices is not None]
                pairs += [(own, ("range", label.name)) for label in labels]
            if isinstance(tree, Apply) and tree.name in OF_MATRICES:
                square = square_of(tree)
                pairs.append((square.rows.name, square.columns.name))
            for i, index in enumerate(tree.indices or () if isinstance(tree, Ref) else ()):
                bare = index.indices is None
                place = own_name(tree.name), i
                pairs.append((index.name if bare else ("range", index.name), place))
    axes = {key for pair in pairs for key in pair if isinstance(key, str)}
    for equation in flat:
        for tree in walk(equation.right):
            if isinstance(tree, Operation) and tree.op in COMPARE:
                names = [s.name for s in (tree.left, tree.right) if isinstance(s, Ref)]
                if len(names) == 2 and axes & {*names}:
                    pairs.append(tuple(n if n in axes else ("range", n) for n in names))
    return pairs
