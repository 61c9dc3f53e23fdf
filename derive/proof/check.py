"""What was checked, how, at which sizes and in how many cases."""

from __future__ import annotations

from dataclasses import dataclass

from pullback.derive.errors import ProofFailed
from pullback.derive.proof.witness import DIGITS
from pullback.derive.read.vocabulary import size_words

EXACT = "exact"
NUMERIC = f"{DIGITS} digits"


class NothingChecked(ProofFailed):
    """A step of which no case could be checked."""


@dataclass(frozen=True)
class Check:
    """What was checked, how ("exact" or "50 digits"), at which sizes, and in how many cases.

    `places` and `of` say how many places were taken where these were not all.
    """

    what: str
    how: str
    sizes: tuple[tuple[str, int], ...]
    cases: int
    sampled: bool = False  # were there too many cases to take them all?
    places: int = 0
    of: int = 0

    @property
    def words(self) -> str:
        """For pages: `exact at N=2, J=3`."""
        at = ", ".join(f"{size_words(name)}={size}" for name, size in self.sizes)
        at = f" at {at}" if at else ""
        if not self.sampled:
            return self.how + at
        how = "" if self.how == EXACT else f"{self.how} "
        some = f"{self.places} of {self.of} places, " if self.places < self.of else ""
        return f"{how}in {some}{self.cases} random cases{at}"
