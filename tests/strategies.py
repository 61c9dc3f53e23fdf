"""Random layers as text that are well-formed, and modest in every value, by how they are made.

Each expression carries bounds on its values, the inputs lying between -2 and 2 and sizes between 1
and 3: logarithms, roots and denominators are made of what is positive, exponentials of what is
small, and what grows is passed through a function that is bounded.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from hypothesis import strategies as st

from pullback.derive.errors import DefinitionError
from pullback.derive.read.reader import read_equations
from pullback.derive.read.trees import BATCH

AXES = ("nmq", "kjl", "die")  # names of axes; those of one group often have one size
SIZE = 3  # of an axis, at most
INPUT = 2.0  # largest entry of an input
LARGE = 1e3  # no expression grows beyond
TENSORS = ("x", "w", "b", "A", "K", "S", "t", "E", "Q", "N", "beta", "g")
SCALARS = ("a", "lamda", "r")
LABELS = ("y", "c")
NODES = ("u", "v", "h", "z")
NUMBERS = ("2", "0.5", "1", "3", "1e-1", ".25", "0", "-1", "1.5")


@dataclass(frozen=True)
class Term:
    """The text of an expression, in brackets where it needs them, with bounds on its values."""

    text: str
    low: float
    high: float

    @property
    def size(self) -> float:
        """The largest magnitude."""
        return max(abs(self.low), abs(self.high))


def spread(text: str, *values: float) -> Term:
    """A term whose values lie between the least and the greatest of these."""
    return Term(text, min(values), max(values))


def monotone(name: str, function: Callable[[float], float]) -> Callable[[Term], Term]:
    """A function that only grows, on terms."""
    return lambda e: spread(f"{name}({e.text})", float(function(e.low)), float(function(e.high)))


def group(axis: str) -> int:
    """The group of an axis name."""
    return next(i for i, names in enumerate(AXES) if axis in names)


def mentions(text: str, name: str) -> bool:
    """Does a name stand in a text?"""
    return re.search(rf"\b{name}\b", text) is not None


class Maker:
    """One layer in the making; `draw` takes from hypothesis."""

    def __init__(self, draw: Callable[[Any], Any], parts: int, choices: int) -> None:
        self.draw = draw
        self.parts = parts  # of one equation, more or less
        self.choices = choices  # by data: labels, comparisons, extremes; a proof takes every case
        self.groups: dict[str, tuple[int, ...]] = {}  # of every tensor's axes
        self.nodes: dict[str, Term] = {}
        self.ranges: dict[str, int] = {}  # of labels
        self.budget = 0
        self.depth = 3  # of forms within forms

    def pick(self, values: Iterable[Any]) -> Any:
        """One of these."""
        return self.draw(st.sampled_from(list(values)))

    def chance(self, percent: int) -> bool:
        """Yes, so many times in a hundred."""
        return self.draw(st.integers(0, 99)) >= 100 - percent

    def shuffled(self, values: list[Any]) -> list[Any]:
        """These in any order."""
        return self.draw(st.permutations(values))

    def count(self) -> int:
        """How many equations there are."""
        return self.pick((1, 1, 1, 2, 2, 2, 3, 4))

    def layer(self) -> str:
        """All equations."""
        count = self.count()
        return "\n".join(self.equation(NODES[i], i == count - 1) for i in range(count))

    def equation(self, name: str, last: bool) -> str:
        """One equation, whose name may be used from then on."""
        self.budget = self.parts
        axes = self.fresh((), self.pick((0, 1, 2, 2, 3)))
        term = self.expression(axes, self.depth)
        if self.nodes and not any(mentions(term.text, n) for n in self.nodes):
            term = self.plus(term, self.known_node(axes))
        term = self.cover(term, axes, axes)
        left = f"{name}[{', '.join(axes)}]" if axes else name
        sign = "=" if last or self.chance(60) else ":="
        self.groups[name] = tuple(map(group, axes))
        self.nodes[name] = term
        text = term.text
        if text.startswith("(") and text.find(")") == len(text) - 1:
            text = text[1:-1]  # no brackets around the whole, where these are a pair
        return f"{left} {sign} {text}"

    def fresh(self, taken: Iterable[str], count: int) -> tuple[str, ...]:
        """So many axes that are not taken, seldom two of one group."""
        found: list[str] = []
        for _ in range(count):
            free = [n for names in AXES for n in names if n not in taken and n not in found]
            groups = {group(n) for n in found}
            if not self.chance(20):
                free = [n for n in free if group(n) not in groups] or free
            firsts = {group(n): n for n in reversed(free)}
            found.append(self.pick(firsts[g] for g in sorted(firsts)))
        return tuple(found)

    def tensors(self) -> list[tuple[str, tuple[int, ...]]]:
        """The tensors of real numbers with the groups of their axes."""
        return [(n, groups) for n, groups in self.groups.items() if n not in self.ranges]

    def known_node(self, scope: tuple[str, ...]) -> Term:
        """The node before, summed over the axes that are not there."""
        name, known = list(self.nodes.items())[-1]
        free = [g for g in self.groups[name] if g not in map(group, scope)]
        axes: list[str] = []
        for number in dict.fromkeys(free):
            axes += [n for n in AXES[number] if n not in scope][:1]
        inside = (*scope, *axes)
        places = [self.pick(a for a in inside if group(a) == g) for g in self.groups[name]]
        text = f"{name}[{', '.join(places)}]" if places else name
        if not axes:
            return Term(text, known.low, known.high)
        return Term(f"mean({', '.join(axes)}, {text})", known.low, known.high)

    def may_choose(self) -> bool:
        """Is one more choice by data allowed? It is then taken."""
        self.choices -= 1
        return self.choices >= 0

    # -- tensors -----------------------------------------------------------------------------------
    def entry(self, scope: tuple[str, ...], must: str | None = None) -> Term:
        """An entry of a tensor, old or new, that stands at an axis which it must have."""
        wanted = None if must is None else group(must)
        inside = {group(a) for a in scope}
        old = [
            name
            for name, groups in reversed(self.tensors())
            if set(groups) <= inside
            if wanted is None or wanted in groups
        ]
        fresh = self.pick((False, True)) if old else True
        name = self.new_tensor(scope, must) if fresh else self.pick(old)
        groups = self.groups[name]
        forced = self.pick([i for i, g in enumerate(groups) if g == wanted]) if must else -1
        places = [must if i == forced else self.place(g, scope) for i, g in enumerate(groups)]
        text = f"{name}[{', '.join(places)}]" if places else name
        known = self.nodes.get(name, Term("", -INPUT, INPUT))
        return Term(text, known.low, known.high)

    def new_tensor(self, scope: tuple[str, ...], must: str | None) -> str:
        """A new input, or an old one where every name is taken."""
        rank = self.pick((1, 2, 2, 3)) if must or (scope and self.chance(85)) else 0
        names = [n for n in (TENSORS if rank else SCALARS) if n not in self.groups]
        groups = [group(must)] if must else []
        while len(groups) < rank:
            other = [a for a in scope if group(a) not in groups]
            groups.append(group(self.pick(other if other and self.chance(70) else scope)))
        if not names:
            names = [n for n in SCALARS if not self.groups.get(n)]
            groups = []
        if not names or (must and not groups):
            names, groups = ["beta2"], [group(must)] if must else []
        name = self.pick(names[:3])
        self.groups.setdefault(name, tuple(self.shuffled(groups)))
        return name

    def place(self, number: int, scope: tuple[str, ...]) -> str:
        """What stands at an index of a group: an axis, now and then a label."""
        if self.chance(12):
            label = self.label(number, scope)
            if label is not None:
                return label
        return self.pick(a for a in scope if group(a) == number)

    def label(self, number: int, scope: tuple[str, ...]) -> str | None:
        """An entry of an integer tensor whose values lie on an axis of a group."""
        if not self.may_choose():
            return None
        for name in LABELS:
            if name not in self.groups and scope:
                count = min(len(scope), self.pick((1, 1, 2)))
                self.groups[name] = tuple(group(self.pick(scope)) for _ in range(count))
                self.ranges[name] = number
            if self.ranges.get(name) == number:
                near = [[a for a in scope if group(a) == g] for g in self.groups[name]]
                if all(near):
                    return f"{name}[{', '.join(map(self.pick, near))}]"
        return None

    def cover(self, term: Term, axes: Iterable[str], scope: tuple[str, ...]) -> Term:
        """A term in which each of these axes stands."""
        for axis in axes:
            if not mentions(term.text, axis):
                other = self.entry(scope, axis)
                term = self.times(term, other) if self.chance(50) else self.plus(term, other)
        return term

    # -- expressions -------------------------------------------------------------------------------
    def expression(self, scope: tuple[str, ...], depth: int, avoid: str = "") -> Term:
        """Any expression; names in `avoid` are not bound in it."""
        self.budget -= 1
        if depth == 0 or self.budget < 0:
            return self.leaf(scope)
        term = self.pick(self.forms())(scope, depth, avoid)
        return self.tame(term) if term.size > LARGE else term

    def forms(self) -> list[Callable[..., Term]]:
        """What an expression may be, each as often as it stands here."""
        return [
            *[self.leaf, self.sum, self.product, self.quotient, self.power, self.function] * 2,
            *[self.pair, self.where, self.indicator, self.reduction, self.reduction],
            *[self.reduction, self.softmax, self.swapped, self.picked, self.contraction],
        ]

    def leaf(self, scope: tuple[str, ...], depth: int = 0, avoid: str = "") -> Term:
        """A tensor's entry, seldom a number or a size."""
        kind = self.pick(("entry",) * 8 + ("number", "size"))
        if kind == "number":
            text = self.pick(NUMBERS)
            return spread(f"({text})" if text.startswith("-") else text, float(text))
        if kind == "size" and scope:
            axis = self.pick(scope)
            capital = axis.upper() not in TENSORS and self.chance(50)
            return Term(axis.upper() if capital else f"size({axis})", 1, SIZE)
        return self.entry(scope, self.pick(scope) if scope and self.chance(70) else None)

    def plus(self, a: Term, b: Term) -> Term:
        """a + b."""
        return Term(f"({a.text} + {b.text})", a.low + b.low, a.high + b.high)

    def times(self, a: Term, b: Term) -> Term:
        """a * b."""
        ends = (p * q for p, q in product((a.low, a.high), (b.low, b.high)))
        return spread(f"{a.text} * {b.text}", *ends)

    def sum(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """A sum or a difference."""
        a, b = (self.expression(scope, depth - 1, avoid) for _ in "ab")
        if self.chance(50):
            return self.plus(a, b)
        return Term(f"({a.text} - {b.text})", a.low - b.high, a.high - b.low)

    def product(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """A product of up to four factors."""
        term = self.expression(scope, depth - 1, avoid)
        for _ in range(self.pick((1, 1, 2, 3))):
            term = self.times(term, self.expression(scope, depth - 2 if depth > 1 else 0, avoid))
        return Term(f"({term.text})", term.low, term.high)

    def quotient(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """A quotient whose denominator stays away from zero."""
        a = self.expression(scope, depth - 1, avoid)
        b = self.positive(self.expression(scope, depth - 1, avoid))
        ends = (p / q for p, q in product((a.low, a.high), (b.low, b.high)))
        return spread(f"({a.text} / {b.text})", *ends)

    def power(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """A whole power of anything, or any power of what is positive."""
        base = self.expression(scope, depth - 1, avoid)
        if self.chance(65):
            whole = self.pick((2, 3, 2, 4, 1, 0))
            ends = [base.low**whole, base.high**whole]
            return spread(f"({base.text})**{whole}", *ends, *([0.0] if whole else []))
        base = self.positive(base)
        if base.high > 50:
            base = self.positive(self.tame(base))
        if self.chance(70):
            text = self.pick(("0.5", "-0.5", "1.5", "-1", "-2", "-3"))
            exponent = spread(text, float(text))
        else:
            exponent = self.tame(self.expression(scope, depth - 1, avoid))
        ends = (p**q for p, q in product((base.low, base.high), (exponent.low, exponent.high)))
        return spread(f"({base.text})**({exponent.text})", *ends)

    def function(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """A function of one value."""
        name = self.pick(("exp", "tanh", "log", "sqrt", "sigmoid", "sin", "cos", "abs", "log1p",
                          "expm1", "erf", "erfc", "-"))  # fmt: skip
        inner = self.expression(scope, depth - 1, avoid)
        if name in ("exp", "expm1"):
            return self.exponential(inner, name)
        if name in ("log", "sqrt"):
            return monotone(name, getattr(np, name))(self.positive(inner))
        if name == "log1p":
            return monotone(name, np.log1p)(inner if inner.low > -0.8 else self.positive(inner))
        if name == "abs" and self.may_choose():
            return spread(f"abs({inner.text})", 0.0, inner.size)
        if name == "-":
            return Term(f"(-{inner.text})", -inner.high, -inner.low)
        if name == "abs":
            return inner
        return Term(f"{name}({inner.text})", 0.0 if name in ("sigmoid", "erfc") else -1.0, 2.0)

    def exponential(self, inner: Term, name: str = "exp") -> Term:
        """exp of what is small."""
        return monotone(name, getattr(np, name))(inner if inner.size <= 3 else self.tame(inner))

    def pair(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """The larger or the smaller of two."""
        if not self.may_choose():
            return self.sum(scope, depth, avoid)
        a, b = (self.expression(scope, depth - 1, avoid) for _ in "ab")
        a = self.pick((a, Term("0", 0, 0), Term("0.3", 0.3, 0.3)))
        name = self.pick(("max", "min"))
        best = max if name == "max" else min
        return Term(f"{name}({a.text}, {b.text})", best(a.low, b.low), best(a.high, b.high))

    def condition(self, scope: tuple[str, ...], depth: int, avoid: str) -> str:
        """A comparison of values, of axes, or of an axis and a label."""
        kind = self.pick(("values", "values", "axes", "label"))
        if kind == "axes" and len(scope) > 1:
            a = self.pick(scope)
            b = [n for n in scope if n != a and group(n) == group(a)]
            if b:
                return f"{a} {self.pick(('==', '!='))} {self.pick(b)}"
        if kind == "label" and scope:
            axis = self.pick(scope)
            label = self.label(group(axis), scope)
            if label is not None:
                return f"{axis} {self.pick(('==', '==', '!='))} {label}"
        a = self.expression(scope, depth - 1, avoid)
        b = self.expression(scope, 0, avoid) if self.chance(50) else Term("0.25", 0.25, 0.25)
        return f"{a.text} {self.pick(('>', '>=', '<', '<='))} {b.text}"

    def where(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """One of two by a condition."""
        if not self.may_choose():
            return self.quotient(scope, depth, avoid)
        condition = self.condition(scope, depth, avoid)
        a, b = (self.expression(scope, depth - 1, avoid) for _ in "ab")
        return spread(f"where({condition}, {a.text}, {b.text})", a.low, a.high, b.low, b.high)

    def indicator(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """Something where a condition holds, else nothing."""
        if not self.may_choose():
            return self.product(scope, depth, avoid)
        term = self.expression(scope, depth - 1, avoid)
        text = f"([{self.condition(scope, depth, avoid)}] * {term.text})"
        return spread(text, term.low, term.high, 0.0)

    def reduction(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """A sum, a mean, the largest or the smallest over one to three axes."""
        name = self.pick(("sum", "sum", "mean", "max", "min"))
        if name in ("max", "min") and not self.may_choose():
            name = "sum"
        axes = self.fresh((*scope, *avoid), self.pick((1, 1, 2, 3)))
        inside = (*scope, *axes)
        body = self.cover(self.expression(inside, depth - 1, avoid), axes, inside)
        text = f"{name}({', '.join(axes)}, {body.text})"
        count = SIZE ** len(axes) if name == "sum" else 1
        return spread(text, body.low, body.high, count * body.low, count * body.high)

    def contraction(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """A sum of a product of entries, as in a product of matrices."""
        axes = self.fresh((*scope, *avoid), self.pick((1, 1, 2)))
        inside = (*scope, *axes)
        term = self.entry(inside, axes[0])
        for _ in range(self.pick((1, 1, 2))):
            term = self.times(term, self.entry(inside, axes[-1]))
        term = self.cover(Term(term.text, term.low, term.high), axes, inside)
        count = SIZE ** len(axes)
        return spread(f"sum({', '.join(axes)}, {term.text})", count * term.low, count * term.high)

    def softmax(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """exp over the sum of exp, or the logarithm of that sum."""
        free = [(a, b) for a in scope for b in AXES[group(a)] if b not in scope and b not in avoid]
        if not free:
            return self.reduction(scope, depth, avoid)
        own, bound = self.pick(free)
        body = self.cover(self.expression(scope, depth - 1, avoid + bound), (own,), scope)
        top = self.exponential(body)
        below = re.sub(rf"\b{own}\b", bound, top.text)
        if self.chance(35):
            total = f"log(sum({bound}, {below}))"
            return Term(total, float(np.log(top.low)), float(np.log(SIZE * top.high)))
        return Term(f"({top.text} / sum({bound}, {below}))", 0.0, 1.0)

    def swapped(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """One tensor with its indices swapped, or one index twice."""
        name = next((n for n, g in self.tensors() if len(g) == 2 and g[0] == g[1]), None)
        a = self.pick(scope) if scope and self.chance(70) else None
        number = self.groups[name][0] if name else group(a) if a else self.pick((0, 1, 2))
        if name is None:
            name = next((n for n in TENSORS if n not in self.groups), "")
            if not name:
                return self.leaf(scope)
            self.groups[name] = (number, number)
        known = self.nodes.get(name, Term("", -INPUT, INPUT))
        inside = [n for n in scope if group(n) == number]
        free = [n for n in AXES[number] if n not in scope and n not in avoid]
        if not inside and not free:
            return self.leaf(scope)
        if len(inside) >= 2 and self.chance(60):
            i, j = inside[:2]
            one = Term(f"{name}[{i}, {j}]", known.low, known.high)
            other = Term(f"{name}[{j}, {i}]", known.low, known.high)
            return self.plus(one, other) if self.chance(50) else self.times(one, other)
        if inside and (not free or self.chance(50)):
            return Term(f"{name}[{inside[0]}, {inside[0]}]", known.low, known.high)
        i = free[0]
        one = Term(f"{name}[{i}, {i}]", known.low, known.high)
        return spread(f"sum({i}, {one.text})", SIZE * one.low, SIZE * one.high)

    def picked(self, scope: tuple[str, ...], depth: int, avoid: str) -> Term:
        """Rows taken by a label, or added up by one."""
        number = self.pick((0, 1, 2))
        axes = self.fresh((*scope, *avoid), 1)
        inside = (*scope, *axes)
        label = self.label(number, inside)
        if label is None:
            return self.reduction(scope, depth, avoid)
        near = [a for a in inside if group(a) == number]
        body = self.expression(inside, depth - 1, avoid)
        if near and self.chance(50):
            body = spread(f"[{self.pick(near)} == {label}] * {body.text}", body.low, body.high, 0.0)
        else:
            body = self.times(body, self.gathered(number, label, inside))
        body = self.cover(body, axes, inside)
        return spread(f"sum({axes[0]}, {body.text})", SIZE * body.low, SIZE * body.high)

    def gathered(self, number: int, label: str, scope: tuple[str, ...]) -> Term:
        """An entry with a label in one place."""
        inside = {group(a) for a in scope} | {number}
        old = [n for n, groups in self.tensors() if number in groups and set(groups) <= inside]
        name = self.pick(old) if old else next(n for n in (*TENSORS, "beta3"))
        groups = self.groups.setdefault(name, (number,))
        if number not in groups:
            return self.entry(scope)
        at = groups.index(number)
        places = [
            label if i == at or not any(group(a) == g for a in scope) else self.place(g, scope)
            for i, g in enumerate(groups)
        ]
        known = self.nodes.get(name, Term("", -INPUT, INPUT))
        return Term(f"{name}[{', '.join(places)}]", known.low, known.high)

    # -- bounds ------------------------------------------------------------------------------------
    def tame(self, term: Term) -> Term:
        """A term that lies between -1 and 1, made of another one."""
        form = self.pick(("tanh({0})", "sin({0})", "({0} / (1 + ({0})**2))", "erf({0})"))
        return Term(form.format(term.text), -1.0, 1.0)

    def positive(self, term: Term) -> Term:
        """A term above 0.2, made of another one where it is not."""
        if term.low >= 0.2:
            return term
        form = self.pick(("square", "exp", "abs", "sine", "sigmoid"))
        if form == "square":
            return Term(f"(1 + ({term.text})**2)", 1.0, 1 + term.size**2)
        if form == "abs" and self.may_choose():
            return Term(f"(0.5 + abs({term.text}))", 0.5, 0.5 + term.size)
        if form in ("sine", "abs"):
            return Term(f"(2 + sin({term.text}))", 1.0, 3.0)
        if form == "sigmoid":
            return Term(f"(0.3 + sigmoid({term.text}))", 0.3, 1.3)
        found = self.exponential(term)
        return found if found.low >= 0.2 else self.plus(found, Term("0.2", 0.2, 0.2))


@st.composite
def layers(draw: Callable[[Any], Any], parts: int = 4, choices: int = 6) -> str:
    """The text of a layer's equations; in some the axis n is any number of leading axes.

    `parts` is how large an equation becomes, `choices` how many choices by data a layer makes.
    """
    text = Maker(draw, parts, choices).layer()
    batched = with_leading(text)
    return batched if batched and draw(st.integers(0, 3)) == 3 else text


def with_leading(text: str) -> str | None:
    """The text with '...' for the axis n, where that may stand."""
    allowed = re.compile(r"(?<=\[)n(?=[,\]])|(?<=[(, ])n(?=, )|(?<=size\()n(?=\))")
    if not mentions(text, "n") or any(mentions(text, other) for other in "mqNMQ"):
        return None
    found = allowed.sub(BATCH, text)
    inside = re.search(rf"(\[[^\]]*|\]), {re.escape(BATCH)}", found)
    return None if mentions(found, "n") or inside or has_label_of_leading(found) else found


def has_label_of_leading(text: str) -> bool:
    """Does a label stand where elsewhere there are leading axes, which the reader refuses?"""
    try:
        read_equations("own", text)
    except DefinitionError as error:
        return f"'{BATCH}' any number of them" in str(error)
    return False


# -- time ------------------------------------------------------------------------------------------
class Alarm(BaseException):
    """Time is up; not an Exception, so that nothing on the way takes it for its own."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """A block that must end within so many seconds of the processor, or TimeoutError."""

    def stop(number: int, frame: Any) -> None:
        if frame and frame.f_code.co_name == "gc_callback":  # Python drops what is raised there
            signal.setitimer(signal.ITIMER_PROF, 0.01)
        else:
            raise Alarm

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    except Alarm:
        raise TimeoutError(f"more than {seconds} s") from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
