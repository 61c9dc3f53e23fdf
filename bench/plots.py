"""Results as pictures: time against size, and time over the limit."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot

from bench.peers import COMPILED, HAND, IN_JAX, IN_TORCH, JAX, LIMIT, NATIVE, OURS, TORCH
from bench.tables import plural
from bench.tasks import SHAPES

STYLE = {
    "svg.hashsalt": "pullback",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
}
COLOURS = {
    OURS: "C3",
    NATIVE: "C6",
    IN_TORCH: "C9",
    IN_JAX: "C8",
    HAND: "C7",
    TORCH: "C0",
    COMPILED: "C1",
    JAX: "C2",
    LIMIT: "0.4",
}


def speed(results: Sequence[dict[str, Any]], dtype: str, threads: int, file: Path) -> None:
    """A column for each layer: times above, times over the limit below."""
    chosen = [r for r in results if (r["dtype"], r["threads"]) == (dtype, threads)]
    layers = [layer for layer in SHAPES if any(r["layer"] == layer for r in chosen)]
    if not layers:
        return
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(
            2,
            len(layers),
            figsize=(3 * len(layers), 6),
            squeeze=False,
            sharex="col",
            layout="constrained",
        )
        for column, layer in zip(axes.T, layers, strict=True):
            draw(column, layer, [r for r in chosen if r["layer"] == layer])
        axes[0, 0].set_ylabel("µs a step")
        axes[1, 0].set_ylabel("time over the limit")
        words = f"{dtype}, {plural(threads, 'thread')}; log-log"
        figure.suptitle(f"Forward and backward, {words}")
        handles = {h.get_label(): h for a in axes.flat for h in a.get_lines()}
        figure.legend(handles.values(), handles, loc="outside lower center", ncols=9)
        save(figure, file)


def draw(column: Any, layer: str, results: Sequence[dict[str, Any]]) -> None:
    """One layer's two panels."""
    above, below = column
    above.set_title(layer)
    products = layer in ("mlp", "attention")
    below.set_xlabel("multiplications" if products else "entries")
    for peer, colour in COLOURS.items():
        points = sorted((r["work"], r["seconds"]) for r in results if peer in r["seconds"])
        if not points:
            continue
        work = [w for w, _ in points]
        style = {"color": colour, "label": peer, "marker": "o", "markersize": 3}
        above.loglog(work, [1e6 * median(s[peer]) for _, s in points], **style)
        ratios = [median(a / b for a, b in zip(s[peer], s[LIMIT], strict=True)) for _, s in points]
        below.loglog(work, ratios, **style)


def save(figure: Any, file: Path) -> None:
    """Write an SVG whose bytes depend on the numbers alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, format="svg", metadata={"Date": None})
    pyplot.close(figure)


def scatter(panels: dict[str, list[tuple[float, float]]], unit: str, file: Path) -> None:
    """Panels of points, log-log."""
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(
            1, len(panels), figsize=(4 * len(panels), 3.2), squeeze=False, layout="constrained"
        )
        for axis, (title, points) in zip(axes[0], panels.items(), strict=True):
            axis.loglog(*zip(*points, strict=True), "o", markersize=4)
            axis.set_title(title)
        axes[0, 0].set_ylabel(unit)
        save(figure, file)
