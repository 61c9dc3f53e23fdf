"""Matrix notation that is refused: in words that say what to write instead, pointing at it."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pullback.derive.errors import DefinitionError
from pullback.derive.read.from_matrices.reader import understand
from pullback.derive.read.reader import read_arrays, read_equations, read_layer

SHAPES = {"x": "N D", "W": "D K", "c": "K", "w": "K C", "y": "N: C", "λ": "", "s": "N N", "u": "N"}
SHAPES |= {"g": "D", "v": "N", "t": "N C", "p": "N 1", "r": "1 D"}
LIMIT = 20.0  # seconds of the processor, for what takes under one

# a text, words of the error, where it points
REFUSED = [
    # shapes
    ("x w", "'D' and 'K' meet in the product of a matrix (N D) and a matrix (K C)", (1, 3)),
    ("a = x W\na x", "'K' and 'N' meet", (2, 3)),
    ("W g", "'K' and 'D' meet in the product of a matrix (D K) and a vector (D)", (1, 3)),
    ("x + W", "'N' and 'D' meet", (1, 3)),
    ("x + c", "as long as neither its rows nor its columns", (1, 3)),
    ("s + u", "each row or each column? write cᵀ", (1, 3)),
    ("u v", "write xᵀ y, a number, x yᵀ, a matrix, or x ⊙ y", (1, 3)),
    ("uᵀ vᵀ", "no product of a row (N) and a row (N)", (1, 4)),
    ("x gᵀ", "transpose the vector", (1, 3)),
    ("u - uᵀ", "a vector (N) and a row (N) meet", (1, 3)),
    ("g W + (W' g)", "the row (K) and a column (K) meet", (1, 5)),
    ("g W + W gᵀ", "'g' stands left of a matrix without ᵀ", None),
    ("p + r", "neither is as large as what they would make", (1, 3)),
    ("p ⊙ gᵀ", "neither is as large as what they would make", (1, 3)),
    ("tr(x)", "tr takes a square matrix", (1, 1)),
    ("λ + sum(diag(x))", "'N' and 'D' meet", (1, 9)),
    ("u^v", "an exponent is a number; this is a vector (N)", (1, 2)),
    # what may be two things
    ("s * s", "both products fit; write A B", (1, 3)),
    ("a = g W\na * c", "the row (K) * a vector (K): both products fit", (2, 3)),
    ("c ⊙ x W", "(A ⊙ B) C or A ⊙ (B C): write the brackets", (1, 7)),
    ("x .* x W", "(A ⊙ B) C or A ⊙ (B C)", (1, 8)),
    ("1/2λ", "is this a factor of the divisor", (1, 4)),
    ("λ/2(u'u)", "is this a factor of the divisor", (1, 4)),
    ("s^2", "write A A for the product", (1, 2)),
    ("s²", "write A A for the product", (1, 2)),
    ("g W\n", None, None),
    ("g' g + sum(g W)", "'g' stands left of a matrix without ᵀ, as a row", (1, 12)),
    ("|u|", "write ‖x‖, or abs(x) of entries", (1, 1)),
    ("x 2", "a number stands before what it multiplies", (1, 3)),
    ("x 1", "the vector of ones is 𝟏 or ones", (1, 3)),
    # names
    ("xW", "xW is not declared; is it x W, the product? write `x W` or declare it", (1, 1)),
    ("λ + sum(xWw)", "is it x W w, the product?", (1, 9)),
    ("xW(c)", "is it x W, the product?", (1, 1)),
    ("W₁ x", "W_1 has no shape", (1, 1)),
    ("μ x", "mu has no shape: give it one", (1, 1)),
    ("q x", 'give it one, as in "N D" for a matrix', (1, 1)),
    ("sofmax(x)", "no function that is read, nor declared; did you mean 'softmax'?", (1, 1)),
    ("x = s", "'x' is there already", (1, 1)),
    ("a = x\na = s", "'a' is there already", (2, 1)),
    ("x\ns", "a value that goes nowhere", (1, 1)),
    # functions
    ("exp x", "exp takes its argument in brackets", (1, 1)),
    ("exp", "exp takes its argument in brackets", (1, 1)),
    ("log(det(s))", "there are no determinants yet", (1, 5)),
    ("inv(s)", "inverses are not read", (1, 1)),
    ("s^-1", "inverses are not read", (1, 2)),
    ("s⁻¹", "inverses are not read", (1, 2)),
    ("x/s", "a ./ b divides entry by entry", (1, 2)),
    ("s + I", "I: declare the matrix as an input", (1, 5)),
    ("max(x, x, x)", "max takes 1 or 2 arguments", (1, 1)),
    ("exp(x, x)", "exp takes 1 argument", (1, 1)),
    ("CE(x, y)", "labels below 'C' are used on an axis of size 'D'", (1, 1)),
    ("CE(g, y)", "a label for each row of z", (1, 1)),
    ("CE(t, x)", "or y of the shape of z", (1, 1)),
    ("softmax(λ)", "takes a vector, or a matrix", (1, 1)),
    ("vector(u)", "a number that is typed", (1, 1)),
    ("‖s‖_2", "its largest singular value", (1, 1)),
    ("‖s‖_2²", "its largest singular value", (1, 6)),
    ("‖s‖_1", "sum(abs(A))", (1, 1)),
    ("‖u‖_3", "the norm ‖·‖_3 is not read", (1, 1)),
    ("y + u", "labels are no numbers to compute with; CE(z, y) takes them", (1, 3)),
    ("y", "labels are no numbers", (1, 1)),
    ("sum(y)", "labels are no numbers", (1, 1)),
    # ones
    ("1ᵀ", "the length of the vector of ones does not follow", (1, 1)),
    ("exp(𝟏)", "the length of the vector of ones", (1, 1)),
    ("𝟏ᵀ 𝟏", "the length of the vector of ones", (1, 4)),
    ("2ᵀ x", "the transpose of 2", (1, 2)),
    # signs
    ("x @ W", "the product is A B", (1, 3)),
    ("x × W", "of entries A ⊙ B", (1, 3)),
    ("x[0]", "is index notation", (1, 2)),
    ("W_{k,l}", "is index notation", (1, 2)),
    (r"\sum_k W", "write sum(A), 𝟏ᵀ A or ‖A‖²", (1, 1)),
    ("∂L", "write the forward pass", (1, 1)),
    ("x < 1", "comparisons are not read", (1, 3)),
    ("x; W", "';' is not part of matrix notation", (1, 2)),
    ("x & W", "'&' is not part of matrix notation", (1, 3)),
    (r"x \\ W", "a value that goes nowhere", (1, 1)),
    ("f(x) = x", "one name", (1, 1)),
    ("a = b = x", None, (1, 1)),
    ("(x", "to close '('", (1, 3)),
    ("x)", "found ')'", (1, 2)),
    ("exp(x", "to close 'exp('", (1, 6)),
    ("‖x", "expected '‖' to close the first one", (1, 3)),
    ("x W +", "found the end of the line", (1, 6)),
    ("x^", "found the end of the line", (1, 3)),
    (r"\frac12 x", r"after \frac, as in \frac{a}{b}", (1, 6)),
    ("12345678901234567890 x", "at most 17 digits", (1, 1)),
    ("1e999 x", "an exponent lies between", (1, 1)),
    ("", "there is no equation", (0, 0)),
]
REFUSED = [case for case in REFUSED if case[1]]


@pytest.mark.parametrize(("text", "said", "place"), REFUSED, ids=[t for t, _, _ in REFUSED])
def test_what_is_refused(text, said, place):
    with pytest.raises(DefinitionError) as caught:
        understand(text, SHAPES)
    assert said in caught.value.reason
    if place is not None:
        assert (caught.value.line, caught.value.column) == place
    if place and place[0]:
        line = str(caught.value).partition("\n  a guess")[0].split("\n")
        assert line[-1].index("^") - 4 == place[1] - 1
        assert line[-2].strip() == text.split("\n")[place[0] - 1].strip()


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ({"x": "N D K"}, "two axes at most; array notation has more"),
        ({"x": "3"}, "a size has a name"),
        ({"λ": "", "lambda": ""}, "it is no name, or there twice"),
        ({"x y": "N"}, "it is no name"),
        ({"mean": "N"}, "cannot be a name"),
        ({"dz": "N", "z": "N"}, "is the name of the cotangent"),
    ],
)
def test_shapes_that_are_refused(shapes, said):
    text = "L = " + " + ".join(f"sum({name})" for name in shapes)
    with pytest.raises(DefinitionError, match=said):
        read_arrays("layer", text, shapes, notation="matrices")


FILE = """
title = "a layer"
matrices = '''
u = x W
h = {}
'''
[shapes]
x = "N D"
W = "D K"
"""


@pytest.mark.parametrize(("text", "column"), [("tanh(u) W", 13), ("x² + uW", 10)])
def test_errors_point_into_the_file(text, column):
    with pytest.raises(DefinitionError) as caught:
        read_layer("mine", FILE.format(text))
    assert (caught.value.line, caught.value.column) == (5, column)
    assert "line 5, column" in str(caught.value) and str(caught.value).startswith("mine: ")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('matrices = "x"\narrays = "x"', "'arrays' and 'matrices' are there; give one of them"),
        ('matrices = "x"\nequations = "x"', "'equations' and 'matrices' are there"),
        ('equations = "h[n] = x[n]"\n[shapes]\nx = "N"', "goes with 'arrays' or 'matrices'"),
        ('matrices = "x"\nshapes = "N"', "'shapes' must be a table of texts"),
        ("matrices = 3", "'matrices' must be text"),
        ('matrices = "x"', "x has no shape"),
    ],
)
def test_keys_that_are_refused(source, said):
    with pytest.raises(DefinitionError, match=said):
        read_layer("layer", source)


# -- names run together, in index notation ---------------------------------------------------------

TOGETHER = [
    ("u[n, k] = sum(d, x[n, d] * W[d, k]) + xW[n, k]", "is it x W, the product?", (1, 39)),
    ("u[n] = x[n] * W[n]\nh[n] = uW[n] + 1", "is it u W, the product?", (2, 8)),
    ("u[n] = a * x[n] + ax", "is it a x, the product?", (1, 19)),
]


@pytest.mark.parametrize(("text", "said", "place"), TOGETHER)
def test_a_name_made_of_others_is_asked_about(text, said, place):
    with pytest.raises(DefinitionError) as caught:
        read_equations("layer", text)
    assert said in caught.value.reason and "describe" in caught.value.reason
    assert (caught.value.line, caught.value.column) == place


def test_a_name_that_is_described_is_meant():
    text = TOGETHER[0][0]
    with pytest.raises(DefinitionError):
        read_layer("layer", f'equations = "{text}"')
    assert read_layer("layer", f'equations = "{text}"\n[symbols]\nxW = "a bias"').inputs
    assert read_equations("layer", text, wrt=["xW"]).wrt == ("xW",)


@pytest.mark.parametrize(
    "text",
    [
        "h[n] = m[n] * u[n] + mu",  # a Greek letter
        "x[n] = a[n]\nW[n] = b[n]\nxW[n] = x[n] * W[n]",  # a node
        "h[n] = x[n] * x_1[n]",
        "h[n] = x[n] * x2[n]",
    ],
)
def test_other_names_are_no_products(text):
    read_equations("layer", text)


# -- texts of anybody ------------------------------------------------------------------------------

HOSTILE = {
    "brackets": "(" * 5000 + "x" + ")" * 5000,
    "braces": "{" * 5000,
    "bars": "‖" * 5000,
    "single bars": "| " * 5000,
    "signs": "-" * 20000 + "x",
    "transposes": "x" + "'" * 19000,
    "powers": "λ" + "^2" * 9000,
    "towers": "λ" + "^λ" * 9000,
    "sums": "x" + " + x" * 9000,
    "products": "s" + " s" * 9000,
    "doubled": "\n".join(["a0 = s"] + [f"a{i} = a{i - 1} a{i - 1}" for i in range(1, 400)]),
    "inside": "exp(" * 60 + "x" + ")" * 60,
    "doubled inside": "softmax(" * 40 + "x" + ")" * 40,
    "fractions": r"\frac{" * 3000,
    "a long name": "x" * 60000,
    "a long text": "x + " * 20000,
    "a long number": "1" * 60000,
    "names": "xW" * 30000,
    "spaces": " " * 60000 + "q",
    "lone surrogate": "\ud800",
    "null": "x\0",
    "many equations": "\n".join(f"a{i} = x" for i in range(5000)),
    "lines": "\n" * 60000,
    "digits": "٣ x",
    "code": "__import__('os').system('true')",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts(name):
    start = time.process_time()
    try:
        read_arrays("layer", HOSTILE[name], SHAPES, notation="matrices")
    except DefinitionError as error:
        assert len(str(error)) < 2000
    assert time.process_time() - start < LIMIT


PIECES = st.sampled_from(
    [
        *("x", "W", "c", "w", "y", "λ", "s", "u", "v", "g", "t", "1", "2", "0.5", "1e5", "e", "½"),
        *("+", "-", "*", ".*", "/", "./", "^", "^T", "'", "ᵀ", "(", ")", "{", "}", "‖", "|", "||"),
        *(",", "=", "𝟏", "exp", "sum", "tr", "CE", "max", "²", "_1", "\n", "#", "$", "&"),
        *(r"\frac", r"\odot", r"\lambda", r"\\"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=25), st.sampled_from(["", " "]))
@example(["x", "'", "'"], "")
def test_pieces_in_any_order_are_read_or_refused(pieces, space):
    try:
        understand(space.join(pieces), SHAPES)
    except DefinitionError as error:
        assert error.reason


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        understand(text, SHAPES)
    except DefinitionError as error:
        assert error.reason
