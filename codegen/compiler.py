"""The whole way from a definition to its files, stage by stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from pullback.codegen.faults import stages
from pullback.codegen.notation.styles import LATEX
from pullback.codegen.pages import mathml
from pullback.codegen.pages.latex import document
from pullback.codegen.pages.links import ALONE, BESIDE, Links, page_file, tangents_file
from pullback.codegen.pages.outlines import Outlines
from pullback.codegen.program import Program
from pullback.codegen.proved import proved
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.table import NUMPY, PLAIN
from pullback.codegen.targets.target import Emission, Target
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.errors import TooLarge
from pullback.derive.layer import Layer
from pullback.derive.proof.check import NothingChecked
from pullback.derive.proof.proving import Proof, Watch
from pullback.derive.read.definition import Library


@dataclass(frozen=True)
class Compiled:
    """What each stage has made of a definition.

    `forms` is the derivation, with its proof, in the forms that the target computes; `letters` are
    printed on pages in place of names, as `renamed` makes them.
    """

    proof: Proof
    forms: Proof
    program: Program
    target: Target
    letters: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def layer(self) -> Layer:
        """The definition, read."""
        return self.derivation.layer

    @property
    def derivation(self) -> Derivation:
        """What was derived and proved."""
        return self.proof.derivation

    @cached_property
    def outlines(self) -> Outlines:
        """What pages show of it."""
        return Outlines(self.forms.derivation, self.forms, self.letters)

    def emit(self) -> Emission:
        """The layer in the target's words."""
        return self.target.emit(self.forms.derivation, self.program)

    @cached_property
    def plain(self) -> Compiled | None:
        """The same in plain code; None where the proof of its forms takes too much."""
        try:
            return self.to(PLAIN)
        except (TooLarge, NothingChecked):
            return None

    def to(self, target: Target) -> Compiled:
        """The same derivation for another target."""
        return replace(lowered(self.proof, target), letters=self.letters)


def lowered(proof: Proof, target: Target = NUMPY) -> Compiled:
    """Proof → Program."""
    forms = target.forms(proof)
    return Compiled(proof, forms, target.program(forms.derivation), target)


def compile_definition(
    name: str,
    source: str,
    library: Library,
    watch: Watch = lambda checks, count: checks,
    target: Target = NUMPY,
) -> Compiled:
    """Text → Layer → Derivation → Proof → Program; `watch` sees the proof go on.

    Raises PullbackError where a definition cannot be read, a law is missing, or a step fails.
    Of these, Fault is a fault of Pullback itself, whatever the exception was that came up.
    """
    with stages(name, source):
        return lowered(proved(name, source, library, watch), target)


def stem(name: str, target: Target, first: Target) -> str:
    """What the files of a layer are called: those of the first target have the layer's name."""
    return name if target == first else f"{name}_{target.name.replace('-', '_')}"


def module_file(name: str, target: Target, first: Target = NUMPY) -> str:
    """What the file of a layer's module is called."""
    return target.files[-2].format(name=name, stem=stem(name, target, first))


def file_names(name: str, targets: Sequence[Target] = (NUMPY,)) -> list[str]:
    """The names of a layer's files, as `files` writes them."""
    pages = [page_file(name), tangents_file(name)] if mathml.available() else []
    stems = [stem(name, target, targets[0]) for target in targets]
    own = [
        file.format(name=name, stem=stem_)
        for target, stem_ in zip(targets, stems, strict=True)
        for file in target.files
    ]
    return [*own, f"{name}.tex", *pages]


def files(
    compiled: Compiled, links: Links = BESIDE, targets: Sequence[Target] = (NUMPY,)
) -> dict[str, str]:
    """The files of a layer, by name: modules, their tests, the derivation in LaTeX and as pages.

    Pages are left out where math-core is not installed; `links` are what stands beside them. They
    show plain code and that of each target, and derivations are in the forms that the first target
    computes.

    Raises PullbackError where a module fails its own tests.
    """
    every = [compiled if t == compiled.target else compiled.to(t) for t in targets]
    emissions = [made.emit() for made in every]
    texts: list[str] = []
    for target, emission in zip(targets, emissions, strict=True):
        own = stem(compiled.layer.name, target, targets[0])
        texts += [emission.header] if emission.header else []
        texts += [emission.module, target.tests(compiled.derivation, emission, own)]
    texts.append(document(every[0].outlines[LATEX]))
    if mathml.available():
        others = dict(zip(targets[1:], zip(every[1:], emissions[1:], strict=True), strict=True))
        texts += pages(every[0], emissions[0], links, others)
    return dict(zip(file_names(compiled.layer.name, targets), texts, strict=True))


def html(compiled: Compiled) -> str:
    """The derivation as a page that stands alone."""
    return pages(compiled, compiled.emit(), ALONE)[0]


Others = Mapping[Target, tuple[Compiled, Emission]]


def pages(
    compiled: Compiled, emission: Emission, links: Links, others: Others | None = None
) -> list[str]:
    """The page of a layer's gradients and, unless that is to stand alone, the one of its tangents.

    Plain code stands first, unless the proof of its forms takes too much; modules for `others` are
    shown too. The worked example is held against the NumPy module and the plain one, whatever the
    code is written for.
    """
    # imported where they are asked for: code needs no page, and its example needs NumPy
    from pullback.codegen.pages.listing import Module
    from pullback.codegen.pages.page import page
    from pullback.codegen.pages.tangents_page import tangents_page

    written = {compiled.target: (compiled, emission), **(others or {})}
    made: dict[Target, Compiled] = {t: own for t, (own, _) in written.items()}
    if NUMPY not in made:
        made[NUMPY] = compiled.to(NUMPY)
    if PLAIN not in made and compiled.plain:
        made[PLAIN] = compiled.plain
    emitted = {t: written[t][1] if t in written else c.emit() for t, c in made.items()}
    named = {t: module_file(compiled.layer.name, t, compiled.target) for t in written}
    modules = {
        t: Module(t.about, emitted[t], c.outlines, named.get(t, "")) for t, c in made.items()
    }
    examples = [loaded(emitted[t].module, compiled.layer) for t in (NUMPY, PLAIN) if t in made]
    shown = [modules[t] for t in dict.fromkeys((PLAIN, *written)) if t in made]
    found = [page(compiled.outlines, shown, examples, links)]
    if not links.alone:
        found.append(tangents_page(compiled.outlines, modules[compiled.target], links))
    return found
