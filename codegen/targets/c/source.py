"""The text of a layer's kernels in C."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files

from pullback.codegen.targets.c.loops import Loops


def source(kernels: Iterable[Loops]) -> str:
    """The file that is compiled; it includes itself, once for each type of floats."""
    runtime = files(f"{__package__}.runtime")
    header, frame = (
        runtime.joinpath(name).read_text(encoding="ascii") for name in ("pullback.h", "frame.c")
    )
    texts = []
    for kernel in kernels:
        texts += [f"int F({kernel.name})(const word *a);", *kernel.lines(), ""]
    return frame.replace("%HEADER%", header.strip()).replace("%KERNELS%", "\n".join(texts).strip())
