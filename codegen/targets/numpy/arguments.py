"""The statements of a module that check arguments, name sizes and flatten leading axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sympy import Expr

from pullback.codegen.interface.shapes import axes_of, has_batch
from pullback.codegen.interface.sizes import is_within, leaves, size_text, worked_out
from pullback.codegen.interface.words import describe, describe_size
from pullback.codegen.targets.numpy.text import tuple_text
from pullback.codegen.targets.numpy.types import INTEGER, argument_type
from pullback.derive.index.objects import size_symbol
from pullback.derive.layer import Layer, Node, Tensor
from pullback.derive.read.symbols import BATCH_SIZE
from pullback.derive.read.trees import BATCH


def sizes(tensor: Tensor | Node, own: Mapping[str, str]) -> str:
    """The shape of a tensor as code: `(N, D)`, `(*batch, D)`."""
    return tuple_text(f"*{own['batch']}" if a == BATCH else a for a in axes_of(tensor))


def size_name(tensor: Tensor | Node, axes: list[str], place: int, batch: str) -> str:
    """The statement that names the size of an axis."""
    if axes[0] != BATCH:
        return f"{axes[place]} = {tensor.name}.shape[{place}]"
    after = len(axes) - 1  # the axes behind the leading ones
    if place:
        return f"{axes[place]} = {tensor.name}.shape[{place - len(axes)}]"
    lead = f"[: {tensor.name}.ndim - {after}]" if after else ""
    return f"{batch} = {tensor.name}.shape{lead}"


def axes_text(tensor: Tensor) -> str:
    """The axes of an input as the module's helpers take them: "N D"."""
    return f'"{" ".join(axes_of(tensor))}"'


def flat(text: str, tensor: Tensor | Node, own: Mapping[str, str]) -> str:
    """An array's text with its leading axes made one, where it has `...`."""
    return f"_flat({text}, {own['batch']})" if has_batch(tensor) else text


def size_check(size: Expr) -> str:
    """The statement that checks a size which callers give."""
    return f'{size} = _size("{size}", {size})'


def described(layer: Layer) -> list[dict[str, str]]:
    """The arguments by name, with words and types: inputs, and sizes behind them."""
    inputs = [(t.name, describe(t), argument_type(t)) for t in layer.inputs]
    sizes = [(str(s), describe_size(layer, s), INTEGER) for s in layer.arguments]
    return [{"name": name, "text": text, "type": kind} for name, text, kind in (*inputs, *sizes)]


def unpacked(name: str, parts: list[str]) -> list[str]:
    """The statement that takes a tuple apart."""
    left = tuple_text(parts) if len(parts) == 1 else ", ".join(parts)
    return [f'{left} = _each("{name}", {name}, "{" ".join(parts)}")']


@dataclass(frozen=True)
class Arguments:
    """The arguments of a layer; `nonempty` are sizes that must not be 0, `own` as in Names."""

    layer: Layer
    nonempty: tuple[Expr, ...]
    own: Mapping[str, str]

    def sizes(self) -> list[str]:
        """The sizes of axes, by name."""
        shown = {*map(str, self.layer.given_sizes)}
        return sorted(shown | {name for name, _ in worked_out(self.layer)})

    def checks(self) -> list[str]:
        """The statements that check the arguments, in their order."""
        lines, numbers, arrays, own = [], [], [], self.own["dtype"]
        for tensor in self.layer.inputs:
            name, axes = tensor.name, axes_text(tensor)
            if tensor.integer:
                lines.append(f'{name} = _integers("{name}", {name}, {axes})')
            elif tensor.indices:
                arrays.append(name)
                lines.append(f'{name} = _array("{name}", {name}, {axes})')
            else:
                numbers.append(f'{name} = _number("{name}", {name}, {own})')
        given = [size_check(size) for size in self.layer.arguments]
        return [*lines, *self.dtype_checks(arrays), *numbers, *given, *self.size_checks()]

    def dtype_checks(self, arrays: list[str]) -> list[str]:
        """The statements that name the dtype and refuse a second one."""
        own = self.own["dtype"]
        if not arrays:
            return [f"{own} = np.dtype(np.float64)"]
        first, *others = arrays
        lines = [f"{own} = {first}.dtype"]
        if others:
            given = ", ".join(f"{name}={name}" for name in arrays)
            differ = " or ".join(f"{name}.dtype != {own}" for name in others)
            lines += [f"if {differ}:", f"    _one_dtype({given})"]
        return lines

    def size_checks(self) -> list[str]:
        """The statements that name the sizes, compare them, and look at what they must be."""
        lines = [*self.size_names(), *self.size_comparison(), *self.sizes_worked_out()]
        given = (*self.layer.arguments, size_symbol(BATCH_SIZE))
        empty = [s for s in self.nonempty if s not in given]
        lines += [f'_not_empty("{s}", {s})' for s in empty]
        for tensor in self.layer.inputs:
            if tensor.integer:
                name = tensor.name
                lines.append(f'{name} = _labels("{name}", {name}, {tensor.labels_of})')
        if given[-1] in self.nonempty:
            words = "the number of examples in the leading axes"
            lines.append(f'_not_empty("{words}", 0 not in {self.own["batch"]})')
        return lines

    def sizes_worked_out(self) -> list[str]:
        """The statements that work out the sizes that no array shows, and look at what is read."""
        lines = []
        for name, text in worked_out(self.layer):
            lines.append(f"{name} = {text}")
            if not text.isdigit():
                lines.append(f'_some("{name} = {text}", {name})')
        for reach in self.layer.reaches:
            inside = is_within(reach)
            if inside:
                low, high, size = map(size_text, (reach.low, reach.high, reach.size))
                lines.append(f'_within("{leaves(reach)}", {low}, {high}, {size})')
        return lines

    def flattened(self) -> list[str]:
        """The statements that make one axis of the leading axes."""
        batched = [t.name for t in self.layer.inputs if has_batch(t)]
        if not batched:
            return []
        lines = [f"{n} = _flat({n}, {self.own['batch']})" for n in batched]
        return [*lines, f"{BATCH_SIZE} = {batched[0]}.shape[0]"]

    def size_names(self) -> list[str]:
        """The statements that name the size of each axis, by the first array that has it."""
        lines: list[str] = []
        named: set[str] = set()
        for tensor in self.layer.inputs:
            axes = axes_of(tensor)
            for place, axis in enumerate(axes):
                if axis not in named:
                    named.add(axis)
                    lines.append(size_name(tensor, axes, place, self.own["batch"]))
        return lines

    def size_comparison(self) -> list[str]:
        """The statement that refuses two sizes for one axis."""
        named: set[str] = set()
        compared = []
        for tensor in self.layer.inputs:
            axes = axes_of(tensor)
            if named & {*axes} or len({*axes}) < len(axes):
                compared.append(f"{tensor.name}.shape != {sizes(tensor, self.own)}")
            named |= {*axes}
        if not compared:
            return []
        arrays = [f"{t.name}=({t.name}, {axes_text(t)})" for t in self.layer.inputs if t.indices]
        return [f"if {' or '.join(compared)}:", f"    _one_size({', '.join(arrays)})"]
