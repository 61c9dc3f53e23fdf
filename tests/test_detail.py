"""How much of a derivation is shown, in which format, and what changed between two."""

import json
import re
import signal
import subprocess
import sys
import time
from functools import cache
from itertools import permutations
from pathlib import Path

import pytest

from pullback.codegen import library
from pullback.codegen.faces.cli import main
from pullback.codegen.faces.formats import Asked
from pullback.codegen.notation.letters import renamed
from pullback.codegen.notation.names import leading
from pullback.codegen.notation.styles import LATEX, UNICODE
from pullback.codegen.pages.detail import DETAILS, lines, narrowed
from pullback.codegen.pages.fragment import groups
from pullback.codegen.pages.outline import COMPUTING
from pullback.codegen.pages.outlines import outline
from pullback.codegen.pages.widths import width
from pullback.derive.errors import PullbackError
from pullback.derive.read.reader import read_layer
from pullback.derive.read.symbols import BATCH_SIZE
from pullback.derive.read.trees import BATCH
from tests.shipped import proved as proof

ROOT = Path(__file__).parent.parent


@cache
def page(name):
    found = proof(name)
    return outline(found.derivation, found, UNICODE)


@pytest.fixture
def show(capsys):
    def run(*arguments):
        status = main([*arguments])
        return status, *capsys.readouterr()

    return run


@pytest.mark.parametrize("name", library.shipped())
def test_key_steps_begin_and_end_where_every_step_does(name):
    whole, key = page(name), narrowed(page(name), detail="key")
    for one, other in zip(whole.sections, key.sections, strict=True):
        assert (one.index, one.matrix) == (other.index, other.matrix)
        for part, short in zip(one.parts, other.parts, strict=True):
            assert short.jacobian.start == part.jacobian.start
            chains = (part.jacobian, *(b for b in part.blocks if b.words != COMPUTING))
            for block, less in zip(chains, (short.jacobian, *short.blocks), strict=True):
                ends = [block.lines[-1].formula] if block.lines else []
                assert [line.formula for line in less.lines] == ends
    assert not (key.tangents or key.seconds)


def test_less_is_shown_of_less():
    counts = [len([*lines(narrowed(page("mlp"), detail=d))]) for d in DETAILS]
    assert counts[0] == 0 < counts[1] < counts[2] == len(proof("mlp").derivation.steps)


def test_every_shows_the_outline_as_it_is():
    assert narrowed(page("mlp")) == page("mlp")


def test_tensors_can_be_chosen():
    found = narrowed(page("mlp"), of=("w", "b"))
    assert [s.name for s in found.sections] == ["w", "b"]
    assert {law for law, _ in found.laws} == {line.law for line in lines(found)}
    with pytest.raises(PullbackError, match="no gradient by 'q'; there are ell, z, w, b, h, u, W"):
        narrowed(page("mlp"), of=("w", "q"))


def test_one_notation_alone():
    for section in narrowed(page("mlp"), notation="index").sections:
        assert not section.matrix and "[" in section.index
    matrix = [s.index for s in narrowed(page("mlp"), notation="matrix").sections]
    assert "∂L/∂h = ∂L/∂z wᵀ" in matrix and not any("[n" in text for text in matrix)


def test_the_terminal_shows_key_steps_and_says_so(show):
    status, out, _ = show("show", "mlp")
    assert status == 0 and len(out.split("\n")) < 290
    assert out.endswith(
        "These are key steps; --detail every shows all 155, forward mode and second derivatives.\n"
    )
    _, every, _ = show("show", "mlp", "--detail", "every")
    assert ("These are key steps" not in every and "   128 = " in every) or "128 = " in every
    _, none, _ = show("show", "mlp", "--detail", "every", "--no-second")
    assert "Second derivatives" in every and "Second derivatives" not in none


def test_data(show):
    _, out, _ = show("show", "relu", "--format", "json", "--detail", "key")
    data = json.loads(out)
    assert data["unicode"]["sections"][0]["index"].startswith("∂ℒ/∂u[n] = 𝟙[u[n] > 0]")
    assert data["latex"]["sections"][0]["name"] == "u"


def test_a_fragment_is_broken_where_it_has_no_room():
    made = Asked().outline(proof("attention"), LATEX, "key").sections
    for section in made:
        for group in groups(section):
            assert group.startswith("\\begin{align*}\n") and group.endswith("\\end{align*}\n")
            for row in group.split("\n")[1:-2]:
                text = re.sub(r"\\tag\*\{.*\}|\\\\$|&", "", row)
                assert width(text) < 345 and text.count("{") == text.count("}"), row


def test_nothing_is_lost_where_a_fragment_is_broken():
    for name in ("attention", "elu", "layer_norm"):
        for section in Asked().outline(proof(name), LATEX, "every").sections:
            *_, lines = groups(section)
            whole = "".join(filter(None, (section.index, section.matrix, *sum(section.wholes, ()))))
            bare = re.sub(
                r"\\(begin|end)\{align\*\}|\\qquad \{\}|&|\\\\$|\\,|\s", "", lines, flags=re.M
            )
            assert bare.replace("\\\\", "") == re.sub(r"\\,|\s|&|\\\\", "", whole)


def test_two_definitions_are_compared(show):
    status, out, _ = show("diff", "relu", "leaky_relu")
    assert status == 1
    assert out.startswith("--- relu\n+++ leaky_relu\n-h[...] = max(0, u[...])\n")
    status, out, _ = show("diff", "relu", "relu")
    assert (status, out) == (0, "relu and relu have the same equations and gradients\n")
    assert show("diff", "relu", "none")[0] == 2


def test_a_copy_to_start_from(show, tmp_path):
    status, *_ = show("new", "mine", "--from", "mlp", "--out", str(tmp_path))
    assert status == 0
    assert (tmp_path / "mine.toml").read_text() == library.shipped_source("mlp")
    for source in ("none", "file.py", "../../etc/passwd"):
        status, _, error = show("new", "other", "--from", source, "--out", str(tmp_path))
        assert status == 2 and "pullback: " in error
    assert [p.name for p in tmp_path.iterdir()] == ["mine.toml"]


def test_a_file_is_watched(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('equations = "u[n] = a * x[n]"\n')
    command = [sys.executable, "-m", "pullback", "show", str(file), "--watch", "--detail", "result"]
    shown = []

    def until(words):
        while not shown or words not in shown[-1]:
            shown.append(running.stdout.readline())

    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        until("Ctrl-C ends this")
        file.write_text('equations = "u[n] = a * x[n"\n')
        until("pullback: mine: ")
        until("Ctrl-C ends this")
        time.sleep(0.01)
        file.write_text('equations = "u[n] = a * x[n]**2"\n')
        until("2 a x[n] ∂ℒ/∂u[n]")
        until("Ctrl-C ends this")
        running.send_signal(signal.SIGINT)
        assert running.wait(20) == 130
    with pytest.raises(SystemExit):
        main(["show", "relu", "--watch"])


def test_other_letters(show):
    _, out, _ = show("show", "mlp", "--of", "w", "--letters", "n=t,d=f,k=m,w=V,lamda=mu")
    assert "    ∂L/∂V[m,j] = Σ_t h[t,m] ∂L/∂z[t,j] + μ V[m,j]    ∂L/∂V = hᵀ ∂L/∂z + μ V\n" in out
    assert "50 digits at T=2, F=3, J=3, M=3\n" in out and "J would have J² M T entries" in out
    _, out, _ = show("show", "softmax", "--letters", "n=t", "--format", "latex")
    assert "z_{t j}" in out and "one block per $t$:" in out and "$t$: any number" in out


def layer_of(name):
    return read_layer(*library.find(name), library.called_from(name))


@pytest.mark.parametrize(
    ("letters", "found"),
    [
        ("n=i", "n=i N=I i=m"),  # i is bound in a sum of p
        ("n=i,j=k", "n=i N=I j=k J=K k=m K=M i=q"),
        ("j=k,k=j", "j=k J=K k=j K=J"),
        ("n=d", "n=d N=D d=f D=F"),
        ("W=J", "W=J j=m J=M"),  # J was the size of j
        ("n=foo", "n=foo N=FOO"),
        ("n=n", "n=n N=N"),
    ],
)
def test_letters_that_are_taken_move_away(letters, found):
    given = dict(pair.split("=") for pair in letters.split(","))
    assert renamed(layer_of("mlp"), given) == dict(pair.split("=") for pair in found.split())


def test_the_letter_for_leading_axes_moves_away():
    found = renamed(layer_of("softmax"), {"j": "n"})
    assert found["j"] == "n" and found[BATCH] not in "nji" and found[BATCH_SIZE].isupper()


@pytest.mark.parametrize("name", sorted(path.stem for path in Path("layers").glob("*.toml")))
def test_each_axis_may_have_the_letter_of_each_other(name):
    """And no two names of a layer are one then."""
    layer = layer_of(name)
    assert renamed(layer, {}) == {}
    front = leading(layer)
    shown = {i.axis: front.get(i.axis, i.axis) for i in layer.axes}
    for axis, other in permutations(shown.values(), 2):
        try:
            letters = {**front, **renamed(layer, {axis: other})}
        except PullbackError:  # the axis's size would be called as a tensor is
            assert other.upper() in layer.tensors
            continue
        names = [letters.get(n, n) for n in (*shown, *layer.tensors)]
        assert len(set(names)) == len(names), (axis, other, letters)
        assert letters[next(a for a, s in shown.items() if s == axis)] == other


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("letters", "words"),
    [
        ("q=i", "there is no axis or tensor 'q'; there are n, "),
        ("n=h", "the tensor h and the axis n would both be 'h'; give one of them a name that is"),
        ("k=h,j=c", "the tensor h and the axis k would both be 'h'"),
        ("n=w", "free, as in w=a"),
        ("n=w,w=v", "the tensor W and the size of the axis n would both be 'W'"),
        ("n=a,k=a", "the axis n and the axis k would both be 'a'"),
        ("j=k,k=k", "the axis k and the axis j would both be 'k'"),
        ("ell=L", "the tensor ell and the tensor L would both be 'L'"),
    ],
)
def test_letters_that_will_not_do(show, letters, words):
    status, out, error = show("show", "mlp", "--letters", letters)
    assert (status, out) == (2, "") and words in error.replace("\n", " ")


@pytest.mark.parametrize("text", ["n", "n=", "=i", "n=1", "n=a b", "n={x}", "n=ä", r"n=\input"])
def test_letters_that_are_none(text, capsys):
    with pytest.raises(SystemExit):
        main(["show", "mlp", "--letters", text])
    assert "is not like n=i" in capsys.readouterr().err


def test_other_letters_on_a_page(show, tmp_path):
    """In every formula; what is code keeps the names by which it is called."""
    own = tmp_path / "own.toml"
    own.write_text('equations = "u[n, k] = sum(d, x[n, d] * W[d, k])"\n')
    _, out, _ = show("show", str(own), "--letters", "W=A,n=i", "--format", "html")
    spoken = re.findall(r'alttext="([^"]*)"|aria-label="([^"]*)"', out)
    text = " ".join(map("".join, spoken))
    assert "A[d,k]" in text and "x[i,d]" in text
    assert not re.search(r"W\[|\[n[,\]]|Σ_n", text)
    assert re.search(r"\bI = \d", out) and not re.search(r"\bN = \d", out)
    assert re.search(r"\bW\b", re.search(r"<pre.*</pre>", out, re.DOTALL)[0])


@pytest.mark.parametrize("form", ["text", "latex", "beamer"])
def test_letters_reach_the_definition(show, form):
    """And a sign of notation, :=, and labels stay there."""
    _, out, _ = show("show", "softmax_cross_entropy", "--letters", "z=s,j=c,y=t", "--format", form)
    text = ["  p[n,c] := exp(s[n,c]) / (Σ_i exp(s[n,i]))", "[n,t[n]]"]
    for words in text if form == "text" else ["p_{n c} := ", "e^{s_{n c}}", r"p_{n\,t_{n}}"]:
        assert words in out
    assert not re.search(r"z\[|z_\{", out)


@pytest.mark.parametrize("name", sorted(path.stem for path in Path("layers").glob("*.toml")))
def test_every_input_has_words(name):
    layer = layer_of(name)
    assert not [t.name for t in layer.inputs if t.name not in layer.descriptions]
