"""The workers of all tabs: who answers what, when one is ended, and within which limits."""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import time
from collections.abc import AsyncGenerator, Mapping
from multiprocessing.connection import Connection
from signal import SIG_IGN, SIGINT, signal
from threading import Thread
from typing import Any

from pullback.codegen.live.fixes import ADVICE
from pullback.codegen.live.questions import Derive, Examples, Question
from pullback.codegen.live.worker import serve

SECONDS = 60.0  # for the answer to one question
MEMORY = 2 * 2**30  # bytes of one worker
MOST_TABS = 16  # that have a worker; the one that has asked nothing for longest gives its worker up
GRACE = 0.05  # seconds that a question waits for the one before, which mostly is as short
Event = Mapping[str, Any]
END: Event = {}  # there will be no more events
DONE: Event = {"event": "done", "seconds": 0.0}


class Worker:
    """A process, and the questions that it is answering."""

    def __init__(self, process: Any, connection: Connection) -> None:
        self.process, self.connection = process, connection
        self.loop = asyncio.get_running_loop()
        self.open: dict[int, Question] = {}  # not answered to the end, in order
        self.queues: dict[int, asyncio.Queue[Event]] = {}  # of those whose answer is waited for
        self.count, self.asked = 0, time.monotonic()
        self.idle = asyncio.Event()
        self.ended = False  # by us
        Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        """Pass events on until the process ends; this runs in a thread of its own."""
        with contextlib.suppress(EOFError, OSError, RuntimeError):  # the last: the loop is closed
            while True:
                message = json.loads(self.connection.recv_bytes())
                self.loop.call_soon_threadsafe(self.pass_on, message["id"], message["event"])
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self.gone)

    def pass_on(self, number: int, event: Event) -> None:
        """Give an event to who waits for it."""
        if event["event"] == "done":
            del self.open[number]
            if not self.open:
                self.idle.set()
        if number in self.queues:
            self.queues[number].put_nowait(event)

    def gone(self) -> None:
        """The process has ended: nobody should wait for it."""
        self.connection.close()
        self.open.clear()
        self.idle.set()
        for queue in self.queues.values():
            queue.put_nowait(END)

    def ask(self, asked: Question, data: Any) -> int:
        """Put a question; its number, under which its events will come."""
        self.count += 1
        self.asked = time.monotonic()
        self.open[self.count] = asked
        self.queues[self.count] = asyncio.Queue()
        self.idle.clear()
        with contextlib.suppress(OSError):  # it has ended, which the thread will see as well
            self.connection.send_bytes(json.dumps({"id": self.count, "question": data}).encode())
        return self.count

    @property
    def busy(self) -> Question | None:
        """The question that is being answered; others are answered in between, or later."""
        return next(iter(self.open.values()), None)

    @property
    def alive(self) -> bool:
        """Can it be asked?"""
        return not self.ended and bool(self.process.is_alive())

    def end(self) -> None:
        """End the process now, and every answer with it."""
        self.ended = True
        self.process.kill()


class Workers:
    """A worker for each tab, begun when it asks."""

    def __init__(self, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self.seconds, self.memory = seconds, memory
        self.forks = "forkserver" in multiprocessing.get_all_start_methods()
        self.context: Any = multiprocessing.get_context("forkserver" if self.forks else "spawn")
        self.tabs: dict[str, Worker] = {}  # the one that asked last comes last
        self.locks: dict[str, asyncio.Lock] = {}

    def prepare(self) -> None:
        """Begin the process from which workers are forked; call this in the main thread.

        Ctrl-C reaches every process of a terminal. This one, and those that are forked from it,
        inherit that it is ignored, and leave it to the server to end them.
        """
        if self.forks:
            from multiprocessing import forkserver

            self.context.set_forkserver_preload(["pullback.codegen.live.warm"])
            handler = signal(SIGINT, SIG_IGN)
            try:
                forkserver.ensure_running()
            finally:
                signal(SIGINT, handler)

    async def answer(self, tab: str, asked: Question, data: Any) -> AsyncGenerator[Event, None]:
        """The events that answer a tab's question.

        They break off without `done` where the tab asks something else in the meantime. Leaving
        the iterator while something is derived ends that.
        """
        async with self.locks.setdefault(tab, asyncio.Lock()):
            worker = await self.worker(tab, asked)
            number = worker.ask(asked, data)
        done = False
        try:
            async with asyncio.timeout(self.seconds):
                while not done:
                    event = await worker.queues[number].get()
                    if event is END:
                        break
                    yield event
                    done = event["event"] == "done"
            if not done and not worker.ended:
                yield too_large("the process that worked on it has ended, as if it lacked memory")
                yield DONE
        except TimeoutError:
            worker.end()
            yield too_large(f"it has taken more than {self.seconds:g} seconds")
            yield DONE
        finally:
            del worker.queues[number]
            if not done and isinstance(asked, Derive):
                worker.end()

    async def worker(self, tab: str, asked: Question) -> Worker:
        """The worker of a tab, when it can take a question; a new one if the old one is busy."""
        worker = self.tabs.pop(tab, None)
        if worker and worker.alive and in_the_way(worker.busy, asked):
            if not isinstance(worker.busy, Derive):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(worker.idle.wait(), GRACE)
            if in_the_way(worker.busy, asked):
                worker.end()
        if worker is None or not worker.alive:
            worker = await self.begin()
        self.tabs[tab] = worker
        while len(self.tabs) > MOST_TABS:
            first = next(iter(self.tabs))
            self.tabs.pop(first).end()
            if not self.locks[first].locked():  # nobody is about to ask under it
                del self.locks[first]
        return worker

    async def begin(self) -> Worker:
        """A new process."""
        own, other = self.context.Pipe()
        process = self.context.Process(
            target=serve, args=(other, self.seconds, self.memory), daemon=True
        )
        try:
            await asyncio.to_thread(process.start)
        finally:
            other.close()
        return Worker(process, own)

    async def warm(self) -> None:
        """Begin a process and end it, so that the next one is there at once."""
        (await self.begin()).end()

    def end(self) -> None:
        """End every worker."""
        for worker in self.tabs.values():
            worker.end()


def in_the_way(busy: Question | None, asked: Question) -> bool:
    """Must what is being answered end before this question?

    What is asked about the same definition is answered in between.
    """
    if busy is None or isinstance(asked, Examples):
        return False
    return asked.written != busy.written or type(asked) is type(busy) or isinstance(asked, Derive)


def too_large(message: str) -> Event:
    """The event that says that a limit was reached."""
    return {"event": "too large", "message": message, "advice": ADVICE}
