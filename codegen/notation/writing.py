"""What every writer is given: the names and the style, and what is written so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from sympy import Expr

from pullback.codegen.notation.names import Scope, Tensors
from pullback.codegen.notation.styles import Spelled, Style
from pullback.derive.index.objects import Index


@dataclass(frozen=True)
class Writing:
    """An expression that is being written, and what bound indices are called in this part of it."""

    tensors: Tensors
    style: Style
    scope: Scope
    writer_for: Callable[[Expr], Writer]
    done: dict[tuple[Expr, Scope], Spelled] = field(default_factory=dict)

    def within(self, expr: Expr, level: int) -> str:
        """The expression, in brackets if it is looser than `level`."""
        text, own = self.write(expr)
        return text if own >= level else self.style.group(text)

    def write(self, expr: Expr) -> Spelled:
        """The text and how tightly it holds together.

        Each is made once: a fraction asks twice, which in nested ones would double at each level.
        """
        if (expr, self.scope) not in self.done:
            self.done[expr, self.scope] = self.writer_for(expr)(self, expr)
        return self.done[expr, self.scope]

    def under(self, indices: Sequence[Index]) -> Writing:
        """The same, where these indices are bound."""
        scope = self.scope.bind(indices, self.tensors, self.style.letters)
        return replace(self, scope=scope)


Writer = Callable[[Writing, Expr], Spelled]
