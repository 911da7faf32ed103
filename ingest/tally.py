"""Owns the arithmetic of speed: outcomes a second of the service while it has work, and of each video."""

from collections import deque
from collections.abc import Mapping
from statistics import fmean
from uuid import UUID

WINDOW_SECONDS = 60.0
"""Of work, not of idling: a queue of hours is judged by what the last minute of work was like."""
LATELY_SECONDS = 20.0
LEAST_SECONDS = 2.0
LENGTHS = 50
LONGEST_STEP = 30.0
"""Between two looks; after more, such as an outage, counting begins anew."""


class Tally:
    """Learns from looks at the counts. For one thread; what it keeps is bounded by the videos it is shown."""

    def __init__(self) -> None:
        self._steps: deque[tuple[float, int]] = deque()
        self._lately: dict[UUID, deque[tuple[float, int]]] = {}
        self._lengths: deque[int] = deque(maxlen=LENGTHS)
        self._looked_at: float | None = None
        self._busy = self._warm = False

    def look(self, now: float, totals: Mapping[UUID, int], outcomes: int, lengths: list[int]) -> None:
        """So many outcomes each running video has, so many came since the last look; so long were those that ended.

        A step counts when something ran at its beginning: what begins within it did not have all of it. Nor do steps
        until the first outcome: how long that takes says nothing of how fast the others come.
        """
        step = now - self._looked_at if self._looked_at is not None else 0.0
        self._warm = self._busy and (self._warm or outcomes > 0)
        if self._warm and 0 < step <= LONGEST_STEP:
            self._steps.append((step, outcomes))
        while sum(seconds for seconds, _ in self._steps) - (self._steps[0][0] if self._steps else 0) >= WINDOW_SECONDS:
            self._steps.popleft()
        self._lengths.extend(lengths)
        self._lately = {video_id: self._trail(video_id, now, total) for video_id, total in totals.items()}
        self._looked_at, self._busy = now, bool(totals)

    def _trail(self, video_id: UUID, now: float, total: int) -> deque[tuple[float, int]]:
        trail = self._lately.get(video_id, deque())
        if len(trail) == 1 and trail[0][1] == total:
            trail.clear()
        trail.append((now, total))
        while len(trail) > 2 and trail[1][0] <= now - LATELY_SECONDS:
            trail.popleft()
        return trail

    @property
    def rate(self) -> float | None:
        """Outcomes a second of all videos together; None while it is not known."""
        seconds = sum(seconds for seconds, _ in self._steps)
        outcomes = sum(outcomes for _, outcomes in self._steps)
        return outcomes / seconds if seconds >= LEAST_SECONDS and outcomes > 0 else None

    @property
    def video_rates(self) -> dict[UUID, float]:
        """Outcomes a second of each running video, over the last while, from the first that was seen to come."""
        return {
            video_id: (trail[-1][1] - trail[0][1]) / (trail[-1][0] - trail[0][0])
            for video_id, trail in self._lately.items()
            if trail[-1][0] - trail[0][0] >= LEAST_SECONDS
        }

    @property
    def frames_per_video(self) -> float | None:
        """The mean of the videos that ended lately."""
        return fmean(self._lengths) if self._lengths else None
