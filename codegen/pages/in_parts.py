"""What pages say of the axes along which a layer is worked out in parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from sympy import Expr

from pullback.codegen.notation.printer import Notation
from pullback.codegen.pages.chains import Chains
from pullback.codegen.pages.outline import Along, Block, Formula, Words
from pullback.derive.calculus.cuts import MEAN, Cut
from pullback.derive.calculus.derivation import Derivation, cotangent_name
from pullback.derive.index.binders import Sum
from pullback.derive.index.objects import Index, entry


@dataclass(frozen=True)
class InParts:
    """Spells what was found of a layer's axes."""

    derivation: Derivation
    chains: Chains
    notation: Notation

    @cached_property
    def labelled(self) -> Notation:
        """The notation, with names for the labels of parts and for their axis."""
        return replace(self.notation, layer=self.derivation.labelled)

    def along(self) -> Iterator[Along]:
        """Each axis along which the layer is cut."""
        for cut in self.derivation.cutting.cuts:
            words = (self.cut(cut), *self.together(cut), self.gradients(cut), *self.lies(cut))
            formula = "" if cut.output is not None else self.formula(cut)
            yield Along(self.axis(cut.axis), formula, words, tuple(self.blocks(cut)))

    def not_along(self) -> Iterator[tuple[Formula, str]]:
        """Each axis along which it is not, and why."""
        for uncut in self.derivation.cutting.uncut:
            yield self.axis(uncut.axis), uncut.why

    def axis(self, index: Index) -> Formula:
        """The name of an axis."""
        return self.notation.style.index(index)[0]

    def tensors(self, names: Sequence[str]) -> str:
        """Names in a sentence."""
        words = [f"`{self.notation.tensor(name)}`" for name in names]
        return " and ".join([*([", ".join(words[:-1])] if words[1:] else []), *words[-1:]])

    @property
    def output(self) -> str:
        """The output in a sentence."""
        return self.tensors([self.derivation.layer.output.name])

    def cut(self, cut: Cut) -> Words:
        """What each part is given."""
        whole = [t.name for t in self.derivation.layer.inputs if t.name not in cut.inputs]
        words = f"Each part has some places of `{self.axis(cut.axis)}`"
        words += f", and so a slice of {self.tensors([*cut.inputs])}"
        return f"{words}, and the whole of {self.tensors(whole)}" if whole else words

    def together(self, cut: Cut) -> Iterator[Words]:
        """How the outputs of the parts come together."""
        if cut.output is not None:
            yield f"{self.output} of the parts, side by side, is that of the whole"
            return
        rest = self.notation.spell(cut.rest, self.derivation.layer.output.indices)
        if cut.kind == MEAN:
            count = self.labelled.spell(self.count(cut))
            words = (
                f"{self.output} is the mean of those of the parts, each for its `{count}` places"
            )
            more = f": as these weights make 1, `{rest}`, which each part has, is in it once"
            yield words + (more if cut.rest != 0 else "")
            return
        words = f"{self.output} is the sum of those of the parts"
        more = f", less `{rest}` for all but one: it is what a part without places gives"
        yield words + (more if cut.rest != 0 else "")

    def count(self, cut: Cut) -> Expr:
        """How many places a part has."""
        assert cut.parts is not None
        return entry(str(cut.axis.size), (cut.parts,))

    def gradients(self, cut: Cut) -> Words:
        """How gradients come together."""
        wanted = self.derivation.wanted
        own, others = ([n for n in wanted if (n in cut.inputs) == cuts] for cuts in (True, False))
        output = self.derivation.layer.output
        given = f"`{self.notation.whole.tensor(cotangent_name(output.name))}`"
        if not output.indices:
            given = f"the gradient by {self.output}"
        how = "its weight times" if output.indices else "its weight as"
        how = how if cut.output is None else "its slice of"
        found = [f"gradients by {self.tensors(own)} are laid side by side"] if own else []
        if others:
            found.append(
                f"{'those' if own else 'gradients'} by {self.tensors(others)} are added up"
            )
        return f"Backward of a part is given {how} {given}; {', '.join(found)}"

    def lies(self, cut: Cut) -> Iterator[Words]:
        """What the labels of parts are, where steps speak of them."""
        if cut.part:
            part, axis = self.labelled.spell(cut.part.entry), self.axis(cut.axis)
            yield f"In the step, `{part}` is the part in which `{axis}` lies"

    def formula(self, cut: Cut) -> Formula:
        """The output from those of the parts."""
        output, axis = self.derivation.layer.output, cut.parts
        assert axis is not None
        own = entry(output.name, (axis, *output.indices))
        if cut.kind == MEAN:
            total = Sum(self.count(cut) * own, axis) / cut.axis.size
        else:
            total = Sum(own, axis) - (axis.size - 1) * cut.rest
        return self.labelled.equation(output.entry, total)

    def blocks(self, cut: Cut) -> Iterator[Block]:
        """The steps to the output as a sum of sums over parts."""
        output = self.derivation.layer.output
        chains = replace(self.chains, notation=self.labelled)
        left = self.notation.spell(output.entry)
        for reasoning in cut.reasonings:
            yield chains.block("", left, reasoning.chain, output.indices)
