"""Owns which video a camera's pictures belong to: announced over the API, and again when it has ended."""

import socket
import threading
from collections.abc import Callable
from typing import Any, Self
from urllib.parse import urlsplit

from framewise.answers import Camera
from framewise.client import Client
from framewise.errors import FramewiseError, NotFound, Unreachable

LOOK_SECONDS = 5.0
CONNECT_SECONDS = 2.0
KAFKA_PORT = 9092
Note = Callable[[str], None]


class CameraStopped(FramewiseError):
    """The camera's video was cancelled or deleted: somebody wants no more of it."""


def reachable(bootstrap: str) -> bool:
    """Whether one of the brokers takes connections."""
    for address in bootstrap.split(","):
        place = urlsplit(f"//{address.strip()}")
        try:
            socket.create_connection((place.hostname or "", place.port or KAFKA_PORT), CONNECT_SECONDS).close()
        except OSError:
            continue
        return True
    return False


class Announcement:
    """A camera and the video that takes its pictures now. A context manager: meanwhile a thread asks how it stands."""

    def __init__(self, client: Client, camera_id: str, keep: str, options: dict[str, Any], note: Note) -> None:
        self._client = client
        self._camera_id, self._keep, self._options = camera_id, keep, options
        self._note = note
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="camera-watch", daemon=True)
        self._ended = False
        self._stopped: FramewiseError | None = None
        self.videos: list[str] = []
        """Every video that there was, in their order."""
        self._camera = self._announce()

    def _announce(self) -> Camera:
        camera = self._client.camera(self._camera_id, self._keep, **self._options)
        self.videos.append(camera.video_id)
        self._note(
            f"{self._camera_id}: video {camera.video_id}, to {camera.publish.topic} at {camera.publish.bootstrap}"
        )
        return camera

    def current(self) -> Camera:
        """The video; another one when the last has ended by itself, and a broker is there. For one thread.

        Raises CameraStopped, and what the client raises.
        """
        if self._stopped is not None:
            raise self._stopped
        if self._ended and reachable(self._camera.publish.bootstrap):
            self._camera, self._ended = self._announce(), False
        return self._camera

    def _watch(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            try:
                self._look(self._camera.video_id)
            except (Unreachable, OSError) as e:
                self._note(f"{e}; pictures are published as before")
            except FramewiseError as e:
                self._stopped = e

    def _look(self, video_id: str) -> None:
        try:
            video = self._client.video(video_id)
        except NotFound as e:
            raise CameraStopped(f"video {video_id} was deleted") from e
        if video.status == "cancelled":
            raise CameraStopped(f"video {video_id} was cancelled")
        if video.ended and not self._ended and video_id == self._camera.video_id:
            self._note(f"{self._camera_id}: video {video_id} is {video.status}; another one goes on")
            self._ended = True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
