"""Train a recurrent network on the letters of `docs/`: each letter from those before it."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from examples import pictures
from generated import affine, embedding, lstm, softmax_cross_entropy

EPOCHS = 4
TEXTS = sorted((Path(__file__).parent.parent / "docs").glob("*.md"))
FEATURES, UNITS, PLACES, BATCH = 32, 128, 50, 32
STEP, DECAY = 4e-3, (0.9, 0.99)
GATES = ("i", "f", "g", "o")
# as forward of the generated module takes them, behind the letters' features
ORDER = ("Wi", "s0", "Ui", "bi", "Wf", "Uf", "bf", "Wg", "Ug", "bg", "Wo", "Uo", "bo", "c0")
Floats = NDArray[np.float32]
Labels = NDArray[np.integer]
Parameters = dict[str, Floats]


def corpus() -> tuple[str, Labels, Labels]:
    """The letters that there are; those of nine tenths of the text, and of the last one."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in TEXTS)
    letters = "".join(sorted(set(text)))
    numbers = np.array([letters.index(letter) for letter in text])
    end = len(numbers) * 9 // 10
    return letters, numbers[:end], numbers[end:]


def initial(rng: np.random.Generator, letters: int) -> Parameters:
    """Normal weights that keep the scale of what goes through; cells begin by keeping."""
    found = {"E": rng.standard_normal((letters, FEATURES)) / 2}
    for gate in GATES:
        found["W" + gate] = rng.standard_normal((FEATURES, UNITS)) / FEATURES**0.5
        found["U" + gate] = rng.standard_normal((UNITS, UNITS)) / UNITS**0.5
        found["b" + gate] = np.full(UNITS, 1.0 if gate == "f" else 0.0)
    found["V"] = rng.standard_normal((UNITS, letters)) / UNITS**0.5
    found["a"] = np.zeros(letters)
    return {name: value.astype(np.float32) for name, value in found.items()}


def given(p: Parameters, count: int) -> list[Floats]:
    """What the recurrent layer takes beside its inputs: states and cells begin at 0."""
    zero = np.zeros((count, UNITS), np.float32)
    return [zero if name in ("s0", "c0") else p[name] for name in ORDER]


def slope(p: Parameters, x: Labels, y: Labels) -> tuple[float, Parameters]:
    """The mean cross-entropy of what follows each letter, and its gradients, layer by layer."""
    features, of_letters = embedding.forward(x, p["E"])
    states, of_states = lstm.forward(features, *given(p, len(x)))
    rows = states.reshape(-1, UNITS)
    scores, of_scores = affine.forward(rows, p["V"], p["a"])
    losses, of_losses = softmax_cross_entropy.forward(scores, y.ravel())
    share = np.full_like(losses, 1 / len(losses))  # each has in the mean
    out = affine.backward(softmax_cross_entropy.backward(share, of_losses).dz, of_scores)
    inner = lstm.backward(out[0].reshape(states.shape), of_states)
    found = {name: getattr(inner, "d" + name) for name in ORDER if name in p}
    found |= {"E": embedding.backward(inner.dx, of_letters).dE, "V": out[1], "a": out[2]}
    return float(losses.mean()), found


def predicted(p: Parameters, x: Labels) -> Labels:
    """The letter that is most likely to follow, at each place."""
    features = embedding.value(x, p["E"])
    states = lstm.value(features, *given(p, len(x)))
    found: Labels = np.argmax(states @ p["V"] + p["a"], axis=-1)
    return found


def cut(text: Labels) -> tuple[Labels, Labels]:
    """The text in pieces of so many letters, and what follows each letter."""
    count = (len(text) - 1) // PLACES
    x, y = text[: count * PLACES], text[1 : count * PLACES + 1]
    return x.reshape(count, PLACES), y.reshape(count, PLACES)


def by_one_letter(text: Labels, held: Labels) -> float:
    """The share of letters that the one before alone tells: what follows it most often."""
    count = np.zeros((max(text.max(), held.max()) + 1,) * 2)
    np.add.at(count, (text[:-1], text[1:]), 1)
    return float(np.mean(np.argmax(count, axis=1)[held[:-1]] == held[1:]))


def fit(
    text: Labels, held: Labels, letters: int, epochs: int, seed: int
) -> tuple[Parameters, list[float]]:
    """Adam's steps on pieces in a random order; parameters, and the losses on the way."""
    rng = np.random.default_rng(seed)
    p = initial(rng, letters)
    means = {name: (np.zeros_like(a), np.zeros_like(a)) for name, a in p.items()}
    x, y = cut(text)
    losses: list[float] = []
    steps = epochs * (len(x) // BATCH)
    with tqdm(range(steps), desc="letters", unit="step") as bar:
        for step in bar:
            if step % (len(x) // BATCH) == 0:
                order = rng.permutation(len(x))
            chosen = order[step % (len(x) // BATCH) * BATCH :][:BATCH]
            loss, slopes = slope(p, x[chosen], y[chosen])
            losses.append(loss)
            rate = STEP * (1 - step / steps)
            for name, (mean, square) in means.items():
                mean += (1 - DECAY[0]) * (slopes[name] - mean)
                square += (1 - DECAY[1]) * (slopes[name] ** 2 - square)
                known = [1 - d ** (step + 1) for d in DECAY]
                p[name] -= rate * (mean / known[0]) / (np.sqrt(square / known[1]) + 1e-8)
            bar.set_postfix({"loss": f"{np.mean(losses[-50:]):.3f}"}, refresh=False)
    return p, losses


def written(p: Parameters, letters: str, begin: str, count: int, rng: np.random.Generator) -> str:
    """What the network writes behind a beginning."""
    text = begin
    for _ in range(count):
        x = np.array([[letters.index(letter) for letter in text[-PLACES:]]])
        states = lstm.value(embedding.value(x, p["E"]), *given(p, 1))
        scores = (states[0, -1] @ p["V"] + p["a"]).astype(float) / 0.7
        share = np.exp(scores - scores.max())
        text += letters[rng.choice(len(letters), p=share / share.sum())]
    return text


def run(epochs: int, seed: int, out: Path) -> tuple[float, float]:
    """Train, print what the network writes, save its losses as a picture.

    Returns the share of held-out letters told right, and the share that the letter before tells.
    """
    letters, text, held = corpus()
    p, losses = fit(text, held, len(letters), epochs, seed)
    x, y = cut(held)
    right, alone = float(np.mean(predicted(p, x) == y)), by_one_letter(text, held)
    print(
        f"letters: {right:.1%} of {y.size:,} held-out letters right; {alone:.1%} by the one before"
    )
    print(written(p, letters, "The gradient ", 300, np.random.default_rng(seed)))
    pictures.losses(losses, out / "letters_losses.png")
    return right, alone
