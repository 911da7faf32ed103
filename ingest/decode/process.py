"""Owns the decoding child as its parent sees it: started, listened to, ended, its death explained."""

import logging
import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from ingest.decode.child import NO_MEMORY
from ingest.decode.inbox import Inbox
from ingest.decode.messages import PREFIX, DecodeRequest, Finished, Message, Unreadable, parse, sizes
from ingest.decode.spawning import Spawn, started_anew
from pipeline.contracts.errors import MediaError
from pipeline.contracts.settings import IngestSettings
from pipeline.contracts.videos import Sampling

LISTEN = 0.2
STARTED_ANEW = started_anew()
logger = logging.getLogger(__name__)
DEATHS: dict[int, str] = {
    signal.SIGKILL: "the decoder was killed (SIGKILL), as a machine does that has no more memory; "
    "free some, or allow the decoder less by FRAMEWISE_DECODE_MEMORY_BYTES, and submit the video again",
    signal.SIGXCPU: "decoding takes more processor time (SIGXCPU) than a video of the longest duration may need",
    signal.SIGSYS: "the decoder asked the system for what its sandbox forbids (SIGSYS); "
    "the file may be made to break it",
}


def request_of(
    settings: IngestSettings,
    sampling: Sampling | None = None,
    max_duration: float | None = None,
    published_through: int = 0,
) -> DecodeRequest:
    """What a decoder is asked for; every frame when there is no `sampling`."""
    return DecodeRequest(
        sampling=sampling or Sampling(),
        frame_height=settings.frame_height,
        jpeg_quality=settings.jpeg_quality,
        max_frame_bytes=settings.max_frame_bytes,
        max_pixels=settings.max_pixels,
        max_duration=min(max_duration or settings.max_duration, settings.max_duration),
        memory_bytes=settings.decode_memory_bytes,
        published_through=published_through,
    )


class DecoderStalled(MediaError):
    """The child has said nothing for too long."""


class DecoderProcess:
    """A child that decodes one file; a context manager that leaves no process behind. Not for several threads.

    `source` is the file's path, or an open descriptor, which the child gets a copy of. `stall` is how many seconds the
    child may be silent while it is listened to; `checkpoint` is called at least five times a second meanwhile and may
    raise to stop.
    """

    def __init__(
        self,
        request: DecodeRequest,
        source: Path | int,
        stall: float,
        checkpoint: Callable[[], None],
        spawn: Spawn = STARTED_ANEW,
    ) -> None:
        self._stall = stall
        self._checkpoint = checkpoint
        self._complaints, said = os.pipe()
        os.set_blocking(said, False)
        try:
            with _opened(source) as stdin:
                number = stdin if isinstance(stdin, int) else stdin.fileno()
                self._child = spawn(request, number, said)
        except BaseException:
            os.close(self._complaints)
            raise
        finally:
            os.close(said)
        assert self._child.stdout is not None
        self._inbox = Inbox(self._child.stdout.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child, whatever it does."""
        self._child.kill()
        self._child.wait()
        assert self._child.stdout is not None
        if not self._child.stdout.closed:
            self._child.stdout.close()
            os.close(self._complaints)

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    def messages(self) -> Iterator[Message]:
        """What the child says, Finished last; raises MediaError when it cannot read the file or dies."""
        while True:
            kind, head, body = sizes(self._read(PREFIX.size))
            message = parse(kind, self._read(head), self._read(body))
            if isinstance(message, Unreadable):
                raise MediaError(message.detail)
            yield message
            if isinstance(message, Finished):
                return

    def _read(self, size: int) -> bytes:
        while len(self._inbox) < size:
            self._receive(size)
        return self._inbox.take(size)

    def _receive(self, wanted: int) -> None:
        assert self._child.stdout is not None
        patience = time.monotonic() + self._stall
        while not select.select([self._child.stdout], [], [], LISTEN)[0]:
            self._checkpoint()
            if time.monotonic() > patience:
                raise DecoderStalled(
                    f"decoding stands still for {self._stall:g} s and was ended; "
                    "the limit is FRAMEWISE_DECODE_STALL_SECONDS"
                )
        self._checkpoint()
        if not self._inbox.receive(wanted):
            raise MediaError(self._cause_of_death())

    def _cause_of_death(self) -> str:
        code = self._child.wait()
        os.set_blocking(self._complaints, False)
        try:
            complaint = os.read(self._complaints, 1 << 16).decode(errors="replace")
        except BlockingIOError:
            complaint = ""
        logger.warning("a decoder ended with code %d: %r", code, complaint[-300:])
        return explain(code, complaint)


def _opened(source: Path | int) -> AbstractContextManager[BinaryIO | int]:
    return nullcontext(source) if isinstance(source, int) else source.open("rb")


def explain(code: int, complaint: str) -> str:
    """Why a child that did not say goodbye is gone: its exit code (negative: the signal) and its last words."""
    if "MemoryError" in complaint or "failed to map segment" in complaint:
        return NO_MEMORY
    if code >= 0:
        return f"the decoder gave up on this file (exit code {code})"
    return DEATHS.get(-code, f"the decoder crashed on this file ({signal.Signals(-code).name}); it may be damaged")
