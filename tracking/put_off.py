"""Owns which videos are left alone for a while, since something went wrong with their tracks."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 600.0
"""Seconds until a video is tried again; twice as many each time that it goes wrong once more."""


@dataclass(frozen=True, slots=True)
class _Pause:
    """How long a video waits, and until when by the clock."""

    seconds: float
    until: float


class PutOff:
    """Videos that went wrong, so that one of them keeps nobody else waiting."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._pauses: dict[UUID, _Pause] = {}

    def __contains__(self, video_id: UUID) -> bool:
        known = self._pauses.get(video_id)
        return known is not None and self._clock() < known.until

    def add(self, video_id: UUID) -> float:
        """Leave a video alone; for how many seconds."""
        known = self._pauses.get(video_id)
        seconds = FIRST_PAUSE if known is None else min(LONGEST_PAUSE, 2 * known.seconds)
        self._pauses[video_id] = _Pause(seconds, self._clock() + seconds)
        return seconds

    def forget(self, video_id: UUID) -> None:
        """It goes well again."""
        self._pauses.pop(video_id, None)

    def keep(self, video_ids: set[UUID]) -> None:
        """Forget all but these."""
        self._pauses = {video_id: pause for video_id, pause in self._pauses.items() if video_id in video_ids}
