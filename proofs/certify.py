"""Compile the proofs and say what they take for granted: `python -m proofs.certify`.

Exits with 1 where Coq refuses a proof or a theorem needs an axiom that does not stand here. The
theorems of a file are asked about together; with `--each` every theorem is, which takes minutes.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill
from time import perf_counter

from proofs.sources import LIBRARY, files, statements

PLACE = Path(__file__).parent.parent / "build" / "proofs"
PACKAGES = (
    "coq",
    "libcoq-mathcomp-ssreflect",
    "libcoq-mathcomp-algebra",
    "libcoq-mathcomp-algebra-tactics",
    "libcoq-mathcomp-analysis",
)
# what mathcomp's real analysis stands on, as all classical mathematics does; the algebra needs none
AXIOMS = {
    "boolp.propositional_extensionality": "propositions that follow from each other are equal",
    "boolp.functional_extensionality_dep": "functions with the same values are equal",
    "boolp.constructive_indefinite_description": "what exists can be chosen",
}
# mathcomp's own files warn of these, and not ours
QUIET = ("-q", "-w", "-notation-overridden,-ambiguous-paths,-projection-no-head-constant")
VERSION = "8.16."  # of Coq; Debian 12 has it, with mathcomp 1.15 and its analysis 0.6
MARK = "## "  # stands before a theorem's name in what Coq prints


CLOSED, AXIOMATIC = "Closed under the global context", "Axioms:"  # what Coq says
NO_ANSWER = "no answer"


class Refused(Exception):
    """What Coq says of a file that it does not take."""


def compiled(folder: Path, name: str, text: str) -> str:
    """Compile a file in a folder that has those it needs; what Coq prints."""
    (folder / f"{name}.v").write_text(text, encoding="utf-8")
    command = ["coqc", *QUIET, "-Q", ".", LIBRARY, f"{name}.v"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise Refused(done.stderr.strip())
    return done.stdout


def compile_all(folder: Path, texts: Mapping[str, str]) -> None:
    """Compile all files, each after those that it needs, with a line for each."""
    for name, text in texts.items():
        start = perf_counter()
        compiled(folder, name, text)
        took = perf_counter() - start
        print(f"{name}.v: {len(statements(text))} proofs, {took:.1f} s", flush=True)


def questions(groups: Mapping[str, Sequence[str]]) -> str:
    """A file that asks Coq what each group of theorems takes for granted."""
    files_of_all = dict.fromkeys(t.split(".")[0] for group in groups.values() for t in group)
    lines = [f"From {LIBRARY} Require {' '.join(files_of_all)}."]
    lines.append("Inductive proved := Proved (T : Prop) (proof : T) | Both (a b : proved).")
    for number, (name, group) in enumerate(groups.items()):
        whole = " ".join(f"(Both (Proved _ (@{t}))" for t in group)
        last = "(Proved True I)" + ")" * len(group)
        lines.append(f"Definition group{number} := {whole} {last}.")
        lines.append(f'Goal True. idtac "{MARK}{name}". Abort.')
        lines.append(f"Print Assumptions group{number}.")
    return "\n".join(lines) + "\n"


def answers(printed: str) -> dict[str, list[str]]:
    """The axioms of every group, from what Coq prints."""
    blocks = [block.splitlines() for block in printed.split(MARK)[1:]]
    return {name.strip(): taken(said) for name, *said in blocks}


def taken(said: Sequence[str]) -> list[str]:
    """What one answer says is taken for granted: the first word of each line that goes on no other.

    Not only an axiom begins such a line, so does a check that is off: it is granted by no table.
    """
    lines = [line for line in said if line and not line[0].isspace() and line != AXIOMATIC]
    return [] if lines == [CLOSED] else [line.split()[0] for line in lines] or [NO_ANSWER]


def grouped(texts: Mapping[str, str], each: bool) -> dict[str, list[str]]:
    """The theorems that are asked about together: those of a file, or each alone."""
    by_file = {
        f: [f"{f}.{s.name}" for s in statements(text) if s.kind != "Fact"]
        for f, text in texts.items()
    }
    if each:
        return {t: [t] for group in by_file.values() for t in group}
    return {f"{f}.v": group for f, group in by_file.items() if group}


def strangers(found: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The groups that need axioms which do not stand above, with these."""
    others = {name: [a for a in axioms if a not in AXIOMS] for name, axioms in found.items()}
    return {name: axioms for name, axioms in others.items() if axioms}


def table(groups: Mapping[str, Sequence[str]], found: Mapping[str, Sequence[str]]) -> str:
    """What each group takes for granted, with the theorems in it."""
    lines = []
    for name, group in groups.items():
        lines.append(f"{name}: {', '.join(a.split('.')[-1] for a in found[name]) or 'no axiom'}")
        if len(group) > 1:
            names = ", ".join(t.split(".")[1] for t in group)
            lines.append(fill(names, 96, initial_indent="    ", subsequent_indent="    "))
    none = sum(len(group) for name, group in groups.items() if not found[name])
    lines.append(
        f"{sum(map(len, groups.values()))} theorems and examples are proved, {none} with no axiom"
    )
    return "\n".join(lines)


def certify(place: Path, each: bool) -> dict[str, list[str]]:
    """Compile all into a folder, print what each group takes for granted, and give that back.

    The folder is there when all is done, and not before.
    """
    texts = files()
    groups = grouped(texts, each)
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="proofs-", dir=place.parent) as temporary:
        folder = Path(temporary, place.name)
        folder.mkdir()
        compile_all(folder, texts)
        answered = answers(compiled(folder, "assumptions", questions(groups)))
        shutil.rmtree(place, ignore_errors=True)
        folder.rename(place)
    found = {name: answered.get(name, [NO_ANSWER]) for name in groups}
    print(table(groups, found))
    return found


def missing() -> str:
    """What is to be installed, in a sentence; nothing where Coq is there."""
    install = f"on Debian 12: apt-get install {' '.join(PACKAGES)}"
    if shutil.which("coqc") is None:
        return f"there is no coqc; {install}"
    asked = subprocess.run(["coqc", "--print-version"], capture_output=True, text=True)
    version = asked.stdout.split(" ")[0]
    return "" if version.startswith(VERSION) else f"coqc is {version}, not {VERSION}x; {install}"


def main(arguments: Sequence[str]) -> int:
    """0 where all is proved from the axioms that are granted."""
    if lacking := missing():
        print(lacking, file=sys.stderr)
        return 1
    try:
        found = certify(PLACE, each="--each" in arguments)
    except Refused as refused:
        print(f"Coq refuses it:\n{refused}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; nothing is left half-written", file=sys.stderr)
        return 130
    others = strangers(found)
    for name, axioms in others.items():
        print(f"{name}: not granted: {', '.join(axioms)}", file=sys.stderr)
    return 1 if others else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
