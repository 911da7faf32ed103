"""Owns the answer that a stream of events is sent by: it ends with the client, and soon with the service."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.events.hub import EventHub

LAST_SECONDS = 0.5
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


class EventResponse(StreamingResponse):
    """Sends chunks until they end, the client is gone, or the service stops though the client does not read.

    The stream must have been entered in the hub; it leaves at the end. FastAPI's own class is for operations that
    yield, which cannot answer 204.
    """

    media_type = "text/event-stream"

    def __init__(self, hub: EventHub, chunks: AsyncIterator[bytes]) -> None:
        super().__init__(chunks, headers=HEADERS)
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send, and end whatever belongs to the stream."""
        parts = [
            asyncio.create_task(self.stream_response(send)),
            asyncio.create_task(self.listen_for_disconnect(receive)),
            asyncio.create_task(self._stopped()),
        ]
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._end(parts)
        if not parts[0].cancelled():
            with suppress(OSError):  # the client has gone
                parts[0].result()

    async def _end(self, parts: list[asyncio.Task[None]]) -> None:
        self._hub.leave()
        for part in parts:
            part.cancel()
        await asyncio.wait(parts)
        if isinstance(self.body_iterator, AsyncGenerator):
            await self.body_iterator.aclose()

    async def _stopped(self) -> None:
        """Return when a stream that goes on has had its time to end by itself."""
        await self._hub.wait_for_stop()
        await asyncio.sleep(LAST_SECONDS)
