"""A process for each tab, ended by the tab's next question, by limits, and by nothing else."""

import asyncio
import os
import time

import pytest

from pullback.codegen.live import workers as module
from pullback.codegen.live.questions import KINDS, question
from pullback.codegen.live.workers import Workers
from tests.live.asking import HANDOUT, SLOW, SMALL

SOON = 3.0  # seconds, for what takes some 30 ms where nothing else runs


def asked(workers, tab, kind, about=SMALL, **own):
    """An answer, not yet begun."""
    data = {"ask": kind, **about, **own}
    return workers.answer(tab, question(data), data)


async def all_of(answer):
    return [event async for event in answer]


async def begun(workers, tab):
    """A derivation that takes long, with its first event, and its process."""
    answer = asked(workers, tab, "derive", SLOW)
    event = await anext(answer)
    assert event["event"] == "layer"
    return answer, workers.tabs[tab].process


def alive(process):
    """Is a process there?"""
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


async def gone(process):
    """Wait until a process is no more."""
    end = time.monotonic() + SOON
    while alive(process):
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


def played(play, **limits):
    """Run what plays with workers; afterwards none of their processes is there."""

    async def whole():
        workers = Workers(**limits)
        workers.prepare()
        await workers.warm()
        try:
            await play(workers)
        finally:
            processes = [w.process for w in workers.tabs.values()]
            workers.end()
            for process in processes:
                await gone(process)

    asyncio.run(asyncio.wait_for(whole(), 120))


def test_a_next_question_ends_a_derivation_and_is_answered_at_once():
    async def play(workers):
        for kind in ("read", "derive", "convert"):
            answer, process = await begun(workers, "a")
            start = time.monotonic()
            events = await all_of(asked(workers, "a", kind))
            assert time.monotonic() - start < SOON
            assert events[-1]["event"] == "done"
            await gone(process)
            rest = await all_of(answer)
            assert not [e for e in rest if e["event"] in ("done", "error", "too large")]

    played(play)


def test_who_goes_away_ends_what_is_derived_for_him():
    async def play(workers):
        answer, process = await begun(workers, "a")
        await answer.aclose()
        await gone(process)

    played(play)


def test_tabs_are_apart():
    async def play(workers):
        slow, process = await begun(workers, "a")
        events = await all_of(asked(workers, "b", "derive", HANDOUT))
        assert events[-1]["event"] == "done" and alive(process)
        why = await all_of(asked(workers, "b", "why", HANDOUT, step=2))
        assert why[0]["event"] == "why" and alive(process)
        assert workers.tabs["a"].process.pid != workers.tabs["b"].process.pid
        await slow.aclose()
        assert alive(workers.tabs["b"].process)

    played(play)


def test_what_is_asked_about_the_same_definition_is_answered_in_between():
    async def play(workers):
        answer = asked(workers, "a", "derive", HANDOUT)
        while (await anext(answer))["event"] != "derived":
            pass
        process = workers.tabs["a"].process
        code = asyncio.create_task(all_of(asked(workers, "a", "code", HANDOUT)))
        why = await all_of(asked(workers, "a", "why", HANDOUT, step=3))
        assert [e["event"] for e in why] == ["why", "done"]
        rest = await all_of(answer)
        assert rest[-1]["event"] == "done" and {e["event"] for e in rest[:-1]} == {"proved"}
        assert [e["event"] for e in await code] == ["code", "done"]
        assert workers.tabs["a"].process.pid == process.pid

    played(play)


def test_what_was_derived_is_kept_while_one_reads_something_else():
    async def play(workers):
        await all_of(asked(workers, "a", "derive"))
        first = workers.tabs["a"].process.pid
        for about in (HANDOUT, SMALL, {"text": "u = "}, SMALL):
            await all_of(asked(workers, "a", "read", about))
        assert workers.tabs["a"].process.pid == first

    played(play)


def test_every_question_is_answered_within_the_usual_limits():
    """Code and numbers need NumPy, which asks for memory of its own."""

    async def play(workers):
        own = {
            "derive": {"seconds": True},
            "why": {"step": 3},
            "check": {"claim": "dW = x.T @ du + lamda * W"},
            "picture": {"node": "h", "tensor": "u"},
        }
        for kind in KINDS:
            *events, done = await all_of(asked(workers, "a", kind, HANDOUT, **own.get(kind, {})))
            assert done["event"] == "done" and events
            assert not [e for e in events if e["event"] in ("error", "too large", "refuted")]

    played(play)


def test_many_questions_at_once_lose_nothing():
    async def play(workers):
        answers = [
            all_of(asked(workers, tab, kind))
            for tab in "abc"
            for kind in ("why", "check", "picture", "examples")
        ]
        for events in await asyncio.gather(*answers):
            assert events[-1]["event"] == "done"

    played(play)


def test_too_much_time_is_said_with_advice():
    async def play(workers):
        start = time.monotonic()
        *_, last, done = await all_of(asked(workers, "a", "derive", SLOW))
        assert last["event"] == "too large" and "more than 0.7 seconds" in last["message"]
        assert last["advice"] and done["event"] == "done"
        assert time.monotonic() - start < 0.7 + SOON
        again = await all_of(asked(workers, "a", "read"))
        assert [e["event"] for e in again] == ["read", "done"]

    played(play, seconds=0.7)


def test_too_much_memory_is_said_with_advice():
    async def play(workers):
        events = await all_of(asked(workers, "a", "derive", SLOW))
        assert events[-2]["event"] == "too large" and "memory" in events[-2]["message"]
        assert events[-1]["event"] == "done"

    played(play, memory=2**20)


def test_a_process_that_dies_is_said_and_another_one_begun():
    async def play(workers):
        answer, process = await begun(workers, "a")
        process.kill()
        events = await all_of(answer)
        assert events[-2]["event"] == "too large" and "has ended" in events[-2]["message"]
        again = await all_of(asked(workers, "a", "read"))
        assert again[-1]["event"] == "done"

    played(play)


def test_the_tab_that_asked_longest_ago_gives_its_process_up(monkeypatch):
    monkeypatch.setattr(module, "MOST_TABS", 2)

    async def play(workers):
        for tab in "abac":
            await all_of(asked(workers, tab, "read"))
        assert [*workers.tabs] == ["a", "c"]
        assert (await all_of(asked(workers, "b", "read")))[-1]["event"] == "done"

    played(play)


def test_a_reading_that_takes_long_does_not_hold_the_next_one_up(monkeypatch):
    """Of two reads the second waits for a moment, then the first is ended."""

    async def play(workers):
        first = asyncio.create_task(all_of(asked(workers, "a", "read", HANDOUT)))
        await asyncio.sleep(0)
        second = await all_of(asked(workers, "a", "read"))
        assert second[-1]["event"] == "done"
        await first

    played(play)


@pytest.mark.parametrize("kind", ["derive", "read", "why", "code", "check", "example", "picture"])
def test_what_is_no_definition_is_answered_through_a_process_too(kind):
    async def play(workers):
        for text in ("u = ", "u = u + 1", "(" * 10_000, "u[n] = x;import os"):
            events = await all_of(asked(workers, "a", kind, {"text": text}))
            assert [e["event"] for e in events] == ["error", "done"]

    played(play)
