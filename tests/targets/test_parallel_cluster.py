"""Layers over dask arrays on four processes: memory, traffic, a worker that is killed."""

import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("distributed", reason="distributed is not installed; make targets has it")
import dask
import dask.array as da
from distributed import Client, LocalCluster, wait

import pullback.dask
from examples import parallel_dask as example
from examples.parallel import LAMDA
from generated import mlp

GROUPS, WORKERS = 16, 4
GIGABYTE = 10**9


def slowly(block):
    time.sleep(0.03)
    return block


@pytest.fixture(scope="module")
def client():
    with (
        LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def given():
    """64 chunks that take their time."""
    x, y = example.larger_than_memory(0.067, rows=1024)
    return x.map_blocks(slowly, meta=np.empty((0, 0), np.float32)), y, example.weights()


@pytest.fixture(scope="module")
def found(client, given):
    return example.worked_out(client, *given, GROUPS)


def as_bytes(found):
    return [np.asarray(a).tobytes() for a in found.arrays]


def test_as_in_one_process(found, given):
    x, y, weights = given
    assert x.numblocks == (64, 1)
    x, y = dask.compute(x, y)
    value, gradients = mlp.value_and_grad(x, *weights.weights.values(), y, LAMDA)
    for a, b in zip(found.arrays, (value, *gradients), strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5 * np.max(np.abs(b)))


def test_workers_hand_on_sums_and_no_chunks(found, given):
    """Of each group one, the weights to each worker, and the result; and what they are called."""
    assert 0 < found.traffic <= 1.1 * (GROUPS + WORKERS) * given[2].bytes
    assert found.memory <= GIGABYTE


def test_a_group_to_each_worker_hands_on_the_least(client, given):
    found = example.worked_out(client, *given, WORKERS)
    assert found.traffic <= 1.1 * (2 * WORKERS - 1) * given[2].bytes


def test_a_worker_that_is_killed_changes_no_byte(client, given, found):
    again = example.worked_out(client, *given, GROUPS, kill=True)
    assert as_bytes(again) == as_bytes(found)
    assert as_bytes(example.worked_out(client, *given, GROUPS)) == as_bytes(found)


def test_chunks_that_lie_on_workers_already(client, given, found):
    """Each is a task of its own; what all chunks read may lie there and leaves them in groups."""
    x, y, weights = given
    x, y = client.persist([x, y])
    wait([x, y])
    assert as_bytes(example.worked_out(client, x, y, weights, GROUPS)) == as_bytes(found)
    shifted = x - 0 * client.persist(x.mean())
    assert as_bytes(example.worked_out(client, shifted, y, weights, GROUPS)) == as_bytes(found)
    once = given[0] - 0 * client.persist(given[0].mean())
    again = example.worked_out(client, once, given[1], weights, GROUPS)
    assert as_bytes(again) == as_bytes(found)
    assert again.traffic <= 1.2 * (GROUPS + WORKERS) * weights.bytes


def test_weights_may_lie_on_workers(client, given, found):
    x, y, weights = given
    futures = client.scatter([*weights.weights.values()], broadcast=True)
    known = zip(futures, weights.weights.values(), strict=True)
    lying = [da.from_delayed(f, v.shape, v.dtype) for f, v in known]
    asked = pullback.dask.value_and_grad(mlp, x, *lying, y, LAMDA, groups=GROUPS)
    arrays = client.gather(client.compute([asked[0], *asked[1]]))
    assert [np.asarray(a).tobytes() for a in arrays] == as_bytes(found)
    with pytest.raises(TypeError, match=r"W is a Future, whose shape nobody knows; pass dask\.arr"):
        pullback.dask.value_and_grad(mlp, x, futures[0], *lying[1:], y, LAMDA)


@pytest.mark.slow
def test_far_more_than_workers_hold(client):
    x, y = example.larger_than_memory(4)
    given = example.weights()
    found = example.worked_out(client, x, y, given, GROUPS)
    assert found.memory * WORKERS < x.nbytes / 2
    assert found.traffic <= 1.1 * (GROUPS + WORKERS) * given.bytes
    again = example.worked_out(client, x, y, given, GROUPS, kill=True)
    assert as_bytes(again) == as_bytes(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        "parallel_torch --processes 2 --steps 3 --rows 50",
        "parallel_jax --devices 2 --steps 3 --rows 50",
        "parallel_dask --gigabytes 0.2 --workers 2 --groups 6 --kill",
    ],
)
def test_the_examples_run(command):
    name, *options = command.split()
    pytest.importorskip(name.removeprefix("parallel_"))
    made = subprocess.run(
        [sys.executable, "-m", f"examples.{name}", *options],
        cwd=Path(__file__).parent.parent.parent,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert made.returncode == 0, made.stderr
    far = re.findall(r"furthest from one process: (\S+);", made.stdout)
    assert all(float(f) <= 1e-12 for f in far)
    assert len(far) == {"parallel_torch": 2, "parallel_jax": 3}.get(name, 0)
    assert far or "the same bytes" in made.stdout
