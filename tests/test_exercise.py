"""Exercises: what is left blank stands in the answers alone, and files are kept as all are."""

import re
from functools import cache
from html import unescape

import pytest

from pullback.codegen import library
from pullback.codegen.faces.cli import main
from pullback.codegen.notation.styles import LATEX, UNICODE
from pullback.codegen.pages.detail import narrowed
from pullback.codegen.pages.exercise import Exercise, asked
from pullback.codegen.pages.outlines import Outlines
from pullback.codegen.proved import proved
from pullback.derive.errors import PullbackError
from tests import shipped

LAYERS = ["mlp", "softmax_cross_entropy", "layer_norm", "max_pool"]


@cache
def outlines(name):
    proof = shipped.proved(name)
    return Outlines(proof.derivation, proof)


def blanks():
    """Each gradient alone, and all of a layer at once."""
    for name in LAYERS:
        known = asked(outlines(name).derivation, ["all"])
        yield from ((name, (one,)) for one in known)
        yield name, known


def sides(texts):
    return {side.strip() for text in texts for side in re.split(r" (?:=|:=) ", text)}


def shown(page):
    """Every formula of a page, as it is read to those who cannot see it."""
    return set(map(unescape, re.findall(r'(?:alttext|aria-label)="([^"]*)"', page)))


def worked(page):
    """What the derivations of an outline show: results, and every line on the way."""
    for section in page.sections:
        yield from filter(None, (section.index, section.matrix))
        yield from (text for both in section.wholes for text in both if text)
        parts = [(part.jacobian, *part.blocks) for part in section.parts]
        for block in (*(b for blocks in parts for b in blocks if b), *section.forms):
            yield from (f"{block.left} = {text}" for text in (block.start,) if text)
            yield from (line.formula for line in block.lines)


def test_nothing_of_an_answer_is_in_the_sheet():
    for name, blank in blanks():
        known, made = outlines(name), Exercise(outlines(name), blank, hints=True)
        notation = known.outliner(UNICODE).notation
        definition = sides(notation.definition(n) for n in known.derivation.layer.nodes)
        lefts = {s.left for s in known[UNICODE].sections}
        of_it = narrowed(known[UNICODE], blank)
        answers = sides(worked(of_it)) - definition - lefts
        answers -= {notation.whole.tensor(f"d{name}") for name in asked(known.derivation, [])}
        page = made.html_sheet()
        assert len(shown(page)) > 5 and len(answers) > 2
        assert not answers & sides(shown(page)), (name, blank)
        text = re.sub(r"\\brk\{\d+\}", "", made.latex_sheet())
        typeset = narrowed(known[LATEX], blank)
        results = {r for s in typeset.sections for r in (s.index, s.matrix) if r}
        assert not [r for r in results if r in text], (name, blank)
        for section in known[LATEX].sections:  # those that are given stand there
            assert (section.index in text) == (section.name not in {*blank, *made.twins})


def test_the_answers_hold_what_is_left_blank():
    made = Exercise(outlines("mlp"), ("z", "W"))
    page, text = made.html_answers(), re.sub(r"\\brk\{\d+\}", "", made.latex_answers())
    pages = [narrowed(outlines("mlp")[style], ("z", "W")) for style in (UNICODE, LATEX)]
    for own, typeset in zip(*(page.sections for page in pages), strict=True):
        assert {own.index, own.matrix} <= shown(page)
        assert typeset.index in text and typeset.matrix in text
    assert re.findall(r'id="grad-(\w+)"', page) == ["z", "W"] and text.count("subheading{") == 2
    assert "steps 15 to 20" in text and "(18)" not in text
    assert "(18)" in made.latex_answers("every")


def test_hints_are_there_if_wanted():
    for hints in (False, True):
        made = Exercise(outlines("mlp"), ("W",), hints)
        for sheet in (made.html_sheet(), made.latex_sheet()):
            assert ("one block per k: dense" in sheet) == hints == ("Hint" in sheet)


def test_gradients_by_name():
    derivation = outlines("mlp").derivation
    assert asked(derivation, ["dW", "z"]) == ("z", "W")
    assert asked(derivation, []) == asked(derivation, ["all"]) == asked(derivation, ["all", "dz"])
    with pytest.raises(PullbackError, match=r"no gradient 'dq'; there are dell, dz, .*, or all"):
        asked(derivation, ["dz", "dq"])


def test_a_tensor_may_be_called_as_another_ones_gradient_would_be():
    source = 'equations = "u[n] = z[n] * all[n]"'
    found = proved("odd", source, library.shipped_source).derivation
    assert asked(found, ["all"]) == ("all",) and asked(found, ["dz"]) == ("z",)


def test_the_command_writes_four_files_and_keeps_the_users(tmp_path, capsys):
    command = ["exercise", "relu", "--blank", "du", "--to", str(tmp_path)]
    assert main(command) == 0
    names = ["relu_answers.html", "relu_answers.tex", "relu_exercise.html", "relu_exercise.tex"]
    assert sorted(p.name for p in tmp_path.iterdir()) == names
    assert capsys.readouterr().out.split() == [
        str(tmp_path / f"relu_{part}.{kind}")
        for kind in ("tex", "html")
        for part in ("exercise", "answers")
    ]
    assert main(command) == 0
    sheet = tmp_path / "relu_exercise.tex"
    sheet.write_text(sheet.read_text().replace("Find", "Please find"))
    assert main([*command, "--hints"]) == 2
    assert f"{sheet}: edited since pullback wrote it" in capsys.readouterr().err
    assert "Hint" not in (tmp_path / "relu_exercise.html").read_text()
    assert main([*command, "--hints", "--force"]) == 0
    assert "Hint" in (tmp_path / "relu_exercise.html").read_text()


def test_one_format_alone(tmp_path):
    assert main(["exercise", "relu", "--format", "tex", "--to", str(tmp_path)]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["relu_answers.tex", "relu_exercise.tex"]


def test_what_is_not_there_is_said_before_anything_is_written(tmp_path, capsys):
    folder = tmp_path / "new"
    assert main(["exercise", "relu", "--blank", "dq", "--to", str(folder)]) == 2
    assert "there is no gradient 'dq'; there are du, or all" in capsys.readouterr().err
    assert not folder.exists()


def test_texts_of_a_definition_are_escaped():
    source = 'title = "<b>$x$ \\\\input{x}"\nequations = "u[n] = 2 * x[n]"'
    proof = proved("odd", source, library.shipped_source)
    made = Exercise(Outlines(proof.derivation, proof), ("x",))
    assert "<b>" not in made.html_sheet() + made.html_answers()
    assert "\\input" not in made.latex_sheet() + made.latex_answers()


def twins(blank, layer="mlp", keep=False):
    return dict(
        Exercise(outlines(layer), asked(outlines(layer).derivation, blank), keep_twins=keep).twins
    )


def test_a_gradient_that_would_tell_another_is_not_given():
    assert twins(["dz", "dW"]) == {"w": "W"}
    assert twins(["b"]) == {"c": "b"} and twins(["z", "h"]) == {}
    assert twins(["w", "W"]) == {} and twins(["dW"], keep=True) == {}
    sheet = Exercise(outlines("mlp"), ("W",)).latex_sheet()
    assert r"\frac{\partial L}{\partial w}" not in sheet.split("Given")[1].split("Find")[0]
    kept = Exercise(outlines("mlp"), ("W",), keep_twins=True).latex_sheet()
    assert r"\frac{\partial L}{\partial w}" in kept.split("Given")[1].split("Find")[0]


def test_what_is_not_given_is_said(tmp_path, capsys):
    main(["exercise", "mlp", "--blank", "dz,dW", "--format", "tex", "--to", str(tmp_path)])
    error = capsys.readouterr().err.replace("\n", " ")
    assert "dw would tell dW" in error and "--keep-twins" in error
