"""Documents set by pdflatex, for tests: none may warn of anything."""

import re
import shutil
import subprocess

import pytest

# What TeX and LaTeX write of boxes, fonts and references; packages tell of themselves otherwise.
WARNING = re.compile(r"^(?:(?:Over|Under)full .*|.*Warning: .*|! .*|.*Missing character.*)$", re.M)
BEGIN, END = "\\begin{document}\n", "\\end{document}\n"

needs_pdflatex = pytest.mark.skipif(
    shutil.which("pdflatex") is None, reason="there is no pdflatex to compile with"
)


def compiled(folder, name, runs=1):
    """The text of a document's PDF; no run ends badly, and the last has nothing to warn of."""
    command = ["pdflatex", "-interaction=batchmode", "-halt-on-error", name]
    for _ in range(runs):
        ended = subprocess.run(command, cwd=folder, capture_output=True, timeout=300)
        log = (folder / f"{name}.log").read_text(encoding="latin-1")
        assert ended.returncode == 0, log[-2000:]
    assert WARNING.findall(log) == []
    return pdf_text(folder / f"{name}.pdf")


def set_in(folder, name, text, runs=1):
    """The same of a text."""
    (folder / f"{name}.tex").write_text(text, encoding="utf-8")
    return compiled(folder, name, runs)


def joined(documents):
    """Documents with one preamble as one, each from a new page on."""
    (preamble,) = {text.split(BEGIN)[0] for text in documents}
    bodies = [text.split(BEGIN)[1].split(END)[0] for text in documents]
    return preamble + BEGIN + "\\clearpage\n".join(bodies) + END


def pdf_text(path):
    """A PDF's words, with single spaces; None where there is no pdftotext."""
    if shutil.which("pdftotext") is None:
        return None
    command = ["pdftotext", "-enc", "UTF-8", str(path), "-"]
    found = subprocess.run(command, capture_output=True, check=True)
    return " ".join(found.stdout.decode().split())
