"""What a target is: it spells the program of a layer in one language, as files and for pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pullback.codegen.interface.promise import Promise
from pullback.codegen.program import Program
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.proof.proving import Proof


@dataclass(frozen=True)
class Group:
    """Lines of a function; `about` is the named value that they work out, or empty."""

    about: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Code:
    """A function without its docstring, as pages show it."""

    name: str
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Emission:
    """The text of a layer's module, what pages show of it, and what its tests may count on.

    `helpers` are the texts of the functions in it that those of `code` call. Where the language has
    headers, `header` is the one of the module.
    """

    module: str
    code: tuple[Code, ...]
    promise: Promise
    helpers: tuple[str, ...] = ()
    header: str = ""
    language: str = "python"

    @property
    def alone(self) -> str:
        """The module as one text, the header in it."""
        head, include, rest = self.module.partition('#include "')
        if not self.header:
            return self.module
        return head + self.header + rest.partition("\n")[2] if include else self.module


# how the files of a layer are called, the one of its tests last and that of the module before it;
# a stem is the layer's name, unless another target's files have that
OF_PYTHON = ("{stem}.py", "test_{stem}.py")


class Target(Protocol):
    """One language, or one way of writing it."""

    @property
    def name(self) -> str:
        """Its name on the command line."""

    @property
    def about(self) -> str:
        """What it makes, in a line."""

    @property
    def files(self) -> tuple[str, ...]:
        """How the files of a layer `{name}` are called, or by its `{stem}`, as in OF_PYTHON."""

    def forms(self, proof: Proof) -> Proof:
        """The derivation in the forms that it computes, proved; what follows is made of these."""

    def program(self, derivation: Derivation) -> Program:
        """The program that it spells."""

    def emit(self, derivation: Derivation, program: Program) -> Emission:
        """The module of a layer."""

    def tests(self, derivation: Derivation, emission: Emission, stem: str) -> str:
        """The test file of a module whose file is called so.

        Raises PullbackError where the module fails these tests.
        """
