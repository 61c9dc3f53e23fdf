"""SymPy objects to the text of equations, which then goes the way of all text.

Equations are `Eq(left, right)` in order, or a dictionary {left: right}. What stands in them:

| SymPy | text |
| --- | --- |
| `x[n, d]` of an `IndexedBase`, at symbols or `Idx` | `x[n, d]` |
| `Sum(x[n, d], (d, 0, D - 1))`; `Sum(x[n, d], d)` with `d = Idx("d", D)` | `sum(d, x[n, d])` |
| `D` where a sum, an `Idx` or a shape says that it is the size of d | `size(d)` |
| `Piecewise((a, x > 0), (b, True))` | `where(x > 0, a, b)` |
| `asin(x)`, `atan2(y, x)`, `ceiling(x)` and the like | `asin(x)`, `atan2(y, x)`, `ceil(x)` |
| `KroneckerDelta(k, y[n])` | `[k == y[n]]` |
| `Max(a, b, c)` | `max(a, max(b, c))` |

SymPy keeps neither the order of terms nor that of the arguments of `Max`, so the text may have
another: numbers come first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any, cast

import sympy as sp
from sympy import Expr
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

from pullback.derive.index.functions import FUNCTIONS
from pullback.derive.read.sympy_axes import Axes, name_of
from pullback.derive.read.trees import (
    Apply,
    Equation,
    Iverson,
    Negative,
    Number,
    Operation,
    Place,
    Ref,
    Tree,
    spell_equation,
)
from pullback.derive.read.vocabulary import PI
from pullback.derive.read.words import MAX_DIGITS, digits_of

NOWHERE = Place()
WORDS = {
    **{function: word for word, function in FUNCTIONS.items() if isinstance(function, type)},
    sp.Abs: "abs",
    **{kind: kind.__name__ for kind in (sp.tan, sp.asin, sp.acos, sp.atan, sp.atan2)},
    **{kind: kind.__name__ for kind in (sp.sinh, sp.cosh, sp.asinh, sp.acosh, sp.atanh)},
    sp.sign: "sign",
    sp.floor: "floor",
    sp.ceiling: "ceil",
    sp.loggamma: "lgamma",
    sp.digamma: "digamma",
    sp.erfinv: "erfinv",
}


def equations_text(equations: Any) -> str:
    """The text of equations given as SymPy objects, one a line.

    >>> x, w = sp.IndexedBase("x"), sp.IndexedBase("w")
    >>> n, d, D = sp.symbols("n d D", integer=True)
    >>> z = sp.IndexedBase("z")
    >>> equations_text([sp.Eq(z[n], sp.Sum(x[n, d] * w[d], (d, 0, D - 1)) / D)])
    'z[n] = sum(d, w[d] * x[n, d]) / size(d)'

    Raises TypeError for what the language lacks, and ValueError for a name or a number that it
    cannot have and for a sum that does not run over a whole axis.
    """
    pairs = sides(equations)
    axes = Axes()
    for left, right in pairs:
        axes.see(left)
        axes.see(right)
    axes.check()
    writer = Writer(axes)
    return "\n".join(spell_equation(writer.equation(*pair)) for pair in pairs)


def sides(equations: Any) -> list[tuple[Expr, Expr]]:
    """The two sides of each equation."""
    if isinstance(equations, Mapping):
        pairs = list(equations.items())
    else:
        given = [equations] if isinstance(equations, sp.Basic) else equations
        if not isinstance(given, Iterable):
            raise TypeError(f"equations came as {type(given).__name__}; wanted text or SymPy's Eq")
        pairs = []
        for equation in given:
            if not isinstance(equation, sp.Eq):
                raise TypeError(f"an equation came as {equation!r}; wanted SymPy's Eq(left, right)")
            pairs.append(equation.args)
    for left, right in pairs:
        if not isinstance(left, sp.Symbol | sp.Indexed):
            raise TypeError(f"a left side came as {left!r}; wanted z[n, k] or a symbol")
        if isinstance(right, str):  # SymPy would evaluate it
            raise TypeError(f"a right side came as the text {right!r}; wanted a SymPy expression")
    return [(left, sp.sympify(right, strict=True)) for left, right in pairs]


class Writer:
    """Writes SymPy objects as syntax trees."""

    def __init__(self, axes: Axes) -> None:
        self.axes = axes

    def equation(self, left: Expr, right: Expr) -> Equation:
        """One equation."""
        ref = cast(Ref, self.index(left))
        axes = None if ref.indices is None else tuple(map(self.left_axis, ref.indices))
        return Equation(ref.name, axes, False, self.tree(right), NOWHERE)

    def left_axis(self, index: Ref) -> str:
        """An axis on a left side."""
        if index.indices is not None:
            raise ValueError(f"{index.name} on a left side is no axis")
        return index.name

    def tree(self, expr: Any) -> Tree:
        """The tree of an expression."""
        for kind, method in WRITERS:
            if isinstance(expr, kind):
                return method(self, expr)
        word = WORDS.get(type(expr))
        if word is None:
            raise TypeError(self.unknown(expr))
        return Apply(word, tuple(map(self.tree, expr.args)), NOWHERE)

    def unknown(self, expr: Any) -> str:
        """What to say of an object that the language lacks."""
        if isinstance(expr, AppliedUndef):
            return (
                f"{expr}: {expr.func} is not a function; those are {', '.join(sorted(FUNCTIONS))}"
            )
        if isinstance(expr, sp.Heaviside):
            return f"{expr}: SymPy's Heaviside is 1/2 at 0; write Piecewise((1, x > 0), (0, True))"
        return f"{type(expr).__name__} is not part of the language of definitions: {expr}"

    def symbol(self, expr: sp.Symbol) -> Tree:
        """A tensor without axes, or the size of an axis."""
        axis = self.axes.with_size(expr)
        ref = Ref(axis or name_of(expr), None, NOWHERE)
        return Apply("size", (ref,), NOWHERE) if axis else ref

    def index(self, expr: Any) -> Tree:
        """A tensor's entry, an axis or labels."""
        if isinstance(expr, sp.Indexed):
            return Ref(name_of(expr.base), tuple(map(self.place, expr.indices)), NOWHERE)
        return Ref(name_of(expr), None, NOWHERE)

    def place(self, expr: Any) -> Ref:
        """What stands in an index position."""
        if not isinstance(expr, sp.Symbol | sp.Idx | sp.Indexed):
            raise ValueError(f"an index came as {expr}; it must be an axis or a tensor of labels")
        return cast(Ref, self.index(expr))

    def rational(self, expr: sp.Rational) -> Tree:
        """A number as it is."""
        tree = self.number(str(abs(expr.p)))
        if expr.q != 1:
            tree = Operation("/", tree, self.number(str(expr.q)), NOWHERE)
        return Negative(tree, NOWHERE) if expr.is_negative else tree

    def float(self, expr: sp.Float) -> Tree:
        """A number in as few digits as tell it from its neighbours."""
        text = repr(float(abs(expr))) if expr._prec <= 53 else str(abs(expr))
        tree = self.number(text)
        return Negative(tree, NOWHERE) if expr.is_negative else tree

    def pi(self, _: Expr) -> Tree:
        """π, which the language has by its name."""
        return Ref(PI, None, NOWHERE)

    def euler(self, _: Expr) -> Tree:
        """e, which SymPy makes of exp(1)."""
        return Apply("exp", (self.number("1"),), NOWHERE)

    def number(self, text: str) -> Tree:
        """A literal of as many digits as the language takes."""
        _, digits = digits_of(text.partition("e")[0])
        if digits > MAX_DIGITS:
            raise ValueError(f"{text} has more than {MAX_DIGITS} digits; write a Rational")
        return Number(text, NOWHERE)

    def sum_of_terms(self, expr: sp.Add) -> Tree:
        """a + b - c."""

        def add(tree: Tree, term: Expr) -> Tree:
            negative = term.as_coeff_Mul()[0].is_negative
            right = self.tree(-term if negative else term)
            return Operation("-" if negative else "+", tree, right, NOWHERE)

        first, *rest = expr.as_ordered_terms()
        return reduce(add, rest, self.tree(first))

    def product(self, expr: sp.Mul) -> Tree:
        """a * b / c."""
        number, rest = expr.as_coeff_Mul()
        negative, number = number.is_negative, abs(number)
        above, below = [], []
        if number.is_Rational:
            above += [sp.Integer(number.p)] if number.p != 1 else []
            below += [sp.Integer(number.q)] if number.q != 1 else []
        else:
            above.append(number)
        for factor in sp.Mul.make_args(rest):
            base, power = factor.as_base_exp()
            divides = isinstance(factor, sp.Pow) and power.is_Rational and power.is_negative
            (below if divides else above).append(base**-power if divides else factor)
        first, *others = [self.tree(f) for f in above] or [self.number("1")]
        first = Negative(first, NOWHERE) if negative else first
        top = reduce(lambda a, b: Operation("*", a, b, NOWHERE), others, first)
        return reduce(lambda a, f: Operation("/", a, self.tree(f), NOWHERE), below, top)

    def power(self, expr: sp.Pow) -> Tree:
        """A power, a root, or a quotient."""
        base, power = expr.args
        if power.is_Rational and power.is_negative:
            return Operation("/", self.number("1"), self.tree(base**-power), NOWHERE)
        if power == sp.S.Half:
            return Apply("sqrt", (self.tree(base),), NOWHERE)
        return Operation("**", self.tree(base), self.tree(power), NOWHERE)

    def extreme(self, expr: Expr) -> Tree:
        """max or min of two values or more; a number comes first, which wins ties."""
        word = "max" if isinstance(expr, sp.Max) else "min"
        trees = [self.tree(a) for a in sorted(expr.args, key=sp.default_sort_key)]
        return reduce(lambda b, a: Apply(word, (a, b), NOWHERE), reversed(trees))

    def reduction(self, expr: sp.Sum) -> Tree:
        """A sum over whole axes."""
        axes = [Ref(name_of(limits[0]), None, NOWHERE) for limits in expr.limits]
        return Apply("sum", (*axes, self.tree(expr.function)), NOWHERE)

    def cases(self, expr: sp.Piecewise) -> Tree:
        """Cases, the last of which holds everywhere else."""
        *cases, (last, always) = expr.args
        if always != sp.true:
            raise ValueError(f"{expr}: the last case must hold everywhere else: (value, True)")

        def choose(tree: Tree, case: tuple[Any, Any]) -> Tree:
            value, condition = case
            return Apply("where", (self.condition(condition), self.tree(value), tree), NOWHERE)

        return reduce(choose, reversed(cases), self.tree(last))

    def condition(self, expr: Any) -> Tree:
        """A comparison, of indices too."""
        if not isinstance(expr, Relational):
            raise TypeError(f"a condition came as {expr}; it must be one comparison")
        left, right = map(self.comparand, expr.args)
        return Operation(expr.rel_op, left, right, NOWHERE)

    def comparand(self, expr: Any) -> Tree:
        """A side of a comparison: an axis as it is, else a value."""
        is_axis = isinstance(expr, sp.Symbol | sp.Idx) and name_of(expr) in self.axes.names
        return self.index(expr) if is_axis else self.tree(expr)

    def delta(self, expr: sp.KroneckerDelta) -> Tree:
        """The indicator that two indices are equal."""
        if len(expr.args) != 2:
            raise ValueError(f"{expr}: a delta with a range of its own; leave the range out")
        left, right = map(self.place, expr.args)
        return Iverson(Operation("==", left, right, NOWHERE), NOWHERE)


WRITERS: tuple[tuple[type, Callable[[Writer, Any], Tree]], ...] = (
    (sp.Idx, Writer.index),
    (sp.Symbol, Writer.symbol),
    (sp.Indexed, Writer.index),
    (sp.Rational, Writer.rational),
    (sp.Float, Writer.float),
    (sp.core.numbers.Exp1, Writer.euler),
    (sp.core.numbers.Pi, Writer.pi),
    (sp.Add, Writer.sum_of_terms),
    (sp.Mul, Writer.product),
    (sp.Pow, Writer.power),
    (sp.Max, Writer.extreme),
    (sp.Min, Writer.extreme),
    (sp.Sum, Writer.reduction),
    (sp.Piecewise, Writer.cases),
    (sp.KroneckerDelta, Writer.delta),
)
