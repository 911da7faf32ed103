"""Owns who looks at which video in this process: one screen a video, however many viewers it has."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import UUID

from api.live.screen import Scene, Screen, Viewer
from api.live.shots import View, shot_of

DRAWERS = 2


class LiveHub:
    """The screens, and the threads that draw for them. In one event loop; `hear` may be called from any thread."""

    def __init__(self) -> None:
        self._screens: dict[UUID, Screen] = {}
        self._pool = ThreadPoolExecutor(DRAWERS, thread_name_prefix="drawing")

    @contextmanager
    def look(self, video_id: UUID, view: View, scene: Scene) -> Iterator[tuple[Screen, Viewer]]:
        """Look at a video together with whoever does already."""
        screen = self._screens.get(video_id)
        if screen is None or screen.over:
            screen = self._screens[video_id] = Screen(scene, self._pool)
        viewer = Viewer(view)
        screen.join(viewer)
        try:
            yield screen, viewer
        finally:
            screen.viewers.discard(viewer)
            if not screen.viewers:
                screen.task.cancel()
                if self._screens.get(video_id) is screen:
                    del self._screens[video_id]

    def hear(self, records: Iterable[tuple[bytes | None, bytes | None]]) -> None:
        """Records of the topic `results`, keys and values: of each video that is looked at the last one counts."""
        last: dict[Screen, bytes] = {}
        for key, value in records:
            screen = self._screens.get(UUID(bytes=key)) if key is not None and len(key) == 16 else None
            if screen is not None and value:
                last[screen] = value
        for screen, outcome in last.items():
            if (shot := shot_of(outcome)) is not None:
                screen.show(shot)

    def close(self) -> None:
        """Give back the threads; what they still draw is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)
