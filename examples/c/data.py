"""Write the digits of `examples/digits.py` as text: `python -m examples.c.data digits.txt`.

The first line has how many are for training, how many are held out, and how many pixels one has.
Then there is a line for each: its label, and its pixels from 0 to 16.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from examples import digits


def lines() -> Iterator[str]:
    """The lines of the file."""
    train, held = digits.load()
    yield f"{len(train.y)} {len(held.y)} {train.x.shape[1]}"
    for part in (train, held):
        for pixels, label in zip((part.x * 16).astype(int), part.y, strict=True):
            yield " ".join(map(str, (label, *pixels)))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text("\n".join(lines()) + "\n", encoding="ascii")
