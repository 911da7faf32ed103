"""Owns how many clips are made at a time, and that each ends with its client, its time or the service."""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO

from starlette.requests import Request

from api.clips.encoding import ClipFailed, Encoding, Shown
from pipeline.contracts.errors import TooManyRequests

WAIT_SECONDS = 10.0
"""So long a request waits for its turn."""
MAKE_SECONDS = 120.0
RETRY_AFTER_SECONDS = 10


class ClipRoom:
    """The threads that read frames for clips, each with a child that encodes. In one event loop."""

    def __init__(self, most: int = 2) -> None:
        self._most = most
        self._free = asyncio.Semaphore(most)
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="clips")

    async def make(
        self, request: Request, stopped: Callable[[], asyncio.Future[None]], work: Encoding, pictures: Iterable[Shown]
    ) -> BinaryIO:
        """The file of a clip; raises TooManyRequests, ClipFailed, and what reading the pictures raises."""
        try:
            await asyncio.wait_for(self._free.acquire(), WAIT_SECONDS)
        except TimeoutError as e:
            raise TooManyRequests(
                f"{self._most} clips are made at a time (FRAMEWISE_MAX_CLIPS), and others wait; try again",
                RETRY_AFTER_SECONDS,
            ) from e
        try:
            return await self._made(request, stopped(), work, pictures)
        finally:
            self._free.release()

    async def _made(
        self, request: Request, stopped: asyncio.Future[None], work: Encoding, pictures: Iterable[Shown]
    ) -> BinaryIO:
        making = asyncio.get_running_loop().run_in_executor(self._pool, work.run, pictures)
        leaving = asyncio.ensure_future(_gone(request))
        waited_for: list[asyncio.Future[Any]] = [making, leaving, stopped]
        done: set[asyncio.Future[Any]] = set()
        try:
            done, _ = await asyncio.wait(waited_for, timeout=MAKE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            stopped.cancel()
            if not making.done():
                work.stop()
        try:
            return await making
        except ClipFailed as e:
            if not done:
                raise ClipFailed(f"it takes longer than {MAKE_SECONDS:g} s; choose a shorter range") from e
            raise

    def close(self) -> None:
        """Give back the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)


async def _gone(request: Request) -> None:
    """Return when the client is not there any more."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
