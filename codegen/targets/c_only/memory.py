"""The memory that a caller gives, in pieces: what is kept for backward, and room to work in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

STORED = {"real": "REAL", "mask": "uint8_t", "integer": "int64_t"}  # of entries in memory
KEPT, FORWARD, BACKWARD = "kept", "forward", "backward"


@dataclass
class Memory:
    """Pieces by number; those of forward and of backward lie at one place, behind what is kept."""

    pieces: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    free: list[int] = field(default_factory=list)
    region: str = KEPT

    def take(self, kind: str, sizes: Sequence[str]) -> int:
        """A piece for an array of this kind and these sizes: one given back, or a new one."""
        wanted = (self.region, kind, (*sizes,))
        for number in self.free:
            if self.pieces[number] == wanted:
                self.free.remove(number)
                return number
        self.pieces.append(wanted)
        return len(self.pieces) - 1

    def give_back(self, number: int) -> None:
        """Let another array have a piece."""
        self.free.append(number)

    def begin(self, region: str) -> None:
        """Take pieces of another region from now on."""
        self.region, self.free = region, []

    def line(self, number: int, kind: str, name: str, constant: bool = False) -> str:
        """The line that names the array in a piece."""
        stored = f"{'const ' * constant}{STORED[kind]}"
        return f"{stored} *const {name} = ({stored} *)(void *)(memory + begins[{number}]);"

    def lines(self, region: str) -> list[str]:
        """The lines that make room for the pieces of a region."""
        found = []
        for number, (own, kind, sizes) in enumerate(self.pieces):
            if own == region:
                bytes_ = "real" if kind == "real" else f"sizeof({STORED[kind]})"
                each = ", ".join(sizes) or "1"
                count = max(1, len(sizes))
                found.append(
                    f"begins[{number}] = room(&end, {bytes_}, {count}, "
                    f"(const ptrdiff_t[]){{{each}}});"
                )
        return found
