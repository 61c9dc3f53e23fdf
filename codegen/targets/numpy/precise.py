"""What a precise module does beside: it takes arguments into float64, and results back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pullback.codegen.program.plan.names import Names
from pullback.codegen.targets.numpy.text import tuple_text
from pullback.codegen.targets.numpy.workspace import WORK
from pullback.codegen.targets.numpy.workspace import field as workspace_field
from pullback.derive.layer import Node, Tensor


@dataclass
class Conversions:
    """The conversions of a module; those of one that is not precise leave everything as it is."""

    precise: bool
    names: Names
    buffers: list[dict[str, Any]] = field(default_factory=list)

    @property
    def given(self) -> str:
        """The name of the dtype that arguments have, once there are two."""
        return self.names.own["given" if self.precise else "dtype"]

    @property
    def working(self) -> str:
        """The name of the dtype that is worked in."""
        return self.names.own["dtype"]

    def dtypes(self) -> list[str]:
        """The statement that tells the two dtypes apart."""
        if not self.precise:
            return []
        both = f"{self.given}, {self.working} = {self.working}, np.dtype(np.float64)"
        return [f"{both}  # to return, and to work in"]

    def inputs(self, tensors: Iterable[Tensor], kept: bool) -> list[str]:
        """The statements that take arguments into float64; with `kept` into the workspace."""
        if not self.precise:
            return []
        return [f"{t.name} = {self.wide(t.name, t, kept)}" for t in tensors if not t.integer]

    def wide(self, text: str, tensor: Tensor | Node, kept: bool) -> str:
        """A value of the tensor's axes in float64."""
        return self.converted(text, tensor, self.working, f"{tensor.name}_wide" if kept else "")

    def back(self, text: str, name: str, tensor: Tensor | Node, kept: bool) -> str:
        """A result of the tensor's axes in the arguments' dtype."""
        return self.converted(text, tensor, self.given, f"{name}_given" if kept else "")

    def converted(self, text: str, tensor: Tensor | Node, dtype: str, buffer: str) -> str:
        """A value in another dtype, written into a buffer where one is named."""
        if not self.precise:
            return text
        if not tensor.indices:
            return f"{dtype}.type({text})"
        if not buffer:
            return f"_as({text}, {dtype})"
        sizes = tuple(i.size for i in tensor.indices)
        content = f"np.empty({tuple_text(sizes)} if {self.given} != {self.working} else 0, {dtype})"
        name = self.names.free(buffer)
        self.buffers.append(workspace_field(name, sizes, "real", content, self.names.own))
        return f"_as({text}, {dtype}, out={WORK}.{name})"
