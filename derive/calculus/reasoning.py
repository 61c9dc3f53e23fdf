"""A chain of steps with what it is about, as provers and certificates take it."""

from __future__ import annotations

from typing import NamedTuple

from pullback.derive.calculus.matrix_forms import MatrixForm
from pullback.derive.calculus.steps import Chain
from pullback.derive.layer import Node


class Reasoning(NamedTuple):
    """A chain of steps, what it is about, and the node whose definition it may use."""

    what: str
    chain: Chain
    node: Node | None = None
    second: bool = False  # is it about second derivatives?


def in_matrices(what: str, form: MatrixForm | None, second: bool = False) -> list[Reasoning]:
    """The step to a matrix form, if there is one."""
    return [Reasoning(f"{what} as matrices", form.chain, None, second)] if form else []
