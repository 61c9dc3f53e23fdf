"""What a notebook shows of a derivation: formulas, steps, and gradients with their parts.

A formula is shown as MathML, which needs no network, beside LaTeX; steps so and as Markdown. Every
text from a definition is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from pullback.codegen.pages import mathml
from pullback.codegen.pages.jacobian_matrix import JacobianMatrix, jacobian_matrix
from pullback.codegen.pages.markdown import inline, markdown
from pullback.codegen.pages.outline import Block, Words, pieces, without_marks
from pullback.codegen.pages.terminal import plain
from pullback.derive.layer import Layer

Laws = Mapping[str, str]  # statements by names
Three = tuple[Block, Block, Block]  # a block as text, in LaTeX, and in the LaTeX of pages


@dataclass(frozen=True)
class Formula:
    """A formula as text, in LaTeX, and in the LaTeX of pages, which becomes MathML."""

    text: str
    latex: str
    page: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<{self.text}>"

    def _repr_latex_(self) -> str:
        return inline(self.latex)

    def _repr_html_(self) -> str | None:
        return mathml.shown(self.page, self.text)


@dataclass(frozen=True)
class Step:
    """A step of a derivation: `before` equals `after` by a law, and how that was checked.

    A step to a matrix form has the `shapes` of its factors, and says `why` it stands as it does.
    """

    number: int
    law: str
    statement: str
    before: str
    after: str
    check: str
    assumes: tuple[str, ...]
    needs: tuple[str, ...]
    before_latex: str
    after_latex: str
    shapes: str
    why: tuple[str, ...]
    why_latex: tuple[str, ...]
    page: str  # before and after, in the LaTeX of pages
    why_page: tuple[str, ...]

    @property
    def reason(self) -> str:
        """The law, what is assumed, where it holds if that is not everywhere, and the check."""
        given = f", given {', '.join(self.assumes)}" if self.assumes else ""
        given += f", where {', '.join(self.needs)}" if self.needs else ""
        return f"{self.law}{given}; {self.check}"

    def __str__(self) -> str:
        said = "; ".join(filter(None, (self.shapes, *self.why)))
        return f"{self.before} = {self.after}    ({self.reason})" + (f"; {said}" if said else "")

    def _repr_markdown_(self) -> str:
        formula = inline(f"{self.before_latex} = {self.after_latex}")
        said = [f"({self.number}) {formula} — {markdown(self.reason)}"]
        return "; ".join([*said, *map(sentence, self.why_latex)])

    def _repr_html_(self) -> str | None:
        formula = mathml.shown(self.page, f"{self.before} = {self.after}")
        if formula is None:
            return None
        words = Markup("({}) {} — {}").format(self.number, Markup(formula), plain(self.reason))
        return str(Markup("; ").join([words, *map(in_html, self.why_page)]))


class Steps(tuple[Step, ...]):
    """Steps in order."""

    __slots__ = ()

    def __str__(self) -> str:
        return "\n".join(map(str, self))

    def _repr_markdown_(self) -> str:
        return "\n\n".join(step._repr_markdown_() for step in self)

    def _repr_html_(self) -> str | None:
        texts = [step._repr_html_() for step in self]
        return "".join(f"<p>{text}</p>\n" for text in texts) if None not in texts else None


@dataclass(frozen=True)
class Stage:
    """The steps of one stretch of the way: to the short form of a pullback, or for computing."""

    steps: Steps

    def _repr_markdown_(self) -> str:
        return self.steps._repr_markdown_()

    def _repr_html_(self) -> str | None:
        return self.steps._repr_html_()


@dataclass(frozen=True)
class Jacobian(Stage):
    """The steps to the entry of a Jacobian, or of several; called, it is written out."""

    layer: Layer
    nodes: tuple[str, ...]
    tensor: str

    def __call__(self, sizes: Mapping[str, int] | None = None) -> JacobianMatrix:
        """∂ node / ∂ tensor as a matrix, as in `jacobian_matrix`."""
        if len(self.nodes) != 1:
            names = ", ".join(self.nodes) or "no node"
            raise ValueError(
                f"the gradient has a part for each of {names}; take the Jacobian of one of `parts`"
            )
        return jacobian_matrix(self.layer, self.nodes[0], self.tensor, sizes)


@dataclass(frozen=True)
class Part:
    """What one node that reads a tensor adds to its gradient, in three stages."""

    node: str
    tensor: str
    structure: str
    jacobian: Jacobian
    pullback: Stage
    computing: Stage

    @property
    def steps(self) -> Steps:
        """The steps of all stages."""
        return joined(self.jacobian, self.pullback, self.computing)

    def __repr__(self) -> str:
        return f"<∂{self.node}/∂{self.tensor}: {self.structure}>"


@dataclass(frozen=True)
class Gradient:
    """A gradient: the sum of its parts, one for each node that reads the tensor.

    `text` is the result in index notation, `latex` the same in LaTeX, `matrix_form` the result in
    matrix notation in LaTeX where that exists, and `matrix` what shows it; `check` is how the whole
    was checked. `forms` are the steps from indices to matrices.
    """

    index: Formula
    check: str
    matrix: Formula | None
    layer: Layer
    tensor: str
    parts: tuple[Part, ...]
    forms: Steps

    @property
    def text(self) -> str:
        """The result in index notation."""
        return self.index.text

    @property
    def latex(self) -> str:
        """The same in LaTeX."""
        return self.index.latex

    @property
    def matrix_form(self) -> str | None:
        """The result in matrix notation in LaTeX, where there is one."""
        return self.matrix.latex if self.matrix else None

    @property
    def steps(self) -> Steps:
        """The steps of all parts, and those to matrices."""
        return Steps((*(step for part in self.parts for step in part.steps), *self.forms))

    @property
    def jacobian(self) -> Jacobian:
        """The steps to the Jacobians; called, that of the one node that reads the tensor."""
        steps = joined(*(part.jacobian for part in self.parts))
        return Jacobian(steps, self.layer, tuple(p.node for p in self.parts), self.tensor)

    @property
    def pullback(self) -> Stage:
        """The steps from the chain rule to the short forms."""
        return Stage(joined(*(part.pullback for part in self.parts)))

    @property
    def computing(self) -> Stage:
        """The steps from there to the forms for computing."""
        return Stage(joined(*(part.computing for part in self.parts)))

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return repr(self.index)

    def _repr_latex_(self) -> str:
        return self.index._repr_latex_()

    def _repr_html_(self) -> str | None:
        return self.index._repr_html_()


def joined(*stages: Stage) -> Steps:
    """The steps of some stages in order."""
    return Steps(step for stage in stages for step in stage.steps)


def sentence(words: Words) -> str:
    """A reason as Markdown."""
    return "".join(inline(a) if is_formula else markdown(a) for a, is_formula in pieces(words))


def in_html(words: Words) -> Markup:
    """A reason as HTML; its formulas are spelled for pages."""
    found = (
        Markup(mathml.shown(a, a) or "") if is_formula else Markup.escape(plain(a))
        for a, is_formula in pieces(words)
    )
    return Markup().join(found)


def steps(blocks: Iterable[Three], laws: Laws) -> Steps:
    """The steps of blocks."""
    found = []
    for block, latex, page in blocks:
        before = tuple(b.start or b.left for b in (block, latex, page))
        for own, typeset, set_ in zip(block.lines, latex.lines, page.lines, strict=True):
            after = own.formula, typeset.formula, set_.formula
            found.append(
                Step(
                    number=own.number,
                    law=own.law,
                    statement=laws[own.law],
                    before=before[0],
                    after=after[0],
                    check=own.check,
                    assumes=own.assumes,
                    needs=own.needs,
                    before_latex=before[1],
                    after_latex=after[1],
                    shapes=own.shapes,
                    why=tuple(map(without_marks, own.reasons)),
                    why_latex=typeset.reasons,
                    page=f"{before[2]} = {after[2]}",
                    why_page=set_.reasons,
                )
            )
            before = after
    return Steps(found)
