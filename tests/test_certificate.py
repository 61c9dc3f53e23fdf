"""Certificates: what is written is read as it was, holds, and is refused with one fault in it."""

import copy
import json
from functools import cache
from pathlib import Path
from random import Random

import jsonschema
import pytest

from pullback.codegen import library
from pullback.codegen.faces.certificates import written
from pullback.codegen.faces.cli import main
from pullback.derive.errors import DefinitionError, ProofFailed, PullbackError
from pullback.derive.proof.certificate.trees import BINDERS, KINDS, Reader
from pullback.derive.proof.certificate.verifying import read, verify
from pullback.derive.proof.certificate.writing import certificate
from tests import shipped

FEW = ["cross_entropy", "huber", "masked_attention", "max_pool", "relu", "softmax_cross_entropy"]
BESIDE = {"add": "mul", "mul": "add", "max": "min", "min": "max", "exp": "tanh", "log": "exp"}


LONG = ("deep_mlp",)  # a network of sixteen nodes
NAMES = [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in library.shipped()]
SCHEMA = Path(__file__).parent.parent / "docs" / "certificate.schema.json"


@cache
def proved(name, source=None):
    """The proof of a shipped layer, or of one that is given."""
    if source is None:
        return shipped.proved(name)
    return shipped.proof_of(name, source)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_is_read_as_it_was(name):
    derivation = proved(name).derivation
    data = json.loads(written(proved(name)))
    jsonschema.validate(data, json.loads(SCHEMA.read_text()))
    found = read(data)
    assert [(w, c) for w, c, _ in found.chains] == [
        (r.what, r.chain) for r in derivation.reasonings
    ]
    assert found.layer.assumptions == derivation.layer.assumptions
    assert [n.expr for n in found.layer.nodes] == [n.expr for n in derivation.layer.nodes]
    assert [t.labels_of for t in found.layer.inputs] == [
        t.labels_of for t in derivation.labelled.inputs
    ]


@pytest.mark.parametrize("name", FEW)
def test_a_certificate_holds(name):
    checks = verify(read(json.loads(written(proved(name)))))
    assert len(checks) == len(proved(name).steps) and all(c.every_size for _, c in checks)


def mutated(data, rng):
    """A certificate in which one part of one right side is another; whole ones share parts."""
    data = copy.deepcopy(data)
    parts = data["parts"]
    steps = [s for chain in data["chains"] for s in chain["steps"]]
    step = rng.choice(steps)
    way, at = [], step["after"]
    while parts[at][0] not in ("number", "size", "index", "named") and rng.random() < 0.9:
        places = [k for k, v in enumerate(parts[at]) if k and isinstance(v, int)]
        if not places:
            break
        way.append((at, rng.choice(places)))
        at = parts[at][way[-1][1]]
    new = changed(parts[at])
    if new is None:
        return None
    parts.append(new)
    for place, argument in reversed(way):
        parts.append([len(parts) - 1 if k == argument else v for k, v in enumerate(parts[place])])
    step["after"] = len(parts) - 1
    return data


def changed(part):
    """Another part."""
    if part[0] == "number":
        return ["number", str(int(part[1]) + 1), part[2]]
    if part[0] in BESIDE:
        return [BESIDE[part[0]], *part[1:]]
    return ["number", "7", "3"] if part[0] in KINDS or part[0] in ("sum", "entry") else None


SHORT = ("relu", "softmax_cross_entropy")


@pytest.mark.parametrize(
    "name",
    [*SHORT, *(pytest.param(n, marks=pytest.mark.slow) for n in ("cross_entropy", "huber"))],
)
def test_a_mutated_certificate_is_refused(name):
    data, rng = certificate(proved(name)), Random(0)
    wrong = [m for m in (mutated(data, rng) for _ in range(40)) if m is not None]
    assert len(wrong) > 20
    for each in wrong:
        with pytest.raises(PullbackError):
            verify(read(each))


NONE = [
    "[]",
    "{}",
    '{"format": "pullback certificate 3", "layer": {}, "chains": [], "parts": []}',
    '{"format": "pullback certificate 2", "layer": {}, "chains": [], "parts": []}',
    "{",
    "\x00",
]


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_certificate_is_said_in_words(text, tmp_path, capsys):
    file = tmp_path / "own.json"
    file.write_text(text, encoding="utf-8")
    assert main(["verify", str(file)]) == 2
    said = capsys.readouterr().err
    assert "certificate" in said or "JSON" in said
    assert "Traceback" not in said


PARTS = [
    ["size"],
    ["size", 3],
    ["number", "1", "0"],
    ["number", "x", "1"],
    ["exp", 0],
    ["exp", True],
    ["exp", "0"],
    ["eval", "1"],
    ["__class__"],
    ["sum", 0, [0]],
    ["relation", "in", 0, 0],
    ["entry", "x" * 200, []],
    [],
    "exp",
    None,
]


@pytest.mark.parametrize("part", PARTS, ids=str)
def test_a_part_that_is_none_is_refused(part):
    with pytest.raises(DefinitionError, match="part"):
        Reader([part])


def test_the_command(tmp_path, capsys):
    assert main(["show", "relu", "--certificate"]) == 0
    text = capsys.readouterr().out
    file = tmp_path / "relu.json"
    file.write_text(text, encoding="utf-8")
    assert main(["verify", str(file)]) == 0
    assert capsys.readouterr().out == (
        "relu: 11 steps hold: 11 are proved for every size, 11 written out at small ones\n"
    )
    assert main(["verify", str(tmp_path / "none.json")]) == 2
    with pytest.raises(SystemExit):
        main(["show", "relu", "--certificate", "--format", "latex"])


def test_a_false_step_is_named():
    data = certificate(proved("relu"))
    step = next(chain["steps"][-1] for chain in data["chains"] if chain["steps"])
    data["parts"].append(["add", step["after"], step["after"]])
    step["after"] = len(data["parts"]) - 1
    with pytest.raises(ProofFailed, match="does not hold"):
        verify(read(data))


RATIO = 'equations = """u[n] = where(m[n] > 0, log(x[n] / w[n]), 0)"""'


def test_what_a_step_needs_is_said_of_it():
    data = json.loads(written(proved("ratio", RATIO)))
    jsonschema.validate(data, json.loads(SCHEMA.read_text()))
    found = {str(n.relation) for needs in read(data).needs for n in needs}
    assert found >= {"Ne(w[n'], 0)", "x[n']/w[n'] > 0"}
    assert all(n.beside for needs in read(data).needs for n in needs)
    assert verify(read(data))


def test_a_need_that_is_left_out_or_made_up_is_refused():
    for name, source in (("ratio", RATIO), ("relu", None)):
        data = certificate(proved(name, source))
        steps = [s for chain in data["chains"] for s in chain["steps"]]
        step = next((s for s in steps if s["needs"]), steps[0])
        fact = next(k for k, part in enumerate(data["parts"]) if part[0] == "relation")
        step["needs"] = step["needs"][1:] if step["needs"] else [[fact]]
        with pytest.raises(ProofFailed, match="what it needs"):
            verify(read(data))


@pytest.mark.parametrize("needs", [None, [[]], [3], [["0"]], [[0]]])
def test_needs_that_are_none_are_refused(needs):
    data = certificate(proved("relu"))
    data["parts"].insert(0, ["number", "1", "1"])
    step = next(s for chain in data["chains"] for s in chain["steps"])
    step["needs"] = needs
    with pytest.raises(DefinitionError):
        read(data)


def test_the_schema_names_every_kind():
    schema = json.loads(SCHEMA.read_text())
    kinds = schema["$defs"]["part"]["prefixItems"][0]["enum"]
    own = {"number", "named", "size", "index", "entry", "label", "relation"}
    assert set(kinds) == own | {*BINDERS, *KINDS}
    wrong = certificate(proved("relu"))
    wrong["parts"][0] = ["eval", "1"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema)
