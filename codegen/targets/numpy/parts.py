"""How an output is worked out some rows at a time, where no row reads from another.

That is where the layer can be cut along the first axis of its inputs, and no part has anything that
the whole has once (`derive/calculus/cutting.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr

from pullback.codegen.program.plan.plan import Plan
from pullback.derive.calculus.cuts import Cut
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.layer import Layer
from pullback.derive.read.symbols import BATCH_SIZE

ROWS = "rows"


@dataclass(frozen=True)
class Parts:
    """The size of the axis that is taken in parts, and what becomes of the outputs of the parts.

    They are rows of the output, or have to be added up, or averaged by their numbers of rows.
    """

    size: Expr
    kind: str  # rows, sum or mean


def parts(derivation: Derivation) -> Parts | None:
    """How the output comes from parts of the rows, if it does."""
    layer = derivation.layer
    cuts = {cut.axis.size: cut for cut in derivation.cutting.cuts}
    found = (cuts[size] for size in row_sizes(layer) if size in cuts)
    return next((Parts(c.axis.size, k) for c in found if (k := kind_of(c, layer))), None)


def kind_of(cut: Cut, layer: Layer) -> str:
    """What becomes of the outputs of parts, where rows are the first axis; else nothing.

    What is a mean or a sum is one number.
    """
    if any(cut.inputs.values()) or cut.output or cut.has_rest:
        return ""
    return ("" if layer.output.indices else cut.kind) if cut.output is None else ROWS


def row_sizes(layer: Layer) -> list[Expr]:
    """The sizes of the inputs' first axes; where an input has leading axes, the size of these."""
    sizes = [t.indices[0].size for t in layer.inputs if t.indices]
    leading = [s for s in sizes if str(s) == BATCH_SIZE]
    return list(dict.fromkeys(leading or sizes))


def row_entries(size: Expr, forward: Plan) -> str:
    """How many entries forward's arrays have for a row, as code."""
    counts: dict[str, int] = {}
    for buffer in forward.buffers.values():
        if size in buffer.sizes:
            rest = list(buffer.sizes)
            rest.remove(size)
            product = " * ".join(f"({s})" if s.is_Add else str(s) for s in rest) or "1"
            counts[product] = counts.get(product, 0) + 1
    single = counts.pop("1", 0)
    terms = [f"{n} * {sizes}" if n > 1 else sizes for sizes, n in counts.items()]
    return " + ".join([*terms, *([str(single)] if single else [])]) or "1"
