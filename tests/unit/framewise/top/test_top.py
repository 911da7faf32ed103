"""What `framewise top` shows of the real application, and of answers with everything in them."""

import io
import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from api.services import Services
from api.streams.answers import EXAMPLE as STREAMS
from api.system.answers import EXAMPLE as SYSTEM
from framewise.cli.main import main
from framewise.system import LiveStream, System
from framewise.top.look import Look
from framewise.top.screen import screen, size
from pipeline.contracts.settings import ROOT
from pipeline.contracts.videos import Video, VideoStatus
from tests.unit.factories import a_video

NASTY = "a\x1b]0;owned\x07[red]b"


def drawn(look: Look, height: int | None = None) -> str:
    console = Console(file=io.StringIO(), width=160, highlight=False)
    console.print(screen(look, height))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture
def full() -> Look:
    """A look at a service in which everything is."""
    system = System.model_validate(SYSTEM | {"gpus": [{"gpu": "0", "use": 0.83, "memory_bytes": 2_500_000_000}]})
    streams = [LiveStream.model_validate(item) for item in STREAMS["items"]]  # type: ignore[union-attr]
    return Look(system=system, streams=tuple(streams))


def test_everything_is_shown(full: Look) -> None:
    shown = drawn(full)
    for text in (
        "warn",
        "The analysis is 90 s behind. Take more workers",
        "videos: 2 at work, 3 waiting   workers: 2 of 2 wanted, 1 for live frames   behind: 90 s   rates over 30 s",
        "rtsp://camera.example/yard",
        "334.0 MB  3735",
        "host-4711-a1b2c3  20.9",
        "done   41.5",
        "worker   2          1.90  1.4 GB",
        "0    83%  2.5 GB",
    ):
        assert text in shown


def test_names_control_no_terminal_and_passwords_are_not_shown(full: Look) -> None:
    stream = full.streams[0]
    video = stream.video.model_copy(update={"video_name": NASTY})
    odd = stream.model_copy(update={"camera": "rtsp://me:secret@camera.example/yard", "video": video})
    shown = drawn(full.model_copy(update={"streams": (odd,)}))
    assert "\x1b" not in shown
    assert "[red]b rtsp://camera.example/yard" in shown
    assert "secret" not in shown


def test_long_lists_are_cut_to_what_has_room(full: Look) -> None:
    shown = drawn(full.model_copy(update={"streams": full.streams * 40}), height=40)
    assert "and 32 more" in shown
    assert shown.count("rtsp://camera.example/yard") == 8


def test_a_service_that_is_away_is_said() -> None:
    assert drawn(Look(error="http://127.0.0.1:9 does not answer")) == "http://127.0.0.1:9 does not answer\n"


@pytest.mark.parametrize(
    ("count", "words"),
    [(None, "-"), (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (8.6e9, "8.6 GB"), (2e15, "2000.0 TB")],
)
def test_bytes_in_words(count: int | None, words: str) -> None:
    assert size(count) == words


@pytest.mark.usefixtures("roomy_disk")
def test_one_look_is_for_people_and_for_programs(
    address: str, services: Services, video: Video, capsys: pytest.CaptureFixture[str]
) -> None:
    working = a_video()
    services.videos.create(working)
    services.videos.transition(working.video_id, VideoStatus.PROCESSING)
    assert main(["--url", address, "top", "--once"]) == 0
    shown = capsys.readouterr().out
    assert str(working.video_id)[:8] in shown
    assert str(video.video_id)[:8] not in shown, "it has ended"
    assert main(["--url", address, "top", "--once", "--json"]) == 0
    look = json.loads(capsys.readouterr().out)
    assert [one["video_id"] for one in look["videos"]] == [str(working.video_id)]
    assert look["system"]["level"] == "good"


def test_a_service_that_is_not_there_is_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", "http://127.0.0.1:9", "top", "--once"]) == 3
    assert "does not answer" in capsys.readouterr().out


def test_in_a_terminal_it_goes_on_until_q(address: str, tmp_path: Path) -> None:
    mine, theirs = pty.openpty()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "FRAMEWISE_URL": address, "TERM": "xterm"}
    command = [sys.executable, "-m", "framewise", "top", "--interval", "0.5"]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        shown, until = b"", time.monotonic() + 20
        while shown.count(b"UTC") < 2:
            assert time.monotonic() < until, shown
            shown += os.read(mine, 65536)
        os.write(mine, b"xq")
        assert process.wait(20) == 0
    os.close(theirs)
    os.close(mine)
