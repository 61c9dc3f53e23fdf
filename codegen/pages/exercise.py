"""An exercise: gradients that are left blank, and apart from it their derivations.

The sheet is made of the definition and of the gradients that are given. Of those that are asked
for nothing is spelled but their names and, as hints, shapes and structures.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeVar

from pullback.codegen.notation.printer import Notation
from pullback.codegen.notation.styles import LATEX, UNICODE
from pullback.codegen.pages import latex
from pullback.codegen.pages.detail import KEY, narrowed
from pullback.codegen.pages.outliner import Outliner
from pullback.codegen.pages.outlines import Outlines
from pullback.codegen.pages.page_steps import Steps
from pullback.codegen.pages.said import kinks, whole
from pullback.codegen.pages.setting import Context, Setting, law_context, plain, render
from pullback.codegen.pages.symbols import axes, differentiated, spelled_shape, symbol
from pullback.derive.calculus.derivation import Derivation, Gradient, cotangent_name
from pullback.derive.calculus.jacobians import Jacobian
from pullback.derive.errors import PullbackError
from pullback.derive.laws.registry import LAWS

T = TypeVar("T")
ALL = "all"
RULES = 4, 3  # lines to write on: for each gradient, and for each node that reads its tensor
Put = Callable[[Callable[[Outliner], str]], str]  # sets what an outliner spells


def asked(derivation: Derivation, names: Sequence[str]) -> tuple[str, ...]:
    """The tensors whose gradients these names ask for: `z` or `dz`; all of them for "all" or none.

    Raises PullbackError for a name by which there is no gradient.
    """
    known = [gradient.tensor.name for gradient in derivation.gradients]
    meant = {cotangent_name(name): name for name in known} | {name: name for name in known}
    if not names or (ALL in names and ALL not in meant):
        return tuple(known)
    for name in names:
        if name not in meant:
            there = ", ".join(cotangent_name(name) for name in known)
            raise PullbackError(f"there is no gradient {name!r}; there are {there}, or {ALL}")
    wanted = {meant[name] for name in names}
    return tuple(name for name in known if name in wanted)


@dataclass(frozen=True)
class Exercise:
    """Which gradients of a derivation are asked for, and whether the sheet has hints."""

    outlines: Outlines
    blank: tuple[str, ...]
    hints: bool = False
    keep_twins: bool = False

    @cached_property
    def twins(self) -> Mapping[str, str]:
        """Gradients that are not given, as one that is asked for is alike but for its letters."""
        if self.keep_twins:
            return {}
        outliner = self.outlines.outliner(UNICODE)
        shapes = {g.tensor.name: shape(g, outliner) for g in self.outlines.derivation.gradients}
        asked_for = {shapes[name]: name for name in reversed(self.blank)}
        return {
            name: asked_for[found]
            for name, found in shapes.items()
            if found in asked_for and name not in self.blank
        }

    # -- as LaTeX --------------------------------------------------------------------------------

    def latex_sheet(self) -> str:
        """The sheet as a document."""
        outliner = self.outlines.outliner(LATEX)
        sheet = self.sheet(lambda spell: latex.breakable(spell(outliner)))
        return latex.render("exercise.tex.j2", **sheet)

    def latex_answers(self, detail: str = KEY) -> str:
        """The derivations of what is asked for, as a document."""
        page = narrowed(self.outlines[LATEX], self.blank, detail)
        return latex.render("answers.tex.j2", page=page)

    # -- as pages --------------------------------------------------------------------------------

    def html_sheet(self) -> str:
        """The sheet as a page."""
        return render("exercise.html.j2", **self.sheet(Setting(self.outlines).put))

    def html_answers(self, detail: str = KEY) -> str:
        """The derivations of what is asked for, as a page that shows more on demand."""
        setting = Setting(self.outlines)
        typeset, words = (narrowed(page, self.blank) for page in setting.outlines)
        steps = Steps(setting, lambda name: "")
        return render(
            "answers.html.j2",
            title=plain(setting.layer.title),
            proof=words.proof,
            equations=[setting.equation(node) for node in setting.layer.nodes],
            gradients=steps.sections(typeset.sections, words.sections),
            laws=[law_context(name) for name, _ in words.laws if name in LAWS],
            chosen=detail,
        )

    # -- what the sheet holds --------------------------------------------------------------------

    def sheet(self, put: Put) -> Context:
        """What the templates of a sheet take; `put` sets a formula."""
        layer, gradients = self.outlines.derivation.layer, self.outlines.derivation.gradients

        def formula(spell: Callable[[Notation], str]) -> str:
            return put(lambda outliner: spell(outliner.notation))

        return {
            "title": plain(layer.title),
            "summary": plain(layer.summary),
            **differentiated(layer, formula),
            "equations": [spelled(put, Notation.definition, node) for node in layer.nodes],
            "symbols": [symbol(layer, formula, tensor) for tensor in layer.tensors.values()],
            "axes": [axis for axis in axes(layer, formula) if axis["words"]],
            "assumptions": [spelled(put, Notation.relation, a) for a in layer.assumed],
            "kinks": list(self.kinks(put)),
            "questions": [self.question(g, put) for g in gradients if g.tensor.name in self.blank],
            "given": [
                given(g, put) for g in gradients if g.tensor.name not in {*self.blank, *self.twins}
            ],
        }

    def kinks(self, put: Put) -> Iterable[tuple[str, str]]:
        """What is agreed on where there is no slope."""

        def kink(notation: Notation, place: int) -> str:
            return list(kinks(notation))[place][0]

        for place, (_, words) in enumerate(kinks(self.outlines.outliner(LATEX).notation)):
            yield spelled(put, kink, place), words

    def question(self, gradient: Gradient, put: Put) -> Context:
        """What is asked: a name, from which gradients it follows, and lines to write on."""
        output, nodes = (
            self.outlines.derivation.layer.output,
            [p.jacobian.node for p in gradient.parts],
        )
        first, more = RULES
        return {
            "whole": spelled(put, whole_gradient, gradient.tensor.name),
            "entry": spelled(put, entry, gradient),
            "following": [
                spelled(put, whole_gradient, node.name)
                for node in nodes
                if node.indices or node != output
            ],
            "hints": list(self.hinted(gradient, put)) if self.hints else [],
            "shape": spelled(put, spelled_shape, gradient.tensor) if self.hints else "",
            "rules": first + more * len(nodes),
        }

    def hinted(self, gradient: Gradient, put: Put) -> Iterable[tuple[str, str]]:
        """Each Jacobian's name and its structure."""
        words = self.outlines.outliner(LATEX).notation.words
        for part in gradient.parts:
            name = put(partial(jacobian_name, part.jacobian))
            structure = words(part.jacobian.structure.words)
            yield name, structure if part.jacobian.rows else OF_ONE_NUMBER


OF_ONE_NUMBER = "its part of the gradient itself, as the node is one number"


def shape(gradient: Gradient, outliner: Outliner) -> str:
    """A gradient's form as matrices, or else in indices, its names numbered as they come."""
    index, matrix = given(gradient, lambda spell: spell(outliner))
    style = outliner.notation.style
    known = {style.name(name) for name in outliner.notation.tensors.names}
    numbers: dict[str, str] = {}

    def numbered(found: re.Match[str]) -> str:
        name = found[0]
        return numbers.setdefault(name, f"#{len(numbers)}") if name in known else name

    return re.sub(r"(?:(?![ᵀΣ])\w)+", numbered, matrix or index)


def given(gradient: Gradient, put: Put) -> tuple[str, str]:
    """A gradient that is given, in index notation and as matrices."""
    index = put(lambda o: o.notation.equation(gradient.cotangent, gradient.total))
    if gradient.matrix is None:
        return index, ""
    return index, put(lambda o: o.forms.equation(gradient.cotangent, gradient.matrix))


def spelled(put: Put, spell: Callable[[Notation, T], str], thing: T) -> str:
    """A thing in the notation that is set."""
    return put(lambda outliner: spell(outliner.notation, thing))


def whole_gradient(notation: Notation, name: str) -> str:
    """∂L/∂z, by the tensor's name."""
    return notation.whole.tensor(cotangent_name(name))


def entry(notation: Notation, gradient: Gradient) -> str:
    """∂L/∂z[n,j]."""
    return notation.whole.spell(gradient.cotangent)


def jacobian_name(jacobian: Jacobian, outliner: Outliner) -> str:
    """∂u/∂x."""
    return whole(outliner.notation, jacobian, outliner.held(jacobian))
