"""A process that answers questions for one tab, one line of JSON for each event.

A question that comes while another is being answered is answered between two events of that one,
or behind it if it waits for the proof.
"""

from __future__ import annotations

import contextlib
import json
import signal
import time
from collections import deque
from multiprocessing.connection import Connection
from typing import Any

from pullback.codegen.live.answers import Answers
from pullback.codegen.live.questions import KINDS

SLACK = 5  # seconds of the processor, beyond the time after which the server ends a worker


def serve(connection: Connection, seconds: float, memory: int) -> None:
    """Answer until the other end is closed; `memory` in bytes, 0 for no limit."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it is not inherited; see Workers.prepare
    limit_memory(memory)
    with contextlib.suppress(EOFError, OSError):
        Worker(connection, seconds).run()


class Worker:
    """The state of one process."""

    def __init__(self, connection: Connection, seconds: float) -> None:
        self.connection, self.seconds = connection, seconds
        self.answers = Answers()
        self.later: deque[dict[str, Any]] = deque()

    def run(self) -> None:
        """Answer one question after the other; EOFError at the end."""
        while True:
            message = self.later.popleft() if self.later else self.received()
            limit_time(self.seconds)
            for event in self.answers.to(message["question"]):
                self.send(message["id"], event)
                while self.connection.poll():
                    self.between(self.received())

    def between(self, message: dict[str, Any]) -> None:
        """Answer a question now, or later if it waits for the proof."""
        kind = KINDS.get(message["question"].get("ask"))
        if kind and kind.proved:
            self.later.append(message)
            return
        for event in self.answers.to(message["question"]):
            self.send(message["id"], event)

    def received(self) -> dict[str, Any]:
        """The next message; EOFError when there will be none."""
        found: dict[str, Any] = json.loads(self.connection.recv_bytes())
        return found

    def send(self, number: int, event: Any) -> None:
        """An event of the answer to the question of that number."""
        self.connection.send_bytes(json.dumps({"id": number, "event": event}).encode())


def limit_memory(memory: int) -> None:
    """From here on asking for more memory fails, where the system has such a limit."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def limit_time(seconds: float) -> None:
    """The process is ended if it takes so much more time, even if nobody is there to end it."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        until = int(time.process_time() + seconds + SLACK)
        resource.setrlimit(resource.RLIMIT_CPU, (until, hard))
