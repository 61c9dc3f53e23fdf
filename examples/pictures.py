"""Pictures of training, drawn without a display; colours are safe for colour-blind readers."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from examples.network import Epoch, Examples, Floats, Labels

BLUE, VERMILLION, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#555555"
TINTS = ["#B8D6EA", "#F5CFB3", "#B3E0D2"]
DOTS: dict[str, Any] = {"s": 26, "edgecolors": "white", "linewidths": 0.6}
ROWS, COLUMNS = 4, 8


@contextmanager
def whole() -> Iterator[None]:
    """Hold Ctrl-C back until the block ends: in the midst of drawing it may get lost."""
    pressed = []
    before = signal.signal(signal.SIGINT, lambda *_: pressed.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt


def save(figure: Figure, path: Path) -> None:
    """Write a whole PNG or none: beside the target first, then moved into place."""
    part = path.with_name(f".{path.name}.part")
    try:
        figure.savefig(part, format="png", dpi=150)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    print(f"saved {path}")


def sheet(width: float, height: float) -> Figure:
    """Start a figure whose parts keep clear of one another."""
    engine = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08)
    return Figure(figsize=(width, height), layout=engine)


def plain(axes: Axes) -> None:
    """Leave only the left and lower frame lines and a faint grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)


@whole()
def curves(history: list[Epoch], path: Path) -> None:
    """Draw loss and accuracy per epoch, training beside held-out."""
    figure = sheet(9, 3.8)
    epochs = np.arange(1, len(history) + 1)
    loss, held_loss, shares, held_shares = np.array(history).T
    left, right = figure.subplots(1, 2)
    for axes, train, held in ((left, loss, held_loss), (right, shares, held_shares)):
        axes.plot(epochs, train, ".--", color=BLUE, markersize=4, label="training")
        axes.plot(epochs, held, ".-", color=VERMILLION, markersize=4, label="held out")
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
        axes.legend(frameon=False)
        plain(axes)
    left.set(title="Loss", ylabel="mean cross-entropy (nats)", yscale="log")
    left.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    left.yaxis.set_major_formatter("{x:g}")
    left.yaxis.set_minor_formatter(NullFormatter())
    right.set(title="Accuracy", ylabel="digits right")
    right.yaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10]))
    right.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
    save(figure, path)


@whole()
def losses(found: list[float], path: Path) -> None:
    """Draw the loss of each step, and its mean over the last fifty."""
    figure = sheet(6, 3.6)
    axes = figure.subplots()
    means = np.convolve(found, np.ones(50) / 50, "valid") if len(found) >= 50 else found
    axes.plot(found, linewidth=0.5, alpha=0.4, label="each step")
    axes.plot(np.arange(len(found) - len(means), len(found)), means, label="mean of fifty")
    axes.set_xlabel("step")
    axes.set_ylabel("loss in nats")
    axes.legend(frameon=False)
    plain(axes)
    save(figure, path)


@whole()
def predictions(data: Examples, predicted: Labels, path: Path) -> None:
    """Draw a grid of held-out digits: a first row of wrong ones, then right ones."""
    wrong = np.flatnonzero(predicted != data.y)
    right = np.flatnonzero(predicted == data.y)
    shown = np.concatenate([wrong[:COLUMNS], right])[: ROWS * COLUMNS]
    figure = sheet(9, 6)
    figure.suptitle(f"Held-out digits: {len(right)} right, {len(wrong)} wrong (wrong ones framed)")
    for axes, n in zip(figure.subplots(ROWS, COLUMNS).flat, shown, strict=False):
        tile(axes, data.x[n].reshape(8, 8), int(predicted[n]), int(data.y[n]))
    save(figure, path)


def tile(axes: Axes, image: Floats, predicted: int, label: int) -> None:
    """Draw one digit with its predicted class; frame it when wrong."""
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=1)
    axes.set(xticks=[], yticks=[])
    good = predicted == label
    colour = GREY if good else VERMILLION
    axes.set_title(f"{predicted}" if good else f"✗ {predicted}, is {label}", color=colour)
    for spine in axes.spines.values():
        spine.set(color="#BBBBBB" if good else colour, linewidth=0.8 if good else 2.5)


@whole()
def filters(found: Floats, path: Path) -> None:
    """Draw each filter: blue where it looks for ink, red where it looks for none."""
    columns = 8
    figure = sheet(9, 1.15 * -(-len(found) // columns) + 0.6)
    figure.suptitle(f"{len(found)} filters: blue for ink, red for none")
    most = float(np.abs(found).max())
    for axes, filter in zip(
        figure.subplots(-(-len(found) // columns), columns).flat, found, strict=False
    ):
        axes.imshow(filter, cmap="RdBu", vmin=-most, vmax=most)
        axes.set(xticks=[], yticks=[])
    save(figure, path)


@whole()
def boundary(data: Examples, predict: Callable[[Floats], Labels], path: Path) -> None:
    """Colour the plane by predicted class and draw the training points over it."""
    figure = sheet(6, 6.2)
    axes = figure.subplots()
    paint(axes, predict, 1.1 * float(np.abs(data.x).max()))
    for k, (colour, marker) in enumerate(zip((BLUE, VERMILLION, GREEN), "os^", strict=True)):
        x = data.x[data.y == k]
        axes.scatter(*x.T, color=colour, marker=marker, label=f"class {k}", **DOTS)
    right = np.mean(predict(data.x) == data.y)
    axes.set(xlabel="$x_1$", ylabel="$x_2$", title=f"Spiral: {right:.1%} of training points right")
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    save(figure, path)


def paint(axes: Axes, predict: Callable[[Floats], Labels], reach: float) -> None:
    """Tint a square around the origin by the class predicted at each of its points."""
    ticks = np.linspace(-reach, reach, 500, dtype=np.float32)
    plane = np.stack(np.meshgrid(ticks, ticks), axis=-1)
    classes = predict(plane.reshape(-1, 2)).reshape(plane.shape[:2])
    box = (-reach, reach, -reach, reach)
    axes.imshow(classes, cmap=ListedColormap(TINTS), vmin=0, vmax=2, extent=box, origin="lower")
