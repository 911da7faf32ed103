"""Owns a run of a camera: pictures are taken at their pace, shown, and handed to whoever sends them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event
from uuid import uuid4

from framewise.camera.announcing import Note
from framewise.camera.frames import Frames, SourceAway
from framewise.camera.outbox import Outbox, Picture
from framewise.camera.pacing import Pace, Pauses

HEIGHT = 720


@dataclass
class CameraRun:
    """Takes pictures until `stop`, the end of a file, or `seconds`. A source that breaks is opened again.

    The first opening must succeed; it raises SourceAway. `going` says whether somebody still takes pictures, `shows`
    are handed each one.
    """

    open: Callable[[], Frames]
    outbox: Outbox
    note: Note
    interval: float = 0.2
    height: int = HEIGHT
    seconds: float | None = None
    going: Callable[[], bool] = lambda: True
    shows: tuple[Callable[[bytes], None], ...] = ()
    stop: Event = field(default_factory=Event)
    captured: int = 0

    def run(self) -> None:
        """Until the end."""
        self._until = time.monotonic() + self.seconds if self.seconds is not None else float("inf")
        self._pace, self._run_id = Pace(self.interval), uuid4().hex[:8]
        frames, pauses = self.open(), Pauses()
        self.note(f"the source gives {frames.granted}")
        while True:
            try:
                before = self.captured
                self._take(frames)
                return
            except SourceAway as e:
                self.note(f"{e}; it is opened again")
            finally:
                frames.close()
            if self.captured > before:
                pauses.reset()
            again = self._again(pauses)
            if again is None:
                return
            frames = again

    def _over(self) -> bool:
        return self.stop.is_set() or time.monotonic() >= self._until or not self.going()

    def _take(self, frames: Frames) -> None:
        """Pictures of one opening; returns at the end, raises SourceAway."""
        while not self._over() and frames.next(self._wait):
            if self._pace.due():
                at = datetime.now(UTC)
                jpeg = frames.jpeg(self.height)
                self.captured += 1
                self.outbox.put(Picture(at, f"{self._run_id}-{self.captured}", jpeg))
                for show in self.shows:
                    show(jpeg)

    def _again(self, pauses: Pauses) -> Frames | None:
        """The source, as soon as it can be opened; None when the run is over."""
        while not self._over():
            self._wait(pauses.next())
            if self._over():
                return None
            try:
                return self.open()
            except SourceAway as e:
                self.note(str(e))
        return None

    def _wait(self, seconds: float) -> bool:
        """Sleep, but not beyond the end; whether the run is over."""
        self.stop.wait(max(0.0, min(seconds, self._until - time.monotonic())))
        return self._over()
