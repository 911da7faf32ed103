"""Owns following a video until it ends: by asking how it stands, or by its events."""

import time
from collections.abc import Callable, Iterator
from uuid import UUID

import httpx

from framewise import sse
from framewise.answers import Event, Video
from framewise.connection import Connection
from framewise.errors import Busy, Unreachable, WaitTimeout

FIRST_POLL_SECONDS, LAST_POLL_SECONDS = 0.25, 2.0
AWAY_SECONDS = 60.0
SILENCE = httpx.Timeout(60, connect=5, read=45)
"""Streams without events have a comment every ten seconds or so."""
MOST_RECONNECTS = 10


class Following:
    """Follows videos."""

    _connection: Connection

    def video(self, video_id: str | UUID) -> Video:
        """A video and how it stands."""
        return Video.model_validate(self._connection.json("GET", f"/analysis/{video_id}"))

    def wait(
        self,
        video_id: str | UUID,
        timeout: float | None = None,
        on_progress: Callable[[Video], None] | None = None,
    ) -> Video:
        """The video once it has ended, however it ended. Raises WaitTimeout after `timeout` seconds.

        A service that is away or busy for less than a minute is waited for.
        """
        until = None if timeout is None else time.monotonic() + timeout
        pause = FIRST_POLL_SECONDS
        while True:
            video = self._patiently(video_id)
            if on_progress is not None:
                on_progress(video)
            if video.ended:
                return video
            if until is not None and time.monotonic() + pause > until:
                raise WaitTimeout(f"video {video_id} is still {video.status} after {timeout:g} seconds; it goes on")
            time.sleep(pause)
            pause = min(LAST_POLL_SECONDS, pause * 1.3)

    def _patiently(self, video_id: str | UUID) -> Video:
        until = time.monotonic() + AWAY_SECONDS
        while True:
            try:
                return self.video(video_id)
            except (Unreachable, Busy):
                if time.monotonic() > until:
                    raise
                time.sleep(1)

    def events(
        self, video_id: str | UUID, last_event_id: str | None = None, previews: bool = False, newest: bool = False
    ) -> Iterator[Event]:
        """Each event once, until the video has ended; a connection that breaks is taken up again where it was.

        Raises Unreachable after ten connections in a row that brought nothing. With `previews` results come as soon as
        a worker has them, without an id and in no order, besides those that count. With `newest` they begin behind
        the newest row that is there, unless an event's id says from where on.
        """
        failures = 0
        while failures < MOST_RECONNECTS:
            if failures:
                self._connection.retries.sleep(min(5.0, 0.25 * 2**failures))
            failures += 1
            try:
                for event in self._connected(video_id, last_event_id, previews, newest):
                    failures, last_event_id = 0, event.id or last_event_id
                    yield event
                    if event.last:
                        return
            except _Over:
                return
            except (Unreachable, Busy):
                continue
        raise Unreachable(f"the events of video {video_id} cannot be had; the last that came was {last_event_id}")

    def _connected(self, video_id: str | UUID, after: str | None, previews: bool, newest: bool) -> Iterator[Event]:
        with self._connection.stream(
            "GET",
            f"/analysis/{video_id}/events",
            params={"previews": "true" if previews else None, "newest": "true" if newest else None},
            headers={"Last-Event-ID": after, "Accept": "text/event-stream"},
            timeout=SILENCE,
        ) as answer:
            if answer.status_code == httpx.codes.NO_CONTENT:
                raise _Over
            yield from sse.events(answer.iter_bytes())


class _Over(Exception):
    """The last event was had before."""
