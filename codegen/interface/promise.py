"""What a module has, as the file of its tests wants to know."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Promise:
    """Functions beside forward and backward, results that are copies, helpers of the runtime.

    `idle` says that arrays of a workspace may be left alone, as kernels need fewer.
    """

    functions: frozenset[str] = frozenset()
    copied: tuple[str, ...] = ()
    helpers: frozenset[str] = frozenset()
    idle: bool = False
