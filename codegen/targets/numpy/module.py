"""A NumPy module from a program: the text around its statements, placed by a template."""

from __future__ import annotations

import linecache
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

from sympy import Expr

from pullback import __version__
from pullback.codegen.notation.matrix.printer import matrix_form
from pullback.codegen.notation.printer import Notation
from pullback.codegen.program import Elementwise, Function, Program, Size, Value, Values, borrows
from pullback.codegen.targets.numpy.arguments import WIDTH, Arguments, flat, has_batch, shape, sizes
from pullback.codegen.targets.numpy.helpers import needed
from pullback.codegen.targets.numpy.layout import broken, item, laid_out, without_dead_stores
from pullback.codegen.targets.numpy.names import Names
from pullback.codegen.targets.numpy.parts import Parts, parts, row_entries
from pullback.codegen.targets.numpy.precise import WORK, Conversions
from pullback.codegen.targets.numpy.spelling import tuple_text
from pullback.codegen.targets.numpy.statements import Buffer, Line, Section, is_ufunc
from pullback.codegen.templating import environment
from pullback.derive.calculus.derivation import Derivation, cotangent_name
from pullback.derive.calculus.tangents import tangent_name
from pullback.derive.index.expressions import Index
from pullback.derive.layer import Layer, Node, Tensor
from pullback.derive.read.symbols import BATCH_SIZE
from pullback.derive.read.trees import BATCH

# those in which names of a definition stand
FUNCTIONS = ("forward", "backward", "value", "workspace", "jvp", "hvp", "_arguments")
# functions with flat ends
UNDERFLOW = {"exp", "exp_difference", "expm1", "tanh", "sigmoid", "erf", "erfc", "erfcx"}


MARGIN = "    "  # of a function's body


def module(derivation: Derivation, program: Program) -> str:
    """The text of the module; value_and_grad is there where the output is a scalar."""
    context = Module(derivation, program).context()
    template = environment(__package__).get_template("module.py.j2")
    body = without_dead_stores(template.render(context, imported=[]), FUNCTIONS)
    helpers = needed(body)
    imported = [name for name in ("Callable", "Iterator") if any(name in h for h in helpers)]
    body = without_dead_stores(template.render(context, imported=imported), FUNCTIONS)
    text = "\n\n\n".join([laid_out(body).strip(), *helpers])
    return re.sub(r"\n{4,}", "\n\n\n", text) + "\n"


def loaded(text: str, layer: Layer) -> ModuleType:
    """A layer's module, made from its text without a file.

    Tracebacks and `inspect.getsource` find the text.
    """
    made = ModuleType(layer.name, None)
    made.__file__ = f"<pullback {layer.name} {layer.digest[:16]}>"
    lines = text.splitlines(keepends=True)
    linecache.cache[made.__file__] = (len(text), None, lines, made.__file__)
    # What runs is our own emitted text; of a definition it holds only checked names and words
    # in comments and docstrings.
    exec(compile(text, made.__file__, "exec"), made.__dict__)
    return made


def docstring(text: str) -> str:
    """Text from a definition on one line, made harmless inside a docstring."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return plain.replace("\\", "\\\\").replace('"', '\\"')


def comment(text: str) -> str:
    """Text on one line of a comment."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def unpacked(name: str, parts: list[str]) -> list[str]:
    """The statement that takes a tuple apart."""
    left = tuple_text(parts) if len(parts) == 1 else ", ".join(parts)
    return [f'{left} = _each("{name}", {name}, "{" ".join(parts)}")']


def leanest(values: Values, body: Sequence[int], results: Sequence[int], names: Names) -> Section:
    """The statements that write into a workspace, in the order that needs the fewest arrays."""
    orders = (Section(values, body, results, names, WORK, turned) for turned in (False, True))
    return min(orders, key=lambda section: len(section.buffers))


def array_type(kind: str) -> str:
    """The type of an array of values of a kind."""
    return f"NDArray[np.{ {'mask': 'bool_', 'integer': 'integer'}.get(kind, 'floating') }]"


def value_type(value: Value) -> str:
    """The type of a value as forward keeps it."""
    if value.sizes or value.kind in ("mask", "integer"):
        return array_type(value.kind)
    if isinstance(value.op, Size):
        return "int"
    return "float" if value.kind == "number" else "float | np.floating"


def result_type(tensor: Tensor | Node) -> str:
    """The type of a result in the shape of a tensor."""
    return array_type("real") if tensor.indices else "np.floating"


def argument_type(tensor: Tensor | Node) -> str:
    """The type of an argument in the shape of a tensor."""
    integer = isinstance(tensor, Tensor) and tensor.integer
    if tensor.indices:
        return array_type("integer" if integer else "real")
    return "int | np.integer" if integer else "float | np.floating"


def buffer_text(buffer: Buffer, own: Mapping[str, str]) -> dict[str, Any]:
    """A buffer's name, what stands in it, and the text that makes it."""
    about = tuple_text(f"*{own['batch']}" if str(s) == BATCH_SIZE else s for s in buffer.sizes)
    dtype = {"mask": "np.bool_", "integer": "np.intp"}.get(buffer.kind, own["dtype"])
    made = buffer.content or f"np.empty({tuple_text(buffer.sizes)}, {dtype})"
    then = ", then ".join(n for n in buffer.holds if n != buffer.name)
    return {
        "name": buffer.name,
        "type": array_type(buffer.kind),
        "about": f"{about}; then {then}" if then else about,
        "made": item(buffer.name, made, 2 * len(MARGIN)),
    }


def ignored(program: Program, functions: Iterable[Values]) -> str:
    """What NumPy need not warn of: tails that come out as 0, and what is worked out for no use."""
    if program.quiet or any(f.quiet for f in functions if isinstance(f, Function)):
        return 'all="ignore"'
    tails = any(may_underflow(v) for f in functions for v in f.values)
    return 'under="ignore"' if program.precise or tails else ""


def may_underflow(value: Value) -> bool:
    """Does it come out as 0 where it is too small for its dtype, as exp(-1000), without harm?"""
    return isinstance(value.op, Elementwise) and value.op.function in UNDERFLOW


def copied(program: Values, value: Value) -> str:
    """`.copy()` where a result would be memory that was passed in."""
    return ".copy()" if value.sizes and borrows(value.op, program.values) else ""


def returned_values(
    program: Values,
    results: Iterable[tuple[Tensor | Node, int, str]],
    names: Names,
    conversions: Conversions,
    kept: bool,
) -> list[str]:
    """Results as they are returned, each in memory of its own and in the inputs' dtype.

    Each comes with the tensor whose axes it has, and with its name; `kept` as in Conversions.
    """
    found: list[str] = []
    seen: set[str] = set()
    for tensor, number, result in results:
        value, name = program[number], names[number]
        text = name + (".copy()" if name in seen and value.sizes else copied(program, value))
        if not value.sizes and not conversions.precise and not is_ufunc(value.op, "cast"):
            # before 2.0 NumPy made float64 of a float32 and a Python number
            text = f"{names.own['dtype']}.type({text})"
        text = conversions.back(text, result, tensor, kept)
        found.append(f"_unflat({text}, {names.own['batch']})" if has_batch(tensor) else text)
        seen.add(name)
    return found


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
        found = parts(self.derivation)
        convert = Conversions(program.precise, names)
        precise = [own["given"]] if program.precise else []
        extra = [*batch, *([own["shape"]] if output.indices else []), *precise]
        cached = [*(names[v] for v in program.cache), *extra, own["dtype"], WORK, own["turn"]]
        kept_types = {names[v]: value_type(program[v]) for v in program.cache}
        kept_types |= {WORK: "Workspace", own["turn"]: "int"}
        kept_types |= dict.fromkeys((own["batch"], own["shape"]), "tuple[int, ...]")
        kept_types |= dict.fromkeys((own["dtype"], own["given"]), "np.dtype[Any]")
        checks = Arguments(layer, program.nonempty, own)
        stated = [convert.given, *checks.sizes()]
        functions: list[Values] = [program, program.jvp, *([program.hvp] if program.hvp else [])]
        arguments = [t.name for t in layer.inputs]
        plain = [s for s in checks.sizes() if s != BATCH_SIZE]
        checked = [*arguments, own["dtype"], *batch, *plain]
        taken = [f"{', '.join(checked)} = _arguments({', '.join(arguments)})"]
        prepared = [*taken, *checks.flattened(), *convert.dtypes()]
        tangents = [tangent_name(n) for n in self.derivation.wanted]
        widened = convert.inputs(layer.inputs, kept=True)
        result = (output, program.output, output.name)
        (returned,) = returned_values(program, [result], names, convert, kept=True)
        gradients = [(t, v, cotangent_name(t.name)) for t, v in self.wanted(program.gradients)]
        results = returned_values(program, gradients, names, convert, kept=True)
        cotangent = cotangent_name(output.name)
        wide = convert.converted(cotangent, output, own["dtype"], f"{cotangent}_wide")
        buffers = [*forward.buffers.values(), *backward.buffers.values(), *convert.buffers]
        return {
            "name": layer.name,
            "ignored": ignored(program, functions),
            "title": docstring(layer.title),
            "scalar": not layer.output.indices,
            "remark": list(map(docstring, textwrap.wrap(self.derivation.remark, 96))),
            "summary": [docstring(layer.summary)] if layer.summary else [],
            "equations": [docstring(n.text) for n in layer.nodes],
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
            "own": own,
            "cache": [{"name": names.field(n), "type": kept_types[n]} for n in cached],
            "cached": ", ".join(cached),
            "returned": returned,
            "inputs": [
                {"name": t.name, "text": self.describe(t), "type": argument_type(t)}
                for t in layer.inputs
            ],
            "dimensions": self.dimensions(),
            "output": {
                "name": output.name,
                "type": result_type(output),
                "cotangent_type": argument_type(output),
                "has_axes": bool(output.indices),
                "sizes": sizes(output, own),
                "text": f"of shape {shape(output)}" if output.indices else "(one number)",
                "cotangent_text": f"{shape(output)}, of the inputs' dtype"
                if output.indices
                else "one number",
            },
            "remarks": self.remarks(),
            "arguments": taken,
            "prepared": prepared,
            "batch": bool(batch),
            "parts": found,
            "part_sizes": own["batch"] if batch else f"({found.size},)" if found else "",
            "part_count": f"{own['batch']}[0]" if batch else str(found.size) if found else "",
            "row_entries": row_entries(found.size, forward) if found else "",
            "part_given": [self.part_of(t, found) for t in layer.inputs],
            "widened": widened,
            "checks": checks.checks(),
            "checked": ", ".join(checked),
            "sizes_tuple": tuple_text(stated),
            "arrays_given": [f"{t.name}={t.name}" for t in layer.inputs if t.indices],
            "buffers": [buffer_text(b, own) for b in buffers],
            "forward": [*self.lines(forward.statements), *self.shape_line(own)],
            "cotangent": cotangent,
            "cotangent_check": self.cotangent_check(convert),
            "cotangent_widened": [f"{cotangent} = {wide}"] if program.precise else [],
            "backward": self.lines(backward.statements),
            "results": results,
            "along_tangents": [
                *unpacked("inputs", arguments),
                *prepared,
                *convert.inputs(layer.inputs, kept=False),
                *unpacked("tangents", tangents),
                *self.tangent_checks(convert),
            ],
            "jvp": self.function(program.jvp, [output.name, output.name]),
            "hvp": self.function(program.hvp, self.derivation.wanted) if program.hvp else None,
        }

    def part_of(self, tensor: Tensor, found: Parts | None) -> str:
        """An argument, or some rows of it, as value gives it to forward."""
        by_rows = found and tensor.indices and tensor.indices[0].size == found.size
        return f"{tensor.name}[_rows]" if by_rows else tensor.name

    def sections(self) -> tuple[Section, Section, Names]:
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
        section = Section(
            function, function.body, [v for _, v in function.results], Names(function)
        )
        names = section.names
        return {
            "body": self.lines(section.statements),
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

    def describe(self, tensor: Tensor) -> str:
        """An argument in words."""
        about = docstring(tensor.description)
        text = f"{about}, " if about else ""
        if not tensor.indices:
            whole = f"one integer from 0 to {tensor.labels_of} - 1"
            return text + (whole if tensor.integer else "one number")
        kind = f"integers from 0 to {tensor.labels_of} - 1" if tensor.integer else "floats"
        return f"{text}{shape(tensor)}, {kind}"

    def dimensions(self) -> str:
        """The sizes in words: `N examples, D features`."""
        words, seen = [], set()
        for index in self.layer.axes:
            about = docstring(self.layer.descriptions.get(index.name, ""))
            if index.size not in seen and index.name != BATCH:
                words.append(f"{index.size} {about}".strip())
                seen.add(index.size)
        return ", ".join(words) or "no axes"

    def remarks(self) -> list[str]:
        """What the docstring says of dtypes, empty axes and errors."""
        lines = [
            "All floats have one dtype, float32 or float64, and so has the result. Inputs are",
            "never changed, and nothing is broadcast. The cache holds inputs and the output where",
            "backward reads them: write on neither before it.",
        ]
        for fact in self.layer.assumptions:
            lines.append(f"The gradients take it that {self.notation.relation(fact)}.")
        empty = [BATCH if str(s) == BATCH_SIZE else str(s) for s in self.program.nonempty]
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

    def lines(self, lines: Iterable[Line]) -> list[str]:
        """Statements with their equations above them."""
        found: list[str] = []
        for line in lines:
            if line.about:
                for text in self.equation(line.about):
                    found += textwrap.wrap(
                        comment(text), WIDTH, initial_indent="# ", subsequent_indent="#     "
                    )
            found += [part.removeprefix(MARGIN) for part in broken(MARGIN + line.code)]
        return found

    def equation(self, name: str) -> list[str]:
        """The equation of a node, of a gradient or of a tangent."""
        for value in self.derivation.values:
            if value.node.name == name:
                laws = "; ".join(step.law.name for step in value.code.steps)
                return [value.node.text, *([f"in the form of: {laws}"] if laws else [])]
        for gradient in self.derivation.gradients:
            if cotangent_name(gradient.tensor.name) == name:
                return self.result(gradient.cotangent, gradient.total, gradient.tensor.indices)
        for tangent in (*self.derivation.tangents, *self.derivation.seconds):
            if tangent_name(tangent.node.name) == name:
                return self.result(tangent.tangent, tangent.total, tangent.node.indices)
        return []

    def result(self, left: Expr, right: Expr, axes: tuple[Index, ...]) -> list[str]:
        """What was derived, in index notation and as matrices."""
        matrix = matrix_form(right, axes, self.notation)
        found = f"{self.notation.spell(left)} = {self.notation.spell(right)}"
        return [found, *([f"that is, {matrix}"] if matrix else [])]
