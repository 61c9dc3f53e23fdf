"""The server in this process, from a free port to Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from pullback.codegen.live.server import HOST, application
from pullback.codegen.live.workers import Workers


class Server(uvicorn.Server):
    """A server that ends its workers first, so that no answer keeps it from ending."""

    def __init__(self, config: uvicorn.Config, workers: Workers) -> None:
        super().__init__(config)
        self.workers = workers

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Ctrl-C, or another signal that ends programs."""
        self.workers.end()
        super().handle_exit(sig, frame)


def run(port: int, workers: Workers, started: Callable[[str], None]) -> None:
    """Serve until Ctrl-C; `started` is told the address. Port 0 is any that is free.

    Raises OSError where the port is taken.
    """
    own = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with own, contextlib.suppress(KeyboardInterrupt):
        own.bind((HOST, port))
        own.listen()  # so that who comes before the server is up waits for it
        workers.prepare()
        token, port = secrets.token_urlsafe(24), own.getsockname()[1]
        config = uvicorn.Config(
            application(workers, token, port),
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=2,
            h11_max_incomplete_event_size=16 * 1024,
            http="h11",
            ws="none",
            lifespan="off",
        )
        try:
            address = f"http://{HOST}:{port}/?token={token}"
            asyncio.run(serve(Server(config, workers), own, address, started))
        finally:
            workers.end()


async def serve(
    server: Server, own: socket.socket, address: str, started: Callable[[str], None]
) -> None:
    """Serve at a socket."""
    started(address)
    warm = asyncio.create_task(server.workers.warm())
    await server.serve([own])
    warm.cancel()
