"""What is answered: the events of each question, in order, and what they hold."""

import re
import sys
from subprocess import run

import pytest

from pullback.codegen.live import growing, understood
from pullback.codegen.live.answers import Answers
from pullback.derive.errors import ProofFailed, TooLarge
from tests.live.asking import HANDOUT, SMALL, ask, one, only
from tests.test_attacks import ATTACKS, HOSTILE_WORDS

LEVELS = ("level-key", "level-every")


@pytest.fixture(scope="module")
def handout():
    """The handout's perceptron, derived."""
    return ask("derive", HANDOUT)


def steps_in(html):
    return {int(n) for n in re.findall(r'data-step="(\d+)"', html)}


def test_the_handout_is_answered_in_true_reverse_order(handout):
    assert only(handout, "layer")[0]["names"] == ("z", "w", "b", "h", "u", "W", "c")
    assert [e["name"] for e in only(handout, "gradient")] == ["z", "w", "b", "h", "u", "W", "c"]


def test_the_events_come_in_order(handout):
    kinds = list(dict.fromkeys(e["event"] for e in handout))
    assert kinds == ["layer", "gradient", "derived", "proved"]


def test_every_step_is_shown_once_and_proved_once(handout):
    (derived,) = only(handout, "derived")
    wanted = list(range(1, derived["steps"] + 1))
    html = [only(handout, "layer")[0]["values"], *(e["html"] for e in only(handout, "gradient"))]
    every = [n for text in html for n in steps_in(re.sub(r"(?s)level-key.*?level-every", "", text))]
    assert sorted(every) == wanted
    assert [e["step"] for e in only(handout, "proved")] == wanted
    assert {e["mark"] for e in only(handout, "proved")} == {"✓"}
    assert all(e["check"].startswith("for every size") for e in only(handout, "proved"))


def test_key_rows_say_which_steps_they_stand_for(handout):
    for event in only(handout, "gradient"):
        key, every = re.split("level-every", event["html"])
        pairs = [
            (int(a), int(b)) for b, a in re.findall(r'data-step="(\d+)" data-first="(\d+)"', key)
        ]
        rows = [row for row in key.split('class="step"') if "data-step" in row]
        said = [re.search(r">steps (\d+) to (\d+)<", row) for row in rows]
        assert [p for p, s in zip(pairs, said, strict=True) if p[0] != p[1]] == [
            (int(s[1]), int(s[2])) for s in said if s
        ]
        covered = [n for first, last in pairs for n in range(first, last + 1)]
        assert covered and {*covered} <= steps_in(every)
        assert all(a == b for a, b in re.findall(r'data-step="(\d+)" data-first="(\d+)"', every))


def test_a_gradient_has_every_level_and_notation_and_latex_that_stands_alone(handout):
    for event in only(handout, "gradient"):
        assert all(f'class="{level}"' in event["html"] for level in LEVELS)
        assert 'class="in-index scroll"' in event["html"] and "in-matrix" in event["html"]
        assert set(event["latex"]) == {"result", "key", "every"}
        for text in event["latex"].values():
            assert text.startswith("\\begin{align*}") and text.endswith("\\end{align*}\n")
        lengths = [event["latex"][k].count("\n") for k in ("result", "key", "every")]
        assert lengths == sorted(lengths)


def test_pictures_are_in_templates_with_their_node_and_tensor(handout):
    by_name = {e["name"]: e["html"] for e in only(handout, "gradient")}
    assert '<template class="picture" data-node="h" data-tensor="u">' in by_name["u"]


def test_nothing_that_is_sent_has_styles_scripts_or_addresses(handout):
    """The page's policy allows no inline style or script; links of pages would lead nowhere."""
    whole = str(handout)
    assert not re.search(r"<script|\sstyle=|\son\w+=|href=|\sid=", whole)


def test_tangents_and_second_derivatives_are_sent_on_demand():
    text = SMALL["text"] + "\nL = sum(n, k, h[n, k]**2)"
    events = ask("derive", {**SMALL, "text": text}, seconds=True)
    assert {e["name"] for e in only(events, "tangent")} == {"u_dot", "h_dot", "L_dot"}
    assert only(events, "second")
    first, second = only(events, "derived")
    steps = [e["step"] for e in only(events, "proved")]
    assert steps == list(range(1, second["steps"] + 1)) and first["steps"] < second["steps"]
    place = [e["event"] for e in events].index("tangent")
    assert [e["step"] for e in only(events[:place], "proved")] == steps[: first["steps"]]


def test_what_was_derived_is_kept_for_the_next_question(monkeypatch):
    answers = Answers()
    ask("derive", answers=answers)
    monkeypatch.setattr(growing, "growing", None)  # derives nothing any more
    assert one("why", answers=answers, step=1)["event"] == "why"
    assert one("why", answers=Answers(), step=1)["event"] == "error"


def test_the_same_question_twice_has_the_same_answer():
    answers = Answers()
    first, again = (ask("derive", answers=answers, seconds=True) for _ in range(2))
    assert first == again
    assert ask("derive", answers=answers) == [*ask("derive")]


@pytest.mark.parametrize(
    ("error", "kind"), [(ProofFailed("no"), "refuted"), (TooLarge("much"), "too large")]
)
def test_a_proof_that_fails_or_takes_too_much_is_said(monkeypatch, error, kind):
    def fails(*_):
        raise error
        yield

    monkeypatch.setattr(growing, "proving", fails)
    events = ask("derive")
    assert events[-1]["event"] == kind and not only(events, "proved")
    assert kind == "refuted" or events[-1]["advice"]


def test_a_fault_of_ours_is_said_and_the_next_question_answered(monkeypatch):
    answers = Answers()
    with monkeypatch.context() as patched:
        patched.setattr(growing, "reverse_order", lambda layer: 1 / 0)
        (event,) = ask("derive", answers=answers)
    assert event["fault"] and "fault of pullback" in event["message"]
    assert only(ask("derive", answers=answers), "gradient")


@pytest.mark.parametrize("text", ATTACKS, ids=[ascii(t[:24]) for t in ATTACKS])
def test_an_attack_ends_in_a_message(text):
    """In each notation, and as a question of each kind that reads."""
    answers = Answers()
    for notation in ("index", "matrices", "arrays", "toml"):
        for kind in ("read", "derive") if len(text) < 1000 else ("read",):
            events = ask(kind, {"notation": notation, "text": text}, answers)
            assert events[-1]["event"] in ("error", "too large", "read", "proved", "derived")
            assert notation != "index" or events[-1]["message"]
    assert one("read", answers=answers)["event"] == "read"


@pytest.mark.parametrize("words", HOSTILE_WORDS)
def test_words_of_a_definition_are_escaped(words):
    quoted = words.replace("\\", "\\\\").replace('"', '\\"')
    text = f'title = "{quoted}"\nequations = "u = x**2"\n[symbols]\nx = "{quoted}"'
    about = {"notation": "toml", "text": text}
    for kind in ("read", "derive", "code", "example"):
        for event in ask(kind, about):
            html = "".join(str(event.get(k, "")) for k in ("html", "values"))
            assert "<script" not in html and "<img" not in html
            assert event["event"] != "error"


def test_read_says_which_line_an_equation_comes_from():
    assert [e["line"] for e in one("read", HANDOUT)["equations"]] == [1, 2, 3, 4]
    called = {"text": "# a call\nu[n, k] = 2 * x[n, k]\nh = gelu(u)\n\nL[n] = sum(k, h[n, k])"}
    found = one("read", called)["equations"]
    assert [e["line"] for e in found] == [2, 3, 3, 5] and found[1]["text"].startswith("Phi")


def test_read_says_the_shapes():
    found = {s["name"]: (s["shape"], s["words"]) for s in one("read", HANDOUT)["shapes"]}
    assert found["x"] == ("N × D", "input") and found["lamda"] == ("one number", "input")
    assert found["y"][1] == "labels from 0 to J − 1" and found["L"] == ("one number", "output")


def test_letters_are_printed_in_place_of_names():
    about = {**SMALL, "letters": "n=i, W=V"}
    assert "x[i,d] V[d,k]" in one("read", about)["equations"][0]["html"]
    (gradient,) = (e for e in ask("derive", about) if e.get("name") == "W")
    assert "∂ℒ/∂V[d,k]" in gradient["html"] and r"\partial V" in gradient["latex"]["result"]
    assert 'class="t1">V<' in gradient["html"]  # in the colour of W
    assert "no axis or tensor 'q'" in one("read", {**SMALL, "letters": "q=i"})["message"]
    assert "is not like n=i" in one("read", {**SMALL, "letters": "n=<b>"})["message"]


def test_answers_need_neither_numpy_nor_what_serves_them():
    """Reading, deriving and proving, so that a page without a server can do the same."""
    text = (
        "import sys\nfrom tests.live.asking import HANDOUT, ask\n"
        "assert [*ask('derive', HANDOUT, seconds=True)]\n"
        "found = {'numpy', 'multiprocessing', 'asyncio', 'starlette', 'uvicorn'}\n"
        "print(sorted(found & {*sys.modules}))"
    )
    done = run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_kept_of_one_text_is_not_shown_of_another():
    """The same line beside other names, with other letters or other shapes looks otherwise."""
    texts = [
        {"notation": "index", "text": "u[n] = x[n] * a\nv[n] = u[n]"},
        {"notation": "index", "text": "u[n] = x[n] * a\nw[n] = u[n] + x[n]"},
        {"notation": "index", "text": "a = 1\nu[n] = x[n] * a"},
        {"notation": "index", "text": "u[n] = x[n] * a", "letters": "n=i"},
        {"notation": "index", "text": "u[k] = x[k] * a"},
        {"notation": "index", "text": "u[n] := x[n] * a\nv[n] = u[n]"},
    ]
    understood.KEPT.clear()
    alone = []
    for about in texts:
        alone.append(one("read", about))
        understood.KEPT.clear()
    assert [one("read", about) for about in (*texts, *texts)] == [*alone, *alone]
    assert 0 < len(understood.KEPT) <= understood.MOST_KEPT
