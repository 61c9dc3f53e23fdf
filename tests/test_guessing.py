"""Shapes that nobody has said are named at once, and what is guessed of them is read."""

import ast
import inspect
import pickle

import pytest

from pullback.codegen.live.chips import STARTS
from pullback.derive.errors import DefinitionError
from pullback.derive.read.from_arrays.reader import understand as understand_arrays
from pullback.derive.read.from_arrays.shapes import split_shapes
from pullback.derive.read.from_matrices.reader import understand as understand_matrices
from pullback.derive.read.from_matrices.words import plain
from pullback.derive.read.guessing.naming import letters
from pullback.derive.read.guessing.shapeless import Shapeless
from tests.arrays import expressions, layers, losses
from tests.live.asking import one
from tests.matrices.corpus import KINDS, NETWORK, ON_KINDS, ON_NETWORKS

UNDERSTAND = {"matrices": understand_matrices, "arrays": understand_arrays}
HANDOUT = (
    "u = x W + c\nh = max(0, u)\nz = h w + b\nJ = mean(CE(z, y)) + λ/2 (‖W‖² + ‖w‖²)",
    {"x": "N D", "W": "D K", "c": "K", "w": "K M", "b": "M", "y": "N: M", "lamda": ""},
)


def missing(notation, text, shapes=None, *function):
    """The error that names what has no shape."""
    with pytest.raises(Shapeless) as caught:
        UNDERSTAND[notation](text, shapes or {}, "layer", *function)
    return caught.value


def alike(guess, wanted):
    """Are these the wanted shapes, once sizes of the guess are called as those?"""
    names = {}
    for name, shape in guess.items():
        own, other = shape.replace(":", " : ").split(), wanted[name].replace(":", " : ").split()
        if len(own) != len(other):
            return False
        if any(names.setdefault(a, b) != b for a, b in zip(own, other, strict=True)):
            return False
    return True


def functions():
    """Functions whose parameters all have annotations: text without these, name, the shapes."""
    for module in (layers, losses, expressions):
        tree = ast.parse(inspect.getsource(module))
        shapes = {}
        for node in (n for n in tree.body if isinstance(n, ast.FunctionDef)):
            own = [*node.args.args, *node.args.kwonlyargs]
            said = [a for a in own if isinstance(a.annotation, ast.Constant)]
            notes = {a.arg: a.annotation.value for a in said}
            plain_ones = len(own) - len(node.args.defaults) - len(node.args.kw_defaults)
            if len(notes) >= plain_ones and notes:
                shapes[node.name] = notes
            for a in own:
                a.annotation = None
        for name, notes in shapes.items():
            yield ast.unparse(tree), name, notes


def corpus():
    """(notation, text, function, the shapes that it was written for)"""
    for texts, shapes in ((ON_NETWORKS, NETWORK), (ON_KINDS, KINDS)):
        own = {plain(name): shape.strip() for name, shape in shapes.items()}
        yield from (("matrices", text, (), own) for text, _ in texts)
    yield from (("arrays", text, (name,), shapes) for text, name, shapes in functions())
    for start in STARTS:
        if start["notation"] in UNDERSTAND:
            yield start["notation"], start["text"], (), split_shapes(start["shapes"])


def test_the_lines_of_the_handout_come_out():
    text, wanted = HANDOUT
    error = missing("matrices", text)
    assert error.names == (*wanted,) and error.guess.shapes == wanted
    for count in (1, 2, 3):
        part = missing("matrices", "\n".join(text.split("\n")[:count]))
        assert dict(part.guess.shapes).items() <= wanted.items()


def test_every_guess_is_read_and_most_are_what_was_meant():
    """Where the text leaves it open, others mean a vector where a matrix is guessed."""
    right, guessed, whole = 0, 0, 0
    for notation, text, function, wanted in corpus():
        try:
            error = missing(notation, text, {}, *function)
        except pytest.fail.Exception:
            continue  # it takes nothing that would have a shape
        whole += 1
        if guess := error.guess:
            guessed += 1
            UNDERSTAND[notation](text, guess.shapes, "layer", *function)
            right += alike(guess.shapes, wanted)
    assert whole > 170 and guessed / whole > 0.97 and right / whole > 0.6, (right, guessed, whole)


# notation, text, what is known, what is guessed
GUESSED = [
    ("matrices", "x V + c", "x=N D; W=D K; c=K", "V=D K"),  # with the names that there are
    ("matrices", "x*v", "", "x=N; v=N"),
    ("matrices", "x · v", "", "x=N; v=N"),
    ("matrices", "x vᵀ", "", "x=N; v=D"),
    ("matrices", "f = xᵀ A x", "", "x=N; A=N N"),
    ("matrices", "z = W x + b", "", "W=N D; x=D; b=N"),
    ("matrices", "‖X w - y‖²", "", "X=N D; w=D; y=N"),
    ("matrices", "a/2 x", "", "a=; x=N"),
    ("matrices", r"\lambda (x + c)", "", "lamda=; x=N; c=N"),
    ("matrices", "tr(A)", "", "A=N N"),
    ("matrices", "CE(z, y)", "", "z=N D; y=N: D"),
    ("arrays", "np.einsum('btd,dk->btk', x, W)", "", "x=N D K; W=K C"),
    ("arrays", "N, D = x.shape\ns = x.sum() / N", "", "x=K C"),
    ("arrays", "p = E[t]", "", "E=N D; t=K: N"),
    ("arrays", "reg * np.sum(w ** 2)", "", "reg=; w=N"),
    ("arrays", "def f(x, W, eps=1e-5):\n    return np.tanh(x @ W) + eps", "", "x=N D; W=D K"),
]


@pytest.mark.parametrize(("notation", "text", "known", "guess"), GUESSED)
def test_guesses(notation, text, known, guess):
    assert missing(notation, text, split_shapes(known)).guess.line == guess


@pytest.mark.parametrize(
    ("notation", "text"),
    [
        ("matrices", "x[0] + c"),
        ("matrices", "tahn(x W)"),  # what is wrong besides is told first
        ("matrices", "u = xW + c"),
        ("matrices", "a = b\nb = x"),
        ("arrays", "u = sigmoid(x @ W)"),
        ("arrays", "u = exp(x)"),
    ],
)
def test_other_mistakes_are_told_first(notation, text):
    with pytest.raises(DefinitionError) as caught:
        UNDERSTAND[notation](text, {})
    assert not isinstance(caught.value, Shapeless)


def test_where_nothing_fits_nothing_is_guessed():
    error = missing("matrices", "u = x W\nv = diag(CE(u, u))\nw = tr(diag(v)) + B_1 (1/B_1)")
    assert error.guess is None and "guess" not in str(error)


def test_the_message_names_all_and_can_be_sent_on():
    error = missing("matrices", "u = x W + c")
    assert "x, W and c have no shapes" in error.reason and (error.line, error.column) == (1, 5)
    assert '--shapes "x=N D; W=D K; c=K"' in str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_no_size_is_called_like_a_tensor():
    text = "u = n N + d D + k"
    shapes = missing("matrices", text).guess.shapes
    names = {size for shape in shapes.values() for size in shape.split()}
    assert not names & {"N", "D", "K"} and understand_matrices(text, shapes)
    assert len(set(letters([str(n) for n in range(40)], ()).values())) == 40


@pytest.mark.parametrize(
    "about",
    [
        {"notation": "matrices", "text": HANDOUT[0]},
        {"notation": "matrices", "text": HANDOUT[0], "shapes": "x=N D;"},
        {"notation": "toml", "text": "matrices = '''\nu = x W + c\n'''\n"},
        {"notation": "toml", "text": "matrices = '''\nu = x W + c\n'''\n[shapes]\nx = \"N D\"\n"},
        {"notation": "arrays", "text": "u = x @ W + c"},
    ],
)
def test_the_page_offers_the_guess_and_takes_it_up(about):
    event = one("read", about)
    (fix,) = event["fixes"]
    assert event["event"] == "error" and "as a matrix" in fix["about"]
    made = {**about, **{key: fix[key] for key in ("text", "shapes") if key in fix}}
    assert one("read", made)["event"] == "read"
