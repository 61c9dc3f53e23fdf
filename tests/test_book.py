"""Derivations in LaTeX: they compile without a warning, and the PDF says what was derived."""

import shutil
from pathlib import Path

import pytest

from pullback.codegen import library
from pullback.codegen.faces import cli
from pullback.codegen.pages.latex import words
from tests.typesetting import compiled, needs_pdflatex

ROOT = Path(__file__).parent.parent
LAYERS = ["mlp", "softmax_cross_entropy", "layer_norm", "attention", "deep_mlp"]
pytestmark = needs_pdflatex


def bound(folder, names, monkeypatch):
    """The text of the book that the command writes where these are the shipped layers."""
    monkeypatch.setattr(library, "shipped", lambda: names)
    assert cli.main(["book", "--out", str(folder)]) == 0
    assert [p.name for p in folder.iterdir()] == ["book.tex"]
    return compiled(folder, "book", 2)


def test_a_book_of_one_layer_compiles_without_a_warning(tmp_path, monkeypatch):
    text = bound(tmp_path, ["softmax_cross_entropy"], monkeypatch)
    if text is not None:
        assert "every step proved by machine" in text and "??" not in text


@pytest.mark.slow
def test_a_book_compiles_without_a_warning(tmp_path, monkeypatch):
    text = bound(tmp_path, LAYERS, monkeypatch)
    if text is not None:
        for words in (
            "5 layers; every step proved by machine",
            "Layer normalization",
            "block-diagonal, one block per k: dense; the Jacobian would have",
            "diagonal plus rank two; the Jacobian would have",
            "(p − onehot(y))",
            "Each step is proved for every size of its axes",
            "What a name stands for is put in: notation, or a gradient that was found before.",
        ):
            assert words in text
        assert "??" not in text


@pytest.mark.slow
def test_the_whole_book_compiles_without_a_warning(tmp_path, monkeypatch, request):
    if "slow" not in request.config.option.markexpr:
        pytest.skip("derives every layer, which takes minutes; -m slow asks for it")
    names = library.shipped()
    text = bound(tmp_path, names, monkeypatch)
    assert text is None or f"{len(names)} layers" in text


@pytest.mark.parametrize("name", LAYERS)
def test_a_committed_derivation_compiles_without_a_warning(name, tmp_path):
    shutil.copy(ROOT / "generated" / f"{name}.tex", tmp_path)
    text = compiled(tmp_path, name, 1)
    assert text is None or "Gradients, in reverse order" in text


def test_the_words_of_laws_have_subscripts_and_code():
    assert words("p_j of `x_1`") == r"p\textsubscript{j} of {\typewriter x\_1}"
    assert words("a_{j k}!") == r"a\textsubscript{j k}!{}"
    assert "\\input" not in words(r"`\input{x}` \input{x}")
