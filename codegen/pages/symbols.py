"""The tensors and axes of a layer on a page: each with its shape, its part and what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pullback.codegen.interface.shapes import axes_of
from pullback.codegen.notation.printer import Notation
from pullback.codegen.pages.outliner import FURTHER, LEADING
from pullback.codegen.pages.setting import Context, plain
from pullback.derive.layer import Layer, Node, Tensor
from pullback.derive.read.symbols import BATCH_SIZE
from pullback.derive.read.trees import BATCH

Set = Callable[[Callable[[Notation], str]], str]  # sets what is spelled in some notation

ARGUMENT = "its size is an argument"  # beside an axis


def symbol(layer: Layer, formula: Set, tensor: Tensor | Node) -> Context:
    """A tensor with its shape, its part and what it is; `formula` sets what is spelled."""
    return {
        "formula": formula(lambda n: n.spell(tensor.entry)),
        "shape": shape(formula, tensor),
        "part": role(layer, tensor),
        "words": plain(layer.descriptions.get(tensor.name, "")),
    }


def shape(formula: Set, tensor: Tensor | Node) -> str:
    """N × D, or that it is one number."""
    if not tensor.indices:
        return "one number"
    return formula(lambda notation: spelled_shape(notation, tensor))


def axes(layer: Layer, formula: Set) -> Iterable[Context]:
    """Each axis with its size and what it counts; one size counts one thing."""
    known = layer.descriptions
    sizes = {i.size: known[i.name] for i in reversed(layer.axes) if i.name in known}
    for index in layer.axes:
        leading = index.name == BATCH
        words = known.get(index.name) or LEADING * leading or sizes.get(index.size, "")
        if index.size in layer.arguments:
            words = f"{words}; {ARGUMENT}" if words else ARGUMENT
        yield {
            "formula": named(formula, index.name),
            "size": named(formula, str(index.size)),
            "words": plain(words),
            "leading": leading,
        }


def further(formula: Set, notation: Notation) -> Iterable[Context]:
    """The axes for which more letters were met than the definition has, with all of these."""
    for number, _ in enumerate(notation.further):

        def names(n: Notation, at: int = number) -> str:
            return ", ".join(n.further[at][0])

        def size(n: Notation, at: int = number) -> str:
            return n.spell(n.further[at][1])

        yield {
            "formula": formula(names),
            "size": formula(size),
            "words": FURTHER,
            "leading": False,
        }


def differentiated(layer: Layer, formula: Set) -> Context:
    """What is differentiated, and what is given for that."""
    name = layer.output.name
    return {
        "scalar": not layer.output.indices,
        "output": named(formula, name),
        "loss": formula(lambda n: n.loss),
        "upstream": formula(lambda n: n.style.slope(n.loss, n.style.name(name))),
    }


def named(formula: Set, name: str) -> str:
    """The name of a tensor, an axis or a size, set."""
    return formula(lambda notation: notation.style.name(name))


def spelled_shape(notation: Notation, tensor: Tensor | Node) -> str:
    """N × D."""
    times = r" \times " if notation.style.latex else " × "
    return times.join(notation.style.name(BATCH_SIZE if a == BATCH else a) for a in axes_of(tensor))


def role(layer: Layer, tensor: Tensor | Node) -> str:
    """What part a tensor plays."""
    if isinstance(tensor, Tensor):
        return "labels" if tensor.integer else "input"
    if tensor.name == layer.output.name:
        return "output"
    return "notation" if tensor.notation else "node"
