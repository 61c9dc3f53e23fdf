"""The whole way from a definition to its files, stage by stage."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from codegen import mathml
from codegen.latex import latex
from codegen.lower import lower
from codegen.module import module
from codegen.module_test import module_test
from codegen.page import LAWS_FILE, page
from codegen.program import Program
from codegen.smoke import smoke
from derive.derivation import Derivation, derive
from derive.errors import TooLarge
from derive.layer import Layer
from derive.proof import Proof, Watch, prove
from derive.reader import Library, read_layer

STACK = 6_000  # calls of Python, one inside another


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
    """
    layer = read_layer(name, source, library)
    with room_for_nesting(name):
        derivation = derive(layer)
        proof = prove(derivation, watch)
        program = lower(derivation, precise)
    return Compiled(layer, derivation, proof, program)


@contextmanager
def room_for_nesting(name: str) -> Iterator[None]:
    """A stack that holds expressions as deep as definitions may nest them, each level many calls.

    Raises TooLarge where it does not.
    """
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, STACK))
    try:
        yield
    except RecursionError:
        raise TooLarge(
            f"{name}: expressions are nested too deeply to be worked out; give parts of the "
            "equations names of their own, each with '='"
        ) from None
    finally:
        sys.setrecursionlimit(before)


def files(compiled: Compiled, home: str = "") -> dict[str, str]:
    """The files of a layer, by name: the module, its tests, the derivation in LaTeX and as a page.

    The page is left out where math-core is not installed; `home` is a list of layers beside it.

    Raises PullbackError where the module fails its own tests.
    """
    name, text = compiled.layer.name, module(compiled.derivation, compiled.program)
    test_text = module_test(compiled.layer, text)
    smoke(name, text, test_text)
    written = {
        f"{name}.py": text,
        f"test_{name}.py": test_text,
        f"{name}.tex": latex(compiled.derivation, compiled.proof),
    }
    if mathml.available():
        written[f"{name}.html"] = page_of(compiled, text, home, LAWS_FILE)
    return written


def html(compiled: Compiled) -> str:
    """The derivation as a page that stands alone."""
    return page_of(compiled, module(compiled.derivation, compiled.program), "", "")


def page_of(compiled: Compiled, text: str, home: str, laws: str) -> str:
    """The page of a layer whose module is `text`; `home` and `laws` are files that it links to."""
    return page(compiled.derivation, compiled.proof, compiled.program, text, home, laws)
