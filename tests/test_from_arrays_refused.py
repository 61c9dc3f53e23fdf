"""Array notation that is refused: in words that say what to write instead, pointing at it."""

import time

import numpy as np
import pytest

from pullback.derive.errors import DefinitionError
from pullback.derive.read.from_arrays.reader import understand
from pullback.derive.read.reader import read_arrays, read_layer

SHAPES = {"x": "N D", "W": "D K", "b": "K", "v": "D", "y": "N: K", "c": "", "t": "N"}
LIMIT = 20.0  # seconds of the processor, for what takes under one

# a text, words of the error, its line
REFUSED = [
    # shapes
    ("out = x @ b", "'D' and 'K' meet: a product of shapes (N, D) and (K,)", 1),
    ("a = x * 2\nout = a + W", "'N' and 'D' meet: shapes (N, D) and (D, K) do not broadcast", 2),
    ("out = np.einsum('nd,kd->nk', x, W)", "'D' and 'K' meet", 1),
    ("out = np.einsum('nd,de', x, W, v)", "2 subscripts and 3 arrays", 1),
    ("out = np.einsum('n,n', x, x)", "do not fit (N, D)", 1),
    ("out = np.einsum('nd->nq', x)", "behind '->'", 1),
    ("out = x @ c", "write *", 1),
    ("out = x.sum(axis=2)", "no axis 2 in the shape (N, D)", 1),
    ("out = x.sum(axis=(0, 0))", "an axis stands twice", 1),
    ("N, D, K = x.shape", "3 names for 2 values", 1),
    ("a, q = x", "an array is not taken apart", 1),
    ("out = x.transpose(0, 0)", "no order of the axes", 1),
    ("out = np.zeros((3, 4))", "an item of a shape is the size of an axis", 1),
    ("out = np.arange(3)", "np.arange(x.shape[0])", 1),
    ("out = np.tril(x)", "'N' by 'D'", 1),
    ("x += np.ones((x.shape[0], 1, 1))\nx", "does not fit into (N, D)", 1),
    # places, slices, merged axes
    ("z = x * 2\nout = z[0]", "a fixed place or a slice", 2),
    ("out = x[:, 1:]", "a fixed place or a slice", 1),
    ("out = x[:, -1]", "give the pieces as inputs of their own", 1),
    ("out = x[[0, 1]]", "an index that is a list", 1),
    ("out = x.reshape(-1)", "give the input one axis", 1),
    ("out = x.flatten()", "index notation keeps them apart", 1),
    ("out = np.outer(x, x)", "write np.einsum", 1),
    ("out = np.pad(x, 1)", "no places outside of an array", 1),
    ("out = np.concatenate([x, x])", "'np.concatenate' is not read", 1),
    # what depends on values
    ("out = x[x > 0]", "write np.where(mask, a, b)", 1),
    ("x[x > 0] = x\nx", "x[mask] = a number is read", 1),
    ("out = np.where(x > 0)", "depends on values", 1),
    ("out = x.argmax(axis=1)", "labels are inputs", 1),
    ("s = x @ W\ns[np.arange(len(x)), np.argmax(s, axis=1)] = 0", "labels are inputs", 2),
    ("out = np.sum(x, 1, True)", "2 arguments at most, and keepdims by name", 1),
    ("out = np.maximum(x, 0, x)", "2 arguments at most; it has 3", 1),
    # labels
    ("out = y + 1", "no numbers to compute with", 1),
    ("out = y == 1", "compared with one another, and not with numbers", 1),
    ("out = W[y]", "labels below 'K' are used on an axis of size 'D'", 1),
    ("s = W * 1\ns[:, y] = 0", "may meet one place twice", 2),
    ("out = y", "the output holds labels", 1),
    ("out = x[np.arange(len(x)), t]", "an array of numbers is no index", 1),
    ("out = (y[:, None] == y) @ x", "compared with other labels alone", 1),
    # Python
    ("q = x\nfor i in range(3):\n    q = q + 1", "write the sum over an axis", 2),
    ("while True:\n    pass", "a loop is not read", 1),
    ("out = [i for i in x]", "a comprehension", 1),
    ("if c > 0:\n    out = x", "write np.where", 1),
    ("out = x if c > 0 else v", "write np.where", 1),
    ("out = x > 0 and x < 1", "write & and |", 1),
    ("out = 0 < x < 1", "write (a < b) & (b < c)", 1),
    ("out = not x", "write ~", 1),
    ("out = x is v", "'is' and 'in' are not read", 1),
    ("out = x // 2", "no gradient", 1),
    ("class A:\n    pass", "a class is not read", 1),
    ("with np.errstate():\n    out = x", "'with' is not read", 1),
    ("try:\n    out = x\nfinally:\n    pass", "'try' is not read", 1),
    ("out = (lambda q: q)(x)", "write a function with def", 1),
    ("out = (q := x)", "give it a line of its own", 1),
    ("out = f'{x}'", "an f-string", 1),
    ("out = np.sum(*x)", "write the arguments out", 1),
    ("q, *r = x.shape\nx", "a star in an assignment", 1),
    ("x.a = 1", "write a plain name", 1),
    ("x.T[:] = 1\nx", "a plain name", 1),
    ("print(x)", "nothing is run", 1),
    ("out = sum(x)", "Python's sum adds up the first axis alone", 1),
    ("out = max(x, 0)", "write np.max or np.maximum", 1),
    ("x + 1\nout = x", "a value that goes nowhere", 1),
    ("del x", "'del' is not read", 1),
    ("return x", "a return stands in a function", 1),
    ("out = np.random.randn(3)", "give what is drawn as an input", 1),
    ("out = np.prod(x, axis=0)", "no products over an axis", 1),
    ("out = np.linalg.inv(W)", "of np.linalg the norm is read", 1),
    ("out = np.sum(x, where=x > 0)", "the argument 'where' is not read", 1),
    ("import torch\nout = torch.relu(x)", "functions of NumPy and of scipy.special are read", 2),
    ("out = exp(x)", "write np.exp, or import it", 1),
    ("out = q + 1", "q has no shape", 1),
    ("out = np.exp", "call it", 1),
    # numbers and types
    ("out = np.where(x > 0, x, -np.inf)", "infinity is no number of the language", 1),
    ("out = x * 12345678901234567890", "at most 17 digits", 1),
    ("out = x / 0", "division by zero", 1),
    ("a = x * 2\nout = a ** 100", "a literal power lies between", 2),
    ("out = (x > 0) - (x < 1)", "write a.astype(float) - b", 1),
    ("out = (x > 0) + (x < 1)", "adds truth values as 'or'", 1),
    ("out = -(x > 0)", "no minus for truth values", 1),
    ("out = np.exp(x > 0)", "float16", 1),
    ("out = ~(c > 0) * x", "~ of Python's own True", 1),
    ("a = np.full((len(x),), 1)\na /= 2\nout = a * t", "would cut a fraction off", 2),
    ("a = (x > 0).sum(axis=1)\na += t\nout = a", "would cut a fraction off", 2),
    ("out = x.astype(int)", "others change numbers", 1),
    ("out = (x > 0).sum(axis=1) ** -1", "whole powers only from 0 up", 1),
    # names
    ("out = λ * x", "λ has no shape", 1),
    ("a = x * 2\nλ = a\nβ = a * 3\nout = λ * β", "letters a to z", 3),
    # functions
    ("def f(a): return f(a)\nout = f(x)", "'f' calls itself", 1),
    ("def f(a): return g(a)\ndef g(a): return f(a)\nout = f(x)", "calls itself", 2),
    ("def f(a):\n    return a\nout = f(x, x)", "'f' takes a; it has 2 arguments", 3),
    ("def f(a): return a\nout = f()", "'f' lacks the argument 'a'", 2),
    ("def f(*a): return a\nout = f(x)", "* and ** among parameters", 1),
    ("@foo\ndef f(a): return a\nout = f(x)", "a decorator may change", 1),
    ("def f(a):\n    return a\n    a = 1\nout = f(x)", "a return stands last", 2),
    ("def f(a):\n    def g(b): return b\n    return g(a)\nout = f(x)", "put it at the top", 2),
    # text
    ("out = (x", "not Python: '(' was never closed", 1),
    ("out = x\n  y", "not Python: unexpected indent", 2),
    ("# nothing", "there is no output", 0),
    ("", "there is no output", 0),
]


@pytest.mark.parametrize(("text", "words", "line"), REFUSED, ids=[t for t, _, _ in REFUSED])
def test_a_refusal_says_what_and_where(text, words, line):
    with pytest.raises(DefinitionError) as info:
        read_arrays("layer", text, SHAPES)
    assert words in info.value.reason
    assert info.value.reason.startswith("layer: ")
    assert info.value.line == line


def test_the_caret_points_at_the_sign():
    with pytest.raises(DefinitionError) as info:
        read_arrays("layer", "a = 1\nout = (é + x ) @ b", SHAPES | {"é": "N D"})
    assert str(info.value).split("\n")[1:] == [
        "  line 2, column 16:",
        "    out = (é + x ) @ b",
        "                   ^",
    ]


MODES = [
    ("def f(x): return x", {}, "x has no shape", 1),
    ("def f(x: 'N 3'): return x", {}, "a size has a name", 1),
    ("def f(x: 'N D: K: J'): return x", {}, "labels lie below one size", 1),
    ("def f(x: 'N ... D'): return x", {}, "'...' stands first", 1),
    ("def f(x: 'N-D'): return x", {}, "'N-D' in the shape 'N-D' is no name", 1),
    ("def f(x: 'N'): return x", {"q": "N"}, "a shape is given for 'q'", 1),
    ("def f(x: 'N'): x = x + 1", {}, "'f' returns no array", 1),
    ("def f(x: 'N'): return None", {}, "an array or a number", 1),
    ("def f(x: 'N'): return x\ndef g(x: 'N'): return x", {}, "several functions", 2),
    ("def f(x: 'N'): return g(x)\ndef g(x: 'N'): return f(x)", {}, "in a circle", 2),
    ("async def f(x: 'N'): return x", {}, "an async function", 1),
    ("def f(x: '... D'): return x.sum(axis=0)", {}, "count from the end", 1),
    ("def f(x: '... D'): return x.T", {}, "would not stand first", 1),
    ("def f(x: '... D'): return x[:, None]", {}, "write x[..., i]", 1),
    ("def f(x: '... D'): return x.shape[0] * x", {}, "count from the end", 1),
    ("def f(dx: 'N', x: 'N'): return dx * x", {}, "is the name of the cotangent of 'x'", 1),
    ("def f(np: 'N'): return np + 1", {}, "'np' cannot be a name", 1),
]


@pytest.mark.parametrize(("text", "given", "words", "line"), MODES, ids=[m[0] for m in MODES])
def test_refusals_of_functions_and_shapes(text, given, words, line):
    with pytest.raises(DefinitionError) as info:
        read_arrays("layer", text, given)
    assert words in info.value.reason and info.value.line == line


# -- memory ----------------------------------------------------------------------------------------

SHARED = [  # what shares memory with a, and a change of it
    ("z = a", "z += 1"),
    ("z = a.T", "z *= 2"),
    ("z = a[:, None]", "z[:] = 0"),
    ("z = a[...]", "z[z > 0] = 0"),
    ("z = a.reshape(a.shape[0], 1, -1)", "z -= 1"),
    ("z = np.swapaxes(a, 0, 1)", "z += 1"),
    ("z = np.expand_dims(a, 0)", "z += 1"),
    ("z = np.squeeze(a)", "z += 1"),
    ("z = np.asarray(a)", "z += 1"),
    ("z = np.einsum('ij->ji', a)", "z += 1"),
    ("z = np.moveaxis(a, 0, 1)", "z += 1"),
    ("q = (a, 1)\nz, r = q", "z += 1"),
    ("z = b2 = a", "b2 += 1"),
]


@pytest.mark.parametrize(("share", "change"), SHARED, ids=[s for s, _ in SHARED])
def test_a_change_that_another_name_sees_is_refused(share, change):
    text = f"a = x * 2\n{share}\n{change}\nout = a"
    with pytest.raises(DefinitionError, match="this changes") as info:
        understand(text, SHAPES)
    assert info.value.line == text.count("\n")
    names = {"np": np, "x": np.ones((3, 2))}
    exec(text, names)  # and Python does change the other
    assert not np.array_equal(names["a"], 2 * names["x"])


def test_a_function_that_changes_its_argument_is_refused():
    text = "def f(u):\n    u[u < 0] = 0\n    return u\na = x * 2\nh = f(a)\nout = a + h"
    with pytest.raises(DefinitionError, match="this changes 'a' too") as info:
        understand(text, SHAPES)
    assert info.value.line == 2


@pytest.mark.parametrize(
    "share",
    [
        "z = a.copy()",
        "z = np.array(a)",
        "z = a + 0",
        "z = +a",
        "z = a * 1",
        "z = np.maximum(a, -9)",
        "z = a.astype(float)",
        "z = a.T.copy()",
        "z = a @ np.eye(a.shape[1])",
    ],
)
def test_memory_of_its_own_may_change(share):
    text = f"a = x * 2\n{share}\nz += 1\nout = a"
    names = {"np": np, "x": np.ones((3, 2))}
    exec(text, names)
    assert np.array_equal(names["out"], 2 * names["x"])
    assert understand(text, SHAPES).text.endswith("a[n, d] = x[n, d] * 2\nout[n, d] = a[n, d]") or (
        understand(text, SHAPES).text == "a[n, d] = x[n, d] * 2"
    )


def test_a_change_of_an_input_is_said():
    read = understand("x -= 1\nout = x * 2", SHAPES)
    assert "NumPy changes the input x itself; the module does not" in read.notes


# -- hostile texts ---------------------------------------------------------------------------------

HOSTILE = {
    "__import__('os').system('touch owned')": "nothing is run",
    "out = __import__('os')": "nothing is run",
    "out = eval('1')": "nothing is run",
    "exec('import os')": "nothing is run",
    "out = open('/etc/passwd')": "nothing is run",
    "out = x.__class__.__mro__": "'.__class__' is not read",
    "out = ().__class__.__bases__[0].__subclasses__()": "is not read",
    "import os\nos.system('touch owned')": "functions of NumPy",
    "out = np.load('x.npy', allow_pickle=True)": "'np.load' is not read",
    "out = np.__config__.show()": "is not read",
    "out = getattr(np, 'load')(x)": "is not read",
    "out = np.fromfile('/etc/passwd')": "is not read",
    "out = x\0": "null byte",
    "out = \ud800": "not Unicode text",
    "out = x\u2028y": "not Python",
    "out = 'a' * 10**9": "wanted an array or a number",
    "out = x ** (10 ** 10 ** 10)": "too long",
    "out = 9" + "9" * 5000: "not Python",
    "out = 0x" + "f" * 60000: "at most 17 digits",
    "#" * 70_000: "64 KiB",
    "out = " + "(" * 100 + "x" + ")" * 100: "nested deeper than 64",
    "out = " + "(" * 30_000: "nested deeper than 64",
    "out = " + "[" * 5000 + "]" * 5000: "nested deeper than 64",
    "out = " + "-" * 30_000 + "x": "nested deeper than 64",
    "out = " + "not " * 9_000 + "x": "nested deeper than 64",
    "out = x" + " ** x" * 5_000: "nested deeper than 64",
    "out = " + "lambda: " * 5_000 + "x": "nested deeper than 64",
    "out = " + "x if x else " * 4_000 + "x": "nested deeper than 64",
    "out = x" + ".T" * 9_000: "nested deeper than 64",
    "out = x" + "[:]" * 6_000: "nested deeper than 64",
    "out = x" + "()" * 9_000: "nested deeper than 64",
    "out = x" + " + x" * 9_000: "nested deeper than 64",
    "a = 1;" * 9_000: "20,000 words",
    "\n".join(f"{' ' * i}if x:" for i in range(150)): "levels of indentation",
    "\n".join([f"def f{i}(a): return f{i + 1}(a) + f{i + 1}(a)" for i in range(30)])
    + "\ndef f30(a): return a\nout = f0(x)": "more than 20,000 operations",
    "\n".join([f"def f{i}(a): return f{i + 1}(a)" for i in range(60)])
    + "\ndef f60(a): return a\nout = f0(x)": "call each other in a row",
    "\n".join(["a = x", *("a = a.T" for _ in range(3_000)), "out = a * 1"]): "nested",
    "\n".join(["a = x", *("a = a[:, None].sum(axis=1) * a" for _ in range(400))]): "256 equations",
    "a = (x, x)\n" + "a = (a, a)\n" * 40 + "z = x\nz += 1": "",
    f"out = {'np.std(' * 20}x{', axis=0, keepdims=True)' * 20}": "more than 20,000 operations",
    "out = np.einsum('" + "a" * 60_000 + "', x)": "do not fit",
    "from numpy import *\nout = exp(x)": "not defined",
    "def f(a=f()): return a\nout = f()": "",
}


@pytest.mark.parametrize("text", HOSTILE, ids=[t[:40] for t in HOSTILE])
def test_hostile_texts_are_refused_in_time_and_not_run(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    start = time.process_time()
    with pytest.raises(DefinitionError) as info:
        read_arrays("layer", text, SHAPES)
    assert HOSTILE[text] in info.value.reason
    assert time.process_time() - start < LIMIT
    assert not list(tmp_path.iterdir())
    assert len(str(info.value)) < 1000


def test_shapes_are_data_too():
    for shape in ("N" * 70, "N; import os", "N]", "N: J K", ":", "é", "N" + " D" * 20):
        with pytest.raises(DefinitionError):
            read_arrays("layer", "out = x * 2", {"x": shape})
    for name in ("x y", "", "x[n]"):
        with pytest.raises(DefinitionError):
            read_arrays("layer", "out = x * 2", {"x": "N", name: "N"})


# -- in a definition -------------------------------------------------------------------------------

FILE = """title = "t"
arrays = '''
z = x @ W
h = np.tanh(z){}
'''
{}
[shapes]
x = "N D"
W = "D K"
"""


def test_a_definition_in_array_notation():
    read = read_layer("layer", FILE.format("", 'wrt = ["W"]'))
    assert [n.text for n in read.nodes] == [
        "z[n, k] = sum(d, x[n, d] * W[d, k])",
        "h[n, k] = tanh(z[n, k])",
    ]
    assert read.wrt == ("W",)


@pytest.mark.parametrize(
    ("more", "key", "words", "line"),
    [
        (" + z[0]", "", "a fixed place", 4),
        (" ** 100", "", "a literal power", 4),
        ("", 'equations = "h = x"', "'equations' and 'arrays' are there", 0),
        ("", "arrays = 3", "not a TOML file", 0),
        ("", 'wrt = ["z"]', "wrt names 'z'", 0),
    ],
)
def test_errors_point_into_the_file(more, key, words, line):
    with pytest.raises(DefinitionError) as info:
        read_layer("layer", FILE.format(more, key))
    assert words in str(info.value) and info.value.line == line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('equations = "h = x"\n[shapes]\nx = "N"', "'shapes' goes with 'arrays'"),
        ("arrays = 3", "'arrays' must be text"),
        ('arrays = "out = x"\nshapes = "N"', "'shapes' must be a table of texts"),
        ('arrays = "out = x"\n[shapes]\nx = 3', "'shapes' must be a table of texts"),
        ('arrays = "out = x"', "x has no shape"),
    ],
)
def test_keys_that_do_not_go_together(text, words):
    with pytest.raises(DefinitionError, match=words):
        read_layer("layer", text)
