"""Many feeds against the real application: sent once, followed to their ends, whatever becomes of them."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from api.services import Services
from framewise import Client
from framewise.cli import feeds as command
from framewise.cli.main import main
from framewise.feeds import fleet
from framewise.feeds.file import Feed
from framewise.feeds.fleet import Fleet, Running
from framewise.feeds.submitting import key_of
from pipeline.contracts.errors import Problem
from pipeline.contracts.settings import ROOT
from pipeline.contracts.videos import Video, VideoStatus
from tests.unit.factories import a_video

THREE = """
[defaults]
rate = 2
models = ["objects", "faces:0.9"]
tags = ["trial"]

[[feed]]
id = "page"
source = "https://example.com/a.mp4"

[[feed]]
id = "film"
source = "film.mp4"
rate = 4

[[feed]]
id = "yard"
source = "rtsp://camera.example/yard"
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three feeds, in the folder in which one is."""
    monkeypatch.setattr(fleet, "PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(command, "LOOK_SECONDS", 0.05)
    (tmp_path / "film.mp4").write_bytes(b"a film")
    path = tmp_path / "feeds.toml"
    path.write_text(THREE)
    return path


def videos_of(services: Services) -> dict[str, Video]:
    """The videos that have not ended, by their names."""
    found = (services.videos.get(video_id) for video_id in services.videos.open_videos(100))
    return {video.video_name: video for video in found if video is not None}


class Analysis:
    """Ends every video that there is, again and again."""

    def __init__(self, services: Services, ends: Callable[[Video], VideoStatus]) -> None:
        self.ended: list[str] = []
        self._services, self._ends = services, ends
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Analysis":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._stopped.wait(0.02):
            for name, video in videos_of(self._services).items():
                self._services.videos.transition(video.video_id, VideoStatus.PROCESSING)
                self._services.videos.set_expected(video.video_id, 0, 0)
                status = self._ends(video)
                problem = Problem("unreadable", "Unreadable", "no moov box") if status is VideoStatus.FAILED else None
                self._services.videos.transition(video.video_id, status, problem)
                self.ended.append(name)


def feeds(address: str, *words: object) -> int:
    return main(["--url", address, "feeds", *map(str, words)])


def test_each_is_sent_with_its_own_wishes_and_followed_to_its_end(
    address: str, services: Services, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: dict[str, Video] = {}

    def complete(video: Video) -> VideoStatus:
        seen[video.video_name] = video
        return VideoStatus.COMPLETED

    with Analysis(services, complete):
        assert feeds(address, file) == 0
    assert set(seen) == {"page", "film", "yard"}
    assert {name: video.sampling.sample_seconds for name, video in seen.items()} == {
        "page": 0.5,
        "film": 0.25,
        "yard": 0.5,
    }
    assert [(t.name, t.min_confidence) for t in seen["yard"].tasks] == [
        ("objects_detection", None),
        ("faces_detection", 0.9),
    ]
    assert (seen["film"].external_id, seen["film"].tags) == ("film", frozenset({"trial"}))
    shown = capsys.readouterr()
    assert shown.out.splitlines()[2] == f"film\t{seen['film'].video_id}\tcompleted"
    assert "3 feeds: 3 completed; 0 frames in" in shown.err


def test_the_same_file_goes_on_with_the_same_videos_until_it_is_asked_anew(
    address: str, services: Services, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert feeds(address, file, "--no-wait", "--json") == 0
    first = {video.video_id for video in videos_of(services).values()}
    assert {UUID(json.loads(line)["video_id"]) for line in capsys.readouterr().out.splitlines()} == first
    assert feeds(address, file, "--no-wait") == 0
    assert {video.video_id for video in videos_of(services).values()} == first
    (file.parent / "film.mp4").write_bytes(b"another film")
    with Analysis(services, lambda video: VideoStatus.COMPLETED) as analysis:
        assert feeds(address, file) == 0
        assert analysis.ended.count("film") == 2, "its file is another one"
        assert feeds(address, file, "--again") == 0
        assert analysis.ended.count("yard") == 2


def test_one_that_fails_or_is_refused_keeps_no_other_up(
    address: str, services: Services, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(THREE + '\n[[feed]]\nid = "odd"\nsource = "https://example.com/b.mp4"\nmodels = ["cats"]\n')

    def fail_one(video: Video) -> VideoStatus:
        return VideoStatus.FAILED if video.video_name == "film" else VideoStatus.COMPLETED

    with Analysis(services, fail_one):
        assert feeds(address, file) == 1
    said = capsys.readouterr().err
    assert "4 feeds: 2 completed, 1 failed, 1 refused" in said
    assert "film: no moov box" in said
    assert "odd: #/modelsToRun/0/name" in said


def test_a_file_is_analysed_as_often_as_it_says(address: str, services: Services, file: Path) -> None:
    file.write_text('[[feed]]\nid = "film"\nsource = "film.mp4"\nloop = 3\n')
    with Analysis(services, lambda video: VideoStatus.COMPLETED) as analysis:
        assert feeds(address, file) == 0
        assert analysis.ended == ["film"] * 3


def test_a_wrong_file_is_2_and_nothing_is_sent(
    address: str, services: Services, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(THREE + "rate = 0\n")
    assert feeds(address, file) == 2
    assert "feed 3 (line 16): rate: Input should be greater than 0" in capsys.readouterr().err
    assert feeds(address, file.parent / "none.toml") == 2
    assert videos_of(services) == {}


def test_a_check_sends_nothing(
    address: str, services: Services, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert feeds(address, file, "--check") == 0
    assert capsys.readouterr().out == "3 feeds: 1 address, 1 file, 1 stream\n"
    assert videos_of(services) == {}


@pytest.fixture
def following(address: str, file: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the command in a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        line = [sys.executable, "-m", "framewise", "feeds", str(file), *words]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "FRAMEWISE_URL": address}
        started.append(subprocess.Popen(line, env=environment, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("words", "left", "said"), [((), 3, "The feeds go on."), (("--stop",), 0, "are cancelled")])
def test_an_interruption_leaves_them_or_cancels_them(
    services: Services,
    following: Callable[..., subprocess.Popen[str]],
    words: tuple[str, ...],
    left: int,
    said: str,
) -> None:
    process = following(*words)
    until = time.monotonic() + 20
    while len(videos_of(services)) < 3:
        assert time.monotonic() < until
        time.sleep(0.02)
    assert process.stderr is not None
    heard = [process.stderr.readline() for _ in range(3)]
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=20)[1]
    assert process.returncode == 130, (heard, rest)
    assert said in rest
    assert len(videos_of(services)) == left


def test_a_service_that_is_full_or_away_is_waited_for(
    client: Client, services: Services, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three videos may be open, and are; what comes then is taken when they have ended."""
    monkeypatch.setattr(fleet, "AWAY_SECONDS", 30.0)
    for number in range(3):
        services.videos.create(replace(a_video(), video_name=f"before {number}"))
    found = [Feed(id=f"f{n}", source=f"https://example.com/{n}.mp4") for n in range(2)]
    many = Fleet(client, [Running(one, partial(_key, one, file)) for one in found])
    try:
        _turn_until(many, lambda: all(one.trouble for one in many.running))
        assert len(videos_of(services)) == 3
        assert not many.over
        with Analysis(services, lambda video: VideoStatus.COMPLETED):
            _turn_until(many, lambda: many.over)
    finally:
        many.close()
    assert all(one.well for one in many.running)


def test_one_that_does_not_answer_for_long_is_given_up(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "AWAY_SECONDS", 0.2)
    feed = Feed(id="a", source="https://example.com/a.mp4")
    with Client("http://127.0.0.1:9") as nobody:
        alone = Fleet(nobody, [Running(feed, partial(_key, feed, file))])
        try:
            _turn_until(alone, lambda: alone.over)
        finally:
            alone.close()
    assert "does not answer" in alone.running[0].trouble
    assert not alone.running[0].well


def _key(feed: Feed, file: Path, turn: int) -> str:
    return key_of(feed, file, turn)


def _turn_until(many: Fleet, true: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until, many.running
        many.turn()
        time.sleep(0.02)
