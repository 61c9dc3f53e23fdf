"""Hostile definitions: only DefinitionError comes out, in bounded time, whatever the text is."""

import string
import sys
import time
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pullback.derive.errors import DefinitionError
from pullback.derive.read.reader import read_equations, read_layer
from pullback.derive.read.vocabulary import WORDS

LIMIT = 30.0  # seconds of the processor, for what takes under one; what hangs takes minutes

LIBRARY = {
    "relu": 'equations = "h[n, k] = max(0, u[n, k])"',
    "softmax": 'equations = "p[n, j] = exp(z[n, j]) / sum(i, exp(z[n, i]))"',
    "twice": 'equations = "m[n] = a * x[n]\\nv[n] = m[n] / N"',
    "ping": 'equations = "h[n] = pong(x)"',
    "pong": 'equations = "h[n] = ping(x)"',
    "broken": 'equations = "h[n] = )"',
}


def outcome(text, read=read_equations, **keys):
    """The error's text, or "" where the definition was read; nothing else, and not late."""
    start = time.process_time()
    try:
        read("test", text, LIBRARY.__getitem__, **keys)
        message = ""
    except DefinitionError as error:
        message = str(error)
        assert message.startswith("test") or message.split(":")[0] in LIBRARY
    assert time.process_time() - start < LIMIT
    return message


def towers(levels, operation, start="x"):
    """e1 := operation of e0, and so on: notation that doubles, or numbers that grow."""
    lines = [f"e0 := {start}"]
    lines += [f"e{i + 1} := {operation.format(f'e{i}')}" for i in range(levels)]
    return "\n".join([*lines, f"u = x + e{levels}"])


ATTACKS = {
    # what is not of the language
    'u[n] = __import__("os").system("id")': "not part of the language",
    "u = ().__class__.__base__.__subclasses__()": "'.' is not part of the language",
    "u = (lambda: 1)()": "':' is not part of the language",
    "u[n] = x.__class__.__mro__[n]": "'.' is not part of the language",
    "u[n] = x;import os": "';' is not part of the language",
    "u = __import__(x)": "a name starts with a letter",
    "u = eval(x)": "'eval' is neither a function nor a definition",
    "u = open(x)": "'open' is neither a function nor a definition",
    "u = x\nimport os": "'=' or ':='",
    "µ = μ": "letters a to z",
    "u = ﬁ + fi": "letters a to z",
    # numbers that would not fit into memory
    "u = 10**10**10": "too long",
    "u = 1e400000000": "exponent lies between",
    "u = 2**2**2**2**2**2": "too long",
    "u = (x + 1)**1e300": "literal power",
    "u = (1e300)**64": "too long",
    "u = x + (10**64)**64": "too long",
    "u = x + " + "*".join(["1e300"] * 500): "too long",
    "u = x + " + "+".join(f"1/{10**14 + i}" for i in range(400)): "too long",
    "u = x + exp(1e300 * log(10))": "too long",
    "u = exp(log(10) * 1e9 + x)": "too long",
    "u = expm1(1e9 * log(10)) + x": "too long",
    "u = x * 2**y * 2**(1e300 - y)": "too long",
    "u = x + (2**x)**(1e300 / x)": "too long",
    "a := log(10)\nu = x + exp(1000000000 * a)": "too long",
    towers(20, "{0}**64", "10"): "too long",
    towers(20, "{0} * {0}", "10"): "too long",
    # texts that would take for ever
    "(" * 100_000: "64 KiB",
    "u = " + "(" * 60_000: "words and signs",
    "u = " + "(" * 15_000: "nested deeper",
    "u = " + "-" * 15_000 + "x": "nested deeper",
    "u = " + "exp(" * 5_000: "nested deeper",
    "u[n] = z[" + "y[" * 5_000: "nested deeper",
    "u[n] = " + "+".join(["x[n]"] * 20_000): "64 KiB",
    "u[n] = " + "+".join(["x[n]"] * 13_000): "words and signs",
    "u = " + "+".join(["1"] * 20_000): "words and signs",
    "u[n] = " + "+".join(["x[n]"] * 3_000): "more than 2,000 parts",
    "u[n] = " + "-".join(f"exp(x[n] + {i})" for i in range(1_500)): "more than 2,000 parts",
    towers(14, "({0} + 1) * {0}"): "20,000 operations",
    towers(60, "({0} + 1) * {0}"): "20,000 operations",
    "\n".join(f"u{i} = x" for i in range(5_000)): "more than",
    # mathematics that has no meaning
    "u = 1/0": "division by zero",
    "u = pi(x)": "'pi' is a number",
    "u = u + 1": "used before it is defined",
    "u = ping(x)": "calls itself",
    "u[n] = x[n, d]": "not bound",
    "u[n, n] = x[n, n]": "stands twice",
    "u[n] = x[n] + x[n, n]": "elsewhere and",
    "u = x\nu = y": "defined twice",
}


@pytest.mark.parametrize(("text", "words"), ATTACKS.items(), ids=[ascii(t[:24]) for t in ATTACKS])
def test_an_attack_gets_a_clear_error(text, words):
    assert words in outcome(text)


AXES = ", ".join("abcdefghi")
# each limit: the largest that is read, the smallest that is not, and what is said of it
LIMITS = {
    "text": ("u = x" + " " * 65_531, "u = x" + " " * 65_532, "longer than 64 KiB"),
    "words": ("u = x" + "+x" * 990, "u = x" + "+x" * 10_000, "more than 20,000 words"),
    "depth": ("u = " + "(" * 63 + "x" + ")" * 63, "u = " + "(" * 64 + "x" + ")" * 64, "than 64"),
    "symbols": (
        "u = " + "+".join(f"x{i}" for i in range(511)),
        "u = " + "+".join(f"x{i}" for i in range(512)),
        "more than 512 symbols",
    ),
    "axes": (
        f"u = sum({AXES[:-3]}, x[{AXES[:-3]}])",
        f"u = sum({AXES}, x[{AXES}])",
        "more than 8 axes",
    ),
    "digits": ("u = x + 12345678901234567", "u = x + 123456789012345678", "at most 17 digits"),
    "digits of a fraction": (
        "u = x + 1.2345678901234567",
        "u = x + 1.23456789012345678",
        "17 digits",
    ),
    "exponent of a number": ("u = x + 1e300", "u = x + 1e301", "lies between -300 and 300"),
    "power": ("u = x**64", "u = x**65", "lies between -64 and 64"),
    "negative power": ("u = x**-64", "u = x**-65", "lies between -64 and 64"),
    "power in steps": ("u = (x**64)**64", "u = ((x**64)**64)**64", "too long"),
    "name": (f"u = {'x' * 64}", f"u = {'x' * 65}", "at most 64 characters"),
    "operations": (
        towers(12, "({0} + 1) * {0}"),
        towers(13, "({0} + 1) * {0}"),
        "more than 20,000 operations",
    ),
    "calls": (
        "u[n, k] = 2 * x[n, k]\n" + "\n".join(f"u{i} = relu(u)" for i in range(250)),
        "u[n, k] = 2 * x[n, k]\n" + "\n".join(f"u{i} = relu(u)" for i in range(257)),
        "more than 256 equations",
    ),
}


@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_has_its_own_message(name):
    largest, over, words = LIMITS[name]
    assert outcome(largest) == ""
    assert words in outcome(over)


def test_a_file_has_the_limit_of_a_text():
    text = 'equations = "u = x"\n#'
    assert outcome(text + "x" * (65_536 - len(text)), read_layer) == ""
    assert "longer than 64 KiB" in outcome(text + "x" * (65_537 - len(text)), read_layer)


MUST_WORK = [
    "u[n] = N * x[n] + S * E + I * Q[n] - beta**2",
    "u[n] = " + " + ".join(f"exp(x[n] + {i})" for i in range(330)),
    "u[n] = " + " + ".join(f"sum(a, b, c, x{i % 40}[n, a, b, c])" for i in range(180)),
    "u = " + "exp(1 + " * 30 + "x" + ")" * 30,
    "u = " + "1 / (1 + " * 30 + "x" + ")" * 30,
    "u = " + "".join(f"sum(a{i}, x[a{i}] * " for i in range(30)) + "1" + ")" * 30,
    "u = x + (123456789012345e280)**0.5 + 2**1e-300",
    "u = x" + " " * 60_000,
    "#" + "x" * 60_000 + "\nu = x",
    towers(10, "({0} + 1) * {0}"),
]


@pytest.mark.parametrize("text", MUST_WORK, ids=[t[:24] for t in MUST_WORK])
def test_what_is_only_large_is_read_in_time(text):
    assert outcome(text) == ""


def test_memory_is_bounded():
    for text in ("(" * 100_000, "u = " + "+".join(["x"] * 20_000), towers(20, "{0}**64", "10")):
        tracemalloc.start()
        assert outcome(text)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 64 * 2**20


def test_no_recursion_error_from_deep_inside_a_program():
    """A definition that is read where the stack is nearly full."""

    def sink(levels):
        return (
            outcome("u = " + "exp(1 + " * 30 + "x" + ")" * 30) if not levels else sink(levels - 1)
        )

    frame, depth = sys._getframe(), 0
    while frame:
        frame, depth = frame.f_back, depth + 1
    found = [sink(sys.getrecursionlimit() - depth - left) for left in (60, 120, 250, 500)]
    assert found[0] == "test: the equations are nested too deeply" and set(found[1:]) <= {
        found[0],
        "",
    }


HOSTILE_WORDS = [
    'a """ b',
    "ends in a backslash \\",
    "{{7*7}}",
    '{% include "/etc/passwd" %}',
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    r"\input{/etc/passwd}",
    "\u202e right to left",
]


@pytest.mark.parametrize("words", HOSTILE_WORDS)
def test_words_are_kept_as_they_are(words):
    layer = read_equations(
        "test", "u = x", title=words, summary=words, symbols={"x": words}, references=[words]
    )
    assert layer.title == layer.summary == layer.descriptions["x"] == words
    assert layer.tensor("x").description == words


@pytest.mark.parametrize("name", ["x;import os", "x\nimport os", "x y", "", "x[0]", "__class__"])
def test_a_symbol_that_is_no_name_is_refused(name):
    message = outcome("u = x", symbols={name: "a"})
    assert "[symbols] describes" in message and "\n" not in message


# -- any text --------------------------------------------------------------------------------------
PIECES = st.sampled_from(
    [
        *sorted(WORDS),
        *"nkjdxyzuNKJSEI",
        *"()[],=+-*/<>:#^.;\\\"'\n\t\r ",
        *["**", ":=", "==", "!=", "<=", ">=", " = ", "[n, k]", "[n]", "[n, y[n]]", "[k == y[n]]"],
        *["0", "1", "2", "64", "0.5", "1e300", "1e-300", "999999999999999", "1e9"],
        *["u[n] = ", "u[n, k] = ", "u = ", "v := ", "\nv[n] = ", "sum(d, ", "max(0, ", "log("],
        *["relu(u)", "softmax(x)", "twice(2, x)", "ping(x)", "broken(x)", "lambda", "size_n"],
        *["du", "dx", "é", "λ", "\x00", "\u2028", "\ud800", "٣", "_", "__class__"],
    ]
)
SOUP = st.lists(PIECES, max_size=40).map("".join)
LETTERS = st.sampled_from("abdnkxyzuNK")


def applied(inner):
    """Larger expressions from smaller ones, right or nearly right."""
    return st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner).map(" ".join),
        inner.map(lambda e: f"({e})"),
        inner.map(lambda e: f"-{e}"),
        st.tuples(st.sampled_from(sorted(WORDS)), inner).map(lambda p: f"{p[0]}({p[1]})"),
        st.tuples(st.sampled_from(sorted(WORDS)), LETTERS, inner).map(
            lambda p: "{}({}, {})".format(*p)
        ),
        st.tuples(inner, inner, inner).map(lambda p: "where({} > {}, {}, 1)".format(*p)),
        st.tuples(inner, inner).map(lambda p: "[{} == {}]".format(*p)),
    )


ENTRIES = st.one_of(
    LETTERS,
    st.tuples(LETTERS, LETTERS).map(lambda p: "{}[{}]".format(*p)),
    st.tuples(LETTERS, LETTERS, LETTERS).map(lambda p: "{}[{}, {}]".format(*p)),
    st.tuples(LETTERS, LETTERS, LETTERS).map(lambda p: "{}[{}[{}]]".format(*p)),
    st.sampled_from(["0", "1", "2", "0.5", "64", "1e300", "1e-300", "123456789012345"]),
)
SIDES = st.recursive(ENTRIES, applied, max_leaves=10)
LEFT = st.sampled_from(["u = ", "u[n] = ", "u[n, k] = ", "v[k] := ", "w = ", "N = ", "x[n] = "])
EQUATIONS = st.lists(st.tuples(LEFT, SIDES).map("".join), min_size=1, max_size=4).map("\n".join)
COMPARISONS = st.tuples(SIDES, st.sampled_from(["==", "<", ""]), SIDES).map(" ".join)


@given(st.one_of(SOUP, st.text(max_size=60), st.text(string.printable, max_size=60)))
@settings(deadline=None, max_examples=300)
@example("u = [sqrt(-1) < x]")
def test_only_definition_errors_come_out_of_a_soup_of_words(text):
    outcome(text)


@given(EQUATIONS, st.lists(COMPARISONS, max_size=2), st.none() | st.lists(LETTERS, max_size=2))
@settings(deadline=None, max_examples=300)
def test_only_definition_errors_come_out_of_equations(text, assume, wrt):
    keys = {} if wrt is None else {"wrt": wrt}
    outcome(text, assume=assume, **keys)


TOML = st.lists(
    st.sampled_from(
        [
            *["title", "equations", "wrt", "assume", "symbols", "summary", "[symbols]", "[[", "]]"],
            *["=", '"', '"""', "'", "\n", "[", "]", "{", "}", ",", ".", "#", " ", "\\", "u = x"],
            *["1", "1e999", "2020-01-01", "true", "\\u0000", "\x00", "\ud800", "é", "x"],
        ]
    ),
    max_size=30,
).map("".join)


@given(st.one_of(TOML, SOUP, EQUATIONS.map(lambda e: f'equations = """\n{e}\n"""')))
@settings(deadline=None, max_examples=200)
def test_only_definition_errors_come_out_of_files(text):
    outcome(text, read_layer)
