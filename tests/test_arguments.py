"""Sizes that callers give: `[sizes]` with `a = "argument"`, read, derived, emitted, refused."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

import pullback
from pullback.codegen import library
from pullback.codegen.lower.assembly import lower
from pullback.codegen.program import interpret
from pullback.codegen.targets.table import TARGETS
from pullback.derive.calculus.derivation import derive
from pullback.derive.errors import DefinitionError, PullbackError
from pullback.derive.layer import Layer
from pullback.derive.read.reader import read_equations

MEANS = "y[n, i] = log(mean(a, exp(x[n, 2*i + a] * w)))"
SEGMENTS = "c[k, d] = sum(n, [k == y[n]] * x[n, d])"
LOSS = "u[n, i] = moving_average(x[n, t])\nL = sum(n, i, u[n, i]**2 * size(i))"
WINDOW = {"a": "argument"}


def read(text: str, **sizes: Any) -> Layer:
    return read_equations("own", text, library.shipped_source, sizes=sizes)


def made(layer: Layer, target: str = "numpy") -> ModuleType:
    derivation, found = derive(layer), ModuleType("own_of_arguments")
    text = TARGETS[target].emit(derivation, TARGETS[target].program(derivation)).module
    exec(compile(text, "<own>", "exec"), found.__dict__)
    return found


@pytest.fixture(scope="module")
def means() -> ModuleType:
    return made(read(MEANS, **WINDOW))


# -- reading ---------------------------------------------------------------------------------------


def test_what_callers_give_comes_behind_the_inputs() -> None:
    layer = read(MEANS, **WINDOW)
    assert layer.parameters == ("x", "w", "A")
    assert [str(s) for s in layer.given_sizes] == ["N", "M", "A"]
    assert [(str(s), str(by)) for s, by in layer.sizes] == [("I", "floor(-A/2 + M/2) + 1")]


def test_other_sizes_may_be_made_of_it() -> None:
    text = "y[n] = sum(a, x[n, a + 1]) + sum(b, x[n, b + 2])"
    layer = read(text, a="argument", b="A - 1")
    assert [(str(s), str(by)) for s, by in layer.sizes] == [("B", "A - 1")]
    code, x = made(layer), np.arange(8.0).reshape(1, 8)
    assert code.forward(x, 3)[0] == [1 + 2 + 3 + 2 + 3]
    with pytest.raises(ValueError, match="B = A - 1 is 0; it must be at least 1"):
        code.forward(x, 1)
    with pytest.raises(ValueError, match=r"x\[n, a \+ 1\] leaves axis 1 of x"):
        code.forward(x, 8)


def test_what_a_definition_calls_has_its_argument() -> None:
    layer = read_equations("own", LOSS, library.shipped_source)
    assert layer.parameters == ("x", "A")
    code, x = made(layer), np.random.default_rng(0).normal(size=(2, 7))
    for size in (1, 3, 7):
        runs = np.stack([x[:, k : k + 8 - size] for k in range(size)]).mean(0)
        np.testing.assert_allclose(code.value(x, size), (runs**2).sum() * (8 - size), rtol=1e-13)


@pytest.mark.parametrize(
    ("text", "sizes", "words"),
    [
        (MEANS, {"a": "Argument"}, "or it is the word argument alone"),
        (MEANS, {"a": "an_argument"}, "or it is the word argument alone"),
        (MEANS, {"a": "argument + 1"}, "the word 'argument' stands alone"),
        (MEANS, {"a": "2 * size(argument)"}, "or it is the word argument alone"),
        (MEANS, {"n": "argument"}, "an input has the axis 'n', which says its size"),
        (MEANS, {"q": "argument"}, "which is no axis of the equations"),
        (MEANS, {}, "the sizes of .* cannot be found"),
        (
            "y[i] = sum(a, x[i + a]) + sum(b, [b == a] * x[i + b])",
            {"a": "argument", "b": 2},
            "says 2 of an axis that has one size with this one",
        ),
    ],
)
def test_what_is_not_so_is_refused(text: str, sizes: dict[str, Any], words: str) -> None:
    with pytest.raises(DefinitionError, match=words):
        read(text, **sizes)


# -- numbers ---------------------------------------------------------------------------------------


def test_by_hand() -> None:
    code = library_module("moving_average")
    x = np.array([[1.0, 2.0, 4.0, 8.0]])
    assert code.forward(x, 3)[0].tolist() == [[7 / 3, 14 / 3]]
    assert code.forward(x=x, A=1)[0].tolist() == x.tolist()
    output, cache = code.forward(x, 2)
    assert output.tolist() == [[1.5, 3, 6]]
    assert code.backward(np.array([[1.0, 10.0, 100.0]]), cache).dx.tolist() == [[0.5, 5.5, 55, 50]]
    assert list(inspect.signature(code.forward).parameters) == ["x", "A", "work"]


def library_module(name: str) -> ModuleType:
    return __import__(f"generated.{name}", fromlist=[name])


def by_autograd(x: Any, w: Any, size: int) -> Any:
    """MEANS as one would write it for autograd."""
    count = (x.shape[1] - size) // 2 + 1
    runs = [anp.exp(x[:, k : k + 2 * count - 1 : 2] * w) for k in range(size)]
    return anp.log(sum(runs) / size)


@pytest.mark.parametrize("size", [1, 2, 3, 8, 9])
def test_by_autograd(means: ModuleType, size: int) -> None:
    """Value, gradients, tangents, second derivatives, Jacobian: in 12 digits."""
    rng = np.random.default_rng(size)
    x, w = rng.normal(size=(3, 9)), 0.7
    along = rng.normal(size=(3, 9)), 0.3
    wanted = by_autograd(x, w, size)
    g = rng.normal(size=wanted.shape)

    def close(found: Any, right: Any) -> None:
        np.testing.assert_allclose(found, right, rtol=1e-12, atol=1e-12)

    def slopes(x: Any, w: Any, g: Any) -> Any:
        def total(pair: Any) -> Any:
            return anp.sum(g * by_autograd(pair[0], pair[1], size))

        return autograd.grad(total)((x, w))

    for work in (None, means.workspace(x, w, size)):
        output, cache = means.forward(x, w, size, work=work)
        close(output, wanted)
        for found, right in zip(means.backward(g, cache), slopes(x, w, g), strict=True):
            close(found, right)
    close(means.value(x, w, size), wanted)
    pushed = sum(np.vdot(a, b) for a, b in zip(slopes(x, w, g), along, strict=True))
    output, tangent = means.jvp((x, w, size), along)
    close(output, wanted)
    close(np.vdot(g, tangent), pushed)
    dx, dw = means.jacobian(x, w, size)
    close(np.einsum("ni,nimk->mk", g, dx), slopes(x, w, g)[0])
    close(np.vdot(g, dw), slopes(x, w, g)[1])


def test_second_derivatives_and_the_program() -> None:
    layer = read(f"{MEANS}\nL = sum(n, i, y[n, i]**2)", **WINDOW)
    code, rng = made(layer), np.random.default_rng(1)
    x, w, along = rng.normal(size=(2, 7)), 0.7, (rng.normal(size=(2, 7)), -0.4)

    def total(pair: Any) -> Any:
        return anp.sum(by_autograd(pair[0], pair[1], 3) ** 2)

    def along_slope(pair: Any) -> Any:
        found = autograd.grad(total)(pair)
        return anp.sum(found[0] * along[0]) + found[1] * along[1]

    value, gradients = code.value_and_grad(x, w, 3)
    np.testing.assert_allclose(value, total((x, w)), rtol=1e-13)
    for found, right in zip(
        code.hvp((x, w, 3), along), autograd.grad(along_slope)((x, w)), strict=True
    ):
        np.testing.assert_allclose(found, right, rtol=1e-11, atol=1e-12)
    program = lower(derive(layer))
    given = {"x": x, "w": np.array(w), "A": np.array(3), "dL": np.array(1.0)}
    tables = interpret(program, given)
    np.testing.assert_allclose(float(tables["L"][()]), value, rtol=1e-12)
    assert len(gradients) == 2


def test_how_many_classes_there_are() -> None:
    """No input has the axis at all: labels point into it."""
    code = made(read(SEGMENTS, k="argument"))
    y, x = np.array([2, 0, 2]), np.array([[1.0, 2], [3, 4], [5, 6]])
    assert code.forward(y, x, 4)[0].tolist() == [[3, 4], [0, 0], [6, 8], [0, 0]]
    with pytest.raises(ValueError, match=r"y\[0\] is 2; it must be from 0 to 1"):
        code.forward(y, x, 2)


# -- what is refused -------------------------------------------------------------------------------
KINDS = [f"{u}int{bits}" for u in ("", "u") for bits in (8, 16, 32, 64)]


@pytest.mark.parametrize("target", ["numpy", "numpy-precise", "plain", "c"])
def test_integers_of_all_kinds_and_no_others(target: str) -> None:
    code = made(read(MEANS, **WINDOW), target)
    x = np.random.default_rng(0).normal(size=(2, 5)).astype("float32")
    wanted = code.forward(x, 0.5, 3)[0]
    assert wanted.dtype == np.float32 and wanted.shape == (2, 2)
    for kind in KINDS:
        np.testing.assert_array_equal(code.forward(x, 0.5, np.dtype(kind).type(3))[0], wanted)
    for value in (True, np.True_, 3.0, np.float32(3), "3", None, [3], np.array([3, 3]), 3j, int):
        with pytest.raises(TypeError, match=r"^A is \w+; it must be one integer$"):
            code.forward(x, 0.5, value)
    for value in (0, -1, np.int8(-3), -(10**30)):
        with pytest.raises(ValueError, match=r"^A is -?\d+; it must be at least 1$"):
            code.forward(x, 0.5, value)


def test_too_large(means: ModuleType) -> None:
    x = np.ones((2, 5))
    for size in (6, 7, 2**40, 10**30):
        with pytest.raises(
            ValueError, match=r"I = \(M - A\) // 2 \+ 1 is -?\d+; it must be at least 1"
        ):
            means.forward(x, 1.0, size)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'A'"):
        means.forward(x, 1.0)
    with pytest.raises(ValueError, match="inputs has 2 values; it must have those for x, w, A"):
        means.jvp((x, 1.0), (x, 1.0))


def test_a_workspace_is_for_one_size(means: ModuleType) -> None:
    x = np.ones((2, 6))
    work = means.workspace(x, 1.0, 2)
    with pytest.raises(ValueError, match="work was made for dtype and sizes"):
        means.forward(x, 1.0, 3, work=work)
    assert means.forward(np.ones((0, 6)), 1.0, 3)[0].shape == (0, 2)


# -- other libraries, and what is shown ------------------------------------------------------------


def test_torch() -> None:
    torch = pytest.importorskip("torch")
    code = made(read(MEANS, **WINDOW), "torch")
    x = torch.linspace(-1, 2, 14, dtype=torch.float64).reshape(2, 7).requires_grad_()
    w = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    wanted = by_autograd(x.detach().numpy(), 0.7, 3)
    for made_ in (code.Module(A=3), code.Module(), code.Module(w=w.detach(), A=np.int64(3))):
        left = [v for n, v in (("x", x), ("w", w), ("A", 3)) if n not in made_.given]
        np.testing.assert_allclose(made_(*left).detach().numpy(), wanted, rtol=1e-12)
        assert "A" not in dict(made_.named_parameters())
    assert torch.autograd.gradcheck(lambda x, w: code.apply(x, w, 3), (x, w))
    assert torch.autograd.gradgradcheck(lambda x, w: code.apply(x, w, 3), (x, w))
    for bad in (True, 2.0, torch.tensor(2.0), "2"):
        with pytest.raises(TypeError, match=r"A is .*; it must be one integer"):
            code.apply(x, w, bad)
        with pytest.raises(TypeError, match=r"A is .*; it must be one integer"):
            code.Module(A=bad)


def test_jax() -> None:
    jax = pytest.importorskip("jax")
    code = made(read(MEANS, **WINDOW), "jax")
    with jax.enable_x64(True):
        x, w = jax.numpy.linspace(-1, 2, 14).reshape(2, 7), jax.numpy.asarray(0.7)
        wanted = by_autograd(np.asarray(x), 0.7, 3)
        compiled = jax.jit(code.apply, static_argnums=2)
        for function in (code.apply, compiled, code.apply_forward_mode):
            np.testing.assert_allclose(function(x, w, 3), wanted, rtol=1e-12)

        def total(x: Any, w: Any, size: int) -> Any:
            return code.apply(x, w, size).sum()

        right = autograd.grad(lambda x: anp.sum(by_autograd(x, 0.7, 3)))(np.asarray(x))
        for gradient in (jax.grad(total), jax.jit(jax.grad(total), static_argnums=2)):
            np.testing.assert_allclose(gradient(x, w, 3), right, rtol=1e-12, atol=1e-13)
        with pytest.raises(TypeError, match=r"A is .*; it must be one integer"):
            jax.jit(code.forward)(x, w, 3)
        for bad in (True, 2.0, "2"):
            with pytest.raises(TypeError, match=r"A is .*; it must be one integer"):
                code.apply(x, w, bad)


def test_what_is_shown() -> None:
    assert "A: the size of a, an argument" in str(pullback.load("moving_average"))
    assert pullback.compile("moving_average", "plain").forward(np.ones((1, 3)), 2)[0].size == 2
    found = pullback.trace("moving_average", {"x": [[1, 2, 4]], "A": 2})
    assert found["y"].tolist() == [[1.5, 3.0]] and found["A"] == 2
    with pytest.raises(PullbackError, match="A: not given; moving_average takes x, A"):
        pullback.trace("moving_average", {"x": [[1, 2, 4]]})
    with pytest.raises(PullbackError, match="A: wanted are whole numbers"):
        pullback.trace("moving_average", {"x": [[1, 2, 4]], "A": 2.0})


def test_sizes_in_python():
    """As in a file: `pullback.layer` takes the table of sizes."""
    mean = pullback.layer("y[n, i] = mean(a, x[n, i + a])", sizes={"a": "argument"}).compile()
    x = np.arange(10.0).reshape(1, 10)
    np.testing.assert_array_equal(mean.value(x, 3), [np.arange(1.0, 9.0)])
    pooled = pullback.layer("y[n, i] = max(a, x[n, 2*i + a])", sizes={"a": 2}).compile()
    np.testing.assert_array_equal(pooled.value(x), [[1.0, 3.0, 5.0, 7.0, 9.0]])
    for size in (2.5, True, None):
        with pytest.raises(DefinitionError, match="'sizes' must be a table"):
            pullback.layer("y[n, i] = max(a, x[n, 2*i + a])", sizes={"a": size})
    with pytest.raises(TypeError, match="sizes go with equations in index notation"):
        pullback.layer("h = x @ W", x="N D", W="D K", sizes={"a": 2})
