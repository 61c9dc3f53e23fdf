"""Train the perceptron on the spiral of the CS231n course notes, full batch."""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from examples import network, pictures
from examples.network import Examples, Parameters

EPOCHS = 10_000
GOAL = 0.97
CLASSES, POINTS = 3, 100
HIDDEN, LAMDA, STEP = 100, 1e-3, 1.0


def load(rng: np.random.Generator) -> Examples:
    """Draw one noisy arm of the spiral per class."""
    radius = np.tile(np.linspace(0, 1, POINTS), CLASSES)
    angle = np.concatenate([np.linspace(4 * j, 4 * j + 4, POINTS) for j in range(CLASSES)])
    angle += 0.2 * rng.standard_normal(angle.shape)
    x = np.column_stack([radius * np.sin(angle), radius * np.cos(angle)])
    return Examples(x.astype(np.float32), np.repeat(np.arange(CLASSES), POINTS))


def fit(data: Examples, epochs: int, rng: np.random.Generator) -> Parameters:
    """Take one step on all points per epoch, from small random weights."""
    p = network.initial(rng, (2, HIDDEN, CLASSES), (0.01, 0.01))
    descent = network.descent(p, LAMDA)
    with tqdm(range(epochs), desc="spiral", unit="step") as bar:
        for epoch in bar:
            loss = descent.step(data, STEP)
            if epoch % 500 == 499 or epoch == epochs - 1:
                bar.set_postfix(loss=f"{loss:.3f}", right=f"{network.accuracy(p, data):.1%}")
    return p


def run(epochs: int, seed: int, out: Path) -> tuple[float, float]:
    """Train, save the decision boundary, print a line; return the training accuracy and a goal."""
    rng = np.random.default_rng(seed)
    data = load(rng)
    p = fit(data, epochs, rng)
    accuracy = network.accuracy(p, data)
    print(f"spiral: {accuracy:.1%} of {len(data.y)} training points right")
    pictures.boundary(data, lambda x: network.predict(p, x), out / "spiral_boundary.png")
    return accuracy, GOAL
