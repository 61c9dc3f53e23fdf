"""The outlines of a derivation by their styles, each made once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pullback.codegen.notation.printer import Notation
from pullback.codegen.notation.styles import UNICODE, Style
from pullback.codegen.pages.outline import Outline
from pullback.codegen.pages.outliner import Outliner
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.proof.proving import Proof


@dataclass(frozen=True)
class Outlines:
    """The outlines of a derivation by their styles, each made once, when it is asked for.

    `letters` are printed in place of names, as `renamed` makes them.
    """

    derivation: Derivation
    proof: Proof
    letters: Mapping[str, str] = field(default_factory=dict)
    outliners: dict[Style, Outliner] = field(default_factory=dict, compare=False)
    made: dict[Style, Outline] = field(default_factory=dict, compare=False)

    def __getitem__(self, style: Style) -> Outline:
        """What a page of the derivation shows, its formulas spelled in this style."""
        if style not in self.made:
            self.made[style] = self.outliner(style).outline()
        return self.made[style]

    def outliner(self, style: Style) -> Outliner:
        """What spells parts of the derivation in this style."""
        if style not in self.outliners:
            lettered = replace(style, letters={**style.letters, **self.letters})
            notation = Notation(self.derivation.layer, lettered)
            self.outliners[style] = Outliner(self.derivation, self.proof, notation)
        return self.outliners[style]


def outline(derivation: Derivation, proof: Proof, style: Style = UNICODE) -> Outline:
    """One outline."""
    return Outlines(derivation, proof)[style]
