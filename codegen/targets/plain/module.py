"""The text of a plain module."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pullback import __version__
from pullback.codegen.interface.promise import Promise
from pullback.codegen.interface.shapes import has_batch, shape
from pullback.codegen.interface.words import assumptions, describe, describe_size, docstring
from pullback.codegen.notation.printer import Notation
from pullback.codegen.program import Program, is_quiet, sizes_within
from pullback.codegen.program.plan.names import Names
from pullback.codegen.targets.numpy.commented import commented
from pullback.codegen.targets.numpy.helpers import Helpers, helpers, needed
from pullback.codegen.targets.numpy.in_parts import in_parts
from pullback.codegen.targets.numpy.layout import lay_out
from pullback.codegen.targets.numpy.marked import functions, unmarked
from pullback.codegen.targets.numpy.source import Source, joined
from pullback.codegen.targets.plain.axes import Axes
from pullback.codegen.targets.plain.spelling import PlainStatements
from pullback.codegen.targets.target import Emission
from pullback.codegen.templating import environment
from pullback.derive.calculus.cuts import Cutting
from pullback.derive.calculus.derivation import Derivation, cotangent_name
from pullback.derive.layer import Layer

NUMPY = "pullback.codegen.targets.numpy"  # whose templates of parts this is made with, too


def cutting_of(derivation: Derivation) -> Cutting:
    """Where a plain module is cut: not where a part of no places, which takes off what all parts
    have, would have leading axes, as `x.reshape(-1, D)` finds none where D is 0."""
    layer, found = derivation.layer, derivation.cutting
    cuts = (
        cut
        for cut in found.cuts
        if not (cut.has_rest and any(has_batch(layer.tensor(name)) for name in cut.inputs))
    )
    return replace(found, cuts=tuple(cuts))


def runtime() -> Helpers:
    """The functions that a module may have a copy of."""
    return {**helpers(names=("sizes", "special", "parts")), **helpers(__package__, ("runtime",))}


def emission(derivation: Derivation, program: Program) -> Emission:
    """The module, and its two functions as pages show them."""
    context = Plain(derivation, program).context()
    template = environment(__package__, NUMPY).get_template
    source = Source.of(template("module.py.j2").render(context))
    lay_out(source)
    own = [*needed(source.tree, runtime()).values()]
    imports = [f"import {name}" for name in ("math",) if any(f"{name}." in t for t in own)]
    typed = any("Any" in text for text in own)
    imports += [""] * bool(imports and not typed) + ["from typing import Any", ""] * typed
    head = template("head.py.j2").render(context, imports=[*imports, "import numpy as np"])
    text = joined([head, unmarked("\n".join(source.text())), *own])
    return Emission(text, functions(source, ("forward", "backward")), Promise(), tuple(own))


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

    @cached_property
    def axes(self) -> Axes:
        """How sizes are named."""
        program = self.program
        return Axes(program, (*program.forward, *program.backward, *program.cache))

    def words(self) -> dict[str, Any]:
        """The keys that do not hang on how a program is spelled."""
        layer, output = self.layer, self.layer.output
        return {
            "name": layer.name,
            "title": docstring(layer.title),
            "summary": [*([docstring(layer.summary)] if layer.summary else []), *self.assumed()],
            "equations": [docstring(line) for n in layer.nodes for line in n.text.split("\n")],
            "leading": self.notation.leading,
            "version": __version__,
            "digest": layer.digest[:16],
            "arguments": [*layer.parameters],
            "inputs": [
                *({"name": t.name, "text": describe(t)} for t in layer.inputs),
                *({"name": str(s), "text": describe_size(layer, s)} for s in layer.arguments),
            ],
            "output": {
                "name": output.name,
                "text": f"of shape {shape(output)}" if output.indices else "(one number)",
            },
            "cotangent": cotangent_name(output.name),
            "upstream": f"the gradient by {output.name}",
            "results": [cotangent_name(n) for n in self.derivation.wanted],
        }

    def assumed(self) -> list[str]:
        """What the layer assumes of its inputs, in a sentence each; nothing checks it."""
        return [*map(docstring, assumptions(self.layer, self.notation.relation))]

    def context(self) -> dict[str, Any]:
        """Every key of the template but the imports."""
        layer, program, output = self.layer, self.program, self.layer.output
        axes = self.axes
        names = Names(program)
        cached = [*program.cache, program.output]
        forward = PlainStatements.planned(program, program.forward, cached, names)
        wanted = [v for _, v in program.gradients]
        backward = PlainStatements.planned(program, program.backward, wanted, forward.names)
        own, names = backward.names.own, backward.names
        sizes = [*axes.sizes(own["batch"])]
        if forward.uses_dtype or backward.uses_dtype:
            sizes.append(f"{own['dtype']} = {axes.float_input}.dtype")
        cotangent = cotangent_name(output.name)
        flat = axes.flattens and has_batch(output)
        cache = [names[v] for v in program.cache]
        within = sizes_within(program[v] for v in program.backward)
        cache += [s for s in sorted(map(str, within)) if s not in cache]
        cache += [
            n for n in axes.kept_sizes(self.derivation.wanted, own["batch"]) if n not in cache
        ]
        cache += [own["dtype"]] * backward.uses_dtype
        returned = axes.unflat(names[program.output], output, own["batch"])
        forward_lines = commented(self.derivation, self.notation, forward.lines)
        batch = rf"\b{own['batch']}\b"
        behind = [*sizes[1:], *forward_lines, returned, *cache]
        if not any(re.search(batch, text) for text in behind):  # nothing reads it
            sizes = [line for line in sizes if not re.match(batch, line)]
        return {
            **self.words(),
            "in_parts": in_parts(self.derivation, cutting=cutting_of(self.derivation)),
            "quiet": is_quiet(program),
            "forward": [*sizes, *forward_lines],
            "returned": returned,
            "cache": cache,
            "backward": [
                *([f"{cotangent} = {axes.flat(cotangent, output)}"] if flat else []),
                *commented(self.derivation, self.notation, backward.lines),
            ],
            "gradients": [
                axes.unflat(names[v], layer.tensor(n), own["batch"]) for n, v in program.gradients
            ],
        }
