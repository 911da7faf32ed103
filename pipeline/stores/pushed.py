"""Owns pictures on their way from a page to ingest: those of its camera, until they are taken."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID

from pipeline.contracts.errors import Conflict
from pipeline.whole_files import write_whole

MOST_WAITING = 32
"""So many pictures of a video wait at most; then the oldest goes for the newest."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
END = "end"
PUSHED = "webcam:"
"""How the source of a video begins whose pictures are sent."""


@dataclass(frozen=True, slots=True)
class PushedFrame:
    """A picture as it was sent: when it was captured by the sender's clock, when it came by ours (UTC), its bytes."""

    captured_at: datetime
    arrived_at: datetime
    jpeg: bytes


class PushedFrames(Protocol):
    """Holds the newest pictures of each video that is being sent. Safe for several senders, and for one taker a video.

    Nobody waits here: a picture that is not taken in time makes room for newer ones.
    """

    def open(self, video_id: UUID) -> None:
        """Take pictures of this video from now on."""

    def put(self, video_id: UUID, captured_at: datetime, jpeg: bytes) -> int:
        """Hold a picture; how many older ones went for it. Raises Conflict when none of this video are taken."""

    def waiting(self, video_id: UUID) -> int:
        """How many have not been taken."""

    def take(self, video_id: UUID) -> list[PushedFrame]:
        """Everything that waits, in the order in which it came; it is not there any more then."""

    def end(self, video_id: UUID) -> None:
        """Nothing more will be sent; raises Conflict when none of this video are taken."""

    def ended(self, video_id: UUID) -> bool:
        """Whether nothing more will come: the sender has said so, or what is kept of the video was removed."""


def _closed(video_id: UUID) -> Conflict:
    return Conflict(f"video {video_id} takes no pictures any more; start another with POST /analysis/webcam")


class FolderPushedFrames:
    """Files in `<root>/<video_id>/pushed/`, named by the time of arrival and of capture, in microseconds.

    It lies in the folder of the video's source and goes with it. Nothing is synced: a picture of a second ago is of no
    use after a power cut.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def _folder(self, video_id: UUID) -> Path:
        return self._root / str(video_id) / "pushed"

    def open(self, video_id: UUID) -> None:
        self._folder(video_id).mkdir(parents=True, exist_ok=True)

    def put(self, video_id: UUID, captured_at: datetime, jpeg: bytes) -> int:
        folder = self._folder(video_id)
        name = f"{time.time_ns() // 1000:020d}-{(captured_at - EPOCH) // MICROSECOND:020d}.jpg"
        try:
            write_whole(folder / name, jpeg, sync=False)
        except FileNotFoundError as e:
            raise _closed(video_id) from e
        too_many = self._names(video_id)[:-MOST_WAITING]
        for old in too_many:
            old.unlink(missing_ok=True)
        return len(too_many)

    def waiting(self, video_id: UUID) -> int:
        return len(self._names(video_id))

    def take(self, video_id: UUID) -> list[PushedFrame]:
        return list(self._taken(video_id))

    def _taken(self, video_id: UUID) -> Iterator[PushedFrame]:
        for path in self._names(video_id):
            with suppress(FileNotFoundError):
                jpeg = path.read_bytes()
                path.unlink()
                arrived, captured = (EPOCH + int(part) * MICROSECOND for part in path.stem.split("-"))
                yield PushedFrame(captured, arrived, jpeg)

    def _names(self, video_id: UUID) -> list[Path]:
        return sorted(self._folder(video_id).glob("[0-9]*.jpg"))

    def end(self, video_id: UUID) -> None:
        try:
            (self._folder(video_id) / END).touch()
        except FileNotFoundError as e:
            raise _closed(video_id) from e

    def ended(self, video_id: UUID) -> bool:
        folder = self._folder(video_id)
        return (folder / END).exists() or not folder.exists()


@dataclass
class InMemoryPushedFrames:
    """The twin for tests and trials."""

    frames: dict[UUID, deque[PushedFrame]] = field(default_factory=dict)
    over: set[UUID] = field(default_factory=set)

    def open(self, video_id: UUID) -> None:
        self.frames.setdefault(video_id, deque())

    def put(self, video_id: UUID, captured_at: datetime, jpeg: bytes) -> int:
        held = self._held(video_id)
        held.append(PushedFrame(captured_at, datetime.now(UTC), jpeg))
        dropped = max(0, len(held) - MOST_WAITING)
        for _ in range(dropped):
            held.popleft()
        return dropped

    def _held(self, video_id: UUID) -> deque[PushedFrame]:
        try:
            return self.frames[video_id]
        except KeyError:
            raise _closed(video_id) from None

    def waiting(self, video_id: UUID) -> int:
        return len(self.frames.get(video_id, ()))

    def take(self, video_id: UUID) -> list[PushedFrame]:
        held = self.frames.get(video_id, deque())
        return [held.popleft() for _ in range(len(held))]

    def end(self, video_id: UUID) -> None:
        self._held(video_id)
        self.over.add(video_id)

    def ended(self, video_id: UUID) -> bool:
        return video_id in self.over or video_id not in self.frames
