"""Owns which partition a frame goes to."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

RUN = 16
"""So many frames of a video go to one partition, where several videos are published at once."""
LATELY_SECONDS = 1.0
"""A video that was published so long ago is not beside the next one."""


@dataclass(slots=True)
class _Run:
    partition: int
    left: int
    at: float


class Dealer:
    """Deals frames to the partitions that have had the fewest: one by one while there is one video, so that all workers
    share it.

    Of several videos a run of frames goes to each: what a worker has in hand is then of few of them, and each costs
    it looks, writes and counts of its own. The last run of a video is mostly shorter; the partition is then dealt
    another one sooner. Safe for threads.
    """

    def __init__(self, run: int = RUN, clock: Callable[[], float] = time.monotonic) -> None:
        self._run = run
        self._clock = clock
        self._lock = threading.Lock()
        self._dealt: dict[int, int] = {}
        self._lately: dict[UUID, _Run] = {}

    def deal(self, video_id: UUID, partitions: Sequence[int]) -> int:
        """The partition of the video's next frame, of these."""
        with self._lock:
            now = self._clock()
            self._lately = {v: r for v, r in self._lately.items() if v == video_id or now - r.at < LATELY_SECONDS}
            if not self._lately:
                self._dealt.clear()
            run = self._lately.get(video_id)
            if run is None or run.left == 0 or len(self._lately) == 1 or run.partition not in partitions:
                run = self._lately[video_id] = _Run(self._least(partitions), self._run, now)
            run.left, run.at = run.left - 1, now
            self._dealt[run.partition] = self._dealt.get(run.partition, 0) + 1
            return run.partition

    def _least(self, partitions: Sequence[int]) -> int:
        """The one that has had the fewest lately; counting begins anew when there are others than before."""
        if self._dealt.keys() != set(partitions):
            self._dealt = dict.fromkeys(partitions, 0)
        return min((partitions[place] for place in far_apart(len(partitions))), key=self._dealt.__getitem__)


@lru_cache
def far_apart(count: int) -> Sequence[int]:
    """0 to `count` - 1, so that those in succession are far apart: neighbouring partitions are one worker's share."""
    bits = max(1, (count - 1).bit_length())
    reversed_bits = (int(f"{number:0{bits}b}"[::-1], 2) for number in range(2**bits))
    return tuple(number for number in reversed_bits if number < count)
