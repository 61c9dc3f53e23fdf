"""Train the generated perceptron on several processes with PyTorch, DDP or FSDP2, over gloo.

Each process has rows of its own, one more of them than another. The processes are started here,
or by torchrun: `torchrun --nproc-per-node 4 -m examples.parallel_torch`.
"""

import argparse
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, NamedTuple

import torch
from torch import distributed
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel
from torch.utils._python_dispatch import TorchDispatchMode

import pullback
from examples.parallel import LAMDA, MOMENTUM, STEP, Problem, alone, furthest, problem, shown

ENGINES = ("ddp", "fsdp")


class Found(NamedTuple):
    """The weights; of the last step, what goes into collectives, and what a process sends."""

    weights: dict[str, torch.Tensor]
    collectives: dict[str, int]
    sent: int


class Collectives(TorchDispatchMode):
    """Counts the bytes of the arrays that collectives work on, whole, by their kinds."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes: dict[str, int] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation, and look at it."""
        space, _, name = func.name().partition("::")
        if space == "c10d":
            leaves = torch.utils._pytree.tree_leaves(args)
            most = max((v.nbytes for v in leaves if isinstance(v, torch.Tensor)), default=0)
            self.bytes[name.strip("_")] = self.bytes.get(name.strip("_"), 0) + most
        return func(*args, **(kwargs or {}))


def written() -> int:
    """The bytes that this process has written: to sockets, and hardly anything else."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("wchar"))


def train(
    mlp: ModuleType, given: Problem, engine: str, counts: list[int], steps: int, rank: int
) -> Found:
    """Some steps of descent of one process of a group, which has so many of the rows."""
    first = sum(counts[:rank])
    x, y = (torch.tensor(v[first : first + counts[rank]]) for v in (given.x, given.y))
    net = mlp.Module(**{name: torch.tensor(v) for name, v in given.weights.items()})
    model = DistributedDataParallel(net) if engine == "ddp" else fully_shard(net)
    descent = torch.optim.SGD(model.parameters(), STEP, MOMENTUM)
    # both engines take the mean over processes, and what is wanted is the weighted sum
    cotangent = torch.tensor(mlp.parts(counts)[rank]["L"] * len(counts), dtype=x.dtype)
    for _ in range(steps):
        before, counted = written(), Collectives()
        with counted:
            descent.zero_grad()
            model(x, y, LAMDA).backward(cotangent)
            descent.step()
    distributed.barrier()
    sent = written() - before
    found = {name: v.detach() for name, v in net.named_parameters()}
    whole = {n: v.full_tensor() if isinstance(v, DTensor) else v for n, v in found.items()}
    return Found(whole, counted.bytes, sent)


def process(rank: int, folder: str, counts: list[int], *more: Any) -> None:
    """What a process that was started here does; the first one leaves what it found."""
    torch.set_num_threads(1)
    where = f"file://{folder}/meeting"
    distributed.init_process_group("gloo", where, rank=rank, world_size=len(counts))
    mlp, given, engine, steps = more
    found = train(mlp, given, engine, counts, steps, rank)
    if rank == 0:
        torch.save(tuple(found), f"{folder}/found")
    distributed.destroy_process_group()


def started(mlp: ModuleType, given: Problem, engine: str, counts: list[int], steps: int) -> Found:
    """The same in processes that are started for it, with what is here already."""
    with TemporaryDirectory() as folder:
        torch.multiprocessing.start_processes(
            process, (folder, counts, mlp, given, engine, steps), len(counts), start_method="fork"
        )
        return Found(*torch.load(f"{folder}/found"))


def unequal(rows: int, processes: int) -> list[int]:
    """How many rows each has: 1, 2, 3, … shares."""
    shares = [rows * k // sum(range(processes + 1)) for k in range(1, processes + 1)]
    return [*shares[:-1], rows - sum(shares[:-1])]


def main() -> None:
    """Train with each engine, and print how far the weights are from those of one process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=4, help="without torchrun (%(default)s)")
    parser.add_argument("--rows", type=int, default=1000, help="examples (%(default)s)")
    parser.add_argument("--steps", type=int, default=20, help="steps of descent (%(default)s)")
    asked = parser.parse_args()
    given, mlp = problem(rows=asked.rows), pullback.compile("mlp", target="torch")
    joined = "RANK" in os.environ
    if joined:
        distributed.init_process_group("gloo")
    processes = distributed.get_world_size() if joined else asked.processes
    rank = distributed.get_rank() if joined else 0
    counts = unequal(asked.rows, processes)
    for engine in ENGINES:
        if joined:
            found = train(mlp, given, engine, counts, asked.steps, rank)
        else:
            found = started(mlp, given, engine, counts, asked.steps)
        if rank == 0:
            # of an array that is added up and is wanted everywhere, a process sends so much
            least = 2 * (processes - 1) / processes * given.bytes
            far = furthest(found.weights, alone(given, asked.steps))
            print(shown(f"{engine}, rows {counts}", far, found.sent, least), found.collectives)
    if joined:
        distributed.destroy_process_group()


if __name__ == "__main__":
    main()
