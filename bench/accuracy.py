"""Errors of generated modules beside exact values and peers: `python -m bench.accuracy`."""

import argparse
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from bench import exact, flags, machine, regimes, sums, ulp
from bench.accuracy_peers import Call, calls
from bench.tables import markdown
from pullback.codegen import library
from tests.definitions import facts
from tests.reference import MP, forward, gradients
from tests.samples import cotangent, draw, module, run, sizes_of

DTYPES = ("float32", "float64")
SEEDS = 10
HELP = """\
examples:
  python -m bench.accuracy                       every section, into bench/results/accuracy.md
  python -m bench.accuracy --layers "softmax*" --sections ulp --out /tmp/look
"""
INTRODUCTION = f"""\
# Accuracy

Written by `python -m bench.accuracy`. Exact values have {ulp.MP.dps} digits and are those of the
inputs as rounded to the dtype. A cell is the largest error in ULPs, in brackets the median; a zero,
a −0.0, a wrong sign, a NaN or an infinity is counted where the exact value is a normal number of
the dtype, and errors are those of such values. Sums that may cancel ({", ".join(exact.BY_ROW)}) are
measured in ULPs of the largest entry of the row.
"""
Quantities = dict[str, Any]


def named(layer: str, found: Sequence[Any], inputs: Sequence[Any]) -> Quantities:
    """Results as (output, *gradients) under the names that the exact ones have."""
    if layer == "softmax_cross_entropy":
        return exact.by_label(found[0], found[1], inputs[1])
    if layer == "log_softmax":
        return exact.at_largest(found[0], found[1], inputs[0])
    names = {
        "layer_norm": ("y", "dx", "dgain", "dbias"),
        "log_sum_exp": ("value", "gradient"),
        "softmax": ("p", "dz"),
        "cross_entropy": ("loss", "dz"),
    }
    return dict(zip(names.get(layer, ("value", "slope")), found, strict=True))


def measured(
    layer: str, regime: str, dtype: str, by: dict[str, Call]
) -> dict[str, dict[str, ulp.Errors]]:
    """Errors of each quantity, by who computed it."""
    inputs = regimes.draw(layer, regime, dtype)
    g = regimes.cotangent(layer, inputs)
    wanted = exact.LAYERS[layer](*inputs, g)
    found: dict[str, dict[str, ulp.Errors]] = {quantity: {} for quantity in wanted}
    for name, call in by.items():
        with np.errstate(all="ignore"):
            results = named(layer, call(inputs, g), inputs)
        for quantity, value in results.items():
            rows = quantity in exact.BY_ROW
            found[quantity][name] = ulp.measure(np.asarray(value), wanted[quantity], rows)
    return found


def cell(errors: ulp.Errors | None) -> str:
    """The largest error, the median, and flaws."""
    if errors is None:
        return "—"
    if not errors.entries:
        return "none normal"
    counted = [f"{count} {flaw}" for flaw, count in errors.flaws.items() if count]
    return ", ".join([f"{number(errors.largest)} ({number(errors.median)})", *counted])


def number(value: float) -> str:
    """A few digits."""
    return f"{value:.1e}" if value >= 1e4 else f"{value:.0f}" if value >= 100 else f"{value:.2g}"


def ulp_section(pattern: str) -> str:
    """A table for each layer and dtype."""
    layers = [name for name in regimes.REGIMES if fnmatchcase(name, pattern)]
    parts = []
    with tqdm(
        total=2 * sum(len(regimes.REGIMES[n]) for n in layers), desc="ULPs", disable=None
    ) as bar:
        for layer in layers:
            by = calls(layer)
            heads = ["regime", "quantity", "of", *by]
            for dtype in DTYPES:
                rows = []
                for regime in regimes.REGIMES[layer]:
                    for quantity, errors in measured(layer, regime, dtype, by).items():
                        entries = str(next(iter(errors.values())).entries)
                        cells = [cell(errors.get(name)) for name in heads[3:]]
                        rows.append([regime, quantity, entries, *cells])
                    bar.update()
                parts.append(f"### {layer}, {dtype}\n\n{markdown(heads, rows)}")
    return "## ULPs\n\n" + "\n".join(parts)


def relative(found: object, exact: object) -> float:
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
        outputs.append(relative(output, forward(name, inputs)))
        slopes += [relative(found[k], e) for k, e in gradients(name, inputs, g).items()]
    return max(outputs), max(slopes)


def layers_section(pattern: str) -> str:
    """Every shipped layer, straight from its equations."""
    names = [name for name in library.shipped() if fnmatchcase(name, pattern)]
    rows = []
    for name in tqdm(names, desc="layers", disable=None):
        output, slope = worst(name)
        rows.append([name, f"{output:.1e}", f"{slope:.1e}"])
    words = (
        f"The largest errors in float64 over {SEEDS} random draws, relative to the largest entry\n"
        f"of an array, against the equations themselves at {MP.dps} digits."
    )
    return f"## Every layer\n\n{words}\n\n{markdown(['layer', 'output', 'gradients'], rows)}"


def sums_section(_: str) -> str:
    """Sums over a million rows, and a loss that is larger than memory."""
    found = list(tqdm(sums.long_sums(), total=len(sums.SUMS), desc="sums", disable=None))
    return (
        f"## Long sums\n\nRelative errors of float32 sums over {sums.ROWS:,} positive terms, by\n"
        f"the layout of the summed array; those above {sums.GOAL:.0e} in bold.\n\n"
        f"{sums.table(found)}\n"
        "A loss over a broadcast view of more than 2³¹ entries, its memory limited; and smaller\n"
        f"ones without a limit.\n\n{sums.huge()}"
    )


def flags_section(_: str) -> str:
    """What `np.errstate` sees over finite inputs."""
    words = "What finite inputs raise under `np.errstate(all='raise')`."
    return f"## Floating-point flags\n\n{words}\n\n{flags.table()}"


SECTIONS = {
    "ulp": ulp_section,
    "layers": layers_section,
    "sums": sums_section,
    "flags": flags_section,
}


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    made = argparse.ArgumentParser(
        prog="python -m bench.accuracy",
        description="Measure errors of generated modules beside exact values and peers.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--layers", default="*", metavar="PATTERN", help="layers of that name")
    made.add_argument("--sections", nargs="+", choices=SECTIONS, default=tuple(SECTIONS))
    made.add_argument("--out", type=Path, default=Path("bench/results"), metavar="DIR")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and write; returns the exit status."""
    given = parser().parse_args(arguments)
    try:
        parts = [SECTIONS[name](given.layers).rstrip() for name in given.sections]
    except KeyboardInterrupt:
        print("\ninterrupted; nothing is written", file=sys.stderr)
        return 130
    packages = ", ".join(f"{n} {v}" for n, v in machine.describe()["packages"].items())
    text = "\n\n".join([INTRODUCTION + f"\n{packages}.", *parts]) + "\n"
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "accuracy.md").write_text(text, encoding="utf-8")
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
