"""Making the outline of a derivation: its formulas spelled in one style."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import sympy as sp

from pullback.codegen.notation.printer import Notation
from pullback.codegen.pages import pictures
from pullback.codegen.pages.chains import Chains
from pullback.codegen.pages.handout import handout
from pullback.codegen.pages.in_parts import InParts
from pullback.codegen.pages.matrix_forms import Forms
from pullback.codegen.pages.outline import (
    COMPUTING,
    Block,
    Formula,
    Outline,
    Part,
    Section,
)
from pullback.codegen.pages.said import direct, kinks, kinks_of
from pullback.derive.calculus.derivation import (
    Derivation,
    Gradient,
    Pullback,
    cotangent_name,
    gradient_layer,
)
from pullback.derive.calculus.jacobians import Jacobian, Value
from pullback.derive.calculus.reading import Uses
from pullback.derive.calculus.tangents import Pushforward, Tangent, tangent_name
from pullback.derive.index.objects import Index, entry_indices
from pullback.derive.index.rewriting import substitute
from pullback.derive.laws.registry import LAWS
from pullback.derive.layer import Node
from pullback.derive.proof.proving import Proof
from pullback.derive.read.trees import BATCH


@dataclass(frozen=True)
class Outliner:
    """Spells a derivation's parts."""

    derivation: Derivation
    proof: Proof
    notation: Notation

    @cached_property
    def chains(self) -> Chains:
        """What spells chains of steps."""
        return Chains(self.derivation, self.proof, self.notation)

    @cached_property
    def forms(self) -> Forms:
        """What spells matrix forms."""
        return Forms(self.derivation, self.notation, self.chains.line)

    @cached_property
    def in_parts(self) -> InParts:
        """What says how the layer is worked out in parts."""
        return InParts(self.derivation, self.chains, self.notation)

    def outline(self) -> Outline:
        """The whole of it."""
        layer = self.derivation.layer
        sections = tuple(map(self.section, self.derivation.gradients))
        values, tangents = tuple(self.values()), tuple(self.tangents())
        seconds = tuple(self.seconds())
        laws = (step.law for step in self.derivation.steps)
        return Outline(
            title=layer.title,
            summary=layer.summary,
            equations=tuple(line for n in layer.nodes for line in n.text.split("\n")),
            definition=tuple(map(self.notation.definition, layer.nodes)),
            symbols=tuple(self.symbols()),
            proof=self.proof.words,
            values=values,
            sections=sections,
            tangents=tangents,
            seconds=seconds,
            laws=tuple((name, LAWS[name].statement) for name in dict.fromkeys(laws)),
            kinks=tuple(self.kinks()),
            assumptions=tuple(self.assumptions()),
            references=layer.references,
            remark=self.derivation.remark,
            handout=tuple(handout(self.derivation, self.forms, sections)),
            along=tuple(self.in_parts.along()),
            not_along=tuple(self.in_parts.not_along()),
        )

    def symbols(self) -> Iterable[tuple[Formula, str]]:
        """What each tensor and axis is."""
        layer = self.derivation.layer
        spelled = {t.name: self.notation.spell(t.entry) for t in layer.inputs}
        spelled |= {n.name: self.notation.spell(n.entry) for n in layer.nodes}
        if BATCH in self.notation.style.letters:
            yield self.notation.style.name(BATCH), LEADING
        if layer.output.indices and self.notation.loss != self.notation.style.loss:
            yield self.notation.loss, f"any number that is computed from {layer.output.name}"
        if self.notation.shifted:
            yield self.notation.shifted, "0 where a place lies outside of its axis"
        for name, words in layer.descriptions.items():
            yield spelled.get(name) or self.notation.style.name(name), words
        for size in layer.arguments:
            own = ", ".join(i.name for i in layer.axes if i.size == size)
            yield self.notation.style.name(str(size)), f"the size of {own}, an argument"
        for names, _ in self.notation.further:
            yield ", ".join(names), FURTHER

    def values(self) -> Iterable[Block]:
        """Each node's value, first for differentiating, then for computing where that differs."""
        for value in self.derivation.values:
            left, axes = self.notation.spell(value.node.entry), value.node.indices
            yield self.chains.block("", left, value.meaning, axes)
            if value.matrix:
                yield self.forms.block(left, value.matrix)
            if value.code.steps:
                yield self.value_computed(value)

    def value_computed(self, value: Value) -> Block:
        """The steps to the form in which a value is computed."""
        left = self.notation.spell(value.node.entry)
        return self.chains.block(COMPUTING, left, value.code, value.node.indices)

    def section(self, gradient: Gradient) -> Section:
        """The gradient by one tensor."""
        name, checks = gradient.tensor.name, dict(self.proof.results)
        return self.result(
            name,
            self.notation.whole.spell(gradient.cotangent),
            gradient,
            self.notation.words(checks[name].words) if name in checks else "",
            [self.part(p) for p in gradient.parts],
            tuple(self.forms.of_gradient(gradient)),
            tuple(self.forms.wholes(gradient)),
        )

    def tangents(self) -> Iterable[Section]:
        """How each node changes along the inputs' tangents; the Jacobians are the gradients'."""
        output = self.derivation.layer.output.name
        for tangent in self.derivation.tangents:
            parts = [Part(None, "", "", tuple(self.push(p))) for p in tangent.parts]
            proved = self.proof.tangents if tangent.node.name == output else None
            yield self.tangent(tangent, parts, self.notation.words(proved.words if proved else ""))

    def seconds(self) -> Iterable[Section]:
        """How each gradient changes along the inputs' tangents, with Jacobians of its own."""
        check = self.notation.words(self.proof.seconds.words) if self.proof.seconds else ""
        wanted = {cotangent_name(n) for n in self.derivation.wanted}
        for second in self.derivation.seconds:
            parts = [
                replace(self.jacobian(p.jacobian), blocks=tuple(self.push(p))) for p in second.parts
            ]
            yield self.tangent(second, parts, check if second.node.name in wanted else "")

    def tangent(self, tangent: Tangent, parts: Sequence[Part], check: str) -> Section:
        """A tangent and how it came about."""
        left, name = self.notation.spell(tangent.tangent), tangent_name(tangent.node.name)
        forms = (self.forms.block(left, tangent.matrix),) if tangent.matrix else ()
        return self.result(name, left, tangent, check, parts, forms)

    def result(
        self,
        name: str,
        left: Formula,
        found: Gradient | Tangent,
        check: str,
        parts: Sequence[Part],
        forms: tuple[Block, ...] = (),
        wholes: tuple[tuple[Formula, Formula], ...] = (),
    ) -> Section:
        """A gradient or a tangent in index notation and, where it has axes, as matrices."""
        entry = found.cotangent if isinstance(found, Gradient) else found.tangent
        return Section(
            name=name,
            left=left,
            index=self.notation.equation(entry, found.total),
            matrix=self.forms.equation(entry, found.matrix),
            check=check,
            parts=tuple(parts),
            forms=forms,
            wholes=wholes,
        )

    def push(self, push: Pushforward) -> Iterable[Block]:
        """The steps from J ẋ to its short form, and to the form for computing."""
        node = push.jacobian.node
        columns = tuple(cast("Index", i) for i in entry_indices(push.tangent))
        primed = dict(zip(push.jacobian.columns, columns, strict=True))
        below = substitute(push.jacobian.tensor.entry, primed)
        slope = self.notation.slope(node.entry, below, self.held(push.jacobian))
        left = self.summed(columns, slope, self.notation.spell(push.tangent))
        yield self.chains.block("", left, push.result, node.indices, columns)
        if push.code.steps:
            short = self.notation.spell(push.code.start, node.indices, preferred=columns)
            yield self.chains.block(COMPUTING, short, push.code, node.indices, columns)

    def part(self, pullback: Pullback) -> Part:
        """What one reading node contributes."""
        part = self.jacobian(pullback.jacobian)
        assert part.jacobian is not None
        slope, jacobian = part.jacobian.left, pullback.jacobian
        return replace(
            part,
            blocks=tuple(self.pullback(pullback, self.chain_rule(pullback, slope))),
            written=pictures.written(jacobian, self.notation, self.held(jacobian)),
            at=self.notation.words(pictures.written_at(jacobian)),
            small=bool(jacobian.rows and jacobian.columns) and pictures.is_small(jacobian),
        )

    def jacobian(self, jacobian: Jacobian) -> Part:
        """A Jacobian's entry, step by step, and its structure."""
        primed = dict(zip(jacobian.node.indices, jacobian.rows, strict=True))
        above, below, held = jacobian.node.entry, jacobian.tensor.entry, self.held(jacobian)
        slope = self.notation.slope(substitute(above, primed), below, held)
        axes = (*jacobian.rows, *jacobian.columns)
        return Part(
            jacobian=self.chains.block("Jacobian", slope, jacobian.entry, axes),
            structure=jacobian.structure.said(self.axis),
            size=self.notation.spell(sp.Mul(*(i.size for i in axes))) if jacobian.rows else "",
            blocks=(),
            held=direct(self.notation, jacobian, held),
        )

    def axis(self, index: Index) -> Formula:
        """An axis in a sentence."""
        return f"`{self.notation.style.name(index.axis)}`"

    def held(self, jacobian: Jacobian) -> tuple[str, ...]:
        """What is held in it, if anything is."""
        return self.uses.held(jacobian.node, jacobian.tensor)

    @cached_property
    def uses(self) -> Uses:
        """Which nodes read a tensor, those of gradients among them."""
        gradients = list(self.derivation.gradients)
        return Uses(gradient_layer(self.derivation.layer, gradients))

    def pullback(self, pullback: Pullback, left: Formula) -> Iterable[Block]:
        """The steps from Jᵀg to its short form, and to the form for computing."""
        rows, columns = pullback.jacobian.rows, pullback.jacobian.columns
        if rows or pullback.result.steps:
            yield self.chains.block("pullback", left, pullback.result, columns, rows)
        if pullback.code.steps:
            yield self.pullback_computed(pullback)

    def pullback_computed(self, pullback: Pullback) -> Block:
        """The steps to the form in which a pullback is computed."""
        rows, columns = pullback.jacobian.rows, pullback.jacobian.columns
        left = self.notation.spell(pullback.code.start, columns, preferred=rows)
        return self.chains.block(COMPUTING, left, pullback.code, columns, rows)

    def chain_rule(self, pullback: Pullback, slope: Formula) -> Formula:
        """Σ over the node's entries of the cotangent times the Jacobian's entry."""
        if self.notation.tensors.is_unit(pullback.cotangent):
            return slope
        cotangent = self.notation.spell(pullback.cotangent)
        return self.summed(pullback.jacobian.rows, cotangent, slope)

    def summed(self, indices: tuple[Index, ...], first: Formula, second: Formula) -> Formula:
        """Σ over these indices, if there are any, of a product."""
        style = self.notation.style
        front = [style.reduction("sum", [style.index(i)[0] for i in indices])] if indices else []
        return style.space.join([" ".join([*front, first]), second])

    def kinks(self) -> Iterable[tuple[Formula, str]]:
        """What has a kink, and what is declared of it."""
        return kinks(self.notation)

    def kinks_of(self, node: Node) -> Iterable[tuple[Formula, str]]:
        """The kinks of one node."""
        return kinks_of(node, self.notation)

    def assumptions(self) -> Iterable[tuple[Formula, tuple[int, ...]]]:
        """The declared facts, and the steps that use them."""
        steps = list(enumerate(self.derivation.steps, 1))
        for fact in self.derivation.layer.assumed:
            yield self.notation.relation(fact), tuple(k for k, s in steps if fact in s.assumes)


FURTHER = "indices of one axis, each where those before it are taken"
LEADING = "any number of leading axes, '...' in a definition, as one"
