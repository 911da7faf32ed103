"""A camera that sends pictures to the service as a page does, in a thread of its own."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

import cv2

from tests.e2e.service import Service
from tests.unit.factories import jpeg

PAUSE_SECONDS = 0.25
SHADES = ((30, 90, 200), (200, 90, 30), (60, 160, 60))
PHOTOS = ("astronaut_collins.png", "cat_chelsea.png", "cup_spoon_coffee.png", "grace_hopper.jpg")
"""In the public domain: they are in the screenshots of the docs."""


def pictures(media: Path | None) -> list[bytes]:
    """Photos of people, a cat and a cup; plain colours where there is no media."""
    if media is None:
        return [jpeg(320, 180, shade) for shade in SHADES]
    return [_small(media / "photos" / name) for name in PHOTOS]


def _small(path: Path) -> bytes:
    """640 × 360, its sides continued."""
    image = cv2.imread(str(path))
    assert image is not None
    width = 360 * image.shape[1] // image.shape[0]
    left, right = (640 - width) // 2, (641 - width) // 2
    wide = cv2.copyMakeBorder(cv2.resize(image, (width, 360)), 0, 0, left, right, cv2.BORDER_REPLICATE)
    return cv2.imencode(".jpg", wide)[1].tobytes()


class Camera:
    """Sends pictures in turn until it is stopped."""

    def __init__(self, service: Service, name: str, shown: Sequence[bytes], tasks: Sequence[str]) -> None:
        body = {"videoName": name, "modelsToRun": list(tasks), "frameStep": 1}
        answer = service.http.post("/analysis/webcam", json=body)
        assert answer.status_code == 201, answer.text
        self.path: str = answer.json()["status_url"]
        self.video_id: str = answer.json()["video_id"]
        self._service = service
        self._shown = cycle(shown)
        self._stop = threading.Event()
        self.thread = threading.Thread(target=self._send, name="camera")

    def _send(self) -> None:
        until = time.monotonic() + 120
        while not self._stop.wait(PAUSE_SECONDS) and time.monotonic() < until:
            at = datetime.now(UTC).isoformat()
            picture, headers = next(self._shown), {"content-type": "image/jpeg"}
            self._service.http.post(f"{self.path}/frames", params={"captured_at": at}, content=picture, headers=headers)

    def stop(self) -> None:
        """Send no more, and say so."""
        self._stop.set()
        self.thread.join(30)
        self._service.http.post(f"{self.path}/frames/end")


@contextmanager
def filming(service: Service, name: str, shown: Sequence[bytes], *tasks: str) -> Iterator[Camera]:
    """A camera that sends meanwhile."""
    camera = Camera(service, name, shown, tasks)
    camera.thread.start()
    try:
        yield camera
    finally:
        camera.stop()
