"""A page's camera through the whole stack: pictures in, results and a live picture out, and nothing left behind."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import pytest

from stack.trial import Trial
from tests.e2e.service import Service
from tests.unit.api.clips.recordings import played
from tests.unit.api.live.parts import parts_of

pytestmark = pytest.mark.slow
PICTURES, EVERY = 40, 0.1
WRONG = timedelta(hours=3)
"""By so much the camera's clock is wrong."""


@pytest.fixture(scope="module")
def photo(media: Path) -> bytes:
    """A photo with a person, as a camera sends it."""
    image = cv2.imread(str(media / "ident" / "biden2.jpg"))
    assert image is not None
    return cv2.imencode(".jpg", cv2.resize(image, (1280, 720)))[1].tobytes()


def test_what_a_camera_sees_is_analysed_shown_and_recorded(
    service: Service, models: dict[str, Any], photo: bytes, stack: Trial
) -> None:
    answer = service.http.post("/analysis/webcam", json={"modelsToRun": ["objects_detection"]})
    path = answer.raise_for_status().json()["status_url"]
    with watched(service, path) as seen:
        captured = _send(service, path, photo)
        assert service.http.post(f"{path}/frames/end").status_code == 204
        video = service.wait(path)
    assert (video["status"], video["connected"], video["gaps"]) == ("completed", None, []), video
    frames = video["frames"]
    assert frames["expected"] == frames["done"] >= 3
    assert frames["done"] + frames["dropped"] == PICTURES
    assert len(seen) >= 2, "the picture moves"
    rows = service.rows(path)
    _check_times(rows, captured)
    assert "person" in {found["label"] for row in rows for found in row["detections"]}
    clip = service.http.get(f"{path}/clip").raise_for_status()
    assert [p.at for p in played(clip.content)] == pytest.approx(
        [row["media_time"] - rows[0]["media_time"] for row in rows], abs=0.002
    )
    assert service.http.delete(path).status_code == 204
    assert not (stack.settings.data_dir / "sources" / video["video_id"]).exists()


def _send(service: Service, path: str, photo: bytes) -> list[datetime]:
    """Pictures at a steady rate; when each was captured in truth."""
    began, captured = time.monotonic(), []
    for number in range(1, PICTURES + 1):
        captured.append(datetime.now(UTC))
        said = {"captured_at": (captured[-1] + WRONG).isoformat()}
        sent = service.http.post(f"{path}/frames", params=said, content=photo)
        assert sent.status_code == 202, sent.text
        time.sleep(max(0.0, began + number * EVERY - time.monotonic()))
    return captured


def _check_times(rows: list[dict[str, Any]], captured: list[datetime]) -> None:
    """Every row has the time of one of the pictures by our clock, though the camera's is wrong."""
    times = [datetime.fromisoformat(row["captured_at"]) for row in rows]
    assert times == sorted(set(times))
    for at in times:
        assert min(abs((at - true).total_seconds()) for true in captured) < EVERY
    assert abs((times[-1] - captured[-1]).total_seconds()) < 2.0


@contextmanager
def watched(service: Service, path: str) -> Iterator[set[int]]:
    """Somebody looks at the live picture; the frames that were seen. It must end with the video."""
    seen: set[int] = set()

    def look() -> None:
        body = b""
        with service.http.stream("GET", f"{path}/live") as answer:
            for piece in answer.iter_raw():
                body = (body + piece)[-(2**21) :]
                seen.update(part.frame_number for part in parts_of(body))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    yield seen
    thread.join(20)
    assert not thread.is_alive()
