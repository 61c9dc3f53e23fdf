"""From index notation to array operations.

Each rule looks at the shape of an expression: a sum of a product is a contraction, a factor
1 − δ(i, label) is a hole in an array, an entry at a label is a gather. No rule knows a layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from string import ascii_letters
from typing import Any, cast

import numpy as np
import sympy as sp
from sympy import Expr, KroneckerDelta

from pullback.codegen.program import (
    Arange,
    Builder,
    Constant,
    Contract,
    Elementwise,
    Function,
    Input,
    OneHot,
    Operand,
    Operation,
    Pick,
    Program,
    Put,
    Reduce,
    Scatter,
    Size,
    Take,
    Value,
    function,
    reads,
    verify,
)
from pullback.derive.calculus.conditions import (
    NOWHERE,
    Conditions,
    are_unequal_axes,
    cases,
    is_mask,
    sizes,
)
from pullback.derive.calculus.derivation import Derivation, cotangent_name
from pullback.derive.calculus.finite import Finite
from pullback.derive.calculus.tangents import tangent_name
from pullback.derive.errors import MissingLaw
from pullback.derive.index.binders import ArgLargest, ArgSmallest, Binder, Largest, Smallest, Sum
from pullback.derive.index.functions import Erfc, Erfcx, Sigmoid, expm1, log1p
from pullback.derive.index.kinks import Abs, Bracket, Maximum, Minimum, Sign, Where
from pullback.derive.index.objects import (
    Index,
    entry,
    entry_indices,
    entry_name,
    is_entry,
    is_size,
    ordered,
)
from pullback.derive.index.rewriting import substitute
from pullback.derive.laws.algebra import is_label_delta
from pullback.derive.laws.exponential_sums import is_exponential_sum, shift_of

FUNCTIONS: dict[type, str] = {
    sp.exp: "exp",
    sp.log: "log",
    log1p: "log1p",
    expm1: "expm1",
    sp.tanh: "tanh",
    sp.sin: "sin",
    sp.cos: "cos",
    Abs: "abs",
    sp.Abs: "abs",  # of a root of a square
    Sign: "sign",
    Sigmoid: "sigmoid",
    sp.erf: "erf",
    Erfc: "erfc",
    Erfcx: "erfcx",
    Maximum: "maximum",
    Minimum: "minimum",
}
COMPARISONS: dict[type, str] = {
    sp.StrictGreaterThan: "greater",
    sp.GreaterThan: "greater_equal",
    sp.StrictLessThan: "less",
    sp.LessThan: "less_equal",
    sp.Eq: "equal",
    sp.Ne: "not_equal",
}
REDUCTIONS: dict[type, str] = {
    Largest: "max",
    Smallest: "min",
    ArgLargest: "argmax",
    ArgSmallest: "argmin",
}

MAX_SEARCHED = 6  # operands of a contraction whose best order is searched for
MAX_AXES = 8  # of an operand in that search: NumPy counts the entries of a larger one wrongly
COMMON_SIZE = 64  # of every axis, where orders are compared
MAX_PRODUCT = 8  # whole powers up to this one are products; np.power is slower than these


@dataclass(frozen=True)
class Term:
    """A value, with the index that runs over each of its axes where it stands."""

    value: int
    indices: tuple[Expr, ...]


def lower(derivation: Derivation, precise: bool = False) -> Program:
    """The program of a derivation; `precise` as in Program."""
    lowering = Lowering(derivation, precise)
    layer = derivation.layer
    for node in layer.nodes:
        if not node.notation:
            lowering.tensor(node.name)
    output = lowering.result(layer.output.name)
    gradients = tuple((n, lowering.result(cotangent_name(n))) for n in derivation.wanted)
    builder = lowering.builder
    largest_at_its_place(builder, output, *(v for _, v in gradients))
    forward = builder.needed(output)
    backward = builder.needed(*(value for _, value in gradients)) - forward
    backward = {v for v in backward if not isinstance(builder.values[v].op, Constant)}
    inputs = {v.number for v in builder if isinstance(v.op, Input)}
    lengths = {v.number for v in builder if isinstance(v.op, Size)}
    forward |= lengths & builder.needed(*backward)
    backward -= lengths
    upstream = {lowering.tensors[cotangent_name(layer.output.name)].value}
    constants = {v.number for v in builder if isinstance(v.op, Constant)}
    read = {r for v in backward for r in reads(builder.values[v].op)}
    read |= {value for _, value in gradients}
    cache = read - (backward - inputs) - upstream - constants
    seconds = not layer.output.indices and not derivation.no_seconds
    program = Program(
        layer=layer,
        values=tuple(builder.values),
        output=output,
        gradients=gradients,
        forward=tuple(sorted(forward - inputs - constants)),
        backward=tuple(sorted(backward - inputs - cache)),
        cache=tuple(sorted(cache)),
        nonempty=lowering.nonempty(),
        precise=precise,
        jvp=lower_jvp(derivation, precise),
        hvp=lower_hvp(derivation, precise) if seconds else None,
        quiet=lowering.quiet,
    )
    verify(program)
    return program


def lower_jvp(derivation: Derivation, precise: bool) -> Function:
    """The output and its derivative along tangents of the inputs."""
    output = derivation.layer.output.name
    return Lowering(derivation, precise, along=True).function([output, tangent_name(output)])


def lower_hvp(derivation: Derivation, precise: bool) -> Function:
    """The derivative of each gradient along tangents of the inputs."""
    names = [tangent_name(cotangent_name(n)) for n in derivation.wanted]
    return Lowering(derivation, precise, along=True).function(names)


def takes_at(op: Operation, labels: int) -> tuple[int, tuple[int, ...]] | None:
    """The value and the axis along which an operation picks one entry for each place by labels."""
    match op:
        case Take(value, axis, label) if label == labels:
            return value, (axis,)
        case Pick(value, at):
            axes = [axis for axis, o in enumerate(at) if o.value == labels]
            rest = tuple(range(len(at) - 1))
            others = tuple(p for axis, o in enumerate(at) if axis not in axes for p in o.places)
            if len(axes) == 1 and others == rest and at[axes[0]].places == rest:
                return value, tuple(axes)
    return None


def largest_at_its_place(builder: Builder, *results: int) -> None:
    """`z[n, argmax(z)]` is `max(z)`, where the place itself is not needed."""
    live = builder.needed(*results)
    readers: dict[int, list[Value]] = {}
    for value in builder:
        for read in reads(value.op) if value.number in live else ():
            readers.setdefault(read, []).append(value)
    for place in builder:
        found = readers.get(place.number, [])
        op = place.op
        if (
            isinstance(op, Reduce)
            and op.kind in ("argmax", "argmin")
            and all(takes_at(r.op, place.number) == (op.value, op.axes) for r in found)
        ):
            for reader in found:
                extreme = Reduce(op.kind.removeprefix("arg"), op.value, op.axes)
                builder.values[reader.number] = replace(reader, op=extreme)


class Lowering:
    """The state of lowering one derivation."""

    def __init__(self, derivation: Derivation, precise: bool, along: bool = False) -> None:
        """Take the inputs up: with `along` tangents too, and the cotangent of a scalar is 1."""
        self.derivation = derivation
        self.precise = precise
        self.layer = derivation.layer
        self.builder = Builder()
        self.tensors: dict[str, Term] = {}  # with the indices of the tensor's own axes
        self.axes: dict[str, tuple[Index, ...]] = {}
        self.scope: tuple[Index, ...] = ()
        self.defining = self.layer.output.name  # the tensor whose expression is lowered
        self.conditions: Conditions = NOWHERE  # what holds where the expression is read
        self.memo: dict[tuple[bool, Conditions, Expr], Term] = {}
        for tensor in self.layer.inputs:
            kind = "integer" if tensor.integer else "real"
            self.tensors[tensor.name] = self.input(tensor.name, tensor.indices, kind)
        output = self.layer.output
        upstream = entry(cotangent_name(output.name), output.indices)
        unit = {upstream: sp.S.One} if along and not output.indices else {}
        self.meaning = {v.node.name: (v.node.indices, v.code.end) for v in derivation.values}
        for gradient in derivation.gradients:
            name = cotangent_name(gradient.tensor.name)
            self.meaning[name] = (gradient.tensor.indices, gradient.code.xreplace(unit))
        for tangent in (*derivation.tangents, *derivation.seconds):
            self.meaning[tangent_name(tangent.node.name)] = (tangent.node.indices, tangent.code)
        self.finite = Finite(self.layer, self.meaning)
        self.anywhere: Conditions = frozenset(self.nonempty())
        self.quiet = False  # is something worked out that is not taken, and may not be finite?
        self.in_slope = False  # is it linear in a cotangent or a tangent, and not a value?
        self.nodes = {node.name for node in self.layer.nodes}
        if along:
            for name in derivation.wanted:
                indices = self.layer.tensor(name).indices
                self.tensors[tangent_name(name)] = self.input(tangent_name(name), indices, "real")
        else:
            name = cotangent_name(output.name)
            self.tensors[name] = self.input(name, output.indices, "real")

    def function(self, names: Sequence[str]) -> Function:
        """The operations that make these tensors."""
        for node in self.layer.nodes:
            if not node.notation:
                self.tensor(node.name)
        results = tuple((name, self.result(name)) for name in names)
        largest_at_its_place(self.builder, *(value for _, value in results))
        given = Input | Constant
        body = self.builder.needed(*(value for _, value in results))
        return Function(
            layer=self.layer,
            values=tuple(self.builder.values),
            results=results,
            body=tuple(sorted(v for v in body if not isinstance(self.builder.values[v].op, given))),
            quiet=self.quiet,
        )

    def input(self, name: str, indices: tuple[Index, ...], kind: str) -> Term:
        """A tensor that is passed in."""
        value = self.builder.input(name, tuple(i.size for i in indices), kind)
        self.axes[name] = indices
        return Term(value, indices)

    def fail(self, expr: Expr, lack: str) -> MissingLaw:
        """The error for what no rule covers: where it stands, and what lacks."""
        return MissingLaw(f"{self.layer.name}: in the value of {self.defining}: {lack}, for {expr}")

    def nonempty(self) -> tuple[Expr, ...]:
        """Sizes that must not be 0.

        They stand in a denominator, or an extreme value is taken over them, or a sum of quotients
        is worked out as a quotient of two sums over them, which is 0/0 where they are 0.
        """
        found: set[Expr] = set()
        exprs = [v.code.end for v in self.derivation.values]
        for expr in exprs:
            for power in expr.atoms(sp.Pow):
                if power.exp.is_negative:
                    found |= {s for s in power.base.free_symbols if is_size(s)}
            for binder in expr.atoms(Binder):
                if not isinstance(binder, Sum):
                    found |= {i.size for i in binder.indices}
        d = self.derivation
        exprs += [g.code for g in d.gradients] + [t.code for t in (*d.tangents, *d.seconds)]
        for expr in exprs:
            for total in expr.atoms(Sum):
                for factor in sp.Mul.make_args(total.body):
                    below = factor.is_Pow and factor.exp.is_negative
                    if below and not factor.free_symbols & {*total.indices}:
                        found |= self.empties(factor.base) & {i.size for i in total.indices}
        return tuple(sorted(found, key=str))

    def empties(self, expr: Expr) -> set[Expr]:
        """The sizes of which each, where it is 0, makes the expression 0."""
        if isinstance(expr, Sum):
            return {i.size for i in expr.indices} | self.empties(expr.body)
        if expr.is_Mul:
            return set().union(*map(self.empties, expr.args))
        if expr.is_Add:
            return set.intersection(*map(self.empties, expr.args))
        if expr.is_Pow and expr.exp.is_positive:
            return self.empties(expr.base)
        if is_entry(expr) and entry_name(expr) in self.meaning:
            return self.empties(self.meaning[entry_name(expr)][1])
        return set()

    # -- tensors ------------------------------------------------------------------------------

    def tensor(self, name: str) -> Term:
        """The value of an input, a node, a notation, a cotangent or a tangent."""
        if name not in self.tensors:
            self.define(name, *self.meaning[name])
        return self.tensors[name]

    def define(self, name: str, indices: tuple[Index, ...], expr: Expr) -> None:
        """Lower a tensor's expression and give the result its name.

        The value may lack axes along which it does not change, and keeps its own order of axes.
        """
        outer = self.scope, self.defining, self.conditions, self.in_slope
        self.scope, self.defining, self.conditions = indices, name, self.anywhere | sizes(indices)
        self.in_slope = name not in self.nodes
        term = self.lower(expr)
        self.scope, self.defining, self.conditions, self.in_slope = outer
        self.builder.name(term.value, name)
        self.tensors[name] = term
        self.axes[name] = indices

    def result(self, name: str) -> int:
        """The value of a tensor with all its axes, in their order."""
        own = self.tensor(name)
        term = self.spread(self.float(own), self.axes[name])
        value = self.builder.values[own.value]
        if term.value != own.value and value.name == name and not isinstance(value.op, Input):
            self.builder.rename(own.value, "")  # the name is for the result alone
        self.builder.name(term.value, name)
        return term.value

    def spread(self, term: Term, indices: tuple[Index, ...]) -> Term:
        """The value with exactly these axes, in this order."""
        if term.indices == indices:
            return term
        operand = Operand(term.value, tuple(indices.index(i) for i in cast(Any, term.indices)))
        whole = [Operand(self.builder.add(Size(i.size)), ()) for i in indices]
        return Term(self.builder.add(Elementwise("spread", (operand, *whole))), indices)

    # -- expressions -------------------------------------------------------------------------------

    def lower(self, expr: Expr) -> Term:
        """The value of an expression."""
        outer = self.in_slope
        self.in_slope = outer and is_linear(expr)
        key = (self.in_slope, self.conditions, expr)
        if key not in self.memo:
            self.memo[key] = self.work_out(expr)
        self.in_slope = outer
        return self.memo[key]

    def work_out(self, expr: Expr) -> Term:
        """One rule for each shape of expression."""
        if expr.is_Rational or (expr.is_number and not expr.has(sp.Function, Bracket, Where)):
            return Term(self.builder.add(Constant(expr)), ())
        if is_size(expr):
            return Term(self.builder.add(Size(expr)), ())
        if is_entry(expr):
            return self.entry(expr)
        if isinstance(expr, Index):
            return self.axis(expr)
        if isinstance(expr, Sum):
            return self.sum(expr)
        if isinstance(expr, Binder):
            return self.extreme(expr)
        if isinstance(expr, KroneckerDelta):
            return self.delta(expr)
        if isinstance(expr, Bracket):
            return self.condition(expr.condition)
        if isinstance(expr, Where):
            return self.where(expr)
        if expr.is_Add:
            return self.add(expr)
        if expr.is_Mul:
            return self.multiply(expr)
        if expr.is_Pow:
            return self.power(expr.base, expr.exp)
        if isinstance(expr, sp.exp) and self.precise:
            return self.exp(self.lower(expr.exp))
        if isinstance(expr, Sigmoid) and not expr.is_number:
            return self.sigmoid(expr.args[0])
        if type(expr) in FUNCTIONS:
            if isinstance(expr, Maximum | Minimum):  # ∞ may lose
                self.quiet |= not all(self.finite.finite(a, self.conditions) for a in expr.args)
            return self.elementwise(FUNCTIONS[type(expr)], [self.lower(a) for a in expr.args])
        raise self.fail(expr, f"no array operation for {type(expr).__name__}")

    def where(self, expr: Expr) -> Term:
        """One of two cases; the one that is not taken need not be finite."""
        terms = [self.lower_under({condition}, case) for condition, case in cases(expr)]
        self.quiet |= not all(self.finite.finite(case, self.conditions) for _, case in cases(expr))
        return self.elementwise("where", [self.condition(expr.args[0]), *terms])

    def lower_under(self, conditions: Iterable[Expr], expr: Expr) -> Term:
        """The value of an expression that is read only where these indicators are 1."""
        outer = self.conditions
        self.conditions = outer.union(conditions)
        term = self.lower(expr)
        self.conditions = outer
        return term

    def sigmoid(self, a: Expr) -> Term:
        """σ(a) is 1/(1 + e) or e/(1 + e), with e = exp(−|a|), which serves σ(−a) too."""
        base, tail, below = self.tail(a)
        sign = "greater_equal" if base == a else "less_equal"
        zero = self.lower(sp.S.Zero)
        mask = self.elementwise(sign, [self.lower(base), zero])
        above = self.elementwise("maximum", [tail, mask])  # 1 is the larger of 1 and e
        return self.elementwise("divide", [above, below])

    def sigmoid_slope(self, a: Expr) -> Term:
        """σ(a) σ(−a) = e/(1 + e)²."""
        _, tail, below = self.tail(a)
        return self.elementwise("divide", [tail, self.elementwise("square", [below])])

    def tail(self, a: Expr) -> tuple[Expr, Term, Term]:
        """a or −a, the same for both, and e = exp(−|a|) and 1 + e."""
        base = -a if a.could_extract_minus_sign() else a
        size = self.elementwise("abs", [self.lower(base)])
        tail = self.elementwise("exp", [self.elementwise("negative", [size])])
        return base, tail, self.elementwise("add", [tail, self.lower(sp.S.One)])

    def elementwise(self, name: str, terms: Sequence[Term]) -> Term:
        """A function of entries; its axes are those of the operands together.

        Masks become floats where no other operand is an array of floats: true + true is 2. So does
        either case of a choice: of two Python numbers NumPy's makes integers.
        """
        result, kinds = function(name).result, [self.builder.values[t.value].kind for t in terms]
        if result == "arithmetic" and "real" not in kinds:
            terms = [self.real(t) for t in terms]
        if result == "choice" and "real" not in kinds[1:]:
            terms = [terms[0], *map(self.float, terms[1:])]
        union = list(dict.fromkeys(i for t in terms for i in t.indices))
        largest = max(terms, key=lambda t: len(t.indices)).indices
        if set(largest) == set(union):
            union = list(largest)
        else:
            union.sort(key=self.rank)
        operands = tuple(Operand(t.value, tuple(union.index(i) for i in t.indices)) for t in terms)
        return Term(self.builder.add(Elementwise(name, operands)), tuple(union))

    def exp(self, term: Term) -> Term:
        """exp of a value; that of a difference of arrays is one operation, which loses less."""
        op = self.builder.values[term.value].op
        if not isinstance(op, Elementwise) or op.function != "subtract":
            return self.elementwise("exp", [term])
        if any(self.builder.values[o.value].kind != "real" for o in op.operands):
            return self.elementwise("exp", [term])
        difference = replace(op, function="exp_difference")
        return Term(self.builder.add(difference), term.indices)

    def real(self, term: Term) -> Term:
        """A mask as floats; anything else as it is."""
        if self.builder.values[term.value].kind != "mask":
            return term
        operand = Operand(term.value, tuple(range(len(term.indices))))
        return Term(self.builder.add(Elementwise("float", (operand,))), term.indices)

    def float(self, term: Term) -> Term:
        """A mask or a Python number in the dtype of the inputs; anything else as it is."""
        if self.builder.values[term.value].kind != "number":
            return self.real(term)
        cast_number = Elementwise("cast", (Operand(term.value, ()),))
        return Term(self.builder.add(cast_number), ())

    def rank(self, index: Expr) -> tuple[int, str]:
        """Where an axis stands in results that need a new order."""
        place = self.scope.index(index) if index in self.scope else len(self.scope)
        return place, str(index)

    def condition(self, condition: Any) -> Term:
        """A comparison of values, as a mask."""
        outer, self.in_slope = self.in_slope, False
        terms = [self.lower(a) for a in condition.args]
        self.in_slope = outer
        return self.elementwise(COMPARISONS[type(condition)], terms)

    def entry(self, expr: Expr) -> Term:
        """A tensor, perhaps at labels."""
        name = entry_name(expr)
        own = self.tensor(name)
        at = dict(zip(self.axes[name], entry_indices(expr), strict=True))
        indices = tuple(at[cast(Index, i)] for i in own.indices)
        term = own
        labels = [place for place, i in enumerate(indices) if not isinstance(i, Index)]
        if len(labels) > 1:
            return self.pick(term, indices)
        if labels:
            return self.at_label(term, indices, labels[0])
        if len(set(indices)) < len(indices):
            return self.diagonal(term, cast(Any, indices))
        return Term(term.value, indices)

    def diagonal(self, term: Term, indices: tuple[Index, ...]) -> Term:
        """An entry with an index twice."""
        out = tuple(dict.fromkeys(indices))
        letters = tuple(out.index(i) for i in indices)
        op = Contract((term.value,), (letters,), tuple(range(len(out))))
        return Term(self.builder.add(op), out)

    def at_label(self, term: Term, indices: tuple[Expr, ...], axis: int) -> Term:
        """An entry at one label."""
        labels = self.lower(indices[axis])
        others = tuple(i for place, i in enumerate(indices) if place != axis)
        if len(set(others)) < len(others):
            return self.pick(term, indices)
        if labels.indices and set(labels.indices) <= set(others):
            at = self.beside(others, labels, axis)
            return Term(self.builder.add(Pick(term.value, at)), others)
        if not set(labels.indices) & set(others):
            result = (*others[:axis], *labels.indices, *others[axis:])
            return Term(self.builder.add(Take(term.value, axis, labels.value)), result)
        return self.pick(term, indices)

    def pick(self, term: Term, indices: tuple[Expr, ...]) -> Term:
        """An entry at labels and indices of any kind, each axis by an array of integers."""
        at = [self.axis(i) if isinstance(i, Index) else self.lower(i) for i in indices]
        union = sorted({i for t in at for i in t.indices}, key=self.rank)
        operands = (Operand(t.value, tuple(union.index(i) for i in t.indices)) for t in at)
        return Term(self.builder.add(Pick(term.value, tuple(operands))), tuple(union))

    def beside(self, others: Sequence[Expr], labels: Term, axis: int) -> tuple[Operand, ...]:
        """Labels for one axis, with every place of the others beside them."""
        at = [Operand(self.arange(cast(Index, i)), (place,)) for place, i in enumerate(others)]
        at.insert(axis, Operand(labels.value, tuple(others.index(i) for i in labels.indices)))
        return tuple(at)

    def arange(self, index: Index) -> int:
        """An axis as an array; it takes the axis's name in the layer."""
        size = self.builder.add(Size(index.size))
        number = self.builder.add(Arange(size))
        name = next((i.name for i in self.layer.axes if i.size == index.size), "")
        self.builder.name(number, name)
        return number

    def delta(self, expr: Expr) -> Term:
        """A delta that no law took away, as an array."""
        left, right = expr.args
        if isinstance(left, Index) and isinstance(right, Index):
            return self.elementwise("equal", [self.axis(left), self.axis(right)])
        if not isinstance(left, Index) and not isinstance(right, Index):
            return self.elementwise("equal", [self.lower(left), self.lower(right)])
        index, label = index_and_label(expr)
        labels = self.lower(label)
        if index in labels.indices:
            return self.elementwise("equal", [self.axis(index), labels])
        op = OneHot(labels.value, self.arange(index))
        return Term(self.builder.add(op), (*labels.indices, index))

    def axis(self, index: Index) -> Term:
        """An index as an array over its axis."""
        return Term(self.arange(index), (index,))

    def extreme(self, expr: Binder) -> Term:
        """max, min, and where they stand."""
        body, (i,) = expr.open()
        term = self.real(self.lower_under(sizes((i,)), body))
        if i not in term.indices:  # the same at every place
            term = self.spread(self.float(term), (*cast(Any, term.indices), i))
        axis = term.indices.index(i)
        others = tuple(j for j in term.indices if j != i)
        op = Reduce(REDUCTIONS[type(expr)], term.value, (axis,))
        return Term(self.builder.add(op), others)

    # -- sums and products -----------------------------------------------------------------------

    def add(self, expr: Expr) -> Term:
        """A sum: a delta's term is put into an array, differences of like entries come first."""
        if are_unequal_labels(expr) or are_unequal_axes(expr):
            sides = [self.lower(side) for side in (1 - expr).args]
            return self.elementwise("not_equal", sides)
        filled = self.fill(expr)
        if filled is not None:
            return filled
        top = largest_of_log_sum(expr)
        if top is not None:
            return self.unless_infinite(self.lower(top), self.lower(expr - top))
        plus = [t for t in ordered(expr.args) if not t.could_extract_minus_sign()]
        minus = [-t for t in ordered(expr.args) if t.could_extract_minus_sign()]
        minus.sort(key=nested)  # a mean before the mean of deviations from it
        total: Term | None = None
        for a in list(plus):
            b = next((m for m in minus if alike(a, m)), None)
            if b is not None:
                # the difference of two entries of one tensor is exact where they are near
                plus.remove(a)
                minus.remove(b)
                pair = self.elementwise("subtract", [self.lower(a), self.lower(b)])
                total = pair if total is None else self.elementwise("add", [total, pair])
        for term in sorted(map(self.lower, plus), key=self.widest_first):
            total = term if total is None else self.elementwise("add", [total, term])
        for b in minus:
            term = self.lower(b)
            if total is None:
                total = self.elementwise("negative", [term])
            else:
                total = self.elementwise("subtract", [total, term])
        return cast(Term, total)

    def unless_infinite(self, top: Term, rest: Term) -> Term:
        """top + rest, and top alone where it is infinite: there the rest is of ∞ − ∞."""
        finite = self.elementwise("isfinite", [top])
        total = self.elementwise("add", [top, rest])
        return self.elementwise("where", [finite, total, top])

    def widest_first(self, term: Term) -> tuple[int, bool]:
        """Terms with many axes come first, contractions before others."""
        return -len(term.indices), not isinstance(self.builder.values[term.value].op, Contract)

    def fill(self, expr: Expr) -> Term | None:
        """`base + δ(i, label) v`: the base, and v put in or added at the label."""
        for term in ordered(expr.args):
            delta = next((f for f in sp.Mul.make_args(term) if is_label_delta(f)), None)
            if delta is None:
                continue
            index, label = index_and_label(delta)
            base_expr = expr - term
            base = self.lower(base_expr)
            labels = self.lower(label)
            if index not in base.indices or not set(labels.indices) <= set(base.indices):
                continue
            value = substitute(
                sp.Mul(*(f for f in sp.Mul.make_args(term) if f != delta)), {index: label}
            )
            if not has_hole(base_expr, delta):
                at_label = substitute(base_expr, {index: label})
                value = at_label + value
            return self.put(base, index, labels, self.lower(value))
        return None

    def put(self, base: Term, index: Index, labels: Term, filling: Term) -> Term:
        """The base with its entries at the labels replaced."""
        more = tuple(i for i in filling.indices if i not in base.indices)
        base = self.spread(self.real(base), (*cast(Any, base.indices), *cast(Any, more)))
        axis = base.indices.index(index)
        others = tuple(i for i in base.indices if i != index)
        places = tuple(others.index(i) for i in filling.indices)
        at = self.beside(others, labels, axis)
        below, read = base.value, self.builder.needed(filling.value)
        while isinstance(under := self.builder.values[below].op, Put) and under.at == at:
            if below in read:
                break
            below = under.value  # what is replaced again, unread, need not be put there
        op = Put(below, at, Operand(filling.value, places))
        return Term(self.builder.add(op), base.indices)

    def multiply(self, expr: Expr) -> Term:
        """A product: scalars first, then from few axes to many; holes go where their index runs.

        Where two labels must differ it is 0 elsewhere whatever the rest is, NaN and ∞ included.
        """
        for unequal in (f for f in expr.args if are_unequal_labels(f)):
            others = self.lower(sp.Mul(*(f for f in expr.args if f != unequal)))
            return self.elementwise("where", [self.lower(unequal), others, self.lower(sp.S.Zero)])
        for hole in (f for f in expr.args if is_hole(f)):
            index, label = index_and_label(1 - hole)
            along = [f for f in expr.args if f != hole and index in f.free_symbols]
            rest = [f for f in expr.args if f != hole and f not in along]
            if along:
                base, labels = self.lower(sp.Mul(*along)), self.lower(label)
                if set(labels.indices) <= set(base.indices):
                    term = self.put(base, index, labels, self.lower(sp.S.Zero))
                    return self.product([(term, 1)], rest)
        return self.product([], list(expr.args))

    def product(self, terms: list[tuple[Term, int]], factors: Iterable[Expr]) -> Term:
        """The product of terms with powers 1 or −1 and of factors.

        Where a mask is 0 it is 0 whatever the rest is, NaN and ∞ included; in a slope it is so
        where any factor is 0.
        """
        factors = self.covered(factors)
        masks, loose, rest = self.loose(factors)
        if not loose:
            return self.plain_product(terms, factors)
        by_masks = not (self.in_slope and (terms or any(map(may_vanish, rest))))
        if masks and (by_masks or self.finite_under(masks, loose)):
            return self.under_masks(masks, terms, [*loose, *rest])
        if by_masks:
            return self.plain_product(terms, factors)
        guard = self.guard(rest, loose)
        if guard is not None:
            guarded = self.under_masks([guard], [], loose)
            return self.plain_product([*terms, (guarded, 1)], [*masks, *rest])
        whole = self.plain_product(terms, factors)
        firm = self.plain_product(terms, [*masks, *rest])
        zero = self.lower(sp.S.Zero)
        self.quiet = True
        return self.elementwise("where", [self.elementwise("not_equal", [firm, zero]), whole, zero])

    def covered(self, factors: Iterable[Expr]) -> tuple[Expr, ...]:
        """The factors of a product; in a slope with ∞ for denominators where it is 0/0."""
        factors = tuple(factors)
        return self.finite.covered(factors, self.conditions) if self.in_slope else factors

    def loose(self, factors: Iterable[Expr]) -> tuple[list[Expr], list[Expr], list[Expr]]:
        """Masks, factors that may not be finite where the forward pass is, and the others."""
        masks = [f for f in factors if is_mask(f)]
        loose = [f for f in factors if not self.finite.finite(f, self.conditions)]
        return masks, loose, [f for f in factors if f not in masks and f not in loose]

    def finite_under(self, masks: Iterable[Expr], factors: Iterable[Expr]) -> bool:
        """Are factors finite where the masks let them through?"""
        conditions = self.conditions.union(masks)
        return all(self.finite.finite(f, conditions) for f in factors)

    def guard(self, factors: Iterable[Expr], loose: Iterable[Expr]) -> Expr | None:
        """That a factor is not 0: the one of fewest axes by which the loose ones are finite."""
        for factor in sorted(ordered(factors), key=lambda f: len(indices_of(f))):
            mask = Bracket(sp.Ne(factor, 0)) if may_vanish(factor) else None
            if mask is not None and self.finite_under([mask], loose):
                return cast(Expr, mask)
        return None

    def under_masks(
        self, masks: Iterable[Expr], terms: list[tuple[Term, int]], factors: Iterable[Expr]
    ) -> Term:
        """The product where all masks are 1, which it may make use of; else 0."""
        masks = ordered(masks)
        outer, self.conditions = self.conditions, self.conditions.union(masks)
        term = self.plain_product(terms, factors)
        self.conditions, self.quiet = outer, True
        for mask in masks:
            term = self.elementwise("where", [self.lower(mask), term, self.lower(sp.S.Zero)])
        return term

    def plain_product(self, terms: list[tuple[Term, int]], factors: Iterable[Expr]) -> Term:
        """The product as it stands."""
        number = sp.S.One
        slopes, factors = sigmoid_slopes(factors)
        terms = [*terms, *((self.sigmoid_slope(a), 1) for a in slopes)]
        for factor in ordered(factors):
            if factor.is_number and not factor.has(sp.Function, Bracket, Where):
                number *= factor
            elif factor.is_Pow and factor.exp.is_Rational and factor.exp < 0:
                terms.append((self.power(factor.base, -factor.exp), -1))
            else:
                terms.append((self.lower(factor), 1))
        terms.sort(
            key=lambda t: (len(t[0].indices), self.builder.values[t[0].value].kind == "mask")
        )
        above = [t for t, power in terms if power > 0]
        below = [t for t, power in terms if power < 0]
        return self.quotient(number, above, below)

    def quotient(self, number: Expr, above: list[Term], below: list[Term]) -> Term:
        """number · Π above / Π below, the factors with fewest axes first."""
        negative = number.could_extract_minus_sign()
        if negative and (number == -1 or (number.is_Rational and not is_decimal(number))):
            number = -number  # else the number keeps its sign: one operation less
        else:
            negative = False
        if not number.is_Rational or (number.q != 1 and is_decimal(number)):
            above = [self.lower(number), *above]
            number = sp.S.One
        if number.p != 1 or not above:
            above = [self.lower(sp.Integer(number.p)), *above]
        if number.q != 1:
            below = [self.lower(sp.Integer(number.q)), *below]
        total: Term | None = None
        waiting: list[Term] = []
        for level in range(1 + max(len(t.indices) for t in [*above, *below])):
            for term in (t for t in above if len(t.indices) == level):
                total = term if total is None else self.elementwise("multiply", [total, term])
            waiting += [t for t in below if len(t.indices) == level]
            if total is not None and (level == 0 or total.indices):
                for term in waiting:
                    total = self.elementwise("divide", [total, term])
                waiting = []
        for term in waiting:
            total = self.elementwise("divide", [total or self.lower(sp.S.One), term])
        assert total is not None
        return self.elementwise("negative", [total]) if negative else total

    def power(self, base: Expr, exponent: Expr) -> Term:
        """A power, by the cheapest operation."""
        outer, self.in_slope = self.in_slope, False
        term = self.power_of_value(base, exponent)
        self.in_slope = outer
        return term

    def power_of_value(self, base: Expr, exponent: Expr) -> Term:
        """A power, whatever it stands in."""
        if exponent == 1:
            return self.lower(base)
        if exponent.is_Rational and exponent < 0:
            return self.elementwise("divide", [self.lower(sp.S.One), self.power(base, -exponent)])
        if exponent.is_Rational and exponent.q == 2 and exponent != sp.Rational(1, 2):
            return self.power(sp.sqrt(base), sp.Integer(exponent.p))
        term = self.lower(base)
        if exponent == sp.Rational(1, 2):
            return self.elementwise("sqrt", [term])
        if exponent.is_Integer and exponent <= MAX_PRODUCT:
            half = self.power(base, exponent // 2)
            whole = self.elementwise("square", [half])
            return self.elementwise("multiply", [whole, term]) if exponent % 2 else whole
        return self.elementwise("power", [term, self.lower(exponent)])

    def sum(self, expr: Binder) -> Term:
        """A sum: of a product it is a contraction; by a label it is a scatter; else a reduction."""
        body, indices = expr.open()
        factors = [part for f in sp.Mul.make_args(body) for part in self.split_off_mask(f)]
        inside = [f for f in factors if f.free_symbols & set(indices)]
        outside = [f for f in factors if f not in inside]
        if outside and inside:
            total = self.lower(Sum(sp.Mul(*inside), *indices))
            return self.product([(total, 1)], [*outside, *self.reached(inside, outside, indices)])
        outer, self.conditions = self.conditions, self.conditions | sizes(indices)
        total = self.sum_inside(body, factors, indices)
        self.conditions = outer
        return total

    def sum_inside(self, body: Expr, factors: list[Expr], indices: tuple[Index, ...]) -> Term:
        """A sum of what its indices run through, each of which has a place there."""
        scattered = self.scatter(factors, indices)
        if scattered is not None:
            return scattered
        if any(is_hole(f) or isinstance(f, KroneckerDelta) for f in factors):
            return self.reduce(self.lower(body), indices)
        broadcast = next((f for f in ordered(factors) if grows(f, factors, indices)), None)
        if broadcast is not None:
            others = sp.Mul(*(f for f in factors if f != broadcast))
            return self.lower(sp.Add(*(Sum(others * t, *indices) for t in broadcast.args)))
        factors = list(self.covered(factors))
        masks, loose, rest = self.loose(factors)
        terms = []
        if masks and loose and (not self.in_slope or self.finite_under(masks, loose)):
            terms, factors = [self.under_masks(masks, [], loose)], rest
        elif loose and self.in_slope:
            guard = self.guard(rest, loose)
            if guard is None:
                return self.guarded_sum(loose, [*masks, *rest], indices)
            terms = [self.under_masks([guard], [], loose)]
            factors = [*masks, *rest]
        slopes, factors = sigmoid_slopes(factors)
        terms += [self.sigmoid_slope(a) for a in slopes]
        terms += [t for f in ordered(factors) for t in self.contractable(f)]
        return self.contract(terms, indices)

    def guarded_sum(
        self, loose: Sequence[Expr], firm: Sequence[Expr], indices: tuple[Index, ...]
    ) -> Term:
        """A sum of products of which each is 0 where the firm factors are, whatever the others."""
        left, right = self.product([], loose), self.product([], firm)
        axes = {*left.indices, *right.indices}
        if axes in ({*left.indices}, {*right.indices}):
            return self.reduce(self.product([], [*loose, *firm]), indices)
        self.quiet = True
        return self.contract_pair(left, right, indices, guarded=True)

    def reached(
        self, inside: list[Expr], outside: list[Expr], indices: tuple[Index, ...]
    ) -> tuple[Expr, ...]:
        """Whether masks let any term of a sum through, where factors before it may not be finite.

        In a slope its product is 0 where the sum is.
        """
        masks = [f for f in inside if is_mask(f)]
        if self.in_slope or not masks or not self.loose(outside)[1]:
            return ()
        return (Bracket(Sum(sp.Mul(*masks), *indices) > 0),)

    def split_off_mask(self, factor: Expr) -> tuple[Expr, ...]:
        """`where(c, a b, 0)` as [c] a b if c has more axes, or as where(c, a, 0) b if b has more.

        It may go elsewhere first then. What is taken out is finite, as 0 times it must be 0.
        """
        if not isinstance(factor, Where) or factor.args[2] != 0:
            return (factor,)
        condition, value, _ = factor.args
        if indices_of(condition) - indices_of(value):
            return (Bracket(condition), *sp.Mul.make_args(value))
        factors = sp.Mul.make_args(value)
        more = [f for f in factors if indices_of(f) - indices_of(condition)]
        rest = [f for f in factors if f not in more and not f.is_number]
        if not rest or not all(self.finite.finite(f, self.conditions) for f in more):
            return (factor,)
        rest = [f for f in factors if f not in more]
        return (Where(condition, sp.Mul(*rest), sp.S.Zero), *more)

    def contractable(self, factor: Expr) -> list[Term]:
        """A factor as operands of a contraction; a square is two of them."""
        if factor.is_Pow and factor.exp == 2:
            return [self.lower(factor.base)] * 2
        return [self.lower(factor)]

    def reduce(self, term: Term, indices: Iterable[Index]) -> Term:
        """A sum over axes of one value; an axis that it lacks counts as often as it is long."""
        indices, term = tuple(indices), self.real(term)
        idle = [i for i in indices if i not in term.indices]
        axes = tuple(term.indices.index(i) for i in indices if i not in idle)
        others = tuple(i for i in term.indices if i not in indices)
        if axes:
            op = Reduce("sum", term.value, tuple(sorted(axes)))
            term = Term(self.builder.add(op), others)
        return self.product([(term, 1)], [i.size for i in idle]) if idle else term

    def contract(self, terms: list[Term], indices: tuple[Index, ...]) -> Term:
        """A sum of products, two at a time in the order that costs least."""
        term, left = in_pairs(terms, indices, self.contract_pair)
        return self.reduce(term, left) if left else term

    def contract_pair(
        self, left: Term, right: Term, summed: Sequence[Index], guarded: bool = False
    ) -> Term:
        """The sum over `summed` of left · right."""
        left = self.reduce_alone(left, right, summed)
        right = self.reduce_alone(right, left, summed)
        summed = [i for i in summed if i in left.indices and i in right.indices]
        if not summed:
            return self.elementwise("multiply", [left, right])
        union = list(dict.fromkeys((*left.indices, *right.indices)))
        out = [i for i in union if i not in summed]
        if any(i in self.scope for i in out):
            out.sort(key=self.rank)
        number = {i: place for place, i in enumerate([*out, *summed])}
        left, right = self.real(left), self.real(right)
        letters = tuple(tuple(number[i] for i in t.indices) for t in (left, right))
        op = Contract((left.value, right.value), letters, tuple(range(len(out))), guarded)
        return Term(self.builder.add(op), tuple(out))

    def reduce_alone(self, term: Term, other: Term, summed: Sequence[Index]) -> Term:
        """Sum over the axes that only this operand has."""
        alone = [i for i in summed if i in term.indices and i not in other.indices]
        return self.reduce(term, alone) if alone else term

    def scatter(self, factors: Iterable[Expr], indices: tuple[Index, ...]) -> Term | None:
        """Σ_n δ(v, y_n) Σ_k g[n, k, …]: what is summed beside the labels first, then by label.

        Axes of the labels that are not summed are places of their own.
        """
        labels, rest = take_label_deltas(factors, indices)
        terms = {index: self.lower(label) for index, label in labels.items()}
        along = tuple(dict.fromkeys(i for t in terms.values() for i in t.indices))
        if not set(along) & set(indices):
            return None
        beside = [i for i in indices if i not in along]
        outer = self.scope
        self.scope = (*cast(Any, along), *(i for i in outer if i not in along))  # rows as they go
        term = self.float(self.lower(Sum(rest, *beside)))
        self.scope = outer
        others = tuple(i for i in term.indices if i not in along)
        term = self.spread(term, (*cast(Any, along), *cast(Any, others)))
        terms |= {cast(Index, i): self.axis(cast(Index, i)) for i in along if i not in indices}
        at = tuple(Operand(t.value, tuple(map(along.index, t.indices))) for t in terms.values())
        lengths = tuple(self.builder.add(Size(i.size)) for i in terms)
        return Term(self.builder.add(Scatter(term.value, at, lengths)), (*terms, *others))


def grows(factor: Expr, factors: Sequence[Expr], indices: Sequence[Index]) -> bool:
    """Is it a sum to be multiplied out, since its array has more axes than any that is needed?

    Σ_n x[n,i] (a[n,f] − x[n,i] v[i,f]) takes I N F entries as it stands, and I F multiplied out.
    What cancels in the sum then cancels later. That loses nothing where the terms are rounded
    anyway: at most one is a number or an entry of an input, unlike those of (x − μ).
    """
    if not factor.is_Add or sum(not is_worked_out(t) for t in factor.args) > 1:
        return False
    axes = len(indices_of(factor))
    others = [f for f in factors if f != factor]
    products = [[*others, *sp.Mul.make_args(term)] for term in factor.args]
    return all(widest(product, indices) < axes for product in products)


def is_worked_out(term: Expr) -> bool:
    """Is it rounded, unlike a number or an entry of an input?"""
    return not (term.is_number or is_entry(term) or is_entry(-term))


def widest(factors: Iterable[Expr], indices: Sequence[Index]) -> int:
    """The axes of the largest array that a contraction of these factors goes through."""
    met = [Term(0, tuple(ordered(indices_of(f)))) for f in factors]

    def meet(left: Term, right: Term, summed: Sequence[Index]) -> Term:
        met.append(Term(0, tuple(ordered({*left.indices, *right.indices} - {*summed}))))
        return met[-1]

    in_pairs([*met], indices, meet)
    return max(len(term.indices) for term in met)


def may_vanish(factor: Expr) -> bool:
    """Is it no number and no denominator, so that it may be 0?"""
    return not (factor.is_number or (factor.is_Pow and factor.exp.is_negative))


def is_linear(expr: Expr) -> bool:
    """May a cotangent stand in it, and do the rules for slopes apply?"""
    return bool(expr.is_Add or expr.is_Mul) or isinstance(expr, Sum | Where)


def sigmoid_slopes(factors: Iterable[Expr]) -> tuple[list[Expr], list[Expr]]:
    """Each a of a product's factors σ(a) and σ(−a), and the other factors."""
    rest, found = list(factors), []
    for factor in ordered(rest):
        if isinstance(factor, Sigmoid) and not factor.is_number and factor in rest:
            other = Sigmoid(-factor.args[0])
            if other in rest:
                found.append(factor.args[0])
                rest = [f for f in rest if f not in (factor, other)]
    return found, rest


def are_unequal_labels(expr: Expr) -> bool:
    """Is it 1 − δ(y, l) of two labels, neither of which is an axis?"""
    delta = 1 - expr
    return isinstance(delta, KroneckerDelta) and not any(isinstance(a, Index) for a in delta.args)


def largest_of_log_sum(expr: Expr) -> Expr | None:
    """The M of M + log Σ w exp(a − M), where that is the whole expression; log1p likewise."""
    for rest in expr.args:
        if isinstance(rest, sp.log | log1p) and is_exponential_sum(rest.args[0]):
            top = shift_of(rest.args[0])
            if top == expr - rest:
                return top
    return None


def nested(expr: Expr) -> int:
    """How deeply binders stand within one another."""
    return max((binder.level for binder in expr.atoms(Binder)), default=0)


def is_decimal(number: Expr) -> bool:
    """Is it a decimal fraction that a float's shortest text says exactly?"""
    return bool(sp.Rational(repr(float(number))) == number)


def alike(a: Expr, b: Expr) -> bool:
    """Are they entries of one tensor?"""
    return is_entry(a) and is_entry(b) and entry_name(a) == entry_name(b)


def indices_of(expr: Expr) -> set[Expr]:
    """The indices that stand free in an expression."""
    return {s for s in expr.free_symbols if isinstance(s, Index)}


def is_hole(expr: Expr) -> bool:
    """Is it 1 − δ(i, label)?"""
    return bool(expr.is_Add) and is_label_delta(1 - expr)


def has_hole(expr: Expr, delta: Expr) -> bool:
    """Is each term of the expression zero where the delta is one?"""
    return all(1 - delta in sp.Mul.make_args(t) for t in sp.Add.make_args(expr))


def index_and_label(delta: Expr) -> tuple[Index, Expr]:
    """The two sides of δ(i, label)."""
    left, right = delta.args
    return (left, right) if isinstance(left, Index) else (cast(Index, right), cast(Expr, left))


def take_label_deltas(
    factors: Iterable[Expr], indices: Iterable[Index]
) -> tuple[dict[Index, Expr], Expr]:
    """The label at which each index stands that is not summed, and the rest, taken there."""
    rest, labels = sp.Mul(*factors), dict[Index, Expr]()
    while True:
        deltas = [f for f in ordered(sp.Mul.make_args(rest)) if is_label_delta(f)]
        delta = next((d for d in deltas if index_and_label(d)[0] not in indices), None)
        if delta is None:
            return labels, rest
        index, label = index_and_label(delta)
        rest = substitute(rest / delta, {index: label})
        labels = {i: substitute(other, {index: label}) for i, other in labels.items()}
        labels[index] = label


def in_pairs(
    terms: list[Term],
    indices: Sequence[Index],
    join: Callable[[Term, Term, Sequence[Index]], Term],
) -> tuple[Term, tuple[Index, ...]]:
    """Operands joined two at a time in the order that costs least, and what is not summed yet.

    `join` is told which indices no other operand has, and sums over these.
    """
    while len(terms) > 1:
        a, b = cheapest_pair(terms, indices)
        left, right = terms[a], terms[b]
        rest = [t for place, t in enumerate(terms) if place not in (a, b)]
        kept = {i for t in rest for i in t.indices}
        summed = [i for i in indices if i in {*left.indices, *right.indices} - kept]
        terms = [*rest, join(left, right, summed)]
        indices = [i for i in indices if i not in summed]
    return terms[0], tuple(indices)


def cheapest_pair(terms: list[Term], indices: Sequence[Index]) -> tuple[int, int]:
    """Which two operands to contract first: of few by NumPy's search, at a common size.

    That takes time that grows with the factorial of their number. Of many operands the pair that
    leaves least, and of those the one that costs least.
    """
    if len(terms) == 2:
        return 0, 1
    axes = list(dict.fromkeys(i for t in terms for i in t.indices))
    largest = max(len(t.indices) for t in terms)
    if len(terms) > MAX_SEARCHED or len(axes) > len(ascii_letters) or largest > MAX_AXES:
        pairs = combinations(range(len(terms)), 2)
        return min(pairs, key=lambda pair: cost_of_pair(terms, indices, pair))
    letters = dict(zip(axes, ascii_letters, strict=False))
    words = ["".join(letters[i] for i in t.indices) for t in terms]
    out = "".join(letter for i, letter in letters.items() if i not in indices)
    arrays = [np.broadcast_to(0.0, (COMMON_SIZE,) * len(w)) for w in words]
    path, _ = np.einsum_path(f"{','.join(words)}->{out}", *arrays, optimize="optimal")
    pair = next(step for step in path[1:] if len(step) >= 2)
    return pair[0], pair[1]


def cost_of_pair(
    terms: Sequence[Term], indices: Sequence[Index], pair: tuple[int, int]
) -> tuple[int, int]:
    """By how many entries contracting a pair makes its operands more, and its multiplications."""
    left, right = (set(terms[place].indices) for place in pair)
    kept = {i for place, t in enumerate(terms) if place not in pair for i in t.indices}
    result = {i for i in left | right if i in kept or i not in indices}
    more = COMMON_SIZE ** len(result) - COMMON_SIZE ** len(left) - COMMON_SIZE ** len(right)
    return more, COMMON_SIZE ** len(left | right)
