"""Owns what is asked of the service: whose camera a video is, and the picture of a frame with what was found."""

import threading
import time
from collections import OrderedDict
from uuid import UUID

import framewise

CAMERA_TAG = "camera:"
"""Before the camera's id, in a tag of each of its videos."""
MOST_KNOWN = 1000
KNOWN_SECONDS = 600.0
PICTURE_SECONDS = 3.0
"""A frame's outcome may be told before its picture is stored."""
PAUSE_SECONDS = 0.05


class ServiceCameras:
    """Cameras by the service; what it said is kept for a while. For one thread."""

    def __init__(self, client: framewise.Client) -> None:
        self._client = client
        self._known: OrderedDict[UUID, tuple[str | None, float]] = OrderedDict()

    def camera_of(self, video_id: UUID) -> str | None:
        """See Cameras; raises what the client raises."""
        known = self._known.get(video_id)
        if known is not None and time.monotonic() - known[1] < KNOWN_SECONDS:
            return known[0]
        camera_id = self._asked(video_id)
        self._known[video_id] = (camera_id, time.monotonic())
        self._known.move_to_end(video_id)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return camera_id

    def _asked(self, video_id: UUID) -> str | None:
        try:
            video = self._client.video(video_id)
        except framewise.NotFound:
            return None
        tags = (tag for tag in video.tags if tag.startswith(CAMERA_TAG) and video.source == "stream")
        return next((tag.removeprefix(CAMERA_TAG) for tag in tags), None)


class ServicePictures:
    """Pictures by the service. Safe for threads."""

    def __init__(self, client: framewise.Client, patience: float = PICTURE_SECONDS) -> None:
        self._client = client
        self._patience = patience
        self._without: OrderedDict[UUID, None] = OrderedDict()
        self._lock = threading.Lock()

    def annotated(self, video_id: UUID, frame_number: int) -> bytes:
        """See Pictures. A video whose last picture never came, such as one that keeps none, is not waited for again."""
        until = time.monotonic() + (0 if self._knows_none(video_id) else self._patience)
        while True:
            try:
                jpeg = self._client.frame(video_id, frame_number)
                self._note(video_id, there=True)
                return jpeg
            except framewise.NotFound:
                if time.monotonic() >= until:
                    self._note(video_id, there=False)
                    return b""
            time.sleep(PAUSE_SECONDS)

    def _knows_none(self, video_id: UUID) -> bool:
        with self._lock:
            return video_id in self._without

    def _note(self, video_id: UUID, there: bool) -> None:
        with self._lock:
            if there:
                self._without.pop(video_id, None)
                return
            self._without[video_id] = None
            if len(self._without) > MOST_KNOWN:
                self._without.popitem(last=False)
