"""Places that are sums of axes, and the sizes that follow, by trying: nothing of the reader's way.

The size of an axis that no input shows is found by counting up for as long as no entry leaves its
axis; the one that `[sizes]` declares is worked out.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from pullback.derive.read.trees import (
    Apply,
    Length,
    Negative,
    Number,
    Operation,
    Ref,
    Shifted,
    Tree,
    walk,
)

ARITHMETIC = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
}
MOST = 200  # places of an axis whose size is found


class Unknown(Exception):
    """A size that is not known yet."""


def whole(tree: Tree, place: Callable[[Ref], Any], size: Callable[[Any], int]) -> Any:
    """The whole number, or array of such, that a tree comes to; sizes by an axis or a Length."""
    match tree:
        case Number(text, _):
            return int(text)
        case Negative(operand, _):
            return -whole(operand, place, size)
        case Operation(op, left, right, _):
            a, b = whole(left, place, size), whole(right, place, size)
            return ARITHMETIC[op](a, b)
        case Apply("size", (Ref(name, None, _),), _):
            return size(name)
        case Length():
            return size(tree)
    return place(tree)


def is_whole(tree: Tree, places: Collection[str]) -> bool:
    """Is it made of axes, labels, sizes and whole numbers, an axis or a label among them or not?"""
    sized = {id(a) for part in walk(tree) if isinstance(part, Apply) for a in part.args}
    return all(
        (isinstance(part, Ref) and (part.name in places or id(part) in sized))
        or (isinstance(part, Ref) and part.indices is None and part.name.isupper())
        or (isinstance(part, Number) and part.text.isdigit())
        or isinstance(part, Negative | Length)
        or (isinstance(part, Apply) and part.name == "size")
        or (isinstance(part, Operation) and part.op in ("+", "-", "*"))
        for part in walk(tree)
    )


def accesses(equations: Mapping[str, Any]) -> Iterator[tuple[str, Tree]]:
    """The own axis and the place of each entry that must not leave its axis."""
    for equation in equations.values():
        for tree in walk(equation.right):
            if isinstance(tree, Shifted) and tree.outside is None:
                yield from ((own, at) for own, at in tree.at if own != tree.along)


def is_recurrent(layer: Any) -> bool:
    """Does a tensor read itself at another place?"""
    trees = (t for e in layer.equations.values() for t in walk(e.right))
    return any(isinstance(tree, Shifted) and tree.along for tree in trees)


def has_matrices(layer: Any) -> bool:
    """Is there a function of a whole matrix?"""
    trees = (t for e in layer.equations.values() for t in walk(e.right))
    return any(isinstance(t, Apply) and t.name in ("inv", "solve", "det", "logdet") for t in trees)


def completed(layer: Any, sizes: Mapping[str, int]) -> dict[str, int]:
    """The sizes of all axes, of which inputs show some."""
    found = dict(sizes)

    def size(axis: Any) -> int:
        if isinstance(axis, Length):
            axis = layer.places[axis.name][axis.position]
        root = layer.same.get(axis, axis)
        if root not in found:
            raise Unknown(root)
        return found[root]

    def capital(ref: Ref) -> int:
        return size(layer.axis_of_size(ref.name))

    rest = {layer.same[axis]: tree for axis, tree in layer.sizes}
    unknown = {*layer.same.values()} - {*found} - {*rest}
    for _ in range(2 * len(layer.same) + 2):
        for root, tree in rest.items():
            try:
                found.setdefault(root, whole(tree, capital, size))
            except Unknown:
                continue
        for root in sorted(unknown - {*found}):
            longest = counted(layer, found, root, size)
            if longest is not None:
                found[root] = longest
    return found


def bound_in_places(equations: Iterable[Any]) -> set[str]:
    """The axes that stand in whole expressions, which a reduction or a left side binds."""
    bound = {a for e in equations for a in e.axes or ()}
    named: set[str] = set()
    for equation in equations:
        for tree in walk(equation.right):
            if isinstance(tree, Apply) and tree.name in ("sum", "mean", "max", "min"):
                bound |= {a.name for a in tree.args[:-1] if isinstance(a, Ref)}
            for _, place in tree.at if isinstance(tree, Shifted) else ():
                parts = [p for p in walk(place) if isinstance(p, Ref) and p.indices is None]
                named |= {part.name for part in parts}
    return named & bound


def windowed(layer: Any) -> set[str]:
    """The axes on which windows lie, those that say where, and those of sizes that are declared."""
    found = {*(axis for axis, _ in layer.sizes), *layer.arguments.values()}
    for equation in layer.equations.values():
        for tree in walk(equation.right):
            if isinstance(tree, Shifted):
                found |= {own for own, _ in tree.at}
                found |= {p.name for _, at in tree.at for p in walk(at) if isinstance(p, Ref)}
    for _, tree in layer.sizes:
        found |= {a.name for p in walk(tree) if isinstance(p, Apply) for a in p.args}
        lengths = (p for p in walk(tree) if isinstance(p, Length))
        found |= {layer.places[p.name][p.position] for p in lengths}
    return {layer.same.get(name, name) for name in found}


def counted(layer: Any, found: dict[str, int], root: str, size: Callable[[Any], int]) -> int | None:
    """The largest size of an axis at which nothing leaves its axis; None where nothing says so."""
    try:
        for count in range(MOST):
            found[root] = count + 1
            if not inside(layer, size, root):
                return count
        return None
    except Unknown:
        return None
    finally:
        del found[root]


def inside(layer: Any, size: Callable[[Any], int], root: str = "") -> bool:
    """Does every entry lie on its axis? Those that `root` has no part in do not count."""
    for own, tree in accesses(layer.equations):
        names = {
            part.name
            for part in walk(tree)
            if isinstance(part, Ref) and part.indices is None and part.name in layer.same
        }
        if root and root not in {layer.same[name] for name in names}:
            continue
        ends = [(0, size(name) - 1) for name in sorted(names)]
        for corner in product(*ends):
            at = dict(zip(sorted(names), corner, strict=True))

            def place(ref: Ref, at: dict[str, int] = at) -> int:
                return at[ref.name] if ref.name in at else size(layer.axis_of_size(ref.name))

            if not 0 <= whole(tree, place, size) < size(own):
                return False
    return True


def fits(layer: Any, sizes: Mapping[str, int]) -> bool:
    """Are there sizes for all axes, those of windows above 0, and is every entry inside?"""
    found = completed(layer, sizes)
    if not {*layer.same.values()} <= {*found}:
        return False
    if any(found[root] < 1 for root in windowed(layer)):
        return False

    def size(axis: Any) -> int:
        if isinstance(axis, Length):
            axis = layer.places[axis.name][axis.position]
        return found[layer.same.get(axis, axis)]

    return inside(layer, size)


def enlarged(layer: Any, sizes: Mapping[str, int]) -> dict[str, int]:
    """Sizes of inputs' axes, larger by as little as it takes for every entry to lie on its axis."""
    found = dict(sizes)
    if not layer.sizes and not [*accesses(layer.equations)]:
        return found
    shown = [axis for axes in (*layer.axes.values(), layer.arguments.values()) for axis in axes]
    found = {axis: size for axis, size in found.items() if axis in shown}
    long = {layer.same[own] for own, _ in accesses(layer.equations)} & {*shown}
    parts = [part for _, tree in layer.sizes for part in walk(tree)]
    long |= {layer.places[p.name][p.position] for p in parts if isinstance(p, Length)} & {*shown}
    short = {
        layer.same[part.name]
        for _, place in accesses(layer.equations)
        for part in walk(place)
        if isinstance(part, Ref) and part.name in layer.same
    }
    for grown in (long, ({*shown} - short) & windowed(layer), {*shown} & windowed(layer)):
        for more in range(13):
            larger = {axis: n + more if axis in grown else n for axis, n in found.items()}
            if fits(layer, larger):
                return larger
    raise AssertionError(f"no sizes were found for {layer.name}")
