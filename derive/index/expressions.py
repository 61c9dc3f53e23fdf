"""Index notation as SymPy objects.

SymPy's own `Sum` loses deltas when a bound index is captured, and two of its sums that differ in
the name of a bound index are not equal. Here a binder renames its bound indices to canonical ones
when it is made, so that nothing outside can be captured and equality is equality up to renaming.

| object | meaning |
| --- | --- |
| `Index(name, size)` | an index that runs over an axis of that size |
| `entry(tensor, indices)` | `x[n, d]`; a tensor without axes is a plain symbol |
| `Sum(body, i, …)`, `Largest(body, i)`, `Smallest(body, i)` | reductions |
| `ArgLargest(body, i)`, `ArgSmallest(body, i)` | the first index where the extreme value stands |
| `Bracket(condition)` | 1 where the condition holds, else 0 |
| `KroneckerDelta` (SymPy) | 1 where two indices are equal, else 0 |
| `Maximum(a, b)`, `Minimum(a, b)`, `Where(condition, a, b)` | with declared values at kinks |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from itertools import count, permutations
from string import ascii_lowercase
from typing import Any, cast

import sympy as sp
from sympy import Expr, KroneckerDelta, Symbol
from sympy.codegen.cfunctions import expm1 as expm1
from sympy.codegen.cfunctions import log1p as log1p
from sympy.core.relational import Relational

from pullback.derive.errors import TooLarge
from pullback.derive.index.canonical import orders

MAX_ROUNDS = 50  # of a law that is applied until nothing changes
MAX_PERMUTED = 3  # indices of one binder whose every order is tried
BOUND = "_"  # names of bound indices start with it; no name in a definition does
FRESH = f"{BOUND}fresh"  # ... and those of open ones with this


class Index(Symbol):
    """An index with the size of its axis; two indices are equal when name and size are."""

    __slots__ = ("size",)
    size: Expr

    def __new__(cls, name: str, size: Expr) -> Index:
        """Make the index `name`, which runs from 0 to size - 1."""
        self = Symbol.__xnew__(cls, name, integer=True, nonnegative=True)
        self.size = size
        return cast(Index, self)

    def __getnewargs_ex__(self) -> tuple[tuple[str, Expr], dict[str, Any]]:
        return (self.name, self.size), {}

    def _hashable_content(self) -> tuple[Any, ...]:
        return (*super()._hashable_content(), self.size)


def size_symbol(name: str) -> Symbol:
    """The size of an axis, a positive integer."""
    return Symbol(name, integer=True, positive=True)


class Indexed(sp.Indexed):
    """An entry of a tensor: where it stands does not change, also at the place of an extreme value.

    SymPy's own slope is NaN by what such a place hangs on. (Its order in sums goes by this name.)
    """

    def _eval_derivative(self, wrt: Expr) -> Expr:
        same = isinstance(wrt, sp.Indexed) and wrt.base == self.base
        return cast(Expr, super()._eval_derivative(wrt)) if same else sp.S.Zero


def entry(name: str, indices: Iterable[Expr] = (), integer: bool = False) -> Expr:
    """The entry of a tensor at these indices; a plain symbol where it has no axes."""
    kind = {"integer": True} if integer else {"real": True}
    indices = tuple(indices)
    if not indices:
        return Symbol(name, **kind)
    return Indexed(sp.IndexedBase(Symbol(name, **kind), **kind), *indices)


def entry_name(atom: Expr) -> str:
    """The name of the tensor of an entry."""
    symbol = atom.base.label if isinstance(atom, sp.Indexed) else atom
    return str(symbol.name)


def entry_indices(atom: Expr) -> tuple[Expr, ...]:
    """The indices of an entry."""
    return tuple(atom.indices) if isinstance(atom, sp.Indexed) else ()


def is_entry(expr: sp.Basic) -> bool:
    """Is it a tensor's entry, or a tensor without axes?"""
    if isinstance(expr, sp.Indexed):
        return True
    return isinstance(expr, Symbol) and not isinstance(expr, Index) and not is_size(expr)


def is_size(expr: sp.Basic) -> bool:
    """Is it the size of an axis?"""
    return isinstance(expr, Symbol) and not isinstance(expr, Index) and bool(expr.is_positive)


@cache
def entries(expr: sp.Basic) -> tuple[Expr, ...]:
    """All entries of tensors in an expression, in a fixed order."""
    bases = {b for i in expr.atoms(sp.Indexed) for b in i.base.free_symbols}
    found = {a for a in expr.atoms(sp.Indexed, Symbol) if is_entry(a) and a not in bases}
    return tuple(sorted(found, key=sp.default_sort_key))


def free_entries(expr: sp.Basic) -> list[Expr]:
    """The entries of an expression that do not stand at an index bound within it."""
    free = set(free_indices(expr))
    return [a for a in entries(expr) if set(free_indices(a)) <= free]


@cache
def free_indices(expr: sp.Basic) -> tuple[Index, ...]:
    """The free indices of an expression, by name."""
    found = (s for s in expr.free_symbols if isinstance(s, Index))
    return tuple(sorted(found, key=lambda s: s.name))


def letters(number: int) -> str:
    """a, b, …, z, za, zb, …"""
    return "z" * (number // 26) + ascii_lowercase[number % 26]


class Binder(Expr):
    """An expression that binds indices: `args` are the body and the canonical bound indices."""

    def __new__(cls, body: Any, *indices: Index) -> Expr:
        """Bind the indices in the body, renaming them to canonical ones."""
        body = sp.sympify(body)
        level = 1 + max((b.level for b in body.atoms(Binder)), default=0)
        names = [f"{BOUND}{level}{letters(i)}" for i in range(len(indices))]
        clash = {s.name for s in free_indices(body) if s not in indices} & set(names)
        if clash:
            raise ValueError(f"an index would be captured: {sorted(clash)}")
        every = permutations(indices) if len(indices) <= MAX_PERMUTED else orders(body, indices)
        candidates = []
        for order in every:
            bound = [Index(name, i.size) for name, i in zip(names, order, strict=True)]
            candidates.append((body.xreplace(dict(zip(order, bound, strict=True))), *bound))
        args = min(candidates, key=lambda c: tuple(map(sp.default_sort_key, c)))
        return cast(Expr, super().__new__(cls, *args))

    @property
    def body(self) -> Expr:
        """The expression under the binder."""
        return cast(Expr, self.args[0])

    @property
    def indices(self) -> tuple[Index, ...]:
        """The bound indices."""
        return cast("tuple[Index, ...]", self.args[1:])

    @property
    def level(self) -> int:
        """How many binders are nested here, this one included."""
        return int(self.indices[0].name.strip(BOUND).rstrip(ascii_lowercase))

    @property
    def free_symbols(self) -> set[sp.Basic]:
        """Everything free in the body."""
        return set(self.body.free_symbols) - set(self.indices)

    @lru_cache(2**14)  # noqa: B019 - SymPy's objects live as long as its own caches
    def open(self) -> tuple[Expr, tuple[Index, ...]]:
        """The body with fresh indices in place of the bound ones, and these indices.

        They are the same each time, since what is opened is closed before it is opened again.
        """
        return self.open_anew()

    def open_anew(self) -> tuple[Expr, tuple[Index, ...]]:
        """As above, with indices that are nowhere else: for putting in what is open itself."""
        fresh = tuple(fresh_index(i.size) for i in self.indices)
        return self.body.xreplace(dict(zip(self.indices, fresh, strict=True))), fresh

    def _eval_is_real(self) -> bool | None:
        return unless_infinite(self)

    def _eval_is_extended_real(self) -> bool:
        return True

    def _sympystr(self, printer: Any) -> str:
        words = ", ".join(printer._print(a) for a in self.args)
        return f"{type(self).__name__}({words})"


def unless_infinite(expr: Expr) -> bool | None:
    """Is it real? It may be −∞ where that stands in it, for what is left out."""
    return None if expr.has(sp.S.NegativeInfinity) else True


_numbers = count()


def fresh_index(size: Expr) -> Index:
    """An index that occurs nowhere else; it vanishes when a binder takes it up."""
    return Index(f"{FRESH}{next(_numbers):09d}", size)


class Sum(Binder):
    """Σ over the bound indices; sums of sums are one sum."""

    def __new__(cls, body: Any, *indices: Index) -> Expr:
        """Sum the body over the indices; no index leaves the body as it is."""
        body = sp.sympify(body)
        if not indices or body == 0:
            return cast(Expr, body)
        if isinstance(body, Sum):
            inner, more = body.open()
            return Sum(inner, *indices, *more)
        return super().__new__(cls, body, *indices)

    def _eval_derivative(self, s: Expr) -> Expr:
        body, indices = self.open()  # what differentiating makes may bind the same canonical names
        return Sum(body.diff(s), *indices)

    def _eval_is_positive(self) -> bool | None:
        return True if self.body.is_positive else None

    def _eval_is_nonnegative(self) -> bool | None:
        return True if self.body.is_nonnegative else None


class Extreme(Binder):
    """The largest or smallest value over an axis; the first place holds it at a tie."""

    place: type[Binder]

    def _eval_derivative(self, s: Expr) -> Expr:
        body, (i,) = self.open()
        at = type(self).place(body, i)
        return Sum(KroneckerDelta(i, at) * body.diff(s), i)


class Place(Binder):
    """The first index where an extreme value stands: an integer without a derivative."""

    def _eval_is_integer(self) -> bool:
        return True

    def _eval_derivative(self, s: Expr) -> Expr:
        return cast(Expr, sp.S.Zero)


class ArgLargest(Place):
    """The first index of the largest value."""


class ArgSmallest(Place):
    """The first index of the smallest value."""


class Largest(Extreme):
    """The largest value over an axis."""

    place = ArgLargest


class Smallest(Extreme):
    """The smallest value over an axis."""

    place = ArgSmallest


class Bracket(Expr):
    """The indicator: 1 where the condition holds, else 0; its derivative is 0."""

    def __new__(cls, condition: Any) -> Expr:
        """A condition that is true or false becomes 1 or 0 at once."""
        condition = sp.sympify(condition)
        if condition in (sp.true, sp.false):
            return cast(Expr, sp.Integer(1 if condition is sp.true else 0))
        return cast(Expr, super().__new__(cls, condition))

    @property
    def condition(self) -> Relational:
        """The comparison."""
        return cast(Relational, self.args[0])

    def _eval_derivative(self, s: Expr) -> Expr:
        return cast(Expr, sp.S.Zero)

    def _eval_power(self, exponent: Expr) -> Expr | None:
        return self if exponent.is_positive else None

    def _eval_is_real(self) -> bool:
        return True

    def _eval_is_nonnegative(self) -> bool:
        return True


def indicator(condition: Any) -> Expr:
    """1 where the condition holds, else 0; the equality of an index is a Kronecker delta."""
    if isinstance(condition, sp.Eq) and any(isinstance(side, Index) for side in condition.args):
        return cast(Expr, KroneckerDelta(*condition.args))
    return Bracket(condition)


class Maximum(sp.Function):
    """max(a, b); at a tie a constant argument wins, else the first."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Expr:
        """1 where the argument is the one chosen."""
        return wins(self.args, argindex - 1, sp.StrictGreaterThan, sp.GreaterThan)

    def _eval_is_real(self) -> bool | None:
        return unless_infinite(self)

    def _eval_is_extended_real(self) -> bool:
        return True

    def _eval_is_nonnegative(self) -> bool | None:
        return True if any(a.is_nonnegative for a in self.args) else None


class Minimum(sp.Function):
    """min(a, b); at a tie a constant argument wins, else the first."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Expr:
        """1 where the argument is the one chosen."""
        return wins(self.args, argindex - 1, sp.StrictLessThan, sp.LessThan)

    def _eval_is_real(self) -> bool:
        return True


def wins(args: tuple[Expr, ...], which: int, strict: type, weak: type) -> Expr:
    """The indicator that an argument of max or min is chosen, with the declared value at a tie."""
    me, other = args[which], args[1 - which]
    return Bracket((weak if wins_tie(args, which) else strict)(me, other))


def wins_tie(args: tuple[Expr, ...], which: int) -> bool:
    """Is an argument of max or min chosen at a tie? A constant is, else the first."""
    return bool(args[which].is_number) or (which == 0 and not args[1].is_number)


class Where(Expr):
    """a where the condition holds, else b; the condition has no derivative."""

    def __new__(cls, condition: Any, a: Any, b: Any) -> Expr:
        """A condition that is true or false chooses at once."""
        condition, a, b = map(sp.sympify, (condition, a, b))
        if condition in (sp.true, sp.false):
            return cast(Expr, a if condition is sp.true else b)
        if (a, b) == (1, 0):
            return indicator(condition)
        return cast(Expr, a if a == b else super().__new__(cls, condition, a, b))

    def _eval_derivative(self, s: Expr) -> Expr:
        condition, a, b = self.args
        return Where(condition, a.diff(s), b.diff(s))

    def _eval_is_real(self) -> bool | None:
        return unless_infinite(self)

    def _eval_is_extended_real(self) -> bool:
        return True


class Sigmoid(sp.Function):
    """1 / (1 + exp(-x))."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """The derivative in terms of the value."""
        return cast(Expr, self * (1 - self))

    def _eval_is_positive(self) -> bool:
        return True

    def _eval_is_real(self) -> bool:
        return True


class LogSigmoid(sp.Function):
    """log(σ(x)), left as it is: SymPy makes a product of exp(a + log(b))."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """σ(-x), written as gates are."""
        return cast(Expr, 1 - Sigmoid(self.args[0]))

    def _eval_is_negative(self) -> bool:
        return True

    def _eval_is_real(self) -> bool:
        return True


class Erfc(sp.Function):
    """1 - erf(x), left as it is: SymPy's own turns erfc(-x) into 2 - erfc(x), which cancels."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """As of -erf."""
        return cast(Expr, -2 * sp.exp(-(self.args[0] ** 2)) / sp.sqrt(sp.pi))

    def _eval_is_positive(self) -> bool:
        return True

    def _eval_is_real(self) -> bool:
        return True


class LogErfc(sp.Function):
    """log(erfc(x)), left as it is, as LogSigmoid is."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """As of the log."""
        return cast(Expr, Erfc(self.args[0]).fdiff() / Erfc(self.args[0]))

    def _eval_is_real(self) -> bool:
        return True


class Erfcx(sp.Function):
    """exp(x²) erfc(x), which neither vanishes nor overflows where x is large."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Expr:
        """As of the product."""
        return cast(Expr, 2 * self.args[0] * self - 2 / sp.sqrt(sp.pi))

    def _eval_is_positive(self) -> bool:
        return True

    def _eval_is_real(self) -> bool:
        return True


class Sign(sp.sign):
    """-1, 0 or 1: the slope of abs. Its own slope is 0, at 0 too, where SymPy's is a DiracDelta."""

    def _eval_derivative(self, s: Expr) -> Expr:
        return cast(Expr, sp.S.Zero)


class Abs(sp.Abs):
    """|x|. SymPy's own takes x for complex where it does not see that x is real, as log(x) is."""

    @classmethod
    def eval(cls, arg: Expr) -> Expr | None:
        """Numbers, known signs and a sign in front are worked out, and nothing more."""
        if arg.is_number or arg.is_nonnegative or arg.is_nonpositive:
            return cast(Expr, -arg if arg.is_nonpositive else sp.Abs(arg) if arg.is_number else arg)
        factor, rest = arg.as_coeff_Mul()
        if factor != 1:
            return cast(Expr, abs(factor) * cls(rest))
        return cls(-arg) if arg.could_extract_minus_sign() else None

    def _eval_derivative(self, s: Expr) -> Expr:
        return cast(Expr, Sign(self.args[0]) * self.args[0].diff(s))

    def _eval_is_real(self) -> bool:
        return True


FUNCTIONS: Mapping[str, Callable[..., Expr]] = {
    "exp": sp.exp,
    "log": sp.log,
    "log1p": log1p,
    "expm1": expm1,
    "sqrt": sp.sqrt,
    "tanh": sp.tanh,
    "sigmoid": Sigmoid,
    "erf": sp.erf,
    "erfc": Erfc,
    "sin": sp.sin,
    "cos": sp.cos,
    "abs": Abs,
}


def rewrite(
    expr: Expr,
    rule: Callable[[Expr], Expr | None],
    opened: Callable[[Binder], tuple[Expr, tuple[Index, ...]]] = Binder.open,
) -> Expr:
    """Apply a rule once everywhere, from the leaves up; binders are opened on the way.

    The rule returns what to put in place, or None to leave its argument as it is.
    """
    if isinstance(expr, Binder):
        body, indices = opened(expr)
        new = rewrite(body, rule, opened)
        expr = expr if new == body else type(expr)(new, *indices)
    elif expr.args:
        first = 1 if isinstance(expr, sp.Indexed) else 0  # a tensor's name stays
        kept, parts = expr.args[:first], expr.args[first:]
        new_args = tuple(rewrite(a, rule, opened) for a in parts)
        expr = expr if new_args == parts else expr.func(*kept, *new_args)
    result = rule(expr)
    return expr if result is None else result


def with_own_abs(expr: Expr) -> Expr:
    """With our |x| for SymPy's, which it makes of (x²)^½ by itself and which is another object."""
    if not any(type(e) is sp.Abs for e in expr.atoms(sp.Abs)):
        return expr
    return rewrite(expr, lambda e: Abs(*e.args) if type(e) is sp.Abs else None)


def rewrite_outside_in(expr: Expr, rule: Callable[[Expr], Expr | None]) -> Expr:
    """As `rewrite`, but whole expressions before their parts; what the rule made is not entered."""
    result = rule(expr)
    if result is not None:
        return result
    if isinstance(expr, Binder):
        body, indices = expr.open()
        return type(expr)(rewrite_outside_in(body, rule), *indices)
    if not expr.args or isinstance(expr, sp.Indexed):
        return expr
    return cast(Expr, expr.func(*(rewrite_outside_in(a, rule) for a in expr.args)))


def exhaust(
    expr: Expr, rule: Callable[[Expr], Expr | None], way: Callable[..., Expr] = rewrite
) -> Expr:
    """Apply a rule everywhere until nothing changes."""
    for _ in range(MAX_ROUNDS):
        new = way(expr, rule)
        if new == expr:
            return expr
        expr = new
    raise TooLarge("a law does not come to an end")


def substitute(expr: Expr, indices: Mapping[Any, Any]) -> Expr:
    """Put other indices in place of free ones; binders cannot capture them."""
    if not indices:
        return expr
    bound = any(i.name.startswith(FRESH) for v in indices.values() for i in free_indices(v))
    opened = Binder.open_anew if bound else Binder.open
    return rewrite(expr, lambda e: indices.get(e) if isinstance(e, Index) else None, opened)
