"""Gradients of the generated perceptron over more examples than memory holds, with dask.

The examples are made by chunks when they are needed, as chunks of a file would be read.
"""

import argparse
import os
import re
import resource
import signal
import time
from pathlib import Path
from typing import Any, NamedTuple

import dask.array as da
import numpy as np
from distributed import Client, LocalCluster

import pullback.dask
from examples.parallel import LAMDA, Problem, problem
from generated import mlp

FEATURES, HIDDEN, CLASSES = 256, 32, 10
ROWS = 32_768  # of a chunk: 32 MB
BYTES = 4


class Found(NamedTuple):
    """Loss and gradients, what workers sent, their largest memory, and the time that it took."""

    arrays: list[Any]
    traffic: int
    memory: int
    seconds: float


def larger_than_memory(gigabytes: float, rows: int = ROWS) -> tuple[da.Array, da.Array]:
    """Random examples x in float32 with labels y, in chunks of so many rows."""
    count = max(1, round(gigabytes * 1e9 / (BYTES * FEATURES * rows))) * rows
    rng = da.random.default_rng(0)
    x = rng.random((count, FEATURES), chunks=(rows, FEATURES), dtype=np.float32) - np.float32(0.5)
    return x, rng.integers(0, CLASSES, count, chunks=rows)


def weights() -> Problem:
    """Weights in float32."""
    given = problem(1, FEATURES, HIDDEN, CLASSES)
    return given._replace(weights={n: v.astype(np.float32) for n, v in given.weights.items()})


def of_workers(client: Client) -> dict[str, tuple[int, int]]:
    """By worker: the bytes that it has sent, and the most memory that it has had."""

    def asked(dask_worker: Any) -> tuple[int, int]:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        status = Path("/proc/self/status")
        if status.is_file():  # there ru_maxrss begins with what the parent has had
            own = re.search(r"^VmHWM:\s*(\d+)", status.read_text(), re.MULTILINE)
            most = int(own[1]) if own else most
        return dask_worker.transfer_outgoing_bytes_total, most * 1024

    found: dict[str, tuple[int, int]] = client.run(asked)
    return found


def worked_out(
    client: Client, x: da.Array, y: da.Array, given: Problem, groups: int, kill: bool = False
) -> Found:
    """Loss and gradients; where it is wanted, a worker is killed on the way."""
    before, start = of_workers(client), time.monotonic()
    value, gradients = pullback.dask.value_and_grad(
        mlp, x, *given.weights.values(), y, LAMDA, groups=groups
    )
    asked = client.compute([value, *gradients])
    if kill:
        end_one(client, asked)
    arrays = client.gather(asked)
    seconds, after = time.monotonic() - start, of_workers(client)
    traffic = sum(sent - before.get(name, (0, 0))[0] for name, (sent, _) in after.items())
    return Found(arrays, traffic, max(most for _, most in after.values()), seconds)


def end_one(client: Client, asked: list[Any]) -> None:
    """Kill a worker that has worked out a group of chunks already."""

    def groups_done(dask_scheduler: Any) -> list[str]:
        done = (t for t in dask_scheduler.tasks.values() if t.state == "memory")
        return [w.address for t in done if t.key.startswith("of_group") for w in t.who_has]

    while not (owners := client.run_on_scheduler(groups_done)):
        time.sleep(0.05)
    if any(future.done() for future in asked):
        raise RuntimeError("all is done before a worker could be killed: take more groups")
    (process,) = client.run(os.getpid, workers=owners[:1]).values()
    os.kill(process, signal.SIGKILL)


def main() -> None:
    """Work them out, print time, memory and traffic; once more with a worker killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=1, help="size of x (%(default)s)")
    parser.add_argument("--workers", type=int, default=4, help="processes (%(default)s)")
    parser.add_argument("--groups", type=int, default=16, help="runs of chunks (%(default)s)")
    parser.add_argument("--kill", action="store_true", help="kill a worker in a second run")
    asked = parser.parse_args()
    x, y = larger_than_memory(asked.gigabytes)
    given = weights()
    with (
        LocalCluster(
            n_workers=asked.workers, threads_per_worker=1, dashboard_address=":0"
        ) as cluster,
        Client(cluster) as client,
    ):
        found = worked_out(client, x, y, given, asked.groups)
        print(
            f"{x.nbytes / 1e9:.1f} GB in {len(x.chunks[0])} chunks: {found.seconds:.0f} s; "
            f"loss {found.arrays[0]:.6f}; peak of a worker {found.memory / 1e6:.0f} MB; "
            f"{found.traffic:,} bytes sent by workers, gradients are {given.bytes:,}"
        )
        if asked.kill:
            again = worked_out(client, x, y, given, asked.groups, kill=True)
            pairs = zip(found.arrays, again.arrays, strict=True)
            same = "the same" if all(np.array_equal(a, b) for a, b in pairs) else "other"
            print(f"with a worker killed: {again.seconds:.0f} s, {same} bytes")


if __name__ == "__main__":
    main()
