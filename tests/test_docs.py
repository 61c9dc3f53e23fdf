"""The documents: what they show is what happens, their tables are the code's; the gallery."""

import doctest
import importlib
import inspect
import os
import pkgutil
import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import pullback.derive
from pullback.codegen import library
from pullback.codegen.compiler import compile_definition
from pullback.codegen.faces import cli, notebook
from pullback.codegen.faces.gallery import entry
from pullback.codegen.pages.jacobian_matrix import MAX_ENTRIES
from pullback.codegen.targets.table import TARGETS
from pullback.derive.errors import DefinitionError
from pullback.derive.read import descent, grammar, vocabulary
from pullback.derive.read.definition import KEYS
from pullback.derive.read.from_arrays.functions import FUNCTIONS
from pullback.derive.read.from_arrays.reader import understand
from pullback.derive.read.from_matrices.functions import FUNCTIONS as MATRIX_FUNCTIONS
from pullback.derive.read.from_matrices.reader import understand as understand_matrices
from pullback.derive.read.matrix_functions import OF_MATRICES
from pullback.derive.read.reader import read_equations, read_layer
from pullback.derive.read.sugar import SUGAR
from tests.matrices.corpus import KINDS
from tests.shipped import compiled_from

ROOT = Path(__file__).parent.parent
LANGUAGE, TUTORIAL, README, ARRAYS, MATRICES, TEACHING = (
    (ROOT / name).read_text(encoding="utf-8")
    for name in (
        *("docs/language.md", "docs/tutorial.md", "README.md"),
        *("docs/arrays.md", "docs/matrices.md", "docs/teaching.md"),
    )
)


def blocks(page, *kinds):
    """The fenced blocks of a page that are of these kinds."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return [(kind, text) for kind, text in found if kind in kinds]


def table(heading):
    """The cells of the table under a heading of the language's page, row by row."""
    section = LANGUAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def code(cell):
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


# -- commands and Python ---------------------------------------------------------------------------


def run_commands(text, folder):
    """Run each command of a console block and compare what it prints with what is shown."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, shown = part.split("\n", 1)
        words = shlex.split(command)
        words[:1] = [sys.executable, "-m", "pullback"] if words[0] == "pullback" else words[:1]
        words[0] = sys.executable if words[0] == "python" else words[0]
        made = subprocess.run(
            words,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        assert matches(shown, made.stdout), f"$ {command}\n{made.stdout}"


def matches(shown, printed):
    """Is this what was printed? A line `…` stands for any lines, `…` in a line for any text."""
    wanted = [line.rstrip() for line in shown.splitlines()]
    patterns = [r"(.*\n)*" if w == "…" else ".*".join(map(re.escape, w.split("…"))) for w in wanted]
    text = "".join(f"{line.rstrip()}\n" for line in printed.splitlines())
    pattern = "".join(p if w == "…" else rf"{p}\n" for p, w in zip(patterns, wanted, strict=True))
    return re.fullmatch(pattern, text) is not None


def run_session(text, names):
    """Run the examples of a Python session and compare what they give with what is shown."""
    test = doctest.DocTestParser().get_doctest(text, names, "tutorial", "tutorial.md", 0)
    said = []
    runner = doctest.DocTestRunner()
    runner.run(test, out=said.append, clear_globs=False)
    names.update(test.globs)
    assert not said, "".join(said)
    assert runner.tries == len(test.examples) > 0


def test_what_counts_as_shown():
    printed = "one\ntwo x[…] 3\nthree  \nfour\n"
    for shown in ("one\n…\n", "…\ntwo … 3\nthree\nfour\n", printed, "one\n…\nfour\n", "…\n"):
        assert matches(shown, printed), shown
    for shown in ("one\n", "one\nthree\n…\n", "two\n…\n", "…\nfour\nthree\n", "on\n…\n", ""):
        assert not matches(shown, printed), shown


def test_the_tutorial_shows_what_happens(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    names = {}
    steps = blocks(TUTORIAL, "console", "toml", "python")
    assert {kind for kind, _ in steps} == {"console", "toml", "python"}
    for kind, text in steps:
        if kind == "console":
            run_commands(text, tmp_path)
        elif kind == "toml":
            (tmp_path / file_of(text)).write_text(text, encoding="utf-8")
        else:
            importlib.invalidate_caches()
            run_session(text, names)


def test_the_page_for_teachers_shows_what_happens(tmp_path):
    for kind, text in blocks(TEACHING, "console", "python"):
        if kind == "console":
            run_commands(text, tmp_path)
        else:
            run_session(text, {})


def file_of(text):
    """The name of the file that a block of TOML is, from its first line."""
    return re.fullmatch(r"# ([a-z_]+\.toml)", text.split("\n")[0]).group(1)


def test_the_readme_runs():
    names = {}
    for _, text in blocks(README, "python"):
        exec(compile(text, "README.md", "exec"), names)
    assert names["loss"] > 0


def test_links_lead_somewhere():
    for page in (LANGUAGE, TUTORIAL, ARRAYS, TEACHING):
        for link in re.findall(r"\]\(([^)]+)\)", page):
            file, _, place = link.partition("#")
            assert (ROOT / "docs" / file).is_file(), link
            headings = re.findall(
                r"^#+ (.*)$", (ROOT / "docs" / file).read_text("utf-8"), re.MULTILINE
            )
            assert place in ["", *(h.lower().replace(" ", "-") for h in headings)], link


# -- the language ----------------------------------------------------------------------------------


def test_the_errors_are_those_that_come(tmp_path):
    for _, text in blocks(LANGUAGE, "console"):
        run_commands(text, tmp_path)


def test_the_grammar_is_the_parsers():
    (_, text), *_ = blocks(LANGUAGE, "text")
    assert f"\n\n{textwrap.indent(text, '    ')}\n" in grammar.__doc__


def test_every_example_is_read():
    for _, text in blocks(LANGUAGE, "toml"):
        read_layer(file_of(text).removesuffix(".toml"), text, library.shipped_source)
    for _, text in blocks(LANGUAGE, "pullback"):
        read_equations("layer", text, library.shipped_source)


def test_every_equation_in_a_sentence_is_read_or_refused_as_the_page_says():
    found = re.findall(r"`(\w+(?:\[[^\]`]*\])? :?= [^`]+)`( is refused)?", LANGUAGE)
    assert len(found) >= 6
    for text, refused in found:
        if text.split(" ")[0] in KEYS:
            read_layer("layer", f'equations = "L = sigma * sum(n, j, p[n] * t[n, j])"\n{text}')
        elif refused:
            with pytest.raises(DefinitionError):
                read_equations("layer", text)
        else:
            read_equations("layer", f"{text}\nlast = 1", library.shipped_source)


def test_the_keys():
    rows = table("Keys")
    assert sorted(code(row[0])[0] for row in rows) == sorted(KEYS)
    values = {"text": '"n"', "list of texts": "[]", "table of texts": "{}"}
    equations = '"h[n] = 2 * n_[n]"'
    alone = {"arrays": {"arrays": '"h = 2"'}, "shapes": {"arrays": '"h = 2"'}}  # no equations
    alone["matrices"] = {"matrices": '"h = 2"'}
    for cell, kind, _ in rows:
        (key,) = code(cell)
        for other, value in values.items():
            given = alone.get(key, {"equations": equations.replace("n_", "x")}) | {key: value}
            given[key] = equations.replace("n_", "x") if key == "equations" == kind else value
            text = "\n".join(f"{k} = {v}" for k, v in given.items())
            if other == kind and key not in ("equations", "arrays", "matrices"):
                read_layer("layer", text)
            elif other != kind:
                with pytest.raises(DefinitionError, match=f"'{key}' must be a? ?{kind}"):
                    read_layer("layer", text)


def test_the_functions():
    rows = table("Functions")
    examples = [code(row[0])[0] for row in rows]
    assert {re.match(r"\w+", example).group() for example in examples} == {
        *vocabulary.WORDS - OF_MATRICES
    }
    for word in {*vocabulary.PAIRS} & {*vocabulary.REDUCTIONS}:
        assert sum(example.startswith(f"{word}(") for example in examples) == 2
    for example in examples:
        read_equations("layer", f"g = sum(d, x[d])\nh = {example}")


def test_the_functions_of_matrices():
    examples = [code(row[0])[0] for row in table("Matrices")]
    assert {re.search(r"= (\w+)\(", example)[1] for example in examples} == OF_MATRICES
    for example in examples:
        read_equations("layer", example)


def test_the_shorthand():
    rows = table("Shorthand")
    found = [(code(word)[0], code(meaning)[0], about) for word, meaning, about in rows]
    assert found == [(s.form, s.meaning, s.about) for s in SUGAR.values()]


def test_the_names_that_are_refused():
    rows = [row[0] for row in table("Names")]
    listed = set(code(next(row for row in rows if "`np`" in row)))
    assert listed == vocabulary.EMITTED
    assert set(code(next(row for row in rows if "keywords" in row))) <= vocabulary.FORBIDDEN
    affixes = [
        ("names that start with", vocabulary.SIZE, "size_z * z"),
        ("names that end in", vocabulary.TANGENT, "z_dot * z"),
        ("before the name of a real tensor", vocabulary.COTANGENT, "dz * z"),
    ]
    for words, affix, right in affixes:
        assert code(next(row for row in rows if words in row)) == [affix]
        with pytest.raises(DefinitionError):
            read_equations("layer", f"h = {right}")
    assert set(code(next(row for row in rows if "`range`" in row))) == vocabulary.LOOPS
    assert set(code(next(row for row in rows if "`exp`" in row))) == vocabulary.KEPT
    assert len(rows) == 4 + len(affixes)
    for name in sorted(vocabulary.WORDS - vocabulary.KEPT):
        read_equations("layer", f"h = 2 * {name}")
    for name in sorted({*vocabulary.FORBIDDEN, *vocabulary.KEPT} - {vocabulary.PI}):
        with pytest.raises(DefinitionError):
            read_equations("layer", f"h = 2 * {name}")


LIMITS = {
    "text of a definition": "descent.MAX_TEXT",
    "words and signs in the equations": "descent.MAX_WORDS",
    "nesting of brackets, functions, powers and signs": "descent.MAX_DEPTH",
    "digits of a number, zeros in front aside": "words.MAX_DIGITS",
    "zeros in front of a number": "grammar.MAX_ZEROS",
    "power that is written as a number, up or down": "limits.MAX_POWER",
    "bits that a number worked out from others might need": "limits.MAX_BITS",
    "bits of a number in a finished equation": "builder.MAX_BITS",
    "characters of a name": "grammar.MAX_NAME",
    "names of axes and tensors together": "symbols.MAX_SYMBOLS",
    "axes of a tensor": "symbols.MAX_AXES",
    "axes that are merged into one": "grammar.MAX_MERGED",
    "equations, calls written out": "flat.MAX_EQUATIONS",
    "parts of all equations, calls written out": "limits.MAX_PARTS",
    "operations of one equation, notation put in": "limits.MAX_OPERATIONS",
    "calls within calls": "calls.MAX_CALLS",
    "dots on a line of the file": "definition.MAX_DOTS",
    "characters of a group": "definition.MAX_GROUP",
}
# their limits bound the engine's work and no definition
INNER = (
    "assumed", "binders", "canonical", "powers", "proving", "rewriting", "ring", "shifted_logs",
    "step_check", "switches", "ties",
)  # fmt: skip


def test_the_limits():
    rows = {words: number.replace(" KiB", " * 1024") for words, number in table("Limits")}
    shown = {words: eval_product(number) for words, number in rows.items()}
    assert shown.pop("entries of a Jacobian that is written out") == MAX_ENTRIES
    power = shown.pop("power of ten of a number, up or down")
    for sign in ("", "-"):
        read_equations("layer", f"h = 1e{sign}{power} * x")
        with pytest.raises(DefinitionError):
            read_equations("layer", f"h = 1e{sign}{power + 1} * x")
    code_limits = {}
    for module in pkgutil.walk_packages(pullback.derive.__path__, "pullback.derive."):
        name = module.name.rpartition(".")[2]
        if name not in INNER:
            values = importlib.import_module(module.name)
            source = inspect.getsource(values)
            names = re.findall(r"^(MAX_[A-Z]+) =", source, re.MULTILINE)
            code_limits |= {f"{name}.{n}": getattr(values, n) for n in names}
    assert {LIMITS[words]: number for words, number in shown.items()} == code_limits
    assert library.MAX_FILE == descent.MAX_TEXT


def eval_product(text):
    """`64 * 1024` or `20,000` as a number."""
    factors = [int(word.replace(",", "")) for word in text.split(" * ")]
    return factors[0] * (factors[1] if factors[1:] else 1)


def test_the_readme_counts_the_steps_of_the_perceptron():
    steps = notebook.load("mlp").compiled.proof.steps
    assert f"All {len(steps)} steps of the perceptron's derivation" in README


# -- array notation --------------------------------------------------------------------------------


HOMEWORK = """\
import numpy as np


def forward(x, W, b, y):
    scores = x @ W + b
    scores -= scores.max(axis=1, keepdims=True)
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(x)), y]).mean()
"""


def test_the_page_of_arrays_shows_what_happens(tmp_path):
    (tmp_path / "homework.py").write_text(HOMEWORK, encoding="utf-8")
    for _, text in blocks(ARRAYS, "console"):
        run_commands(text, tmp_path)
    for _, text in blocks(ARRAYS, "toml"):
        read_layer(file_of(text).removesuffix(".toml"), text)
    examples = [text for _, text in blocks(ARRAYS, "python", "pullback")]
    assert len(examples) >= 2 and not len(examples) % 2
    for code_text, shown in zip(examples[::2], examples[1::2], strict=True):
        assert understand(code_text, {}).text == shown.rstrip("\n")


def test_the_page_of_arrays_has_every_function():
    named = {name.removeprefix("np.").strip(".") for name in re.findall(r"[\w.]+", ARRAYS)}
    for name in FUNCTIONS:
        short = re.sub(r"^(numpy|scipy\.special|builtins)\.", "", name)
        assert short in named, name


def test_the_page_of_matrices_shows_what_happens(tmp_path):
    for _, text in blocks(MATRICES, "console"):
        run_commands(text, tmp_path)
    for _, text in blocks(MATRICES, "toml"):
        read_layer(file_of(text).removesuffix(".toml"), text)
    (examples,) = [text for _, text in blocks(MATRICES, "matrices")]
    for line in examples.strip().split("\n"):
        assert understand_matrices(line, KINDS).text.startswith("out = ")


def test_the_page_of_matrices_has_every_function():
    named = set(re.findall(r"\w+", MATRICES))
    own = set(MATRIX_FUNCTIONS) - vocabulary.WORDS - {"sigma", "ReLU"}
    assert own <= named


# -- the gallery -----------------------------------------------------------------------------------


def test_the_gallery_has_every_shipped_layer():
    page = (ROOT / "generated" / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\w+): ", page, re.MULTILINE) == library.shipped()
    for link in re.findall(r"\]\(([^)]+)\)", page):
        assert (ROOT / "generated" / link).is_file(), link
    for name in ("affine", "relu"):
        source = library.shipped_source(name)
        assert entry(compiled_from(name, source)) in page


def test_the_gallery_is_written_and_checked(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(library, "shipped", lambda: ["relu"])
    command = ["generate", "--out", str(tmp_path)]
    assert cli.main(command) == 0 and cli.main([*command, "--check"]) == 0
    page = tmp_path / "README.md"
    text = page.read_text(encoding="utf-8")
    for line in (
        "## relu: Rectified linear unit",
        "[Module](relu.py), [derivation](relu.tex)",
        "h[...] = max(0, u[...])",
        "∂ℒ/∂u[n] = 𝟙[u[n] > 0] ∂ℒ/∂h[n]    ∂ℒ/∂u = 𝟙[u > 0] ⊙ ∂ℒ/∂h",
    ):
        assert f"\n{line}\n" in text
    page.write_text(text.replace("> 0]", ">= 0]"), encoding="utf-8")
    capsys.readouterr()
    assert cli.main([*command, "--check"]) == 1
    assert capsys.readouterr().out.startswith(f"changed: {page}\n")
    assert cli.main(["generate", "relu", "--out", str(tmp_path / "one")]) == 0
    assert not (tmp_path / "one" / "README.md").exists()


@pytest.mark.parametrize(
    "title",
    ["<b>bold</b>", "[a](b)", "![a](b)", "two\n# lines", "`code` *x* _y_ $z$", "a&amp;b", "\u202e"],
)
def test_titles_stay_text_in_the_gallery(title):
    quoted = "".join(f"\\U{ord(c):08x}" for c in title)
    source = f'title = "{quoted}"\nequations = "u = 2 * x"'
    head, empty, links, *_ = entry(
        compile_definition("scale", source, library.shipped_source)
    ).split("\n")
    assert empty == "" and links == "[Module](scale.py), [derivation](scale.tex)"
    shown = re.sub("&#9[13];", "", head.removeprefix("## scale: "))  # brackets, as entities
    assert not re.search(r"(?<!\\)[<>*_`$#!&]|[\[\]]", shown) and shown.isprintable()


# -- the tour and the targets ----------------------------------------------------------------------


@pytest.mark.parametrize("page", ["tour.md", "targets.md"])
def test_files_that_a_page_names_are_there(page):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    named = re.findall(r"`((?:derive|codegen|tests|layers|generated|bench)/[\w/.]*)`", text)
    assert len(named) >= 5
    assert not [path for path in named if not (ROOT / path).exists()]


def test_the_tour_goes_through_every_room_in_the_order_of_floors():
    text = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")
    rooms = [
        str(p.relative_to(ROOT))
        for folder in ("derive", "codegen")
        for p in sorted((ROOT / folder).iterdir())
        if p.is_dir() and (p / "__init__.py").is_file()
    ]
    assert rooms and not [room for room in rooms if f"| `{room}/` |" not in text]


def test_the_page_of_targets_has_every_target():
    text = (ROOT / "docs" / "targets.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w[\w-]*)` \|", text, re.MULTILINE)
    assert rows == list(TARGETS)
