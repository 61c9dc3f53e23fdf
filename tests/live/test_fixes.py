"""Errors point at a word of the user's own text, and what is offered in its place mends it."""

import pytest

from pullback.codegen.live.chips import STARTS, what_ifs
from pullback.codegen.live.questions import Written
from tests.live.asking import one

SHAPES = "x=N D; W=D K; c=K"
# notation, text, the word in ⟨⟩; what is offered, and whether it is a question
MENDED = [
    ("matrices", "u = ⟨xW⟩ + c", ["x W"], True),
    ("matrices", "u = x W + c\nv = ⟨uW⟩ᵀ", ["u W"], True),
    ("arrays", "u = ⟨xW⟩ + c", ["x @ W"], True),
    ("arrays", "u = ⟨cc⟩", ["c @ c", "c * c"], True),
    ("index", "u[n] = sum(d, ⟨xW⟩) + sum(d, x[n, d] * W[d])", ["x[n, d] * W[d]"], True),
    ("index", "h[n] = x[n]⟨^⟩2", ["**"], False),
    ("index", "h[n] = x[n] ⟨×⟩ 2", ["*"], False),
    ("index", "u[n] = 2 * x[n]\nh[n] = ⟨sigmoidd⟩(u[n])", ["sigmoid"], False),
    ("index", "u = ⟨ln⟩(x)", ["log"], False),
    ("index", "u = ⟨lambda⟩ * x", ["lamda"], False),
    ("matrices", "u = x ⟨@⟩ W", ["leave it out"], False),
    ("matrices", "u = x W\nh = ⟨tahn⟩(u)", ["tanh"], False),
    ("matrices", "u = x ⟨V⟩ + c", ["V=D K"], False),
    ("arrays", "hidden = x @ W\nh = np.maximum(0, ⟨hiden⟩)", ["hidden"], False),
    ("index", "u[n] = x[n] +⟨⟩", [], False),
    ("arrays", "a = x @ W\r\nu = ⟨xW⟩", ["x @ W"], True),
    ("toml", 'title = "a"\nequations = """\nu = ⟨lambda⟩ * x\n"""', ["lamda"], False),
]


@pytest.mark.parametrize(("notation", "marked", "labels", "asking"), MENDED)
def test_an_error_points_at_its_word_and_what_is_offered_mends_it(notation, marked, labels, asking):
    before, rest = marked.split("⟨")
    word, after = rest.split("⟩")
    shapes = SHAPES if notation in ("matrices", "arrays") else ""
    about = {"notation": notation, "text": before + word + after, "shapes": shapes}
    event = one("read", about)
    line = before.count("\n") + 1
    column = len(before) - before.rfind("\n")
    assert event["event"] == "error" and event["asking"] == asking
    assert (event["line"], event["column"], event["end"]) == (line, column, column + len(word))
    assert [fix["label"] for fix in event["fixes"]][: len(labels)] == labels
    assert bool(labels) == bool(event["fixes"])
    for fix in event["fixes"]:
        taken_up = {key: fix[key] for key in ("text", "shapes") if key in fix}
        assert one("read", {**about, **taken_up})["event"] == "read"


def test_an_error_without_a_place_has_none():
    for about in (
        {"notation": "matrices", "text": "u = x W", "shapes": "x"},
        {"notation": "index", "text": "u = x", "wrt": "q"},
        {"notation": "toml", "text": 'equations = "u = x\\u0020+"'},  # escaped: not found there
    ):
        event = one("read", about)
        assert event["event"] == "error" and (event["line"], event["column"]) == (0, 0)
        assert not event["fixes"]


def test_the_message_does_not_call_the_definition_by_a_name_that_nobody_gave():
    assert one("read", {"text": "u = "})["message"].startswith("expected a number")


@pytest.mark.parametrize("start", STARTS, ids=lambda s: s["title"])
def test_what_can_be_clicked_is_read_and_so_is_every_change_of_it(start):
    about = {k: v for k, v in start.items() if k != "title"}
    event = one("read", about)
    assert event["event"] == "read"
    for change in event["what_ifs"]:
        assert one("read", {**about, "text": change["text"]})["event"] == "read", change


ACTIVATIONS = {"relu", "leaky relu", "tanh", "sigmoid", "softplus"}


@pytest.mark.parametrize("start", [s for s in STARTS if "max(0" in s["text"].replace("imum", "")])
def test_a_change_of_an_activation_can_be_taken_back(start):
    about = Written(start["notation"], start["text"])
    changes = {c["label"]: c["text"] for c in what_ifs(about)}
    assert {label.partition(" → ")[2] for label in changes} == ACTIVATIONS - {"relu"}
    for label, text in changes.items():
        other = label.partition(" → ")[2]
        back = {c["label"]: c["text"] for c in what_ifs(Written(start["notation"], text))}
        assert back[f"{other} → relu"] == start["text"]


def test_a_call_is_changed_for_another():
    text = "u[n, k] = 2 * x[n, k]\nh = relu(u)\nz[n] = sum(k, h[n, k])"
    changes = what_ifs(Written("index", text))
    assert [c["label"] for c in changes][:2] == ["relu → tanh", "relu → sigmoid"]
    assert all(one("read", {"text": c["text"]})["event"] == "read" for c in changes)
    alone = what_ifs(Written("index", "h = relu(u)"))  # tanh(u) of one number has no axes
    assert all(one("read", {"text": c["text"]})["event"] == "read" for c in alone) and alone
