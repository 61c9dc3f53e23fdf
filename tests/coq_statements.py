"""Examples of laws as statements in Coq: what proofs/examples.v must say of each."""

import re
from collections.abc import Iterable, Iterator, Mapping

import sympy as sp
from sympy import Expr

from pullback.derive.index.binders import Sum
from pullback.derive.index.derivatives import Partial
from pullback.derive.index.functions import Erfc, Erfcx, LogSigmoid, Sigmoid, expm1, log1p
from pullback.derive.index.kinks import Abs, Bracket, Maximum, Minimum, Where
from pullback.derive.index.objects import (
    BOUND,
    Index,
    KroneckerDelta,
    entry,
    entry_indices,
    entry_name,
    free_indices,
    is_size,
)
from pullback.derive.law_example import HOLDER, Example, read_example
from pullback.derive.laws.registry import Law
from pullback.derive.layer import Tensor

FUNCTIONS = {
    sp.exp: "expR",
    sp.log: "ln",
    log1p: "log1p",
    expm1: "expm1",
    Sigmoid: "sigmoid",
    LogSigmoid: "logsigmoid",
    sp.tanh: "tanh",
    sp.erf: "erf",
    Erfc: "erfc erf",
    Erfcx: "erfcx erf",
    Maximum: "Num.max",
    Minimum: "Num.min",
}
CONDITIONS = {  # where both sides have a value, and what mathcomp does not know of erf
    "powers of one base": ("0 < a",),
    "log of the error function": ("forall x, erf x < 1",),
    "complementary error function": ("forall x, erf (- x) = - erf x",),
    "quotient rule": ("x k != 0",),
    "slope by cases": ("x n != 0",),
}
SIMPLE = re.compile(r"\w+|⟦[^⟦⟧]*⟧")  # what needs no brackets around it
COMPARED = {sp.StrictGreaterThan: "<", sp.GreaterThan: "<=", sp.Ne: "!=", sp.Eq: "=="}


def statement(law: Law) -> str:
    """What a law's example says, in one line, under the name that `example_name` gives it."""
    example = read_example(law)
    slopes = inner_slopes(example.after)
    premises = [*CONDITIONS.get(law.name, ()), *given(example)]
    premises += [has_slope(partial, text(name)) for partial, name in slopes.items()]
    said = " -> ".join([*(f"({p})" for p in premises), conclusion(example, slopes)])
    erf = ["(erf : R -> R)"] if "erf" in said else []
    named = [
        f"({entry_name(d)} : {' -> '.join([*map(axis_of, entry_indices(d)), 'R'])})"
        for d in slopes.values()
    ]
    return f"{' '.join(['(R : realType)', *binders(example), *named, *erf])} : {said}"


def example_name(law: Law) -> str:
    """The name of a law's example in Coq."""
    return "example_" + re.sub(r"\W+", "_", law.name)


def conclusion(example: Example, slopes: Mapping[Expr, Expr]) -> str:
    """`before = after`; for a derivative that it has this value."""
    before, after = example.before, example.after.xreplace(dict(slopes))
    if not isinstance(before, Partial):
        left = operand(before) if isinstance(before, Where) else text(before)
        return f"{left} = {text(after)} :> R"
    return has_slope(before, text(after))


def inner_slopes(expr: Expr) -> dict[Expr, Expr]:
    """The derivatives in an expression, each with a name: an entry at the indices bound there."""
    found = sorted(expr.atoms(Partial), key=str)
    return {
        partial: entry(f"d{at}", [i for i in free_indices(partial) if i.name.startswith(BOUND)])
        for at, partial in enumerate(found, 1)
    }


def has_slope(partial: Expr, slope: str) -> str:
    """That a derivative has this value, at every place of what is bound around it."""
    name, places = entry_name(partial.wrt), " ".join(map(argument, entry_indices(partial.wrt)))
    said = f"partial (fun {name} => {text(partial.expr)}) {name} {places} {bracketed(slope)}"
    bound = [text(i) for i in free_indices(partial) if i.name.startswith(BOUND)]
    return f"forall {' '.join(bound)}, {said}" if bound else said


def bracketed(said: str) -> str:
    """What a function is applied to."""
    return said if SIMPLE.fullmatch(said) else f"({said})"


def given(example: Example) -> Iterator[str]:
    """The equations and facts that an example is told."""
    for equality in example.equations:
        names = " ".join(i.name for i in entry_indices(equality.entry))
        said = f"{text(equality.entry)} = {text(equality.expr)}"
        yield f"forall {names}, {said}" if names else said
    for fact in example.facts:
        names = " ".join(i.name for i in free_indices(fact))
        equal = isinstance(fact, sp.Eq)
        said = f"{text(fact.lhs)} = {text(fact.rhs)}" if equal else compared(fact)
        yield f"forall {names}, {said}" if names and not equal else said


def binders(example: Example) -> Iterator[str]:
    """Sizes, tensors, names that are given, and free indices."""
    layer = example.layer
    inputs = [t for t in layer.inputs if t.name != f"{HOLDER}s"]
    named = [Tensor(entry_name(q.entry), entry_indices(q.entry)) for q in example.equations]
    labels = [t.labels_of for t in inputs if t.labels_of is not None]
    sizes = sorted({str(s) for s in (*(i.size for i in layer.axes), *labels)})
    if sizes:
        yield f"({' '.join(sizes)} : nat)"
    for tensor in (*inputs, *named):
        kind = "R" if tensor.labels_of is None else axis(tensor.labels_of)
        yield f"({tensor.name} : {' -> '.join([*(axis(i.size) for i in tensor.indices), kind])})"
    sides = example.before.free_symbols | example.after.free_symbols
    for index in sorted((s for s in sides if isinstance(s, Index)), key=str):
        yield f"({index.name} : {axis(index.size)})"


def axis_of(index: Index) -> str:
    """The places of an index."""
    return axis(index.size)


def axis(size: Expr) -> str:
    """The places of an axis, of which there is one at least."""
    return f"'I_{size}.+1"


def argument(expr: Expr) -> str:
    """An expression that a function is applied to."""
    return bracketed(text(expr))


def operand(expr: Expr) -> str:
    """An expression beside an operator."""
    compound = expr.is_Add or expr.is_Mul or isinstance(expr, Sum | Where)
    negative = expr.is_Rational and (expr < 0 or expr.q != 1)
    return f"({text(expr)})" if compound or negative else text(expr)


def text(expr: Expr) -> str:
    """An expression in Coq."""
    if expr.is_Rational:
        return fraction(expr)
    if is_size(expr):
        return f"{expr}.+1%:R"
    if isinstance(expr, sp.Symbol | sp.Indexed):
        name = expr.name.replace("_", "i") if isinstance(expr, Index) else entry_name(expr)
        return " ".join([name, *map(argument, entry_indices(expr))])
    if expr.is_Add:
        return total(expr.as_ordered_terms())
    if expr.is_Mul:
        return product(expr)
    if expr.is_Pow:
        return power(expr)
    if isinstance(expr, Sum):
        bound = " ".join(f"\\sum_({text(i)} < {i.size}.+1)" for i in expr.indices)
        return f"{bound} {operand(expr.body)}"
    if isinstance(expr, KroneckerDelta):
        return f"⟦{' == '.join(text(i) for i in sorted(expr.args, key=str))}⟧"
    if isinstance(expr, Bracket):
        return f"⟦{compared(expr.condition)}⟧"
    if isinstance(expr, Where):
        condition, a, b = expr.args
        return f"if {compared(condition)} then {text(a)} else {text(b)}"
    if isinstance(expr, Abs):
        return f"`|{text(expr.args[0])}|"
    return " ".join([FUNCTIONS[type(expr)], *map(argument, expr.args)])


def fraction(number: Expr) -> str:
    """A fraction; one below 0 has its sign in front."""
    said = str(abs(number.p)) if number.q == 1 else f"{abs(number.p)} / {number.q}"
    return f"- ({said})" if number < 0 else said


def total(terms: Iterable[Expr]) -> str:
    """A sum; what has a minus sign is taken off at the end."""
    first, *rest = sorted(terms, key=lambda term: term.could_extract_minus_sign())
    said = operand(first)
    for term in rest:
        minus = term.could_extract_minus_sign()
        said += f" - {operand(-term)}" if minus else f" + {operand(term)}"
    return said


def product(expr: Expr) -> str:
    """A product over what it is divided by."""
    number, rest = expr.as_coeff_Mul()
    if number < 0:
        return f"- {operand(-expr)}"
    factors = [f.as_base_exp() if f.is_Pow else (f, sp.S.One) for f in rest.as_ordered_factors()]
    above = [sp.Integer(number.p)] * (number.p != 1) + [b**p for b, p in factors if is_above(p)]
    below = [sp.Integer(number.q)] * (number.q != 1) + [
        b**-p for b, p in factors if not is_above(p)
    ]
    said = " * ".join(map(operand, above)) or "1"
    over = " * ".join(map(operand, below))
    return f"{said} / ({over})" if len(below) > 1 else f"{said} / {over}" if below else said


def is_above(exponent: Expr) -> bool:
    """Does a power stand above the line?"""
    return not (exponent.is_number and exponent < 0)


def power(expr: Expr) -> str:
    """A whole power, or one below the line, or a real one."""
    base, exponent = expr.args
    if not exponent.is_Integer:
        return f"power {argument(base)} {argument(exponent)}"
    return f"{argument(base)} ^+ {exponent}" if exponent > 0 else f"1 / {operand(base**-exponent)}"


def compared(condition: sp.Basic) -> str:
    """A comparison, with the smaller side on the left."""
    a, b = condition.args
    for kind, sign in COMPARED.items():
        if isinstance(condition, kind):
            return f"{text(b)} {sign} {text(a)}" if "<" in sign else f"{text(a)} {sign} {text(b)}"
    return f"{text(a)} {'<=' if isinstance(condition, sp.LessThan) else '<'} {text(b)}"
