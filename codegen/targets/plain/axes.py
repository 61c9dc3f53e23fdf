"""Sizes of axes and leading axes, as plain functions name them and bring them into shape."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pullback.codegen.interface.shapes import axes_of, has_batch
from pullback.codegen.interface.sizes import is_within, leaves, worked_out
from pullback.codegen.program import (
    Constant,
    Elementwise,
    Input,
    Operation,
    Size,
    Values,
    sizes_within,
)
from pullback.codegen.targets.numpy.arguments import size_check
from pullback.codegen.targets.numpy.text import tuple_text
from pullback.derive.layer import Layer, Node, Tensor
from pullback.derive.read.symbols import BATCH_SIZE
from pullback.derive.read.trees import BATCH


@dataclass(frozen=True)
class Axes:
    """The axes of a layer where these operations of a program are worked out."""

    program: Values
    numbers: Sequence[int]  # of the operations' values

    @property
    def layer(self) -> Layer:
        """The layer."""
        return self.program.layer

    @property
    def flattens(self) -> bool:
        """Are leading axes made one? Where all is done entry by entry they need not be."""
        return not all(by_entries(self.program[n].op) for n in self.numbers)

    def named(self, batch: str, checked: bool = True) -> Iterator[str]:
        """The statements that name sizes and, `checked`, refuse a tensor whose shape is another."""
        seen: set[str] = set()
        for tensor in self.layer.inputs:
            axes = axes_of(tensor)
            names = [f"*{batch}" if a == BATCH else a for a in axes]
            if axes and not seen & {*axes} and len({*axes}) == len(axes):
                left = batch if axes == [BATCH] else ", ".join(names) + "," * (len(names) == 1)
                yield f"{left} = {tensor.name}.shape"
            elif axes:
                for place, axis in enumerate(axes):
                    if axis not in seen:
                        yield self.size(tensor, axes, place, batch)
                        seen.add(axis)
                if checked:
                    yield from refusal(tensor.name, tuple_text(names))
            seen |= {*axes}
        for name, text in worked_out(self.layer):
            yield f"{name} = {text}"
        for reach in self.layer.reaches if checked else ():
            inside = is_within(reach)
            if inside:
                yield f"if not ({inside}):"
                yield f'    raise ValueError("{leaves(reach)}")'

    def sizes(self, batch: str) -> Iterator[str]:
        """The same, with leading axes made one."""
        yield from map(size_check, self.layer.arguments)
        yield from self.named(batch)
        if self.flattens:
            batched = [t for t in self.layer.inputs if has_batch(t)]
            for tensor in batched:
                yield f"{tensor.name} = {self.flat(tensor.name, tensor)}"
            if batched and self.reads_size(BATCH_SIZE):
                yield f"{BATCH_SIZE} = {batched[0].name}.shape[0]"

    def reads_size(self, size: str) -> bool:
        """Does a statement read a size?"""
        values = [self.program[n] for n in self.numbers]
        read = {v.op.symbol for v in values if isinstance(v.op, Size)} | sizes_within(values)
        return size in map(str, read)

    @property
    def float_input(self) -> str:
        """The first array of floats, or the first number."""
        floats = [t for t in self.layer.inputs if not t.integer]
        return next((t.name for t in floats if t.indices), floats[0].name)

    def kept_sizes(self, wanted: Sequence[str], batch: str) -> list[str]:
        """The sizes by which gradients by these, and the output's, are brought into shape."""
        if not self.flattens:
            return []
        tensors = [t for t in map(self.layer.tensor, wanted) if has_batch(t)]
        axes = [axis for t in tensors for axis in axes_of(t)]
        axes += [
            a for a in axes_of(self.layer.output) if has_batch(self.layer.output) and a != BATCH
        ]
        return [batch if a == BATCH else a for a in dict.fromkeys(axes)]

    def size(self, tensor: Tensor, axes: list[str], place: int, batch: str) -> str:
        """The statement that names one size."""
        if axes[place] == BATCH:
            return f"{batch} = {tensor.name}.shape[: {tensor.name}.ndim - {len(axes) - 1}]"
        at = place if axes[0] != BATCH else place - len(axes)
        return f"{axes[place]} = {tensor.name}.shape[{at}]"

    def flat(self, text: str, tensor: Tensor | Node) -> str:
        """An array with its leading axes as one."""
        rest = ", ".join(["-1", *(a for a in axes_of(tensor) if a != BATCH)])
        return f"{text}.reshape({rest})"

    def unflat(self, text: str, tensor: Tensor | Node, batch: str) -> str:
        """A result with all of its leading axes."""
        if not (self.flattens and has_batch(tensor)):
            return text
        at = text if re.fullmatch(r"[\w.]+", text) else f"({text})"
        rest = [a for a in axes_of(tensor) if a != BATCH]
        return f"{at}.reshape({', '.join([f'*{batch}', *rest]) if rest else batch})"


def by_entries(op: Operation) -> bool:
    """Does an operation work entry by entry, whatever leading axes there are?"""
    if isinstance(op, Elementwise):
        return op.function != "spread"
    return isinstance(op, Input | Constant) or (
        isinstance(op, Size) and str(op.symbol) != BATCH_SIZE
    )


def refusal(name: str, wanted: str) -> list[str]:
    """The statements that refuse another shape."""
    return [
        f"if {name}.shape != {wanted}:",
        f'    raise ValueError(f"{name} has shape {{{name}.shape}}, wanted is {{{wanted}}}")',
    ]
