"""Layers as text of other notations come back as they were, or it is said why there is no way."""

from pathlib import Path

import pytest

from pullback.codegen import library
from pullback.codegen.live.chips import STARTS
from pullback.codegen.live.questions import Written
from pullback.codegen.live.reading import read
from pullback.codegen.notation.written import arrays, matrices
from pullback.codegen.notation.written.layouts import NoWay
from pullback.codegen.notation.written.same import difference
from pullback.codegen.notation.written.shapes import shapes
from pullback.derive.errors import DefinitionError
from pullback.derive.read.reader import read_arrays, read_equations, read_layer
from tests.live.asking import one

WAYS = {"arrays": arrays, "matrices": matrices}
EDGES = sorted((Path(__file__).parent / "edges").glob("*.toml"))


def there_and_back(layer, notation):
    """The text, and what is lost on the way; no text where there is no way."""
    try:
        text = WAYS[notation].written(layer)
        again = read_arrays("layer", text, shapes(layer), notation=notation)
    except NoWay as error:
        return "", str(error)
    except DefinitionError as error:
        return "", error.reason
    return text, difference(layer, again)


def all_layers():
    """Every shipped layer, and those of the edges."""
    for name in library.shipped():
        yield read_layer(name, library.shipped_source(name), library.shipped_source)
    for path in EDGES:
        yield read_layer(path.stem, path.read_text(encoding="utf-8"), library.shipped_source)


@pytest.mark.parametrize(("notation", "least"), [("arrays", 26), ("matrices", 13)])
def test_as_many_shipped_layers_as_are_told_come_back(notation, least):
    shipped = len(library.shipped())
    found = [there_and_back(layer, notation) for layer in all_layers()]
    assert sum(not lost for _, lost in found[:shipped]) >= least
    for text, lost in found:
        assert (text or lost) and "\n" not in lost and "formula" not in lost, lost
        assert len(lost) < 200


# index notation, and the same in the others; empty where there is no way
PAIRS = [
    ("u[n, k] = sum(d, x[n, d] * W[d, k]) + c[k]", "u = x @ W + c", "u = x W + c"),
    ("u[k, n] = sum(d, x[n, d] * W[d, k])", "u = (x @ W).T", "u = Wᵀ xᵀ"),
    ("g[d, k] = sum(n, x[n, d] * u[n, k])", "g = x.T @ u", "g = xᵀ u"),
    ("s = sum(n, x[n] * u[n])", "s = x @ u", "s = xᵀ u"),
    ("A[n, m] = x[n] * y[m]", "A = x[:, None] * y", "A = x 𝟏ᵀ ⊙ y"),
    ("z[n, d] = x[n, d] / s[n]", "z = x / s[:, None]", "z = x ./ (s 𝟏ᵀ)"),
    ("m[d] = max(n, x[n, d])", "m = x.max(axis=0)", ""),
    ("t[k, n] = W[n, k]", "t = W.T", "t = Wᵀ"),
    ("L = mean(n, log(sum(j, exp(z[n, j]))) - z[n, y[n]])", None, "L = mean(CE(z, y))"),
    ("h[n, d] = E[y[n], d]", "h = E[y]", ""),
    ("h[n] = sum(k, [k == y[n]] * w[n, k])", None, ""),
    ("b[n, i] = sum(j, k, A[i, j, k] * x[n, j] * v[n, k])", None, ""),
    ("f[n] = x[n, n]", "", ""),
    ("a[n] = x[n] - (y[n] - z[n]) - -w[n]**2", None, None),
    ("a[n] = (x[n] / (y[n] * z[n]))**2 / 2**x[n]", None, ""),
    ("a[n, k] = sum(d, (x[n, d] + y[d]) * W[k, d])", None, None),
]


@pytest.mark.parametrize(("text", "numpy", "matrix"), PAIRS)
def test_equations_come_back(text, numpy, matrix):
    layer = read_equations("layer", text)
    for notation, wanted in (("arrays", numpy), ("matrices", matrix)):
        made, lost = there_and_back(layer, notation)
        assert bool(lost) == (wanted == ""), (notation, lost)
        assert wanted is None or lost or made == wanted


def test_what_is_other_is_seen():
    one_layer = read_equations("layer", "u[n] = x[n] + 1\nv[n] = u[n] * a")
    for other, words in (
        ("u[n] = x[n] + 2\nv[n] = u[n] * a", "another formula"),
        ("u[n] := x[n] + 1\nv[n] = u[n] * a", "would be a notation"),
        ("w[n] = x[n] + 1\nv[n] = w[n] * a", "'u' would be lost"),
        ("u[n] = x[n] + 1\nv[n] = u[n] * b", "something else"),
        ("u[n] = x[n] + 1\nv[k, n] = u[n] * a[k]", "another formula"),
    ):
        assert words in difference(one_layer, read_equations("layer", other))
    again = read_equations("layer", "u[k] = 1 + x[k]\nv[k] = a * u[k]")
    assert words_of_sizes(one_layer) != words_of_sizes(again)
    assert not difference(one_layer, one_layer)


def words_of_sizes(layer):
    return shapes(layer)["x"]


@pytest.mark.parametrize("start", STARTS, ids=lambda s: s["title"])
@pytest.mark.parametrize("notation", ["index", "arrays", "matrices"])
def test_the_examples_of_the_page_are_converted_or_it_is_said_why_not(start, notation):
    about = {k: v for k, v in start.items() if k != "title"}
    event = one("convert", about, to=notation)
    if event["event"] == "error":
        assert event["message"].startswith("there is no way to matrices: ")
        return
    made = {k: event[k] for k in ("notation", "text", "shapes", "wrt", "letters")}
    assert not difference(read(Written(**about)).layer, read(Written(**made)).layer)


def test_the_handout_goes_all_ways_round():
    about = {k: v for k, v in STARTS[0].items() if k != "title"}
    for notation in ("index", "arrays", "index", "matrices"):
        event = one("convert", about, to=notation)
        about = {k: event[k] for k in ("notation", "text", "shapes", "wrt", "letters")}
    assert about["text"].startswith("u = x W + c\nh = max(0, u)\nz = h w + b\nL = mean(CE(z, y))")
