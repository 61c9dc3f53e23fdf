"""The text of a plain module."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pullback import __version__
from pullback.codegen.interface.promise import Promise
from pullback.codegen.interface.shapes import axes_of, has_batch, shape
from pullback.codegen.interface.words import describe, docstring
from pullback.codegen.notation.printer import Notation
from pullback.codegen.program import (
    Constant,
    Elementwise,
    Input,
    Operation,
    Program,
    Size,
)
from pullback.codegen.program.plan.names import Names
from pullback.codegen.targets.numpy.commented import commented
from pullback.codegen.targets.numpy.helpers import Helpers, helpers, needed
from pullback.codegen.targets.numpy.layout import lay_out
from pullback.codegen.targets.numpy.marked import functions, unmarked
from pullback.codegen.targets.numpy.source import Source, joined
from pullback.codegen.targets.numpy.text import tuple_text
from pullback.codegen.targets.plain.spelling import PlainStatements
from pullback.codegen.targets.target import Emission
from pullback.codegen.templating import environment
from pullback.derive.calculus.derivation import Derivation, cotangent_name
from pullback.derive.layer import Layer, Node, Tensor
from pullback.derive.read.symbols import BATCH_SIZE
from pullback.derive.read.trees import BATCH


def runtime() -> Helpers:
    """The functions that a module may have a copy of."""
    return helpers(__package__, ("runtime",))


def emission(derivation: Derivation, program: Program) -> Emission:
    """The module, and its two functions as pages show them."""
    context, template = Plain(derivation, program).context(), environment(__package__).get_template
    source = Source.of(template("module.py.j2").render(context))
    lay_out(source)
    own = [*needed(source.tree, runtime()).values()]
    imports = [f"import {name}" for name in ("math",) if any(f"{name}." in t for t in own)]
    typed = any("Any" in text for text in own)
    imports += [""] * bool(imports and not typed) + ["from typing import Any", ""] * typed
    head = template("head.py.j2").render(context, imports=[*imports, "import numpy as np"])
    text = joined([head, unmarked("\n".join(source.text())), *own])
    return Emission(text, functions(source, ("forward", "backward")), Promise())


@dataclass(frozen=True)
class Plain:
    """What the template is filled with."""

    derivation: Derivation
    program: Program

    @property
    def layer(self) -> Layer:
        """The layer."""
        return self.derivation.layer

    @cached_property
    def notation(self) -> Notation:
        """How comments spell formulas."""
        return Notation(self.layer)

    def context(self) -> dict[str, Any]:
        """Every key of the template but the imports."""
        layer, program, output = self.layer, self.program, self.layer.output
        names = Names(program)
        cached = [*program.cache, program.output]
        forward = PlainStatements.planned(program, program.forward, cached, names)
        wanted = [v for _, v in program.gradients]
        backward = PlainStatements.planned(program, program.backward, wanted, forward.names)
        own, names = backward.names.own, backward.names
        arguments = [t.name for t in layer.inputs]
        sizes = [*self.sizes(own["batch"])]
        if forward.uses_dtype or backward.uses_dtype:
            sizes.append(f"{own['dtype']} = {self.float_input}.dtype")
        cotangent = cotangent_name(output.name)
        flat = self.flattens and has_batch(output)
        cache = [names[v] for v in program.cache]
        cache += [n for n in self.kept_sizes(own["batch"]) if n not in cache]
        cache += [own["dtype"]] * backward.uses_dtype
        return {
            "name": layer.name,
            "title": docstring(layer.title),
            "summary": [docstring(layer.summary)] if layer.summary else [],
            "equations": [docstring(n.text) for n in layer.nodes],
            "leading": self.notation.leading,
            "version": __version__,
            "digest": layer.digest[:16],
            "quiet": program.quiet,
            "arguments": arguments,
            "inputs": [{"name": t.name, "text": describe(t)} for t in layer.inputs],
            "output": {
                "name": output.name,
                "text": f"of shape {shape(output)}" if output.indices else "(one number)",
            },
            "forward": [*sizes, *commented(self.derivation, self.notation, forward.lines)],
            "returned": self.unflat(names[program.output], output, own["batch"]),
            "cache": cache,
            "cotangent": cotangent,
            "upstream": f"the gradient by {output.name}",
            "backward": [
                *([f"{cotangent} = {self.flat(cotangent, output)}"] if flat else []),
                *commented(self.derivation, self.notation, backward.lines),
            ],
            "results": [cotangent_name(n) for n in self.derivation.wanted],
            "gradients": [
                self.unflat(names[v], layer.tensor(n), own["batch"]) for n, v in program.gradients
            ],
        }

    # -- sizes and leading axes --------------------------------------------------------------------

    @property
    def flattens(self) -> bool:
        """Are leading axes made one? Where all is done entry by entry they need not be."""
        numbers = (*self.program.forward, *self.program.backward)
        return not all(by_entries(self.program[n].op) for n in numbers)

    def sizes(self, batch: str) -> Iterator[str]:
        """The statements that name sizes, and refuse a tensor whose shape is another."""
        seen: set[str] = set()
        for tensor in self.layer.inputs:
            axes = axes_of(tensor)
            names = [f"*{batch}" if a == BATCH else a for a in axes]
            if axes and not seen & {*axes} and len({*axes}) == len(axes):
                left = batch if axes == [BATCH] else ", ".join(names) + "," * (len(names) == 1)
                yield f"{left} = {tensor.name}.shape"
            elif axes:
                for place, axis in enumerate(axes):
                    if axis not in seen:
                        yield self.size(tensor, axes, place, batch)
                        seen.add(axis)
                yield from refusal(tensor.name, tuple_text(names))
            seen |= {*axes}
        if self.flattens:
            batched = [t for t in self.layer.inputs if has_batch(t)]
            for tensor in batched:
                yield f"{tensor.name} = {self.flat(tensor.name, tensor)}"
            if batched and self.reads_size(BATCH_SIZE):
                yield f"{BATCH_SIZE} = {batched[0].name}.shape[0]"

    def reads_size(self, size: str) -> bool:
        """Does a statement read a size?"""
        numbers = (*self.program.forward, *self.program.backward, *self.program.cache)
        ops = [self.program[n].op for n in numbers]
        return any(isinstance(op, Size) and str(op.symbol) == size for op in ops)

    @property
    def float_input(self) -> str:
        """The first array of floats, or the first number."""
        floats = [t for t in self.layer.inputs if not t.integer]
        return next((t.name for t in floats if t.indices), floats[0].name)

    def kept_sizes(self, batch: str) -> list[str]:
        """The sizes by which gradients, and the output's, are brought into shape."""
        if not self.flattens:
            return []
        wanted = [t for t in map(self.layer.tensor, self.derivation.wanted) if has_batch(t)]
        axes = [axis for t in wanted for axis in axes_of(t)]
        axes += [
            a for a in axes_of(self.layer.output) if has_batch(self.layer.output) and a != BATCH
        ]
        return [batch if a == BATCH else a for a in dict.fromkeys(axes)]

    def size(self, tensor: Tensor, axes: list[str], place: int, batch: str) -> str:
        """The statement that names one size."""
        if axes[place] == BATCH:
            return f"{batch} = {tensor.name}.shape[: {tensor.name}.ndim - {len(axes) - 1}]"
        at = place if axes[0] != BATCH else place - len(axes)
        return f"{axes[place]} = {tensor.name}.shape[{at}]"

    def flat(self, text: str, tensor: Tensor | Node) -> str:
        """An array with its leading axes as one."""
        rest = ", ".join(["-1", *(a for a in axes_of(tensor) if a != BATCH)])
        return f"{text}.reshape({rest})"

    def unflat(self, text: str, tensor: Tensor | Node, batch: str) -> str:
        """A result with all of its leading axes."""
        if not (self.flattens and has_batch(tensor)):
            return text
        at = text if re.fullmatch(r"[\w.]+", text) else f"({text})"
        rest = [a for a in axes_of(tensor) if a != BATCH]
        return f"{at}.reshape({', '.join([f'*{batch}', *rest]) if rest else batch})"


def by_entries(op: Operation) -> bool:
    """Does an operation work entry by entry, whatever leading axes there are?"""
    if isinstance(op, Elementwise):
        return op.function != "spread"
    return isinstance(op, Input | Constant) or (
        isinstance(op, Size) and str(op.symbol) != BATCH_SIZE
    )


def refusal(name: str, wanted: str) -> list[str]:
    """The statements that refuse another shape."""
    return [
        f"if {name}.shape != {wanted}:",
        f'    raise ValueError(f"{name} has shape {{{name}.shape}}, wanted is {{{wanted}}}")',
    ]
