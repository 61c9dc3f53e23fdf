"""A worked example with numbers that are drawn, or one's own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

from sympy import Expr

from pullback.codegen.live.fragments import filled
from pullback.codegen.live.growing import Growing
from pullback.codegen.live.needing import needing_numpy
from pullback.codegen.live.questions import Example, Refused
from pullback.derive.errors import PullbackError
from pullback.derive.layer import Layer
from pullback.derive.proof.proving import Proof

MOST = 300  # entries of all inputs
LONG = 8  # of an axis
HUGE = 1e6
FORM = 'as in "x = [[1, 2], [3, 4]]", a line for each tensor'


def worked(asked: Example, growing: Growing, proof: Proof) -> dict[str, Any]:
    """Every value and every gradient at small sizes, checked against the NumPy module."""
    with needing_numpy("a worked example"):
        from pullback.codegen.compiler import lowered
        from pullback.codegen.interface.example import example
        from pullback.codegen.interface.example_sizes import small_sizes
        from pullback.codegen.pages.page_numbers import shown
        from pullback.codegen.targets.numpy.loading import loaded
    layer = growing.reading.layer
    own = numbers(asked.numbers, layer)
    least = small_sizes(layer)
    sizes = {**least, **sizes_of(layer, own, least)}
    if sum(prod(sizes[i.size] for i in t.indices) for t in layer.inputs) > MOST:
        raise Refused(f"these sizes make more than {MOST} numbers; smaller ones can be read better")
    made = lowered(proof)
    code = loaded(made.emit().module, layer)
    found = example(made.forms.derivation, code, asked.draw, sizes, arrays(own, layer, sizes))
    if found is None:
        raise PullbackError("no simple numbers were found at which every value is a number")
    setting = growing.setting(growing.derivation)
    lines = [f"{t.name} = {json.dumps(t.values.tolist())}" for t in found.inputs]
    lines += [f"{s} = {n}" for s, n in zip(layer.arguments, found.arguments, strict=True)]
    html = filled("example", shown(setting, found))
    return {"event": "example", "html": html, "numbers": "\n".join(lines), "draw": asked.draw}


def numbers(text: str, layer: Layer) -> dict[str, Any]:
    """Lists of numbers by tensor, from lines `x = [[1, 2], [3, 4]]`."""
    names = layer.parameters
    found: dict[str, Any] = {}
    for line in filter(str.strip, text.split("\n")):
        name, _, value = (part.strip() for part in line.partition("="))
        if name not in names:
            raise Refused(f"there is no input {name!r}; there are {', '.join(names)}")
        try:
            found[name] = json.loads(value, parse_constant=refuse)
        except (ValueError, RecursionError):
            raise Refused(
                f"the numbers of {name!r} are not read: wanted are lists, {FORM}"
            ) from None
    return found


def refuse(word: str) -> None:
    """NaN and infinities are no numbers here."""
    raise ValueError(word)


def shape(value: Any, name: str) -> tuple[int, ...]:
    """The shape of lists within lists, every one of the same length."""
    if not isinstance(value, list):
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > HUGE:
            raise Refused(f"the numbers of {name!r}: wanted are numbers up to {HUGE:,.0f}, {FORM}")
        return ()
    if not 1 <= len(value) <= LONG:
        raise Refused(f"the numbers of {name!r}: a list has 1 to {LONG} of them here")
    inner = {shape(v, name) for v in value}
    if len(inner) != 1:
        raise Refused(f"the numbers of {name!r}: the rows have different lengths")
    return (len(value), *inner.pop())


def sizes_of(layer: Layer, own: Mapping[str, Any], least: Mapping[Expr, int]) -> dict[Expr, int]:
    """The sizes that follow from numbers of one's own; `least` are those of other axes."""
    sizes: dict[Expr, int] = {}
    for size in (s for s in layer.arguments if str(s) in own):
        value = own[str(size)]
        if type(value) is not int or not 1 <= value <= LONG:
            raise Refused(f"{size} is the size of an axis: a whole number from 1 to {LONG}")
        sizes[size] = value
    for name, value in ((n, v) for n, v in own.items() if n in layer.tensors):
        axes = [i.size for i in layer.tensor(name).indices]
        lengths = shape(value, name)
        if len(lengths) != len(axes):
            wanted = " × ".join(map(str, axes)) or "one number"
            raise Refused(f"the numbers of {name!r} have {len(lengths)} axes; wanted is {wanted}")
        for size, length in zip(axes, lengths, strict=True):
            if sizes.setdefault(size, length) != length:
                raise Refused(
                    f"{name!r} has {size} = {length}, where it is {sizes[size]} elsewhere"
                )
    for tensor in layer.inputs:  # labels may be the only numbers that say how many there are
        if tensor.labels_of is not None and tensor.name in own and tensor.labels_of not in sizes:
            most = max((n for n in numbers_in(own[tensor.name]) if isinstance(n, int)), default=0)
            if least[tensor.labels_of] <= most < LONG:
                sizes[tensor.labels_of] = most + 1
    return sizes


def numbers_in(value: Any) -> Iterator[Any]:
    """Every number of lists within lists."""
    if isinstance(value, list):
        for inner in value:
            yield from numbers_in(inner)
    else:
        yield value


def arrays(own: Mapping[str, Any], layer: Layer, sizes: Mapping[Expr, int]) -> dict[str, Any]:
    """The numbers as arrays; labels are whole numbers below their size."""
    import numpy as np

    found = {}
    for tensor in layer.inputs:
        if tensor.name in own:
            made = np.array(own[tensor.name], object)
            if tensor.labels_of is None:
                made = made.astype(float).astype(object)
            else:
                below = sizes[tensor.labels_of]
                labels: Sequence[Any] = made.flatten().tolist()
                if not all(isinstance(v, int) and 0 <= v < below for v in labels):
                    raise Refused(f"{tensor.name!r} holds labels: whole numbers below {below}")
            found[tensor.name] = made
    return found
