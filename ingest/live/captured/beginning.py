"""Owns where a video's pictures are read on from, with which numbers, and which of them are too old to be read."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from ingest.live.captured.log import CaptureLog, LogRecord
from ingest.live.sources import Place
from pipeline.contracts.errors import SourceUnreachable
from pipeline.contracts.videos import KeepFrames, SourceProgress, Video

BEFORE = timedelta(seconds=60)
"""So far the broker's clock may be behind the one by which the video was made."""
FRESH = timedelta(seconds=5)
"""With KeepFrames.NEWEST, a picture that lies so much longer than the newest is left out."""
REMEMBERED = 512
"""So many records before the beginning are read again, for their ids: what comes twice is known after a restart."""


class Beginning:
    """The place in the log. With KeepFrames.ALL nothing is passed over: what is not known to be safe is read again,
    under the same numbers. With KeepFrames.NEWEST fresh pictures come first, and numbers go on.
    """

    def __init__(self, video: Video, known: SourceProgress) -> None:
        self.whole = video.keep is KeepFrames.ALL
        self.number = known.source_number if self.whole else known.numbered_through
        self._made_at = video.created_at
        self._through = known.numbered_through
        self._safe = self._next = known.source_position
        self._safe_number = self.number
        self._tried: int | None = -1
        self._doubted = self._doubtful = 0
        self._drained = True
        self._begin = 0

    def seek(self, log: CaptureLog, remember: bool) -> int:
        """Go to where to begin, and some records before it where repeats are to be known; raises SourceUnreachable,
        once, when pictures have expired that were not read.
        """
        first, end = log.bounds()
        self._begin = max(first, self._wanted(log, end))
        self._check_kept(first, end)
        self._drained = False
        log.seek(max(first, self._begin - REMEMBERED) if remember and self._next is not None else self._begin)
        return self._begin

    def _wanted(self, log: CaptureLog, end: int) -> int:
        """What was handed over and not placed, because the decoder died, is read again. When that does not help, one
        picture more is doubted each time.
        """
        if not self._drained:
            self._doubtful = self._doubtful + 1 if self._safe == self._tried else 0
            self._tried = self._next = self._safe
            self.number = self._safe_number
        self._doubted = 0
        if self._next is None or self._next > end:  # behind its end: another topic of the same name
            return log.at(self._made_at - BEFORE)
        return self._next if self.whole else max(self._next, log.at(datetime.now(UTC) - FRESH))

    def _check_kept(self, first: int, end: int) -> None:
        before, self._next = self._next, self._begin
        if before is None or first <= before <= end:
            return
        self.number = self._safe_number = max(self.number, self._through)
        self._safe = self._begin
        if self.whole:
            raise SourceUnreachable("pictures have expired on the topic before they were read")

    def wanted(self, records: Sequence[LogRecord]) -> Iterator[LogRecord]:
        """The records that are read, each after `number` has become its own."""
        newest = max((record.taken_at for record in records), default=None)
        for record in records:
            if record.offset >= self._begin:
                self.number += 1
                self._next = record.offset + 1
            old = newest is not None and newest - record.taken_at > FRESH
            if self.whole or not old or record.value is None:
                yield record

    def is_doubtful(self, record: LogRecord) -> bool:
        """Whether the decoder has died after each time that it was given this picture among the first."""
        if record.offset < self._begin or self._doubted >= self._doubtful:
            return False
        self._doubted += 1
        return True

    def reached(self, place: Place) -> None:
        """A picture came out of the decoder."""
        self._safe, self._safe_number = place.position, place.number
        self._doubtful = 0

    def drained(self) -> None:
        """The decoder was given everything and the connection ended in peace."""
        self._drained = True
        self._safe, self._safe_number, self._doubtful = self._next, self.number, 0
