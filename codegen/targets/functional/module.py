"""The text of a module whose functions are pure: forward, and backward from what it kept.

What backward reads of sizes it takes from the inputs, which are all kept: so a cache holds arrays
alone, as frameworks want it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pullback.codegen.interface.promise import Promise
from pullback.codegen.interface.shapes import has_batch
from pullback.codegen.program import Input, Program, Scan, Values
from pullback.codegen.program.linear import running_sums
from pullback.codegen.program.plan.names import Names
from pullback.codegen.targets.functional.dialect import Dialect
from pullback.codegen.targets.functional.statements import Pure
from pullback.codegen.targets.numpy.arguments import size_check
from pullback.codegen.targets.numpy.commented import commented
from pullback.codegen.targets.numpy.helpers import Helpers, helpers, needed
from pullback.codegen.targets.numpy.in_parts import in_parts
from pullback.codegen.targets.numpy.layout import lay_out
from pullback.codegen.targets.numpy.marked import functions, unmarked
from pullback.codegen.targets.numpy.source import Source, joined
from pullback.codegen.targets.numpy.spelling import is_truth
from pullback.codegen.targets.numpy.text import tuple_text
from pullback.codegen.targets.plain.module import NUMPY, Plain
from pullback.codegen.targets.target import Emission
from pullback.codegen.templating import environment
from pullback.derive.calculus.derivation import Derivation, cotangent_name
from pullback.derive.calculus.tangents import tangent_name
from pullback.derive.errors import PullbackError
from pullback.derive.layer import Node, Tensor
from pullback.derive.read.symbols import BATCH_SIZE

PACKAGE = "pullback.codegen.targets.functional"


def runtime(dialect: Dialect) -> Helpers:
    """The functions that a module may have a copy of."""
    return {**helpers(f"{PACKAGE}.runtime", dialect.runtime), **helpers(names=("sizes", "parts"))}


ABOUT = {
    "array_api": (
        "For any library of the array API: forward(...) returns the output and a cache,",
        "backward(gradient, cache) the gradients. Labels are not checked.",
    ),
    "torch": (
        "For PyTorch: apply(...) is differentiable, Module(...) has parameters by name; both call",
        "forward and backward. Labels are not checked.",
    ),
    "jax": (
        "For JAX: apply(...) has this gradient under jax.grad, apply_forward_mode(...) a tangent",
        "under jax.jvp; both may be compiled. Labels are not checked.",
    ),
}
IMPORTS = {"torch": ("import torch",), "jax": ("import jax", "import jax.numpy as jnp")}


def emission(derivation: Derivation, program: Program, kind: type[Pure]) -> Emission:
    """The module; PullbackError where the library lacks a function that it needs."""
    jinja = environment(PACKAGE, NUMPY)
    jinja.filters["tuple"] = tuple_text
    try:
        context = Functions(derivation, program, kind).context()
    except NotImplementedError as error:
        raise PullbackError(
            f"{derivation.layer.name}: {error} has no form in the array API; NumPy, PyTorch and "
            f"JAX have one (--target numpy, torch, jax)"
        ) from None
    library = kind.dialect.library
    source = Source.of(jinja.get_template(f"{library}.py.j2").render(context))
    lay_out(source)
    own = [*needed(source.tree, runtime(kind.dialect)).values()]
    word = context["words"]["math"]
    math = any(f"{w}." in text for text in [*own, *source.text()] for w in ("math", word))
    imports = [*IMPORTS.get(library, compat(own))]
    imports += ["import jax.scipy.special"] * any("jax.scipy.special." in text for text in own)
    more = {"math": math, "imports": imports, "about": ABOUT[library], "library": kind.dialect.word}
    head = jinja.get_template("head.py.j2").render(context, **more)
    text = joined([head, unmarked("\n".join(source.text())), *own])
    return Emission(text, functions(source, ("forward", "backward")), Promise(), tuple(own))


def compat(own: list[str]) -> list[str]:
    """What a module for the array API imports."""
    words = ("array_namespace", "device", "is_array_api_obj")
    names = [w for w in words if w == words[0] or any(f"{w}(" in text for text in own)]
    return [f"from array_api_compat import {', '.join(names)}"]


@dataclass(frozen=True)
class Functions(Plain):
    """What templates are filled with."""

    kind: type[Pure]

    @cached_property
    def own(self) -> Mapping[str, str]:
        """The variables of the module's own text."""
        return {**Names(self.program).own, "like": self.axes.float_input}

    def names(self) -> Names:
        """Names of values; `like` is the first array of floats."""
        found = Names(self.program)
        found.own = self.own
        return found

    @cached_property
    def kept(self) -> list[int]:
        """What backward reads and forward works out, the output first where it is among it."""
        program = self.program
        found = [v for v in program.cache if not isinstance(program[v].op, Input)]
        found = [v for v in found if v not in self.numbers]
        return sorted(found, key=lambda v: v != program.output)

    @cached_property
    def numbers(self) -> list[int]:
        """Python's numbers that forward works out: backward works them out again, from sizes."""
        return [v for v in self.program.forward if self.is_number(v)]

    def is_number(self, value: int) -> bool:
        """Is it a number of Python's, or what two of them compare to?"""
        return self.program[value].kind == "number" or is_truth(self.program, value)

    def context(self) -> dict[str, Any]:
        """Every key of the templates."""
        layer, program, output = self.layer, self.program, self.layer.output
        cached = [*self.kept, program.output]
        forward = self.kind.planned(program, program.forward, cached, self.names())
        wanted = [v for _, v in program.gradients]
        section = sorted({*self.numbers, *program.backward})
        backward = self.kind.planned(program, section, wanted, forward.names)
        names, batch = backward.names, self.own["batch"]
        cotangent = cotangent_name(output.name)
        flat = self.axes.flattens and has_batch(output)
        return {
            **self.words(),
            "compiled": self.compiled(),
            "in_parts": in_parts(self.derivation, self.kind.dialect.concatenate),
            "reads_output": self.kept[:1] == [program.output],
            "reshaped": self.unflat(names[program.output], output, batch) if flat else "",
            "quoted": {
                "inputs": quoted(t.name for t in layer.inputs),
                "labels": quoted(t.name for t in layer.inputs if t.integer),
                "wanted": quoted(self.derivation.wanted),
                "sizes": quoted(map(str, layer.arguments)),
            },
            "tensors": [t.name for t in layer.inputs],
            "sizes": [*map(str, layer.arguments)],
            "static": [str(len(layer.inputs) + k) for k in range(len(layer.arguments))],
            "words": {w: self.own[w] for w in ("math", "xp", "torch", "jnp")},
            "word": self.kind.dialect.word,
            "arrays": [t.name for t in layer.inputs if t.indices and not t.integer]
            or [self.axes.float_input],
            "given": [*self.given()],
            "forward": [
                *self.sizes(),
                *commented(self.derivation, self.notation, forward.lines),
            ],
            "returned": names[program.output],
            "kept": [names[v] for v in self.kept],
            "backward": [
                *map(size_check, layer.arguments),
                *self.sizes(checked=False),
                *([f"{cotangent} = {self.flat(cotangent, output)}"] if flat else []),
                *(
                    [f"{names[program.output]} = {self.flat(names[program.output], output)}"]
                    if flat and program.output in self.kept
                    else []
                ),
                *commented(self.derivation, self.notation, backward.lines),
            ],
            **(self.along() if self.kind.dialect.forward_mode else {}),
            "gradients": [
                self.unflat(names[v], layer.tensor(n), batch) for n, v in program.gradients
            ],
        }

    def compiled(self) -> set[str]:
        """The functions with loops of the library, which are compiled anew wherever a step is made.

        As a whole they are compiled once for all calls with the same shapes. Where a size is an
        argument they are not: it would come out of `forward` as an array, which is no size.
        """
        if not self.kind.dialect.scans or self.layer.arguments:
            return set()
        program = self.program
        jvp = program.jvp.body
        sections = {"forward": program.forward, "backward": program.backward}
        found = {n for n, each in sections.items() if any(has_loop(program, v) for v in each)}
        return found | ({"jvp"} if any(has_loop(program.jvp, v) for v in jvp) else set())

    def along(self) -> dict[str, Any]:
        """The keys of the function from tangents to the output's."""
        layer, function, batch = self.layer, self.program.jvp, self.own["batch"]
        names = Names(function)
        names.own = self.own
        found = self.kind.planned(function, function.body, [v for _, v in function.results], names)
        tangents = [(n, tangent_name(n)) for n in self.derivation.wanted]
        flat = [
            f"{name} = {self.flat(name, layer.tensor(n))}"
            for n, name in tangents
            if self.axes.flattens and has_batch(layer.tensor(n))
        ]
        lines = commented(self.derivation, self.notation, found.lines)
        pushed = [
            self.unflat(found.spell(v).text, layer.output, batch) for _, v in function.results
        ]
        by_input = dict(tangents)
        positions = [by_input.get(t.name, "_") for t in layer.inputs]
        return {"tangents": positions, "jvp": [*self.sizes(), *flat, *lines], "pushed": pushed}

    def given(self) -> Iterator[str]:
        """The statements that make arrays of what is given as a number or as labels, and look at
        sizes that are."""
        like = self.own["like"]
        yield from map(size_check, self.layer.arguments)
        for tensor in self.layer.inputs:
            if tensor.integer:
                yield f"{tensor.name} = _whole({tensor.name}, {like})"
            elif not tensor.indices and tensor.name != like:
                yield f"{tensor.name} = _real({tensor.name}, {like})"

    def sizes(self, checked: bool = True) -> Iterator[str]:
        """Statements that name sizes and make leading axes one; `checked` ones refuse others."""
        axes, batch = self.axes, self.own["batch"]
        yield from axes.named(batch, checked)
        if axes.flattens:
            batched = [t for t in self.layer.inputs if has_batch(t)]
            if batched:
                yield f"{BATCH_SIZE} = {self.own['math']}.prod({batch})"
            for tensor in batched:
                yield f"{tensor.name} = {self.flat(tensor.name, tensor)}"

    def flat(self, text: str, tensor: Tensor | Node) -> str:
        """An array with its leading axes as one."""
        return self.reshaped(text, [str(BATCH_SIZE), *self.sizes_of(tensor)])

    def sizes_of(self, tensor: Tensor | Node) -> list[str]:
        """The sizes of the axes that are no leading ones."""
        return [str(i.size) for i in tensor.indices if str(i.size) != str(BATCH_SIZE)]

    def unflat(self, text: str, tensor: Tensor | Node, batch: str) -> str:
        """A result with all of its leading axes."""
        if not (self.axes.flattens and has_batch(tensor)):
            return text
        return self.reshaped(text, [f"*{batch}", *self.sizes_of(tensor)])

    def reshaped(self, text: str, sizes: list[str]) -> str:
        """An array with other axes."""
        return f"{self.own[self.kind.dialect.word]}.reshape({text}, {tuple_text(sizes)})"


def has_loop(program: Values, number: int) -> bool:
    """Is a value a scan, and not a running sum?"""
    op = program[number].op
    return isinstance(op, Scan) and running_sums(op, program.values) is None


def quoted(names: Iterable[str]) -> str:
    """Names as the text of a tuple's entries."""
    words = [f'"{name}"' for name in names]
    return ", ".join(words) + "," * (len(words) == 1)
