"""Letters for sizes, such that neither they nor their small letters are names of the text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain, count

LETTERS = "NDKCMHPQRSTABGFUVWXYZ"


def letters(keys: Sequence[str], taken: Collection[str]) -> dict[str, str]:
    """A name for each size that has none; `taken` are names of the text, and of other sizes.

    >>> letters(["a", "b", "c"], {"n", "W"})
    {'a': 'D', 'b': 'K', 'c': 'C'}
    """
    free = (c for c in names() if c not in taken and c.lower() not in taken)
    return dict(zip(keys, free, strict=False))


def names() -> Iterator[str]:
    """Names of sizes, the usual ones first."""
    return chain(LETTERS, (f"N{n}" for n in count(1)))
