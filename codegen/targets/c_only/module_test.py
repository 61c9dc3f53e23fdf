"""The test program of a layer in C: examples worked to 30 digits, and what must be refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pullback import __version__
from pullback.codegen.interface.example import Example, Table, simple
from pullback.codegen.interface.example_sizes import small_sizes
from pullback.codegen.interface.sizes import completed
from pullback.codegen.targets.c_only.arguments import Size
from pullback.codegen.targets.c_only.building import run
from pullback.codegen.targets.c_only.module import PACKAGE, Parts
from pullback.codegen.targets.c_only.words import WIDTH, typed, wrapped
from pullback.codegen.targets.target import Emission
from pullback.codegen.templating import environment
from pullback.derive.calculus.derivation import Derivation, cotangent_name
from pullback.derive.layer import Node, Tensor


@dataclass(frozen=True)
class Array:
    """Numbers of a test: the name of a tensor, how many, and their text."""

    name: str
    count: int
    numbers: tuple[str, ...]
    is_number: bool = False
    integer: bool = False
    labels: str = ""  # how many there are to choose from, where it holds labels


def module_test(derivation: Derivation, emission: Emission, parts: Parts) -> str:
    """The text of the test program, which has been built and has passed.

    Raises PullbackError where it fails, or where there is no compiler.
    """
    text = test_text(derivation, parts)
    run(derivation.layer.name, emission, text)
    return text


def test_text(derivation: Derivation, parts: Parts) -> str:
    """The text of the test program."""
    examples = [e for e in (simple(derivation, drawn) for drawn in (0, 1)) if e is not None]
    context = {
        "name": derivation.layer.name,
        "title": parts.head()[0],
        "version": __version__,
        "tests": [case(parts, e) for e in examples],
        "listed": listed,
        "arguments": arguments,
        "zeroed": partial(zeroed, parts),
        "nonempty": [s for s in parts.given if s.symbol in parts.nonempty],
        "typed": typed,
    }
    jinja = environment(PACKAGE)
    head = jinja.get_template("test_head.c.j2").render(context)
    functions = jinja.get_template("test_case.c.j2").render(context)
    main = jinja.get_template("test_main.c.j2").render(context)
    both = [typed(functions, single) for single in (False, True)] if examples else []
    whole = "\n".join([head, *both, main]).split("\n")
    return "\n".join(part for line in whole for part in wrapped(line))


def case(parts: Parts, found: Example) -> dict[str, Any]:
    """A worked example, as the template takes it."""
    layer, of = parts.layer, parts.words.of
    sizes = completed(layer, small_sizes(layer))
    values = {t.name: t for t in found.nodes}
    gradients = {t.name: t for t in found.gradients}
    inputs = [
        array(of[t.name], tensor, t, str(sizes.get(tensor.labels_of, "")))
        for t, tensor in zip(found.inputs, layer.inputs, strict=True)
    ]
    output = layer.output
    upstream = cotangent_name(output.name)
    given = array(of[upstream], output, found.upstream) if found.upstream else None
    return {
        "inputs": inputs,
        "labels": [a for a in inputs if a.integer],
        "output": array(of[output.name], output, values[output.name]),
        "upstream": given or Array(of[upstream], 1, ("1.0",), is_number=True),
        "gradients": [
            array(of[cotangent_name(n)], layer.tensor(n), gradients[n])
            for n, _ in parts.program.gradients
        ],
        "sizes": [str(sizes[s.symbol]) for s in parts.given],
    }


def arguments(test: dict[str, Any], which: str, results: str) -> str:
    """The arguments of a call; what it writes has names that begin so."""

    def passed(a: Array) -> str:
        return f"in_{a.name}[0]" if a.is_number else f"in_{a.name}"

    given = [*test["sizes"], *map(passed, test["inputs"])]
    if which == "forward":
        return ", ".join([*given, f"out_{test['output'].name}", "memory"])
    written = [f"{results}{a.name}" for a in test["gradients"]]
    return ", ".join([*given, passed(test["upstream"]), "memory", *written])


def zeroed(parts: Parts, test: dict[str, Any], size: Size) -> str:
    """The sizes of a test, one of them 0."""
    pairs = zip(parts.given, test["sizes"], strict=True)
    return ", ".join("0" if own == size else text for own, text in pairs)


def array(name: str, tensor: Tensor | Node, table: Table, labels: str = "") -> Array:
    """The numbers of a tensor."""
    integer = isinstance(tensor, Tensor) and tensor.integer
    flat = table.values.reshape(-1).tolist()
    numbers = tuple(str(int(v)) if integer else repr(float(v)) for v in flat)
    return Array(name, len(numbers), numbers, not tensor.indices, integer, labels)


def listed(numbers: Sequence[str], margin: int) -> str:
    """Numbers in lines."""
    lines, line = list[str](), ""
    for number in numbers:
        part = f"{number}, "
        if len(line) + len(part) > WIDTH - margin:
            lines.append(line.rstrip())
            line = ""
        line += part
    return ("\n" + " " * margin).join([*lines, line.rstrip(", ")])
