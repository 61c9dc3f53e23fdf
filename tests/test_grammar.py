"""Text to trees and back: precedence, places of errors, limits, and hints at what people write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pullback.derive.errors import DefinitionError
from pullback.derive.read.descent import MAX_DEPTH, MAX_TEXT
from pullback.derive.read.grammar import parse_comparison, parse_equations
from pullback.derive.read.trees import (
    Apply,
    Negative,
    Number,
    Operation,
    Place,
    Ref,
    parts,
    spell,
    spell_equation,
    walk,
)
from pullback.derive.read.words import INSTEAD


def right(text):
    return parse_equations("u = " + text)[0].right


def refused(text, read=parse_equations):
    with pytest.raises(DefinitionError) as info:
        read(text)
    return info.value


SHAPES = [
    ("a + b * c", "(a + (b * c))"),
    ("a - b - c", "((a - b) - c)"),
    ("a / b * c", "((a / b) * c)"),
    ("a ** b ** c", "(a ** (b ** c))"),
    ("-a ** 2", "(-(a ** 2))"),
    ("a ** -b", "(a ** (-b))"),
    ("-a * b", "((-a) * b)"),
    ("a * -b", "(a * (-b))"),
    ("+a - +b", "(a - b)"),
    ("(a + b) * c", "((a + b) * c)"),
    ("- - a", "(-(-a))"),
]


def shape(tree):
    """A tree with every operation in brackets."""
    if isinstance(tree, Operation):
        return f"({shape(tree.left)} {tree.op} {shape(tree.right)})"
    if isinstance(tree, Negative):
        return f"(-{shape(tree.operand)})"
    return spell(tree)


@pytest.mark.parametrize(("text", "wanted"), SHAPES, ids=[s[0] for s in SHAPES])
def test_precedence(text, wanted):
    assert shape(right(text)) == wanted


SPELLED = {
    "h[n,k]=max( 0,u[n ,k] )": "h[n, k] = max(0, u[n, k])",
    "p[n,j]:=exp(z[n,j])/sum(i,exp(z[n,i]))": "p[n, j] := exp(z[n, j]) / sum(i, exp(z[n, i]))",
    "L[n] = -log(p[n,y[n]])  # the loss": "L[n] = -log(p[n, y[n]])",
    "u = a-(b-c)/(d*e)": "u = a - (b - c) / (d * e)",
    "u = (-a)**2": "u = (-a)**2",
    "u = (a**b)**c": "u = (a**b)**c",
    "u = [k==y[n]]*where(x>=.5,1,1e-3)": "u = [k == y[n]] * where(x >= .5, 1, 1e-3)",
    "u = sum(\n  n, # over the\n  x[n])": "u = sum(n, x[n])",
    "u = x\r\n": "u = x",
}


@pytest.mark.parametrize("text", SPELLED)
def test_an_equation_is_spelled_tidily(text):
    (equation,) = parse_equations(text)
    assert spell_equation(equation) == SPELLED[text]
    assert spell_equation(parse_equations(SPELLED[text])[0]) == SPELLED[text]


NAMES = st.sampled_from(["a", "b", "x"])
PLACE = Place()
TREES = st.recursive(
    NAMES.map(lambda n: Ref(n, None, PLACE))
    | st.sampled_from(["2", ".5", "1e-3"]).map(lambda t: Number(t, PLACE)),
    lambda inner: st.one_of(
        st.builds(
            Operation, st.sampled_from(["+", "-", "*", "/", "**"]), inner, inner, st.just(PLACE)
        ),
        st.builds(Negative, inner, st.just(PLACE)),
        st.builds(lambda a: Apply("exp", (a,), PLACE), inner),
    ),
    max_leaves=8,
)


@given(TREES)
def test_spelling_is_read_back_as_the_same_tree(tree):
    assert shape(right(spell(tree))) == shape(tree)


def test_walk_yields_a_part_before_its_parts_and_needs_no_recursion():
    tree = right(" + ".join(["x[n]"] * 3000))
    seen = list(walk(tree))
    assert len(seen) == 5999
    order = {id(part): at for at, part in enumerate(seen)}
    assert all(order[id(p)] < order[id(q)] for p in seen for q in parts(p))


PLACES = [
    ("u = x +\nv = y", 1, 8, "found the end of the line"),
    ("u = x\nv = y)", 2, 6, "found ')'"),
    ("u = (x\nv = y", 2, 1, "close '(', 1 line above"),
    ("u = exp(x", 1, 10, "close 'exp('"),
    ("u = x\n  v[n = y", 2, 7, "after the axes"),
    ("u == x", 1, 3, "'=' or ':='"),
    ("= x", 1, 1, "the name of a node"),
    ("u[] = x", 1, 3, "expected an axis"),
    ("u = x[n + ]", 1, 11, "expected a number, a name or a bracket"),
    ("u = x[n + 1.5]", 1, 7, "a sum of such and whole numbers"),
    ("u = x[n / 2]", 1, 7, "a sum of such and whole numbers"),
    ("u = x[exp(n)]", 1, 7, "a sum of such and whole numbers"),
    ("u = x[y[n + 1]]", 1, 7, "has only axes and labels in its own"),
    ("u = x[(h e]", 1, 10, "expected ')' to close '('"),
    ("u = pad(0, x[n])", 1, 5, "pad takes a value and an entry"),
    ("u = pad(0, 1, x[n - 1])", 1, 5, "pad takes a value and an entry"),
    ("u = x[n 1]", 1, 9, "after the indices, each an axis or an integer tensor"),
    ("u = [x]", 1, 5, "an indicator holds a comparison"),
    ("u = _x", 1, 5, "a name starts with a letter"),
    ("u = 2x", 1, 6, "found 'x'"),
    ("u = relu()", 1, 10, "found ')'"),
    ("u = x if y", 1, 7, "found 'if'"),
    ("\tu = ;", 1, 6, "';' is not part of the language"),
    ("u = 123456789012345678", 1, 5, "at most 17 digits"),
    ("u = 1e400000000", 1, 5, "exponent lies between"),
    ("u = " + "a" * 65, 1, 5, "at most 64 characters"),
]


@pytest.mark.parametrize(
    ("text", "line", "column", "words"), PLACES, ids=[p[0][:20] for p in PLACES]
)
def test_an_error_points_to_its_place(text, line, column, words):
    error = refused(text)
    assert (error.line, error.column) == (line, column)
    assert words in str(error)
    shown, caret = str(error).splitlines()[-2:]
    source = text.split("\n")[line - 1].replace("\t", " ")
    assert shown[4:] == source[:100] and caret == " " * (column + 3) + "^"


def test_a_long_line_is_shown_around_the_place():
    error = refused("u = " + "x + " * 500 + ") + y")
    shown, caret = str(error).splitlines()[-2:]
    assert len(shown) <= 104 and shown[caret.index("^")] == ")"


@pytest.mark.parametrize("char", sorted(INSTEAD))
def test_what_people_write_instead_gets_a_hint(char):
    assert f"write {INSTEAD[char]}" in str(refused(f"u = x {char} y"))


@pytest.mark.parametrize("text", ["µ = x", "u = ﬁ", "u = x\u2028", "u = é[n]", "u = ٣", "ｕ = x"])
def test_only_ascii_names(text):
    assert "letters a to z and A to Z" in str(refused(text))


@pytest.mark.parametrize("char", ["\rb", "\x00", "\x0c", "\x1b", "\x85", "\u2028", "\ud800"])
def test_what_ends_a_line_elsewhere_cannot_hide_in_a_comment(char):
    error = refused(f"u = x # {char}\nv = )")
    assert error.line == 1 and ascii(char[0])[1:-1] in str(error)


DEEP = {
    "brackets": lambda n: "(" * n + "x" + ")" * n,
    "indices": lambda n: "z[" + "y[" * n + "n" + "]" * (n + 1),
    "signs": lambda n: "-" * n + "x",
    "powers": lambda n: "x**" * n + "x",
    "functions": lambda n: "exp(" * n + "x" + ")" * n,
    "signs in brackets": lambda n: "-(" * n + "x" + ")" * n,
}


@pytest.mark.parametrize("kind", DEEP)
def test_nesting_is_limited(kind):
    right(DEEP[kind](MAX_DEPTH // 2 - 2))
    for depth in (MAX_DEPTH + 1, 5_000):
        assert "nested deeper" in str(refused("u = " + DEEP[kind](depth)))


def test_unclosed_brackets_and_long_texts_are_refused():
    assert "nested deeper" in str(refused("u = " + "(" * 19_000))
    assert "words and signs" in str(refused("u = " + "(" * 50_000))
    assert "64 KiB" in str(refused("(" * 100_000))
    assert "64 KiB" in str(refused("#" + "é" * (MAX_TEXT // 2)))
    assert "words and signs" in str(refused("u = " + "+".join(["x"] * 20_000)))


def test_a_comparison_alone():
    tree = parse_comparison("sum(j, t[n, j]) == 1")
    assert tree.op == "==" and spell(tree) == "sum(j, t[n, j]) == 1"
    for text in ("sum(j, t[n, j])", "", "a == b == c", "a == b\nu = x", "a == ("):
        refused(text, parse_comparison)


def test_an_error_names_the_text_that_it_is_in():
    error = refused("u = )", lambda text: parse_equations(text, "relu"))
    assert str(error).startswith("relu: expected a number")
