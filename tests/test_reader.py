"""Definitions to layers: what every name becomes, and a clear error where it becomes nothing."""

import pytest
import sympy as sp

from pullback.derive.calculus.derivation import derive
from pullback.derive.errors import DefinitionError
from pullback.derive.index.binders import Largest, Sum
from pullback.derive.index.kinks import Bracket, Maximum, Where
from pullback.derive.index.objects import Index, KroneckerDelta, entry, size_symbol
from pullback.derive.proof.proving import prove
from pullback.derive.read.definition import read_definition
from pullback.derive.read.reader import read_equations, read_layer

N, K = size_symbol("N"), size_symbol("K")
n, k = Index("n", N), Index("k", K)


def read(text, **keys):
    return read_equations("test", text, **keys)


def right(text, **keys):
    return read(text, **keys).output.expr


def refused(text, **keys):
    with pytest.raises(DefinitionError) as info:
        read(text, **keys)
    return info.value


def refused_file(text, name="test"):
    with pytest.raises(DefinitionError) as info:
        read_layer(name, text)
    return str(info.value)


# -- meanings --------------------------------------------------------------------------------------

x, y = entry("x", [n, k]), entry("y", [n], integer=True)
BUILT = [
    ("u[n, k] = x[n, k] / N", x / N),
    ("u[n, k] = x[n, k] / size(k)", x / K),
    ("u[n, k] = 0.1 * x[n, k]", x / 10),
    ("u[n, k] = x[n, k] ** 0.5", sp.sqrt(x)),
    ("u[n] = sum(k, x[n, k])", Sum(x, k)),
    ("u[n] = mean(k, x[n, k])", Sum(x, k) / K),
    ("u = mean(n, k, x[n, k])", Sum(x, n, k) / (N * K)),
    ("u[n] = max(k, x[n, k])", Largest(x, k)),
    ("u[n, k] = max(0, x[n, k])", Maximum(0, x)),
    ("u[n, k] = where(x[n, k] > 0, x[n, k], 2)", Where(x > 0, x, 2)),
    ("u[n, k] = [x[n, k] >= 1]", Bracket(x >= 1)),
    ("u[n, k] = [k == y[n]] * x[n, k]", KroneckerDelta(k, y) * x),
    ("u[n, k] = [k != y[n]] * x[n, k]", (1 - KroneckerDelta(k, y)) * x),
    ("u[n, k] = [1 > 2] + x[n, k]", x),
    ("u[n, k] = - - x[n, k]", x),
]


@pytest.mark.parametrize(("text", "wanted"), BUILT, ids=[b[0] for b in BUILT])
def test_an_equation_becomes_a_sympy_object(text, wanted):
    assert right(text) == wanted


@pytest.mark.parametrize("name", ["N", "S", "E", "I", "Q", "O", "C", "beta", "gamma", "zeta"])
def test_names_with_a_meaning_in_sympy_are_plain_symbols(name):
    for text, own in (
        (f"u[k] = {name} * x[k]", entry(name)),
        (f"u[k] = {name}[k] * x[k]", entry(name, [k])),
    ):
        layer = read(text)
        assert layer.output.expr == own * entry("x", [k])
        assert name in layer.wrt
        prove(derive(layer))


def test_inputs_in_order_of_appearance():
    layer = read("z[n, j] = b[j] + sum(d, x[n, d] * a[d, j])\nL[n] = -log(z[n, y[n]])")
    assert [t.name for t in layer.inputs] == ["b", "x", "a", "y"]
    assert layer.wrt == ("b", "x", "a") and layer.output.name == "L"
    assert layer.tensor("y").labels_of == layer.tensor("b").indices[0].size
    with pytest.raises(KeyError, match="has no tensor 'q'"):
        layer.tensor("q")


def test_sizes_are_unified():
    layer = read("p[n, j] = exp(z[n, j]) / sum(i, exp(z[n, i]))")
    assert {a.name: str(a.size) for a in layer.axes} == {"n": "N", "j": "J", "i": "J"}
    shared = read("u[n] = z[n, y[n]] * w[n, y[n]]")
    z, w = shared.tensor("z"), shared.tensor("w")
    assert z.indices[1].size == w.indices[1].size == shared.tensor("y").labels_of


def test_a_tensor_called_like_a_size_takes_the_name():
    layer = read("u[n] = x[n] * N[n] / size(n)")
    assert str(layer.axes[0].size) == "size_n"
    assert "'N' has 1 axis elsewhere and 0 here" in str(refused("u[n] = x[n] * N[n] / N"))
    assert right("u[k] = x[k] / N").free_symbols >= {entry("N")}


def test_every_axis_of_an_input_has_its_own_index():
    for text in ("u = sum(n, x[n, n])", "u[n] = x[y[n], y[n]]", "u[n, m] = x[n, n] * w[m]"):
        for tensor in read(text).inputs:
            assert len({i.name for i in tensor.indices}) == len(tensor.indices)
    prove(derive(read("u = sum(n, x[n, n])")))


def test_notation_may_stand_unused_but_not_alone():
    layer = read("a[n] := 2 * x[n]\nu[n] = x[n]\nb[n] := u[n]")
    assert layer.output.name == "u" and [m.name for m in layer.notations] == ["a", "b"]
    assert "no output" in str(refused("u[n] := x[n]"))
    assert "no output" in str(refused("")) and "no output" in str(refused("# nothing\n"))


# -- refusals --------------------------------------------------------------------------------------

REFUSED = [
    ("u = u + 1", 5, "'u' is used before it is defined"),
    ("u[n] = x[n, d]", 13, "write sum(d, …) or add d to the left side"),
    ("u[n, n] = x[n]", 1, "stands twice"),
    ("u[n] = x[n] * x[n, n]", 15, "'x' has 1 axis elsewhere and 2 here"),
    ("u[n] = x[n] * x", 15, "'x' has 1 axis elsewhere and 0 here"),
    ("n[n] = x[n]", 1, "both an axis and a tensor"),
    ("u[n] = n[k] * x[n]", 8, "both an axis and a tensor"),
    ("u[n] = sum(n, x[n])", 12, "take another letter"),
    ("u[n] = sum(x[n])", 8, "takes axes and then a value"),
    ("u[n] = mean(x[n], 2)", 13, "takes axes and then a value"),
    ("u[n] = max(x[n])", 8, "two values, or an axis and a value"),
    ("u[n] = exp(x[n], 2)", 8, "exp takes one value; it has 2"),
    ("u[n] = where(x[n] > 0, 2)", 8, "where takes a condition and two values"),
    ("u[n] = where(x[n], 1, 2)", 14, "expected a comparison"),
    ("u[n] = exp(x[n] > 0)", 17, "a comparison stands in [ ]"),
    ("u[n] = size(x[n]) * x[n]", 8, "size takes one axis"),
    ("u[n] = x[n] / n", 15, "its size is size(n)"),
    ("u[n] = x[n] * lambda", 15, "write 'lamda'"),
    ("u[n] = x[n] * np", 15, "means something already"),
    ("exp[n] = x[n]", 1, "means something already"),
    ("u[if] = x[if]", 1, "means something already"),
    ("u[n] = y[n] * z[n, y[n]]", 8, "'y' holds labels"),
    ("u[n] = [y[n] > 2] * z[n, y[n]]", 9, "'y' holds labels"),
    ("u[n, k] = [k == 2.5] * x[n, k]", 17, "axes, labels, sizes and whole numbers"),
    ("u[n, k] = [k == x[n, k]**2] * x[n, k]", 14, "compared with an axis or an integer tensor"),
    ("u[n, k] = [k == K] * x[n, k]", 14, "compared with an axis or an integer tensor"),
    ("v[n] = x[n] * z[n, v[n]]", 20, "is a node and cannot be an index"),
    ("u[n] = x[n] * dx[n]", 15, "'dx' is the name of the cotangent of 'x'"),
    ("u[n] = x[n] * du", 15, "'du' is the name of the cotangent of 'u'"),
    ("u[dx] = x[dx]", 1, "'dx' is the name of the cotangent of 'x'"),
    ("u[n, N] = x[n, N]", 1, "would have one name"),
    ("u[n] = size_n * x[n]", 8, "kept for sizes"),
    ("u[n] = 1", 1, "no input has the axis 'n'"),
    ("u = sum(d, 1)", 9, "no input has the axis 'd'"),
    ("u[n, k] = [k == y[n]]", 1, "no input has the axis 'k'"),
    ("u[a,b,c,d,e,f,g,h,i] = x[a,b,c,d,e,f,g,h,i]", 24, "more than 8 axes"),
    ("u = 1 / 0", 7, "division by zero"),
    ("u = x / (y - y)", 7, "division by zero"),
    ("u = 0 ** -1", 7, "division by zero"),
    ("u = log(0)", 1, "no finite real value"),
    ("u = x + sqrt(-1)", 1, "no finite real value"),
    ("u = x + (-8) ** (1 / 3)", 14, "whole exponents"),
    ("u = (-1) ** x", 10, "whole exponents"),
    ("u = where(log(0) > x, 1, x)", 18, "no finite real value"),
    ("u = [sqrt(-1) > 0] + x", 15, "no finite real value"),
    ("u = x ** 65", 7, "between -64 and 64"),
    ("u = x ** 1e300", 7, "between -64 and 64"),
]


@pytest.mark.parametrize(("text", "column", "words"), REFUSED, ids=[r[0][:32] for r in REFUSED])
def test_a_fault_is_named_and_pointed_to(text, column, words):
    error = refused(text)
    assert words in str(error) and str(error).startswith("test: ")
    assert (error.line, error.column) == (1, column)


def test_a_node_is_defined_once():
    error = refused("u = x\nu = y")
    assert error.line == 2 and "'u' is defined twice" in str(error)


def test_the_number_of_symbols_is_limited():
    read("u = " + " + ".join(f"x{i}" for i in range(511)))
    assert "more than 512 symbols" in str(refused("u = " + " + ".join(f"x{i}" for i in range(512))))


# -- keys ------------------------------------------------------------------------------------------

LABELLED = "u[n] = z[n, y[n]]"
KEYS = [
    (
        {"wrt": ["y"]},
        "wrt names 'y', which holds labels and has no gradient; there are z",
    ),
    ({"wrt": ["q"]}, "wrt names 'q', which is not an input"),
    ({"wrt": ["u"]}, "wrt names 'u', which is a node"),
    ({"wrt": "z"}, "the key 'wrt' must be a list of texts"),
    ({"wrt": [1]}, "the key 'wrt' must be a list of texts"),
    ({"symbols": {"zz": "logits"}}, "[symbols] describes 'zz', which no equation has"),
    ({"symbols": {"q\n": ""}}, r"[symbols] describes 'q\n', which no equation has"),
    ({"symbols": {"z": 3}}, "the key 'symbols' must be a table of texts"),
    ({"symbols": []}, "the key 'symbols' must be a table of texts"),
    ({"title": 3}, "the key 'title' must be text"),
    ({"summary": None}, "the key 'summary' must be text"),
    ({"references": [[]]}, "the key 'references' must be a list of texts"),
    ({"assume": "a == b"}, "the key 'assume' must be a list of texts"),
    ({"titel": "x"}, "unknown key 'titel'; the keys are arrays, assume"),
    ({"group": 3}, "the key 'group' must be text"),
    ({"group": " "}, "the key 'group' must be words on one line, 1 to 40 characters"),
    ({"group": "a\nb"}, "the key 'group' must be words on one line"),
    ({"group": "a\u202eb"}, "the key 'group' must be words on one line"),
    ({"group": "a" * 41}, "the key 'group' must be words on one line"),
    ({"assume": ["sum(j, z[n, j])"]}, "test, assume[0]: expected a comparison"),
    ({"assume": ["z[n, j] == 1", "sum(j, z[n, j]) == ("]}, "test, assume[1]: expected a number"),
    ({"assume": ["sum(j, z[j]) == 1"]}, "'z' has 2 axes elsewhere and 1 here"),
    ({"assume": ["sum(n, z[n, j]) == z[n, j]"]}, "test, assume[0]: 'n' is not bound"),
    ({"assume": ["1 == 1"]}, "speaks of a tensor"),
    ({"assume": ["q[n] == 1"]}, "test, assume[0]: no equation has 'q'"),
    ({"assume": ["u[n] == 1"]}, "'u' is a node; an assumption speaks of inputs"),
    ({"assume": ["y[n] == 1"]}, "'y' holds labels"),
    ({"assume": ["z[n, j] == z[n, j] + 1"]}, "'z' stands on both sides"),
    ({"assume": ["z[n, j] == z[j, n]"]}, "a symmetric matrix is written (A[i, j] + A[j, i])/2"),
    ({"assume": ["sum(j, z[n, j]) == [n == m]"]}, "no equation has 'm'"),
    ({"assume": ["gelu(z[n, j]) == 1"]}, "'gelu' is not a function"),
    ({"assume": ["sum(foo, z[n, j]) == 1"]}, "no input has the axis 'foo'"),
]


@pytest.mark.parametrize(("keys", "words"), KEYS, ids=[str(k[0])[:40] for k in KEYS])
def test_a_key_with_a_fault(keys, words):
    assert words in str(refused(LABELLED, **keys))


def test_an_error_in_an_assumption_points_into_it():
    error = refused(LABELLED, assume=["sum(j, z[n, j]) == 1 +"])
    assert (error.line, error.column) == (1, 23)
    assert "sum(j, z[n, j]) == 1 +\n" in str(error)


def test_an_assumption_may_name_its_own_axes():
    layer = read("u[n] = z[n, y[n]]", assume=["sum(i, z[n, i]) == 1"])
    (fact,) = layer.assumptions
    assert isinstance(fact.lhs, Sum) and fact.rhs == 1
    assert fact.lhs.indices[0].size == layer.tensor("z").indices[1].size


FILES = [
    ("title =", "not a TOML file: Invalid value"),
    ('title = "a"\nequations = "u = x" y', "line 2"),
    ('title = "a"\ntitle = "b"', "not a TOML file"),
    ('title = "a"', "the key 'equations' is missing"),
    ("equations = 3", "the key 'equations' must be text"),
    ('equations = ["u = x"]', "the key 'equations' must be text"),
    ('equations = "u = x"\nsummary = 2020-01-01', "the key 'summary' must be text"),
    ('equations = "u = x"\n[symbols.x]\na = "b"', "must be a table of texts"),
    ("a = " + "1" * 5000, "not a TOML file"),
    ("a = " + "[" * 30_000, "nested too deeply"),
    ("a." * 30_000 + "a = 1", "more than 500 dots"),
    ("#" * 70_000, "longer than 64 KiB"),
    ("\x00", "not a TOML file"),
    ('equations = "u = x"\ntitle = "\ud800"', "not Unicode text"),
    ('equations = "u = x\\u0000"', r"'\x00' is not part of the language"),
    ('equations = ""', "no output"),
]


@pytest.mark.parametrize(("text", "words"), FILES, ids=[f[0][:24] for f in FILES])
def test_a_file_with_a_fault(text, words):
    message = refused_file(text)
    assert message.startswith("test: ") and words in message


NAMES = ["../../etc/x", "numpy", "np", "class", "match", "sum", "__init__", "_x", "", "Relu", "a b"]


@pytest.mark.parametrize("name", [*NAMES, "a" * 65, "relu\n", "é", "1a", "a.b", "a-b", "forward"])
def test_a_name_that_no_layer_can_have(name):
    assert "cannot be a layer's name" in refused_file('equations = "u = x"', name)
    with pytest.raises(DefinitionError, match="cannot be a layer's name"):
        read_equations(name, "u = x")


def test_a_definition_carries_its_words():
    source = """
title = "T"
summary = "S"
equations = "u[n] = a * x[n]"
wrt = ["x"]
references = ["r"]
[symbols]
n = "examples"
x = "inputs"
"""
    assert read_definition("test", source).title == "T"
    layer = read_layer("test", source)
    assert (layer.name, layer.title, layer.summary) == ("test", "T", "S")
    assert layer.wrt == ("x",) and layer.references == ("r",)
    assert layer.tensor("x").description == "inputs" and layer.descriptions["n"] == "examples"
    assert len(layer.digest) == 64 and layer.digest != read_layer("test", source + "\n").digest
    with pytest.raises(AttributeError):
        layer.name = "other"


# -- places in files -------------------------------------------------------------------------------

PLACES = [
    # a definition, the line and the column that its error names, and the line shown
    ('title = "a"\n\nequations = """\nu = x\nv = (u\n"""', 6, 1, '"""'),
    ('title = "a"\nequations = """\nu[n] = x[n]\n  v = u[n]\n"""', 4, 9, "  v = u[n]"),
    ('equations = """u[n] = x[n]\nv = u[n]"""', 2, 7, 'v = u[n]"""'),
    ("equations = '''\nu[n] = x[n] \nv = u[n]'''", 3, 7, "v = u[n]'''"),
    ("wrt = ['x']\nequations = 'u = x[n]'", 2, 20, "equations = 'u = x[n]'"),
    ('title = "a"\r\nequations = """\r\nu = x\r\nv = w[n]\r\n"""\r\n', 4, 7, "v = w[n]"),
    ('# u = x[n]\nequations = "u = x[n]"  # u = x[n]', 2, 20, 'equations = "u = x[n]"  # u = x[n]'),
    ('\nequations = "u[n] = x[n]"\nassume = [\n  "x[n] == ("]', 4, 13, '  "x[n] == ("]'),
    # the text does not stand there letter by letter, or not once: the place is in the text
    ('equations = "u[n] = x[n]\\nv = u[n]"', 2, 7, "v = u[n]"),
    ('title = "u = x[n]"\nequations = "u = x[n]"', 1, 7, "u = x[n]"),
    ('equations = """u = x + \\\n  y[n]"""', 1, 11, "u = x + y[n]"),
]


@pytest.mark.parametrize(("source", "line", "column", "shown"), PLACES, ids=[p[0] for p in PLACES])
def test_an_error_points_into_the_file(source, line, column, shown):
    with pytest.raises(DefinitionError) as info:
        read_layer("test", source)
    within = " of equations" if shown not in source.replace("\r", "").split("\n") else ""
    where, text, caret = str(info.value).split("\n")[1:]
    assert (info.value.line, info.value.column) == (line, column)
    assert where == f"  line {line}, column {column}{within}:"
    assert text == "    " + shown and caret == " " * (column + 3) + "^"


def test_an_error_in_a_called_definition_points_into_its_file():
    called = 'title = "half"\nequations = "h = u / (2"'
    with pytest.raises(DefinitionError) as info:
        read_layer("test", 'equations = "v = half(x)"', {"half": called}.__getitem__)
    assert str(info.value).startswith("half: ") and (info.value.line, info.value.column) == (2, 24)


def test_what_an_error_shows_does_not_steer_a_terminal():
    message = refused_file('equations = "u = \\u001b[31m x[n]"')
    assert "\x1b" not in message.replace(r"\x1b", "") and "u =  [31m x[n]" in message
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in refused_file(
        'equations = "u = x[n]" # \N{RIGHT-TO-LEFT OVERRIDE}'
    )
