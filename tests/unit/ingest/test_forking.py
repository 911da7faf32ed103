"""Decoding children that are forked from a process with their libraries loaded: as good and as confined as others."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ingest.decode.forking import Forking
from ingest.decode.process import DecoderProcess
from ingest.decode.spawning import ENVIRONMENT
from pipeline.contracts.errors import MediaError, StoreUnavailable
from tests.unit.ingest.decoding import REQUEST, begun, decoded
from tests.unit.ingest.media import numbered_video
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def forking() -> Iterator[Forking]:
    found = Forking()
    yield found
    found.close()


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video that nobody decodes at once."""
    return numbered_video(tmp_path_factory.mktemp("media") / "long.mp4", 250, 640, 480)


def process_of(forking: Forking) -> psutil.Process:
    """The one that is forked from."""
    assert forking._running is not None
    return psutil.Process(forking._running[0].pid)


def test_they_say_what_a_child_of_its_own_says(forking: Forking, tmp_path: Path) -> None:
    video = numbered_video(tmp_path / "a.mp4", 12)
    anew, forked = decoded(video), decoded(video, spawn=forking)
    assert (forked.frames, forked.probe, forked.end) == (anew.frames, anew.probe, anew.end)
    assert forked.confinement == anew.confinement


def test_they_are_confined_and_hold_nothing_but_their_pipes(forking: Forking, long: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    with secret.open() as kept, DecoderProcess(REQUEST, long, 20.0, lambda: None, forking) as other:
        os.set_inheritable(kept.fileno(), True)
        begun(other.messages())
        with DecoderProcess(REQUEST, long, 20.0, lambda: None, forking) as child:
            begun(child.messages())
            process = psutil.Process(child.pid)
            assert {file.path for file in process.open_files()} <= {str(long), os.devnull}
            assert [c for c in process.net_connections("all") if c.status == "ESTABLISHED" or c.raddr] == []
            assert process.num_fds() <= 6
            assert process.environ().keys() <= {*ENVIRONMENT, "LC_CTYPE"}
            assert process.rlimit(psutil.RLIMIT_AS)[1] == REQUEST.memory_bytes
            assert process.rlimit(psutil.RLIMIT_NOFILE)[1] == 64
        assert not psutil.pid_exists(child.pid)
        assert psutil.pid_exists(other.pid)


def test_their_deaths_are_explained(forking: Forking, long: Path) -> None:
    for number, said in ((signal.SIGSEGV, "crashed on this file .SIGSEGV."), (signal.SIGKILL, "was killed .SIGKILL.")):
        with DecoderProcess(REQUEST, long, 20.0, lambda: None, forking) as child:
            messages = child.messages()
            begun(messages)
            os.kill(child.pid, number)
            with pytest.raises(MediaError, match=said):
                list(messages)


def test_what_is_no_video_and_what_has_too_little_memory_is_said(forking: Forking, tmp_path: Path) -> None:
    text = tmp_path / "a.mp4"
    text.write_text("no video")
    with pytest.raises(MediaError, match="is text, not a video"):
        decoded(text, spawn=forking)
    with pytest.raises(MediaError, match="memory"):
        decoded(numbered_video(tmp_path / "b.mp4", 3), spawn=forking, memory_bytes=120 << 20)


def test_another_process_takes_the_place_of_one_that_was_killed(forking: Forking, long: Path) -> None:
    decoded(long, spawn=forking)
    first = process_of(forking)
    with DecoderProcess(REQUEST, long, 20.0, lambda: None, forking) as child:
        messages = child.messages()
        begun(messages)
        first.kill()
        with pytest.raises(StoreUnavailable, match="was killed"):
            list(messages)
    assert len(decoded(long, spawn=forking).frames) == 250
    assert process_of(forking).pid != first.pid


def test_where_there_can_be_none_the_video_is_put_off(long: Path, tmp_path: Path) -> None:
    forking = Forking((sys.executable, "-c", "raise SystemExit(1)"))
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            decoded(long, spawn=forking)
    forking.close()


def test_nothing_is_left_when_the_parent_is_killed(long: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(long)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
    )
    assert parent.stdout is not None
    with parent.stdout:
        pids = [int(word) for word in parent.stdout.readline().split()]
    parent.kill()
    parent.wait()
    for pid in pids:
        wait_until(lambda pid=pid: not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie")  # type: ignore[misc]


PARENT = """
import sys, time
from pathlib import Path
from ingest.decode.forking import Forking
from ingest.decode.process import DecoderProcess
from tests.unit.ingest.decoding import REQUEST, begun
forking = Forking()
child = DecoderProcess(REQUEST, Path(sys.argv[1]), 20.0, lambda: None, forking)
begun(child.messages())
print(child.pid, forking._running[0].pid, flush=True)
time.sleep(60)
"""
