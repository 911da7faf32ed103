"""Feeds that a process of this machine captures: it is started, watched and ended; here one that captures nothing."""

import sys
import time
from functools import partial
from pathlib import Path

import psutil
import pytest

from api.services import Services
from framewise import Client
from framewise.errors import FramewiseError
from framewise.feeds import cameras, fleet
from framewise.feeds.cameras import Cameras, arguments
from framewise.feeds.file import Feed
from framewise.feeds.fleet import Fleet, Running
from framewise.feeds.submitting import Sending, key_of
from pipeline.contracts.settings import ROOT
from pipeline.contracts.videos import VideoStatus
from tests.processes import command_line

CAPTURES = """
import os, sys, time
sys.path.insert(0, {root!r})
from framewise import Client
options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
assert os.environ["FRAMEWISE_KEY"] == "fw_secret" and "fw_secret" not in sys.argv
with Client(os.environ["FRAMEWISE_URL"]) as client:
    client.camera(options["--camera-id"], options["--keep"], tags=[options["--interval"]])
{then}
"""


@pytest.fixture(autouse=True)
def prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(cameras, "POLL_SECONDS", 0.05)


def a_camera(folder: Path, then: str) -> Cameras:
    """Cameras whose process registers and then does something."""
    script = folder / "camera.py"
    script.write_text(CAPTURES.format(root=str(ROOT), then=then))
    return Cameras("fw_secret", (sys.executable, str(script)))


DOOR = Feed(id="door", source="0", rate=4, models=("objects", "faces:0.9"), keep="all", tags=("yard",))


def test_a_feed_becomes_the_camera_s_options() -> None:
    assert arguments(DOOR) == [
        *("--source", "0", "--camera-id", "door", "--name", "door", "--keep", "all"),
        *("--interval", "0.25", "--tag", "yard", "--models", "objects,faces:0.9"),
    ]


def test_a_camera_runs_while_it_is_followed_and_ends_in_order(
    client: Client, services: Services, tmp_path: Path
) -> None:
    capturing = a_camera(tmp_path, "time.sleep(60)")
    video = capturing.start(client, DOOR)
    assert (video.keep, "0.25" in video.tags) == ("all", True)
    assert capturing.trouble(DOOR) == ""
    running = [p for p in psutil.Process().children() if "camera.py" in command_line(p)]
    assert len(running) == 1
    capturing.close()
    assert not running[0].is_running()
    with pytest.raises(FramewiseError, match="have been left"):
        capturing.start(client, DOOR)


def test_one_that_cannot_be_opened_says_why(client: Client, tmp_path: Path) -> None:
    script = tmp_path / "camera.py"
    script.write_text("import sys; sys.exit('there is no camera 0')")
    capturing = Cameras(None, (sys.executable, str(script)))
    try:
        with pytest.raises(FramewiseError, match="ended with status 1: there is no camera 0"):
            capturing.start(client, DOOR)
    finally:
        capturing.close()


def test_one_that_fails_later_ends_its_feed_and_no_other(client: Client, services: Services, tmp_path: Path) -> None:
    capturing = a_camera(tmp_path, "time.sleep(1); sys.exit('the camera was taken away')")
    page = Feed(id="page", source="https://example.com/a.mp4")
    running = [Running(feed, partial(_key, feed, tmp_path)) for feed in (DOOR, page)]
    both = Fleet(client, running, Sending(capturing))
    until = time.monotonic() + 30
    try:
        while not running[0].over:
            assert time.monotonic() < until, running
            both.turn()
            time.sleep(0.02)
    finally:
        both.close()
    assert running[0].trouble == "the camera ended with status 1: the camera was taken away"
    assert not running[1].over
    assert {v.status for v in map(services.videos.get, services.videos.open_videos(10)) if v} == {VideoStatus.PENDING}


def _key(feed: Feed, file: Path, turn: int) -> str:
    return key_of(feed, file, turn)
