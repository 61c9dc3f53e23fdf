"""How far emitted gradients are from a 60-digit reference: `python -m tests.accuracy`.

For each shipped layer: the largest error of the output and of any gradient entry, relative to the
largest entry of its array, over random inputs in float64.
"""

import numpy as np

from codegen import library
from tests.definitions import facts
from tests.reference import MP, forward, gradients
from tests.samples import cotangent, draw, module, run, sizes_of

SEEDS = 10


def error(found: object, exact: object) -> float:
    """The largest error of an array, relative to its largest entry."""
    exact = np.atleast_1d(np.asarray(exact, object)).ravel()
    found = np.atleast_1d(np.asarray(found)).ravel()
    largest = max(abs(e) for e in exact)
    errors = (abs(MP.mpf(float(f)) - e) for f, e in zip(found, exact, strict=True))
    return float(max(errors) / largest) if largest else 0.0


def worst(name: str) -> tuple[float, float]:
    """The largest errors of a layer: of its output, and of its gradients."""
    layer = facts(name)
    outputs, slopes = [], []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        inputs = draw(layer, sizes_of(layer), rng)
        g = cotangent(layer, inputs, rng, "float64")
        output, found = run(module(name), layer, inputs, g)
        outputs.append(error(output, forward(name, inputs)))
        slopes += [error(found[k], e) for k, e in gradients(name, inputs, g).items()]
    return max(outputs), max(slopes)


def main() -> None:
    """Print a line for each layer."""
    print(f"largest relative error against {MP.dps} digits, float64, {SEEDS} draws each")
    for name in library.shipped():
        output, slope = worst(name)
        print(f"{name:<22} output {output:.1e}   gradients {slope:.1e}")


if __name__ == "__main__":
    main()
