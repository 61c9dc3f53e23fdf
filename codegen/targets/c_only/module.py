"""The text of a layer's header and of its C file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pullback import __version__
from pullback.codegen.interface.promise import Promise
from pullback.codegen.program import Arange, Input, Program
from pullback.codegen.program.plan.names import Names
from pullback.codegen.targets.c_only.arguments import LARGE, Arguments, declared
from pullback.codegen.targets.c_only.functions import Lacking
from pullback.codegen.targets.c_only.helpers import needed
from pullback.codegen.targets.c_only.memory import BACKWARD, FORWARD, KEPT, Memory
from pullback.codegen.targets.c_only.numbers import Numbers
from pullback.codegen.targets.c_only.section import Around, Section
from pullback.codegen.targets.c_only.statements import statement
from pullback.codegen.targets.c_only.views import View, dense
from pullback.codegen.targets.c_only.words import (
    harmless,
    indented,
    remark,
    typed,
    uncommented,
    wrapped,
)
from pullback.codegen.targets.numpy.commented import by_name, equation
from pullback.codegen.targets.target import Code, Emission, Group
from pullback.codegen.templating import environment
from pullback.derive.calculus.derivation import Derivation, cotangent_name
from pullback.derive.errors import PullbackError
from pullback.derive.layer import Node, Tensor

PACKAGE = "pullback.codegen.targets.c_only"
MISSING = "the cache is NULL, or does not begin where a double may"


@dataclass
class Parts(Arguments):
    """What the templates are filled with."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.names = Names(self.program)
        numbers = Numbers(self.words, self.size_names)
        self.around = Around(self.layer, self.words, numbers, Memory(), statement, self.fails)

    def array(self, tensor: Tensor | Node, name: str) -> View | str:
        """Where a tensor that is passed lies; a number is its own name."""
        sizes = [self.around.numbers.size(i.size) for i in tensor.indices]
        return dense(name, sizes) if sizes else name

    @cached_property
    def passed(self) -> dict[int, View | str]:
        """Where inputs lie, and the output's cotangent."""
        found: dict[int, View | str] = {}
        given: dict[str, Tensor | Node] = {t.name: t for t in self.layer.inputs}
        given[cotangent_name(self.layer.output.name)] = self.layer.output
        for value in self.program.values:
            if isinstance(value.op, Input):
                tensor = given[value.op.name]
                found[value.number] = self.array(tensor, self.words.of[value.op.name])
        return found

    @cached_property
    def kept(self) -> dict[int, tuple[int, View]]:
        """The pieces of memory of what backward reads, and where they lie."""
        found: dict[int, tuple[int, View]] = {}
        for number in self.program.cache:
            value = self.program[number]
            if value.kind == "number" or isinstance(value.op, Input | Arange):
                continue
            sizes = [self.around.numbers.size(s) for s in value.sizes]
            self.names.give(number, number)
            name = self.words.always(f"kept_{self.names.given[number]}")
            found[number] = (self.around.memory.take(value.kind, sizes), dense(name, sizes))
        return found

    def kept_lines(self, constant: bool) -> list[str]:
        """The lines that name them."""
        return [
            self.around.memory.line(slot, self.program[n].kind, view.base, constant)
            for n, (slot, view) in self.kept.items()
        ]

    def function(self, which: str) -> tuple[list[str], list[Group]]:
        """The body of a function: its head, and statements in groups."""
        program, around = self.program, self.around
        around.numbers.names.clear()
        around.loops.clear()
        self.words.begin(self.arguments(which))
        kept = {n: view for n, (_, view) in self.kept.items()}
        where = dict(self.passed)
        of, again = self.words.of, list[tuple[int, View]]()
        if which == "forward":
            around.memory.begin(FORWARD)
            numbers = program.forward
            wanted: list[tuple[int, Tensor | Node, str]]
            wanted = [(program.output, self.layer.output, of[self.layer.output.name])]
            results = dict(kept)
        else:
            around.memory.begin(BACKWARD)
            numbers, results = program.backward, {}
            where |= kept
            wanted = [
                (v, self.layer.tensor(n), of[cotangent_name(n)]) for n, v in program.gradients
            ]
        for value, tensor, name in wanted:
            view = dense(name, [around.numbers.size(i.size) for i in tensor.indices])
            if value in results:
                again.append((value, view))
            results.setdefault(value, view)
        section = Section(program, numbers, around, where, results, names=copy(self.names))
        section.run()
        for value, view in again:
            section.copy(value, view)
        groups = self.groups(section)
        body = [line for g in groups for line in g.lines]
        kept_lines = self.kept_lines(which == "backward")
        text = "\n".join(body)
        names = [line for line in kept_lines if re.search(rf"\b{named(line)}\b", text)]
        head = [*names, *around.numbers.lines]
        return head, groups

    def groups(self, section: Section) -> list[Group]:
        """Statements with their formulas above them."""
        results, found = by_name(self.derivation), list[Group]()
        about, lines, said = "", list[str](), set[str]()
        for name, statements in section.lines:
            if name and name != about:
                if lines:
                    found.append(Group(about, tuple(lines)))
                about, lines = name, []
                if name not in said:
                    lines += remark(equation(results.get(name), self.notation))
                said.add(name)
            lines += statements
        return [*found, Group(about, tuple(lines))] if lines else found

    def context(self) -> dict[str, Any]:
        """Every key of the templates."""
        layer = self.layer
        checks, labels = self.size_checks, self.label_checks
        _ = self.kept  # comes first in memory
        both = {which: self.function(which) for which in ("forward", "backward")}
        regions = {r: self.around.memory.lines(r) for r in (KEPT, FORWARD, BACKWARD)}
        bodies = {
            w: [*head, *(x for g in groups for x in g.lines)] for w, (head, groups) in both.items()
        }
        self.fails(LARGE), self.fails(MISSING)
        layouts = [line for lines in regions.values() for line in lines]
        integers = [t for t in layer.inputs if t.integer]
        name, output = layer.name, self.words.of[layer.output.name]
        wanted = [self.words.of[cotangent_name(n)] for n, _ in self.program.gradients]
        given = [f"size_t {s.argument}" for s in self.given]
        arrays = [self.argument(t) for t in integers]
        names = [s.argument for s in self.given]
        layout_sizes = self.size_lines(layouts)
        in_layout = [
            s for s in self.given if re.search(rf"\){s.argument};", "\n".join(layout_sizes))
        ]
        laid = [f"size_t {s.argument}" for s in in_layout]
        read = [s for s in self.given if re.search(rf"\b{s.argument}\b", "\n".join(labels))]
        labelled = [s.argument for s in read] + [self.words.of[t.name] for t in integers]
        arrays = [*(f"size_t {s.argument}" for s in read), *arrays]
        checked = [f"refused_sizes({', '.join(names)})"] * bool(checks)
        checked += [f"refused_labels({', '.join(labelled)})"] * bool(labels)
        return {
            "name": name,
            "guard": f"PULLBACK_{name.upper()}_H",
            "version": __version__,
            "digest": layer.digest[:16],
            "head": self.head(),
            "output": f"Works out {output}.",
            "gradients": f"Works out {', '.join(wanted)}, given {self.upstream}.",
            "signatures": self.signatures,
            "bytes": declared(f"size_t {name}_cache_bytes(", given),
            "bytesf": declared(f"size_t {name}_cache_bytesf(", given),
            "layout": declared("static size_t layout(", ["size_t real", *laid, "size_t begins[]"]),
            "layout_names": [s.argument for s in in_layout],
            "refused_sizes": declared("static int refused_sizes(", given),
            "refused_labels": declared("static int refused_labels(", arrays),
            "checks": checked,
            "sizes": names,
            "size_checks": checks,
            "label_checks": labels,
            "pieces": len(self.around.memory.pieces),
            "has_memory": bool(layouts),
            "reads_real": any("real, " in line for line in layouts),
            "reads_memory": {
                w: any("memory + begins" in line for line in body) for w, body in bodies.items()
            },
            "regions": regions,
            "layout_sizes": layout_sizes,
            "bodies": bodies,
            "groups": {w: groups for w, (_, groups) in both.items()},
            "unused": {w: self.unused(w, bodies[w]) for w in bodies},
            "size_lines": {w: self.size_lines(bodies[w]) for w in bodies},
            "messages": [harmless(m).replace('"', "'") for m in self.messages],
            "codes": {"large": self.fails(LARGE), "missing": self.fails(MISSING)},
            "typed": typed,
        }

    def unused(self, which: str, body: Sequence[str]) -> list[str]:
        """The arguments that a function does not read."""
        names = [self.words.of[t.name] for t in self.layer.inputs]
        names += [self.upstream] * (which == "backward")
        text = "\n".join((*body, *(self.words.of[t.name] for t in self.layer.inputs if t.integer)))
        return [n for n in names if not re.search(rf"\b{n}\b", uncommented(text))]


def named(line: str) -> str:
    """The variable that a line declares."""
    return line.partition(" = ")[0].rpartition(" ")[2].lstrip("*")


def emission(derivation: Derivation, program: Program) -> Emission:
    """The header, the C file, and forward and backward as pages show them."""
    layer = derivation.layer
    try:
        context = Parts(derivation, program).context()
    except Lacking as error:
        raise PullbackError(
            f"{layer.name}: {error} has no form in C alone; NumPy has one (--target numpy, c)"
        ) from None
    jinja = environment(PACKAGE)
    header = jinja.get_template("header.h.j2").render(context)
    common = jinja.get_template("common.c.j2").render(context)
    each = jinja.get_template("functions.c.j2").render(context)
    inner = [typed(each, single) for single in (False, True)]
    texts = [*(needed([common, each], None)), common]
    for single, text in zip((False, True), inner, strict=True):
        texts += [*needed([each], single), text]
    start = jinja.get_template("start.c.j2").render(context)
    whole = "\n\n".join(t.strip("\n") for t in (start, *texts))
    whole = "\n".join(part for line in whole.split("\n") for part in wrapped(line)) + "\n"
    return Emission(whole, code(context), Promise(), header=header, language="c")


def code(context: dict[str, Any]) -> tuple[Code, ...]:
    """Forward and backward, as pages show them."""
    found = []
    for which in ("forward", "backward"):
        groups = [
            Group(g.about, tuple(typed("\n".join(indented(g.lines)), False).split("\n")))
            for g in context["groups"][which]
        ]
        head = typed(context["signatures"][which], False).split("\n")
        found.append(
            Code(which, (Group("", (*head, "{")), *groups, Group("", ("    return 0;", "}"))))
        )
    return tuple(found)
