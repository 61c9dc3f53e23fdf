"""Train on generated gradients: `python -m examples.train [digits|convolution|letters|spiral]`."""

import argparse
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

NAMES = ("digits", "convolution", "letters", "spiral")
HELP = """\
examples:
  python -m examples.train                    all, pictures in examples/out/
  python -m examples.train digits --seed 3    another start and order
  python -m examples.train spiral --out /tmp  pictures elsewhere

exit status: 0 goals reached, 1 not reached or failed, 2 wrong arguments, 130 interrupted
"""


def at_least(low: int) -> Callable[[str], int]:
    """Return a reader of whole numbers no smaller than low."""

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < low:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {low}")
        return int(text)

    return read


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    made = argparse.ArgumentParser(
        prog="python -m examples.train",
        description="Train generated networks and save pictures of them.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("name", nargs="?", choices=NAMES, help="what to train (default: all)")
    made.add_argument(
        "--epochs",
        type=at_least(1),
        help="passes over the training data (default: digits 60, convolution 40, letters 4, "
        "spiral 10000)",
    )
    made.add_argument(
        "--seed", type=at_least(0), default=0, help="of start, noise and order (default: 0)"
    )
    made.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        default=Path(__file__).parent / "out",
        help="folder for the pictures (default: examples/out)",
    )
    return made


def train(name: str, epochs: int | None, seed: int, out: Path) -> bool:
    """Run one example; say so and return False when it misses the goal."""
    example = import_module(f"examples.{name}")
    accuracy, goal = example.run(epochs or example.EPOCHS, seed, out)
    if accuracy < goal:
        print(f"error: {name}: {accuracy:.2%} right, below the goal of {goal:.2%}", file=sys.stderr)
    return bool(accuracy >= goal)


def main(arguments: list[str] | None = None) -> int:
    """Train what the command line names; return the exit status."""
    given = parser().parse_args(arguments)
    names = [given.name] if given.name else NAMES
    try:
        given.out.mkdir(parents=True, exist_ok=True)
        reached = [train(name, given.epochs, given.seed, given.out) for name in names]
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    except ImportError as error:
        advice = "run `pullback generate` and `pip install -e '.[train]'` first"
        print(f"error: {error}; {advice}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: cannot write pictures: {error}", file=sys.stderr)
        return 1
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
