"""Sizes that callers give: modules of every target that is Python have this one check."""

from __future__ import annotations

from typing import Any


def _size(name: str, value: Any) -> int:
    """The value as a size: one integer of Python or NumPy, no bool, and at least 1."""
    index: Any = None if isinstance(value, bool) else getattr(value, "__index__", None)
    try:
        # of what is no integer there is none to call; torch.compile knows integers of Python alone
        size: int = value if type(value) is int else index()
    except TypeError:
        raise TypeError(f"{name} is {type(value).__name__}; it must be one integer") from None
    if size < 1:
        raise ValueError(f"{name} is {size}; it must be at least 1")
    return size
