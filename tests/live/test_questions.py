"""What may be asked: anything else is refused with words that say what was wanted."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pullback.codegen.live.questions import KINDS, Derive, Refused, Written, question

REFUSED = {
    "null": (None, "a question is an object"),
    "a list": ([], "a question is an object"),
    "nothing asked": ({}, "'ask' is of the type NoneType; wanted is one of read, derive"),
    "an unknown question": ({"ask": "run"}, "'ask' is 'run'"),
    "a list asked": ({"ask": ["read"]}, "'ask' is of the type list"),
    "an unknown key": ({"ask": "read", "step": 1}, "'read' has no 'step'; it has notation, text"),
    "a number for a text": (
        {"ask": "read", "text": 1},
        "'text' is of the type int; wanted is text",
    ),
    "true for a number": ({"ask": "why", "step": True}, "'step' is of the type bool"),
    "a fraction": ({"ask": "why", "step": 1.5}, "wanted is a whole number"),
    "a huge number": ({"ask": "why", "step": 10**400}, "up to 1,000,000"),
    "a number for true": ({"ask": "derive", "seconds": 1}, "wanted is true or false"),
    "an unknown notation": ({"ask": "read", "notation": "tex"}, "one of index, matrices"),
    "a long text": ({"ask": "read", "text": "x" * 65_537}, "65,537 characters; at most 65,536"),
    "long shapes": ({"ask": "read", "shapes": "x" * 5000}, "'shapes' has 5,000 characters"),
    "half a character": ({"ask": "read", "text": "\ud800"}, "not Unicode text"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_question_is_refused(name):
    data, words = REFUSED[name]
    with pytest.raises(Refused) as refused:
        question(data)
    assert words in str(refused.value) and str(refused.value).isprintable()


def test_what_is_left_out_is_as_usual():
    assert question({"ask": "derive"}) == Derive(Written())
    assert question({"ask": "derive", "text": "u = x", "seconds": True}) == Derive(
        Written(text="u = x"), seconds=True
    )


KEYS = ["ask", "text", "notation", "shapes", "step", "seconds", "numbers", "tab", "\ud800"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([*KINDS]),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS) | st.text(), inner),
)


@given(JSON)
@settings(max_examples=40)
def test_whatever_comes_is_a_question_or_refused(data):
    try:
        question(data)
    except Refused as refused:
        assert len(str(refused)) < 1000
