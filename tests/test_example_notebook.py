"""The notebook in examples/: it is committed with the outputs that come, and shows formulas."""

import re

import nbformat
import pytest

from examples.notebook import FILE, executed
from pullback import load

# Commands that MathJax and KaTeX both know without extensions.
KNOWN = set(
    re.findall(
        r"\\(?:[A-Za-z]+|.)",
        r"\frac \sqrt \sum \partial \mathcal \mathbf \mathrm \operatorname \mathbin \text \dot "
        r"\biggl \biggr \bigl \bigr \Big \left \right \begin \end \top \odot \circ \cdot \dots "
        r"\exp \log \max \min \tanh \ne \le \ge \delta \lambda \mu \pi \ell \displaystyle \\ \, \! "
        r"\_",
    )
)


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(FILE, as_version=4)


def outputs(notebook):
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [o for cell in cells for o in cell.outputs if o.output_type == "execute_result"]


def test_it_is_committed_with_the_outputs_that_come(notebook):
    nbformat.validate(notebook)
    assert executed(notebook) == notebook, "make notebook brings it up to date"


def test_it_shows_formulas_with_and_without_a_network(notebook):
    shown = [output.data for output in outputs(notebook)]
    markdown = [d["text/markdown"] for d in shown if "text/markdown" in d]
    typeset = [d["text/latex"] for d in shown if "text/latex" in d]
    assert len(markdown) == 5 and len(typeset) == 5
    assert r"x^{\top}" in "".join(typeset) and r"\begin{bmatrix}" in "".join(typeset)
    for data in shown:
        assert ("<math" in data.get("text/html", "")) == any(formulas(data))


def formulas(data):
    """What stands between dollars, in LaTeX or in Markdown, but not dollars that Markdown shows."""
    for kind in ("text/latex", "text/markdown"):
        yield from re.findall(r"(?<!\\)\$([^$]+)\$", data.get(kind, ""))


def unknown(texts):
    return {c for t in texts for c in re.findall(r"\\(?:[A-Za-z]+|.)", t)} - KNOWN


def test_a_browser_knows_every_command_of_its_formulas(notebook):
    found = [formula for output in outputs(notebook) for formula in formulas(output.data)]
    assert len(found) > 10 and not unknown(found)


@pytest.mark.parametrize("name", ["softmax_cross_entropy", "layer_norm"])
def test_a_browser_knows_every_command_of_a_shipped_layer(name):
    found = [*formulas({"text/markdown": load(name)._repr_markdown_()})]
    assert len(found) > 10 and not unknown(found)
