"""docs/check.md shows what is printed."""

from pathlib import Path

from tests.test_docs import blocks, run_commands

PAGE = (Path(__file__).parents[2] / "docs" / "check.md").read_text("utf-8")


def test_the_page_shows_what_happens(tmp_path):
    ((_, code),) = blocks(PAGE, "python")
    (tmp_path / "homework.py").write_text(code, "utf-8")
    found = blocks(PAGE, "console")
    assert len(found) == 2
    for _, text in found:
        run_commands(text, tmp_path)
