"""Products that sum over axes: @, np.dot, np.inner, np.outer, np.tensordot, np.einsum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce as fold
from string import ascii_letters

from pullback.derive.read.from_arrays.algebra import HERE, operation, over
from pullback.derive.read.from_arrays.values import (
    NOWHERE,
    ONE,
    Array,
    Axes,
    Indices,
    Meet,
    Scope,
    Unreadable,
    Value,
    number,
    words,
)
from pullback.derive.read.trees import BATCH, Operation, Ref, Tree

Letters = Sequence[object]  # what stands for each axis of an operand


def contract(operands: Sequence[Array], letters: Sequence[Letters], out: Letters) -> Array:
    """The sum of products over every letter that is not in `out`."""
    sizes = sizes_of(operands, letters)
    summed = [c for c in sizes if c not in out]

    def entry(indices: Indices, scope: Scope) -> Tree:
        at: dict[object, Ref] = dict(zip(out, indices, strict=True))
        bound = []
        for letter in summed:
            at[letter] = HERE
            if sizes[letter] != ONE:
                at[letter], scope = scope.bind(sizes[letter])
                bound.append(at[letter])
        factors = [
            v.at(
                tuple(HERE if a == ONE else at[c] for a, c in zip(v.axes, own, strict=True)), scope
            )
            for v, own in zip(operands, letters, strict=True)
        ]
        body = fold(lambda x, y: Operation("*", x, y, NOWHERE), factors)
        return over("sum", bound, body)

    return Array(tuple(sizes[c] for c in out), entry, whole=all(v.whole for v in operands))


def sizes_of(operands: Sequence[Array], letters: Sequence[Letters]) -> Mapping[object, str]:
    """The size for which each letter stands."""
    sizes: dict[object, str] = {}
    for value, own in zip(operands, letters, strict=True):
        for axis, letter in zip(value.axes, own, strict=True):
            known = sizes.setdefault(letter, axis)
            if ONE in (known, axis) and BATCH not in (known, axis):
                sizes[letter] = axis if known == ONE else known
            elif known != axis:
                shapes = " and ".join(words(v.axes) for v in operands)
                raise Meet(
                    f"'{known}' and '{axis}' meet: a product of shapes {shapes} sums over axes "
                    "whose sizes have one name",
                    known,
                    axis,
                )
    return sizes


def matmul(left: Value, right: Value) -> Array:
    """a @ b, leading axes broadcast."""
    a, b = number(left), number(right)
    if not a.axes or not b.axes:
        raise Unreadable("@ takes arrays, and one of these is a single number; write *")
    check_inner(a.axes[-1], b.axes[-2 if len(b.axes) > 1 else 0], a, b)
    rows, columns = ["row"] * (len(a.axes) > 1), ["column"] * (len(b.axes) > 1)
    if a.axes[-2:-1] == (BATCH,) and len(b.axes) > 2:
        raise Unreadable(f"the rows of {words(a.axes)} are '{BATCH}'; give them a name")
    batch = range(max(len(a.axes) - 2, len(b.axes) - 2, 0))
    leading = [list(batch)[len(batch) - max(len(v.axes) - 2, 0) :] for v in (a, b)]
    letters = [[*leading[0], *rows, "inner"], [*leading[1], "inner", *columns]]
    return contract((a, b), letters, [*batch, *rows, *columns])


def check_inner(a: str, b: str, left: Array, right: Array) -> None:
    """The axes that a product sums over have one size, and no broadcasting."""
    if a != b:
        raise Meet(
            f"'{a}' and '{b}' meet: a product of shapes {words(left.axes)} and "
            f"{words(right.axes)} sums over axes whose sizes have one name",
            a,
            b,
        )


def dot(left: Value, right: Value) -> Array:
    """np.dot: without broadcasting, the last axis of a and the last but one of b."""
    a, b = number(left), number(right)
    if not a.axes or not b.axes:
        return operation("*", a, b)
    inner = -2 if len(b.axes) > 1 else -1
    return tensordot(a, b, [len(a.axes) - 1], [len(b.axes) + inner])


def inner(left: Value, right: Value) -> Array:
    """np.inner: the last axes of both."""
    a, b = number(left), number(right)
    if not a.axes or not b.axes:
        return operation("*", a, b)
    return tensordot(a, b, [len(a.axes) - 1], [len(b.axes) - 1])


def tensordot(a: Array, b: Array, left: Sequence[int], right: Sequence[int]) -> Array:
    """The sum over pairs of axes; the others of a, then those of b."""
    if len(left) != len(right):
        raise Unreadable("np.tensordot takes as many axes of one as of the other")
    for i, j in zip(left, right, strict=True):
        check_inner(a.axes[i], b.axes[j], a, b)
    first: list[object] = [f"a{i}" for i in range(len(a.axes))]
    second: list[object] = [f"b{j}" for j in range(len(b.axes))]
    for i, j in zip(left, right, strict=True):
        second[j] = first[i]
    out = [c for c in first if c not in second] + [c for c in second if c not in first]
    if BATCH in b.axes and any(c not in second for c in first):
        raise Unreadable(f"'{BATCH}' would not stand first; give the leading axes names")
    return contract((a, b), (first, second), out)


def outer(left: Value, right: Value) -> Array:
    """np.outer of two arrays of one axis."""
    a, b = number(left), number(right)
    if len(a.axes) != 1 or len(b.axes) != 1:
        raise Unreadable("np.outer of more than one axis merges axes; write np.einsum")
    return contract((a, b), (["a"], ["b"]), ["a", "b"])


def einsum(text: str, values: Sequence[Value]) -> Array:
    """np.einsum by its subscripts, '...' and sums that are not written included."""
    operands = [number(v) for v in values]
    left, arrow, right = text.replace(" ", "").partition("->")
    given = left.split(",")
    if len(given) != len(operands):
        raise Unreadable(f"np.einsum has {len(given)} subscripts and {len(operands)} arrays")
    for subscripts in (*given, right):
        plain = subscripts.replace("...", "", 1)
        if not all(c in ascii_letters for c in plain):
            raise Unreadable(f"{text!r} are no subscripts of np.einsum")
    ranks = [len(v.axes) - len(s.replace("...", "")) for v, s in zip(operands, given, strict=True)]
    for value, subscripts, rank in zip(operands, given, ranks, strict=True):
        if rank < 0 or (rank and "..." not in subscripts):
            raise Unreadable(f"the subscripts {subscripts!r} do not fit {words(value.axes)}")
    most = max((r for r, s in zip(ranks, given, strict=True) if "..." in s), default=0)
    letters = [spelled(s, r, most) for s, r in zip(given, ranks, strict=True)]
    if not arrow:
        every = [c for s in given for c in s.replace("...", "")]
        right = ("..." if "..." in left else "") + "".join(
            sorted(c for c in set(every) if every.count(c) == 1)
        )
    out = spelled(right, most, most)
    if len(set(out)) < len(out) or not set(out) <= {c for own in letters for c in own}:
        raise Unreadable(f"the subscripts behind '->' in {text!r} stand once, and before it too")
    made = contract(operands, letters, out)
    if len(operands) == 1 and set(out) == set(letters[0]):
        return replace(made, buffer=operands[0].buffer)  # NumPy gives a view
    return made


def spelled(subscripts: str, rank: int, most: int) -> list[object]:
    """The letters of subscripts, with numbers for the axes of '...'."""
    before, dots, after = subscripts.partition("...")
    return [*before, *(range(most - rank, most) if dots else ()), *after]


def axes_at(value: Array, letters: Axes) -> Array:
    """The entries at equal places of two axes, as np.diag has them."""
    return contract((value,), (letters,), sorted(set(letters)))
