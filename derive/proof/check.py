"""What was checked, how, at which sizes and in how many cases."""

from __future__ import annotations

from dataclasses import dataclass

from pullback.derive.errors import ProofFailed
from pullback.derive.proof.every_size.said import Need
from pullback.derive.proof.witness import DIGITS
from pullback.derive.read.vocabulary import size_words

EVERY_SIZE = "for every size"
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
    every_size: bool = False  # is it proved for every size of the axes, too?
    needs: tuple[Need, ...] = ()  # ... where this holds, so that both sides have values

    @property
    def words(self) -> str:
        """For pages: `for every size; exact at N=2, J=3`."""
        if not self.every_size:
            return self.written_out
        return f"{EVERY_SIZE}; {self.written_out}" if self.cases else EVERY_SIZE

    @property
    def mark(self) -> str:
        """What is said of a step beside its law: nothing where it is proved for every size."""
        if self.every_size:
            return "" if self.cases else "too long to be written out"
        return self.written_out

    @property
    def written_out(self) -> str:
        """How it was checked at small sizes: `exact at N=2, J=3`."""
        at = ", ".join(f"{size_words(name)}={size}" for name, size in self.sizes)
        at = f" at {at}" if at else ""
        if not self.sampled:
            return self.how + at
        how = "" if self.how == EXACT else f"{self.how} "
        some = f"{self.places} of {self.of} places, " if self.places < self.of else ""
        return f"{how}in {some}{self.cases} random cases{at}"
