"""The definitions of `tests/coverage/`, and the page that says what they come to."""

from __future__ import annotations

from pathlib import Path

import pytest

from pullback.codegen.compiler import compile_definition
from tests.coverage.onnx_operators import RULES
from tests.coverage.rows import FOLDER, called, draw, source
from tests.coverage.tables import TABLES

PAGE = Path(__file__).parent.parent / "docs" / "coverage.md"
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))
ROWS = [row for table in TABLES for row in table.rows]
# those that are asked about each time: what each has no other has
SOME = {
    "circular_pad1d", "flatten", "fold", "max_unpool1d", "max_pool1d",
    "l1_loss", "lstm_cell", "multi_label_margin", "upsample_linear1d",
}  # fmt: skip

# steps that are written out alone
LEFT = {
    "adaptive_log_softmax": 4,
    "contrastive_pairs": 1,
    "linear_cross_entropy": 1,
    "triplet_margin": 4,
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "name", [n if n in SOME else pytest.param(n, marks=pytest.mark.slow) for n in NAMES]
)
def test_a_definition_is_proved_and_its_module_passes_its_own_tests(name: str) -> None:
    """And draws of its rows are what its module takes."""
    made = compile_definition(name, source(name), called)
    emission = made.emit()
    made.target.tests(made.derivation, emission, name)
    assert sum(not found.every_size for _, found in made.proof.steps) <= LEFT.get(name, 0)


def test_the_page_names_every_row() -> None:
    """`make coverage` writes it."""
    text = PAGE.read_text(encoding="utf-8")
    lines = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
    named = {(cells[0].removeprefix("| "), cells[1]) for cells in lines}
    for row in ROWS:
        assert (row.title, row.definition) in named, f"{row.title}: run make coverage"
    for table in TABLES:
        assert f"## {table.title}\n" in text
        assert all(f"- {name}: {why}" in text for name, why in table.left.items())
    partly = {cells[1] for cells in lines if len(cells) > 3 and cells[3].endswith(" steps")}
    assert partly <= {*LEFT}
    assert {*RULES} <= {line[0].removeprefix("| ") for line in lines}


def test_each_definition_has_a_row_and_each_row_a_definition() -> None:
    """Those that only others call have none."""
    used = {row.definition for row in ROWS}
    texts = [source(name) for name in {*NAMES, *used}]
    assert [n for n in NAMES if n not in used and not any(f"= {n}(" in t for t in texts)] == []


def test_titles_are_apart() -> None:
    for table in TABLES:
        titles = [row.title for row in table.rows]
        assert len(titles) == len({*titles})
        assert not {*table.left} & {row.name for row in table.rows}


def test_draws_are_as_their_texts_say() -> None:
    """Those that need no PyTorch, twice the same."""
    for row in ROWS:
        if any(not isinstance(value, str) for value in row.inputs.values()):
            continue
        first, again = draw(row), draw(row)
        for name, text in row.inputs.items():
            assert (first[name] == again[name]).all()
            if "=" not in text:
                shape = [int(w) for w in text.split("<")[0].split() if w.isdigit()]
                assert list(first[name].shape) == shape
