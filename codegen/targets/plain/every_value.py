"""A function of ordinary NumPy that returns every value and every gradient, by name."""

from __future__ import annotations

from pullback.codegen.interface.shapes import has_batch
from pullback.codegen.lower.assembly import lower_every
from pullback.codegen.program import is_quiet
from pullback.codegen.program.plan.names import Names
from pullback.codegen.targets.numpy.helpers import needed
from pullback.codegen.targets.numpy.layout import lay_out
from pullback.codegen.targets.numpy.source import Source, joined
from pullback.codegen.targets.plain.axes import Axes
from pullback.codegen.targets.plain.module import runtime
from pullback.codegen.targets.plain.spelling import PlainStatements
from pullback.codegen.templating import environment
from pullback.derive.calculus.derivation import Derivation, cotangent_name

FUNCTION = "every_value"


def every_value(derivation: Derivation) -> str:
    """The text of a module whose one function, FUNCTION, returns a dictionary of arrays.

    It takes the inputs and the output's cotangent, in order. Nodes come first, in order, then
    cotangents in reverse order.
    """
    layer, program = derivation.layer, lower_every(derivation)
    found = PlainStatements.planned(
        program, program.body, [v for _, v in program.results], Names(program)
    )
    axes, names, own = Axes(program, program.body), found.names, found.names.own
    sizes = [*axes.sizes(own["batch"])]
    if found.uses_dtype:
        sizes.append(f"{own['dtype']} = {axes.float_input}.dtype")
    upstream = cotangent_name(layer.output.name)
    if axes.flattens and has_batch(layer.output):
        sizes.append(f"{upstream} = {axes.flat(upstream, layer.output)}")
    shapes = {**layer.tensors, **{cotangent_name(n): t for n, t in layer.tensors.items()}}
    source = Source.of(
        environment(__package__)
        .get_template("every_value.py.j2")
        .render(
            function=FUNCTION,
            quiet=is_quiet(program),
            arguments=[*layer.parameters, upstream],
            lines=[*sizes, *(line.code for line in found.lines)],
            results=[
                (name, axes.unflat(names[value], shapes[name], own["batch"]))
                for name, value in program.results
            ],
        )
    )
    lay_out(source)
    own_functions = needed(source.tree, runtime()).values()
    head = "import math\nfrom typing import Any\n\nimport numpy as np\n"
    return joined([head, "\n".join(source.text()), *own_functions])
