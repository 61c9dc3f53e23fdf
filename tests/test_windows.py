"""Windows and shifts: an index that is a whole expression, through every stage.

`tests/windows/` holds one definition a file: convolutions of all kinds, pooling, shifts, fixed and
reversed places, halves, what is merged, labels within places, comparisons of places.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import sympy as sp

from pullback.codegen.compiler import files
from pullback.codegen.interface.sizes import completed, fitted, size_text
from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.codegen.targets.plain.module import emission as plain
from pullback.derive.calculus.derivation import derive
from pullback.derive.errors import DefinitionError
from pullback.derive.index.binders import Sum
from pullback.derive.index.kinks import Bracket
from pullback.derive.index.meetings import extent, place_of
from pullback.derive.index.objects import Index, KroneckerDelta, size_symbol
from pullback.derive.layer import Layer
from pullback.derive.read.reader import read_equations, read_layer
from tests.random_layers import Trial
from tests.shipped import compiled_from, derivation_of

WINDOWS = Path(__file__).parent / "windows"
NAMES = sorted(path.stem for path in WINDOWS.glob("*.toml"))
MINUTES = {"volumes"}  # nine axes are written out in twenty seconds
LEFT = {"softmax_of_windows": 1, "band_of_attention": 7}  # steps that are written out alone
LONG = [pytest.param(n, marks=pytest.mark.slow) if n in MINUTES else n for n in NAMES]


def text(name: str) -> str:
    """A definition's text."""
    return (WINDOWS / f"{name}.toml").read_text(encoding="utf-8")


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", LONG)
def test_every_stage_and_its_numbers(name: str) -> None:
    """Its module gives what autograd gives of the text, at ties and extremes."""
    trial = Trial(text(name), 200.0)
    assert trial.run(5, derivation_of(name, text(name))) == []
    assert {"numbers", "ties", "extremes"} <= trial.times.keys()


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", LONG)
def test_each_step_is_proved_for_every_size_and_the_files_pass(name: str) -> None:
    """Compiling runs the module's own tests: the text as loops, on dual numbers."""
    compiled = compiled_from(name, text(name))
    left = [what for what, found in compiled.proof.steps if not found.every_size]
    assert len(left) <= LEFT.get(name, 0) and files(compiled)


def made(equations: str, target: Any = module, **keys: Any) -> ModuleType:
    """The module of some equations."""
    layer = read_equations("layer", equations, **keys)
    derivation = derive(layer)
    found = target(derivation, lower(derivation))
    return loaded(getattr(found, "module", found), layer)


# -- reading ------------------------------------------------------------------------------------

SIZES = [
    ("y[n, i] = sum(a, x[n, i + a] * w[a])", {}, {"I": "M - A + 1"}),
    ("y[n, i] = sum(a, x[n, 2*i + a] * w[a])", {}, {"I": "(M - A) // 2 + 1"}),
    ("y[n, i] = sum(a, x[n, i + 3*a] * w[a])", {}, {"I": "M - 3 * A + 3"}),
    ("y[n, i] = max(a, x[n, 2*i + a])", {"a": 3}, {"A": "3", "I": "(M - A) // 2 + 1"}),
    ("y[n, t] = x[n, size(t) - 1 - t]", {}, {"T": "M"}),
    ("y[n, t] = x[n, t + 1] - x[n, t]", {}, {"T": "M - 1"}),
    ("y[n, i] = x[n, 2*i] + x[n, 2*i + 1]", {}, {"I": "min((M + 1) // 2, M // 2)"}),
    ("y[n, h, e] = x[n, (h e)]", {"e": 4}, {"E": "4", "H": "M // E"}),
    ("y[n, i] = pad(0, x[n, i - 1])", {"i": "size(x, 1) + 1"}, {"I": "M + 1"}),
    (
        "y[n, i] = pad(0, x[n, i - 1])",
        {"i": "(size(x, 1) + 3) // 4 - 1"},
        {"I": "(M + 3) // 4 - 1"},
    ),
    ("h[i] = x[i + 2]\ny[j] = h[2*j]", {}, {"I": "M - 2", "J": "(I + 1) // 2"}),
]


@pytest.mark.parametrize(("equations", "sizes", "wanted"), SIZES)
def test_sizes_are_found(equations: str, sizes: Any, wanted: Any) -> None:
    """The largest at which no entry leaves its axis, or what [sizes] says."""
    layer = read_equations("layer", equations, **({"sizes": sizes} if sizes else {}))
    found = {str(size): size_text(by) for size, by in layer.sizes}
    assert found == wanted


REFUSED = [
    ("y[n, i] = x[n, i - 1]", {}, 11, "reads place -1, which is outside of its axis; write pad(0"),
    ("y[n, i] = sum(a, x[n, i + a])", {}, 18, "the sizes of 'i' and 'a' cannot be found"),
    ("y[n, i] = sum(a, x[n, i + a])", {"a": 0}, 1, "a size is at least 1"),
    ("y[n, i] = sum(a, x[n, i + a] * w[a])", {"a": 2}, 1, "an input has the axis 'a'"),
    ("y[n, i] = x[n, i]", {"z": 2}, 1, "[sizes] has 'z', which is no axis"),
    ("y[n, i] = pad(0, x[n, i - 1])", {}, 1, "its size is unknown; say how large it is in [sizes]"),
    ("y[n, i] = pad(0, x[n, i - 1])", {"i": "size(x, 2)"}, 1, "'x' has 2 axes, counted from 0"),
    ("y[n, i] = pad(0, x[n, i - 1])", {"i": "size(z, 0)"}, 1, "no equation has 'z'"),
    ("y[n, i] = pad(0, x[n, i - 1])", {"i": "n + 1"}, 1, "a size is made of whole numbers, sizes"),
    ("y[n, i] = pad(0, x[n, i - 1])", {"i": "N // (N - N)"}, 3, "divided by a number above 0"),
    ("y[n, i] = x[n, i*i + 0]", {}, 17, "an axis is multiplied by whole numbers and sizes alone"),
    ("y[n, i] = x[n, i + b]", {}, 11, "nothing binds 'b', so it is one"),
    ("y[n] = x[n, t[n] + 1]", {}, 8, "hangs on a label; write pad(0, x[n, t[n] + 1])"),
    (
        "y[i, j] = pad(0, x[i - 1]) * pad(0, x[j - 1]) * [i < j]",
        {"i": "size(x, 0)", "j": 3},
        1,
        "[sizes] says M of an axis that has one size with 'j'",
    ),
    ("y[i] = sum(j, [i == 2*j] * x[j])", {}, 1, "its size is unknown; say how large it is"),
    ("y[n, i] = pad(0, E[y2[n], t[n + 1]])", {}, 27, "has only axes and labels in its own"),
    ("y[n] = pad(0, t[n + 1]) * x[t[n]]", {}, 8, "a label stands at axes and labels alone"),
]


@pytest.mark.parametrize(("equations", "sizes", "column", "words"), REFUSED)
def test_what_cannot_be_is_refused(equations: str, sizes: Any, column: int, words: str) -> None:
    """With the place, what was found, and what to write."""
    with pytest.raises(DefinitionError) as info:
        read_equations("layer", equations, **({"sizes": sizes} if sizes else {}))
    assert words in str(info.value)
    assert info.value.column == column


def test_sizes_of_another_kind_are_refused() -> None:
    for value in ("2.5", "true", "[1]", '"2.5"', '"a b"'):
        with pytest.raises(DefinitionError, match="sizes"):
            read_layer("layer", f'equations = "y[i] = x[i + 1]"\n[sizes]\ni = {value}')


def test_calls_bring_their_sizes_along() -> None:
    net = """
    u = conv1d(x[n, c, m], w, b)
    h = relu(u)
    q[n, f, i] = max(a, h[n, f, 2*i + a])
    """
    from pullback.codegen import library

    layer = read_equations("net", net, library.shipped_source, sizes={"a": 2})
    assert [str(by) for _, by in layer.sizes] != [] and len(layer.sizes) == 3
    images = read_equations("net", "y = average_pool2d(x[n, c, h, w])", library.shipped_source)
    assert {str(by) for _, by in images.sizes} >= {"2"}


# -- modules ------------------------------------------------------------------------------------


def test_what_does_not_fit_is_refused_where_it_is_called() -> None:
    code = made("y[n, i] = sum(a, x[n, 2*i + a] * w[a])")
    assert code.forward(np.ones((2, 7)), np.ones(4))[0].shape == (2, 2)
    with pytest.raises(ValueError, match=r"I = \(M - A\) // 2 \+ 1 is 0; it must be at least 1"):
        code.forward(np.ones((2, 3)), np.ones(4))
    code = made("y[n] = x[n, 3] * x[n, 0]")
    assert code.forward(np.full((2, 4), 3.0))[0].tolist() == [9, 9]
    words = r"x\[n, 3\] leaves axis 1 of x: places 3 to 3 of 3 are read, from 0 on"
    with pytest.raises(ValueError, match=words):
        code.forward(np.ones((2, 3)))
    code = made("y[n] = x[n, 3] * x[n, 0]", plain)
    with pytest.raises(ValueError, match=r"x\[n, 3\] leaves axis 1 of x"):
        code.forward(np.ones((2, 3)))


def test_infinities_stay_at_their_places() -> None:
    """What a window does not see does not reach it, be it no number."""
    code = made("y[n, i] = sum(a, x[n, i + a] * w[a])")
    x = np.ones((1, 6))
    x[0, 0], x[0, 5] = np.inf, np.nan
    y, cache = code.forward(x, np.ones(2))
    assert np.isinf(y[0, 0]) and np.isnan(y[0, 4]) and (y[0, 1:4] == 2).all()
    dx, _ = code.backward(np.array([[0.0, 1, 1, 1, 0]]), cache)
    assert dx.tolist() == [[0, 1, 2, 2, 1, 0]]


def test_blocks_give_what_one_product_gives() -> None:
    """Large arrays, which are worked on in parts, beside an einsum in float64."""
    code = made(
        "y[n, f, i] = sum(c, a, pad(0, x[n, c, i + a - 1]) * w[f, c, a])", sizes={"i": "size(x, 2)"}
    )
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(5, 70, 3_000)), rng.normal(size=(9, 70, 3))
    wide = np.pad(x, ((0, 0), (0, 0), (1, 1)))
    windows = np.stack([wide[:, :, a : a + 3_000] for a in range(3)], -1)
    for dtype, limit in (("float64", 1e-12), ("float32", 1e-5)):
        y, cache = code.forward(x.astype(dtype), w.astype(dtype))
        wanted = np.einsum("ncia,fca->nfi", windows, w, optimize=True)
        np.testing.assert_allclose(y, wanted, rtol=limit, atol=limit * abs(wanted).max())
        dx, dw = code.backward(y, cache)
        grad = np.einsum("ncia,nfi->fca", windows, wanted, optimize=True)
        np.testing.assert_allclose(dw, grad, rtol=limit, atol=limit * abs(grad).max())
        back = np.zeros_like(wide)
        for a in range(3):
            back[:, :, a : a + 3_000] += np.einsum("nfi,fc->nci", wanted, w[:, :, a], optimize=True)
        np.testing.assert_allclose(dx, back[:, :, 1:-1], rtol=limit, atol=limit * abs(back).max())


# -- indicators ------------------------------------------------------------------------------------

M, A, I = (size_symbol(name) for name in "MAI")
m, a, i, j = Index("m", M), Index("a", A), Index("i", I), Index("j", I)


def meeting(left: Any, right: Any) -> Any:
    """1 where two places meet."""
    return Bracket(sp.Eq(left, right, evaluate=False))


def test_one_meeting_is_written_one_way() -> None:
    assert meeting(m, 2 * i + a) == meeting(2 * i + a - m, 0) == meeting(-2 * m, -4 * i - 2 * a)
    assert meeting(i, j) == KroneckerDelta(i, j) and meeting(i, i) == 1 and meeting(i + 1, i) == 0
    assert meeting(m, i) != KroneckerDelta(m, i), "axes of other lengths do not meet everywhere"
    assert Sum(meeting(m, i + a), a) == Sum(meeting(m, i + Index("b", A)), Index("b", A))
    with pytest.raises(ValueError, match="bound twice"):
        Sum(meeting(m, i + a), a, a)


def test_windows_lie_on_the_axis_that_grows_with_the_others() -> None:
    place = place_of(meeting(m, 2 * i + a + 1))
    assert place is not None and place.on == m and place.start == 1
    assert dict(place.steps) == {i: 2, a: 1}
    assert extent(2 * i + a - 1) == (-1, 2 * I + A - 4)


def test_sizes_grow_until_windows_fit() -> None:
    layer: Layer = read_equations("layer", "y[i] = sum(a, x[2*i + a] * w[a])")
    x, w = (t.indices[0].size for t in layer.inputs)
    assert fitted(layer, {x: 2, w: 9})[x] == 9
    assert completed(layer, fitted(layer, {x: 2, w: 3}, 4)) == fitted(layer, {x: 9, w: 3})
