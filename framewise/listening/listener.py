"""Owns listening: the camera's video, then its next one; each sighting is kept before it is told."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from framewise.answers import Event, Result, Video
from framewise.client import Client
from framewise.errors import Busy, NotFound, Unreachable
from framewise.listening.cameras import CameraVideos
from framewise.listening.logs import EventLog, Place
from framewise.listening.sightings import Rules, Sighting, Watcher

LOOK_SECONDS = 1.0
AWAY_SECONDS = 300.0
"""So long a service that is away is waited for."""
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

Say = Callable[[str], None]


class Listener:
    """Listens to one camera, for ever. With a log that has been kept before it goes on where that ends."""

    def __init__(
        self,
        client: Client,
        camera: str,
        rules: Rules,
        log: EventLog | None = None,
        say: Say = lambda text: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._camera = camera
        self._rules = rules
        self._log = log
        self._say = say
        self._sleep = sleep
        self._videos = CameraVideos(client, camera)

    def sightings(self) -> Iterator[Sighting]:
        """What is noticed, as it is. Raises Unreachable when the service stays away."""
        place = self._log.place(self._camera) if self._log else None
        video = self._logged(place)
        if video is not None and place is not None:
            yield from self._follow(video, place)
        after = video.created_at if video else None
        while True:
            video, waited = self._next(after)
            yield from self._follow(video, None, newest=after is None and not waited)
            after = video.created_at

    def _logged(self, place: Place | None) -> Video | None:
        """The video at which the log ends, if it is there still."""
        if place is None:
            return None
        try:
            return self._client.video(place.video_id)
        except NotFound:
            return None

    def _next(self, after: datetime | None) -> tuple[Video, bool]:
        """The camera's next video, and whether it was waited for: then it has begun while somebody listened."""
        told, away = False, time.monotonic()
        while True:
            try:
                video = self._videos.live() if after is None else self._videos.after(after)
                away = time.monotonic()
            except (Unreachable, Busy):
                if time.monotonic() - away > AWAY_SECONDS:
                    raise
                video = None
            if video is not None:
                self._say(f"listening to {video.video_name} ({video.video_id})")
                return video, told
            if not told:
                self._say(f"no video of camera {self._camera} goes on; waiting for one")
                told = True
            self._sleep(LOOK_SECONDS)

    def _follow(self, video: Video, place: Place | None, newest: bool = False) -> Iterator[Sighting]:
        """The sightings of a video until it has ended; of one that has just begun to be followed, from now on."""
        watcher = Watcher(self._camera, self._rules, place.present if place else ())
        event_id = place.event_id if place else None
        for event in self._events(video, event_id, newest):
            event_id = event.id or event_id
            noticed = _noticed(watcher, event, event_id or "")
            self._keep(noticed)
            yield from noticed
        noticed = watcher.end(event_id or "")
        self._keep(noticed)
        yield from noticed

    def _events(self, video: Video, event_id: str | None, newest: bool) -> Iterator[Event]:
        """Events, also over longer outages of the service; a video that is deleted meanwhile has no more."""
        away = time.monotonic()
        while True:
            try:
                for event in self._client.events(video.video_id, event_id, newest=newest):
                    event_id, away = event.id or event_id, time.monotonic()
                    yield event
                return
            except NotFound:
                return
            except Unreachable:
                if time.monotonic() - away > AWAY_SECONDS:
                    raise

    def _keep(self, noticed: list[Sighting]) -> None:
        if self._log is not None and noticed:
            self._log.append(noticed)


def _noticed(watcher: Watcher, event: Event, event_id: str) -> list[Sighting]:
    return watcher.take(Result.model_validate(event.data), event_id) if event.type == "result" else []
