"""Layers on several processes of PyTorch: DDP and FSDP2 over gloo, beside one process."""

import pytest

from pullback.derive.calculus.derivation import derive
from pullback.derive.read.reader import read_equations
from tests.targets.making import needs, text
from tests.targets.parallel import found

pytestmark = needs("torch")

TRAINED = """
import json
import mlp_torch
from examples.parallel import alone, furthest, problem
from examples.parallel_torch import started
given = problem(rows=200)
wanted, trained = alone(given, 20), {}
for engine, counts in WAYS:
    f = started(mlp_torch, given, engine, counts, 20)
    found = furthest(f.weights, wanted), f.collectives, f.sent / given.bytes
    trained[f"{engine} {counts}"] = found
result = {"trained": trained, "weights": given.bytes}
"""
WAYS = [("ddp", [100, 100]), ("ddp", [1, 119, 50, 30]), ("fsdp", [60, 140])]
MORE = [("ddp", [50] * 4), ("ddp", [3, 197]), ("fsdp", [1, 119, 50, 30]), ("fsdp", [50] * 4)]

REST = """
import torch, tempfile
from torch import distributed
from torch.nn.parallel import DistributedDataParallel
import ridge_torch as ridge

def process(rank, folder):
    distributed.init_process_group("gloo", f"file://{folder}/meeting", rank=rank, world_size=2)
    x = torch.linspace(-1, 2, 21, dtype=torch.float64).reshape(7, 3)
    w = torch.arange(1.0, 4.0, dtype=torch.float64)
    net = ridge.Module(w=w.clone())
    model = DistributedDataParallel(net)
    *weights, rest = (2 * weight["L"] for weight in ridge.parts([5, 2]))
    own = x[:5] if rank == 0 else x[5:]
    loss = weights[rank] * model(own, 0.5)
    if rank == 0:  # what the parts have in common, taken off
        loss = loss + rest * net(x[:0], 0.5)
    loss.backward()
    wanted = 2 * x.T @ (x @ w) + w
    if rank == 0:
        torch.save(float((net.w.grad - wanted).abs().max()), f"{folder}/far")
    distributed.destroy_process_group()

with tempfile.TemporaryDirectory() as folder:
    torch.multiprocessing.start_processes(process, (folder,), 2, start_method="fork")
    result["rest"] = torch.load(f"{folder}/far")
"""
RIDGE = "L = sum(n, sum(d, x[n, d] * w[d])**2) + lamda * sum(d, w[d]**2)"
SAID = "print(json.dumps(result))"


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """The example by some ways, and a layer with a rest."""
    folder = tmp_path_factory.mktemp("torch")
    source = text(derive(read_equations("ridge", RIDGE, wrt=["w"])), "torch")
    (folder / "ridge_torch.py").write_text(source, encoding="utf-8")
    return found(f"WAYS = {WAYS}\n{TRAINED}{REST}{SAID}", folder, "torch", ["mlp"])


def holds(result, engine, counts):
    """Is it one process's descent, and does no more travel than that engine's collectives send?"""
    furthest, collectives, sent = result["trained"][f"{engine} {counts}"]
    assert furthest <= 1e-12
    share = (len(counts) - 1) / len(counts)
    if engine == "ddp":
        assert collectives == {"allreduce": result["weights"]}
        assert 2 * share <= sent <= 2 * share * 1.1
    else:  # weights come together, gradients are added up and cut; sizes are rounded up
        assert {*collectives} == {"allgather_base", "reduce_scatter_base"}
        assert all(
            result["weights"] <= size <= 1.1 * result["weights"] for size in collectives.values()
        )
        assert 2 * share <= sent <= 3 * share * 1.1


@pytest.mark.parametrize(("engine", "counts"), WAYS)
def test_twenty_steps_on_several_processes_are_those_on_one(result, engine, counts):
    holds(result, engine, counts)


def test_what_all_parts_have_in_common_is_there_once(result):
    assert result["rest"] <= 1e-12


@pytest.mark.slow
def test_more_processes_and_other_shares(tmp_path):
    result = found(f"WAYS = {MORE}\n{TRAINED}{SAID}", tmp_path, "torch", ["mlp"])
    for engine, counts in MORE:
        holds(result, engine, counts)
