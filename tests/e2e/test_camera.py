"""A file played as a camera by `framewise camera`, through the whole stack, and out at those who listen."""

import json
import logging
import os
import signal
import statistics
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import cv2
import pytest

from framewise import Client, FramewiseError
from pipeline.contracts.settings import ROOT
from stack.trial import Trial
from tests.waiting import wait_until

pytestmark = pytest.mark.slow
CAMERA, SECONDS, INTERVAL = "yard", 12.0, 0.2
WITHIN_SECONDS = 2.0
WARM = 10
"""Pictures that are not counted: the video is being taken up meanwhile."""
logger = logging.getLogger(__name__)


@contextmanager
def running(stack: Trial, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """The command `framewise`, which is asked to end unless it has done so by itself."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FRAMEWISE_")} | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "framewise", "--url", stack.settings.api_url, *words]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, cwd=ROOT, text=True, stdout=pipe, stderr=pipe) as process:
        try:
            yield process
            process.send_signal(signal.SIGINT)
            process.wait(60)
        finally:
            process.kill()


class Followed:
    """A video's events, and how many seconds after its capture each frame's result came."""

    def __init__(self, client: Client, video_id: str) -> None:
        self._client = client
        self._video_id = video_id
        self.late: list[float] = []
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            for event in self._client.events(self._video_id):
                if event.type == "result":
                    captured = datetime.fromisoformat(event.data["captured_at"])
                    self.late.append((datetime.now(UTC) - captured).total_seconds())
        except FramewiseError:
            return


@pytest.mark.usefixtures("models")
def test_a_film_as_a_camera_is_heard_within_two_seconds(stack: Trial, media: Path, tmp_path: Path) -> None:
    film, latest = media / "video" / "woman_dog.mp4", tmp_path / "now.jpg"
    sends = ["camera", "--source", str(film), "--camera-id", CAMERA, "--models", "objects"]
    sends += ["--interval", str(INTERVAL), "--seconds", str(SECONDS), "--latest", str(latest)]
    listens = ["listen", "--camera", CAMERA, "--label", "person", "--json"]
    with Client(stack.settings.api_url) as client, running(stack, *listens) as listener:
        with running(stack, *sends) as camera:
            assert camera.stdout is not None
            assert camera.stderr is not None
            video_id = camera.stdout.readline().strip()
            followed = Followed(client, video_id)
            followed.thread.start()
            assert listener.stdout is not None
            appeared = json.loads(listener.stdout.readline())
            assert camera.wait(60) == 0  # the film is over
            said = camera.stderr.read()
        video = client.wait(video_id, timeout=60)
        followed.thread.join(30)
        rows = list(client.results(video_id, label="person"))
    assert (appeared["kind"], appeared["label"], appeared["video_id"]) == ("appeared", "person", video_id)
    assert (video.status, video.tags, video.error) == ("completed", [f"camera:{CAMERA}"], None)
    assert video.frames.done >= WARM + 20, video
    assert len(rows) > 10
    assert "pictures were sent" in said
    assert cv2.imread(str(latest)) is not None
    late = followed.late[WARM:]
    median, most = statistics.median(late), sorted(late)[int(len(late) * 0.95)]
    logger.info("%d results, %.2f s after capture in the median, p95 %.2f s", len(late), median, most)
    assert median < WITHIN_SECONDS, late


@pytest.mark.usefixtures("models")
def test_whoever_interrupts_the_camera_ends_its_video(stack: Trial, media: Path) -> None:
    film = media / "video" / "woman_dog.mp4"
    sends = ["camera", "--source", str(film), "--camera-id", "gate", "--models", "colors", "--keep", "all"]
    with Client(stack.settings.api_url) as client:
        with running(stack, *sends) as camera:
            assert camera.stdout is not None
            video_id = camera.stdout.readline().strip()
            wait_until(lambda: client.video(video_id).frames.done > 5, 60)
        assert camera.returncode == 0
        video = client.wait(video_id, timeout=60)
    assert (video.status, video.frames.dropped, video.gaps) == ("completed", 0, [])
    assert video.frames.done == video.frames.expected
