"""Owns serving until SIGTERM: what runs beside the requests, and that streams end before the service does."""

import asyncio
import socket
import sys
from collections.abc import Sequence
from typing import Protocol

import uvicorn
from fastapi import FastAPI

from api.events.hub import EventHub

START_FAILED = 3
STOP_SECONDS = 2.0
UNREAD_SECONDS = 1.0


class Background(Protocol):
    """Runs beside the requests, in threads of its own."""

    def start(self) -> None:
        """Begin; returns at once."""

    def stop(self, seconds: float) -> None:
        """End, waiting at most `seconds`; may be called when it has not begun."""


class _Server(uvicorn.Server):
    """Tells the streams of events to end before it waits for requests that are under way."""

    def __init__(self, config: uvicorn.Config, events: EventHub, background: Sequence[Background]) -> None:
        super().__init__(config)
        self._events = events
        self._background = background

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Wait for requests under way, for as long as the configuration says."""
        self._events.stop()
        cutting = asyncio.create_task(self._cut_unread())
        await super().shutdown(sockets)
        cutting.cancel()
        # uvicorn raises the signal again, so that nothing after this is sure to run.
        await asyncio.to_thread(stop_all, self._background)

    async def _cut_unread(self) -> None:
        """Do not wait for those who do not read the rest of what is over."""
        await asyncio.sleep(UNREAD_SECONDS)
        for connection in list(self.server_state.connections):
            transport = getattr(connection, "transport", None)
            if isinstance(transport, asyncio.WriteTransport) and transport.is_closing():
                transport.abort()


def serve(app: FastAPI, events: EventHub, background: Sequence[Background], **options: object) -> None:
    """Serve until SIGTERM; `options` are uvicorn's. Exits when it cannot listen."""
    server = _Server(uvicorn.Config(app, **options), events, background)  # type: ignore[arg-type]
    for running in background:
        running.start()
    try:
        server.run()
    finally:
        stop_all(background)
        events.close()
    if not server.started:
        sys.exit(START_FAILED)


def stop_all(background: Sequence[Background]) -> None:
    """Stop what runs beside."""
    for running in background:
        running.stop(STOP_SECONDS)
