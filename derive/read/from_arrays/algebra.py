"""What is done entry by entry, with NumPy's rules of broadcasting, and reductions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pullback.derive.read.from_arrays.values import (
    MARK,
    NOWHERE,
    ONE,
    Array,
    Axes,
    Indices,
    Kind,
    Meet,
    Scope,
    Unreadable,
    Value,
    array,
    mask,
    number,
    numeral,
    size_of,
    size_tree,
    words,
)
from pullback.derive.read.trees import BATCH, Apply, Negative, Operation, Ref, Tree, walk

HERE = Ref(ONE, None, NOWHERE)  # the one place on an axis of size 1; it is never written
Build = Callable[..., Tree]


def broadcast(*shapes: Axes) -> Axes:
    """The common shape, aligned at the last axis; sizes are one where their names are."""
    found = []
    for back in range(max(map(len, shapes), default=0), 0, -1):
        names = list(dict.fromkeys(s[-back] for s in shapes if len(s) >= back))
        large = [n for n in names if n != ONE]
        if len(large) > 1:
            raise Meet(
                f"'{large[0]}' and '{large[1]}' meet: shapes "
                f"{' and '.join(dict.fromkeys(map(words, shapes)))} do not broadcast, "
                "as two sizes are one only where their names are",
                *large[:2],
            )
        if large == [BATCH] and ONE in names:
            raise Unreadable(f"an axis of size 1 meets '{BATCH}', any number of axes")
        found.append(large[0] if large else ONE)
    return tuple(found)


def spread(value: Array, indices: Indices) -> Indices:
    """The indices of an operand for those of the result."""
    own = indices[len(indices) - len(value.axes) :]
    return tuple(HERE if a == ONE else i for a, i in zip(value.axes, own, strict=True))


def elementwise(build: Build, *values: Value, whole: bool = False) -> Array:
    """A function of the entries of arrays."""
    operands = [number(v) for v in values]

    def entry(indices: Indices, scope: Scope) -> Tree:
        return build(*(v.at(spread(v, indices), scope) for v in operands))

    python = all(v.python for v in operands)
    return Array(
        broadcast(*(v.axes for v in operands)),
        entry,
        whole=whole and all(v.whole for v in operands),
        python=python,
    )


def operation(op: str, left: Value, right: Value) -> Array:
    """Arithmetic."""
    a, b = array(left), array(right)
    masks = [v.kind is Kind.MASK for v in (a, b)]
    if op == "*" and all(masks):
        return both(a, b)
    if op == "-" and all(masks):
        raise Unreadable("NumPy does not subtract truth values; write a.astype(float) - b")
    if op == "+" and all(masks):
        raise Unreadable("NumPy adds truth values as 'or'; write a | b, or a.astype(float) + b")
    whole = a.whole and b.whole and not a.python
    if op == "**" and whole and not (isinstance(b.literal, int) and b.literal >= 0):
        raise Unreadable("NumPy raises integers to whole powers only from 0 up")
    return elementwise(lambda x, y: Operation(op, x, y, NOWHERE), a, b, whole=op != "/")


def negative(value: Value) -> Array:
    """A sign in front."""
    found = array(value)
    if found.kind is Kind.MASK:
        raise Unreadable("NumPy has no minus for truth values; write ~a, or -a.astype(float)")
    made = elementwise(lambda x: Negative(x, NOWHERE), found, whole=True)
    return replace(made, literal=None if found.literal is None else -found.literal)


def function(word: str, value: Value) -> Array:
    """A function of one variable, by its word in index notation."""
    if array(value).kind is Kind.MASK:
        raise Unreadable(
            "NumPy computes functions of truth values in float16; write a.astype(float)"
        )
    return elementwise(lambda x: Apply(word, (x,), NOWHERE), value)


def extreme(word: str, a: Value, b: Value) -> Array:
    """The larger or the smaller, entry by entry."""
    return elementwise(lambda x, y: Apply(word, (x, y), NOWHERE), a, b, whole=True)


# -- truth -----------------------------------------------------------------------------------------


def compare(op: str, left: Value, right: Value) -> Array:
    """A comparison of numbers, or of places on one axis."""
    a, b = array(left), array(right)
    places = [v for v in (a, b) if v.kind is Kind.PLACE]
    if len(places) == 1:
        raise Unreadable(
            "labels and places (np.arange) are compared with one another, and not with numbers"
        )
    if places:
        assert a.reach and b.reach
        for one, other in ((a.reach, b.reach), (b.reach, a.reach)):
            if other.axis is not None:
                one.agree(other.axis)
    else:
        a, b = number(a), number(b)

    def condition(indices: Indices, scope: Scope) -> Tree:
        left, right = (v.at(spread(v, indices), scope) for v in (a, b))
        return Operation(op, left, right, NOWHERE)

    made = mask(broadcast(a.axes, b.axes), condition)
    return replace(made, python=a.python and b.python)


def truth(value: Value) -> Array:
    """An array that must be a mask."""
    found = array(value)
    if found.kind is not Kind.MASK:
        raise Unreadable("wanted truth values, as x > 0 makes them")
    return found


def joined(build: Build, *values: Value) -> Array:
    """Truth values of truth values."""
    made = elementwise(build, *map(truth, values))
    return replace(made, kind=Kind.MASK, whole=True)


def both(a: Value, b: Value) -> Array:
    """And."""
    return joined(lambda x, y: Operation("*", x, y, NOWHERE), a, b)


def either(a: Value, b: Value) -> Array:
    """Or."""
    return joined(lambda x, y: Apply("max", (x, y), NOWHERE), a, b)


def opposite(a: Value) -> Array:
    """Not."""
    return joined(lambda x: Operation("-", numeral(1), x, NOWHERE), a)


def differing(a: Value, b: Value) -> Array:
    """Exclusive or."""
    return compare("!=", truth(a), truth(b))


def choose(condition: Value, a: Value, b: Value) -> Array:
    """np.where of three."""
    test = array(condition)
    if test.kind is Kind.PLACE:
        raise Unreadable("labels are no condition; compare them with others")
    yes, no = number(a), number(b)

    def entry(indices: Indices, scope: Scope) -> Tree:
        cases = (v.at(spread(v, indices), scope) for v in (yes, no))
        return Apply("where", (test.holds(spread(test, indices), scope), *cases), NOWHERE)

    axes = broadcast(test.axes, yes.axes, no.axes)
    return Array(axes, entry, whole=yes.whole and no.whole)


# -- reductions ------------------------------------------------------------------------------------


def position(value: Array, axis: int) -> int:
    """The place of an axis that a number names, negative from the end."""
    rank = len(value.axes)
    if BATCH in value.axes and (axis >= 0 or -axis > rank - 1):
        raise Unreadable(f"the axis {axis} of a shape with '{BATCH}': count from the end, as in -1")
    if not -rank <= axis < rank:
        raise Unreadable(f"there is no axis {axis} in the shape {words(value.axes)}")
    return axis % rank


def reduce(word: str, value: Value, places: tuple[int, ...], keep: bool) -> Array:
    """sum, mean, max or min over the axes at these places."""
    own = number(value)
    dropped = [own.axes[p] for p in places]
    if keep and BATCH in dropped:
        raise Unreadable(f"keepdims over '{BATCH}', any number of axes")
    left = [p for p in range(len(own.axes)) if p not in places]
    axes = tuple(ONE if p in places else a for p, a in enumerate(own.axes) if keep or p in left)

    def entry(indices: Indices, scope: Scope) -> Tree:
        given = iter(indices)
        at = {p: next(given) for p in range(len(own.axes)) if keep or p in left}
        bound = []
        for p in places:
            at[p] = HERE
            if own.axes[p] != ONE:
                at[p], scope = scope.bind(own.axes[p])
                bound.append(at[p])
        return over(word, bound, own.at(tuple(at[p] for p in range(len(own.axes))), scope))

    return Array(axes, entry, whole=own.whole and word != "mean")


def over(word: str, bound: list[Ref], body: Tree) -> Tree:
    """A reduction over those axes that its body has; of the others a sum is as many times it."""
    names = {
        n
        for t in walk(body)
        if isinstance(t, Ref)
        for n in (t.name, *(i.name for i in t.indices or ()))
    }
    missing = [axis for axis in bound if axis.name not in names]
    left = [axis for axis in bound if axis not in missing]
    found: Tree = Apply(word, (*left, body), NOWHERE) if left else body
    if word == "sum":
        for axis in missing:
            found = Operation("*", found, size_tree(axis.name.partition(MARK)[0]), NOWHERE)
    return found


def every(value: Array) -> tuple[int, ...]:
    """The places of all axes."""
    return tuple(range(len(value.axes)))


def variance(value: Value, places: tuple[int, ...], keep: bool, ddof: int = 0) -> Array:
    """The mean square of the deviations from the mean."""
    own = number(value)
    centred = operation("-", own, reduce("mean", own, places, True))
    squares = power(centred, 2)
    if not ddof:
        return reduce("mean", squares, places, keep)
    count: Value = numeral_array(1)
    for p in places:
        count = operation("*", count, size_of(own.axes[p]))
    total = reduce("sum", squares, places, keep)
    return operation("/", total, operation("-", count, numeral_array(ddof)))


def numeral_array(value: int | float) -> Array:
    """A number as an array without axes."""
    tree = numeral(value)
    return Array((), lambda i, s: tree, literal=value, python=True, whole=isinstance(value, int))


def power(value: Value, exponent: int) -> Array:
    """A whole power."""
    return operation("**", value, numeral_array(exponent))
