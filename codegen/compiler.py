"""The whole way from a definition to its files, stage by stage."""

from __future__ import annotations

from dataclasses import dataclass

from pullback.codegen.faces.faults import stages
from pullback.codegen.lower import lower
from pullback.codegen.pages import mathml
from pullback.codegen.pages.latex import latex
from pullback.codegen.pages.page import LAWS_FILE, page
from pullback.codegen.program import Program
from pullback.codegen.targets.numpy.module import module
from pullback.codegen.targets.numpy.module_test import module_test
from pullback.codegen.targets.numpy.smoke import smoke
from pullback.derive.calculus.derivation import Derivation, derive
from pullback.derive.layer import Layer
from pullback.derive.proof.proving import Proof, Watch, prove
from pullback.derive.read.definition import Library
from pullback.derive.read.reader import read_layer


@dataclass(frozen=True)
class Compiled:
    """What each stage has made of a definition."""

    layer: Layer
    derivation: Derivation
    proof: Proof
    program: Program


def compile_definition(
    name: str,
    source: str,
    library: Library,
    watch: Watch = lambda checks, count: checks,
    precise: bool = False,
) -> Compiled:
    """Text → Layer → Derivation → Proof → Program; `watch` sees the proof go on.

    A precise program works in float64 and carries on the rounding errors of exponents.

    Raises PullbackError where a definition cannot be read, a law is missing, or a step fails.
    Of these, Fault is a fault of Pullback itself, whatever the exception was that came up.
    """
    with stages(name, source):
        layer = read_layer(name, source, library)
        proof = prove(derive(layer), watch)
        program = lower(proof.derivation, precise)
    return Compiled(layer, proof.derivation, proof, program)


def file_names(name: str) -> list[str]:
    """The names of a layer's files, as `files` writes them."""
    page = [f"{name}.html"] if mathml.available() else []
    return [f"{name}.py", f"test_{name}.py", f"{name}.tex", *page]


def files(compiled: Compiled, home: str = "") -> dict[str, str]:
    """The files of a layer, by name: the module, its tests, the derivation in LaTeX and as a page.

    The page is left out where math-core is not installed; `home` is a list of layers beside it.

    Raises PullbackError where the module fails its own tests.
    """
    name, text = compiled.layer.name, module(compiled.derivation, compiled.program)
    test_text = module_test(compiled.layer, text)
    smoke(name, text, test_text)
    texts = [text, test_text, latex(compiled.derivation, compiled.proof)]
    if mathml.available():
        texts.append(page_of(compiled, text, home, LAWS_FILE))
    return dict(zip(file_names(name), texts, strict=True))


def html(compiled: Compiled) -> str:
    """The derivation as a page that stands alone."""
    return page_of(compiled, module(compiled.derivation, compiled.program), "", "")


def page_of(compiled: Compiled, text: str, home: str, laws: str) -> str:
    """The page of a layer whose module is `text`; `home` and `laws` are files that it links to."""
    return page(compiled.derivation, compiled.proof, compiled.program, text, home, laws)
