"""Train a small convolutional network on the digits, beside the perceptron, from several starts."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from examples import digits, pictures
from examples.network import Descent, Epoch, Examples, Floats, Labels
from generated import conv2d, conv_net, max_pool2d, relu, softmax_cross_entropy

EPOCHS, SEEDS, GOAL = 40, 5, 0.97
FILTERS, SIDE, CLASSES = 32, 8, 10
STEP, MOMENTUM, LAMDA = 0.02, 0.9, 1e-3
BATCH, NOISE = 16, 0.15


class Parameters(NamedTuple):
    """Filters, their biases, weights and biases of the output, as the generated module has them."""

    w: Floats
    b: Floats
    W: Floats
    a: Floats


def images(x: Floats) -> Floats:
    """Rows of pixels as images with one channel."""
    return x.reshape(-1, 1, SIDE, SIDE)


def initial(rng: np.random.Generator) -> Parameters:
    """Draw normal weights that keep the scale of what goes through; biases start at zero."""
    w = (2 / 9) ** 0.5 * rng.standard_normal((FILTERS, 1, 3, 3))
    pooled = (FILTERS, SIDE // 2, SIDE // 2)
    W = (2 / np.prod(pooled)) ** 0.5 * rng.standard_normal((*pooled, CLASSES))
    drawn = w, np.zeros(FILTERS), W, np.zeros(CLASSES)
    return Parameters(*(array.astype(np.float32) for array in drawn))


def slope(p: Parameters, batch: Examples) -> tuple[float, list[Floats]]:
    """The mean cross-entropy of a batch and its gradients, those of weights with a penalty."""
    loss, g = conv_net.value_and_grad(images(batch.x), *p, batch.y)
    return float(loss), [g.dw + LAMDA * p.w, g.db, g.dW + LAMDA * p.W, g.da]


def scores(p: Parameters, x: Floats) -> Floats:
    """The logits of each image."""
    pooled = max_pool2d.value(relu.value(conv2d.value(images(x), p.w, p.b)))
    found: Floats = pooled.reshape(len(x), -1) @ p.W.reshape(-1, CLASSES) + p.a
    return found


def predict(p: Parameters, x: Floats) -> Labels:
    """Return the class with the highest score for each image."""
    labels: Labels = np.argmax(scores(p, x), axis=1)
    return labels


def measured(p: Parameters, data: Examples) -> tuple[float, float]:
    """The mean cross-entropy, and the share of images whose predicted class is their label."""
    z = scores(p, data.x)
    right = float(np.mean(np.argmax(z, axis=1) == data.y))
    return float(np.mean(softmax_cross_entropy.value(z, data.y))), right


def fit(train: Examples, held: Examples, epochs: int, seed: int) -> tuple[Parameters, list[Epoch]]:
    """Descend as the perceptron does; return parameters and history."""
    rng = np.random.default_rng(seed)
    p = initial(rng)
    descent = Descent(p, slope, MOMENTUM)
    history = []
    with tqdm(range(epochs), desc=f"convolution, seed {seed}", unit="epoch") as bar:
        for epoch in bar:
            digits.one_pass(descent, train, STEP * (1 - epoch / epochs), rng, BATCH, NOISE)
            (loss, right), (held_loss, held_right) = measured(p, train), measured(p, held)
            history.append(Epoch(loss, held_loss, right, held_right))
            bar.set_postfix({"loss": f"{loss:.3f}", "held out": f"{held_right:.1%}"}, refresh=False)
    return p, history


def words(name: str, shares: list[float]) -> str:
    """A row of the table: each seed's share of held-out digits, their mean and their spread."""
    each = " ".join(f"{share:.1%}" for share in shares)
    return (
        f"  {name:<22} {each}   mean {np.mean(shares):.2%}, standard deviation {np.std(shares):.2%}"
    )


def run(epochs: int, seed: int, out: Path) -> tuple[float, float]:
    """Train both from several starts, save pictures of the first network, print a table.

    Returns the mean held-out accuracy of the network, and a goal.
    """
    train, held = digits.load()
    seeds = range(seed, seed + SEEDS)
    fits = [fit(train, held, epochs, each) for each in seeds]
    ours = [history[-1].held_accuracy for _, history in fits]
    theirs = [digits.fit(train, held, digits.EPOCHS, each)[1][-1].held_accuracy for each in seeds]
    print(f"convolution: held-out digits right of {len(held.y)}, seeds {seeds[0]} to {seeds[-1]}")
    print(words("convolutional network", ours))
    print(words("perceptron", theirs))
    p, history = fits[0]
    pictures.curves(history, out / "convolution_curves.png")
    pictures.predictions(held, predict(p, held.x), out / "convolution_predictions.png")
    pictures.filters(p.w[:, 0], out / "convolution_filters.png")
    return float(np.mean(ours)), GOAL
