"""A NumPy module with kernels in C."""

from __future__ import annotations

from dataclasses import dataclass, field

from pullback.codegen.program import Program
from pullback.codegen.program.plan.names import Names
from pullback.codegen.targets.c.loops import Loops
from pullback.codegen.targets.c.source import source
from pullback.codegen.targets.c.statements import Fused
from pullback.codegen.targets.numpy.helpers import Helper, helpers
from pullback.codegen.targets.numpy.module import Module, emitted
from pullback.codegen.targets.numpy.sections import Section
from pullback.codegen.targets.target import Emission
from pullback.derive.calculus.derivation import Derivation

REMARK = (
    "Runs of its statements are C, built at first use by the compiler cc, or the one that",
    "PULLBACK_CC names; without one, or where PULLBACK_CC is off, NumPy works alone.",
)
IMPORTS = (
    *("collections", "ctypes", "hashlib", "math", "os", "platform", "shlex", "shutil", "struct"),
    *("subprocess", "sys", "tempfile", "threading", "warnings"),
)


def emission(derivation: Derivation, program: Program) -> Emission:
    """The module; one without kernels is a NumPy module."""
    made = WithKernels(derivation, program)
    context = made.context()
    if not made.kernels:
        return emitted(context)
    context["idle"] = True
    context["remark"] = [*context["remark"], *REMARK]
    runtime = helpers(f"{__package__}.runtime", ("native",))
    counts = "".join(
        f'\n    "{k.name}": ({len(k.slots.arrays)}, {k.slots.sizes}, {len(k.slots.numbers)}, '
        f"{len(k.columns)}),"
        for k in made.kernels
    )
    own = {
        "_KERNELS": "# kernels by name: how many arrays, sizes and numbers each is given, and how\n"
        "# many sums over rows it takes\n"
        f"_KERNELS: dict[str, tuple[int, int, int, int]] = {{{counts}\n}}",
        "_SOURCE": f'_SOURCE = r"""{source(made.kernels)}"""',
    }
    texts = {name: Helper(text, frozenset()) for name, text in own.items()}
    return emitted(context, {**helpers(), **runtime, **texts}, IMPORTS)


@dataclass(frozen=True)
class WithKernels(Module):
    """What the template is filled with; `kernels` are found on the way."""

    kernels: list[Loops] = field(default_factory=list)

    def sections(self) -> tuple[Section, Section, Names]:
        """Forward and backward with kernels, and the names of their values."""
        program = self.program
        first, second, names = self.planned()
        kept = frozenset([*program.cache, program.output])
        wanted = frozenset(v for _, v in program.gradients)
        forward = Fused(first, program.forward, kept, self.kernels)
        backward = Fused(second, program.backward, wanted, self.kernels)
        return forward, backward, names
