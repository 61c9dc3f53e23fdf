"""Steps to matrix forms in an outline: the form, the shapes of its factors, and the reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import sympy as sp
from sympy import Expr

from pullback.codegen.notation.matrix.printer import spelled
from pullback.codegen.notation.matrix.reasons import reasons, stands_in_every_row
from pullback.codegen.notation.matrix.shapes import shapes
from pullback.codegen.notation.printer import Notation
from pullback.codegen.notation.styles import ATOM
from pullback.codegen.pages.outline import MATRICES, Block, Formula, Line, Words
from pullback.codegen.pages.pictures import work
from pullback.derive.calculus.derivation import Derivation, Gradient
from pullback.derive.calculus.jacobians import Value
from pullback.derive.calculus.matrix_forms import MatrixForm
from pullback.derive.calculus.steps import Step
from pullback.derive.index.objects import entry_name
from pullback.derive.matrix.tree import Leaf

DIAGONAL = ("diagonal", "scaled identity")  # structures of which only a product by entries is left


@dataclass(frozen=True)
class Forms:
    """Spells matrix forms; `line` spells a step that leads to a formula."""

    derivation: Derivation
    notation: Notation
    line: Callable[[Step, Formula], Line]

    def equation(self, left: Expr, form: MatrixForm | None) -> Formula:
        """∂L/∂h = ∂L/∂z wᵀ; empty where there is no form."""
        if form is None:
            return ""
        whole = self.notation.tensor(entry_name(left), form.held)
        return f"{whole} = {spelled(form.tree, form.around, self.notation)}"

    def block(
        self, left: Formula, form: MatrixForm, more: tuple[Words, ...] = (), repeated: str = ""
    ) -> Block:
        """The step from an index expression to the entry of a form."""
        style, (step,) = self.notation.style, form.chain.steps
        inside = spelled(form.tree, form.around, self.notation, ATOM)
        if isinstance(form.tree, Leaf) and form.tree.held:  # it has an index already
            inside = style.group(inside)
        formula = style.entry(inside, [style.index(i) for i in form.axes])
        line = replace(
            self.line(step, formula),
            shapes=shapes(form.tree, style),
            reasons=(
                *self.apart(form),
                *more,
                *reasons(form.tree, form.around, self.notation, repeated),
            ),
        )
        return Block(MATRICES, left, self.notation.spell(form.chain.start, form.around), (line,))

    def apart(self, form: MatrixForm) -> Iterable[Words]:
        """That there is a form for each place of what is held."""
        if form.held:
            held, own = (
                ", ".join(self.notation.style.index(i)[0] for i in axes)
                for axes in (form.held, form.axes)
            )
            yield f"for each `{held}` apart, with the axes `{own}`: nothing is summed over `{held}`"

    def of_gradient(self, gradient: Gradient) -> Iterable[Block]:
        """A gradient as matrices, and with others put in for their names."""
        left = self.notation.whole.spell(gradient.cotangent)
        if gradient.matrix:
            repeated = gradient.tensor.name if self.is_repeated(gradient) else ""
            yield self.block(left, gradient.matrix, tuple(self.saved(gradient)), repeated)
        for whole in gradient.wholes:
            axes = gradient.tensor.indices
            given = self.notation.equation(whole.known.entry, whole.known.expr)
            start = self.notation.spell(whole.chain.start, axes)
            lines = [self.line(s, self.notation.spell(s.after, axes)) for s in whole.chain.steps]
            lines[0] = replace(lines[0], assumes=(given,))
            yield Block("put together", left, start, tuple(lines))
            if whole.matrix:
                yield self.block(left, whole.matrix)

    def wholes(self, gradient: Gradient) -> Iterable[tuple[Formula, Formula]]:
        """What a gradient comes to with all that can be put in, in indices and as matrices."""
        for whole in gradient.wholes[-1:]:
            index = self.notation.equation(gradient.cotangent, whole.chain.end)
            yield index, self.equation(gradient.cotangent, whole.matrix)

    def is_repeated(self, gradient: Gradient) -> bool:
        """Does the tensor stand in every row of a node that reads it?"""
        found = (self.values[part.jacobian.node.name].matrix for part in gradient.parts)
        return any(f and stands_in_every_row(f.tree, gradient.tensor.name) for f in found)

    @cached_property
    def values(self) -> Mapping[str, Value]:
        """The values by their nodes' names."""
        return {value.node.name: value for value in self.derivation.values}

    def saved(self, gradient: Gradient) -> Iterable[Words]:
        """That a diagonal Jacobian needs no matrix product, and what that saves."""
        for part in gradient.parts:
            jacobian = part.jacobian
            if jacobian.structure.kind not in DIAGONAL or jacobian.structure.repeated:
                continue
            names = (jacobian.node.name, jacobian.tensor.name)
            slope = self.notation.style.slope(*map(self.notation.style.name, names))
            few = self.notation.spell(work(part.result.end, jacobian.columns))
            axes = (*jacobian.rows, *jacobian.columns)
            many = self.notation.spell(sp.Mul(*(i.size for i in axes)))
            yield (
                f"`{slope}` is diagonal, hence the elementwise (Hadamard) product `{self.odot}`: "
                f"about `{few}` products in place of `{many}`"
            )

    @property
    def odot(self) -> Formula:
        """The sign of products entry by entry."""
        return r"\odot" if self.notation.style.latex else "⊙"
