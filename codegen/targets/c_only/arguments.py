"""What the functions of a layer in C are given: sizes, arrays, and what is refused of them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sympy import Expr

from pullback.codegen.interface.sizes import leaves, size_text
from pullback.codegen.interface.words import assumptions
from pullback.codegen.notation.printer import Notation
from pullback.codegen.program import Program
from pullback.codegen.targets.c_only.sizes import spelled, within
from pullback.codegen.targets.c_only.words import WIDTH, Words, harmless, indented
from pullback.codegen.targets.numpy.commented import by_name, equation
from pullback.derive.calculus.derivation import Derivation, cotangent_name
from pullback.derive.layer import Layer, Node, Tensor
from pullback.derive.read.symbols import BATCH_SIZE

DONE, LARGE = "done", "a size, or all of the cache, is too large"


@dataclass(frozen=True)
class Size:
    """A size: its symbol, the name of the argument, and that of the variable."""

    symbol: Expr
    argument: str
    variable: str
    about: str


@dataclass
class Arguments:
    """The arguments, by their names in C; `messages` are what functions may return, by number."""

    derivation: Derivation
    program: Program
    messages: list[str] = field(default_factory=lambda: [DONE])

    def __post_init__(self) -> None:
        self.words = Words(self.layer)
        self.given = [self.size(s) for s in self.size_symbols()]
        self.made = [self.size(s) for s, _ in self.layer.sizes]
        self.size_names = {s.symbol: s.variable for s in (*self.given, *self.made)}

    @property
    def layer(self) -> Layer:
        """The layer."""
        return self.derivation.layer

    @cached_property
    def notation(self) -> Notation:
        """How comments spell formulas."""
        return Notation(self.layer)

    # -- sizes -------------------------------------------------------------------------------------

    def size_symbols(self) -> list[Expr]:
        """The sizes that a caller tells, in order."""
        found = [*self.layer.given_sizes]
        found += [t.labels_of for t in self.layer.inputs if t.labels_of is not None]
        made = {s for s, _ in self.layer.sizes}
        return [s for s in dict.fromkeys(found) if s not in made and not s.is_Integer]

    @cached_property
    def nonempty(self) -> tuple[Expr, ...]:
        """The sizes that must not be 0: those that the program cannot do without, and arguments."""
        return tuple(dict.fromkeys((*self.program.nonempty, *self.layer.arguments)))

    def size(self, symbol: Expr) -> Size:
        """The names of a size."""
        name = str(symbol)
        if name == BATCH_SIZE:
            about = "entries of all leading axes together"
            return Size(symbol, self.words.always("batch"), self.words.always("size_batch"), about)
        argument = self.words.of.get(name) or self.words.always(name)
        about = next(
            (self.layer.descriptions.get(i.name, "") for i in self.layer.axes if i.size == symbol),
            "",
        )
        variable = self.words.always(f"size_{name.removeprefix('size_')}")
        return Size(symbol, argument, variable, about)

    def size_of(self, symbol: Expr) -> str:
        """The variable of a size."""
        return self.size_names[symbol]

    def fails(self, message: str) -> int:
        """The number that is returned with a message."""
        if message not in self.messages:
            self.messages.append(message)
        return self.messages.index(message)

    def size_lines(self, *texts: Sequence[str]) -> list[str]:
        """The lines that name the sizes that some text reads."""
        text = "\n".join(line for lines in texts for line in lines)
        found: list[str] = []
        name = self.size_of
        for size in reversed(self.made):
            by = dict(self.layer.sizes)[size.symbol]
            line = f"const ptrdiff_t {size.variable} = {spelled(by, name)};"
            if re.search(rf"\b{size.variable}\b", text + "\n".join(found)):
                found.insert(0, line)
        for size in reversed(self.given):
            if re.search(rf"\b{size.variable}\b", text + "\n".join(found)):
                found.insert(0, f"const ptrdiff_t {size.variable} = (ptrdiff_t){size.argument};")
        return found

    @cached_property
    def size_checks(self) -> list[str]:
        """The lines that refuse sizes."""
        name = self.size_of
        found: list[str] = []
        for size in self.given:
            found.append(f"if ({size.argument} > PTRDIFF_MAX / 64)")
            found += indented([f"return {self.fails(LARGE)};"])
        for symbol in self.nonempty:
            if symbol in {s.symbol for s in self.given}:
                own = next(s for s in self.given if s.symbol == symbol)
                found.append(f"if ({own.argument} == 0)")
                message = f"{own.argument} is 0; it must be at least 1"
                found += indented([f"return {self.fails(message)};"])
        checks: list[str] = []
        for made in self.made:
            by = dict(self.layer.sizes)[made.symbol]
            if by.is_Integer:
                continue
            checks.append(f"if ({made.variable} < 1)")
            message = (
                f"{made.symbol} = {size_text(by)} is not at least 1: an array is too short for it"
            )
            checks += indented([f"return {self.fails(message)};"])
        for reach in self.layer.reaches:
            inside = within(reach, name)
            if inside:
                checks.append(f"if (!({inside}))")
                checks += indented([f"return {self.fails(leaves(reach))};"])
        return [*found, *self.size_lines(checks), *checks]

    @cached_property
    def label_checks(self) -> list[str]:
        """The lines that refuse labels."""
        found: list[str] = []
        for tensor in self.layer.inputs:
            if tensor.labels_of is None:
                continue
            name, top = self.words.of[tensor.name], self.size_of(tensor.labels_of)
            message = f"{tensor.name} holds a label outside of 0 to {tensor.labels_of} - 1"
            sizes = [self.size_of(i.size) for i in tensor.indices]
            entry = f"{name}[i]" if sizes else name
            test = f"if ({entry} < 0 || {entry} >= {top})"
            returned = f"return {self.fails(message)};"
            if sizes:
                found.append(f"for (ptrdiff_t i = 0; i < {' * '.join(sizes)}; i++)")
            found += indented([test, *indented([returned])], 1 if sizes else 0)
        return [*self.size_lines(found), *found] if found else []

    # -- arguments ---------------------------------------------------------------------------------

    def argument(self, tensor: Tensor) -> str:
        """An input, as it is declared."""
        kind, name = ("int64_t" if tensor.integer else "REAL"), self.words.of[tensor.name]
        return f"const {kind} *{name}" if tensor.indices else f"{kind} {name}"

    @cached_property
    def inputs(self) -> list[str]:
        """Sizes and inputs, as they are declared."""
        sizes = [f"size_t {s.argument}" for s in self.given]
        return [*sizes, *map(self.argument, self.layer.inputs)]

    @cached_property
    def upstream(self) -> str:
        """The name of the output's cotangent."""
        return self.words.of[cotangent_name(self.layer.output.name)]

    @cached_property
    def signatures(self) -> dict[str, str]:
        """What forward and backward are declared as."""
        name, output = self.layer.name, self.layer.output
        of = self.words.of
        gradients = [f"REAL *{of[cotangent_name(n)]}" for n, _ in self.program.gradients]
        given = f"const REAL *{self.upstream}" if output.indices else f"REAL {self.upstream}"
        both = {
            "forward": [*self.inputs, f"REAL *{of[output.name]}", "void *cache"],
            "backward": [*self.inputs, given, "void *cache", *gradients],
        }
        return {k: declared(f"int F({name}_{k})(", arguments) for k, arguments in both.items()}

    # -- functions ---------------------------------------------------------------------------------

    def arguments(self, which: str) -> list[str]:
        """The names of a function's arguments, and of axes."""
        own = [t.name for t in self.layer.inputs]
        gradients = [cotangent_name(n) for n, _ in self.program.gradients]
        output = self.layer.output.name
        own += [output] if which == "forward" else [cotangent_name(output), *gradients]
        own += [i.name for i in self.layer.axes if i.name in self.words.of]
        sizes = [n for s in (*self.given, *self.made) for n in (s.argument, s.variable)]
        return [*(self.words.of[n] for n in own), *sizes]

    def head(self) -> list[str]:
        """What the header says of the layer."""
        layer, of = self.layer, self.words.of
        lines = [layer.title, "", *([layer.summary, ""] if layer.summary else [])]
        lines += [f"    {line}" for n in layer.nodes for line in n.text.split("\n")]
        facts = assumptions(layer, self.notation.relation)
        lines += [""] * bool(facts) + facts
        lines += ["", "Sizes:"]
        for s in self.given:
            lines.append(f"    {s.argument}" + f": {s.about}" * bool(s.about))
        for s in self.made:
            lines.append(f"    {s.symbol} = {size_text(dict(layer.sizes)[s.symbol])}, no argument")
        lines += ["Inputs, in row-major order, which are never changed:"]
        for t in layer.inputs:
            lines.append(f"    {of[t.name]}: {self.described(t)}")
        lines += ["Output:", f"    {of[layer.output.name]}: {self.shaped(layer.output)}"]
        lines += [f"Gradients, given {self.upstream}, that of the output:"]
        results = by_name(self.derivation)
        for name, _ in self.program.gradients:
            formula = equation(results.get(cotangent_name(name)), self.notation)
            lines.append(f"    {of[cotangent_name(name)]}: {self.shaped(layer.tensor(name))}")
            lines += [f"        {line}" for line in formula]
        return [part for line in lines for part in harmless_lines(line)]

    def described(self, tensor: Tensor) -> str:
        """An input in words."""
        about = f"{tensor.description}, " if tensor.description else ""
        if tensor.integer:
            return f"{about}{self.shaped(tensor)}, integers from 0 to {tensor.labels_of} - 1"
        return f"{about}{self.shaped(tensor)}"

    def shaped(self, tensor: Tensor | Node) -> str:
        """The shape of a tensor."""
        if not tensor.indices:
            return "one number"
        names = {s.symbol: s.argument for s in self.given}
        each = [names.get(i.size, str(i.size)) for i in tensor.indices]
        return "[" + "][".join(each) + "]"


def harmless_lines(line: str) -> list[str]:
    """A line of a comment, further in as it was, and no longer than lines are."""
    inside = line[: len(line) - len(line.lstrip())]
    more = f"{inside}    "
    found = textwrap.wrap(harmless(line), WIDTH - 4, initial_indent=inside, subsequent_indent=more)
    return found or [""]


def declared(head: str, arguments: Sequence[str]) -> str:
    """A function's declaration, its arguments on lines of their own where they are many."""
    lines, line = list[str](), head
    for k, argument in enumerate(arguments or ["void"]):
        part = argument + (", " if k + 1 < len(arguments) else ")")
        if len(line) + len(part) > 96:
            lines.append(line.rstrip())
            line = "    "
        line += part
    return "\n".join([*lines, line])
