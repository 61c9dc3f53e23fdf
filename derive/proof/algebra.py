"""What scalars can be worked out in: nodes, numbers at a point, either with slopes beside it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, cast

from pullback.derive.errors import MissingLaw
from pullback.derive.proof import by_name
from pullback.derive.proof.nodes import Node, Number, parts

V = TypeVar("V")
SLOPES = {"exp", "log", "tanh", "erf", "sin", "cos", *by_name.SLOPES}


class Algebra(Protocol[V]):
    """Numbers of some kind, and the decisions that hang on them."""

    def number(self, value: Number) -> V:
        """A rational number."""

    def constant(self, name: str) -> V:
        """A number such as pi; infinities and what is undefined are among them."""

    def entry(self, name: str, places: Sequence[int]) -> V:
        """An entry of an input."""

    def label(self, name: str, places: Sequence[int], size: int) -> int:
        """An entry of an input that holds labels below a size."""

    def add(self, terms: Sequence[V]) -> V:
        """A sum."""

    def mul(self, factors: Sequence[V]) -> V:
        """A product; 0 times anything is 0."""

    def power(self, base: V, exponent: V) -> V:
        """A power."""

    def function(self, name: str, a: V) -> V:
        """One of SLOPES, or another function of which nothing is known."""

    def sign(self, value: V) -> int:
        """-1, 0 or 1."""

    def largest(self, values: Sequence[V]) -> int:
        """The place of the first that is largest."""

    def as_number(self, value: V) -> Number | None:
        """The rational number that a value is, if it is one."""

    def slope_beside(self, value: V, slope: V) -> V:
        """The slope, which nothing has that is no number."""


class Dual(NamedTuple, Generic[V]):
    """A value and its slope."""

    value: V
    slope: V


class Duals(Generic[V]):
    """Values with slopes: how each changes along the entries' tangents.

    The slope of a function at what does not move is 0, whatever the function's own slope is there.
    """

    def __init__(self, inner: Algebra[V], tangent: Any) -> None:
        self.inner = inner
        self.tangent = tangent  # the slope of an entry: a function of its name and places
        self.nothing = inner.number(0)

    def still(self, value: V) -> Dual[V]:
        """A value that does not move."""
        return Dual(value, self.nothing)

    def moves(self, a: Dual[V]) -> bool:
        """Has it a slope other than 0?"""
        return self.inner.as_number(a.slope) != 0

    def number(self, value: Number) -> Dual[V]:
        """A rational number."""
        return self.still(self.inner.number(value))

    def constant(self, name: str) -> Dual[V]:
        """A number such as pi."""
        return self.still(self.inner.constant(name))

    def entry(self, name: str, places: Sequence[int]) -> Dual[V]:
        """An entry of an input."""
        return Dual(self.inner.entry(name, places), self.tangent(name, places))

    def label(self, name: str, places: Sequence[int], size: int) -> int:
        """A label."""
        return self.inner.label(name, places, size)

    def sign(self, value: Dual[V]) -> int:
        """The sign of the value."""
        return self.inner.sign(value.value)

    def largest(self, values: Sequence[Dual[V]]) -> int:
        """The place of the largest value."""
        return self.inner.largest([v.value for v in values])

    def as_number(self, value: Dual[V]) -> Number | None:
        """The rational number that it is, if it does not move."""
        return None if self.moves(value) else self.inner.as_number(value.value)

    def slope_beside(self, value: Dual[V], slope: Dual[V]) -> Dual[V]:
        """The slope, and its own."""
        return Dual(*(self.inner.slope_beside(value.value, part) for part in slope))

    def add(self, terms: Sequence[Dual[V]]) -> Dual[V]:
        """The slopes add up too."""
        value = self.inner.add([t.value for t in terms])
        return Dual(value, self.inner.add([t.slope for t in terms]))

    def mul(self, factors: Sequence[Dual[V]]) -> Dual[V]:
        """The product rule."""
        values = [f.value for f in factors]
        slopes = [
            self.inner.mul([*values[:k], f.slope, *values[k + 1 :]])
            for k, f in enumerate(factors)
            if self.moves(f)
        ]
        return Dual(self.inner.mul(values), self.inner.add(slopes))

    def power(self, base: Dual[V], exponent: Dual[V]) -> Dual[V]:
        """b^e changes by e b^(e - 1) b' + b^e log(b) e'."""
        made = self.inner.power(base.value, exponent.value)
        slopes = []
        if self.moves(base):
            less = self.inner.add([exponent.value, self.inner.number(-1)])
            lower = self.inner.power(base.value, less)
            slopes.append(self.inner.mul([exponent.value, lower, base.slope]))
        if self.moves(exponent):
            log = self.inner.function("log", base.value)
            slopes.append(self.inner.mul([made, log, exponent.slope]))
        return Dual(made, self.inner.add(slopes))

    def function(self, name: str, a: Dual[V]) -> Dual[V]:
        """The chain rule."""
        made = self.inner.function(name, a.value)
        if not self.moves(a):
            return self.still(made)
        return Dual(made, self.inner.mul([self.slope(name, a.value, made), a.slope]))

    def slope(self, name: str, a: V, made: V) -> V:
        """The slope of a function at a, where its value is `made`."""
        inner = self.inner
        if name in by_name.SLOPES:
            return cast(V, by_name.SLOPES[name](inner, a, made))
        if name == "exp":
            return made
        if name == "log":
            return inner.power(a, inner.number(-1))
        if name == "sin":
            return inner.function("cos", a)
        minus = inner.number(-1)
        if name == "cos":
            return inner.mul([minus, inner.function("sin", a)])
        square = inner.mul([minus, a, a])
        if name == "tanh":
            return inner.add([inner.number(1), inner.mul([minus, made, made])])
        if name == "erf":
            root = inner.power(inner.constant("pi"), inner.number(Fraction(-1, 2)))
            return inner.mul([inner.number(2), root, inner.function("exp", square)])
        raise MissingLaw(f"the proof knows no slope of '{name}'")


class Numbers:
    """Numbers of mpmath at one point; `values` holds those of entries and labels.

    Outside of its domain a function's argument is taken without its sign, and counted in
    `faults`: the value has no meaning then, and a search sees whether it comes nearer.
    """

    def __init__(self, context: Any, values: Any, labels: Any = None) -> None:
        self.context, self.values, self.labels = context, values, labels
        self.faults = 0
        self.zero, self.lost = context.mpf(0), context.nan

    def number(self, value: Number) -> Any:
        """A rational number."""
        return self.context.mpf(value.numerator) / value.denominator

    def constant(self, name: str) -> Any:
        """A number such as pi."""
        named = {"pi": self.context.pi, "oo": self.context.inf, "-oo": self.context.ninf}
        return +named[name] if name in named else self.lost

    def entry(self, name: str, places: Sequence[int]) -> Any:
        """An entry of an input."""
        return self.values(name, places)

    def label(self, name: str, places: Sequence[int], size: int) -> int:
        """A label."""
        return int(self.labels(name, places, size))

    def add(self, terms: Sequence[Any]) -> Any:
        """A sum."""
        return sum(terms, self.zero)

    def mul(self, factors: Sequence[Any]) -> Any:
        """A product; 0 times anything is 0."""
        made = self.context.mpf(1)
        for factor in factors:
            if factor == 0:
                return self.zero
            made *= factor
        return made

    def power(self, base: Any, exponent: Any) -> Any:
        """A power; roots are of what is not negative."""
        if base != base or exponent != exponent or abs(exponent) == self.context.inf:
            return self.lost
        if base == 0:
            if exponent < 0:
                self.faults += 1
            return self.lost if exponent < 0 else self.context.mpf(int(exponent == 0))
        whole = exponent == int(exponent)
        if base < 0 and not whole:
            self.faults += 1
            base = -base
        try:
            return base ** (int(exponent) if whole else exponent)
        except OverflowError:
            return self.context.inf

    def function(self, name: str, a: Any) -> Any:
        """A function; exp of what is far too large is no number."""
        if a != a:
            return a
        if name == "log":
            if a < 0:
                self.faults += 1
            return self.context.ninf if a == 0 else self.context.log(abs(a))
        if name in by_name.REAL:
            near = by_name.inside(self.context, name, a)
            self.faults += near != a
            return by_name.REAL[name](self.context, near)
        if name == "exp" and abs(a) > LARGEST:
            return self.zero if a < 0 else self.context.inf
        if abs(a) == self.context.inf:
            far = {"exp": self.context.inf, "tanh": 1, "erf": 1}.get(name, self.lost)
            return far if a > 0 else self.zero if name == "exp" else -far
        if name == "tanh" and abs(a) > LARGEST:
            return self.context.mpf(1 if a > 0 else -1)
        try:
            return getattr(self.context, name)(a)
        except OverflowError:
            return self.context.inf

    def sign(self, value: Any) -> int:
        """The sign; of what is no number 0."""
        return int(value > 0) - int(value < 0)

    def largest(self, values: Sequence[Any]) -> int:
        """The place of the largest."""
        return max(range(len(values)), key=lambda k: (values[k], -k))

    def as_number(self, value: Any) -> Number | None:
        """Of values only 0 and whole numbers are told."""
        return int(value) if abs(value) < LARGEST and value == int(value) else None

    def slope_beside(self, value: Any, slope: Any) -> Any:
        """The slope; of what is no number none."""
        return slope if abs(value) < self.context.inf else self.lost


LARGEST = 10**7  # exponents of which exp is worked out


def fold(node: Node, algebra: Algebra[V], known: dict[Node, V]) -> V:
    """The value of a node in an algebra; `known` holds those of its symbols, and grows."""
    if node not in known:
        args = node.args
        inner = [fold(n, algebra, known) for n in parts(node)]
        if node.kind == "number":
            value = algebra.number(args[0])
        elif node.kind == "sum":
            terms = [
                v if f == 1 else algebra.mul([algebra.number(f), v])
                for v, (_, f) in zip(inner, args[1], strict=True)
            ]
            value = algebra.add([algebra.number(args[0]), *terms])
        elif node.kind == "product":
            value = algebra.mul(
                [
                    v if e == 1 else algebra.power(v, algebra.number(e))
                    for v, (_, e) in zip(inner, args, strict=True)
                ]
            )
        elif node.kind == "power":
            value = algebra.power(*inner)
        elif node.kind == "function":
            value = algebra.function(args[0], inner[0])
        elif node.kind == "constant":
            value = algebra.constant(args[0])
        elif node.kind == "infinity":
            value = algebra.constant("oo" if args[0] > 0 else "-oo")
        else:
            value = algebra.constant("nan")
        known[node] = value
    return known[node]
