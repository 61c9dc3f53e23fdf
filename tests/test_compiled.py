"""What is pasted, shown and handed out in LaTeX: every layer compiles without a warning.

The book is compiled in test_book.py.
"""

import re

import pytest

from pullback.codegen import library
from pullback.codegen.faces.formats import FORMATS, Asked
from pullback.codegen.pages.exercise import Exercise, asked
from pullback.codegen.pages.latex import flat
from pullback.codegen.pages.outlines import Outlines
from tests.shipped import proved as proof
from tests.typesetting import (
    BEGIN,
    END,
    joined,
    needs_pdflatex,
    set_in,
)

pytestmark = [needs_pdflatex, pytest.mark.slow]
AMS = r"\usepackage{amsmath}"  # and nothing of ours
ARTICLE = rf"\documentclass{{article}}{AMS}"
BEAMER = rf"\documentclass[10pt,aspectratio=169,hyperref={{bookmarks=false}}]{{beamer}}{AMS}"


LAYERS = library.shipped()


@pytest.fixture(params=[None, "every"], ids=["key", "every"])
def fragments(request):
    """Every layer's gradients as they are pasted, by its name, and what long ones need."""
    show = FORMATS["tex-fragment"]
    found = {n: show(proof(n), Asked(detail=request.param)) for n in LAYERS}
    return found, r"\allowdisplaybreaks" if request.param else ""


def test_fragments_in_an_article(fragments, tmp_path):
    texts, more = fragments
    body = "".join(f"\\section{{}}\n{text}" for text in texts.values())
    set_in(tmp_path, "article", f"{ARTICLE}{more}\n{BEGIN}{body}{END}")


def test_fragments_on_slides(fragments, tmp_path):
    """Some groups of lines to a frame: a frame is one box, and TeX knows none longer than 5.7 m."""
    texts, more = fragments
    groups = [text.splitlines(keepends=True) for text in texts.values()]
    body = "".join(
        f"\\begin{{frame}}[allowframebreaks=.9]\n{''.join(some)}\\end{{frame}}\n"
        for lines in groups
        for some in some_at_a_time(lines, 100)
    )
    set_in(tmp_path, "slides", f"{BEAMER}{more}\n{BEGIN}{body}{END}")


def some_at_a_time(lines, count):
    """Lines in parts of about so many, each of whole groups."""
    part = []
    for line in lines:
        part.append(line)
        if len(part) >= count and line.startswith(r"\end{align"):
            yield part
            part = []
    if part:
        yield part


@pytest.mark.parametrize("detail", [None, "every", "result"])
def test_slides(detail, tmp_path):
    texts = [FORMATS["beamer"](proof(n), Asked(detail=detail)) for n in LAYERS]
    text = set_in(tmp_path, "slides", joined(texts))
    assert text is None or text.count("Gradient: ") >= len(texts)


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        (r"\frac{\partial L}{\partial w}\Big|_{\ell}", r"\partial L/\partial w\Big|_{\ell}"),
        (
            r"hence `\biggl( \frac{\partial L}{\partial z_{n j}} \biggr)^{\top}`",
            r"hence `( \partial L/\partial z_{n j} )^{\top}`",
        ),
        (r"\frac{1}{N}", r"\frac{1}{N}"),
    ],
)
def test_derivatives_in_small_type_have_a_stroke(formula, shown):
    assert flat(formula) == shown


@pytest.mark.parametrize("name", ["mlp", "affine", "relu", "softmax_cross_entropy"])
def test_a_gradient_has_one_frame(name, tmp_path):
    """Beside the first frame, with the definition; no type is smaller than that of scripts."""
    text = FORMATS["beamer"](proof(name), Asked())
    assert r"\tiny" not in text
    set_in(tmp_path, "slides", text)
    (frames,) = re.findall(r"\((\d+) pages?", (tmp_path / "slides.log").read_text("latin-1"))
    assert int(frames) == 1 + len(proof(name).derivation.gradients)


@pytest.mark.parametrize("hints", [False, True])
def test_exercises(hints, tmp_path):
    texts = [made.latex_sheet() for n in LAYERS for made in exercises(n, hints, each=hints)]
    text = set_in(tmp_path, "sheets", joined(texts))
    assert text is None or text.count("Exercise: ") == len(texts)


@pytest.mark.parametrize("detail", ["key", "every"])
def test_answers(detail, tmp_path):
    texts = [made.latex_answers(detail) for n in LAYERS for made in exercises(n)]
    text = set_in(tmp_path, "answers", joined(texts))
    assert text is None or text.count("Answers: ") == len(texts)


def exercises(name, hints=False, each=False):
    """All gradients of a layer left blank; or each of them."""
    outlines = Outlines(proof(name).derivation, proof(name))
    known = asked(outlines.derivation, [])
    return [
        Exercise(outlines, blank, hints) for blank in ([(n,) for n in known] if each else [known])
    ]
