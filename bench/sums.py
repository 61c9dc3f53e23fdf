"""Long sums in float32, and losses of more entries than 2³¹ in little memory."""

import json
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.ours import ours
from bench.tables import markdown

Array = NDArray[Any]
ROWS = 1_000_000
GOAL = 1e-6  # relative error of a sum of positive terms
HUGE = (65_600, 32_768)  # more than 2³¹ entries
MEMORY = 256 * 2**20


def row_major(a: Array) -> Array:
    """One row after the other."""
    return np.ascontiguousarray(a)


def column_major(a: Array) -> Array:
    """One column after the other."""
    return np.asfortranarray(a)


def strided(a: Array) -> Array:
    """Every other row of a larger array, and every third entry of these rows."""
    wide = np.zeros((2 * a.shape[0], 3 * a.shape[1]), a.dtype)
    wide[::2, ::3] = a
    return wide[::2, ::3]


LAYOUTS = (row_major, column_major, strided)


def columns(a: Array) -> Array:
    """The sum of each column, rounded once."""
    return np.array([math.fsum(column) for column in np.float64(a).T])


def affine(g: Array) -> tuple[Array, Array]:
    """Σ_n g_n, the gradient of a bias."""
    x, W, c = (np.ones(s, g.dtype) for s in ((ROWS, 1), (1, g.shape[1]), g.shape[1]))
    return ours("affine", (x, W, c), g)()[3], columns(g)


def embedding(g: Array) -> tuple[Array, Array]:
    """Every row of g added to one of two rows of a table."""
    y = np.arange(ROWS) % 2
    found = ours("embedding", embedding_inputs(y, g), g)()[1]
    return found, np.stack([columns(g[0::2]), columns(g[1::2])])


def embedding_inputs(y: Array, g: Array) -> list[Any]:
    """Labels and table in the order of the module's arguments."""
    given = {"y": y, "E": np.zeros((2, g.shape[1]), g.dtype)}
    code = import_module("generated.embedding").forward.__code__
    return [given[name] for name in code.co_varnames[: code.co_argcount]]


def norm_bias(g: Array) -> tuple[Array, Array]:
    """Σ_n g_n, the gradient of layer normalization's bias."""
    x = np.tile(np.arange(g.shape[1], dtype=g.dtype), (ROWS, 1))
    one = np.ones(g.shape[1], g.dtype)
    return ours("layer_norm", (x, one, one), g)()[3], columns(g)


def norm_gain(g: Array) -> tuple[Array, Array]:
    """Σ_n g_n xhat_n, with xhat of one sign in each column."""
    x = np.tile(np.arange(g.shape[1], dtype=g.dtype), (ROWS, 1))
    one = np.ones(g.shape[1], g.dtype)
    row = np.float64(x[0])
    xhat = (row - row.mean()) / np.sqrt(row.var() + 1e-5)
    return ours("layer_norm", (x, one, one), g)()[2], columns(g) * xhat


def squares(g: Array) -> tuple[Array, Array]:
    """The mean of all squares."""
    found = ours("mean_squared_error", (g, np.zeros_like(g)), np.float32(1))()[0]
    return found, np.array(math.fsum(np.square(np.float64(g)).ravel()) / g.size)


def weight_decay(g: Array) -> tuple[Array, Array]:
    """Half the sum of all squares."""
    given = {"W": g, "lamda": 1.0}
    code = import_module("generated.l2").forward.__code__
    inputs = [given[name] for name in code.co_varnames[: code.co_argcount]]
    found = ours("l2", inputs, np.float32(1))()[0]
    return found, np.array(math.fsum(np.square(np.float64(g)).ravel()) / 2)


def row_sum(g: Array) -> tuple[Array, Array]:
    """log Σ exp of rows of a million."""
    z = np.log(g.T)
    exact = np.array([math.log(math.fsum(np.exp(np.float64(row)))) for row in z])
    return ours("log_sum_exp", (z,), np.ones(len(z), g.dtype))()[0], exact


SUMS: dict[str, Callable[[Array], tuple[Array, Array]]] = {
    "affine, dc": affine,
    "layer_norm, dbias": norm_bias,
    "layer_norm, dgain": norm_gain,
    "embedding, dE": embedding,
    "mean_squared_error, L": squares,
    "l2, R": weight_decay,
    "log_sum_exp along a million": row_sum,
}


def long_sums() -> Iterator[tuple[str, list[float]]]:
    """For each sum the relative error in each layout."""
    drawn = np.random.default_rng(0).uniform(0.5, 1, (ROWS, 4)).astype(np.float32)
    for name, case in SUMS.items():
        errors = []
        for layout in LAYOUTS:
            found, exact = case(layout(drawn))
            errors.append(float(np.max(np.abs(found - exact) / np.abs(exact))))
        yield name, errors


def table(found: list[tuple[str, list[float]]]) -> str:
    """Errors, those beyond the goal in bold."""
    heads = ["sum", *(layout.__name__.replace("_", "-") for layout in LAYOUTS)]
    rows = [
        [name, *(f"**{e:.1e}**" if e > GOAL else f"{e:.1e}" for e in errors)]
        for name, errors in found
    ]
    return markdown(heads, rows)


# Run apart from us: the limit is on what it allocates, and its peak is its own.
CHILD = """
import json, re, resource, sys, time
import numpy as np
from generated import softmax_cross_entropy as code

def status(key):
    return 1024 * int(re.search(key + r":\\s*(\\d+)", open("/proc/self/status").read())[1])

rows, classes, memory = json.loads(sys.argv[1])
row = np.random.default_rng(0).standard_normal(classes, dtype=np.float32)
z, y = np.broadcast_to(row, (rows, classes)), np.full(rows, 5)
code.forward(z[:2], y[:2])
before = status("VmRSS")
if memory:
    resource.setrlimit(resource.RLIMIT_DATA, (status("VmData") + memory, -1))
start = time.perf_counter()
try:
    found = getattr(code, "value", lambda *a: code.forward(*a)[0])(z, y)
    exact = np.log(np.exp(row.astype(float)).sum()) - float(row[5])
    error = float(np.max(np.abs(found - exact)) / exact)
except MemoryError as failure:
    error = str(failure) or "no memory"
seconds = time.perf_counter() - start
print(json.dumps([error, seconds, max(0, status("VmHWM") - before)]))
"""


def loss_of(rows: int, classes: int, memory: int) -> tuple[Any, float, int]:
    """Relative error or why there is none, seconds, and bytes beyond those before the call."""
    command = [sys.executable, "-c", CHILD, json.dumps([rows, classes, memory])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if done.returncode:
        return f"ended with {done.returncode}", 0.0, 0
    error, seconds, peak = json.loads(done.stdout)
    return error, seconds, peak


def huge() -> str:
    """What becomes of a loss over more than 2³¹ entries, and how memory grows below that."""
    rows = []
    for shape, memory in (((656, HUGE[1]), 0), ((6560, HUGE[1]), 0), (HUGE, MEMORY)):
        error, seconds, peak = loss_of(*shape, memory)
        words = f"{error:.1e}" if isinstance(error, float) else error
        limit = f"{memory >> 20} MiB" if memory else "none"
        cells = [f"{shape[0]:,} × {shape[1]:,}", limit, words, f"{seconds:.1f}"]
        rows.append([*cells, f"{peak / 2**20:.0f} MiB", f"{peak / shape[0] / shape[1]:.1f}"])
    heads = ["logits", "limit", "relative error", "seconds", "memory", "bytes an entry"]
    return markdown(heads, rows)
