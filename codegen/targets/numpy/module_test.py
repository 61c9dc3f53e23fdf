"""The test file of a module: the equations as plain loops, and numeric checks against them.

The loops are printed from the text of the definition, node by node, and not from the derivation or
the program; so what is wrong there shows when the file is run, anywhere, with NumPy and pytest.
"""

from __future__ import annotations

import re
import textwrap
from math import inf
from typing import Any

from pullback import __version__
from pullback.codegen.interface.promise import Promise
from pullback.codegen.interface.shapes import axes_of, has_batch
from pullback.codegen.interface.sizes import related, worked_out
from pullback.codegen.interface.words import docstring
from pullback.codegen.targets.numpy.decimals import BY_DUALS, LEAVES, SLOPES, called
from pullback.codegen.targets.numpy.loop_lines import WIDTH
from pullback.codegen.targets.numpy.loops import Loops
from pullback.codegen.targets.numpy.smoke import holds
from pullback.codegen.targets.numpy.test_sizes import (
    Sizes,
    empty_axes,
    is_large,
    long,
    sampled,
    small,
    some_inputs,
    wide,
)
from pullback.codegen.templating import environment
from pullback.derive.calculus.cuts import NOTHING, Cutting
from pullback.derive.calculus.derivation import cotangent_name
from pullback.derive.index.ranges import Range
from pullback.derive.layer import Layer

# functions that a module may have
PARTS = ("value_and_grad", "jvp", "jacobian", "hvp")
# what is asked of a module, the most first: the limit in float32; how many times the limit the
# equations may lose in floats where it is asked, which is a part of it in the end: of a difference
# of large terms a module can tell no more than its equations can; large draws?
BORNE = (
    ("1e-5", "2**11", (True, False)),
    ("1e-2", "2**11", (False,)),
    ("1e-5", "2**-5", (False,)),
    ("1e-2", "2**-5", (False,)),
    ("1e-2", "2**-12", (False,)),  # of matrices that are nearly singular a module loses more
)


def module_test(
    layer: Layer,
    module: str,
    promise: Promise,
    stem: str = "",
    plain: bool = False,
    library: str = "",
    cutting: Cutting = NOTHING,
) -> str:
    """The text of the test file of a layer's module, which is given as text, and what it has.

    The module's file is called by the layer's name, or by `stem`; a `plain` one has forward and
    backward alone, one for a `library` beside NumPy takes and gives arrays of that. `cutting` says
    into what parts it can be cut.
    """
    has = {part: part in promise.functions for part in PARTS}
    loops = Loops(layer)
    lines, facts = loops.equations(), loops.assumptions()
    wide_sizes = wide(layer, loops.read, promise.helpers)
    output, inputs = layer.output, layer.inputs
    axes = [f'"{t.name}": "{" ".join(axes_of(t))}"' for t in inputs]
    labels = [f'"{t.name}": "{t.labels_of}"' for t in inputs if t.integer]
    floats = [t.name for t in inputs if t.indices and not t.integer]
    batched = [t for t in inputs if has_batch(t)]
    needed = called(loops.functions)
    chosen = is_large(layer) and not plain  # a plain module refuses nothing
    made = {name for name, _ in worked_out(layer)}  # sizes, as large as they come out
    context = {
        "name": layer.name,
        "stem": stem or layer.name,
        "tests": f"{'library' if library else 'plain' if plain else 'fast'}_tests.py.j2",
        "library": library,
        "part_axes": ", ".join(f'"{cut.name}"' for cut in cutting.cuts),
        "wanted_count": len(layer.wrt),
        "title": docstring(layer.title),
        "version": __version__,
        "has": has,
        "inputs": listed("INPUTS = {", axes, "}"),
        "labels": listed("LABELS = {", labels, "}"),
        "wanted": listed("WANTED = (", [f'"{n}"' for n in layer.wrt], ")", ","),
        "sizes": dictionaries(small(layer)),
        "long": dictionaries(long(layer, loops.read)),
        "wide": dictionaries(wide_sizes),
        "one_long": sum(sum(size > 2 for size in s.values()) == 1 for s in wide_sizes),
        "labelled": bool(labels),
        "many_labels": any(str(t.labels_of) in made for t in inputs if t.integer),
        "arguments": constant("ARGUMENTS", [*map(str, layer.arguments)]),
        "all_axes": constant("AXES", empty_axes(layer)) or ["AXES = []"],
        "related": bool(related(layer)),
        "large": is_large(layer),
        "steps": bool(layer.recurrences),
        "some": constant("SOME", some_inputs(layer)) if chosen else [],
        "sampled": textwrap.wrap(sampled(layer), WIDTH) if chosen else [],
        "floating": constant("FLOATS", floats),
        "mixed": len(floats) > 1,
        "axes": any(t.indices for t in inputs),
        "floats": bool(floats),
        "kinks": loops.kinks,
        "roots": loops.has_roots(),
        "signature": listed("def equations(", [*layer.parameters], "):"),
        "assumed": listed("def assumed(", [*layer.parameters], "):"),
        "equations": lines,
        "output": {"name": output.name, "cotangent": cotangent_name(output.name)},
        "array": bool(output.indices),
        "batch": [(t.name, len(t.indices) - 1) for t in batched[:1]],
        "batch_out": has_batch(output),
        "idle": promise.idle,
        "copied": constant("COPIED", [*promise.copied]),
        "output_copied": output.name in promise.copied,
        "facts": facts,
        "domain": domain(layer),
        "functions": loops.functions,
        "eliminates": bool(loops.functions & {"inv", "solve", "det", "logdet"}),
        "slopes": [(f, SLOPES[f]) for f in needed if f in SLOPES],
        "by_duals": [f for f in BY_DUALS if f in loops.functions],
        "leaves": {f: LEAVES[f][0] for f in needed},
    }
    # what the module bears: large draws, the digits in float32 that are left where terms cancel,
    # and draws at which the equations lose more in floats than is asked of it
    for float32, lost, draws in BORNE:
        drawn_by = ""
        for beyond in draws:
            text = rendered(context | {"beyond": beyond, "float32": float32, "lost": lost})
            seeds = range(12 if beyond else 9)
            if module and holds(stem or layer.name, module, text, seeds, drawn_by):
                return text
            drawn_by = text
    return text


def domain(layer: Layer) -> list[str]:
    """Where inputs are assumed to lie, as a dictionary."""
    pairs = [f'"{name}": ({ends(place)})' for name, place in layer.ranges.items()]
    return listed("DOMAIN = {", pairs, "}") if pairs else []


def ends(place: Range) -> str:
    """The ends of a range, whether they are left out, and whether 0 is, as Python has them."""
    low, high = (repr(end) if abs(end) < inf else f'float("{end}")' for end in place.ends)
    return f"{low}, {high}, {place.low_open}, {place.high_open}, {place.but_zero}"


def rendered(context: dict[str, Any]) -> str:
    """The template, filled."""
    text = environment(__package__).get_template("module_test.py.j2").render(context)
    return re.sub(r"\n{4,}", "\n\n\n", text).rstrip() + "\n"


def listed(before: str, words: list[str], after: str, single: str = "") -> list[str]:
    """Words between brackets, on one line or on one each; `single` follows one that is alone."""
    one = before + ", ".join(words) + (single if len(words) == 1 else "") + after
    if len(one) <= WIDTH:
        return [one]
    margin = " " * (len(before) - len(before.lstrip()))
    return [before, *(f"{margin}    {word}," for word in words), margin + after]


def dictionaries(choices: list[Sizes]) -> list[str]:
    """Sizes of axes, as the items of a list of dictionaries."""
    return [
        line
        for choice in choices
        for line in listed("    {", [f'"{n}": {size}' for n, size in choice.items()], "},")
    ]


def constant(name: str, words: list[str]) -> list[str]:
    """The assignment of a list of strings, where there are any."""
    return listed(f"{name} = [", [f'"{word}"' for word in words], "]") if words else []
