"""One process of the benchmark: its thread pools are set before anything is loaded.

Reads a job as JSON from its first argument and prints a line of JSON for each row.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from bench import machine, tasks, timing
from bench.tasks import Row


def results(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each row's seconds in each round, by entrant."""
    for layer, shape, dtype in job["rows"]:
        row = Row(layer, tuple(shape), dtype)
        operands = tasks.draw(row)
        entrants, left_out = timing.enter(row, operands)
        errors = timing.check(row, operands, entrants)
        seconds = timing.time_rounds(entrants, job["rounds"], job["seconds"])
        yield {
            "layer": layer,
            "shape": shape,
            "dtype": dtype,
            "threads": job["threads"],
            "work": row.work,
            "seconds": seconds,
            "left_out": left_out,
            "errors": errors,
        }


def main(job: dict[str, Any]) -> int:
    """Print the results, and at last the machine, when all libraries are loaded."""
    limit_torch(job["threads"])
    try:
        for result in results(job):
            print(json.dumps(result), flush=True)
    except timing.Mismatch as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return 1
    except KeyboardInterrupt:
        return 130
    print(json.dumps({"machine": machine.describe()}), flush=True)
    return 0


def limit_torch(threads: int) -> None:
    """PyTorch has a setting of its own."""
    try:
        import torch
    except ImportError:
        return
    torch.set_num_threads(threads)


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
