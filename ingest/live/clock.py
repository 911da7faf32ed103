"""Owns when a live frame was captured: the stream's own clock, anchored to the arrival of its frames. Pure."""

from datetime import UTC, datetime, timedelta

DRIFT = 0.0005
"""Seconds a second by which a camera's clock may be slower than ours, and still is followed smoothly."""
JUMP_SECONDS = 2.0
JUMP_PATIENCE = 10.0
"""A delay of so many seconds that has lasted so long is no delay: the stream's clock has stood still."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LEAST_STEP = timedelta(milliseconds=1)


class CaptureClock:
    """Gives each frame of one connection its time of capture (UTC, whole milliseconds); ask once a frame, in order.

    The difference between arrival and stream time is the camera's offset plus the delay of that frame. The least delay
    seen is taken as none: a frame that comes sooner than expected corrects the offset at once, one that comes later
    only as fast as clocks drift. So jitter of the network does not show. Times ascend.
    """

    def __init__(self, last: datetime | None = None) -> None:
        """`last` is the newest time that was given before, by another connection."""
        self._last = last
        self._offset: float | None = None
        self._seen_at = 0.0
        self._late_since: float | None = None

    def at(self, stream_seconds: float, arrived_at: float) -> datetime:
        """When the frame was captured; `arrived_at` is in seconds since 1970."""
        self._anchor(arrived_at - stream_seconds, arrived_at)
        assert self._offset is not None
        moment = EPOCH + timedelta(milliseconds=round((stream_seconds + self._offset) * 1000))
        if self._last is not None:
            moment = max(moment, self._last + LEAST_STEP)
        self._last = moment
        return moment

    def _anchor(self, offset: float, arrived_at: float) -> None:
        passed, self._seen_at = max(0.0, arrived_at - self._seen_at), arrived_at
        if self._offset is None or offset <= self._offset or self._stood_still(offset, arrived_at):
            self._offset, self._late_since = offset, None
            return
        self._offset = min(offset, self._offset + DRIFT * passed)

    def _stood_still(self, offset: float, arrived_at: float) -> bool:
        assert self._offset is not None
        if offset - self._offset <= JUMP_SECONDS:
            self._late_since = None
            return False
        if self._late_since is None:
            self._late_since = arrived_at
        return arrived_at - self._late_since > JUMP_PATIENCE
