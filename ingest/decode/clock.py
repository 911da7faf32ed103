"""Owns media time: exact seconds from the first frame, from presentation timestamps."""

from fractions import Fraction

JUMP = Fraction(1)
"""Seconds that a timestamp may go back before it counts as a new start of the clock and not as disorder."""


class MediaClock:
    """Gives each frame its media time; ask once a frame, in order. Times never go back."""

    def __init__(self, time_base: Fraction, frame_seconds: Fraction) -> None:
        self._time_base = time_base
        self._frame_seconds = frame_seconds
        self._origin: Fraction | None = None
        self._last: Fraction | None = None

    def at(self, pts: int | None) -> Fraction:
        """Seconds from the first frame. A frame without a timestamp follows the one before by the frame rate."""
        following = Fraction(0) if self._last is None else self._last + self._frame_seconds
        self._last = following if pts is None else self._from(pts * self._time_base, following)
        return self._last

    def _from(self, stamp: Fraction, following: Fraction) -> Fraction:
        if self._origin is None:
            self._origin = stamp - following
        time = stamp - self._origin
        if self._last is None or time >= self._last:
            return time
        if self._last - time > JUMP:
            self._origin = stamp - following
            return following
        return self._last

    @property
    def end(self) -> Fraction:
        """Seconds from the first frame to the end of the last one."""
        return Fraction(0) if self._last is None else self._last + self._frame_seconds
