"""A small GPT-2 in one definition, gpt2.toml: derived, proved, trained on the project's own pages.

`python -m examples.gpt2` says how long each stage takes, and what the network writes in the end.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from generated import layer_norm, transformer_block
from pullback.codegen import library
from pullback.codegen.compiler import lowered
from pullback.codegen.targets.numpy.loading import loaded
from pullback.derive.calculus.derivation import derive
from pullback.derive.proof.proving import Proof, prove
from pullback.derive.read.reader import read_layer

FILE = Path(__file__).with_name("gpt2.toml")
PAGES = sorted((Path(__file__).parent.parent / "docs").glob("*.md"))
FEATURES, HEADS, PLACES, BATCH = 64, 4, 64, 16
STEPS, STEP, DECAY = 300, 3e-3, (0.9, 0.99)
BLOCK = ("g", "h", "Q", "q", "K", "k", "V", "v", "O", "o", "r", "s", "W", "c", "U", "u")
Array = NDArray[Any]
Parameters = dict[str, Array]


def proof(clock: Any = time.process_time) -> Proof:
    """The definition, derived and proved; a line says how long that took."""
    name, source = library.find(str(FILE))
    start = clock()
    derivation = derive(read_layer(name, source, library.called_from(str(FILE))))
    middle = clock()
    found = prove(derivation)
    steps = [check.every_size for _, check in found.steps]
    print(
        f"{len(derivation.layer.nodes)} nodes derived in {middle - start:.1f} s of CPU; "
        f"{len(steps)} steps proved in {clock() - middle:.1f} s, {sum(map(bool, steps))} of them "
        "for every size"
    )
    return found


def compiled(proof: Proof) -> ModuleType:
    """Its NumPy module."""
    made = lowered(proof)
    return loaded(made.emit().module, made.layer)


def initial(rng: np.random.Generator, tokens: int, dtype: Any = np.float32) -> Parameters:
    """Normal weights, smaller where they lead back to what is added up; gains are 1, the rest 0."""
    D, H, E = FEATURES, HEADS, FEATURES // HEADS
    shapes: dict[str, tuple[int, ...]] = {
        "E": (tokens, D),
        "P": (PLACES, D),
        "g3": (D,),
        "h3": (D,),
    }
    for k in "12":
        inner = dict.fromkeys("QKV", (D, H, E)) | dict.fromkeys("qkv", (H, E))
        inner |= {"O": (H, E, D), "W": (D, 4 * D), "c": (4 * D,), "U": (4 * D, D)}
        shapes |= {w + k: inner.get(w, (D,)) for w in BLOCK}
    scale = {"E": 0.02, "P": 0.01, "O": 0.02 / 2, "U": 0.02 / 2}
    found = {}
    for name, shape in shapes.items():
        drawn = scale.get(name[0], 0.02) * rng.standard_normal(shape)
        gain = name[0] in "gr"
        found[name] = drawn if len(shape) > 1 and name[0] not in "qkv" else np.full(shape, gain)
    return {name: value.astype(dtype) for name, value in found.items()}


def logits(p: Parameters, tokens: Array) -> Array:
    """What follows each token: the same network, from modules of its parts."""
    length = tokens.shape[1]
    x = p["E"][tokens] + p["P"][:length]
    mask = np.tril(np.ones((length, length), x.dtype))
    for k in "12":
        weights = [p[w + k] for w in BLOCK]
        x = transformer_block.value(x, *weights[:8], mask, *weights[8:])
    found: Array = layer_norm.value(x, p["g3"], p["h3"]) @ p["E"].T
    return found


class Adam:
    """Steps in which each parameter's slope is measured by its own size; updates in place."""

    def __init__(self, p: Parameters) -> None:
        self.p, self.count = p, 0
        self.mean = {n: np.zeros_like(a) for n, a in p.items()}
        self.square = {n: np.zeros_like(a) for n, a in p.items()}

    def step(self, gradients: Any, size: float) -> None:
        """Take one step of the given size."""
        self.count += 1
        first, second = (1 - decay**self.count for decay in DECAY)
        for name, value in self.p.items():
            g = getattr(gradients, f"d{name}")
            self.mean[name] += (1 - DECAY[0]) * (g - self.mean[name])
            self.square[name] += (1 - DECAY[1]) * (g * g - self.square[name])
            value -= size * (self.mean[name] / first) / (np.sqrt(self.square[name] / second) + 1e-8)


def corpus() -> tuple[str, Array]:
    """The letters that there are, and the text as their places among these."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    text = "".join(letter for letter in text if letter.isascii())
    letters = "".join(sorted(set(text)))
    return letters, np.array([letters.index(letter) for letter in text])


def train(module: ModuleType, p: Parameters, text: Array, steps: int, seed: int) -> list[float]:
    """Take steps on random stretches of the text; return the loss before each."""
    rng, descent, losses = np.random.default_rng(seed), Adam(p), []
    with tqdm(range(steps), desc="gpt2", unit="step") as bar:
        for step in bar:
            starts = rng.integers(len(text) - PLACES, size=BATCH)
            rows = text[starts[:, None] + np.arange(PLACES + 1)]
            loss, gradients = module.value_and_grad(i=rows[:, :-1], y=rows[:, 1:], **p)
            descent.step(gradients, STEP * min(1, (step + 1) / 20) * (1 - step / steps))
            losses.append(float(loss))
            bar.set_postfix(loss=f"{loss:.2f}", refresh=False)
    return losses


def written(p: Parameters, letters: str, begin: str, count: int, seed: int) -> str:
    """What the network writes behind a beginning, letter by letter."""
    rng, found = np.random.default_rng(seed), [letters.index(letter) for letter in begin]
    for _ in range(count):
        z = logits(p, np.array([found[-PLACES:]]))[0, -1].astype(float)
        chances = np.exp(z - z.max())
        found.append(int(rng.choice(len(letters), p=chances / chances.sum())))
    return "".join(letters[token] for token in found)


def main() -> None:
    """Derive, prove, train, write."""
    parser = argparse.ArgumentParser(prog="python -m examples.gpt2", description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS, help=f"of training (default: {STEPS})")
    parser.add_argument("--seed", type=int, default=0, help="of start and order (default: 0)")
    given = parser.parse_args()
    module = compiled(proof())
    letters, text = corpus()
    p = initial(np.random.default_rng(given.seed), len(letters))
    count = sum(a.size for a in p.values())
    print(f"{count} parameters; {len(text)} letters of {len(letters)} kinds, {len(PAGES)} pages")
    losses = train(module, p, text, given.steps, given.seed)
    print(f"loss {losses[0]:.2f} at first, {np.mean(losses[-10:]):.2f} in the end (nats a letter)")
    print(written(p, letters, "The gradient ", 200, given.seed))


if __name__ == "__main__":
    main()
