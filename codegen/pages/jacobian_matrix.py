"""Jacobians written out as matrices at small sizes, for notebooks and the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import sympy as sp

from pullback.codegen.notation.printer import Notation
from pullback.codegen.notation.styles import LATEX, PAGE, UNICODE, Style
from pullback.codegen.pages import mathml
from pullback.codegen.pages.markdown import inline
from pullback.derive.calculus.jacobians import jacobian, written_out
from pullback.derive.errors import PullbackError
from pullback.derive.layer import Layer, Tensor

MAX_ENTRIES = 1000  # of a Jacobian that is written out


@dataclass(frozen=True)
class JacobianMatrix:
    """∂ node / ∂ tensor written out at small sizes: a SymPy matrix, and its structure in words."""

    layer: Layer
    node: str
    tensor: str
    matrix: sp.Matrix
    structure: str

    @property
    def latex(self) -> str:
        """The matrix in LaTeX."""
        lines = " \\\\\n".join(" & ".join(row) for row in self.cells(LATEX))
        return f"\\begin{{bmatrix}}\n{lines}\n\\end{{bmatrix}}"

    def cells(self, style: Style = UNICODE) -> list[list[str]]:
        """Its entries, spelled, row by row."""
        spell = Notation(self.layer, style).spell
        return [[spell(entry) for entry in self.matrix.row(r)] for r in range(self.matrix.rows)]

    def __str__(self) -> str:
        cells = self.cells()
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        padded = ([c.ljust(w) for c, w in zip(row, widths, strict=True)] for row in cells)
        return "\n".join(f"[ {'  '.join(row)} ]" for row in padded)

    def __repr__(self) -> str:
        shape = f"{self.matrix.rows} by {self.matrix.cols}"
        return f"<∂{self.node}/∂{self.tensor}, {shape}: {self.structure}>"

    def _repr_latex_(self) -> str:
        return inline(self.latex)

    def _repr_html_(self) -> str | None:
        return mathml.shown(PAGE.matrix(self.cells(PAGE)), UNICODE.matrix(self.cells()))


def jacobian_matrix(
    layer: Layer, node: str, tensor: str, sizes: Mapping[str, int] | None = None
) -> JacobianMatrix:
    """A Jacobian written out at small sizes, as in {"n": 1, "k": 2}; axes left out have size 2.

    Raises KeyError where the layer has no such node or tensor, and PullbackError for labels, for
    an axis that the Jacobian has not, and for a matrix that would be too large.
    """
    sizes, given = sizes or {}, layer.tensor(tensor)
    if isinstance(given, Tensor) and given.integer:
        raise PullbackError(f"{tensor!r} holds labels, and nothing has a derivative by them")
    found = jacobian(layer, node, tensor)
    names = [i.axis for i in found.rows + found.columns]
    for axis, size in sizes.items():
        if axis not in names:
            known = ", ".join(dict.fromkeys(names)) or "none"
            raise PullbackError(f"∂{node}/∂{tensor} has no axis {axis!r}; its axes are {known}")
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise PullbackError(f"the size of {axis!r} is {size!r}; it must be 1 or more")
    if prod(sizes.get(name, 2) for name in names) > MAX_ENTRIES:
        raise PullbackError(f"the matrix would have more than {MAX_ENTRIES} entries")
    matrix = written_out(found, sizes)
    return JacobianMatrix(layer, node, tensor, matrix, found.structure.words)
