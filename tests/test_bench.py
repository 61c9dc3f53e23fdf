"""The measurements: wrong results are refused, errors and tables are right; nothing is timed."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from bench import accuracy, exact, infinities, plots, regimes, sums, tables, tasks, timing, ulp
from bench import derive as bench_derive
from bench.ours import ours
from bench.peers import (
    HAND,
    JAX,
    LIMIT,
    NATIVE,
    OURS,
    TORCH,
    LeftOut,
    limit,
    numpy_by_hand,
    pullback,
)
from bench.tasks import Row
from pullback.codegen import library
from pullback.derive.read.reader import read_layer
from tests.definitions import facts

SMALL = {
    "mlp": (6, 4, 5, 3),
    "softmax_cross_entropy": (5, 4),
    "relu": (3, 4),
    "gelu": (3, 4),
    "layer_norm": (3, 8),
    "attention": (2, 3, 4),
}
ROWS = [Row(layer, shape, dtype) for layer, shape in SMALL.items() for dtype in tasks.DTYPES]


def entrants(row):
    o = tasks.draw(row)
    return o, {OURS: pullback(row, o), HAND: numpy_by_hand(row, o), LIMIT: limit(row, o)}


# -- speed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_ours_by_hand_and_the_limit_run_on_every_layer(row):
    o, those = entrants(row)
    errors = timing.check(row, o, those)
    assert set(errors) == {OURS, HAND}
    those[LIMIT].call()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("array", [0, -1])
def test_a_wrong_output_or_gradient_is_refused(row, array):
    o, those = entrants(row)
    call = those[OURS].call

    def wrong():
        found = [np.array(a) for a in call()]
        found[array].flat[0] += 0.01 * np.max(np.abs(found[array])) + 1e-3
        return found

    name = ("output", *(f"d{n}" for n in o.wanted))[array]
    with pytest.raises(timing.Mismatch, match=rf"{re.escape(row.name)}: {name} of numpy is off"):
        timing.check(row, o, those | {OURS: replace(those[OURS], call=wrong)})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda found: found[:-1], "gives 1 arrays, wanted 2"),
        (lambda found: [found[0], found[1][:1]], r"du of numpy has shape \(1, 4\)"),
        (lambda found: [found[0], found[1] * np.nan], "du of numpy is off by nan"),
    ],
)
def test_missing_misshapen_and_nan_gradients_are_refused(change, message):
    row = Row("relu", (3, 4), "float64")
    o, those = entrants(row)
    call = those[OURS].call
    with pytest.raises(timing.Mismatch, match=message):
        timing.check(row, o, {OURS: replace(those[OURS], call=lambda: change([*call()]))})


def test_who_is_not_there_is_left_out(monkeypatch):
    def absent(row, o):
        raise LeftOut("not installed")

    monkeypatch.setattr(timing, "ENTRANTS", {OURS: pullback, "other": absent})
    row = Row("relu", (3, 4), "float32")
    those, why = timing.enter(row, tasks.draw(row))
    assert list(those) == [OURS]
    assert why == {"other": "not installed"}


def test_rounds_take_turns_and_end_in_time():
    row = Row("relu", (3, 4), "float32")
    _, those = entrants(row)
    found = timing.time_rounds(those, 5, 60)
    assert {name: len(s) for name, s in found.items()} == dict.fromkeys(those, 5)
    assert len(timing.time_rounds(those, 50, 0)[OURS]) <= timing.FEWEST


def test_rows_are_chosen_by_name():
    assert [r.name for r in tasks.rows("relu 32x32")] == [
        "relu 32×32 float32",
        "relu 32×32 float64",
    ]
    assert len(tasks.rows("mlp*float64")) == 5
    assert not tasks.rows("nothing")


def result(ours, peer, threads=1):
    return {
        "layer": "relu",
        "shape": [32, 32],
        "dtype": "float32",
        "threads": threads,
        "work": 1024,
        "seconds": {OURS: ours, HAND: peer, LIMIT: [1e-6] * len(ours)},
        "left_out": {"torch": "not installed"},
    }


def test_a_ratio_is_the_median_of_paired_rounds():
    assert tables.ratio(result([1e-6, 4e-6, 3e-6], [1e-6, 2e-6, 6e-6]), OURS, [HAND]) == 1
    assert tables.ratio(result([1.0, 1.0], [2.0, 2.0]), OURS, [HAND]) == 0.5
    assert tables.ratio(result([1.0, 1.0], [2.0, 2.0]), OURS) is None  # no library is there


def test_the_fastest_library_is_that_of_each_round():
    found = result([2.0, 2.0], [9.0, 9.0])
    found["seconds"] |= {TORCH: [1.0, 4.0], JAX: [4.0, 1.0]}
    assert tables.ratio(found, OURS) == 2
    assert tables.ratio(found, OURS, [TORCH]) == 1.25
    assert tables.target_cell(found, OURS) == "2000000 (2.00)"
    assert tables.peer_cell(found, TORCH) == "2500000 (1.25, —)"
    assert tables.peer_cell(found, NATIVE) == "—"


def test_the_table_of_speed():
    found = tables.speed([result([1e-6] * 3, [2e-6] * 3), result([3e-4] * 3, [2e-4] * 3, 2)])
    assert "## float32, 1 thread\n" in found
    assert "## float32, 2 threads\n" in found
    assert "| relu N, D = 32, 32 | 3 | 1 | — | — | — | — | — | — |" in found
    assert "| relu N, D = 32, 32 | 3 | 2 (0.50, —) | — |" in found
    assert "| relu N, D = 32, 32 | 3 | 200 (1.50, —) | — |" in found
    for table in found.split("\n\n"):
        assert len({line.count("|") for line in table.splitlines() if line.startswith("|")}) < 2


def test_where_we_are_slower_and_who_is_left_out_are_said():
    found = [result([1e-6] * 3, [2e-6] * 3), result([3e-4] * 3, [2e-4] * 3, 2)]
    assert tables.beaten(found, NATIVE) == ""
    assert tables.beaten(found, OURS) == "- relu 32×32 float32, 2 threads: 1.50 times NumPy by hand"
    assert tables.left_out(found) == "- torch: not installed: relu"


def test_pictures_are_the_same_to_the_byte(tmp_path):
    found = [result([1e-6] * 3, [2e-6] * 3), result([3e-4] * 3, [2e-4] * 3) | {"work": 10**6}]
    for name in "ab":
        plots.speed(found, "float32", 1, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert "µs a step" in (tmp_path / "a").read_text(encoding="utf-8")


# -- accuracy --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "dtype", "step"),
    [
        (1.0, "float32", 2.0**-23),
        (1.0, "float64", 2.0**-52),
        (np.nextafter(1.0, 0), "float64", 2.0**-53),
        (-3.0, "float32", 2.0**-22),
        (2.0**-126, "float32", 2.0**-149),
        (2.0**-140, "float32", 2.0**-149),
        (0.0, "float64", 2.0**-1074),
    ],
)
def test_steps_between_floats(value, dtype, step):
    assert ulp.spacing(np.array(value), dtype) == step


def test_errors_in_ulps():
    one = np.array([ulp.MP.mpf(1)])
    for dtype, step in (("float32", 2.0**-23), ("float64", 2.0**-52)):
        for steps in (0, 1, 3):
            assert ulp.ulps(np.array([1 + steps * step], dtype), one) == steps
    third = np.array([ulp.MP.mpf(1) / 3])
    assert 0 < ulp.ulps(np.array([1 / 3]), third)[0] < 0.5  # rounded as well as can be
    between = np.array([1 + ulp.MP.mpf(2) ** -54])
    assert ulp.ulps(np.array([1.0]), between) == 0.25
    assert ulp.ulps(np.array([np.nan]), one) == np.inf


def test_flaws_are_counted_where_the_exact_value_is_normal():
    exact = np.array([ulp.MP.mpf(v) for v in ("1e-30", "1e-30", "1", "1", "1", "1e-60", "0")])
    found = np.array([0.0, -0.0, -1.0, np.nan, np.inf, 0.0, 0.0], np.float32)
    measured = ulp.measure(found, exact)
    assert measured.entries == 5
    assert measured.flaws == {"zeros": 1, "−0.0": 1, "wrong signs": 1, "NaN": 1, "infinite": 1}


def test_by_row_errors_are_in_steps_at_the_largest():
    exact = np.array([[ulp.MP.mpf(1), ulp.MP.mpf(2) ** -20]])
    found = np.array([[1.0, 2.0**-20 + 2.0**-52]])
    assert ulp.measure(found, exact).largest == 2.0**20
    assert ulp.measure(found, exact, by_row=True).largest == 1


@pytest.mark.parametrize("layer", exact.LAYERS)
def test_exact_values_are_what_the_module_rounds(layer):
    inputs = regimes.draw(layer, next(iter(regimes.REGIMES[layer])), "float64")
    inputs = tuple(a[:6] if i == 0 or layer != "layer_norm" else a for i, a in enumerate(inputs))
    g = regimes.cotangent(layer, inputs)
    wanted = exact.LAYERS[layer](*inputs, g)
    found = accuracy.named(layer, ours(layer, inputs, g)(), inputs)
    assert list(found) == list(wanted)
    for a, b in zip(found.values(), wanted.values(), strict=True):
        np.testing.assert_allclose(a, np.asarray(ulp.to_float(b), float), rtol=1e-12, atol=1e-14)


def test_layouts_hold_the_same_numbers():
    a = np.arange(6.0, dtype=np.float32).reshape(3, 2)
    for layout in sums.LAYOUTS:
        assert np.array_equal(layout(a), a)
    assert sums.strided(a).strides not in (a.strides, np.asfortranarray(a).strides)
    assert sums.table([("s", [1e-7, 2e-6, 1e-6])]).splitlines()[-1] == (
        "| s | 1.0e-07 | **2.0e-06** | 1.0e-06 |"
    )


def test_a_loss_beyond_its_memory_says_so():
    error, _, _ = sums.loss_of(1 << 12, 1 << 12, 1 << 20)
    assert isinstance(error, str) or error < 1e-6


# -- infinities, and deriving ----------------------------------------------------------------------


def test_infinities_are_given_to_one_input():
    given = infinities.inputs(facts("cross_entropy"), np.array([[np.inf, 0.0, 1.0]]))
    assert np.array_equal(given["t"], np.full((1, 3), 1 / 3))
    assert infinities.listed(np.array([np.inf, -np.inf, np.nan, 0.5])) == "(∞, -∞, NaN, 0.5)"
    assert infinities.words(infinities.ours("relu", {"u": np.array([-np.inf])})) == "0 → 0"
    assert not infinities.suited(facts("affine"))


def test_chains_are_networks_of_so_many_calls():
    layer = read_layer("chain", bench_derive.chain(5), library.shipped_source)
    assert len(layer.nodes) == 5
    assert bench_derive.longest() >= 20


def test_every_stage_is_timed_and_what_is_refused_is_said():
    found = bench_derive.work(("layer", "relu"))
    assert set(found["seconds"]) == {"read", "derive", "prove", "emit", "tests", "page"}
    assert found["steps"] > 0
    assert "refused" in bench_derive.work(("chain", 1000))
    cells = bench_derive.table(
        [(("chain", 1000), {"refused": "too many"}), (("layer", "relu"), found)]
    )
    assert "too many |" in cells
    assert json.loads(json.dumps(found)) == found
