"""Index notation in print: one printer, two alphabets.

`Notation(layer, UNICODE)` is for terminals and comments, `Notation(layer, LATEX)` for papers.
Bound indices get the names of the layer's axes. What is printed has one meaning:

| what | how it is read |
| --- | --- |
| `a b` | a product; it ends at `+` or `-` |
| `Σ_d x[n,d] W[d,k] + c[k]` | a sum (or `max_i`) reaches as far as the product after it |
| `a b / (c d)` | everything before the stroke over everything after; nothing else follows it |
| `∂L/∂z[n,j]` | one value: the cotangent of z |
| `ż[n,j]`, `(∂L/∂z[n,j])˙` | how a value changes along the inputs' tangents |
| `𝟙[…]`, `δ(n,m)` | 1 where the condition holds or the indices are equal, else 0 |
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import sympy as sp
from sympy import Expr
from sympy.core.relational import Relational

from pullback.codegen.notation.deltas import comparison
from pullback.codegen.notation.names import Scope, Tensors, leading, lettered
from pullback.codegen.notation.shifts import any_sum, at_places
from pullback.codegen.notation.styles import LOOSE, UNICODE, Style
from pullback.codegen.notation.writers import loss, tensor, writer_for
from pullback.codegen.notation.writing import Writing
from pullback.derive.index.objects import BOUND, Index, free_indices
from pullback.derive.index.rewriting import rewrite
from pullback.derive.layer import Layer, Node
from pullback.derive.read.trees import BATCH


@dataclass(frozen=True)
class Notation:
    """A layer's names in one style; `unit_output` leaves out ∂L/∂L = 1 of a scalar output."""

    layer: Layer
    style: Style = UNICODE
    unit_output: bool = True

    def __post_init__(self) -> None:
        """Leading axes are one axis, with a letter like others; a style may have its own."""
        letters = {**leading(self.layer), **self.style.letters}
        object.__setattr__(self, "style", replace(self.style, letters=letters))

    @cached_property
    def tensors(self) -> Tensors:
        """The layer's tensors by name."""
        return Tensors(self.layer)

    @cached_property
    def whole(self) -> Notation:
        """The same with ∂L/∂L where it stands."""
        return replace(self, unit_output=False)

    @property
    def loss(self) -> str:
        """What is differentiated."""
        return loss(self.tensors, self.style)

    def tensor(self, name: str, held: Sequence[Index] = ()) -> str:
        """A whole tensor by its name, or ∂L/∂name, or its tangent; what is held is an index."""
        return tensor(self.tensors, self.style, name, [self.style.index(i) for i in held])[0]

    def spell(
        self,
        expr: Expr,
        around: Iterable[Index] = (),
        level: int = LOOSE,
        preferred: tuple[Index, ...] = (),
    ) -> str:
        """An expression; no bound index takes the name of one in `around`.

        Where `level` is given, brackets are put around what is looser than it. Bound indices take
        names from `preferred` first.
        """
        expr = at_places(self.without_unit(expr))
        free = free_indices(expr)
        scope = Scope({}, frozenset(i.name for i in (*free, *around)), preferred)
        open_ones = [i for i in free if i.name.startswith(BOUND)]
        return self.writing(scope).under(open_ones).within(expr, level)

    def without_unit(self, expr: Expr) -> Expr:
        """The expression with 1 for ∂L/∂L, if that is to be left out."""
        if not self.unit_output:
            return expr
        return rewrite(expr, lambda e: sp.S.One if self.tensors.is_unit(e) else None)

    def names(self, indices: Sequence[Index], around: Iterable[Index] = ()) -> list[str]:
        """Printed names for bound indices beside those in `around`."""
        scope = Scope({}, frozenset(i.name for i in around))
        scope = scope.bind(indices, self.tensors, self.style.letters)
        return [self.style.index(scope.names[i])[0] for i in indices]

    def relation(self, fact: Relational) -> str:
        """A comparison, such as an assumption."""
        return self.needed(fact)

    def needed(self, fact: Relational, beside: Sequence[Relational] = ()) -> str:
        """A comparison that must hold where others do."""
        free = {i for each in (fact, *beside) for i in free_indices(each)}
        open_ones = sorted((i for i in free if i.name.startswith(BOUND)), key=lambda i: i.name)
        scope = Scope({}, frozenset(i.name for i in free))
        writing = self.writing(scope).under(open_ones)
        first, *others = (comparison(writing, each) for each in (fact, *beside))
        return self.style.under_conditions(first, others)

    @property
    def leading(self) -> str:
        """What the letter for leading axes is, in a sentence; empty where there are none."""
        letter = self.style.letters.get(BATCH, "")
        return f"In formulas {letter} runs over all leading axes, '...' above." if letter else ""

    @property
    def further(self) -> list[tuple[list[str], Expr]]:
        """The indices of each axis for which more letters were met so far, and its size."""
        found = []
        for size in dict.fromkeys(i.size for i in self.tensors.met):
            own = [i for i in self.layer.axes if i.size == size]
            both = [self.style.index(i)[0] for i in (*own, *self.tensors.met_over(size))]
            found.append((both, size))
        return found

    @property
    def shifted(self) -> str:
        """The first entry at a sum of axes, an example of what may lie outside; or nothing."""
        for node in self.layer.nodes:
            found = [e for e in at_places(node.expr).atoms(sp.Indexed) if any_sum(e)]
            if found:
                return self.spell(min(found, key=sp.default_sort_key))
        return ""

    def words(self, text: str) -> str:
        """The engine's own words about axes and sizes, in which leading axes stand as dots."""
        return lettered(self.style.letters, text)

    def equation(self, left: Expr, right: Expr) -> str:
        """left = right, with names of bound indices that the left side does not use."""
        return f"{self.whole.spell(left)} = {self.spell(right, free_indices(left))}"

    def definition(self, node: Node) -> str:
        """A line of the definition."""
        sign = self.style.defines if node.notation else "="
        return f"{self.spell(node.entry)} {sign} {self.spell(node.expr, node.indices)}"

    def slope(self, above: Expr, below: Expr, held: Sequence[str] = ()) -> str:
        """∂above/∂below of two entries; it is a direct derivative where tensors are held."""
        text = self.spell(above)
        text = self.style.group(text) if self.tensors.is_slope(above) else text
        return self.directly(self.style.slope(text, self.spell(below)), held)

    def directly(self, slope: str, held: Sequence[str]) -> str:
        """A derivative with the names of what is held, if anything is."""
        return self.style.held(slope, [self.tensor(name) for name in held]) if held else slope

    def writing(self, scope: Scope) -> Writing:
        """What writers of an expression are given."""
        return Writing(self.tensors, self.style, scope, writer_for)
