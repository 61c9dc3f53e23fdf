"""Questions as the page asks them, and their answers."""

from pullback.codegen.live.answers import Answers
from pullback.codegen.live.chips import STARTS

HANDOUT = {k: STARTS[0][k] for k in ("notation", "text", "shapes", "wrt")}
SMALL = {
    "notation": "index",
    "text": "u[n, k] = sum(d, x[n, d] * W[d, k])\nh[n, k] = max(0, u[n, k])",
}
# takes minutes to derive, where it is not ended
SLOW = {"notation": "index", "text": "u[n] = " + "*".join(f"(x[n] + a{i})" for i in range(40))}


def ask(kind, about=SMALL, answers=None, **own):
    """All events of an answer; the last one, which is `done`, is left out."""
    *events, done = (answers or Answers()).to({"ask": kind, **about, **own})
    assert done["event"] == "done" and done["seconds"] >= 0
    return events


def only(events, kind):
    """The events of a kind."""
    return [e for e in events if e["event"] == kind]


def one(kind, *args, **own):
    """The only event of an answer."""
    (event,) = ask(kind, *args, **own)
    return event
