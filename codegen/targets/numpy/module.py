"""A NumPy module from a program: the text around its statements, placed by a template."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pullback import __version__
from pullback.codegen.interface.promise import Promise
from pullback.codegen.interface.shapes import has_batch, shape
from pullback.codegen.interface.words import dimensions, docstring
from pullback.codegen.notation.printer import Notation
from pullback.codegen.program import Function, Program, Values, sizes_within
from pullback.codegen.program.plan.names import Names
from pullback.codegen.targets.numpy.arguments import Arguments, described, flat, sizes, unpacked
from pullback.codegen.targets.numpy.commented import commented
from pullback.codegen.targets.numpy.dead_stores import take_out_dead_stores
from pullback.codegen.targets.numpy.helpers import Helpers, needed
from pullback.codegen.targets.numpy.in_parts import in_parts
from pullback.codegen.targets.numpy.layout import lay_out
from pullback.codegen.targets.numpy.marked import functions, unmarked
from pullback.codegen.targets.numpy.parts import Parts, parts, row_entries
from pullback.codegen.targets.numpy.precise import Conversions
from pullback.codegen.targets.numpy.results import returned_values
from pullback.codegen.targets.numpy.sections import Section, leanest
from pullback.codegen.targets.numpy.source import Source, joined
from pullback.codegen.targets.numpy.statements import Statements
from pullback.codegen.targets.numpy.text import tuple_text
from pullback.codegen.targets.numpy.types import argument_type, result_type, value_type
from pullback.codegen.targets.numpy.warnings import ignored
from pullback.codegen.targets.numpy.workspace import WORK, buffer_field, has_windows
from pullback.codegen.targets.target import Emission
from pullback.codegen.templating import environment
from pullback.derive.calculus.derivation import Derivation, cotangent_name
from pullback.derive.calculus.tangents import tangent_name
from pullback.derive.layer import Layer, Node, Tensor
from pullback.derive.read.symbols import BATCH_SIZE
from pullback.derive.read.trees import BATCH

# those in which names of a definition stand
FUNCTIONS = ("forward", "backward", "value", "workspace", "jvp", "hvp", "_arguments")
SHOWN = ("forward", "backward", "jvp", "hvp")  # on pages
CHECKS = "_arguments"  # what they call that is made for the layer


def module(derivation: Derivation, program: Program) -> str:
    """The text of the module; value_and_grad is there where the output is a scalar."""
    return emission(derivation, program).module


def emission(derivation: Derivation, program: Program) -> Emission:
    """The module, what pages show of it, and what it has."""
    return emitted(Module(derivation, program).context())


def emitted(
    context: Mapping[str, Any], known: Helpers | None = None, imports: Iterable[str] = ()
) -> Emission:
    """The same from what the template is filled with.

    `known` are the functions that a module may have a copy of, `imports` the modules that it
    imports beside.
    """
    template = environment(__package__).get_template
    source = Source.of(template("module.py.j2").render(context))
    take_out_dead_stores(source, FUNCTIONS)
    found = needed(source.tree, known)
    lay_out(source)
    typed = "".join(found.values())
    imported = [name for name in ("Callable", "Iterator") if name in typed]
    imported += ["Sequence"] * bool(context["in_parts"])
    python = (text for name, text in found.items() if name != "_SOURCE")
    modules = sorted([*imports, *(["math"] if "math." in "".join(python) else [])])
    head = template("head.py.j2").render(context, imported=imported, modules=modules)
    text = joined([head, unmarked("\n".join(source.text())), *found.values()])
    (checks,) = source.functions([CHECKS])
    called = (unmarked("\n".join(source.of_function(checks))), *found.values())
    return Emission(text, functions(source, SHOWN), promised(context, found), called)


def promised(context: Mapping[str, Any], helpers: Iterable[str]) -> Promise:
    """What a module has, from what its template is filled with."""
    some = {"value_and_grad": context["scalar"], "hvp": context["hvp"]}
    functions = {"jvp", "jacobian", *(name for name, there in some.items() if there)}
    names = [context["output"]["name"], *(g["name"] for g in context["gradients"])]
    results = zip(names, [context["returned"], *context["results"]], strict=True)
    copies = tuple(name for name, result in results if result.copied)
    return Promise(frozenset(functions), copies, frozenset(helpers), context["idle"])


@dataclass(frozen=True)
class Module:
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
        """Every key of the template."""
        layer, program = self.layer, self.program
        output = layer.output
        forward, backward, names = self.sections()
        own = names.own
        batch = [own["batch"]] if has_batch(*layer.inputs) else []
        convert = Conversions(program.precise, names)
        precise = [own["given"]] if program.precise else []
        extra = [*batch, *([own["shape"]] if output.indices else []), *precise]
        kept_types = {names[v]: value_type(program[v]) for v in program.cache}
        within = sizes_within(program[v] for v in program.backward)
        lengths = [s for s in sorted(map(str, within)) if s not in kept_types]
        kept_types |= dict.fromkeys(lengths, "int")
        kept = [*(names[v] for v in program.cache), *lengths]
        cached = [*kept, *extra, own["dtype"], WORK, own["turn"]]
        kept_types |= {WORK: "Workspace", own["turn"]: "int"}
        kept_types |= dict.fromkeys((own["batch"], own["shape"]), "tuple[int, ...]")
        kept_types |= dict.fromkeys((own["dtype"], own["given"]), "np.dtype[Any]")
        checks = Arguments(layer, program.nonempty, own)
        stated = [convert.given, *checks.sizes()]
        functions: list[Values] = [program, program.jvp, *([program.hvp] if program.hvp else [])]
        arguments = [t.name for t in layer.inputs]
        plain = [s for s in checks.sizes() if s != BATCH_SIZE]
        checked = [*arguments, own["dtype"], *batch, *plain]
        taken = [f"{', '.join(checked)} = _arguments({', '.join(layer.parameters)})"]
        prepared = [*taken, *checks.flattened(), *convert.dtypes()]
        tangents = [tangent_name(n) for n in self.derivation.wanted]
        widened = convert.inputs(layer.inputs, kept=True)
        result = (output, program.output, output.name)
        (returned,) = returned_values(program, [result], names, convert, kept=True)
        gradients = [(t, v, cotangent_name(t.name)) for t, v in self.wanted(program.gradients)]
        results = returned_values(program, gradients, names, convert, kept=True)
        cotangent = cotangent_name(output.name)
        wide = convert.converted(cotangent, output, own["dtype"], f"{cotangent}_wide")
        buffers = [*forward.buffers, *backward.buffers]
        return {
            **self.words(),
            **self.rows(forward, own),
            "in_parts": in_parts(self.derivation, typed=True),
            "windows": has_windows(program),
            "output": self.output(own),
            "ignored": ignored(program, functions),
            "own": own,
            "cache": [{"name": names.field(n), "type": kept_types[n]} for n in cached],
            "cached": ", ".join(cached),
            "returned": returned,
            "arguments": taken,
            "prepared": prepared,
            "batch": bool(batch),
            "widened": widened,
            "checks": checks.checks(),
            "checked": ", ".join(checked),
            "sizes_tuple": tuple_text(stated),
            "arrays_given": [f"{t.name}={t.name}" for t in layer.inputs if t.indices],
            "buffers": [buffer_field(b, own) for b in buffers] + convert.buffers,
            "idle": False,
            "forward": [
                *commented(self.derivation, self.notation, forward.lines),
                *self.shape_line(own),
            ],
            "cotangent": cotangent,
            "cotangent_check": self.cotangent_check(convert),
            "cotangent_widened": [f"{cotangent} = {wide}"] if program.precise else [],
            "backward": commented(self.derivation, self.notation, backward.lines),
            "results": results,
            "along_tangents": [
                *unpacked("inputs", [*layer.parameters]),
                *prepared,
                *convert.inputs(layer.inputs, kept=False),
                *unpacked("tangents", tangents),
                *self.tangent_checks(convert),
            ],
            "jvp": self.function(program.jvp, [output.name, output.name]),
            "hvp": self.function(program.hvp, self.derivation.wanted) if program.hvp else None,
        }

    def words(self) -> dict[str, Any]:
        """What is said of the layer, its inputs and its gradients."""
        layer, output = self.layer, self.layer.output
        return {
            "name": layer.name,
            "title": docstring(layer.title),
            "scalar": not layer.output.indices,
            "remark": list(map(docstring, textwrap.wrap(self.derivation.remark, 96))),
            "summary": [docstring(layer.summary)] if layer.summary else [],
            "equations": [docstring(line) for n in layer.nodes for line in n.text.split("\n")],
            "leading": self.notation.leading,
            "version": __version__,
            "digest": layer.digest[:16],
            "gradient_of": output.name
            if not output.indices
            else f"sum(d{output.name} * {output.name})",
            "gradients": [
                {
                    "name": cotangent_name(n),
                    "shape": shape(layer.tensor(n)),
                    "type": result_type(layer.tensor(n)),
                }
                for n in self.derivation.wanted
            ],
            "inputs": described(layer),
            "dimensions": dimensions(layer),
            "remarks": self.remarks(),
        }

    def output(self, own: Mapping[str, str]) -> dict[str, Any]:
        """The output: its types, sizes and words."""
        output = self.layer.output
        return {
            "name": output.name,
            "type": result_type(output),
            "cotangent_type": argument_type(output),
            "has_axes": bool(output.indices),
            "sizes": sizes(output, own),
            "text": f"of shape {shape(output)}" if output.indices else "(one number)",
            "cotangent_text": f"{shape(output)}, of the inputs' dtype"
            if output.indices
            else "one number",
        }

    def rows(self, forward: Section, own: Mapping[str, str]) -> dict[str, Any]:
        """How `value` takes some rows at a time, where it does."""
        found, batch = parts(self.derivation), has_batch(*self.layer.inputs)
        return {
            "parts": found,
            "part_sizes": own["batch"] if batch else f"({found.size},)" if found else "",
            "part_count": f"{own['batch']}[0]" if batch else str(found.size) if found else "",
            "row_entries": row_entries(found.size, forward.plan) if found else "",
            "part_given": [
                *(self.part_of(t, found) for t in self.layer.inputs),
                *map(str, self.layer.arguments),
            ],
        }

    def part_of(self, tensor: Tensor, found: Parts | None) -> str:
        """An argument, or some rows of it, as value gives it to forward."""
        by_rows = found and tensor.indices and tensor.indices[0].size == found.size
        return f"{tensor.name}[_rows]" if by_rows else tensor.name

    def sections(self) -> tuple[Section, Section, Names]:
        """Forward and backward, spelled, and the names of their values."""
        return self.planned()

    def planned(self) -> tuple[Statements, Statements, Names]:
        """The statements of forward and of backward, and the names of their values."""
        program = self.program
        names = Names(program)
        kept, wanted = [*program.cache, program.output], [v for _, v in program.gradients]
        forward = leanest(program, program.forward, kept, names)
        backward = leanest(program, program.backward, wanted, forward.names)
        return forward, backward, backward.names

    def wanted(self, results: Iterable[tuple[str, int]]) -> list[tuple[Tensor | Node, int]]:
        """Results with the tensors whose axes they have."""
        return [(self.layer.tensor(name), value) for name, value in results]

    def function(self, function: Function, tensors: Iterable[str]) -> dict[str, Any]:
        """The body of jvp or hvp, and what it returns: values with the axes of these tensors."""
        results = [
            (self.layer.tensor(n), value, name)
            for n, (name, value) in zip(tensors, function.results, strict=True)
        ]
        results_of = [v for _, v in function.results]
        section = Statements.planned(function, function.body, results_of, Names(function))
        names = section.names
        return {
            "body": commented(self.derivation, self.notation, section.lines),
            "results": returned_values(
                function, results, names, Conversions(self.program.precise, names), kept=False
            ),
        }

    def tangent_checks(self, convert: Conversions) -> list[str]:
        """The statements that check tangents."""
        lines = []
        for name in self.derivation.wanted:
            tensor, tangent = self.layer.tensor(name), tangent_name(name)
            shape = sizes(tensor, convert.names.own)
            check = f'_like("{tangent}", {tangent}, {shape}, {convert.given}, "{name}")'
            if not tensor.indices:
                check = f'_number("{tangent}", {tangent}, {convert.given})'
            wide = convert.wide(flat(check, tensor, convert.names.own), tensor, kept=False)
            lines.append(f"{tangent} = {wide}")
        return lines

    def remarks(self) -> list[str]:
        """What the docstring says of dtypes, empty axes and errors."""
        lines = [
            "All floats have one dtype, float32 or float64, and so has the result. Inputs are",
            "never changed, and nothing is broadcast. The cache holds inputs and the output where",
            "backward reads them: write on neither before it.",
        ]
        for fact in self.layer.assumed:
            lines.append(f"The gradients take it that {self.notation.relation(fact)}.")
        nonempty = dict.fromkeys((*self.program.nonempty, *self.layer.arguments))
        empty = [BATCH if str(s) == BATCH_SIZE else str(s) for s in nonempty]
        if empty:
            lines.append(f"{' and '.join(empty)} must be at least 1; other sizes may be 0.")
        lines += [
            "",
            "Raises TypeError for a wrong dtype and ValueError for a wrong shape",
            "or a label out of range; the message names the argument.",
        ]
        return lines

    def shape_line(self, own: Mapping[str, str]) -> list[str]:
        """The statement that keeps the output's shape for backward's check."""
        output = self.layer.output
        return [f"{own['shape']} = {sizes(output, own)}"] if output.indices else []

    def cotangent_check(self, convert: Conversions) -> str:
        """The statement that checks backward's argument."""
        output = self.layer.output
        name = cotangent_name(output.name)
        if output.indices:
            own = convert.names.own
            check = f'_like("{name}", {name}, {own["shape"]}, {convert.given}, "the output")'
            return f"{name} = {flat(check, output, own)}"
        return f'{name} = _number("{name}", {name}, {convert.given})'
