"""What the names in a layer stand for, looked through when it is asked what an entry is."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr

from pullback.derive.index.objects import entry_indices, entry_name, is_entry
from pullback.derive.index.rewriting import substitute
from pullback.derive.layer import Definitions, Layer, Node


@dataclass(frozen=True)
class Meaning:
    """What names of a layer stand for, in the forms that are computed."""

    layer: Layer
    definitions: Definitions

    def look_through(self, expr: Expr) -> Expr | None:
        """What the name of an entry stands for; None where it is an input."""
        if not is_entry(expr) or entry_name(expr) not in self.definitions:
            return None
        indices, meaning = self.definitions[entry_name(expr)]
        return substitute(meaning, dict(zip(indices, entry_indices(expr), strict=True)))

    def is_node(self, expr: Expr) -> bool:
        """Is it an entry that is finite by assumption: of an input or of a node?"""
        name = entry_name(expr)
        own = self.layer.tensors.get(name)
        return name not in self.definitions or (isinstance(own, Node) and not own.notation)
