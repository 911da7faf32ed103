"""Owns what was found last in each video, heard from the topic `results`: nothing is read for it, little is kept."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from api.live.shots import Shot, shot_of

MOST_VIDEOS = 256
KEPT = 4
"""Outcomes kept of a video: the picture of the newest may not be stored yet."""
RATE_SECONDS = 10.0
MOST_HEARD = 2000


@dataclass(slots=True)
class _Heard:
    """The last outcomes of a video as they came, and when outcomes came lately."""

    outcomes: deque[bytes] = field(default_factory=lambda: deque(maxlen=KEPT))
    times: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_HEARD))


class NewestOutcomes:
    """The newest outcomes of the videos that had some last. Safe for threads; `hear` only keeps, others read."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._heard: OrderedDict[UUID, _Heard] = OrderedDict()

    def hear(self, records: Iterable[tuple[bytes | None, bytes | None]]) -> None:
        """Records of the topic `results`, keys and values. What is no video's is passed over."""
        now = self._clock()
        with self._lock:
            for key, value in records:
                if key is not None and len(key) == 16 and value:
                    self._keep(UUID(bytes=key), value, now)
            while len(self._heard) > MOST_VIDEOS:
                self._heard.popitem(last=False)

    def _keep(self, video_id: UUID, value: bytes, now: float) -> None:
        heard = self._heard.setdefault(video_id, _Heard())
        self._heard.move_to_end(video_id)
        heard.outcomes.append(value)
        heard.times.append(now)

    def shots(self, video_id: UUID) -> list[Shot]:
        """The last frames of a video that had an outcome, the newest first."""
        with self._lock:
            heard = self._heard.get(video_id)
            outcomes = list(heard.outcomes) if heard else []
        found = {shot.place: shot for outcome in outcomes if (shot := shot_of(outcome)) is not None}
        return [found[place] for place in sorted(found, reverse=True)]

    def rate(self, video_id: UUID) -> float | None:
        """Outcomes a second in the last ten seconds; None of a video of which nothing was heard."""
        with self._lock:
            heard = self._heard.get(video_id)
            times = list(heard.times) if heard else []
        if not times:
            return None
        since = self._clock() - RATE_SECONDS
        return sum(at > since for at in times) / RATE_SECONDS
