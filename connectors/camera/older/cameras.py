"""Owns which video an older camera's pictures belong to: one that is open, or a new one, within limits."""

import hashlib
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

import framewise
from pipeline.contracts.errors import TooManyRequests

CHECK_SECONDS = 2.0
"""So long a video that was open is taken for open still."""
IDLE_SECONDS = 600.0
"""After so long without a picture a camera does not count any more; its video goes on if it comes back."""
MINUTE = 60.0
LOOKED_AT = 20
TRIES = 20


@dataclass(frozen=True, slots=True)
class CameraRules:
    """How cameras are analysed, and how many are taken: at the same time, and new ones a minute."""

    tasks: tuple[str, ...]
    keep: Literal["newest", "all"]
    most: int
    new_per_minute: int


@dataclass(slots=True)
class _Known:
    video_id: str
    checked_at: float
    used_at: float


class OlderCameras:
    """The cameras that have sent something lately. A video is found again by its external id, also after a restart.

    For one thread. Calls raise what the client raises.
    """

    def __init__(
        self, client: framewise.Client, rules: CameraRules, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._rules = rules
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._made: deque[float] = deque()

    def video_of(self, camera_id: str) -> UUID:
        """The video that takes this camera's pictures now; raises TooManyRequests beyond the limits."""
        now = self._clock()
        known = self._known.get(camera_id)
        if known is None or not self._still_open(known, now):
            self._known.pop(camera_id, None)
            self._check_room(now)
            video_id = self._open_video(camera_id) or self._new_video(camera_id, now)
            known = self._known[camera_id] = _Known(video_id, now, now)
        known.used_at = now
        self._known.move_to_end(camera_id)
        return UUID(known.video_id)

    def _still_open(self, known: _Known, now: float) -> bool:
        if now - known.checked_at < CHECK_SECONDS:
            return True
        known.checked_at = now
        try:
            return not self._client.video(known.video_id).ended
        except framewise.NotFound:
            return False

    def _check_room(self, now: float) -> None:
        while self._known and now - next(iter(self._known.values())).used_at > IDLE_SECONDS:
            self._known.popitem(last=False)
        if len(self._known) >= self._rules.most:
            raise TooManyRequests(
                f"{self._rules.most} cameras send pictures already, the most that are taken; "
                "raise FRAMEWISE_CAMERA_MOST",
                int(IDLE_SECONDS),
            )

    def _open_video(self, camera_id: str) -> str | None:
        """The newest video of the camera if it has not ended."""
        return next((video.video_id for video in self._videos(camera_id) if not video.ended), None)

    def _videos(self, camera_id: str) -> list[framewise.Video]:
        return list(self._client.videos(status="all", external_id=external_id(camera_id), limit=LOOKED_AT))

    def _new_video(self, camera_id: str, now: float) -> str:
        self._count(now)
        before = max((video.created_at.isoformat() for video in self._videos(camera_id)), default="")
        for number in range(TRIES):
            try:
                video = self._announced(camera_id, _key(camera_id, before, number))
            except framewise.Conflict:  # the video that this key made was deleted
                continue
            if not video.ended:
                return video.video_id
        raise TooManyRequests(f"{TRIES} videos of camera {camera_id} were ended or deleted today", int(MINUTE))

    def _announced(self, camera_id: str, key: str) -> framewise.Video:
        return self._client.camera(
            camera_id,
            self._rules.keep,
            tasks=self._rules.tasks,
            name=camera_id,
            external_id=external_id(camera_id),
            idempotency_key=key,
        )

    def _count(self, now: float) -> None:
        while self._made and now - self._made[0] > MINUTE:
            self._made.popleft()
        if len(self._made) >= self._rules.new_per_minute:
            raise TooManyRequests(
                f"{self._rules.new_per_minute} new cameras have come within a minute, the most that are taken; "
                "raise FRAMEWISE_CAMERA_NEW_PER_MINUTE",
                int(MINUTE - (now - self._made[0])) + 1,
            )
        self._made.append(now)


def external_id(camera_id: str) -> str:
    """By which a video of an older camera is found again."""
    return f"older:{camera_id}"


def _key(camera_id: str, before: str, number: int) -> str:
    """The same for two processes that meet the same camera after the same video on the same day."""
    text = "\n".join((camera_id, before, datetime.now(UTC).date().isoformat(), str(number)))
    return f"older-{hashlib.sha256(text.encode()).hexdigest()[:40]}"
