"""Owns what all viewers of one video see: each view drawn once a frame, by threads, and only the newest kept."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from api.live.shots import Shot, View
from pipeline.contracts.errors import StoreError

LOOK_SECONDS = 1.0
"""How often the stores are asked whether the video has ended, and for its newest frame while the topic says nothing."""
LEAST_SECONDS = 0.04
AGAIN_SECONDS = 0.05
"""A result may come before its picture is stored: so often that is looked for again."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """How a video stands: whether nothing more will come, whether it was deleted, its newest shot if it is known."""

    over: bool
    gone: bool = False
    shot: Shot | None = None


class Scene(Protocol):
    """What can be seen of one video. Both may block, and be called by several threads."""

    def look(self, shot_wanted: bool) -> Seen:
        """How the video stands; with its newest shot if that is wanted or it has ended. Raises StoreError."""

    def draw(self, shot: Shot, view: View) -> bytes | None:
        """The picture; empty where it cannot be shown, None where it is not stored, or not yet."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG, and which frame it shows."""

    shot: Shot
    jpeg: bytes


@dataclass(eq=False)
class Viewer:
    """Who looks: `news` is set when there is another picture, or the end."""

    view: View
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Screen:
    """Follows one video while somebody looks. Belongs to an event loop; `show` may be called from any thread."""

    def __init__(self, scene: Scene, pool: ThreadPoolExecutor) -> None:
        self._scene = scene
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._rung = asyncio.Event()
        self._shot: Shot | None = None
        self._heard: Shot | None = None
        self._heard_at = self._looked_at = float("-inf")
        self._pictures: dict[View, Picture] = {}
        self.over = False
        self.viewers: set[Viewer] = set()
        self.task = self._loop.create_task(self._run())

    def picture(self, view: View) -> Picture | None:
        """The newest one."""
        return self._pictures.get(view)

    def join(self, viewer: Viewer) -> None:
        """Draw for one more."""
        self.viewers.add(viewer)
        self._rung.set()

    def show(self, shot: Shot) -> None:
        """A frame has its outcome; from any thread."""
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._hear, shot)

    def _hear(self, shot: Shot) -> None:
        if self._heard is None or shot.place > self._heard.place:
            self._heard = self._shot = shot
            self._heard_at = self._loop.time()
            self._rung.set()

    async def _run(self) -> None:
        while not self.over:
            self._rung.clear()
            began = self._loop.time()
            over = began - self._looked_at >= LOOK_SECONDS and await self._look(began)
            drawn = await self._draw()
            self.over = over
            if not over:
                await asyncio.sleep(max(LEAST_SECONDS, self._loop.time() - began))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._rung.wait(), LOOK_SECONDS if drawn else AGAIN_SECONDS)
        self._tell({viewer.view for viewer in self.viewers})

    async def _look(self, now: float) -> bool:
        """Ask how the video stands; whether nothing more will come. A store that is away is asked again."""
        self._looked_at = now
        try:
            seen = await self._loop.run_in_executor(self._pool, self._scene.look, now - self._heard_at >= LOOK_SECONDS)
        except StoreError as e:
            log.debug("a live picture waits for the store: %s", e)
            return False
        except Exception:
            log.exception("an error while looking at a video")
            return False
        self._shot = None if seen.gone else seen.shot or self._shot
        return seen.over

    async def _draw(self) -> bool:
        """Bring every view that is looked at up to the newest shot; whether that is done."""
        shot, wanted = self._shot, {viewer.view for viewer in self.viewers}
        kept = {view: picture for view, picture in self._pictures.items() if view in wanted and shot is not None}
        self._pictures = kept
        if shot is None:
            return True
        old = [view for view in wanted if view not in kept or kept[view].shot.place != shot.place]
        jpegs = await asyncio.gather(*(self._drawn(shot, view) for view in old))
        found = {view: Picture(shot, jpeg) for view, jpeg in zip(old, jpegs, strict=True) if jpeg}
        self._pictures |= found
        self._tell(set(found))
        return None not in jpegs

    async def _drawn(self, shot: Shot, view: View) -> bytes | None:
        try:
            return await self._loop.run_in_executor(self._pool, self._scene.draw, shot, view)
        except Exception:
            log.exception("frame %d cannot be drawn", shot.frame_number)
            return b""

    def _tell(self, views: set[View]) -> None:
        for viewer in self.viewers:
            if viewer.view in views:
                viewer.news.set()
