"""Listening over the real API: the camera's video, its next one, and going on where a log ends."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from api.services import Services
from framewise import Client
from framewise.cli.main import main
from framewise.listening.listener import Listener
from framewise.listening.logs import EventLog, InMemoryLog
from framewise.listening.sightings import Rules, Sighting
from pipeline.contracts.results import Box, Detection, TaskName
from pipeline.contracts.settings import ROOT
from pipeline.contracts.videos import SourceKind, VideoStatus
from tests.unit.api.events.listening import World
from tests.unit.factories import T0, a_result, a_video, analyzed
from tests.waiting import wait_until

RULES = Rules(gone_seconds=0.25)
PERSON = Detection("person", 0.9, Box(0.1, 0.1, 0.3, 0.6))


class Camera:
    """A live video of the camera `front`, ten frames a second."""

    def __init__(self, services: Services, hours: int = 0) -> None:
        self.video = replace(
            a_video(status=VideoStatus.PROCESSING, created_at=T0 + timedelta(hours=hours)),
            source=SourceKind.STREAM,
            source_url="camera:front",
            tags=frozenset({"camera:front"}),
        )
        self.world = World(services, self.video)
        self.number = 0

    def shows(self, *people: bool) -> None:
        """So many frames more, with a person or without."""
        numbers = range(self.number + 1, self.number + 1 + len(people))
        self.number += len(people)
        self.world.sample(*range(1, self.number + 1))
        frames = [
            replace(
                analyzed(self.video.video_id, number, a_result([PERSON] if person else [], TaskName.OBJECTS)),
                captured_at=T0 + timedelta(seconds=number / 10),
            )
            for number, person in zip(numbers, people, strict=True)
        ]
        self.world.services.results.save(frames, {self.video.video_id: self.video.attempt_timestamp})
        self.world.ring(*frames)

    def ends(self) -> None:
        self.world.become(VideoStatus.COMPLETED)


class Heard:
    """What a listener in a thread has noticed."""

    def __init__(self, address: str, log: EventLog | None = None) -> None:
        self.sightings: queue.Queue[Sighting] = queue.Queue()
        self.said: list[str] = []
        self._over = threading.Event()
        self._client = Client(address)
        self._listener = Listener(self._client, "front", RULES, log, self.said.append, self._sleep)
        self._thread = threading.Thread(target=self._run)

    @contextmanager
    def listening(self) -> Iterator["Heard"]:
        self._thread.start()
        try:
            yield self
        finally:
            self._over.set()

    def join(self) -> None:
        self._thread.join(20)
        assert not self._thread.is_alive()
        self._client.close()

    def _run(self) -> None:
        try:
            for sighting in self._listener.sightings():
                self.sightings.put(sighting)
        except InterruptedError:
            return

    def _sleep(self, seconds: float) -> None:
        if self._over.wait(0.05):
            raise InterruptedError

    def next(self) -> tuple[str, str, int]:
        sighting = self.sightings.get(timeout=10)
        return sighting.kind, sighting.video_id, sighting.frame_number


def test_it_hears_from_now_on_and_goes_on_with_the_next_video(address: str, services: Services) -> None:
    before = Camera(services)
    before.shows(True, True)
    heard = Heard(address)
    with heard.listening():
        wait_until(lambda: any("listening to" in text for text in heard.said))
        wait_until(lambda: services.events.streams == 1)
        before.shows(True, True, True, False, False, False, False, False)
        assert heard.next() == ("appeared", str(before.video.video_id), 3)
        assert heard.next() == ("gone", str(before.video.video_id), 5)
        before.shows(True, True)
        assert heard.next()[0] == "appeared"
        before.ends()
        assert heard.next() == ("gone", str(before.video.video_id), 12)
        wait_until(lambda: any("waiting" in text for text in heard.said))
        after = Camera(services, hours=1)
        after.shows(True, True)
        assert heard.next() == ("appeared", str(after.video.video_id), 1)
        after.ends()
        assert heard.next()[0] == "gone"
    heard.join()
    assert heard.sightings.empty()


def test_a_video_that_begins_while_somebody_waits_is_heard_from_its_first_row(address: str, services: Services) -> None:
    heard = Heard(address)
    with heard.listening():
        wait_until(lambda: any("waiting" in text for text in heard.said))
        camera = Camera(services)
        camera.shows(True, True)
        assert heard.next() == ("appeared", str(camera.video.video_id), 1)
        camera.ends()
        assert heard.next()[0] == "gone"
    heard.join()


def test_a_log_is_gone_on_with_where_it_ends(address: str, services: Services) -> None:
    log = InMemoryLog()
    camera = Camera(services)
    first = Heard(address, log)
    with first.listening():
        wait_until(lambda: services.events.streams == 1)
        camera.shows(True, True, True)
        assert first.next()[0] == "appeared"
        del log.kept[1:]
        camera.shows(False, False, False, False, True, True)  # nobody listens to the rest
        camera.ends()
        for _ in range(3):
            first.next()
    first.join()
    missed = Camera(services, hours=1)
    missed.shows(True, True, True)
    missed.ends()
    whole, log.kept = log.kept, log.kept[:1]  # as if it had been killed after the first
    second = Heard(address, log)
    with second.listening():
        kinds = [second.next() for _ in range(5)]
    second.join()
    ids = str(camera.video.video_id), str(missed.video.video_id)
    assert [video_id for _, video_id, _ in kinds] == [ids[0]] * 3 + [ids[1]] * 2
    assert [sighting.id for sighting in log.kept[:4]] == [sighting.id for sighting in whole]
    assert [sighting.kind for sighting in log.kept] == ["appeared", "gone"] * 3
    assert len({sighting.id for sighting in log.kept}) == 6


@pytest.mark.parametrize("words", [["--log", "a.csv"], ["--min-confidence", "2"], []])
def test_wrong_usage_is_said(address: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    camera = [] if not words else ["--camera", "front"]
    assert main(["--url", address, "listen", *camera, *words]) == 2
    assert "Usage" in capsys.readouterr().err


def test_the_command_prints_lines_and_keeps_a_log(address: str, services: Services, tmp_path: Path) -> None:
    camera = Camera(services)
    words = ["--url", address, "listen", "--camera", "front", "--label", "person", "--log", str(tmp_path / "log.jsonl")]
    process = subprocess.Popen(
        [sys.executable, "-m", "framewise", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    wait_until(lambda: services.events.streams == 1)
    camera.shows(True, True)
    assert process.stdout is not None
    appeared = process.stdout.readline()
    camera.ends()
    gone = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert appeared.endswith("  front  person appeared  (0.90)\n")
    assert gone.endswith("  front  person gone after 0.1 s  (0.90)\n")
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 2
    assert "listening to" in said
