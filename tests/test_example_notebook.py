"""The notebook in examples/: it is committed without outputs, runs, and shows what it promises."""

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from pullback import load

ROOT = Path(__file__).parent.parent
FILE = ROOT / "examples" / "derivations.ipynb"
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


@pytest.fixture(scope="module")
def executed(notebook):
    """The notebook with its outputs, run from the folder in which it lies."""
    found = nbformat.from_dict(notebook)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    client = NotebookClient(found, timeout=120, resources={"metadata": {"path": str(FILE.parent)}})
    return client.execute(env=environment)


def outputs(cell):
    return [o for o in cell.get("outputs", []) if o.output_type == "execute_result"]


def test_it_is_committed_without_outputs(notebook):
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs") and cell.get("execution_count") is None


def test_it_runs_and_shows_formulas(executed):
    shown = [o.data for cell in executed.cells for o in outputs(cell)]
    assert any("∂ℒ" in o.text for c in executed.cells for o in c.get("outputs", []) if "text" in o)
    markdown = [d["text/markdown"] for d in shown if "text/markdown" in d]
    typeset = [d["text/latex"] for d in shown if "text/latex" in d]
    assert len(markdown) == 2 and len(typeset) == 4
    assert r"x^{\top}" in "".join(typeset) and r"\begin{bmatrix}" in typeset[-1]


def formulas(data):
    """What stands between dollars, in LaTeX or in Markdown, but not dollars that Markdown shows."""
    for kind in ("text/latex", "text/markdown"):
        yield from re.findall(r"(?<!\\)\$([^$]+)\$", data.get(kind, ""))


def unknown(texts):
    return {c for t in texts for c in re.findall(r"\\(?:[A-Za-z]+|.)", t)} - KNOWN


def test_a_browser_knows_every_command_of_its_formulas(executed):
    shown = [o.data for cell in executed.cells for o in outputs(cell)]
    found = [formula for data in shown for formula in formulas(data)]
    assert len(found) > 10 and not unknown(found)


@pytest.mark.parametrize("name", ["softmax_cross_entropy", "layer_norm"])
def test_a_browser_knows_every_command_of_a_shipped_layer(name):
    found = [*formulas({"text/markdown": load(name)._repr_markdown_()})]
    assert len(found) > 10 and not unknown(found)
