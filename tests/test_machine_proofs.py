"""The machine proofs in proofs/: each law has theorems, tables and files agree, Coq takes them all.

What asks Coq is skipped where there is none, and marked slow.
"""

import re
import shutil
from argparse import Namespace

import pytest

from proofs import certify
from proofs.sources import (
    COMMENT,
    FOLDER,
    STATED,
    files,
    laws,
    one_line,
    rules,
    stated,
    statements,
    taken_for_granted,
    theorems,
)
from pullback.derive.laws.registry import LAWS
from tests.coq_statements import example_name, statement

# laws that no theorem proves, which have a source; they may only become fewer
STILL_WITHOUT = {"slope of an inverse", "slope of a determinant"}
PROVED = {name: text for file in files().values() for name, text in theorems(file).items()}


def test_every_law_has_theorems():
    assert set(LAWS) - set(laws()) == STILL_WITHOUT
    assert set(laws()) <= set(LAWS)
    assert all(laws().values())


def test_tables_name_every_theorem_and_no_other():
    assert {name for names in laws().values() for name in names} | set(rules().values()) == {
        *PROVED
    }


def test_no_name_is_proved_twice():
    names = [s.name for text in files().values() for s in statements(text)]
    assert len(names) == len(set(names))


def test_tables_say_what_the_files_prove():
    assert stated() == {name: theorems(text) for name, text in files().items() if theorems(text)}


def test_the_examples_in_coq_are_those_of_the_laws():
    found = {s.name: s.text for s in statements(files()["examples"]) if s.kind == "Example"}
    assert found == {
        example_name(law): statement(law) for law in LAWS.values() if law.name not in STILL_WITHOUT
    }


def test_what_stands_above_a_theorem_names_its_law_or_rule():
    for text in files().values():
        for found in STATED.finditer(text):
            if found[1] == "Theorem":
                *_, above = COMMENT.findall(text[: found.start()])
                assert text[: found.start()].rstrip().endswith(above), found[2]
                kind, said = one_line(above[2:-2]).split(":", 1)
                name = said.split(";")[0].strip()
                assert kind in ("law", "rule"), above
                assert found[2] in (laws()[name] if kind == "law" else [rules()[said.strip()]])


def test_all_that_is_proved_is_seen():
    """Nothing is stated in a form that the tables would not notice."""
    word = re.compile(
        r"\b(Theorem|Fact|Lemma|Remark|Corollary|Proposition|Property|Example|Goal|Instance"
        r"|Program|Hint)\b"
    )
    for text in files().values():
        assert len(word.findall(COMMENT.sub("", text))) == len(statements(text))
        assert text.count("Proof.") == text.count("Qed.") == len(statements(text))


def test_nothing_is_taken_for_granted():
    assert not [w for name, text in files().items() for w in taken_for_granted(name, text)]


@pytest.mark.parametrize(
    "text",
    [
        "Axiom a : False.",
        "Parameter f : nat.",
        "Proof. admit. Admitted.",
        "Section S. Hypothesis h : False.",
        "Unset Guard Checking.",
        "#[bypass_check(universes)] Definition d := 0.",
    ],
)
def test_what_would_be_taken_for_granted_is_seen(text):
    assert taken_for_granted("rules", text)
    assert not taken_for_granted("rules", f"(* {text} *)")


# -- the command -------------------------------------------------------------------------------

PRINTED = """## rules.v
Closed under the global context
## tails.v
Axioms:
boolp.propositional_extensionality : forall P Q : Prop, P <-> Q -> P = Q
rules.wrong
  : forall x : nat,
    x = x
"""


def test_axioms_are_read_from_what_coq_prints():
    found = certify.answers(PRINTED)
    assert found == {
        "rules.v": [],
        "tails.v": ["boolp.propositional_extensionality", "rules.wrong"],
    }
    assert certify.strangers(found) == {"tails.v": ["rules.wrong"]}


@pytest.mark.parametrize(
    "said",
    ["Axioms:\nrules.loop is assumed to be guarded.", "Theory: Type hierarchy is collapsed", ""],
)
def test_no_other_answer_of_coq_is_granted(said):
    found = certify.answers(f"## rules.v\n{said}\n")
    assert certify.strangers(found)


def test_another_coq_is_told_apart(monkeypatch):
    monkeypatch.setattr(certify.shutil, "which", lambda name: name)
    monkeypatch.setattr(certify.subprocess, "run", lambda *_, **__: Namespace(stdout="8.20.1 4.14"))
    assert "coqc is 8.20.1" in certify.missing()


def test_every_theorem_is_asked_about():
    for each in (False, True):
        asked = certify.questions(certify.grouped(files(), each))
        names = {name.split(".")[1] for name in re.findall(r"\(@([\w.]+)\)", asked)}
        examples = {example_name(law) for law in LAWS.values() if law.name not in STILL_WITHOUT}
        assert names == {*PROVED, *examples}


def test_without_coq_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(certify.shutil, "which", lambda name: None)
    assert certify.main([]) == 1
    said = capsys.readouterr().err
    install = (FOLDER.parent / ".ci" / "run").read_text(encoding="utf-8")
    assert all(p in said.split() and p in install.split() for p in certify.PACKAGES)


@pytest.mark.parametrize("fault", [certify.Refused("no"), KeyboardInterrupt()])
def test_what_is_stopped_leaves_all_as_it_was(monkeypatch, tmp_path, fault):
    def compiled(folder, name, text):
        (folder / f"{name}.vo").write_text("half")
        raise fault

    monkeypatch.setattr(certify, "compiled", compiled)
    place = tmp_path / "proofs"
    place.mkdir()
    (place / "rules.vo").write_text("whole")
    with pytest.raises(type(fault)):
        certify.certify(place, each=False)
    assert [*tmp_path.iterdir()] == [place]
    assert (place / "rules.vo").read_text() == "whole"


# -- with Coq ----------------------------------------------------------------------------------

CORRUPTED = {  # in each file: a part of a statement, and what makes it false
    "rules": (r"⟦j == l⟧ * f j = f l", r"⟦j == l⟧ * f j = f l + f l"),
    "rules_brackets": ("Num.max a b = b + ⟦0 < a - b⟧", "Num.min a b = b + ⟦0 < a - b⟧"),
    "rules_signs": ("⟦0 < - x⟧ * x = x - ⟦0 < x⟧ * x", "⟦0 < - x⟧ * x = x + ⟦0 < x⟧ * x"),
    "rules_functions": ("expR (a + b) = expR a * expR b", "expR (a + b) = expR a + expR b"),
    "sums": ("b * p k - b * ⟦k == y⟧ = b * (p k -", "b * p k - b * ⟦k == y⟧ = b * (p k +"),
    "domains": ("0 < a - b -> Num.max a b = a", "0 < a - b -> Num.max a b = b"),
    "exponentials": ("c * (2 * sigmoid (2 * a)).", "c * (2 * sigmoid a)."),
    "tails": ("t + t * erf a = t * erfc erf (- a)", "t + t * erf a = t * erfc erf a"),
    "shifts": ("ln (expR a + expR b) = Num.max", "ln (expR a + expR b) = Num.min"),
    "derivatives": ("(d * G x + F x * e)", "(d * G x - F x * e)"),
    "derivatives_of_functions": ("tanh (1 - tanh x ^+ 2)", "tanh (1 + tanh x ^+ 2)"),
    "derivatives_off_kinks": ("Num.max (F x) (G x)) x m (⟦G x", "Num.min (F x) (G x)) x m (⟦G x"),
}
with_coq = pytest.mark.skipif(bool(certify.missing()), reason="there is no Coq of that version")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """A folder with all proofs compiled, and what they take for granted."""
    folder = tmp_path_factory.mktemp("coq") / "proofs"
    return folder, certify.certify(folder, each=False)


@pytest.mark.slow
@with_coq
def test_coq_takes_every_proof_and_needs_no_more_axioms_than_are_granted(compiled):
    _, found = compiled
    assert set(found) == {"examples.v", *(f"{name}.v" for name in stated())}
    assert not certify.strangers(found)
    assert not found["rules.v"]
    assert not found["sums.v"]


def test_a_statement_of_every_file_is_corrupted():
    assert set(CORRUPTED) == set(stated())
    assert all(files()[name].count(part) == 1 for name, (part, _) in CORRUPTED.items())


@pytest.mark.slow
@with_coq
@pytest.mark.parametrize("name", CORRUPTED)
def test_coq_refuses_a_corrupted_statement(compiled, tmp_path, name):
    folder = tmp_path / "proofs"
    shutil.copytree(compiled[0], folder)
    with pytest.raises(certify.Refused):
        certify.compiled(folder, name, files()[name].replace(*CORRUPTED[name]))


@pytest.mark.slow
@with_coq
def test_an_axiom_of_ones_own_is_not_granted(compiled, tmp_path):
    folder = tmp_path / "proofs"
    shutil.copytree(compiled[0], folder)
    text = "Axiom wrong : forall x : nat, x = 0.\nTheorem all : 1 = 0.\nProof. apply wrong. Qed.\n"
    certify.compiled(folder, "own", text)
    groups = certify.grouped({"own": text}, each=False)
    found = certify.answers(certify.compiled(folder, "ask", certify.questions(groups)))
    assert certify.strangers(found) == {"own.v": ["own.wrong"]}
