"""What stands in the files of proofs: statements, their order, and the tables of names."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
LIBRARY = "Pullback"  # the name under which the files know each other
STATED = re.compile(r"^(Theorem|Example|Fact)\s+(\w+)(.*?)\.\s*\nProof\b", re.DOTALL | re.MULTILINE)
NEEDED = re.compile(rf"^From {LIBRARY} Require Import (.*?)\.$", re.DOTALL | re.MULTILINE)
COMMENT = re.compile(r"\(\*.*?\*\)", re.DOTALL)
# what a proof would lean on without saying so: nothing is taken for granted, no check is off, and
# a statement says all that it needs, where a section's hypotheses would stand elsewhere
TRUSTING = re.compile(
    r"\b(admit|Admitted|Abort|Axioms?|Parameters?|Conjecture|Hypothes[ie]s|Section|Context|Declare"
    r"|bypass_check|Universe|Guard|Positivity|Unsafe|give_up|Obligations?)\b|type-in-type"
)
DEFINITIONS = "meaning"  # the file that holds no theorem, whose sections bind what it defines


@dataclass(frozen=True)
class Statement:
    """A theorem, which tables name, a law's own example, or a fact, which only other proofs use."""

    kind: str
    name: str
    text: str  # as it stands, in one line


def files() -> dict[str, str]:
    """The text of every file by its name, each after those that it needs."""
    texts = {p.stem: p.read_text(encoding="utf-8") for p in sorted(FOLDER.glob("*.v"))}
    needs = {name: needed_by(text) for name, text in texts.items()}
    return {name: texts[name] for name in TopologicalSorter(needs).static_order()}


def needed_by(text: str) -> list[str]:
    """The files that a file imports."""
    return [name for names in NEEDED.findall(text) for name in names.split()]


def statements(text: str) -> list[Statement]:
    """What a file proves."""
    return [Statement(k, name, one_line(said)) for k, name, said in STATED.findall(text)]


def theorems(text: str) -> dict[str, str]:
    """The theorems of a file: what each says."""
    return {s.name: s.text for s in statements(text) if s.kind == "Theorem"}


def one_line(text: str) -> str:
    """A text with single blanks and no line breaks."""
    return " ".join(text.split())


def taken_for_granted(name: str, text: str) -> list[str]:
    """The words of a file that would let a proof lean on what is not proved."""
    found = [m.group() for m in TRUSTING.finditer(COMMENT.sub("", text))]
    return [word for word in found if (name, word) != (DEFINITIONS, "Section")]


def stated() -> dict[str, dict[str, str]]:
    """What the tables of statements say that each file proves."""
    tables = sorted((FOLDER / "statements").glob("*.toml"))
    return {p.stem: {n: one_line(t) for n, t in read(p).items()} for p in tables}


def laws() -> dict[str, list[str]]:
    """The theorems that prove each law, by its name."""
    return read(FOLDER / "laws.toml")


def rules() -> dict[str, str]:
    """The theorem that proves each rule of the normal form, by the rule in words."""
    return read(FOLDER / "rules.toml")


def read(path: Path) -> dict[str, Any]:
    """A table in a file."""
    return tomllib.loads(path.read_text(encoding="utf-8"))
