"""What needs NumPy says so where there is none: in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pullback.derive.errors import PullbackError


@contextmanager
def needing_numpy(what: str) -> Iterator[None]:
    """Imports of what works with arrays; PullbackError where these cannot be had."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != "numpy":
            raise
        raise PullbackError(
            f"{what} needs NumPy, which this page has not within itself; 'pullback live' has it"
        ) from None
