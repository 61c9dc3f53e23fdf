"""Scans as operations: what they mean, beside loops by hand and beside each target's text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from pullback.codegen.notation.printer import Notation
from pullback.codegen.program import (
    Arange,
    Carried,
    Contract,
    Elementwise,
    Function,
    Malformed,
    Meaning,
    Operand,
    Pick,
    Program,
    Put,
    Reduce,
    Scan,
    Scanned,
    Size,
    Sliced,
    Step,
    Window,
    verify,
)
from pullback.codegen.targets.numpy.commented import commented
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.marked import mark
from pullback.codegen.targets.numpy.module import emission, module
from pullback.codegen.targets.numpy.text import Line
from pullback.codegen.targets.plain.module import emission as plain
from pullback.derive.calculus.derivation import Derivation, derive
from pullback.derive.read.reader import read_equations
from tests.programs import array
from tests.scans import K, Making, N, T, as_step, layer, run, scan

TARGETS = ("plain", "fast", "kept", "empty")
LAYER = layer()
Arrays = Mapping[str, Any]


def cumulative_sum(back: bool = False, lag: int = 1) -> Function:
    """s[t] = s[t - lag] + r[t], one number at each place."""
    inner = Making()
    before, r = inner.input("before", (), "real"), inner.input("r", (), "real")
    step = inner.step(LAYER, ("s", inner.apply("add", before, r)))
    outer = Making()
    values = outer.input("r", (T,), "real")
    (s,) = scan(
        outer, step, back=back, sliced=(Sliced("r", values, 0, 0),),
        carried=(Carried("before", 0, lag),),
    )  # fmt: skip
    return outer.function(LAYER, ("s", s))


def loop_of_sums(inputs: Arrays, back: bool = False, lag: int = 1) -> dict[str, np.ndarray]:
    r, s = inputs["r"], np.zeros_like(inputs["r"])
    for t in range(len(r))[:: -1 if back else 1]:
        before = t + lag if back else t - lag
        s[t] = r[t] + (s[before] if 0 <= before < len(r) else 0)
    return {"s": s}


def recurrence(back: bool = False, axis: int = 0) -> Function:
    """s[t] = tanh(s[t - 1] @ U + x[t]) for rows of a batch; the axis of x is this one."""
    inner = Making()
    before, u = inner.input("before", (N, K), "real"), inner.input("u", (N, K), "real")
    matrix = inner.input("matrix", (K, K), "real")
    total = inner.apply("add", inner.product(before, matrix), u)
    step = inner.step(LAYER, ("s", inner.apply("tanh", total)))
    outer = Making()
    x = outer.input("x", ((T, N, K), (N, T, K), (N, K, T))[axis], "real")
    weights = outer.input("U", (K, K), "real")
    (s,) = scan(
        outer, step, back=back, whole={"matrix": weights}, sliced=(Sliced("u", x, axis, 0),),
        carried=(Carried("before", 0, 1),),
    )  # fmt: skip
    outer.name(s, "s")
    return outer.function(LAYER, ("s", s))


def loop_of_states(inputs: Arrays, back: bool = False, axis: int = 0) -> dict[str, np.ndarray]:
    x = np.moveaxis(inputs["x"], axis, 0)
    s, state = np.zeros(x.shape), np.zeros(x.shape[1:])
    for t in range(len(x))[:: -1 if back else 1]:
        state = s[t] = np.tanh(state @ inputs["U"] + x[t])
    return {"s": s}


def two_states() -> Function:
    """An LSTM: gates, a cell and a state, both kept as they were where a sequence has ended."""
    inner = Making()
    h, c = inner.input("h_before", (N, K), "real"), inner.input("c_before", (N, K), "real")
    there = inner.input("there", (N, K), "mask")
    gates = []
    for name in "ifo":
        u, matrix = (
            inner.input(f"x_{name}", (N, K), "real"),
            inner.input(f"U_{name}", (K, K), "real"),
        )
        gates.append(inner.apply("sigmoid", inner.apply("add", inner.product(h, matrix), u)))
        inner.name(gates[-1], name)
    kept, new = inner.apply("multiply", gates[1], c), inner.apply("multiply", gates[0], h)
    cell = inner.where(there, inner.apply("add", kept, new), c)
    inner.name(cell, "c")
    state = inner.where(there, inner.apply("multiply", gates[2], inner.apply("tanh", cell)), h)
    step = inner.step(LAYER, ("s", state), ("c", cell))
    outer = Making()
    given = {n: outer.input(n, (T, N, K), "real") for n in ("x_i", "x_f", "x_o")}
    weights = {f"U_{n}": outer.input(f"U_{n}", (K, K), "real") for n in "ifo"}
    mask = outer.input("m", (T, N, K), "real")
    long = outer.apply("greater", mask, outer.number(0))
    s, cells = scan(
        outer, step, whole=weights,
        sliced=(*(Sliced(n, v, 0, 0) for n, v in given.items()), Sliced("there", long, 0, 0)),
        carried=(Carried("h_before", 0, 1), Carried("c_before", 1, 1)),
    )  # fmt: skip
    outer.name(s, "s")
    return outer.function(LAYER, ("s", s), ("c", cells))


def loop_of_cells(inputs: Arrays) -> dict[str, np.ndarray]:
    h = c = np.zeros(inputs["m"].shape[1:])
    states, cells = np.zeros(inputs["m"].shape), np.zeros(inputs["m"].shape)
    for t in range(len(states)):
        i, f, o = (1 / (1 + np.exp(-(h @ inputs[f"U_{n}"] + inputs[f"x_{n}"][t]))) for n in "ifo")
        there = inputs["m"][t] > 0
        c, old = np.where(there, f * c + i * h, c), h
        h = np.where(there, o * np.tanh(c), old)
        states[t], cells[t] = h, c
    return {"s": states, "c": cells}


def neighbours() -> Function:
    """s[t] = r[t - 2] r[t + 1] + s[t - 1] s[t - 3], with what lies outside being 0."""
    inner = Making()
    early, late = inner.input("early", (), "real"), inner.input("late", (), "real")
    one, three = inner.input("one", (), "real"), inner.input("three", (), "real")
    pairs = inner.apply("multiply", early, late), inner.apply("multiply", one, three)
    step = inner.step(LAYER, ("s", inner.apply("add", inner.apply("add", *pairs), early)))
    outer = Making()
    r = outer.input("r", (T,), "real")
    (s,) = scan(
        outer, step, sliced=(Sliced("early", r, 0, -2), Sliced("late", r, 0, 1)),
        carried=(Carried("one", 0, 1), Carried("three", 0, 3)),
    )  # fmt: skip
    return outer.function(LAYER, ("s", s))


def loop_of_neighbours(inputs: Arrays) -> dict[str, np.ndarray]:
    r = inputs["r"]
    s = np.zeros_like(r)

    def at(values: np.ndarray, t: int) -> float:
        return values[t] if 0 <= t < len(r) else 0.0

    for t in range(len(r)):
        s[t] = at(r, t - 2) * at(r, t + 1) + at(s, t - 1) * at(s, t - 3) + at(r, t - 2)
    return {"s": s}


def nested() -> Function:
    """Within each place a cumulative sum along another axis, of what came before and an entry."""
    inmost = Making()
    before, entry = inmost.input("before", (), "real"), inmost.input("entry", (), "real")
    inmost_step = inmost.step(LAYER, ("c", inmost.apply("add", before, entry)))
    inner = Making()
    last, row = inner.input("last", (K,), "real"), inner.input("row", (K,), "real")
    total = inner.apply("add", inner.apply("tanh", last), row)
    (sums,) = scan(
        inner, inmost_step, size=K, sliced=(Sliced("entry", total, 0, 0),),
        carried=(Carried("before", 0, 1),),
    )  # fmt: skip
    step = inner.step(LAYER, ("s", sums), ("q", total))
    outer = Making()
    x = outer.input("x", (T, K), "real")
    s, _ = scan(
        outer, step, sliced=(Sliced("row", x, 0, 0),), carried=(Carried("last", 0, 1),)
    )  # fmt: skip
    return outer.function(LAYER, ("s", outer.apply("multiply", s, outer.number(2))))


def loop_of_nested(inputs: Arrays) -> dict[str, np.ndarray]:
    s, last = np.zeros(inputs["x"].shape), np.zeros(inputs["x"].shape[1])
    for t, row in enumerate(inputs["x"]):
        last = s[t] = np.cumsum(np.tanh(last) + row)
    return {"s": 2 * s}


def all_kinds() -> Function:
    """Results of every kind, what is read before it is put into, an input that is a result.

    One value is two results, a view is one, and an axis as an array.
    """
    inner = Making()
    u, matrix = inner.input("u", (N, K), "real"), inner.input("matrix", (K, N), "real")
    labels, at = inner.input("labels", (N,), "integer"), inner.input("at", (N,), "integer")
    more = inner.input("more", (N, K), "mask")
    rows = inner.add(Arange(inner.add(Size(N))))
    places = (Operand(rows, (0,)), Operand(labels, (0,)))
    put = inner.add(Put(u, places, Operand(inner.number(0), ())))
    large = inner.apply("greater", u, inner.number(0))
    best = inner.add(Reduce("argmax", put, (1,)))
    turned = inner.add(Contract((matrix,), ((0, 1),), (1, 0)))
    chosen = inner.where(more, put, turned)
    picked = inner.add(Pick(u, (Operand(rows, (0,)), Operand(at, (0,)))))
    step = inner.step(
        LAYER, ("s", put), ("c", put), ("mask", large), ("best", best), ("u", u),
        ("turned", turned), ("chosen", chosen), ("rows", rows), ("picked", picked),
    )  # fmt: skip
    outer = Making()
    x, whole = outer.input("x", (T, N, K), "real"), outer.input("matrix", (K, N), "real")
    y = outer.input("y", (T, N), "integer")
    made = scan(
        outer, step, whole={"matrix": whole},
        sliced=(Sliced("u", x, 0, 0), Sliced("labels", y, 0, 0)),
        carried=(Carried("more", 2, 1), Carried("at", 3, 2)),
    )  # fmt: skip
    names = [name for name, _ in step.results]
    return outer.function(LAYER, *zip(names, made, strict=True))


def loop_of_kinds(inputs: Arrays) -> dict[str, np.ndarray]:
    found: dict[str, list[Any]] = {n: [] for n in (
        "s", "c", "mask", "best", "u", "turned", "chosen", "rows", "picked")}  # fmt: skip
    for t, u in enumerate(inputs["x"]):
        rows = np.arange(len(u))
        put = u.copy()
        put[rows, inputs["y"][t]] = 0
        more = found["mask"][t - 1] if t else np.zeros(u.shape, bool)
        at = found["best"][t - 2] if t > 1 else np.zeros(len(u), int)
        turned = inputs["matrix"].T
        for name, value in zip(found, (
            put, put, u > 0, put.argmax(1), u, turned, np.where(more, put, turned), rows,
            u[rows, at],
        ), strict=True):  # fmt: skip
            found[name].append(value)
    return {name: np.array(values) for name, values in found.items()}


def shifted_kinds() -> Function:
    """Masks and labels of other places; what sizes say; axes of another length than the loop's."""
    inner = Making()
    mask, label = inner.input("mask", (K,), "mask"), inner.input("label", (), "integer")
    some, number = inner.input("some", (), "mask"), inner.input("number", (), "number")
    far = inner.input("far", (), "real")
    columns = inner.add(Arange(inner.add(Size(K))))
    here = inner.add(Elementwise("equal", (Operand(columns, (0,)), Operand(label, ()))))
    total = inner.apply("add", inner.add(Elementwise("float", (Operand(here, (0,)),))), far)
    total = inner.apply("multiply", inner.apply("multiply", total, number), mask)
    one = inner.add(Elementwise("float", (Operand(some, ()),)))
    step = inner.step(LAYER, ("s", inner.apply("add", total, one)))
    outer = Making()
    x, y = outer.input("x", (T, K), "real"), outer.input("y", (T,), "integer")
    far = outer.input("r", (N,), "real")
    large = outer.apply("greater", x, outer.number(0))
    (s,) = scan(
        outer, step,
        whole={"some": outer.apply("greater", outer.add(Size(K)), outer.number(2)),
               "number": outer.apply("divide", outer.number(1), outer.add(Size(K)))},
        sliced=(Sliced("mask", large, 0, -1), Sliced("label", y, 0, 1), Sliced("far", far, 0, 0)),
    )  # fmt: skip
    return outer.function(LAYER, ("s", s))


def loop_of_shifted_kinds(inputs: Arrays) -> dict[str, np.ndarray]:
    x, y, r = inputs["x"], inputs["y"], inputs["r"]
    s = np.zeros(x.shape)
    for t, k in np.ndindex(*x.shape):
        label = y[t + 1] if t + 1 < len(y) else 0
        far = r[t] if t < len(r) else 0
        s[t, k] = (t > 0 and x[t - 1, k] > 0) * ((k == label) + far) / x.shape[1] + 1
    return {"s": s}


def one_after_another() -> Function:
    """Sums from the start, then of these from the end, their names all taken: s, t and s_t."""
    inner = Making()
    before, r = inner.input("s", (), "real"), inner.input("t", (), "real")
    total = inner.apply("add", before, r)
    inner.name(total, "s_t")
    step = inner.step(LAYER, ("s", total))
    outer = Making()
    given = outer.input("r", (T,), "real")
    axis = outer.add(Arange(outer.add(Size(T))))
    outer.name(axis, "t")
    (s,) = scan(outer, step, sliced=(Sliced("t", given, 0, 0),), carried=(Carried("s", 0, 1),))
    outer.name(s, "s")
    (c,) = scan(
        outer, step, back=True, sliced=(Sliced("t", s, 0, 0),), carried=(Carried("s", 0, 1),)
    )
    turned = outer.add(Pick(c, (Operand(axis, (0,)),)))
    return outer.function(LAYER, ("s", s), ("c", outer.apply("add", turned, s)))


def loop_of_both(inputs: Arrays) -> dict[str, np.ndarray]:
    s = np.cumsum(inputs["r"])
    return {"s": s, "c": s + np.cumsum(s[::-1])[::-1]}


def over_a_named_value() -> Function:
    """A result that could be written over a named value, which lies elsewhere."""
    inner = Making()
    before, u = inner.input("before", (K,), "real"), inner.input("u", (K,), "real")
    named = inner.apply("add", before, u)
    inner.name(named, "q")
    step = inner.step(LAYER, ("s", inner.apply("multiply", named, u)))
    outer = Making()
    x = outer.input("x", (T, K), "real")
    (s,) = scan(outer, step, sliced=(Sliced("u", x, 0, 0),), carried=(Carried("before", 0, 1),))
    return outer.function(LAYER, ("s", outer.apply("exp", s)))


def loop_over_named(inputs: Arrays) -> dict[str, np.ndarray]:
    s, last = np.zeros(inputs["x"].shape), np.zeros(inputs["x"].shape[1])
    for t, row in enumerate(inputs["x"]):
        last = s[t] = (last + row) * row
    return {"s": np.exp(s)}


def shapes(**given: tuple[int, ...]) -> Callable[[np.random.Generator], dict[str, np.ndarray]]:
    """Draws arrays of these shapes."""
    return lambda rng: {name: rng.normal(size=shape) for name, shape in given.items()}


def cell_inputs(length: int) -> Callable[[np.random.Generator], dict[str, np.ndarray]]:
    long = dict.fromkeys(("x_i", "x_f", "x_o", "m"), (length, 2, 3))
    return shapes(**long, **dict.fromkeys(("U_i", "U_f", "U_o"), (3, 3)))


def kinds_inputs(rng: np.random.Generator) -> dict[str, np.ndarray]:
    labels = rng.integers(3, size=(4, 2))
    return {"x": rng.normal(size=(4, 2, 3)), "matrix": rng.normal(size=(3, 2)), "y": labels}


CASES: dict[str, tuple[Function, Callable[[Arrays], Any], Any]] = {
    "nested": (nested(), loop_of_nested, shapes(x=(4, 3))),
    "shifted kinds": (
        shifted_kinds(),
        loop_of_shifted_kinds,
        lambda rng: {
            "x": rng.normal(size=(5, 3)),
            "y": rng.integers(3, size=5),
            "r": rng.normal(size=3),
        },
    ),
    "one after another": (one_after_another(), loop_of_both, shapes(r=(5,))),
    "over a named value": (over_a_named_value(), loop_over_named, shapes(x=(4, 3))),
    "all kinds": (all_kinds(), loop_of_kinds, kinds_inputs),
}
for size in (0, 1, 2, 5):
    CASES[f"two states of {size}"] = two_states(), loop_of_cells, cell_inputs(size)
    CASES[f"neighbours of {size}"] = neighbours(), loop_of_neighbours, shapes(r=(size,))
for back, size, lag in product((False, True), (0, 1, 2, 5), (1, 2)):
    CASES[f"sum of {size}, {back}, lag {lag}"] = (
        cumulative_sum(back, lag),
        lambda i, back=back, lag=lag: loop_of_sums(i, back, lag),
        shapes(r=(size,)),
    )
for back, size, axis in product((False, True), (0, 1, 4), (0, 1, 2)):
    x = [2, 3]
    x.insert(axis, size)
    CASES[f"states of {size}, {back}, axis {axis}"] = (
        recurrence(back, axis),
        lambda i, back=back, axis=axis: loop_of_states(i, back, axis),
        shapes(x=tuple(x), U=(3, 3)),
    )


@pytest.mark.parametrize("name", CASES)
def test_what_a_scan_means_and_what_targets_make_of_it(name: str) -> None:
    """The interpreter, loops by hand, and each target's text, bit by bit the same run by run."""
    function, loop, draw = CASES[name]
    inputs = draw(np.random.default_rng(7))
    wanted = loop(inputs)
    meaning = Meaning(as_step(function), inputs)
    for result, number in meaning.results():
        exact = array(meaning.table(number)).astype(wanted[result].dtype)
        np.testing.assert_allclose(exact, wanted[result], rtol=1e-13, atol=1e-13)
    for target in TARGETS:
        found = run(function, inputs, target)
        assert found.keys() == wanted.keys()
        for result, value in found.items():
            assert value.shape == wanted[result].shape
            np.testing.assert_allclose(value, wanted[result], rtol=1e-12, atol=1e-12)
        single = run(function, inputs, target, "float32")
        for result, value in single.items():
            np.testing.assert_allclose(value, wanted[result], rtol=1e-4, atol=1e-4)


# -- programs that are none ------------------------------------------------------------------------


def changed(function: Function, **changes: Any) -> Function:
    """The function with its scan changed."""
    values = list(function.values)
    number = next(v.number for v in values if isinstance(v.op, Scan))
    values[number] = replace(values[number], op=replace(values[number].op, **changes))
    return replace(function, values=tuple(values))


def with_step(function: Function, **changes: Any) -> Function:
    """The function with the step of its scan changed."""
    scan_of = next(v.op for v in function.values if isinstance(v.op, Scan))
    return changed(function, step=replace(scan_of.step, **changes))


GOOD = recurrence()
SCAN = next(v for v in GOOD.values if isinstance(v.op, Scan))
STEP = SCAN.op.step  # type: ignore[union-attr]
LAST = len(GOOD.values)


def more(op: Any, sizes: tuple[Any, ...] = (), kind: str = "real") -> Function:
    """The function with one value more."""
    value = replace(GOOD.values[0], number=LAST, op=op, sizes=sizes, kind=kind, name="")
    return replace(GOOD, values=(*GOOD.values, value), body=(*GOOD.body, LAST))


def input_changed(**changes: Any) -> Function:
    """The function with the first input of its step changed."""
    first, *rest = STEP.values
    return with_step(GOOD, values=(replace(first, **changes), *rest))


NUMBER = next(v.number for v in GOOD.values if isinstance(v.op, Size))
MALFORMED: dict[str, tuple[Function, str]] = {
    "an input that is not given": (changed(GOOD, carried=()), "given are"),
    "an input that is given twice": (
        changed(GOOD, sliced=(*SCAN.op.sliced, Sliced("before", 0, 0, 0))), "given are"),
    "an input that there is not": (
        changed(GOOD, whole=(*SCAN.op.whole, ("other", 1))), "given are"),
    "other axes of what is whole": (changed(GOOD, whole=(("matrix", 0),)), "matrix has the axes"),
    "other axes of what is sliced": (
        changed(GOOD, sliced=(Sliced("u", 0, 1, 0),)), "u has the axes"),
    "a slice along no axis": (changed(GOOD, sliced=(Sliced("u", 0, 3, 0),)), "axis 3 of"),
    "other axes of what is carried": (input_changed(sizes=(K, N)), "has the axes|an axis is"),
    "another kind of input": (input_changed(kind="mask"), "before is mask|is mask"),
    "no lag": (changed(GOOD, carried=(Carried("before", 0, 0),)), "of 0 steps before"),
    "a result that there is not": (changed(GOOD, carried=(Carried("before", 1, 1),)), "result 1"),
    "a size that is none": (changed(GOOD, size=0), "Input is no size"),
    "a step without results": (with_step(GOOD, results=()), "a step without results|result 0"),
    "two results of one name": (with_step(GOOD, results=STEP.results * 2), "two results have one"),
    "a result that no variable can be": (
        with_step(GOOD, results=(("s t", STEP.results[0][1]),)), "no name that a variable"),
    "a result that is not worked out": (with_step(GOOD, body=STEP.body[:-1]), "is not worked out"),
    "a step in another order": (with_step(GOOD, body=STEP.body[::-1]), "is not in order"),
    "a step that reads what comes later": (
        with_step(GOOD, values=STEP.values[::-1]), "it stands at 0"),
    "a step of another layer": (
        with_step(GOOD, layer=read_equations("other", "y[n] = x[n]")), "one of another layer"),
    "a result of what is no scan": (more(Scanned(0, 0), (T, N, K)), "Input is no scan"),
    "a result that the step has not": (more(Scanned(SCAN.number, 3), (T,)), "result 3 of a step"),
    "other axes of a result": (more(Scanned(SCAN.number, 0), (N, K)), "its axes are"),
    "a result taken twice": (more(Scanned(SCAN.number, 0), (T, N, K)), "is this result, too"),
    "a scan that is read as an array": (
        more(Contract((SCAN.number,), ((),), ()), (), "scan"), "reads the scan"),
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_scan_is_refused(name: str) -> None:
    function, words = MALFORMED[name]
    verify(as_step(GOOD))
    with pytest.raises(Malformed, match=words):
        verify(as_step(function))


def test_a_result_that_is_a_number_is_refused() -> None:
    inner = Making()
    one = inner.add(Size(K))
    outer = Making()
    scan(outer, inner.step(LAYER, ("s", one)))
    with pytest.raises(Malformed, match="result s is number"):
        verify(Step(LAYER, tuple(outer.values), (), outer.body()))


# -- modules ---------------------------------------------------------------------------------------


def derivation() -> Derivation:
    """One with the tensors of the program below; its equation only stands in comments."""
    text = "s[t, n, k] = tanh(x[t, n, k] + sum(i, j, x[i, n, j] * U[j, k]))"
    return derive(read_equations("states", text))


def program(of: Derivation, **changes: Any) -> Program:
    """Forward, backward and jvp of s[t] = tanh(s[t - 1] @ U + x[t]), made by hand."""
    made = Making()
    size = of.layer.tensor("x").indices[0].size
    x, weights = made.input("x", (size, N, K), "real"), made.input("U", (K, K), "real")
    ds = made.input("ds", (size, N, K), "real")

    step = next(v.op for v in recurrence().values if isinstance(v.op, Scan)).step
    step = replace(step, layer=of.layer)
    (s,) = scan(made, step, size=size, whole={"matrix": weights},
                sliced=(Sliced("u", x, 0, 0),), carried=(Carried("before", 0, 1),))  # fmt: skip
    made.name(s, "s")
    forward = made.body()

    inner = Making()
    later, g = inner.input("later", (N, K), "real"), inner.input("g", (N, K), "real")
    state, matrix = inner.input("state", (N, K), "real"), inner.input("matrix", (K, K), "real")
    through = inner.add(Contract((later, matrix), ((0, 1), (2, 1)), (0, 2)))
    slope = inner.apply("subtract", inner.number(1), inner.apply("square", state))
    back = inner.step(of.layer, ("dx", inner.apply("multiply", slope,
                                                   inner.apply("add", g, through))))  # fmt: skip
    (dx,) = scan(made, back, size=size, back=True, whole={"matrix": weights},
                 sliced=(Sliced("g", ds, 0, 0), Sliced("state", s, 0, 0)),
                 carried=(Carried("later", 0, 1),))  # fmt: skip
    made.name(dx, "dx")
    length = made.add(Size(size))
    early = made.add(Window(s, 0, made.number(-1), (made.number(1),), (length,)))
    dw = made.add(Contract((early, dx), ((0, 1, 2), (0, 1, 3)), (2, 3)))
    made.name(dw, "dU")
    backward = tuple(n for n in made.body() if n not in forward)
    found = Program(
        layer=of.layer, values=tuple(made.values), output=s, gradients=(("x", dx), ("U", dw)),
        forward=forward, backward=backward, cache=(weights, *sorted({s, length})),
        nonempty=(), precise=False, jvp=along(of, size), hvp=None,
    )  # fmt: skip
    return replace(found, **changes)


def along(of: Derivation, size: Any) -> Function:
    """The states and their tangents."""
    inner = Making()
    h, h_dot = inner.input("h", (N, K), "real"), inner.input("h_dot", (N, K), "real")
    u, u_dot = inner.input("u", (N, K), "real"), inner.input("u_dot", (N, K), "real")
    w, w_dot = inner.input("w", (K, K), "real"), inner.input("w_dot", (K, K), "real")
    state = inner.apply("tanh", inner.apply("add", inner.product(h, w), u))
    total = inner.apply("add", inner.product(h_dot, w), inner.product(h, w_dot))
    slope = inner.apply("subtract", inner.number(1), inner.apply("square", state))
    moved = inner.apply("multiply", slope, inner.apply("add", total, u_dot))
    inner.name(state, "s")
    inner.name(moved, "s_dot")
    step = inner.step(of.layer, ("s", state), ("s_dot", moved))
    made = Making()
    x, x_dot = (made.input(n, (size, N, K), "real") for n in ("x", "x_dot"))
    weights, weights_dot = (made.input(n, (K, K), "real") for n in ("U", "U_dot"))
    results = scan(made, step, size=size, whole={"w": weights, "w_dot": weights_dot},
                   sliced=(Sliced("u", x, 0, 0), Sliced("u_dot", x_dot, 0, 0)),
                   carried=(Carried("h", 0, 1), Carried("h_dot", 1, 1)))  # fmt: skip
    for number, name in zip(results, ("s", "s_dot"), strict=True):
        made.name(number, name)
    return made.function(of.layer, *zip(("s", "s_dot"), results, strict=True))


@pytest.mark.parametrize("length", [0, 1, 6])
def test_modules_of_a_program_with_scans(length: int) -> None:
    """Forward, backward and jvp of both targets, beside a complex step."""
    of = derivation()
    found = program(of)
    verify(found)
    fast, simple = loaded(module(of, found), of.layer), loaded(plain(of, found).module, of.layer)
    rng = np.random.default_rng(length)
    x, g, x_dot = (rng.normal(size=(length, 2, 3)) for _ in range(3))
    weights, w_dot = rng.normal(size=(2, 3, 3))
    wanted = loop_of_states({"x": x, "U": weights})["s"]

    def complex_states(x: Any, weights: Any) -> Any:
        state, states = np.zeros((2, 3)), []
        for row in x:
            state = np.tanh(state @ weights + row)
            states.append(state)
        return np.array(states).reshape(x.shape)

    def slope(x_dot: Any, w_dot: Any) -> Any:
        return complex_states(x + 1e-30j * x_dot, weights + 1e-30j * w_dot).imag / 1e-30

    def gradient(like: Any, moved: Callable[[Any], Any]) -> Any:
        units = np.eye(like.size).reshape(like.size, *like.shape)
        return np.array([np.sum(g * moved(unit)) for unit in units]).reshape(like.shape)

    dx = gradient(x, lambda unit: slope(unit, 0 * weights))
    dw = gradient(weights, lambda unit: slope(0 * x, unit))
    work = fast.workspace(x, weights)
    for how in ({}, {"work": work}, {"work": work}):
        s, cache = fast.forward(x, weights, **how)
        for value, exact in zip((s, *fast.backward(g, cache)), (wanted, dx, dw), strict=True):
            np.testing.assert_allclose(value, exact, rtol=1e-12, atol=1e-12)
    s, cache = simple.forward(x, weights)
    for value, exact in zip((s, *simple.backward(g, cache)), (wanted, dx, dw), strict=True):
        np.testing.assert_allclose(value, exact, rtol=1e-12, atol=1e-12)
    s, s_dot = fast.jvp((x, weights), (x_dot, w_dot))
    np.testing.assert_allclose(s, wanted, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(s_dot, slope(x_dot, w_dot), rtol=1e-12, atol=1e-12)
    single = fast.forward(x.astype("f"), weights.astype("f"))[0]
    assert single.dtype == np.float32 and fast.value(x, weights).shape == x.shape


def test_the_cache_holds_no_scan() -> None:
    of = derivation()
    good = program(of)
    number = next(v.number for v in good.values if isinstance(v.op, Scan))
    with pytest.raises(Malformed, match=r"the cache holds the scans \[\d+\] themselves"):
        verify(replace(good, cache=tuple(sorted((*good.cache, number)))))


def test_each_equation_stands_above_its_lines_once() -> None:
    """Before the loop, or within it where other equations come before; pages have it once, too."""
    of = derivation()
    found = emission(of, program(of))
    for name in ("forward", "jvp"):
        (code,) = (c for c in found.code if c.name == name)
        text = "\n".join(line for group in code.groups for line in group.lines)
        assert text.count("# s[t, n, k] = tanh(") == 1
        assert text.index("# s[t, n, k]") < text.index("s = np.") < text.index("for t in range(T):")
        about = [group.about for group in code.groups if group.about]
        assert about == ["s", "s_dot"][: len(about)] and "s" in about
    lines = [("u = x", "s"), ("for t in range(T):", "s"), ("    s_dot = s", "s_dot"),
             ("    s[t] = 1", "s")]  # fmt: skip
    text = "\n".join(commented(of, Notation(of.layer), (Line(*line) for line in lines)))
    assert text.count("# s[t, n, k]") == 1 and text.count(mark("s\n")) == 1
    assert text.endswith(f"\n{mark('')}\n    s[t] = 1\n{mark('')}") and "\n    # ṡ[t,n,k]" in text
