"""Owns a live source whose pictures a page sends: what the service holds of them, handed to the decoder as it comes."""

import time
from collections.abc import Callable, Iterator
from typing import BinaryIO
from uuid import UUID

from ingest.halt import Halt
from ingest.live.packets import Packet, StreamHeader, write_header, write_packet
from ingest.live.sources import StreamOver
from pipeline.contracts.errors import SourceUnreachable
from pipeline.stores.pushed import EPOCH, MICROSECOND, PushedFrame, PushedFrames

LOOK_SECONDS = 0.02
SILENCE_SECONDS = 10.0
"""Without a picture for so long the sender counts as gone, until the next one comes."""


class PushedSource:
    """Motion JPEG whose times are the sender's. A picture that is not newer than the one before is left out."""

    quiet_end = True

    def __init__(
        self,
        pushed: PushedFrames,
        video_id: UUID,
        patience: float,
        silence: float = SILENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.patience = patience
        self._pushed = pushed
        self._video_id = video_id
        self._silence = silence
        self._clock = clock
        self._newest = -1

    def stream(self, pipe: BinaryIO, halt: Halt) -> None:
        """See LiveSource: from the first picture that comes until none has come for a while."""
        begun = False
        for frame in self._frames(halt):
            if not begun:
                write_header(pipe, StreamHeader("mjpeg"))
                begun = True
            if (packet := self._packet(frame)) is not None:
                write_packet(pipe, packet)
        if not begun:
            raise SourceUnreachable(f"no picture has come for {self._silence:g} s from the page that sends them")

    def _frames(self, halt: Halt) -> Iterator[PushedFrame]:
        """Pictures as they come; ends when none comes, raises StreamOver when none will."""
        last = self._clock()
        while self._clock() - last < self._silence:
            over = self._pushed.ended(self._video_id)  # asked first: what was sent before the end is taken still
            for frame in self._pushed.take(self._video_id):
                halt.check()
                last = self._clock()
                yield frame
            if over:
                raise StreamOver("the page has said that no more pictures come")
            halt.wait(LOOK_SECONDS)

    def _packet(self, frame: PushedFrame) -> Packet | None:
        captured, arrived = ((at - EPOCH) // MICROSECOND for at in (frame.captured_at, frame.arrived_at))
        if captured <= self._newest:
            return None
        self._newest = captured
        return Packet(frame.jpeg, captured, captured, arrived)
