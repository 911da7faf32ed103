"""Owns the live source whose pictures come by topic `captures`: read in order, each with its number and its time."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import BinaryIO

from ingest.halt import Halt
from ingest.live.captured.beginning import Beginning
from ingest.live.captured.dating import dated
from ingest.live.captured.log import CaptureLog, LogRecord
from ingest.live.captured.reading import KnownCaptures, Reading
from ingest.live.packets import Packet, StreamHeader, write_header, write_packet
from ingest.live.sources import Place, StreamOver
from pipeline.contracts.captures import Capture, EndOfCaptures
from pipeline.contracts.errors import MediaError, SourceUnreachable
from pipeline.stores.pushed import EPOCH, MICROSECOND

LISTEN = 0.15
SLACK_SECONDS = 10.0
MOST_PLACES = 4096
"""Pictures on their way through the decoder: many more than the pipes hold."""


class CapturedSource:
    """Motion JPEG of which every picture has its place; see PlacingSource. `silence` ends a connection.

    Numbers count the video's records in the log, read or not, so that whoever reads them again gives them again.
    """

    quiet_end = True

    def __init__(
        self,
        log: CaptureLog,
        reading: Reading,
        beginning: Beginning,
        patience: float,
        silence: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.patience = patience
        self.stall = silence + SLACK_SECONDS
        self.whole = beginning.whole
        self._log = log
        self._reading = reading
        self._beginning = beginning
        self._silence = silence
        self._clock = clock
        self._known = KnownCaptures()
        self._lock = threading.Lock()
        self._places: OrderedDict[int, Place] = OrderedDict()
        self._pts = self._arrived = -1

    def place(self, arrived_at: float) -> Place:
        """See PlacingSource."""
        asked = round(arrived_at * 1e6)
        with self._lock:
            for passed in [arrived for arrived in self._places if arrived < asked]:
                del self._places[passed]
            found = self._places.pop(asked, None)
        if found is None:
            raise MediaError("the decoder named a picture that it was not given")
        self._beginning.reached(found)
        return found

    def stream(self, pipe: BinaryIO, halt: Halt) -> None:
        """See LiveSource: from the first picture that comes until none has come for long."""
        begun = False
        self._log.open()
        with closing(self._log):
            write_header(pipe, StreamHeader("mjpeg"))
            for capture, place in self._captures(halt):
                begun = True
                write_packet(pipe, self._packet(capture, place))
        self._beginning.drained()
        if not begun:
            raise SourceUnreachable(f"no picture has come for {self._silence:g} s from the camera")

    def _captures(self, halt: Halt) -> Iterator[tuple[Capture, Place]]:
        """Pictures as they come; ends when none comes, raises StreamOver when none will."""
        begin = self._beginning.seek(self._log, remember=not self._known)
        last = self._clock()
        while self._clock() - last < self._silence:
            for record in self._beginning.wanted(self._ours(self._log.poll(LISTEN))):
                halt.check()
                item = self._read(record)
                if isinstance(item, Capture) and self._is_new(item, record) and record.offset >= begin:
                    last = self._clock()
                    yield item, self._placed(item, record)
                elif isinstance(item, EndOfCaptures):
                    raise StreamOver("the camera has said that no more pictures come")
            halt.check()

    def _ours(self, records: list[LogRecord]) -> list[LogRecord]:
        return [record for record in records if self._reading.is_ours(record)]

    def _read(self, record: LogRecord) -> Capture | EndOfCaptures | None:
        if self._beginning.is_doubtful(record):
            self._reading.put_aside(record, "the decoder died each time that it was given this picture")
            return None
        return self._reading.read(record)

    def _is_new(self, capture: Capture, record: LogRecord) -> bool:
        return not self._known.is_repeat(capture.capture_id, record.offset)

    def _placed(self, capture: Capture, record: LogRecord) -> Place:
        captured_at, warning = dated(capture.captured_at, record.taken_at)
        return Place(self._beginning.number, captured_at, record.offset + 1, warning)

    def _packet(self, capture: Capture, place: Place) -> Packet:
        """With a presentation time that ascends, and a time of arrival by which the picture is known again."""
        self._pts = max((place.captured_at - EPOCH) // MICROSECOND, self._pts + 1)
        self._arrived = max((datetime.now(UTC) - EPOCH) // MICROSECOND, self._arrived + 1)
        with self._lock:
            self._places[self._arrived] = place
            if len(self._places) > MOST_PLACES:
                self._places.popitem(last=False)
        return Packet(capture.jpeg, self._pts, self._pts, self._arrived)
