"""The laws: each rewrites an expression into an equal one, and says so in one line.

A law's docstring is its statement. `apply` returns the rewritten expression; where nothing changes
the law did not apply. None is trusted: every use is a step, and every step is proved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import product
from typing import Any, cast

import sympy as sp
from sympy import Expr, KroneckerDelta
from sympy.core.relational import Relational

from derive.expressions import (
    ArgLargest,
    Bracket,
    Erfc,
    Index,
    Maximum,
    Sigmoid,
    Sum,
    Where,
    entries,
    entry_indices,
    entry_name,
    exhaust,
    free_entries,
    free_indices,
    log1p,
    rewrite,
    rewrite_outside_in,
    substitute,
)


@dataclass(frozen=True)
class Law:
    """A named law: its statement in words and the rewriting."""

    name: str
    statement: str
    apply: Callable[..., Expr]

    def __call__(self, expr: Expr, *context: Any) -> Expr:
        """The expression, rewritten."""
        return self.apply(expr, *context) if context else alone(self.apply, expr)


@cache
def alone(apply: Callable[[Expr], Expr], expr: Expr) -> Expr:
    """A law without context: chains ask again and again whether one still applies."""
    return apply(expr)


LAWS: dict[str, Law] = {}


def law(name: str) -> Callable[[Callable[..., Expr]], Law]:
    """Register a law under its name; the docstring's first paragraph is its statement."""

    def register(apply: Callable[..., Expr]) -> Law:
        statement = " ".join((apply.__doc__ or "").split("\n\n")[0].split())
        LAWS[name] = Law(name, statement, apply)
        return LAWS[name]

    return register


@dataclass(frozen=True)
class Equality:
    """What an equation says of an entry: `entry == expr` for all values of its indices."""

    entry: Expr
    expr: Expr


# -- definitions -----------------------------------------------------------------------------


@law("definition")
def put_in(expr: Expr, notations: Sequence[Equality]) -> Expr:
    """Notation is put in: `p[n, j]` becomes what `:=` says it is."""
    table = {entry_name(e.entry): e for e in notations}

    def rule(e: Expr) -> Expr | None:
        if not isinstance(e, sp.Indexed | sp.Symbol) or entry_name(e) not in table:
            return None
        known = table[entry_name(e)]
        names = entry_indices(known.entry)
        return substitute(known.expr, dict(zip(names, entry_indices(e), strict=True)))

    return exhaust(expr, rule)


@law("fold")
def fold(expr: Expr, known: Sequence[Equality]) -> Expr:
    """What a name stands for is written by its name again: exp(z_j)/Σ_i exp(z_i) = p_j."""
    for equality in known:
        expr = exhaust(expr, partial(fold_at, equality), rewrite_outside_in)
    return expr


def fold_at(known: Equality, expr: Expr) -> Expr | None:
    """Write one product, power or sum by a name, if the name's definition is a factor of it."""
    if expr.is_Atom or isinstance(expr, sp.Indexed | KroneckerDelta | Bracket | Relational):
        return None
    if is_entry_alone(known.expr) or not names_of(known.expr) <= names_of(expr):
        return None
    whole = factors(expr)
    for found in matches(known, expr):
        name, meaning, parts = known_at(known, tuple(found.items()))
        if expr in (meaning, -meaning):
            return name if expr == meaning else -name
        power = how_often(parts, whole)
        if power:
            return cast(Expr, name**power * expr / meaning**power)
    return None


@cache
def known_at(
    known: Equality, values: tuple[tuple[Index, Expr], ...]
) -> tuple[Expr, Expr, dict[Expr, Expr]]:
    """The entry at these values of its indices, what it stands for, and the factors of that."""
    meaning = substitute(known.expr, dict(values))
    return substitute(known.entry, dict(values)), meaning, factors(meaning)


@cache
def names_of(expr: Expr) -> frozenset[str]:
    """The tensors in an expression."""
    return frozenset(map(entry_name, entries(expr)))


def is_entry_alone(expr: Expr) -> bool:
    """Would folding only rename?"""
    return isinstance(expr, sp.Indexed) or expr.is_Atom


def factors(expr: Expr) -> dict[Expr, Expr]:
    """Bases and exponents of a product; exp of a sum counts as a product of exponentials."""
    found: dict[Expr, Expr] = {}
    for factor in sp.Mul.make_args(expr):
        if isinstance(factor, sp.exp):
            for summand in sp.Add.make_args(factor.args[0]):
                power, rest = summand.as_coeff_Mul()
                found[sp.exp(rest)] = found.get(sp.exp(rest), sp.S.Zero) + power
        elif not factor.is_Rational:
            base, power = factor.as_base_exp()
            found[base] = found.get(base, sp.S.Zero) + power
    return found


def how_often(part: dict[Expr, Expr], whole: dict[Expr, Expr]) -> int:
    """The power to which a product divides another; negative where it divides as an inverse."""
    ratios = [whole.get(base, sp.S.Zero) / power for base, power in part.items()]
    if not ratios or not all(r.is_Rational for r in ratios):
        return 0
    if all(r >= 1 for r in ratios):
        return int(min(sp.floor(r) for r in ratios))
    if all(r <= -1 for r in ratios):
        return int(max(sp.ceiling(r) for r in ratios))
    return 0


def matches(known: Equality, expr: Expr) -> Iterator[dict[Index, Expr]]:
    """Values for the indices of a name under which its definition may be found in an expression."""
    names = cast("tuple[Index, ...]", entry_indices(known.entry))
    patterns = [a for a in entries(known.expr) if set(a.free_symbols) & set(names)]
    seen: set[tuple[Expr, ...]] = set()

    def extend(at: int, found: dict[Index, Expr]) -> Iterator[dict[Index, Expr]]:
        if all(n in found for n in names):
            key = tuple(found[n] for n in names)
            if key not in seen:
                seen.add(key)
                yield found
        elif at < len(patterns):
            for atom in entries(expr):
                more = unify(patterns[at], atom, names, found)
                if more is not None and not binds(expr, more):
                    yield from extend(at + 1, more)
            yield from extend(at + 1, found)

    yield from extend(0, {})


def binds(expr: Expr, found: dict[Index, Expr]) -> bool:
    """Would a value be an index that is bound within the expression?"""
    free = set(free_indices(expr))
    return any(not set(free_indices(value)) <= free for value in found.values())


def unify(
    pattern: Expr, atom: Expr, names: tuple[Index, ...], found: dict[Index, Expr]
) -> dict[Index, Expr] | None:
    """Values for names that make a pattern's entry this entry, beside those found already."""
    if entry_name(pattern) != entry_name(atom):
        return None
    result = dict(found)
    for a, b in zip(entry_indices(pattern), entry_indices(atom), strict=True):
        if a in names and result.setdefault(cast(Index, a), b) != b:
            return None
    return result


# -- algebra of sums and deltas -----------------------------------------------------------------


@law("log of a quotient")
def log_of_quotient(expr: Expr) -> Expr:
    """The log of a product or quotient of positive numbers is a sum: log(a/b) = log a − log b."""

    def rule(e: Expr) -> Expr | None:
        if not isinstance(e, sp.log):
            return None
        parts = factors(e.args[0])
        number = sp.Mul(*(f for f in sp.Mul.make_args(e.args[0]) if f.is_Rational))
        if len(parts) < 1 or not all(b.is_positive for b in parts) or not number.is_positive:
            return None
        return sp.Add(sp.log(number), *(p * sp.log(b) for b, p in parts.items()))

    return rewrite(expr, rule)


@law("log of a sigmoid")
def log_of_sigmoid(expr: Expr) -> Expr:
    """log σ(a) = −log(1 + exp(−a)), and log(1 − σ(a)) = −log(1 + exp(a))."""

    def rule(e: Expr) -> Expr | None:
        if not isinstance(e, sp.log):
            return None
        for argument, sign in ((e.args[0], -1), (1 - e.args[0], 1)):
            if isinstance(argument, Sigmoid):
                return cast(Expr, -sp.log(1 + sp.exp(sign * argument.args[0])))
        return None

    return rewrite(expr, rule)


@law("sigmoid")
def sigmoid(expr: Expr) -> Expr:
    """A quotient of exponentials is a sigmoid: exp(a)/(1 + exp(a)) = σ(a) = 1 − σ(−a)."""

    def rule(e: Expr) -> Expr | None:
        parts = factors(e) if e.is_Mul or e.is_Pow else {}
        for base, power in parts.items():
            a = softplus_argument(base)
            if a is None or power != -1:
                continue
            below = 1 + sp.exp(a)
            for exponent, argument in ((a, a), (sp.S.Zero, -a)):
                rest = e * below / sp.exp(exponent)
                if not rest.has(sp.exp(a), sp.exp(-a)):
                    return cast(Expr, rest * sigmoid_of(argument))
        return None

    return rewrite_outside_in(expr, rule)


def sigmoid_of(a: Expr) -> Expr:
    """σ(a), or 1 − σ(−a) where a has a minus sign."""
    return 1 - Sigmoid(-a) if a.could_extract_minus_sign() else Sigmoid(a)


def softplus_argument(expr: Expr) -> Expr | None:
    """The a of 1 + exp(a)."""
    rest = expr - 1 if expr.is_Add else expr
    return cast(Expr, rest.args[0]) if isinstance(rest, sp.exp) and expr.is_Add else None


@law("powers of one base")
def one_power(expr: Expr) -> Expr:
    """Powers of one base make one power: a^p / a = a^(p - 1).

    `x[n] ** p / x[n] = x[n] ** (p - 1)`

    A power counts factors, and a quotient takes them away; at a = 0 only the one power is right.
    """

    def rule(e: Expr) -> Expr | None:
        if not e.is_Mul:
            return None
        powers: dict[Expr, list[Expr]] = {}
        for factor in e.args:
            base, exponent = factor.as_base_exp()
            powers.setdefault(base, []).append(exponent)
        if not any(len(p) > 1 and not b.is_number for b, p in powers.items()):
            return None
        return sp.Mul(*(sp.Pow(base, sp.Add(*found)) for base, found in powers.items()))

    return rewrite(expr, rule)


@law("distribute")
def distribute(expr: Expr) -> Expr:
    """A sum that holds a delta is multiplied out: a(δ + b) = aδ + ab."""

    def rule(e: Expr) -> Expr | None:
        if not e.is_Mul:
            return None
        sums = [f for f in e.args if is_sum_with_delta(f)]
        if not sums:
            return None
        rest = sp.Mul(*(f for f in e.args if f not in sums))
        expanded = sp.expand_mul(sp.Mul(*sums), deep=False)
        return sp.Add(*(rest * t for t in sp.Add.make_args(expanded)))

    return exhaust(expr, rule)


def has_delta(product: Expr) -> bool:
    """Is a delta a factor?"""
    return any(isinstance(f, KroneckerDelta) for f in sp.Mul.make_args(product))


def is_sum_with_delta(expr: Expr) -> bool:
    """Is it a sum with a delta in one of its terms, other than 1 − δ?"""
    return bool(expr.is_Add) and not is_hole(expr) and any(map(has_delta, expr.args))


@law("sum term by term")
def linearity(expr: Expr) -> Expr:
    """A sum is taken term by term, and constants come out: Σ(c·a + b) = cΣa + Σb."""

    def rule(e: Expr) -> Expr | None:
        if not isinstance(e, Sum):
            return None
        body, indices = e.open()
        if is_sum_with_delta(body):
            return sp.Add(*(Sum(t, *indices) for t in body.args))
        outside: list[Expr] = []
        inside: list[Expr] = []
        for factor in sp.Mul.make_args(body):
            runs = factor.free_symbols & set(indices)
            (inside if runs else outside).append(factor)
        if not outside:
            return None
        return sp.Mul(*outside, Sum(sp.Mul(*inside), *indices))

    return exhaust(expr, rule)


@law("factor of both cases")
def factor_of_cases(expr: Expr) -> Expr:
    """A factor of both cases comes out: where(c, δa, δb) = δ where(c, a, b)."""

    def rule(e: Expr) -> Expr | None:
        if not isinstance(e, Where):
            return None
        condition, *cases = e.args
        parts = [set(sp.Mul.make_args(c)) for c in cases if c != 0]
        shared = set.intersection(*parts) if parts else set()
        shared = {f for f in shared if isinstance(f, KroneckerDelta) or len(parts) == 2}
        shared = {f for f in shared if not f.is_number}
        if not shared:
            return None
        inner = (sp.Mul(*(f for f in sp.Mul.make_args(c) if f not in shared)) for c in cases)
        return sp.Mul(*sorted(shared, key=sp.default_sort_key), Where(condition, *inner))

    return exhaust(expr, rule)


@law("sum over a delta")
def sum_over_delta(expr: Expr) -> Expr:
    """A sum over a delta picks one term: Σ_j δ(j, l) f(j) = f(l)."""

    def rule(e: Expr) -> Expr | None:
        if not isinstance(e, Sum):
            return None
        body, indices = e.open()
        for factor in sp.Mul.make_args(body):
            if not isinstance(factor, KroneckerDelta):
                continue
            for i, other in (factor.args, factor.args[::-1]):
                if i in indices and not other.has(i):
                    rest = substitute(
                        sp.Mul(*(f for f in sp.Mul.make_args(body) if f != factor)), {i: other}
                    )
                    return Sum(rest, *(k for k in indices if k != i))
        return None

    return exhaust(expr, rule)


@law("sum of a constant")
def sum_of_constant(expr: Expr) -> Expr:
    """What does not run with the index is added as often as the axis is long: Σ_n c = N c."""

    def rule(e: Expr) -> Expr | None:
        if not isinstance(e, Sum):
            return None
        body, indices = e.open()
        idle = [i for i in indices if i not in body.free_symbols]
        if not idle:
            return None
        return sp.Mul(*(i.size for i in idle), Sum(body, *(i for i in indices if i not in idle)))

    return exhaust(expr, rule)


@law("tie to a label")
def tie_to_label(expr: Expr) -> Expr:
    """What stands beside a delta may be taken at its label: δ(j, y) f(j) = δ(j, y) f(y).

    Taken in sums, whose terms may have more in common then.
    """

    def tied(term: Expr) -> Expr:
        for delta in filter(is_label_delta, sp.Mul.make_args(term)):
            index, label = delta.args if isinstance(delta.args[0], Index) else delta.args[::-1]
            return delta * substitute(term / delta, {index: label})
        return term

    return rewrite(expr, lambda e: sp.Add(*map(tied, e.args)) if e.is_Add else None)


def is_label_delta(expr: Expr) -> bool:
    """Is it δ(j, y), between an index and a label that does not stand at it?"""
    if not isinstance(expr, KroneckerDelta):
        return False
    found = [a for a in expr.args if isinstance(a, Index)]
    return len(found) == 1 and not any(a.has(found[0]) for a in expr.args if a != found[0])


@law("terms that cancel")
def cancel(expr: Expr) -> Expr:
    """Multiplied out or summed term by term, what cancels goes: Σ_i (a_i − Σ_k a_k/N) = 0.

    Nothing is taken apart where that leaves as much as before.
    """

    def rule(e: Expr) -> Expr | None:
        if isinstance(e, Sum):
            body, indices = e.open()
            terms = sp.Add.make_args(sp.expand_mul(body))
            parts = (sum_of_constant(linearity(Sum(t, *indices))) for t in terms)
            total = sp.Add(*parts) if len(terms) > 1 else e
            return total if len(sp.Add.make_args(total)) < len(terms) else None
        if e.is_Add:
            total = sp.Add(*(sp.expand_mul(t, deep=False) for t in e.args))
            shorter = total.count_ops() < e.count_ops()
            return total if shorter and len(sp.Add.make_args(total)) <= len(e.args) else None
        return None

    return exhaust(expr, rule)


@law("common factor")
def common_factor(expr: Expr) -> Expr:
    """A factor of every term stands before the bracket: ab + ac = a(b + c)."""

    def rule(e: Expr) -> Expr | None:
        if not e.is_Add:
            return None
        powers = [dict(map(base_and_power, sp.Mul.make_args(t))) for t in e.args]
        shared = {b: shared_power([p.get(b, sp.S.Zero) for p in powers]) for b in powers[0]}
        factor = sp.Mul(*(b**p for b, p in shared.items() if not b.is_number))
        if factor == 1:
            return None
        return cast(Expr, factor * sp.Add(*(t / factor for t in e.args)))

    return rewrite(expr, rule)


def base_and_power(factor: Expr) -> tuple[Expr, Expr]:
    """Base and exponent; an exponential is its own base."""
    return factor.as_base_exp() if isinstance(factor, sp.Pow) else (factor, sp.S.One)


def shared_power(powers: list[Expr]) -> Expr:
    """The power of a factor that every term has; equal powers need not be numbers."""
    if all(p == powers[0] for p in powers):
        return powers[0]
    if not all(p.is_Rational for p in powers):
        return cast(Expr, sp.S.Zero)
    if all(p > 0 for p in powers):
        return min(powers)
    return max(powers) if all(p < 0 for p in powers) else cast(Expr, sp.S.Zero)


@law("assumption")
def assumption(expr: Expr, fact: Relational) -> Expr:
    """A declared fact is used: where Σ_j t_j = 1 is assumed, the sum is 1."""
    known = Equality(fact.lhs, fact.rhs)
    names = tuple(free_indices(fact.lhs))

    def rule(e: Expr) -> Expr | None:
        if type(e) is not type(fact.lhs):
            return None
        for found in matches_under(names, fact.lhs, e):
            if substitute(known.entry, found) == e:
                return substitute(known.expr, found)
        return None

    return rewrite(expr, rule)


def matches_under(names: tuple[Index, ...], left: Expr, e: Expr) -> Iterator[dict[Index, Expr]]:
    """Values for the free indices of an assumption under which it may speak of e."""
    patterns = [a for a in entries(left) if set(a.free_symbols) & set(names)]
    if not names:
        yield {}
    for pattern in patterns[:1]:
        for atom in entries(e):
            found = unify(pattern, atom, names, {})
            if found is not None and len(found) == len(names) and not binds(e, found):
                yield found


@law("mask from the output")
def mask_from_output(expr: Expr, known: Sequence[Equality]) -> Expr:
    """h = max(0, u) is positive where u is, so that u need not be kept: [u > 0] = [h > 0]."""

    def rule(e: Expr) -> Expr | None:
        if not (isinstance(e, Bracket) and isinstance(e.condition, sp.StrictGreaterThan)):
            return None
        left, right = e.condition.args
        for equality in known:
            if right == 0 and isinstance(equality.expr, Maximum) and equality.expr.args[0] == 0:
                for found in matches(equality, left):
                    if substitute(equality.expr, found).args[1] == left:
                        return Bracket(sp.StrictGreaterThan(substitute(equality.entry, found), 0))
        return None

    return rewrite(expr, rule)


# -- numbers: forms that do not overflow or cancel ------------------------------------------


def exponential_sum(expr: Expr) -> tuple[Expr, Index] | None:
    """The exponent and the index where an expression is Σ_i exp(a_i) over one index."""
    if isinstance(expr, Sum) and len(expr.indices) == 1:
        body, (i,) = expr.open()
        if isinstance(body, sp.exp):
            return body.args[0], i
    return None


@law("shifted log-sum-exp")
def shift_log_sum_exp(expr: Expr) -> Expr:
    """For any place l: log Σ_i exp(a_i) = a_l + log1p(Σ_{i≠l} exp(a_i − a_l)).

    With l the place of the largest no term overflows, and small ones are not lost beside 1.
    """

    def rule(e: Expr) -> Expr | None:
        found = exponential_sum(e.args[0]) if isinstance(e, sp.log) else None
        if found is None:
            return None
        a, i = found
        at = ArgLargest(a, i)
        top = substitute(a, {i: at})
        others = Sum((1 - KroneckerDelta(i, at)) * sp.exp(a - top), i)
        return top + log1p(others)

    return rewrite(expr, rule)


@law("shifted softplus")
def shift_softplus(expr: Expr) -> Expr:
    """log(1 + exp(a)) = max(0, a) + log1p(exp(−|a|)).

    No exponential overflows, and small ones are not lost beside 1.
    """

    def rule(e: Expr) -> Expr | None:
        a = softplus_argument(e.args[0]) if isinstance(e, sp.log) else None
        if isinstance(e, log1p) and isinstance(e.args[0], sp.exp):
            a = e.args[0].args[0]
        if a is None or (isinstance(a, sp.Mul) and a.has(sp.Abs)):
            return None
        return Maximum(0, a) + log1p(sp.exp(-sp.Abs(a)))

    return rewrite(expr, rule)


@law("complementary error function")
def complement_of_erf(expr: Expr) -> Expr:
    """1 + erf(a) = erfc(−a), which does not cancel where a is far below 0."""

    def rule(e: Expr) -> Expr | None:
        for term in e.args if e.is_Add else ():
            for f in sp.Mul.make_args(term):
                for sign in (1, -1) if isinstance(f, sp.erf) else ():
                    if sign * term / f in e.args:
                        both = term / f * sign
                        return cast(Expr, e - term - both + both * Erfc(-sign * f.args[0]))
        return None

    return exhaust(expr, rule)


@law("shifted softmax")
def shift_softmax(expr: Expr) -> Expr:
    """For any place l: exp(a_j)/Σ_i exp(a_i) = exp(a_j − a_l)/Σ_i exp(a_i − a_l).

    With l the place of the largest nothing overflows and the sum is at least 1. The exponential
    may stand under a sum: Σ_j b_j exp(a_j)/Σ_i exp(a_i).
    """

    def rule(e: Expr) -> Expr | None:
        if not e.is_Mul:
            return None
        for base, power in factors(e).items():
            found = exponential_sum(base) if power.is_Integer and power < 0 else None
            if found is None:
                continue
            a, i = found
            top = substitute(a, {i: ArgLargest(a, i)})
            if not a.has(ArgLargest):
                shifted, count = shift_factors(e, a, i, top, int(-power))
                if count:
                    return cast(Expr, shifted * base**count * Sum(sp.exp(a - top), i) ** -count)
        return None

    return rewrite(expr, rule)


def shift_factors(e: Expr, a: Expr, i: Index, top: Expr, wanted: int) -> tuple[Expr, int]:
    """Up to `wanted` exponentials of the row a_i in a product with `top` taken off, and how many.

    One stands as a factor itself, or as a factor under a sum.
    """
    done: list[Expr] = []
    count = 0
    for factor in sp.Mul.make_args(e):
        base, power = base_and_power(factor)
        if count == wanted or not (power.is_Integer and power > 0):
            done.append(factor)
        elif isinstance(base, sp.exp):
            rate, own = base.args[0].as_coeff_Mul()
            times = int(rate * power) if rate.is_Integer and rate > 0 else 0
            if 0 < times <= wanted - count and shares_row(own, a, i):
                factor, count = sp.exp(times * (own - top)), count + times
            done.append(factor)
        elif isinstance(base, Sum) and power == 1:
            body, indices = base.open()
            inner, times = shift_factors(body, a, i, top, wanted - count)
            done.append(Sum(inner, *indices) if times else factor)
            count += times
        else:
            done.append(factor)
    return sp.Mul(*done), count


def shares_row(own: Expr, a: Expr, i: Index) -> bool:
    """Is `own` the exponent a_i at some place of i?"""
    return any(
        found is not None and own == substitute(a, found)
        for pattern in free_entries(a)
        for atom in free_entries(own)
        for found in [unify(pattern, atom, (i,), {})]
    )


@law("split off the largest")
def split_largest(expr: Expr, parts: Sequence[Expr]) -> Expr:
    """The largest term is exp(0) = 1: Σ_i exp(a_i − a_l) = 1 + Σ_{i≠l} exp(a_i − a_l).

    `parts` are the sums without their largest term that are computed anyway.
    """
    known = []
    for part in parts:
        body, (i,) = cast(Sum, part).open()
        delta = next(f for f in sp.Mul.make_args(body) if f.is_Add)
        known.append((part, sp.expand_mul(body / delta), delta, i))

    def sums(e: Expr) -> Expr | None:
        for part, body, _, i in known:
            if e == Sum(body, i):
                return 1 + part
        return None

    def terms(e: Expr) -> Expr | None:
        for _, body, delta, i in known:
            for atom in free_entries(e):
                for pattern in free_entries(body):
                    found = unify(pattern, atom, (i,), {})
                    if found and i in found and e == substitute(body, found):
                        hole = substitute(delta, found)
                        return cast(Expr, (1 - hole) + hole * e)
        return None

    def once(e: Expr) -> Expr | None:  # (1 − δ)((1 − δ)a + δ) = (1 − δ)a, as δδ = δ
        if e.is_Mul:
            for hole in (f for f in e.args if is_hole(f)):
                for other in (f for f in e.args if f.is_Add and f != hole):
                    kept = [t for t in other.args if hole in t.args]
                    if other == sp.Add(1 - hole, *kept):
                        rest = (f for f in e.args if f not in (hole, other))
                        return cast(Expr, sp.Mul(*kept, *rest))
        return None

    split = rewrite(rewrite(expr, sums), lambda e: terms(e) if isinstance(e, sp.exp) else None)
    return split if split == expr else rewrite(split, once)


def is_hole(expr: Expr) -> bool:
    """Is it 1 − δ(i, j)?"""
    return isinstance(1 - expr, KroneckerDelta)


@law("minus the others")
def complement(expr: Expr, distributions: Sequence[tuple[Expr, Index]]) -> Expr:
    """Where Σ_j p_j = 1: p_k − δ(k, y) is −Σ_{j≠y} p_j at k = y and p_k elsewhere.

    Near certainty p_y − 1 cancels; the sum of the others does not.
    """

    def rule(e: Expr) -> Expr | None:
        for delta in (-t for t in e.args if isinstance(-t, KroneckerDelta)) if e.is_Add else ():
            for (general, i), p in product(distributions, e.args):
                for k, label in (delta.args, delta.args[::-1]):
                    if not isinstance(k, Index) or label.has(k) or isinstance(label, Index):
                        continue
                    found = unify(general, p, cast(Any, entry_indices(general)), {})
                    if found is not None and found.get(i) == k:
                        others = Sum((1 - delta) * p, k)
                        return cast(Expr, e - p + delta + (1 - delta) * p - delta * others)
        return None

    return rewrite(expr, rule)
