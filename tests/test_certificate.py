"""Certificates: what is written is read as it was, holds, and is refused with one fault in it."""

import copy
import json
from functools import cache
from random import Random

import pytest

from pullback.codegen import library
from pullback.codegen.faces.certificates import written
from pullback.codegen.faces.cli import main
from pullback.derive.calculus.derivation import derive
from pullback.derive.errors import DefinitionError, ProofFailed, PullbackError
from pullback.derive.proof.certificate.trees import KINDS, Reader
from pullback.derive.proof.certificate.verifying import read, verify
from pullback.derive.proof.certificate.writing import certificate
from pullback.derive.read.reader import read_layer

FEW = ["cross_entropy", "huber", "masked_attention", "max_pool", "relu", "softmax_cross_entropy"]
BESIDE = {"add": "mul", "mul": "add", "max": "min", "min": "max", "exp": "tanh", "log": "exp"}


@cache
def derived(name):
    return derive(read_layer(name, library.shipped_source(name), library.shipped_source))


@pytest.mark.parametrize("name", library.shipped())
def test_what_is_written_is_read_as_it_was(name):
    derivation = derived(name)
    found = read(json.loads(written(derivation)))
    assert [(w, c) for w, c, _ in found.chains] == [
        (r.what, r.chain) for r in derivation.reasonings
    ]
    assert found.layer.assumptions == derivation.layer.assumptions
    assert [n.expr for n in found.layer.nodes] == [n.expr for n in derivation.layer.nodes]
    assert [t.labels_of for t in found.layer.inputs] == [
        t.labels_of for t in derivation.layer.inputs
    ]


@pytest.mark.parametrize("name", FEW)
def test_a_certificate_holds(name):
    checks = verify(read(json.loads(written(derived(name)))))
    assert len(checks) == len(derived(name).steps) and all(c.every_size for _, c in checks)


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


@pytest.mark.parametrize("name", ["cross_entropy", "huber", "relu", "softmax_cross_entropy"])
def test_a_mutated_certificate_is_refused(name):
    data, rng = certificate(derived(name)), Random(0)
    wrong = [m for m in (mutated(data, rng) for _ in range(40)) if m is not None]
    assert len(wrong) > 20
    for each in wrong:
        with pytest.raises(PullbackError):
            verify(read(each))


NONE = [
    "[]",
    "{}",
    '{"format": "pullback certificate 2", "layer": {}, "chains": [], "parts": []}',
    '{"format": "pullback certificate 1", "layer": {}, "chains": [], "parts": []}',
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
        "relu: 6 steps hold: 6 are proved for every size, 6 written out at small ones\n"
    )
    assert main(["verify", str(tmp_path / "none.json")]) == 2
    with pytest.raises(SystemExit):
        main(["show", "relu", "--certificate", "--format", "latex"])


def test_a_false_step_is_named():
    data = certificate(derived("relu"))
    step = next(chain["steps"][-1] for chain in data["chains"] if chain["steps"])
    data["parts"].append(["add", step["after"], step["after"]])
    step["after"] = len(data["parts"]) - 1
    with pytest.raises(ProofFailed, match="does not hold"):
        verify(read(data))
