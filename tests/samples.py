"""Inputs drawn for any shipped layer, and the check that every generated module must pass."""

from __future__ import annotations

from importlib import import_module
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from pullback.derive.read.trees import Operation, Ref, Tree, walk
from tests.definitions import LAYERS, Facts, facts
from tests.places import accesses, enlarged, has_matrices, is_whole
from tests.reference import DIGITS, MP, Depends, Exact, jacobians, pull
from tests.rounding import Allowed, allowed

GENERATED = Path(__file__).parent.parent / "generated"
NAMES = sorted(p.stem for p in LAYERS.glob("*.toml") if (GENERATED / f"{p.stem}.py").is_file())
KINDS = ("normal", "grid", "extreme", "outlier")
DTYPES = ("float64", "float32")
HUGE = 1e4
# what is divided by, and what is divided by its own length, row by row
NOT_ZERO = {"dropout": ("keep",), "contrastive": ("u", "v")}
# what is a logarithm: exp(1e4) is no number of float64
LOGARITHM = {"contrastive": ("t", 5), "gaussian_nll": ("s", 40), "poisson_nll": ("s", 40)}
STRICT = {"all": "raise"}


def module(name: str) -> ModuleType:
    """The generated module of a layer."""
    return import_module(f"generated.{name}")


def sizes_of(layer: Facts, **given: int) -> dict[str, int]:
    """A size for every axis; neighbours differ, so that a missing transpose shows."""
    shown = {axis for axes in layer.axes.values() for axis in axes} | {*layer.labels.values()}
    shown |= {*layer.arguments.values()}
    axes = [a for a in dict.fromkeys(layer.same.values()) if a in shown or not layer.sizes]
    sizes = {axis: given.get(axis, 2 + i % 3) for i, axis in enumerate(axes)}
    shifted = layer.sizes or any(True for _ in accesses(layer.equations))
    return enlarged(layer, {a: n for a, n in sizes.items() if a in shown}) if shifted else sizes


def draw(
    layer: Facts,
    sizes: dict[str, int],
    rng: np.random.Generator,
    kind: str = "normal",
    dtype: Any = "float64",
) -> dict[str, Any]:
    """Inputs of these sizes that keep the layer's assumptions.

    normal: as it says. grid: eighths from -1 to 1 with many zeros of both signs, so that ties and
    kinks are met exactly and products are not rounded. extreme: one tensor holds 1e4, -1e4 and 0
    only, the others a grid. outlier: a single 1e4 in one tensor, the others a grid.
    """
    dtype, inputs = np.dtype(dtype), {}
    real = [name for name in layer.axes if name not in layer.labels]
    if has_matrices(layer) and kind in ("extreme", "outlier"):
        kind = "grid"  # its matrices are to have an inverse
    chosen = real[rng.integers(len(real))]
    for name, axes in layer.axes.items():
        shape = tuple(sizes[a] for a in axes)
        if name in layer.labels:
            inputs[name] = rng.integers(sizes[layer.labels[name]], size=shape)
            continue
        value = rng.normal(size=shape) if kind == "normal" else grid(rng, shape)
        if kind == "extreme" and name == chosen:
            value = rng.choice([HUGE, -HUGE, 0.0], size=shape)
        if kind == "outlier" and name == chosen and np.size(value):
            np.asarray(value).flat[rng.integers(np.size(value))] = HUGE
        inputs[name] = np.asarray(value).astype(dtype) if axes else dtype.type(value)
    inputs |= {name: sizes[axis] for name, axis in layer.arguments.items()}
    for assumption in layer.assume:
        keep(layer, inputs, assumption)
    return with_values(layer, inputs)


def with_values(layer: Facts, inputs: dict[str, Any]) -> dict[str, Any]:
    """Inputs at which the layer has values that are numbers of float32."""
    inputs = dict(inputs)
    if layer.name == "gaussian":  # a covariance
        S = inputs["S"]
        inputs["S"] = (S @ S.T + np.eye(len(S))).astype(S.dtype)
    if layer.name == "ridge_regression":
        inputs["lamda"] = inputs["lamda"].dtype.type(abs(inputs["lamda"]) + 1)
    for name in NOT_ZERO.get(layer.name, ()):
        value = np.asarray(inputs[name])
        zero = ~np.any(value, axis=-1, keepdims=True) if value.ndim else value == 0
        inputs[name] = np.where(zero, value.dtype.type(1), value)[()]
    if layer.name == "triplet":  # lengths are not 0, and a tie of theirs would hang on rounding
        for name, more in (("p", 1 / 3), ("q", -1 / 3), ("m", 1 / 7)):
            inputs[name] = inputs[name] + inputs[name].dtype.type(more)
    if layer.name in LOGARITHM:
        name, most = LOGARITHM[layer.name]
        inputs[name] = np.clip(inputs[name], -most, most).astype(inputs[name].dtype)[()]
    return inputs


def grid(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Eighths from -1 to 1, four in ten of them 0.0 or -0.0."""
    value = rng.integers(-8, 9, size=shape) / 8
    zero = rng.choice([0.0, -0.0], size=shape)
    return np.where(rng.random(shape) < 0.4, zero, value)


def keep(layer: Facts, inputs: dict[str, Any], assumption: Operation) -> None:
    """Make an equation hold at every free place, by solving for an entry in which it is linear."""
    if assumption.op != "==":
        raise NotImplementedError(
            f"{layer.name}: no way to keep an assumption with {assumption.op}"
        )
    refs = [t for t in walk(assumption) if isinstance(t, Ref)]
    solved = next(t for t in refs if t.name in layer.axes and t.name not in layer.labels)
    bare = {t.name for t in refs if t.indices is None and t.name in layer.same}
    axes = dict.fromkeys(i.name for t in refs for i in t.indices or ())
    sizes = Exact(layer, inputs).sizes
    free = [a for a in axes if a not in bare]
    for place in product(*(range(sizes[layer.same[a]]) for a in free)):
        at = dict(zip(free, place, strict=True))
        last = {a: sizes[layer.same[a]] - 1 for a in bare}
        entry = tuple((at | last)[i.name] for i in solved.indices)
        rests = []
        for value in (0, 1):
            inputs[solved.name][entry] = value
            exact = Exact(layer, inputs)
            rests.append(exact.build(assumption.left, at) - exact.build(assumption.right, at))
        inputs[solved.name][entry] = float(rests[0] / (rests[0] - rests[1]))


def cotangent(layer: Facts, inputs: dict[str, Any], rng: np.random.Generator, dtype: Any) -> Any:
    """A random gradient by the output, in its shape."""
    sizes = Exact(layer, inputs).sizes
    shape = tuple(sizes[a] for a in layer.out_axes())
    drawn = rng.normal(size=shape)
    return np.asarray(drawn).astype(dtype) if shape else np.dtype(dtype).type(drawn)


def reshape_leading(value: Any, axes: tuple[str, ...], sizes: tuple[int, ...]) -> Any:
    """The value with leading axes of these sizes in place of one, if `...` is its first axis."""
    return np.reshape(value, sizes + np.shape(value)[1:]) if axes[:1] == ("...",) else value


class Reached(Depends):
    """Each value is the set of real inputs' entries from which NaN surely comes through.

    Of two cases only the chosen one lets it through, and a product with 0 need not: an indicator
    may be put to work as a choice of terms. A comparison with the entry `nan` is false.
    """

    zero = frozenset({"0"})

    def __init__(self, exact: Exact, nan: Any = None) -> None:
        super().__init__(exact.layer, exact.inputs)
        self.exact, self.nan = exact, nan

    def number(self, value: Any) -> frozenset[Any]:
        return frozenset() if MP.mpf(value) else self.zero

    def apply(self, op: str, *args: Any) -> frozenset[Any]:
        if op == "*" and self.zero in args:
            return self.zero
        together = super().apply(op, *args)
        return together if op in ("+", "-") else together - self.zero

    def choose(self, condition: Any, a: Any, b: Any) -> frozenset[Any]:
        return a if condition() else b

    def holds(self, tree: Operation, at: dict[str, int]) -> bool:
        sides = (tree.left, tree.right)
        if all(is_whole(side, {*at, *self.layer.labels}) for side in sides):
            return self.exact.holds(tree, at)
        for side in sides:
            if not self.is_place(side, at) and self.nan in self.build(side, at):
                return tree.op == "!="
        return self.exact.holds(tree, at)

    def is_place(self, tree: Tree, at: dict[str, int]) -> bool:
        """Is this an axis or a label?"""
        return isinstance(tree, Ref) and (tree.name in at or tree.name in self.layer.labels)


def run(code: Any, layer: Facts, inputs: dict[str, Any], g: Any) -> tuple[Any, dict[str, Any]]:
    """Output and gradients by name; inputs must stay as they are, and nothing may alias them."""
    given = [np.asarray(v) for v in (*inputs.values(), g)]
    before = [v.tobytes() for v in given]
    with np.errstate(**STRICT):
        output, kept = code.forward(**inputs)
        first = code.backward(g, kept)
        names = [field.removeprefix("d") for field in first._fields]
        result = {name: np.array(value) for name, value in zip(names, first, strict=True)}
        result_output = np.array(output)
        for value in first:
            for other in (*given, np.asarray(output)):
                assert not np.shares_memory(value, other), "a gradient is a view of what was given"
            if np.ndim(value):
                value[...] = np.nan  # an owner may write on what it got
        second = code.backward(g, kept)
    assert not any(np.shares_memory(output, v) for v in given), "the output is a view of an input"
    for name, value in zip(names, second, strict=True):
        same = np.asarray(value).tobytes() == result[name].tobytes()
        assert same, f"the second call of backward gives another gradient by {name}"
    assert [v.tobytes() for v in given] == before, "an input was changed"
    assert tuple(names) == layer.wrt, f"gradients by {names}, wanted by {layer.wrt}"
    return result_output, result


def check(
    code: Any,
    name: str,
    inputs: dict[str, Any],
    g: Any,
    digits: int = DIGITS,
    strict: bool = False,
) -> None:
    """Run a module and compare every entry with the reference.

    With `strict` every entry must be right relative to itself, however small it is.
    """
    layer = facts(name)
    output, gradients = run(code, layer, inputs, g)
    dtype = output.dtype
    # an input in the other byte order gives a result in the machine's own
    assert dtype == np.asarray(g).dtype.newbyteorder("="), f"the output is {dtype}"
    with MP.workdps(digits):
        exact, slopes, bounds = reference(name, inputs, g, digits)
        compare(layer.output, output, exact, bounds.output, dtype, strict)
        for wanted, slope in slopes.items():
            bound, found = bounds.gradients[wanted], gradients[wanted]
            compare(f"d{wanted}", found, slope, bound, dtype, strict)


Reference = tuple[np.ndarray, dict[str, np.ndarray], Allowed]
KNOWN: dict[Any, Reference] = {}  # the last ones, as several layouts of one input are tried in turn


def reference(name: str, inputs: dict[str, Any], g: Any, digits: int) -> Reference:
    """The output, the gradients and the bounds of their errors, however the inputs lie."""
    arrays = [np.asarray(v) for v in (*inputs.values(), g)]
    native = [a.astype(a.dtype.newbyteorder("=")) for a in arrays]
    key = (name, digits, *((a.dtype.str, a.shape, a.tobytes()) for a in native))
    if key not in KNOWN:
        bounds = allowed(name, inputs, g, native[-1].dtype)
        slopes = {w: pull(jacobian, g) for w, jacobian in jacobians(name, inputs).items()}
        if len(KNOWN) >= 16:
            KNOWN.pop(next(iter(KNOWN)))
        KNOWN[key] = Exact(facts(name), inputs).output(), slopes, bounds
    return KNOWN[key]


def compare(
    what: str, found: Any, exact: Any, bound: Any, dtype: np.dtype, strict: bool = False
) -> None:
    """Every entry of a result against the reference."""
    exact, bound = np.asarray(exact, object), np.asarray(bound, object)
    assert found.dtype == dtype, f"{what} is {found.dtype}, wanted {dtype}"
    assert found.shape == exact.shape, f"{what} has shape {found.shape}, wanted {exact.shape}"
    relative = 1e-12 if dtype == np.float64 else 1e-5
    for at in np.ndindex(exact.shape):
        error = abs(MP.mpf(float(found[at])) - exact[at])
        limit = relative * abs(exact[at]) if strict else bound[at]
        wanted = MP.nstr(exact[at], 20)
        message = f"{what}{list(at)} is {found[at]!r}, wanted {wanted}, off by {MP.nstr(error, 3)}"
        assert error <= limit, f"{message}, allowed {MP.nstr(limit, 3)}"
