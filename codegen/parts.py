"""How an output is worked out some rows at a time, where each row comes from its own."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp
from sympy import Expr

from codegen.numpy_target import Section
from derive.derivation import Derivation
from derive.expressions import Binder, Sum


@dataclass(frozen=True)
class Parts:
    """The size of the axis that is taken in parts, and what becomes of the outputs of the parts.

    They are rows of the output, or have to be added up, or averaged by their numbers of rows.
    """

    size: Expr
    kind: str  # rows, sum or mean


def parts(derivation: Derivation) -> Parts | None:
    """How the output comes from parts of the rows, if it does."""
    layer, codes = derivation.layer, {v.node.name: v.code.end for v in derivation.values}
    leading = [t.indices for t in layer.inputs if t.indices]
    if not leading:
        return None
    size = leading[0][0].size
    several = any(i.size == size for indices in leading for i in indices[1:])
    output = layer.output
    inner = [code for name, code in codes.items() if name != output.name]
    if several or any(mixes(code, size) for code in inner):
        return None
    code = codes[output.name]
    if output.indices:
        by_rows = output.indices[0].size == size and not mixes(code, size)
        return Parts(size, "rows") if by_rows else None
    kinds = {kind_of_term(term, size) for term in sp.Add.make_args(sp.expand_mul(code))}
    if kinds <= {"mean", "rest"} and "mean" in kinds:
        return Parts(size, "mean")
    return Parts(size, "sum") if kinds == {"sum"} else None


def mixes(expr: Expr, size: Expr) -> bool:
    """Does it bring rows together, or read how many there are?"""
    bound = any(i.size == size for b in expr.atoms(Binder) for i in b.indices)
    return bound or size in expr.free_symbols


def kind_of_term(term: Expr, size: Expr) -> str:
    """A mean over the rows, a sum over them, what has nothing to do with them, or another."""
    if not mixes(term, size):
        return "rest"
    factors = sp.Mul.make_args(term)
    sums = [f for f in factors if isinstance(f, Sum) and any(i.size == size for i in f.indices)]
    rest = [f for f in factors if f not in sums and f != 1 / size]
    if len(sums) != 1 or any(mixes(f, size) for f in rest):
        return "other"
    body, indices = sums[0].open()
    if sum(i.size == size for i in indices) != 1 or mixes(body, size):
        return "other"
    return "mean" if 1 / size in factors else "sum"


def row_entries(size: Expr, forward: Section) -> str:
    """How many entries forward's arrays have for a row, as code."""
    counts: dict[str, int] = {}
    for buffer in forward.buffers.values():
        if buffer.sizes[0] == size:
            product = " * ".join(map(str, buffer.sizes[1:])) or "1"
            counts[product] = counts.get(product, 0) + 1
    single = counts.pop("1", 0)
    terms = [f"{n} * {sizes}" if n > 1 else sizes for sizes, n in counts.items()]
    return " + ".join([*terms, *([str(single)] if single else [])]) or "1"
