"""Train the perceptron on scikit-learn's 8x8 digits; a third of them is held out."""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tqdm import tqdm

from examples import network, pictures
from examples.network import Descent, Epoch, Examples, Parameters

EPOCHS = 60
GOAL = 0.97
HIDDEN, BATCH, LAMDA = 128, 32, 1e-3
STEP, MOMENTUM = 0.1, 0.9
NOISE = 0.3  # fresh normal noise on every minibatch; pixels lie in [0, 1]


def load() -> tuple[Examples, Examples]:
    """Return training and held-out digits; the split is the same for every seed."""
    x, y = load_digits(return_X_y=True)
    x = (x / 16).astype(np.float32)
    x_train, x_held, y_train, y_held = train_test_split(
        x, y, test_size=1 / 3, stratify=y, random_state=0
    )
    return Examples(x_train, y_train), Examples(x_held, y_held)


def one_pass(
    descent: Descent,
    train: Examples,
    size: float,
    rng: np.random.Generator,
    batch: int = BATCH,
    noise: float = NOISE,
) -> None:
    """Step through the training digits once, in minibatches of a new random order."""
    order = rng.permutation(len(train.y))
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        x = train.x[rows]
        x += noise * rng.standard_normal(x.shape, dtype=x.dtype)
        descent.step(Examples(x, train.y[rows]), size)


def fit(train: Examples, held: Examples, epochs: int, seed: int) -> tuple[Parameters, list[Epoch]]:
    """Descend with momentum, the step falling linearly; return parameters and history."""
    rng = np.random.default_rng(seed)
    D = train.x.shape[1]
    p = network.initial(rng, (D, HIDDEN, 10), ((2 / D) ** 0.5, (2 / HIDDEN) ** 0.5))
    descent = network.descent(p, LAMDA, MOMENTUM)
    history = []
    with tqdm(range(epochs), desc="digits", unit="epoch") as bar:
        for epoch in bar:
            one_pass(descent, train, STEP * (1 - epoch / epochs), rng)
            now = network.assess(p, train, held)
            history.append(now)
            shown = {"loss": f"{now.loss:.3f}", "held out": f"{now.held_accuracy:.1%}"}
            bar.set_postfix(shown, refresh=False)
    return p, history


def run(epochs: int, seed: int, out: Path) -> tuple[float, float]:
    """Train, save curves and predictions, print a line; return the held-out accuracy and a goal."""
    train, held = load()
    p, history = fit(train, held, epochs, seed)
    predicted = network.predict(p, held.x)
    wrong = int(np.sum(predicted != held.y))
    accuracy = history[-1].held_accuracy
    print(f"digits: {accuracy:.1%} of {len(held.y)} held-out digits right, {wrong} wrong")
    pictures.curves(history, out / "digits_curves.png")
    pictures.predictions(held, predicted, out / "digits_predictions.png")
    return accuracy, GOAL
