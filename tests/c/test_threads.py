"""Kernels in pieces, on one thread and on several: the same numbers, bit by bit."""

import os
import threading

import numpy as np
import pytest

from tests.c.building import derivation, draw, modules, needs_cc
from tests.c.test_kernels import DEFINITIONS, MORE, SIZES, close

pytestmark = needs_cc


def same(*results):
    """Are they alike, bit by bit?"""
    return all(
        a.tobytes() == b.tobytes()
        for other in results[1:]
        for a, b in zip(results[0], other, strict=True)
    )


def drawn(name, count, length, dtype, more=MORE):
    """Inputs of these sizes, and a cotangent of the output."""
    layer = derivation(DEFINITIONS[name]).layer
    lead = str(layer.inputs[0].indices[0].size)
    sizes = {str(i.size): length for t in layer.inputs for i in t.indices}
    sizes |= {lead: max(count, 1)} | {k: v for k, v in more.items() if k in sizes and k != lead}
    if name == "parts":
        sizes |= {"J": length, "B": max(1, count // 8)}
    return draw(layer, sizes, np.random.default_rng(3), 1.0, dtype)


def numbers(module, inputs):
    """Output and gradients."""
    output, cache = module.forward(**inputs)
    g = np.random.default_rng(4).normal(size=np.shape(output)).astype(np.asarray(output).dtype)
    return [np.copy(a) for a in (output, *module.backward(g if np.ndim(output) else 1.5, cache))]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", DEFINITIONS)
def test_pieces_beside_the_whole(monkeypatch, name, dtype):
    """Rows are the same; sums over rows are rounded once, however they are parted."""
    mine = modules(DEFINITIONS[name])[0]
    for count, length in SIZES:
        inputs = drawn(name, count, length, dtype)
        with np.errstate(all="ignore"):
            monkeypatch.setattr(mine, "_LARGE", 2**60)
            whole = numbers(mine, inputs)
            monkeypatch.setattr(mine, "_LARGE", 0)
            for a, b in zip(numbers(mine, inputs), whole, strict=True):
                close(a, b, dtype, 1)
                if np.ndim(a) > 1:
                    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["entries", "softmax", "labels", "norm", "layers"])
def test_any_number_of_threads_gives_the_same_bits(monkeypatch, name):
    """So does a call in a thread, or behind a fork."""
    mine, numpy = modules(DEFINITIONS[name])
    inputs = drawn(name, 1500, 500, "float32", {} if name == "norm" else MORE)
    found, at_work = [], set()
    call_each = mine._call_each

    def watched(call, blocks):
        def noted(block):
            at_work.add(threading.get_ident())
            return call(block)

        return call_each(noted, blocks)

    monkeypatch.setattr(mine, "_call_each", watched)
    for threads in ("1", "2", "7"):
        monkeypatch.setattr(mine, "_threads", lambda t=threads: int(t))
        found.append(numbers(mine, inputs))
    assert same(*found) and len(at_work) > 1
    for a, b in zip(found[0], numbers(numpy, inputs), strict=True):
        close(a, b, "float32", 8)
    others = []
    thread = threading.Thread(target=lambda: others.append(numbers(mine, inputs)))
    thread.start()
    thread.join()
    assert same(found[0], *others)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_process_may_fork_between():
    mine = modules(DEFINITIONS["softmax"])[0]
    inputs = drawn("softmax", 1500, 500, "float64")
    wanted = numbers(mine, inputs)
    child = os.fork()
    if not child:
        os._exit(0 if same(numbers(mine, inputs), wanted) else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_threads_are_as_many_as_is_said(monkeypatch):
    mine = modules(DEFINITIONS["softmax"])[0]
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(64), raising=False)
    for variable in ("PULLBACK_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(variable, raising=False)
    assert mine._threads() == mine._PIECES
    for given, wanted in (("1", 1), ("3", 3), ("0", 1), ("1000", mine._PIECES), ("x", 8), ("", 8)):
        monkeypatch.setenv("OMP_NUM_THREADS", given)
        assert mine._threads() == wanted
    monkeypatch.setenv("PULLBACK_THREADS", "2")
    assert mine._threads() == 2


def test_where_no_thread_can_be_had_one_does_the_work(monkeypatch):
    mine = modules(DEFINITIONS["softmax"])[0]
    inputs = drawn("softmax", 1500, 500, "float64")
    wanted = numbers(mine, inputs)

    def refused(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(mine, "_threads", lambda: 4)
    monkeypatch.setattr(threading.Thread, "start", refused)
    assert same(numbers(mine, inputs), wanted)


def test_no_memory_in_a_piece_is_said(monkeypatch):
    mine = modules(DEFINITIONS["softmax"])[0]
    inputs = drawn("softmax", 1500, 500, "float64")
    built = {name: (lambda block: 1, *rest) for name, (_, *rest) in mine._built(8).items()}
    monkeypatch.setitem(mine._FOUND, 8, built)
    with pytest.raises(MemoryError, match="found no memory for some rows"):
        mine.forward(**inputs)
