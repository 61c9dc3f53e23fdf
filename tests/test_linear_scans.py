"""Steps that are linear in each entry of their state: which are, by what, and what comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pullback.codegen.lower.assembly import lower
from pullback.codegen.program import (
    Carried,
    Constant,
    Elementwise,
    Function,
    Program,
    Scan,
    Sliced,
)
from pullback.codegen.program.linear import ONE, linear, running_sums
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.codegen.targets.numpy.runtime.arrays import _running_sum
from pullback.codegen.targets.plain.module import emission as plain
from pullback.derive.calculus.derivation import derive
from pullback.derive.read.reader import read_equations, read_layer
from tests.scans import Making, layer

RECURRENCES = Path(__file__).parent / "recurrences"
START = "s[-1,k]=0\n"
END = "\nL=sum(t,k,s[t,k]*v[t,k])"
LINEAR = {
    "s[t,k]=s[t-1,k]+x[t,k]": "sum",
    "s[t,k]=x[t,k]+s[t-1,k]": "sum",
    "s[t,k]=s[t-1,k]-x[t,k]": "sum",  # of what has been turned round before
    "s[t,k]=a[k]*s[t-1,k]+b[k]*x[t,k]": "linear",
    "s[t,k]=-s[t-1,k]/a[t,k]": "linear",
    "s[t,k]=x[t,k]-(s[t-1,k]-2)*a": "linear",
    "s[t,k]=sum(j,x[t,j]*u[j])*s[t-1,k]+exp(x[t,k])": "linear",
    "s[t,k]=tanh(s[t-1,k])+x[t,k]": "",
    "s[t,k]=s[t-1,k]*s[t-1,k]+x[t,k]": "",
    "s[t,k]=1/(s[t-1,k]+a[k])+x[t,k]": "",
    "s[t,k]=max(s[t-1,k],x[t,k])": "",
    "s[t,k]=sum(j,s[t-1,j]*u[j,k])+x[t,k]": "",
}


def scans(function: Program | Function) -> list[Scan]:
    """The scans of a function."""
    return [v.op for v in function.values if isinstance(v.op, Scan)]


def kind(scan: Scan, function: Any) -> str:
    """What a scan is."""
    if running_sums(scan, function.values) is not None:
        return "sum"
    return "linear" if linear(scan) is not None else ""


@pytest.mark.parametrize("step", LINEAR)
def test_a_step_is_seen_by_its_operations(step: str) -> None:
    program = lower(derive(read_equations("own", START + step + END)))
    forward = next(s for s in scans(program) if not s.back)
    assert kind(forward, program) == LINEAR[step]
    if LINEAR[step]:  # then so is the adjoint, which comes from the end
        (back,) = (s for s in scans(program) if s.back)
        assert kind(back, program) in ("sum", "linear")


def test_states_that_read_one_another_or_two_places_are_none() -> None:
    for text in (
        "s[-1]=0\nr[-1]=1\ns[t]=r[t-1]*a+x[t]\nr[t]=s[t-1]*b+x[t]\nL=sum(t,s[t]*r[t])",
        (RECURRENCES / "two_before.toml").read_text(encoding="utf-8"),
    ):
        read = read_layer if "equations" in text else read_equations
        program = lower(derive(read("own", text)))
        assert [kind(s, program) for s in scans(program)] == [""] * len(scans(program))


def test_slope_and_offset_hang_on_no_state() -> None:
    program = lower(derive(read_equations("own", START + "s[t,k]=x[t,k]-(s[t-1,k]-2)*a" + END)))
    found = linear(scans(program)[0])
    assert found is not None and not found.carried
    (_, slope), (_, offset) = found.step.results
    assert not isinstance(found.step[slope].op, Constant) or found.step[slope].op == ONE
    assert [s.sizes for s in (found.step[slope], found.step[offset])] == [
        found.step[offset].sizes
    ] * 2


def test_turned_axes_of_the_state_are_no_entry_by_entry() -> None:
    """s_t = s_{t−1}ᵀ + x: a matrix whose axes are turned is not the entry before."""
    program = lower(
        derive(
            read_equations(
                "own", "s[-1,i,j]=0\ns[t,i,j]=s[t-1,j,i]+x[t,i,j]\nL=sum(t,i,j,s[t,i,j]*v[t,i,j])",
                assume=[],
            )
        )
    )  # fmt: skip
    assert {kind(s, program) for s in scans(program)} == {""}


@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (5, 0), (7, 3), (4, 200), (9, 2, 70)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_running_sums_add_place_by_place(shape: tuple[int, ...], dtype: str) -> None:
    """Wide rows and narrow ones have the bits of a loop, from either end, in given memory."""
    x = np.random.default_rng(0).normal(size=shape).astype(dtype)
    for axis in range(len(shape)):
        for back in (False, True):
            given = np.moveaxis(x, axis, 0)[:: -1 if back else 1]
            wanted, total = np.empty_like(given), np.zeros(given.shape[1:], dtype)
            for t, row in enumerate(given):
                total = wanted[t] = total + row
            wanted = wanted[:: -1 if back else 1]
            room = np.empty((len(given) + 1, *given.shape[1:]), dtype)
            for found in (_running_sum(x, axis, back), _running_sum(x, axis, back, room)):
                np.testing.assert_array_equal(found, wanted)
                assert found.dtype == dtype


def test_modules_of_numpy_call_it() -> None:
    derivation = derive(read_equations("own", START + "s[t,k]=s[t-1,k]+x[t,k]" + END))
    program = lower(derivation)
    fast, textbook = module(derivation, program), plain(derivation, program).module
    assert "for t in range(T)" not in fast and "_running_sum(x, 0, out=work.s)" in fast
    assert "for t in range(T)" not in textbook and "np.cumsum(x, axis=0)" in textbook
    x, v = np.random.default_rng(0).normal(size=(2, 6, 3))
    made = loaded(fast, derivation.layer)
    value, cache = made.forward(x=x, v=v)
    assert abs(value - np.sum(np.cumsum(x, 0) * v)) < 1e-12
    found = made.backward(np.float64(1), cache)
    np.testing.assert_allclose(found.dx, np.cumsum(v[::-1], 0)[::-1], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("by_state", [False, True])
def test_a_choice_is_linear_where_no_state_decides(by_state: bool) -> None:
    """s_t = s_{t−1} where the mask says so, else r_t − s_{t−1}."""
    inner = Making()
    before, r = inner.input("before", (), "real"), inner.input("r", (), "real")
    mask = inner.apply("greater", before if by_state else r, inner.number(0))
    step = inner.step(layer(), ("s", inner.where(mask, before, inner.apply("subtract", r, before))))
    found = linear(Scan(step, 0, False, (), (Sliced("r", 1, 0, 0),), (Carried("before", 0, 1),)))
    if by_state:
        assert found is None
        return
    assert found is not None
    ops = [found.step[number].op for _, number in found.step.results]
    assert [isinstance(op, Elementwise) and op.function for op in ops] == ["where", "where"]


def test_a_scan_without_states_is_none() -> None:
    inner = Making()
    step = inner.step(layer(), ("s", inner.apply("exp", inner.input("r", (), "real"))))
    assert linear(Scan(step, 0, False, (), (), ())) is None
