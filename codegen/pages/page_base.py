"""What the pages of a layer share: names, colours, code, laws, and on which page a step stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pullback.codegen.notation.names import Tensors
from pullback.codegen.notation.styles import LATEX
from pullback.codegen.pages.detail import lines
from pullback.codegen.pages.links import Links, page_file, tangents_file
from pullback.codegen.pages.listing import Listing, Module
from pullback.codegen.pages.mathml import colour
from pullback.codegen.pages.outline import Line, Outline, Section
from pullback.codegen.pages.page_steps import Steps
from pullback.codegen.pages.setting import Context, Setting, law_context, plain
from pullback.derive.calculus.derivation import cotangent_name
from pullback.derive.laws.registry import LAWS
from pullback.derive.layer import Layer

BACKWARD = ("forward", "backward")  # the functions on the page of gradients
FORWARD = ("jvp", "hvp")  # ... and beside tangents


@dataclass(frozen=True)
class PageBase:
    """Fills what all templates of a layer's pages take; `modules` are those that are shown."""

    setting: Setting
    modules: Sequence[Module]
    links: Links

    @property
    def layer(self) -> Layer:
        """The layer."""
        return self.setting.layer

    @property
    def outlines(self) -> tuple[Outline, Outline]:
        """The outline as LaTeX and in Unicode."""
        return self.setting.outlines

    @cached_property
    def classes(self) -> Mapping[str, str]:
        """The colour of each tensor by its name."""
        return {n: colour(k) for n, k in Tensors(self.layer).places.items()}

    # -- files -----------------------------------------------------------------------------------

    @property
    def gradients_file(self) -> str:
        """The page of gradients, as the page of tangents links to it; empty where there is one."""
        return "" if self.links.alone else page_file(self.layer.name)

    @property
    def tangents_file(self) -> str:
        """The page of tangents, as that of gradients links to it; empty where there is one."""
        return "" if self.links.alone else tangents_file(self.layer.name)

    def head(self) -> Context:
        """Names, titles, and the files that are linked to."""
        _, words = self.outlines
        return {
            "name": self.layer.name,
            "title": plain(self.layer.title),
            "summary": plain(self.layer.summary),
            "home": self.links.home,
            "laws_file": self.links.laws,
            "gradients_file": self.gradients_file,
            "tangents_file": self.tangents_file,
            "remark": plain(words.remark),
            "proof": words.proof,
        }

    # -- tangents --------------------------------------------------------------------------------

    def forward_mode(self, steps: Steps) -> list[tuple[str, str, list[Context]]]:
        """Tangents and second derivatives, where there are any, with an address and a title."""
        latex, words = self.outlines
        parts = [
            ("forward-mode", "Forward mode", latex.tangents, words.tangents),
            ("second-derivatives", "Second derivatives", latex.seconds, words.seconds),
        ]
        return [(at, title, steps.sections(a, b)) for at, title, a, b in parts if b]

    @property
    def typed_tangents(self) -> tuple[Section, ...]:
        """The same as LaTeX that can be pasted elsewhere."""
        typed = self.setting.known[LATEX]
        return (*typed.tangents, *typed.seconds)

    # -- laws ------------------------------------------------------------------------------------

    def laws(self, shown: Iterable[Line], others: Iterable[str] = ()) -> list[Context]:
        """The laws of steps that a page shows, each with the numbers of these; then `others`."""
        steps: dict[str, set[int]] = {}
        for line in sorted(shown, key=lambda line: line.number):
            steps.setdefault(line.law, set()).add(line.number)
        for law in sorted(others):
            steps.setdefault(law, set())
        named = ((law, numbers) for law, numbers in steps.items() if law in LAWS)
        return [{**law_context(law), "steps": sorted(numbers)} for law, numbers in named]

    @cached_property
    def of_tangents(self) -> tuple[Line, ...]:
        """The steps of tangents and second derivatives."""
        return tuple(lines(replace(self.outlines[1], values=(), sections=(), along=())))

    @cached_property
    def of_gradients(self) -> tuple[Line, ...]:
        """The steps of values, of gradients and of parts."""
        return tuple(lines(replace(self.outlines[1], tangents=(), seconds=())))

    # -- code ------------------------------------------------------------------------------------

    def origins(self, gradients: str, tangents: str) -> Mapping[str, str]:
        """The address of the steps that each value comes from; the two pages' files in front."""
        _, words = self.outlines
        found = {s.name: f"{tangents}#tangent-{s.name}" for s in (*words.tangents, *words.seconds)}
        found |= {cotangent_name(n): f"{gradients}#grad-{n}" for n in self.setting.gradients}
        return found | {n.name: f"{gradients}#value-{n.name}" for n in self.layer.nodes}

    def listing(self, module: Module, place: str, names: tuple[str, ...]) -> Listing:
        """Some functions of a module, on the page of gradients or on that of tangents."""
        at_home = names == BACKWARD
        gradients, tangents = ("", self.tangents_file) if at_home else (self.gradients_file, "")
        return Listing(module, names, place, self.classes, self.origins(gradients, tangents))
