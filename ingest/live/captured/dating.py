"""Owns when a picture was captured that somebody else has dated: as it says, unless that cannot be. Pure."""

from datetime import datetime, timedelta

EARLY = timedelta(seconds=60)
"""So far a camera's clock may be ahead of the broker's."""
LATE = timedelta(days=30)
"""So long a picture may have waited at the edge; what is older comes from a clock that was never set."""


def dated(said: datetime, taken_at: datetime) -> tuple[datetime, str | None]:
    """When it was captured (whole milliseconds, as stores keep them), and a warning where what it says is not taken.

    `taken_at` is when the broker took the picture, by its own clock.
    """
    if said > taken_at + EARLY:
        return _whole(taken_at), "pictures are dated in the future: the time of their arrival is taken; set the clock"
    if said < taken_at - LATE:
        return _whole(taken_at), "pictures are dated long ago: the time of their arrival is taken; set the clock"
    return _whole(said), None


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
