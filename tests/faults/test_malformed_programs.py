"""Programs that are none: each is refused, with the value and what is wrong of it."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import sympy as sp

from pullback.codegen.lower.assembly import lower
from pullback.codegen.program import (
    FUNCTIONS,
    Arange,
    Builder,
    Constant,
    Contract,
    Elementwise,
    Input,
    Malformed,
    OneHot,
    Operand,
    Pick,
    Program,
    Put,
    Reduce,
    Scatter,
    Take,
    function,
    verify,
)
from pullback.derive.calculus.derivation import derive
from pullback.derive.index.objects import size_symbol
from pullback.derive.read.reader import read_equations

EQUATIONS = """
h[n, k] = tanh(sum(d, E[t[n], d] * w[d, k]))
s[n, k] = h[n, k] / max(j, h[n, j]) + h[n, k] * [k == y[n]] + where(h[n, k] > b[k], h[n, k], c[n])
L = mean(n, log(s[n, y[n]]**2) + E[t[n], l[n]] + b[y[n]] * A[n, n]) + sum(n, k, s[n, k]**3 + q[k])
"""
N = size_symbol("other")


@cache
def program() -> Program:
    """A program with every kind of operation."""
    return lower(derive(read_equations("own", EQUATIONS)))


def first(kind: type, wanted: Callable[[Any], bool] = lambda op: True) -> int:
    """The first value whose operation is of this kind."""
    return next(v.number for v in program().values if isinstance(v.op, kind) and wanted(v.op))


def of_kind(kind: str) -> int:
    """The first value of that kind that has axes, unless it is a number."""
    return next(
        v.number for v in program().values if v.kind == kind and (v.sizes or kind == "number")
    )


def with_value(number: int, /, **changes: Any) -> Program:
    """The program with one value changed."""
    values = list(program().values)
    values[number] = replace(values[number], **changes)
    return replace(program(), values=tuple(values))


def with_op(
    kind: type, wanted: Callable[[Any], bool] = lambda op: True, /, **changes: Any
) -> Program:
    """The program with the first operation of this kind changed."""
    number = first(kind, wanted)
    return with_value(number, op=replace(program()[number].op, **changes))


def shifted(operand: Operand, by: int) -> Operand:
    """The operand one axis further on."""
    return replace(operand, places=tuple(p + by for p in operand.places))


def pair(op: Any) -> bool:
    """Are there two operands, both of them matrices?"""
    return len(op.operands) == 2 and all(len(o.places) == 2 for o in op.operands)


def operands(kind: type, wanted: Callable[[Any], bool], change: Callable[[Any], Any]) -> Program:
    """The program with an operation's first operand changed."""
    head, *rest = program()[first(kind, wanted)].op.operands
    return with_op(kind, wanted, operands=(change(head), *rest))


def at(kind: type, change: Callable[[tuple[Operand, ...]], tuple[Operand, ...]]) -> Program:
    """The program with the indices of a Pick or a Put changed."""
    return with_op(kind, at=change(program()[first(kind)].op.at))


def real_index(indices: tuple[Operand, ...]) -> tuple[Operand, ...]:
    """The first index is a real array."""
    number = next(v.number for v in program().values if v.kind == "real" and len(v.sizes) == 1)
    return (Operand(number, indices[0].places), *indices[1:])


def named_twice() -> Program:
    """Two values of one name."""
    a, b, *_ = (v.number for v in program().values if v.name)
    return with_value(b, name=program()[a].name)


def is_sum(op: Any) -> bool:
    return bool(op.kind == "sum")


def is_max(op: Any) -> bool:
    return bool(op.kind == "max")


def letters_cut(op: Contract) -> tuple[tuple[int, ...], ...]:
    return (op.letters[0][:-1], *op.letters[1:])


CORRUPTED: dict[str, tuple[Callable[[], Program], str]] = {
    "a number that is another": (lambda: with_value(3, number=4), "it stands at 3"),
    "a value that comes later": (
        lambda: operands(Elementwise, pair, lambda o: replace(o, value=10_000)),
        "comes later",
    ),
    "sizes that are others": (lambda: with_value(first(Contract), sizes=(N,)), "its operation's"),
    "a kind that is another": (lambda: with_value(first(Contract), kind="mask"), "it is mask"),
    "an input that is none": (lambda: with_value(first(Input), op=Input("none")), "no tensor"),
    "an input of another kind": (lambda: with_value(first(Input), kind="mask"), "it is mask"),
    "an input with other axes": (lambda: with_value(first(Input), sizes=()), "its axes"),
    "a name that another value has": (named_twice, "is called"),
    "a function that is none": (
        lambda: with_op(Elementwise, pair, function="twice"),
        "no function",
    ),
    "too few operands": (
        lambda: with_op(
            Elementwise, pair, operands=program()[first(Elementwise, pair)].op.operands[:1]
        ),
        "operands",
    ),
    "an operand of another kind": (
        lambda: operands(
            Elementwise,
            lambda op: op.function == "tanh",
            lambda o: Operand(of_kind("integer"), (0,)),
        ),
        "operand 0 is integer",
    ),
    "true plus true": (
        lambda: with_op(
            Elementwise,
            lambda op: op.function == "add",
            operands=(Operand(of_kind("mask"), (0, 1)),) * 2,
        ),
        "no operand is real",
    ),
    "a choice by numbers": (
        lambda: operands(
            Elementwise,
            lambda op: op.function == "where",
            lambda o: Operand(first(Contract), (0, 1)),
        ),
        "operand 0 is real",
    ),
    "a label compared with a real number": (
        lambda: operands(
            Elementwise,
            lambda op: op.function == "greater",
            lambda o: Operand(of_kind("integer"), (0,)),
        ),
        "is compared with",
    ),
    "a place for no axis": (
        lambda: operands(Elementwise, pair, lambda o: replace(o, places=(0,))),
        "for the axes",
    ),
    "one place for two axes": (
        lambda: operands(Elementwise, pair, lambda o: replace(o, places=(0, 0))),
        "twice",
    ),
    "places that leave an axis out": (
        lambda: with_op(
            Elementwise,
            pair,
            operands=tuple(shifted(o, 1) for o in program()[first(Elementwise, pair)].op.operands),
        ),
        "not all",
    ),
    "two sizes for one axis": (
        lambda: operands(
            Elementwise,
            lambda op: op.function == "where",
            lambda o: replace(o, places=o.places[::-1]),
        ),
        "an axis is",
    ),
    "an axis to spread that is not there": (
        lambda: operands(
            Elementwise,
            lambda op: op.function == "spread",
            lambda o: Operand(first(Contract), (0, 5)),
        ),
        "at (0, 5)",
    ),
    "a reduction that is none": (lambda: with_op(Reduce, is_sum, kind="product"), "no reduction"),
    "an axis to sum that is not there": (lambda: with_op(Reduce, is_sum, axes=(5,)), "axes (5,)"),
    "the largest over two axes": (lambda: with_op(Reduce, is_max, axes=(0, 1)), "over 2 axes"),
    "a sum of masks": (lambda: with_op(Reduce, is_sum, value=of_kind("mask")), "what is reduced"),
    "too few letters": (
        lambda: with_op(Contract, letters=letters_cut(program()[first(Contract)].op)),
        "for the axes",
    ),
    "a letter from nowhere": (lambda: with_op(Contract, out=(0, 9)), "of the axes"),
    "a contraction of labels": (
        lambda: with_op(Contract, values=(of_kind("integer"),) * 2, letters=((0,), (0,)), out=()),
        "a factor is integer",
    ),
    "an axis to take that is not there": (lambda: with_op(Take, axis=7), "axis 7"),
    "real labels": (
        lambda: with_op(Take, labels=first(Input, lambda op: op.name == "b")),
        "an index is real",
    ),
    "too few indices": (lambda: at(Pick, lambda indices: indices[:1]), "1 indices"),
    "a real index to pick at": (lambda: at(Pick, real_index), "an index is real"),
    "a real index to put at": (lambda: at(Put, real_index), "an index is real"),
    "an entry put twice": (lambda: at(Put, lambda i: (i[1], i[1])), "an "),
    "a filling with more axes": (
        lambda: with_op(Put, filling=Operand(first(Contract), (0, 1))),
        "the filling has more axes",
    ),
    "a label among the fillings": (
        lambda: with_op(Put, filling=Operand(first(Input, lambda op: op.name == "t"), (0,))),
        "the filling is integer",
    ),
    "rows added up at real labels": (lambda: at(Scatter, real_index), "an index is real"),
    "labels as rows": (lambda: with_op(Scatter, value=first(Arange)), "what is added up"),
    "rows that the labels lack": (
        lambda: with_op(Scatter, value=first(Input, lambda op: op.name == "b")),
        "for labels over",
    ),
    "more labels than sizes": (lambda: at(Scatter, lambda i: (*i, *i)), "2 indices, 1 sizes"),
    "a size that is none": (
        lambda: with_op(Scatter, sizes=(first(Contract),)),
        "is no size",
    ),
    "an axis of a size that is none": (lambda: with_op(Arange, size=first(Input)), "is no size"),
    "forward that lacks a value": (
        lambda: replace(program(), forward=program().forward[1:]),
        "which are not there",
    ),
    "forward out of order": (
        lambda: replace(program(), forward=program().forward[::-1]),
        "not in order",
    ),
    "forward that works out an input": (
        lambda: replace(program(), forward=(first(Input), *program().forward)),
        "works out",
    ),
    "forward and backward that share": (
        lambda: replace(
            program(), backward=tuple(sorted((*program().backward, program().forward[-1])))
        ),
        "share values",
    ),
    "a cache that lacks a value": (
        lambda: replace(program(), cache=program().cache[1:]),
        "which are not there",
    ),
    "a cache of what backward works out": (
        lambda: replace(program(), cache=(*program().cache, program().backward[0])),
        "not forward's",
    ),
    "an output that is not worked out": (
        lambda: replace(program(), output=program().backward[0]),
        "is not worked out",
    ),
    "an output with other axes": (
        lambda: replace(program(), output=first(Contract)),
        "has the axes",
    ),
    "a gradient with other axes": (
        lambda: replace(
            program(), gradients=(("b", program().gradients[0][1]), *program().gradients[1:])
        ),
        "has the axes",
    ),
    "a tangent that is not worked out": (
        lambda: replace(program(), jvp=replace(program().jvp, body=program().jvp.body[:-1])),
        "not",
    ),
    "a second derivative that reads what is not there": (
        lambda: replace(program(), hvp=replace(program().hvp, body=program().hvp.body[1:])),
        "which are not there",
    ),
}


def test_the_program_is_one():
    """Nothing is wrong of it, and it has what the corruptions change."""
    verify(program())
    there = {type(v.op) for v in program().values}
    assert there >= {Contract, Elementwise, Reduce, Take, Pick, Put, Scatter, Arange, Constant}


@pytest.mark.parametrize("what", CORRUPTED)
def test_refused(what):
    make, words = CORRUPTED[what]
    with pytest.raises(Malformed, match="own") as caught:
        verify(make())
    assert words in str(caught.value), caught.value


def test_one_hot_rows_over_no_axis():
    """A row has as many entries as an axis."""
    builder = Builder()
    labels = builder.input("t", (N,), "integer")
    with pytest.raises(Malformed, match="no Arange"):
        builder.add(OneHot(labels, labels))


def test_what_does_not_fit_is_refused_where_it_is_made():
    builder = Builder()
    x, number = builder.input("x", (N,), "real"), builder.add(Constant(sp.Integer(2)))
    with pytest.raises(Malformed, match="no function is called 'sinus'"):
        builder.add(Elementwise("sinus", (Operand(x, (0,)),)))
    with pytest.raises(Malformed, match="operands"):
        builder.add(Elementwise("add", (Operand(x, (0,)),)))
    with pytest.raises(Malformed, match="is no size"):
        builder.add(Arange(number))


def test_a_function_that_is_none():
    with pytest.raises(KeyError, match="'sinus'"):
        function("sinus")
    assert all(f.name == name for name, f in FUNCTIONS.items())
