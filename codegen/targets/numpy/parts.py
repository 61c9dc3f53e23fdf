"""How an output is worked out some rows at a time, where no row reads from another.

Rows are independent where each entry on the way from the inputs to the output is read at exactly
the index of the row that it is for: no label, no bound index and no second index of the same size
may stand on an axis of rows, and nothing may read how many rows there are, or which one it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sympy as sp
from sympy import Expr

from pullback.codegen.program.plan.plan import Plan
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.index.binders import Sum
from pullback.derive.index.objects import Index, entries, entry_indices, entry_name
from pullback.derive.layer import Layer, Node, Tensor
from pullback.derive.read.symbols import BATCH_SIZE


@dataclass(frozen=True)
class Parts:
    """The size of the axis that is taken in parts, and what becomes of the outputs of the parts.

    They are rows of the output, or have to be added up, or averaged by their numbers of rows.
    """

    size: Expr
    kind: str  # rows, sum or mean


def parts(derivation: Derivation) -> Parts | None:
    """How the output comes from parts of the rows, if it does."""
    codes = {v.node.name: v.code.end for v in derivation.values}
    rows = (Rows(derivation.layer, codes, size) for size in row_sizes(derivation.layer))
    return next((found for found in (r.parts() for r in rows) if found), None)


def row_sizes(layer: Layer) -> list[Expr]:
    """The sizes of the inputs' first axes; where an input has leading axes, the size of these."""
    sizes = [t.indices[0].size for t in layer.inputs if t.indices]
    leading = [s for s in sizes if str(s) == BATCH_SIZE]
    return list(dict.fromkeys(leading or sizes))


@dataclass(frozen=True)
class Rows:
    """A layer whose axes of one size are taken as rows; `codes` are its nodes' right sides."""

    layer: Layer
    codes: Mapping[str, Expr]
    size: Expr

    def parts(self) -> Parts | None:
        """How the output comes from parts of the rows, if these are independent."""
        output = self.layer.output
        if not all(map(self.can_be_sliced, self.layer.inputs)):
            return None
        if not all(self.is_by_rows(node) for node in self.on_the_way() if node != output):
            return None
        code = self.codes[output.name]
        if output.indices:
            first = output.indices[0].size == self.size
            return Parts(self.size, "rows") if first and self.is_by_rows(output) else None
        kinds = {self.kind_of_term(term) for term in sp.Add.make_args(sp.expand_mul(code))}
        if kinds <= {"mean", "rest"} and "mean" in kinds:
            return Parts(self.size, "mean")
        return Parts(self.size, "sum") if kinds == {"sum"} else None

    def can_be_sliced(self, tensor: Tensor) -> bool:
        """Are its rows along its first axis or nowhere, and do its labels not point at rows?"""
        return self.row_axes(tensor) in ([], [0]) and tensor.labels_of != self.size

    def row_axes(self, tensor: Tensor | Node) -> list[int]:
        """The places of a tensor's axes that have the size of the rows."""
        return [place for place, i in enumerate(tensor.indices) if i.size == self.size]

    def on_the_way(self) -> Iterable[Node]:
        """The nodes and notations that the output is made of, itself too."""
        nodes = {node.name: node for node in self.layer.nodes}
        wanted, seen = [self.layer.output.name], set[str]()
        while wanted:
            name = wanted.pop()
            if name in nodes and name not in seen:
                seen.add(name)
                yield nodes[name]
                wanted += map(entry_name, entries(self.codes[name]))

    def is_by_rows(self, node: Node) -> bool:
        """Does each row of a node come from the same row of all that it reads?"""
        places = self.row_axes(node)
        if len(places) > 1:
            return False
        row = node.indices[places[0]] if places else None
        return self.reads_at(self.codes[node.name], row)

    def reads_at(self, expr: sp.Basic, row: Index | None) -> bool:
        """Are all rows in an expression read at this index, and the index for nothing else?"""
        if isinstance(expr, sp.Indexed):
            axes = self.layer.tensor(entry_name(expr)).indices
            pairs = zip(axes, entry_indices(expr), strict=True)
            return all(
                at == row if axis.size == self.size else self.reads_at(at, row)
                for axis, at in pairs
            )
        if isinstance(expr, Index):
            return bool(expr.size != self.size)
        return expr != self.size and all(self.reads_at(arg, row) for arg in expr.args)

    def kind_of_term(self, term: Expr) -> str:
        """A mean over the rows, a sum over them, what has nothing to do with them, or another."""
        if self.reads_at(term, None):
            return "rest"
        factors = sp.Mul.make_args(term)
        sums = [f for f in factors if isinstance(f, Sum) and self.rows_of(f.indices)]
        rest = [f for f in factors if f not in sums and f != 1 / self.size]
        if len(sums) != 1 or not all(self.reads_at(f, None) for f in rest):
            return "other"
        body, indices = sums[0].open()
        bound = self.rows_of(indices)
        if len(bound) != 1 or not self.reads_at(body, bound[0]):
            return "other"
        return "mean" if 1 / self.size in factors else "sum"

    def rows_of(self, indices: Iterable[Index]) -> list[Index]:
        """The indices that run over the rows."""
        return [i for i in indices if i.size == self.size]


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
