"""The whole way from a definition to its files, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pullback.codegen.faults import stages
from pullback.codegen.notation.styles import LATEX
from pullback.codegen.pages import mathml
from pullback.codegen.pages.latex import document
from pullback.codegen.pages.outlines import Outlines
from pullback.codegen.program import Program
from pullback.codegen.proved import proved
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.table import NUMPY
from pullback.codegen.targets.target import Emission, Target
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.layer import Layer
from pullback.derive.proof.proving import Proof, Watch
from pullback.derive.read.definition import Library


@dataclass(frozen=True)
class Compiled:
    """What each stage has made of a definition.

    `forms` is the derivation, with its proof, in the forms that the target computes.
    """

    proof: Proof
    forms: Proof
    program: Program
    target: Target

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
        return Outlines(self.forms.derivation, self.forms)

    def emit(self) -> Emission:
        """The layer in the target's words."""
        return self.target.emit(self.forms.derivation, self.program)

    def to(self, target: Target) -> Compiled:
        """The same derivation for another target."""
        return lowered(self.proof, target)


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


def file_names(name: str, targets: Sequence[Target] = (NUMPY,)) -> list[str]:
    """The names of a layer's files, as `files` writes them."""
    page = [f"{name}.html"] if mathml.available() else []
    stems = [stem(name, target, targets[0]) for target in targets]
    return [*(f for s in stems for f in (f"{s}.py", f"test_{s}.py")), f"{name}.tex", *page]


def files(
    compiled: Compiled, home: str = "", targets: Sequence[Target] = (NUMPY,)
) -> dict[str, str]:
    """The files of a layer, by name: modules, their tests, the derivation in LaTeX and as a page.

    The page is left out where math-core is not installed; it shows the code of the first target,
    and derivations are in the forms that this target computes.
    `home` is a list of layers beside it.

    Raises PullbackError where a module fails its own tests.
    """
    from pullback.codegen.pages.page import LAWS_FILE

    every = [compiled if t == compiled.target else compiled.to(t) for t in targets]
    emissions = [made.emit() for made in every]
    texts: list[str] = []
    for target, emission in zip(targets, emissions, strict=True):
        own = stem(compiled.layer.name, target, targets[0])
        texts += [emission.module, target.tests(compiled.derivation, emission, own)]
    texts.append(document(every[0].outlines[LATEX]))
    if mathml.available():
        texts.append(page_of(every[0], emissions[0], home, LAWS_FILE))
    return dict(zip(file_names(compiled.layer.name, targets), texts, strict=True))


def html(compiled: Compiled) -> str:
    """The derivation as a page that stands alone."""
    return page_of(compiled, compiled.emit(), "", "")


def page_of(compiled: Compiled, emission: Emission, home: str, laws: str) -> str:
    """The page of a layer with its code; `home` and `laws` are files that it links to.

    Its worked example is held against the NumPy module, whatever the code is written for.
    """
    # imported where it is asked for: code needs no page, and its example needs NumPy
    from pullback.codegen.pages.page import page

    module = emission if compiled.target == NUMPY else compiled.to(NUMPY).emit()
    code = loaded(module.module, compiled.layer)
    return page(compiled.outlines, emission.code, code, home, laws)
