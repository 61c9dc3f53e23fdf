"""Random definitions by a number, each through every stage, and what goes wrong with them.

    python -m tests.random_layers 0 2000            the definitions of these numbers
    python -m tests.random_layers 17                one of them, made as short as it goes wrong

A definition of a number is the same on every machine. Where one goes wrong it is made shorter for
as long as it goes wrong in the same way.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from time import process_time
from typing import Any

import numpy as np

from pullback.codegen.faults import DEEP
from pullback.codegen.library import quoted
from pullback.codegen.lower.assembly import lower
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.derive.calculus.derivation import Derivation, derive
from pullback.derive.errors import PullbackError
from pullback.derive.proof.proving import prove
from pullback.derive.read.definition import read_definition
from pullback.derive.read.reader import read_layer
from pullback.derive.read.trees import (
    BATCH,
    Apply,
    Equation,
    Iverson,
    Negative,
    Number,
    Operation,
    Ref,
    Tree,
    spell_equation,
    walk,
)
from tests.autodiff import Arrays, Point, text_facts
from tests.definitions import Facts
from tests.places import enlarged
from tests.reference import MP, Exact, jacobians_of, pull
from tests.strategies import AXES, INPUT, SIZE, Maker, Term, group, limited, spread, with_leading

SECONDS = 60  # for all stages of one definition
POINTS = ("numbers", "ties", "numbers", "extremes")  # at which numbers are compared
INFINITE = 1e10  # a complex step gives a power of itself for it
HUGEST = 1e9  # a number on the way that rounding may be measured by
HUGE = (1e3, -1e3, 1e4)  # times one input of an extreme point
LIMIT = 1e-10  # relative to the largest number on the way
# what the generator makes by mistake: axes that no input has, numbers that are too long, and
# layers that have no gradient
MISMADE = (
    "so its size is unknown",
    "may become too long",
    "'s1' is not bound",
    "'s2' is not bound",
    "there is no gradient to derive",
)


GUARDED = (
    *("where({0} > 0, {0} * log({0}), 0)", "where({0} > 0, log({0}), -1)"),
    *("where({0} > 0, sqrt({0}), 0)", "where({0} != 0, sin({0}) / {0}, 1)"),
    *("where({0} >= 0, {0}**(3/2), {0})", "where(abs({0}) > 0.5, 1 / {0}, 2)"),
)
SINGULAR = (
    *("1 / {a}", "log({a})", "sqrt({a})", "({a})**(-2)", "({a})**1.5", "({a})**(1/3)"),
    *("{a} / abs({a})", "log(abs({a}))", "sqrt(({a})**2)", "abs({a})**1.5", "[{a} > 0] * log({a})"),
    *("max(0, {a})**0.5", "log1p({a})", "({a})**({a})", "sqrt(sum({i}, ({b})**2))"),
    *("{a} / sum({i}, {b})", "{a} / max({i}, abs({b}))", "max({i}, {b}) / min({i}, {b})"),
    *("sum({i}, [{b} > 0] * {b}) / sum({i}, [{b} > 0])", "log(sum({i}, [{b} > 0] * {b}))"),
    *("{a} / sqrt(mean({i}, ({b} - 0.25)**2))", "exp(log({a}) - log(sum({i}, {b})))"),
)
LOGISTIC = (
    *("log(sigmoid({0}))", "log(1 + exp({0}))", "log1p(exp({0}))", "log(1 - sigmoid({0}))"),
    *("exp({0}) / (1 + exp({0}))", "1 / (1 + exp(-({0})))", "log(exp({0}) + exp(-({0})))"),
    *("(1 - sigmoid({0}))**2 * log(sigmoid({0}))", "({0}) * tanh(log(1 + exp({0})))"),
    "log(erfc({0}))",
)


NOWHERE = "no point was found where"


class Seeded(Maker):
    """A layer in the making by a number, of all that the language has."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        sizes = self.random.choice(((1, 1), (1, 1), (1, 2), (2, 1), (2, 2), (3, 2)))
        super().__init__(self.no_draw, *sizes)
        self.depth = self.random.choice((1, 1, 2, 2, 3))
        self.facts: list[str] = []
        self.scalar: dict[str, int] = {}  # labels without axes

    def no_draw(self, strategy: Any) -> Any:
        raise AssertionError("drawn by hypothesis")

    def pick(self, values: Any) -> Any:
        return self.random.choice(list(values))

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def shuffled(self, values: list[Any]) -> list[Any]:
        return self.random.sample(values, len(values))

    def count(self) -> int:
        """Few equations: what goes wrong needs more seldom."""
        return int(self.pick((1, 1, 1, 1, 2, 2, 3)))

    def definition(self) -> str:
        """The text of the file."""
        text = self.layer()
        batched = with_leading(text) if not self.facts else None
        text = batched if batched and self.chance(40) else text
        assume = f"assume = [{', '.join(map(quoted, self.facts))}]\n" if self.facts else ""
        return f'{assume}equations = """\n{text}\n"""\n'

    def forms(self) -> list[Callable[..., Term]]:
        more = [self.log_sum, self.prefixes, self.guarded, self.norm, self.entropy, self.logistic]
        return [*super().forms(), *more, self.fraction, self.given, *[self.singular] * 3]

    # -- labels ------------------------------------------------------------------------------------
    def label(self, number: int, scope: tuple[str, ...]) -> str | None:
        """An entry of labels: of axes, of other labels, or one number."""
        kind = self.pick(("axes", "axes", "nested", "scalar"))
        if kind == "scalar" and any(group(a) == number for a in scope):
            name = next((n for n, g in self.scalar.items() if g == number), None)
            name = name or next((n for n in ("s1", "s2") if n not in self.scalar), None)
            if name and self.may_choose():
                self.scalar[name] = number
                return name
        outer = super().label(number, scope)
        if outer is None or kind != "nested" or "perm" in self.groups:
            return outer
        name, _, inner = outer.partition("[")
        first, *others = inner.removesuffix("]").split(", ")
        if first in self.scalar or "[" in inner or not self.may_choose():
            return outer
        self.groups["perm"], self.ranges["perm"] = (group(first),), group(first)
        return f"{name}[{', '.join([f'perm[{first}]', *others])}]"

    def condition(self, scope: tuple[str, ...], depth: int, avoid: str) -> str:
        """Also comparisons of order between axes, and of whole expressions for equality."""
        pairs = [(a, b) for a in scope for b in scope if a != b and group(a) == group(b)]
        if pairs and self.chance(40):
            a, b = self.pick(pairs)
            return f"{a} {self.pick(('<', '<=', '>', '>=', '==', '!='))} {b}"
        if self.chance(10):
            return f"{self.entry(scope).text} {self.pick(('==', '!='))} 0"
        return super().condition(scope, depth, avoid)

    # -- shapes that are found in papers -----------------------------------------------------------
    def inner(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """A part of any form."""
        return self.expression(scope, depth - 1, avoid)

    def bound(self, scope: tuple[str, ...], avoid: str) -> tuple[str, tuple[str, ...]]:
        """One more axis, and the scope with it."""
        (axis,) = self.fresh((*scope, *avoid), 1)
        return axis, (*scope, axis)

    def log_sum(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """The logarithm of a weighted sum of exponentials, or of one more term with it."""
        axis, inside = self.bound(scope, avoid)
        top = self.exponential(self.cover(self.inner(inside, depth, avoid), (axis,), inside))
        low, high, text = top.low, SIZE * top.high, top.text
        if self.chance(40):
            weight = self.positive(self.entry(inside, axis))
            text, low, high = f"{weight.text} * {text}", low * weight.low, high * weight.high
        text = f"sum({axis}, {text})"
        if self.chance(30):
            text, low, high = f"{self.pick(('1', '0.5'))} + {text}", low + 0.5, high + 1
        return Term(f"log({text})", float(np.log(low)), float(np.log(high)))

    def prefixes(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """A sum or a mean over what comes before, or over all others."""
        free = [(a, b) for a in scope for b in AXES[group(a)] if b not in scope and b not in avoid]
        if not free or not self.may_choose():
            return self.reduction(scope, depth, avoid)
        own, other = self.pick(free)
        inside = (*scope, other)
        body = self.cover(self.inner(inside, depth, avoid), (other,), inside)
        mask = f"[{other} {self.pick(('<=', '<', '>', '>=', '!='))} {own}]"
        text = f"sum({other}, {mask} * {body.text})"
        return spread(text, 0.0, SIZE * body.low, SIZE * body.high)

    def guarded(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """A function where it is defined, else a number."""
        if not self.may_choose():
            return self.function(scope, depth, avoid)
        a = self.entry(scope)
        form = self.pick(GUARDED)
        return Term(f"({form.format(a.text)})", -30.0, 30.0)

    def norm(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """The length of a vector, or a vector over it."""
        axis, inside = self.bound(scope, avoid)
        a = self.cover(self.tame(self.entry(inside, axis)), (axis,), inside)
        text = f"sqrt(sum({axis}, ({a.text})**2) + {self.pick(('1', '0.25', '1e-2'))})"
        bound = float(np.sqrt(SIZE * a.size**2 + 1))
        if self.chance(50):
            b = self.inner(scope, depth, avoid)
            return Term(f"({b.text} / {text})", -10 * b.size, 10 * b.size)
        return Term(text, 0.1, bound)

    def entropy(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """A cross-entropy of logits at a label or beside weights, written out."""
        axis, inside = self.bound(scope, avoid)
        free = [b for b in AXES[group(axis)] if b not in inside and b not in avoid]
        if not free:
            return self.reduction(scope, depth, avoid)
        logits = self.cover(self.tame(self.entry(inside, axis)), (axis,), inside)
        other = re.sub(rf"\b{axis}\b", free[0], logits.text)
        total = f"sum({free[0]}, exp({other}))"
        weight = self.entry(inside, axis)
        text = f"sum({axis}, {weight.text} * ({logits.text} - log({total})))"
        return Term(text, -20.0, 20.0)

    def logistic(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """Logarithms of what lies between 0 and 1, and their like."""
        a = self.inner(scope, depth, avoid)
        a = a if a.size <= 20 else self.tame(a)
        form = self.pick(LOGISTIC)
        if "erfc" in form and a.size > 5:
            a = self.tame(a)
        return Term(f"({form.format(a.text)})", -500.0, 30.0)

    def fraction(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """A power that is a fraction or a number of 17 digits, or that is a tensor."""
        base = self.positive(self.inner(scope, depth, avoid))
        base = base if base.high <= 50 else self.positive(self.tame(base))
        kind = self.pick(("1/3", "2/3", "-1/2", "3/2", "0.75", "1.0507009873554805", "a", "a - 1"))
        if "a" in kind:
            self.groups.setdefault("a", ())
        if self.groups.get("a", ()):
            kind = "1/3"
        ends = (p**q for p in (base.low, base.high) for q in (-3.0, 2.0))
        return spread(f"({base.text})**({kind})", *ends)

    def singular(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """What is no number at some inputs, which a proof must stand."""
        axis, inside = self.bound(scope, avoid)
        a = self.pick((self.entry, self.leaf))(scope)
        b = self.cover(self.entry(inside, axis), (axis,), inside)
        form = self.pick(SINGULAR)
        if "[" in form and not self.may_choose():
            form = "{a} / sum({i}, {b})"
        return Term(f"({form.format(a=a.text, b=b.text, i=axis)})", -9.0, 9.0)

    def given(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """Targets that add up to one, beside anything."""
        if self.facts:
            return self.leaf(scope)
        axis, inside = self.bound(scope, avoid)
        first = self.pick(scope) if scope and self.chance(60) else None
        own = (first, axis) if first else (axis,)
        target = f"tt[{', '.join(own)}]"
        self.facts.append(f"sum({axis}, {target}) == 1")
        self.groups["tt"] = tuple(map(group, own))
        self.ranges["tt"] = -1  # no tensor to be taken elsewhere
        body = self.cover(self.inner(inside, depth, avoid), (axis,), inside)
        return Term(f"sum({axis}, {target} * {body.text})", -9 * body.size, 9 * body.size)


def text_of(seed: int) -> str:
    """The definition of a number."""
    return Seeded(seed).definition()


# -- one definition through every stage ------------------------------------------------------------
@dataclass(frozen=True)
class Trouble:
    """What went wrong: the stage, in which way, and the words for it."""

    stage: str
    kind: str
    words: str

    @property
    def late(self) -> bool:
        """Was there only not enough time?"""
        return self.kind == "late" or "takes longer than" in self.words

    @property
    def key(self) -> tuple[str, str]:
        return self.stage, self.kind


class Trial:
    """One definition on its way; what goes wrong in one stage does not hide the next."""

    def __init__(self, source: str, seconds: float) -> None:
        self.source, self.seconds = source, seconds
        self.troubles: list[Trouble] = []
        self.times: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """A stage, whose trouble is taken down."""
        start = process_time()
        try:
            with limited(max(1.0, self.seconds - sum(self.times.values()))):
                yield
        except TimeoutError:
            self.troubles.append(Trouble(name, "late", f"more than {self.seconds} s in all"))
        except PullbackError as error:
            words = str(error).splitlines()[0]
            self.troubles.append(Trouble(name, f"refused: {type(error).__name__}", words))
        except AssertionError as error:
            place = where(error)
            kind = "wrong" if "random_layers" in place else f"AssertionError at {place}"
            self.troubles.append(Trouble(name, kind, " ".join(str(error).split())[:300]))
        except Exception as error:
            kind = f"{type(error).__name__} at {where(error)}"
            self.troubles.append(Trouble(name, kind, " ".join(str(error).split())[:300]))
        self.times[name] = process_time() - start

    def run(self, seed: int, known: Derivation | None = None) -> list[Trouble]:
        """Every stage; the proof comes last, as it takes the longest. What is known is proved."""
        facts, derivation, code = None, None, None
        with self.stage("read"), DEEP:
            layer = read_layer("own", self.source)
            facts = text_facts(read_definition("own", self.source), {}.__getitem__)
        if facts is None or not facts.wrt:
            return self.troubles
        with self.stage("derive"), DEEP:
            derivation = known or derive(layer)
        if derivation is None:
            return self.troubles
        with self.stage("emit"), DEEP:
            code = loaded(module(derivation, lower(derivation)), layer)
        for i, kind in enumerate(POINTS if code else ()):
            with self.stage(kind):
                compare(code, facts, derivation, seed, i)
            if self.troubles:
                break
        if known is None:
            with self.stage("prove"), DEEP:
                prove(derivation)
        return self.troubles


def where(error: BaseException) -> str:
    """The innermost function of ours that an exception went through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if {"derive", "codegen", "tests"} & set(Path(f.filename).parts)]
    last = (ours or frames)[-1]
    return f"{Path(last.filename).stem}.{last.name}"


def troubles_of(source: str, seed: int, seconds: float = SECONDS) -> list[Trouble]:
    """What goes wrong with a definition; what the generator made by mistake is nothing."""
    troubles = Trial(source, seconds).run(seed)
    if any(t.stage == "prove" and NOWHERE in t.words for t in troubles):
        return []  # what is real nowhere is refused before it is emitted
    if any(t.stage in ("read", "derive") and any(w in t.words for w in MISMADE) for t in troubles):
        return []
    return troubles


# -- numbers ---------------------------------------------------------------------------------------
def draw(facts: Facts, rng: np.random.Generator, kind: str) -> dict[str, Any]:
    """Inputs between -2 and 2; with ties, eighths and zeros; at extremes one of them is huge."""
    roots = [a for axes in facts.axes.values() for a in axes] + list(facts.labels.values())
    sizes = {root: int(rng.integers(1, SIZE + 1)) for root in dict.fromkeys(roots)}
    sizes = enlarged(facts, sizes)
    inputs = {}
    for name, axes in facts.axes.items():
        shape = tuple(sizes[a] for a in axes)
        if name in facts.labels:
            value = rng.integers(sizes[facts.labels[name]], size=shape)
        elif kind == "ties":
            value = rng.integers(-8, 9, size=shape) / 8 * (rng.random(shape) < 0.6)
        else:
            value = rng.uniform(-INPUT, INPUT, size=shape)
        inputs[name] = np.asarray(value)
    if kind == "extremes":
        inputs[facts.wrt[rng.integers(len(facts.wrt))]] *= rng.choice(HUGE)
    for fact in facts.assume:  # each says that a last axis adds up to one
        target = next(p for p in walk(fact.left) if isinstance(p, Ref) and p.indices)
        inputs[target.name] += (1 - inputs[target.name].sum(-1, keepdims=True)) / (
            inputs[target.name].shape[-1]
        )
    return inputs


@dataclass(frozen=True)
class Expected:
    """What an independent reckoning gives at one point."""

    output: np.ndarray
    gradients: list[np.ndarray]
    tangent: np.ndarray
    scale: float


def by_autodiff(facts: Facts, inputs: dict[str, Any], g: Any, tangents: Any) -> Expected:
    """By autograd, in float64."""
    with np.errstate(all="ignore"):
        arrays, point = Arrays(facts, inputs), Point(facts, inputs)
        output = np.asarray(arrays.output())
        gradients = [np.asarray(v) for v in point.gradients(g)]
        return Expected(output, gradients, np.asarray(point.jvp(tangents)), arrays.largest)


class Real(Exact):
    """An evaluation that ends where a number is not real: NumPy would go on with NaN.

    A product with an indicator that is 0 is 0, whatever the rest is.
    """

    def apply(self, op: str, *args: Any) -> Any:
        value = super().apply(op, *args)
        if MP.im(value) != 0 or not MP.isfinite(value):
            raise ValueError(f"{op} gives {value}")
        return value

    def build(self, tree: Tree, at: dict[str, int]) -> Any:
        if isinstance(tree, Operation) and tree.op == "*":
            for side in (tree.left, tree.right):
                if has_indicator(side) and self.build(side, at) == 0:
                    return self.number(0)
        if isinstance(tree, Operation) and tree.op == "**":
            moves = any(isinstance(part, Ref) for part in walk(tree.right))
            if moves and self.build(tree.left, at) <= 0:
                raise ValueError("no slope by the exponent of what is not positive")
        return super().build(tree, at)


def has_indicator(tree: Tree) -> bool:
    """Is it an indicator, or a product with one?"""
    if isinstance(tree, Operation) and tree.op == "*":
        return has_indicator(tree.left) or has_indicator(tree.right)
    return isinstance(tree, Iverson)


def real_output(facts: Facts, inputs: dict[str, Any]) -> np.ndarray | None:
    """The output at 60 digits; None where what leads to it is no real number."""
    try:
        return Real(facts, inputs).output()
    except (ZeroDivisionError, ValueError):
        return None


def by_steps(
    facts: Facts, inputs: dict[str, Any], g: Any, tangents: Any, scale: float
) -> Expected | None:
    """By complex steps at 60 digits; None where the output is no real number."""
    output = real_output(facts, inputs)
    if output is None:
        return None
    try:
        slopes, back = (jacobians_of(facts, inputs, sign) for sign in (1, -1))
    except (ZeroDivisionError, ValueError):
        return None
    gradients = [pull(slopes[w], g) for w in facts.wrt]
    moved = np.zeros(output.shape, object)
    for wanted, tangent in zip(facts.wrt, tangents, strict=True):
        for at in np.ndindex(tangent.shape):
            moved = moved + slopes[wanted][(..., *at)] * MP.mpf(float(tangent[at]))
    pairs = [p for w in facts.wrt for p in zip(slopes[w].flat, back[w].flat, strict=True)]
    if any(abs(a - b) > 1e-20 for a, b in pairs):
        return None  # a kink that no rule speaks of, such as that of sqrt(x**2)
    plain = [np.vectorize(real, [float])(v) for v in (output, *gradients, moved)]
    return Expected(plain[0], plain[1:-1], plain[-1], scale if scale < HUGEST else 1.0)


def real(value: Any) -> float:
    """The nearest float."""
    return float(MP.mpf(MP.re(value)))


def finite(expected: Expected) -> bool:
    """Is every number one? A complex step makes a huge one of a slope that is infinite."""
    slopes = (*expected.gradients, expected.tangent)
    return bool(np.isfinite(expected.output).all()) and all(
        bool(
            (np.abs(v) < max(INFINITE, expected.scale**2 if expected.scale < HUGEST else 0.0)).all()
        )
        for v in slopes
    )


def compare(code: Any, facts: Facts, derivation: Derivation, seed: int, number: int) -> None:
    """A module beside autograd at one point, or beside complex steps where that has no answer."""
    rng = np.random.default_rng([seed, number])
    inputs = draw(facts, rng, POINTS[number])
    sizes = Exact(facts, inputs).sizes
    shape = tuple(sizes[a] for a in facts.out_axes())
    g = np.asarray(rng.normal(size=shape))
    wanted = [t.name for t in derivation.layer.inputs if t.name in derivation.layer.wrt]
    tangents = [np.asarray(rng.normal(size=np.shape(inputs[w]))) for w in wanted]
    assert wanted == list(derivation.layer.wrt)
    if real_output(facts, inputs) is None:
        return
    facts = facts if tuple(wanted) == facts.wrt else replace_wrt(facts, tuple(wanted))
    expected = by_autodiff(facts, inputs, g, tangents)
    if not finite(expected) or POINTS[number] == "extremes" or not np.isfinite(expected.scale):
        expected = by_steps(facts, inputs, g, tangents, expected.scale)
    if expected is None or not finite(expected):
        return
    check(code, facts, inputs, (g, tangents), expected)


def replace_wrt(facts: Facts, wrt: tuple[str, ...]) -> Facts:
    """The facts with gradients by these inputs alone: no assumption holds them."""
    return replace(facts, wrt=wrt)


def check(code: Any, facts: Facts, inputs: Any, directions: Any, expected: Expected) -> None:
    """Forward, backward, jvp and value; arrays with leading axes have two, the second of one."""
    g, tangents = directions

    def split(value: Any, axes: tuple[str, ...]) -> Any:
        shape = np.shape(value)
        return np.reshape(value, (shape[0], 1, *shape[1:])) if BATCH in axes else value

    def close(what: str, ours: Any, theirs: Any) -> None:
        assert np.shape(ours) == np.shape(theirs), f"{what}: shape {np.shape(ours)}"
        scale = max(1.0, expected.scale) * np.abs(theirs).max(initial=1.0)
        error = np.abs(np.asarray(ours, float) - theirs)
        bad = ~(error <= LIMIT * scale)  # NaN is bad too
        first = np.asarray(ours)[bad][:1], np.asarray(theirs)[bad][:1]
        assert not bad.any(), f"{what}: {first[0]} and not {first[1]} at {inputs}"

    out_axes = facts.out_axes()
    given = {n: split(v, facts.axes[n]) for n, v in inputs.items()}
    along = tuple(split(t, facts.axes[w]) for t, w in zip(tangents, facts.wrt, strict=True))
    warned: list[str] = []
    with np.errstate(
        divide="call", over="call", invalid="call", call=lambda w, _: warned.append(w)
    ):
        output, kept = code.forward(**given)
        close("output", output, split(expected.output, out_axes))
        close("value", code.value(**given), split(expected.output, out_axes))
        gradients = code.backward(split(g, out_axes), kept)
        for name, ours, theirs in zip(facts.wrt, gradients, expected.gradients, strict=True):
            close(f"d{name}", ours, split(theirs, facts.axes[name]))
        close(
            "tangent", code.jvp(tuple(given.values()), along)[1], split(expected.tangent, out_axes)
        )


# -- shorter ---------------------------------------------------------------------------------------
def shorter(
    source: str, seed: int, key: tuple[str, str], seconds: float = 20.0, tries: int = 150
) -> str:
    """The definition made smaller, part by part, while the same thing goes wrong."""
    definition = read_definition("own", source)
    equations, assume = definition.equations, source.partition("equations")[0]
    small = True
    while small and tries > 0:
        small = False
        for candidate in smaller(equations):
            tries -= 1
            text = with_equations(candidate, assume)
            if tries <= 0:
                break
            try:
                found = troubles_of(text, seed, seconds)
            except Exception:
                continue
            if key in [t.key for t in found]:
                equations, small = candidate, True
                break
    return with_equations(equations, assume)


def with_equations(equations: tuple[Equation, ...], assume: str) -> str:
    """A file with these equations, and its assumptions where they still speak of something."""
    text = "\n".join(map(spell_equation, equations))
    keep = assume if "tt[" in text else ""
    return f'{keep}equations = """\n{text}\n"""\n'


def smaller(equations: tuple[Equation, ...]) -> Iterator[tuple[Equation, ...]]:
    """Definitions with one part less; the largest cuts come first."""
    for i in range(len(equations)):
        rest = equations[:i] + equations[i + 1 :]
        if rest and not rest[-1].notation:
            yield rest
    for i, equation in enumerate(equations):
        for right in simpler(equation.right):
            yield (*equations[:i], replace(equation, right=right), *equations[i + 1 :])
    for i, equation in enumerate(equations):
        for axis in equation.axes or ():
            axes = tuple(a for a in equation.axes or () if a != axis)
            yield (*equations[:i], replace(equation, axes=axes or None), *equations[i + 1 :])


def simpler(tree: Tree) -> Iterator[Tree]:
    """Trees with one part in the place of a larger one."""
    if isinstance(tree, Ref | Number):
        return
    one = Number("1", tree.place)
    match tree:
        case Operation(_, left, right, _):
            yield from (left, right)
            yield from (replace(tree, left=t) for t in simpler(left))
            yield from (replace(tree, right=t) for t in simpler(right))
        case Negative(operand, _):
            yield operand
            yield from (replace(tree, operand=t) for t in simpler(operand))
        case Iverson(comparison, _):
            yield one
            if isinstance(comparison, Operation):
                for t in simpler(comparison):
                    if isinstance(t, Operation):
                        yield replace(tree, comparison=t)
        case Apply(_, args, _):
            yield from (a for a in args if not isinstance(a, Ref) or a.indices is not None)
            yield one
            for i, argument in enumerate(args):
                for t in simpler(argument):
                    yield replace(tree, args=(*args[:i], t, *args[i + 1 :]))


# -- many ------------------------------------------------------------------------------------------
def main(first: int, last: int, seconds: float = 20.0) -> None:
    """Try the definitions of these numbers, and show what goes wrong with each."""
    for seed in range(first, last):
        source = text_of(seed)
        start = process_time()
        troubles = troubles_of(source, seed, seconds)
        words = "; ".join(f"{t.stage}: {t.kind}: {t.words}" for t in troubles) or "right"
        print(f"{seed}\t{process_time() - start:.1f} s\t{words}", flush=True)


if __name__ == "__main__":
    numbers = [int(n) for n in sys.argv[1:]]
    if len(numbers) == 1:
        text = text_of(numbers[0])
        print(text)
        for trouble in troubles_of(text, numbers[0]):
            print(trouble, shorter(text, numbers[0], trouble.key, 20.0), sep="\n")
    else:
        main(*numbers)
