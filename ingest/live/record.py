"""Owns what is written down of a live video while it goes on: frames that are safe, gaps, lag and numbers."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from ingest.journal import Journal
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.videos import Gap

MOST_GAPS = 100
EVERY = 0.25
LEAST_GAP_SECONDS = 1.0


class LiveRecord:
    """The journal of a live video. Frames are entered when they are safe, in the order in which they were sent.

    `sent` and `acknowledged` may be called by any thread, the rest by the job's.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._order: deque[int] = deque()
        self._positions: deque[tuple[int, int, datetime]] = deque()
        self._safe: set[int] = set()
        self._failure: Exception | None = None
        known = journal.progress
        self._dropped_before = known.frames_dropped
        self._decoded_before = known.frames_decoded

    def placed(self, frame_number: int, position: int, newest: datetime) -> None:
        """Once a frame is safe, and all before it, its source is read on from this position. Numbers ascend.

        `newest` is the newest time of capture so far.
        """
        self._positions.append((frame_number, position, newest))

    def sent(self, frame_number: int) -> None:
        """A frame was sent; numbers ascend."""
        with self._lock:
            self._order.append(frame_number)

    def acknowledged(self, frame_number: int, error: Exception | None) -> None:
        """A frame is safe, or is lost."""
        with self._lock:
            if error is None:
                self._safe.add(frame_number)
            self._failure = self._failure or error

    @property
    def unacknowledged(self) -> int:
        """Frames that were sent and are not known to be safe."""
        with self._lock:
            return len(self._order) - len(self._safe)

    def enter(self) -> bool:
        """Enter what is safe now; whether there was something. Raises StoreUnavailable when a frame was lost."""
        with self._lock:
            if self._failure is not None:
                raise StoreUnavailable(f"a frame was not acknowledged: {self._failure}") from self._failure
            entered = []
            while self._order and self._order[0] in self._safe:
                entered.append(self._order.popleft())
                self._safe.discard(entered[-1])
        for number in entered:
            self._journal.sampled(number)
        if entered:
            published = self._journal.progress.frames_published + len(entered)
            self._journal.note(frames_published=published, published_through=entered[-1])
            self._note_position(entered[-1])
        return bool(entered)

    def _note_position(self, through: int) -> None:
        while self._positions and self._positions[0][0] <= through:
            number, position, newest = self._positions.popleft()
            self._journal.note(source_position=position, source_number=number, source_newest=newest)

    def stands(self, dropped: int, decoded: int, lag: float) -> None:
        """How many frames this process has left out and decoded, and the age of the oldest one that waits."""
        self._journal.note(
            frames_dropped=self._dropped_before + dropped,
            frames_decoded=self._decoded_before + decoded,
            lag_seconds=round(lag, 2),
        )

    def gap_begins(self, reason: str) -> None:
        """The source is away. A gap begins with the last frame; where none was taken yet, there is none to speak of."""
        known = self._journal.progress
        self._journal.note(connected=False)
        if known.last_captured_at is None:
            return
        last = known.gaps[-1] if known.gaps else None
        if last is not None and last.ended_at is None:
            return
        gaps = (*known.gaps, Gap(known.last_captured_at, None, reason))[-MOST_GAPS:]
        self._journal.note(gaps=gaps)

    def captured(self, at: datetime) -> None:
        """A frame was captured: the source is there, and a gap is over. A short one was none."""
        known = self._journal.progress
        gaps = known.gaps
        if gaps and gaps[-1].ended_at is None:
            long = (at - gaps[-1].started_at).total_seconds() >= LEAST_GAP_SECONDS
            gaps = (*gaps[:-1], replace(gaps[-1], ended_at=at)) if long else gaps[:-1]
        self._journal.note(
            gaps=gaps,
            connected=True,
            first_captured_at=known.first_captured_at or at,
            last_captured_at=max(at, known.last_captured_at or at),
        )

    def ends(self, with_gap: bool, warning: str | None) -> None:
        """Nothing more comes; the gap that it ended with is one only if it should not have been."""
        known = self._journal.progress
        gaps = known.gaps
        if gaps and gaps[-1].ended_at is None:
            gaps = (*gaps[:-1], replace(gaps[-1], ended_at=datetime.now(UTC))) if with_gap else gaps[:-1]
        said = known.warnings if warning is None else (*known.warnings, warning)
        self._journal.note(gaps=gaps, connected=False, lag_seconds=0.0, warnings=said)


def every(seconds: float, clock: Callable[[], float]) -> Callable[[], bool]:
    """Answers True when so many seconds have gone by since it last did."""
    last = float("-inf")

    def due() -> bool:
        nonlocal last
        if (now := clock()) - last < seconds:
            return False
        last = now
        return True

    return due
