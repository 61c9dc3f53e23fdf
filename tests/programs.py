"""What every function of a module gives, beside what its program means, and that beside the text.

The text of a definition is worked out in 60 digits by loops (`tests.reference`), its program in 50
by the interpreter, its module in floats by NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings

from pullback.codegen.lower.assembly import lower
from pullback.codegen.program import Function, Meaning, Program, Values
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.derive.calculus.derivation import Derivation, cotangent_name
from pullback.derive.calculus.tangents import tangent_name
from tests.definitions import Facts
from tests.reference import MP, Exact, jacobians_of, pull
from tests.strategies import layers

ROUNDING = 1e-12  # of the largest number on the way: NumPy's results are rounded relative to that
DIGITS = 1e-25  # of a program's meaning, likewise
Arrays = Mapping[str, Any]


def random_texts(number: int, count: int, **size: int) -> list[str]:
    """Random definitions, the same ones for the same number."""
    texts: dict[str, None] = {}

    @seed(number)
    @settings(
        max_examples=count,
        derandomize=False,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(layers(**size))
    def gather(text: str) -> None:
        texts[text] = None

    gather()
    return list(texts)


class Meant:
    """What a program means at some inputs, with a cotangent and tangents drawn for it."""

    def __init__(self, derivation: Derivation, inputs: Arrays, seed: int) -> None:
        self.layer, self.inputs = derivation.layer, dict(inputs)
        self.program = lower(derivation)
        self.rng = np.random.default_rng(seed)
        drawn = {tangent_name(w): self.like(np.shape(inputs[w])) for w in self.layer.wrt}
        self.tangents = drawn
        self.jvp = self.meaning(self.program.jvp, drawn)
        self.output = self.layer.output.name
        self.g = self.like(self.jvp.result(self.output).shape)
        name = cotangent_name(self.output)
        self.backward = self.meaning(self.program, {name: self.g})
        self.hvp = None if self.program.hvp is None else self.meaning(self.program.hvp, drawn)

    def like(self, shape: tuple[int, ...]) -> np.ndarray:
        """Random numbers of that shape."""
        return np.asarray(self.rng.normal(size=shape))

    def meaning(self, program: Values, more: Arrays) -> At:
        """The meaning of one function."""
        return At(program, {**self.inputs, **more})


class At:
    """A function of a program at some inputs: its results, and the largest number on the way."""

    def __init__(self, program: Program | Function, inputs: Arrays) -> None:
        self.meaning = Meaning(program, inputs)
        self.results = {n: array(self.meaning.table(v)) for n, v in self.meaning.results()}
        real = (t for v, t in self.meaning.tables.items() if program[v].kind in ("real", "number"))
        entries = (abs(e) for t in real for e in t.entries.values() if MP.isfinite(e))
        self.scale = max(entries, default=1)

    def result(self, name: str) -> np.ndarray:
        """A result by its name."""
        return self.results[name]


def array(table: Any) -> np.ndarray:
    """A table as an array of exact numbers."""
    made = np.empty(table.shape, object)
    for place, entry in table.entries.items():
        made[place] = entry
    return made


def close(what: str, value: Any, exact: Any, bound: Any) -> None:
    """Every entry of a value against the exact one; NaN and infinities are themselves."""
    value, exact = np.asarray(value, object), np.asarray(exact, object)
    assert value.shape == exact.shape, f"{what}: {value.shape}, wanted {exact.shape}"
    for place in np.ndindex(exact.shape):
        ours, wanted = MP.mpf(value[place]), MP.mpf(exact[place])
        same = ours == wanted or (MP.isnan(ours) and MP.isnan(wanted))
        words = f"{what}[{place}] is {MP.nstr(ours, 17)}, wanted {MP.nstr(wanted, 17)}"
        assert same or abs(ours - wanted) <= bound, words


def check_module(derivation: Derivation, inputs: Arrays, seed: int = 0) -> None:
    """Every function of the module gives what the program means."""
    meant = Meant(derivation, inputs, seed)
    layer, output = meant.layer, meant.output
    code = loaded(module(derivation, meant.program), layer)
    given, directions = tuple(inputs.values()), tuple(meant.tangents.values())

    def compare(what: str, value: Any, at: At, name: str) -> None:
        close(f"{what} of {name}", value, at.result(name), ROUNDING * max(at.scale, 1))

    def compare_all(what: str, values: Any, at: At, named: Callable[[str], str]) -> None:
        for name, value in zip(layer.wrt, values, strict=True):
            compare(what, value, at, named(name))

    value, kept = code.forward(*given)
    compare("forward", value, meant.backward, output)
    compare("value", code.value(*given), meant.backward, output)
    compare_all("backward", code.backward(meant.g, kept), meant.backward, str)
    value, tangent = code.jvp(given, directions)
    compare("jvp", value, meant.jvp, output)
    compare("jvp", tangent, meant.jvp, tangent_name(output))
    if meant.hvp is not None:
        seconds = code.hvp(given, directions)
        compare_all("hvp", seconds, meant.hvp, lambda name: tangent_name(cotangent_name(name)))


def check_meaning(derivation: Derivation, facts: Facts, inputs: Arrays, seed: int = 0) -> None:
    """The program means what the text of its definition says, its slopes by a complex step."""
    meant = Meant(derivation, inputs, seed)
    bound = DIGITS * max(meant.backward.scale, meant.jvp.scale, 1)
    exact, jacobians = Exact(facts, dict(inputs)).output(), jacobians_of(facts, dict(inputs))
    close("the output", meant.backward.result(meant.output), exact, bound)
    close("the output of jvp", meant.jvp.result(meant.output), exact, bound)
    tangent = np.zeros(np.shape(exact), object) + MP.mpf(0)
    for name in meant.layer.wrt:
        jacobian = jacobians[name]
        close(f"d{name}", meant.backward.result(name), pull(jacobian, meant.g), bound)
        tangent = tangent + push(jacobian, meant.tangents[tangent_name(name)])
    close("the tangent", meant.jvp.result(tangent_name(meant.output)), tangent, bound)
    if meant.hvp is not None:
        for name, second in seconds(meant).items():
            close(f"hvp by {name}", meant.hvp.result(name), second, DIGITS**0.8 * meant.hvp.scale)


def seconds(meant: Meant) -> dict[str, np.ndarray]:
    """How the gradients change along the tangents, by a central difference in 50 digits."""
    step, ends = MP.mpf(10) ** -13, []
    for side in (step, -step):
        moved = {
            name: array + side * meant.tangents[tangent_name(name)].astype(object)
            for name, array in meant.inputs.items()
            if name in meant.layer.wrt
        }
        one = {cotangent_name(meant.output): np.asarray(1.0)}
        ends.append(meant.meaning(meant.program, moved | one))
    above, below = ends
    return {
        tangent_name(cotangent_name(name)): (above.result(name) - below.result(name)) / (2 * step)
        for name in meant.layer.wrt
    }


def push(jacobian: np.ndarray, tangent: np.ndarray) -> np.ndarray:
    """Sum over the input of a Jacobian times a tangent."""
    lead = jacobian.ndim - tangent.ndim
    total = np.full(jacobian.shape[:lead], MP.mpf(0), object)
    for place in np.ndindex(tangent.shape):
        total = total + jacobian[(..., *place)] * MP.mpf(float(tangent[place]))
    return np.asarray(total, object)
