"""The sizes of axes at which an emitted test file looks at its module: small, long and wide ones.

The helpers of a module work in blocks, so that it takes arrays longer than a block to see all of
them. How long these may be is bounded by what the equations cost there, as loops or as arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from math import prod

from sympy import Expr

from pullback.codegen.interface.shapes import axes_of
from pullback.codegen.interface.sizes import completed, related
from pullback.codegen.interface.sizes import fitted as fitted_sizes
from pullback.derive.layer import Layer
from pullback.derive.read.matrix_functions import bound_axes, named_axes
from pullback.derive.read.trees import BATCH, Apply, Equation, Ref, Tree, parts, walk
from pullback.derive.read.vocabulary import REDUCTIONS

Sizes = dict[str, int]  # of axes, by the names of their sizes; that of leading axes is `...`

# past two blocks of 2**14, two of 2**13, one of 2**12 and one of 2**10
LENGTHS = (33_000, 16_500, 4_100, 1_030)
MOST_STEPS = 200_000  # of the loops at long axes: some tenths of a second
LONGEST = 66_000  # past all blocks but those of 2**20 entries
ENTRIES = 2**20 + 4_103  # one row of 4096 more, and some entries
WIDE = (1_030, 4_100)  # past 1024 rows and 4096 columns
MOST_ENTRIES = 9_000_000  # of an array at wide axes
MOST_SOLVED = 200_000  # where assumptions are solved, by loops
# to look at every input, and at every axis, takes as many calls of a module as there are, each of
# which works with all of them: of more inputs than these only some are looked at in every way
MOST_INPUTS = 16
SOME_INPUTS = 12
SOME_AXES = 8


def is_large(layer: Layer) -> bool:
    """Are there so many inputs that not all can be looked at in every way?"""
    return len(layer.inputs) > MOST_INPUTS


def some_inputs(layer: Layer) -> list[str]:
    """Of many inputs those that are refused in every way: some, and the first and last wanted."""
    names = [t.name for t in layer.inputs]
    chosen = {*spread(names, SOME_INPUTS), layer.wrt[0], layer.wrt[-1]}
    return [name for name in names if name in chosen]


def some_axes(layer: Layer) -> list[str]:
    """The axes that are empty or long in their turn: all, or some where there are many inputs."""
    return spread(every(layer), SOME_AXES) if is_large(layer) else every(layer)


def empty_axes(layer: Layer) -> list[str]:
    """Those that may have no entry: all but those by which windows lie within others."""
    bound = {*map(str, (*related(layer), *layer.arguments))}
    return [axis for axis in some_axes(layer) if axis not in bound]


def fitted(layer: Layer, sizes: Sizes) -> Sizes:
    """Sizes by name at which windows lie within their axes."""
    if not layer.sizes and not layer.reaches:
        return sizes
    found = fitted_sizes(layer, by_symbol(layer, sizes))
    return {name: found[size] for name, size in symbols(layer).items() if name in sizes}


def symbols(layer: Layer) -> dict[str, Expr]:
    """The sizes of all axes by the names by which test files have them."""
    axes = [*layer.axes, *(i for t in layer.inputs for i in t.indices)]
    return {BATCH if i.name == BATCH else str(i.size): i.size for i in axes}


def by_symbol(layer: Layer, sizes: Sizes) -> dict[Expr, int]:
    """Sizes by name, by their symbols."""
    return {size: sizes[name] for name, size in symbols(layer).items() if name in sizes}


def spread(names: list[str], count: int) -> list[str]:
    """So many of the names, from the first to the last."""
    step = max(1, (len(names) - 1) / (count - 1))
    return [names[round(i * step)] for i in range(min(count, len(names)))]


def sampled(layer: Layer) -> str:
    """What of a large module is looked at in part, in words."""
    count, some = len(layer.inputs), len(some_inputs(layer))
    axes, all_axes = len(some_axes(layer)), len(every(layer))
    turns = f" {axes} of {all_axes} axes are empty, or long, in their turn." * (axes < all_axes)
    return (
        f"Of {count} inputs each is refused once as one of a wrong kind and wherever it has a "
        f"wrong size, {some} in every other way.{turns} Every slope is compared."
    )


def small(layer: Layer) -> list[Sizes]:
    """Three choices of a size for each axis: different ones while these are few, then with ones.

    What labels choose from is two at least: one class has probability 1, where slopes may end.
    """
    names, labels = axes(layer), labelled(layer)
    choices = [
        {n: 2 + i if i < 4 else 1 + i % 2 for i, n in enumerate(names)},
        {n: (3, 1, 2)[i % 3] for i, n in enumerate(names)},
        {n: (1, 2, 3)[(i + i // 3) % 3] for i, n in enumerate(names)},
    ]
    if layer.recurrences:  # each step costs as much as a layer
        choices[0] = {n: (2, 3, 3, 2)[i % 4] for i, n in enumerate(names)}
    if is_large(layer):  # wide enough for what is early to reach the end
        choices[0] = {n: (2, 3, 4)[i % 3] for i, n in enumerate(names)}
        choices[2] = {n: (2, 4, 3)[i % 3] for i, n in enumerate(names)}
    for choice, size in zip(choices, (2, 1, 3), strict=True):  # room for windows so long
        choice |= dict.fromkeys(map(str, layer.arguments), size)
    found = ({n: max(size, 2 if n in labels else 1) for n, size in c.items()} for c in choices)
    return [fitted(layer, choice) for choice in found]


def axes(layer: Layer) -> list[str]:
    """The sizes of all axes but leading ones."""
    names = [axis for axis in every(layer) if axis != BATCH]
    return list(dict.fromkeys([*names, *labelled(layer)]))


def labelled(layer: Layer) -> list[str]:
    """The sizes of axes that labels point into."""
    return [str(t.labels_of) for t in layer.inputs if t.integer]


def every(layer: Layer) -> list[str]:
    """The sizes of all axes of inputs, leading ones included, in order, and arguments."""
    names = [axis for tensor in layer.inputs for axis in axes_of(tensor)]
    return list(dict.fromkeys([*names, *map(str, layer.arguments)]))


def long(layer: Layer, equations: list[Equation]) -> list[Sizes]:
    """For each axis, the greatest length at which loops over the others' two places end in time."""
    choices = []
    for name in some_axes(layer):
        tries = (fitted(layer, base(layer) | {name: length}) for length in LENGTHS)
        fits = (s for s in tries if max(steps(layer, equations, s), given(layer, s)) <= MOST_STEPS)
        choices += [s for s in [next(fits, None)] if s]
    return choices


def wide(layer: Layer, equations: list[Equation], helpers: Set[str]) -> list[Sizes]:
    """Sizes for arrays with too many entries for loops.

    There are so many rows that value takes them in parts, where it does. Each axis is as long as
    the blocks of `helpers` are; and where rows are added up, as for a bias, so are rows and
    columns together.
    """
    names = some_axes(layer)
    longest = (ENTRIES if "_dot" in helpers else LONGEST, *LENGTHS)
    # second derivatives of a recurrence may take arrays of pairs of places
    tries: list[tuple[int, ...]] = [longest[-1:] if n in timed(layer) else longest for n in names]
    if names and "_parts" in helpers:
        tries[0] = (rows(layer, names[0]),)
    biases = [axes_of(layer.tensor(n)) for n in layer.wrt]
    columns = [b[0] for b in biases if len(b) == 1 and b != names[:1]]
    pairs = zip(names, tries, strict=True)
    choices = [[fitted(layer, base(layer) | {n: t}) for t in ts] for n, ts in pairs]
    both = [base(layer) | {names[0]: WIDE[0], n: WIDE[1]} for n in columns[-1:]]
    choices += [[fitted(layer, sizes)] for sizes in both]
    most = MOST_SOLVED if layer.assumptions else MOST_ENTRIES
    fits = ([s for s in c if entries(layer, equations, s) <= most] for c in choices)
    return [sizes[0] for sizes in fits if sizes]


def timed(layer: Layer) -> set[str]:
    """The sizes of the axes along which the layer reads what it made before."""
    nodes = {node.name: node for node in layer.nodes}
    at = (item for loop in layer.recurrences for item in loop.positions.items())
    return {str(nodes[name].indices[place].size) for name, place in at}


def rows(layer: Layer, axis: str) -> int:
    """So many that the nodes have more entries than value works on at a time."""
    own = [axes_of(n) for n in layer.nodes if not n.notation]
    full = completed(layer, by_symbol(layer, fitted(layer, base(layer))))
    sizes = {name: full[size] for name, size in symbols(layer).items() if size in full}
    row = sum(prod(sizes[a] for a in axes) for axes in own if axis in axes)
    return ENTRIES // max(row, 1)


def base(layer: Layer) -> Sizes:
    """Two places on each axis, as a size less 1 may stand below a line."""
    return dict.fromkeys(every(layer), 2)


# -- what equations cost ---------------------------------------------------------------------------
def steps(layer: Layer, equations: list[Equation], sizes: Sizes) -> int:
    """How many operations the equations are as plain loops."""
    length = lengths(layer, sizes)
    count = 0
    for equation in equations:
        todo: list[tuple[Tree, int]] = [
            (equation.right, prod(length[a] for a in equation.axes or ()))
        ]
        while todo:
            tree, times = todo.pop()
            count += times
            axes = [*named_axes(tree)]  # of a matrix, which is eliminated row by row
            times *= prod(length[a] for a in [*bound(tree, length), *axes, *axes[:1]])
            todo += [(part, times) for part in parts(tree)]
    return count


def entries(layer: Layer, equations: list[Equation], sizes: Sizes) -> int:
    """How many entries the largest array has that the equations are given, or may make."""
    length = lengths(layer, sizes)
    arrays = [frozenset(e.axes or ()) for e in equations]
    arrays += [axes for e in equations for axes in free(e.right, length)]
    return max(given(layer, sizes), *(prod(length[a] for a in array) for array in arrays))


def given(layer: Layer, sizes: Sizes) -> int:
    """How many entries the largest input has; an axis may stand in it twice."""
    return max(prod(sizes[a] for a in axes_of(tensor)) for tensor in layer.inputs)


def lengths(layer: Layer, sizes: Sizes) -> dict[str, int]:
    """The length of each axis by its own name."""
    full = completed(layer, by_symbol(layer, sizes))
    return {i.name: full[i.size] for i in layer.axes if i.size in full}


def free(tree: Tree, length: Mapping[str, int]) -> Iterator[frozenset[str]]:
    """The axes that each part of an expression depends on; parts come before what they are in."""
    of: dict[int, frozenset[str]] = {}
    for part in reversed(list(walk(tree))):
        names = {i.name for i in part.indices or ()} if isinstance(part, Ref) else set()
        names |= {part.name} if isinstance(part, Ref) else set()
        names = {n for n in names if n in length}
        of[id(part)] = frozenset(names.union(*(of[id(p)] for p in parts(part)))) - {
            *bound(part, length)
        }
        yield of[id(part)]


def bound(tree: Tree, length: Mapping[str, int]) -> list[str]:
    """The axes that a reduction runs over."""
    if isinstance(tree, Apply) and tree.name not in REDUCTIONS:
        return [*bound_axes(tree)]
    if not isinstance(tree, Apply):
        return []
    names = [a.name for a in tree.args[:-1] if isinstance(a, Ref) and a.indices is None]
    return [n for n in names if n in length]
