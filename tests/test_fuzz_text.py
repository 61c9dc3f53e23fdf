"""Any text at all: a layer or a DefinitionError, in time and without much memory."""

import re
import resource
import string
import sys

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pullback.codegen import library
from pullback.codegen.lower.assembly import lower
from pullback.derive.calculus.derivation import derive
from pullback.derive.errors import DefinitionError, PullbackError
from pullback.derive.layer import Layer
from pullback.derive.read.reader import read_equations, read_layer
from pullback.derive.read.vocabulary import WORDS
from tests.strategies import layers, limited

# Reading takes under a second. What hangs takes minutes; one collection of all objects that the
# tests before have left behind takes seconds.
SECONDS = 30  # to read
SECONDS_TO_DERIVE = 60
MEMORY = 256 * 2**20  # bytes that a text may make the process grow by
UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss

SHIPPED = {name: library.shipped_source(name) for name in library.shipped()}
TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.]*|\*\*|:=|[<>=!]=|\.\.\.|\s+|.", re.S)
PIECES = [
    *sorted(WORDS),
    *"nkjdxyzuNK()[],=+-*/<>:#.;\\\"'\n\t ",
    *["**", ":=", "==", "!=", "[n]", "[n, k]", "[n, y[n]]", "[k == y[n]]", "[...]", "..."],
    *["0", "1", "64", "1e300", "-1", "1e-300", "99999999999999999999", "0.1.2", "1/0", "log(0)"],
    *["sum(d, ", "max(0, ", "(", ")", "relu(u)", "du", "size(n)", "\x00", "\ud800", "λ", "é"],
]


def outcome(text, read=read_equations):
    """The layer, or None where the text is refused; nothing else, not late, not large."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    layer = None
    with limited(SECONDS):
        try:
            layer = read("own", text, library.shipped_source)
            assert isinstance(layer, Layer)
        except DefinitionError as error:
            assert str(error)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (after - before) * UNIT < MEMORY
    return layer


def derived(text, read=read_equations):
    """A text that is read is derived and lowered, or refused in words."""
    layer = outcome(text, read)
    if layer is not None:
        with limited(SECONDS_TO_DERIVE):
            try:
                lower(derive(layer))
            except PullbackError as error:
                assert str(error).startswith("own")


def equations_of(source):
    """The equations of a shipped file."""
    return source.split('"""')[1].strip()


@st.composite
def mutated(draw, texts):
    """A text with a few characters or words taken out, put in, swapped or repeated."""
    text = draw(texts)
    for _ in range(draw(st.integers(1, 3))):
        by_word = draw(st.booleans())
        parts = TOKEN.findall(text) if by_word else list(text)
        if not parts:
            break
        i, j = sorted(draw(st.tuples(*[st.integers(0, len(parts) - 1)] * 2)))
        change = draw(st.sampled_from(["delete", "insert", "swap", "repeat", "replace", "cut"]))
        if change == "delete":
            del parts[i]
        elif change == "insert":
            parts.insert(i, draw(st.sampled_from(PIECES)))
        elif change == "swap":
            parts[i], parts[j] = parts[j], parts[i]
        elif change == "repeat":
            parts[i:i] = parts[i : min(j, i + 20)] * draw(st.integers(1, 3))
        elif change == "replace":
            parts[i] = draw(st.sampled_from(PIECES))
        else:
            del parts[i : min(j, i + 10)]
        text = "".join(parts)
    return text


FILES = st.sampled_from(sorted(SHIPPED.values()))
SHORT = st.sampled_from([e for e in map(equations_of, SHIPPED.values()) if e.count("\n") < 3])
NUMBERS = st.one_of(
    st.text("0123456789", min_size=1, max_size=400),
    st.tuples(st.text("0123456789.eE+-", min_size=1, max_size=30)).map("".join),
    st.builds("{}e{}".format, st.integers(0, 10**15), st.integers(-400, 400)),
)
OPENERS = ["(", "[", "exp(", "sum(d, ", "-", "x**", "x[y[", "where(x > 0, ", "max(0, ", "1/("]


@given(st.one_of(st.text(max_size=200), st.text(string.printable, max_size=200)))
@settings(max_examples=300)
@example("\x00")
@example("u = x\r\nv = u")
def test_any_characters(text):
    outcome(text)
    outcome(text, read_layer)


@given(mutated(FILES))
@settings(max_examples=200)
def test_mutated_files(text):
    outcome(text, read_layer)


@given(mutated(st.one_of(FILES.map(equations_of), layers())))
@settings(max_examples=200)
def test_mutated_equations(text):
    outcome(text)


@given(
    st.lists(st.sampled_from(OPENERS), min_size=1, max_size=4).map("".join),
    st.integers(1, 20_000),
    st.sampled_from(["", "x", ")", "x)"]),
)
@settings(max_examples=100)
def test_deep_nesting(opening, count, end):
    outcome("u = " + opening * count + end * count)
    outcome(f"u = x + [{opening * count} > 0]")


@given(NUMBERS, st.sampled_from(["u = {} * x", "u = x**{}", "u = {0}**{0} + x", "u = exp({}) - x"]))
@settings(max_examples=200)
@example("64", "u = {0}**{0} + x")
@example("300", "u = exp({}) - x")
def test_long_numbers(number, form):
    derived(form.format(number))


@given(st.integers(1, 200), st.integers(1, 12), st.sampled_from([" + ", " * ", "\nv{} = "]))
@settings(max_examples=60)
def test_many_symbols(count, rank, join):
    axes = ", ".join("abcdefghijkl"[:rank])
    terms = (f"x{i}[{axes}]" for i in range(count))
    text = f"u[{axes}] = " + next(terms)
    for i, term in enumerate(terms):
        text += join.format(f"{i}[{axes}]") + term
    outcome(text)


@given(mutated(SHORT))
@settings(max_examples=60)
def test_what_is_read_is_derived_or_refused(text):
    derived(text)
