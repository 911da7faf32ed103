"""The decoding child as its parent sees it: how it ends, and what it may not do."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from ingest.decode.messages import PREFIX, SampledFrame
from ingest.decode.process import DecoderProcess
from ingest.decode.spawning import ENVIRONMENT, Spawn, started_anew
from ingest.halt import Halt, Halted, HaltReason
from pipeline.contracts.errors import MediaError
from pipeline.priority import NICENESS
from pipeline.sandbox.confinement import Confinement
from tests.unit.ingest.decoding import REQUEST, begun, decoded
from tests.unit.ingest.media import numbered_video
from tests.waiting import wait_until


def script(text: str) -> Spawn:
    """A child that runs this instead."""
    return started_anew((sys.executable, "-c", text))


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return numbered_video(tmp_path / "a.mp4", 30)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import os; os.abort()", "crashed on this file .SIGABRT."),
        ("import os; os.kill(os.getpid(), 11)", "crashed on this file .SIGSEGV."),
        ("import os; os.kill(os.getpid(), 9)", "was killed .SIGKILL., as a machine does that has no more memory"),
        ("import os; os.kill(os.getpid(), 24)", "processor time"),
        ("import os; os.kill(os.getpid(), 31)", "what its sandbox forbids .SIGSYS."),
        ("raise MemoryError", "more memory"),
        ("raise SystemExit(3)", "exit code 3"),
        ("print('hello, this is no message of ours')", "makes no sense"),
        ("import os; os.write(1, bytes([1, 255, 255, 255, 255, 0, 0, 0, 0]))", "makes no sense"),
        ("import os; os.write(1, bytes([3, 0, 0, 0, 2, 0, 0, 0, 0]) + b'[]')", "makes no sense"),
        ("import os; os.write(1, bytes([3, 0, 0, 0, 9, 0, 0, 0, 0]) + b'{\"a\": 12}')", "makes no sense"),
        ("import sys; sys.stderr.write('x' * 1000000); raise SystemExit(4)", "exit code"),
    ],
)
def test_deaths_are_explained(video: Path, text: str, said: str) -> None:
    with pytest.raises(MediaError, match=said):
        decoded(video, spawn=script(text))


def test_a_child_that_stands_still_is_ended(video: Path) -> None:
    with pytest.raises(MediaError, match="stands still"):
        decoded(video, spawn=script("import time; time.sleep(60)"), stall=0.3)


def test_it_stops_when_told(tmp_path: Path) -> None:
    video = numbered_video(tmp_path / "a.mp4", 250, 640, 480)
    halt = Halt()
    with DecoderProcess(REQUEST, video, 20.0, halt.check) as child:
        messages = child.messages()
        begun(messages)
        halt.raise_flag(HaltReason.ENDED)
        with pytest.raises(Halted):
            list(messages)
    assert not psutil.pid_exists(child.pid)


def test_the_pipe_holds_it_back(tmp_path: Path) -> None:
    """A child whose parent does not listen stands still, and goes on when it does."""
    video = numbered_video(tmp_path / "a.mp4", 250, 640, 480)
    with DecoderProcess(REQUEST, video, 20.0, lambda: None) as child:
        messages = child.messages()
        begun(messages)
        process = psutil.Process(child.pid)
        wait_until(lambda: is_idle(process))
        assert sum(isinstance(message, SampledFrame) for message in messages) == 250


def test_a_file_gives_way(video: Path) -> None:
    with DecoderProcess(REQUEST, video, 20.0, lambda: None) as child:
        begun(child.messages())
        assert psutil.Process(child.pid).nice() == min(psutil.Process().nice() + NICENESS, 19)


def is_idle(process: psutil.Process) -> bool:
    before = process.cpu_times().user
    time.sleep(0.2)
    return process.cpu_times().user == before


def test_too_little_memory(video: Path) -> None:
    with pytest.raises(MediaError, match="memory"):
        decoded(video, memory_bytes=120 << 20)


def test_pictures_that_are_too_large_for_the_memory(tmp_path: Path) -> None:
    """The libraries fit and the pictures do not: the limit ends the child while it decodes."""
    video = numbered_video(tmp_path / "a.mp4", 2, 8000, 4320, codec="mpeg4")
    request = replace(REQUEST, memory_bytes=550 << 20, frame_height=4320)
    with DecoderProcess(request, video, 20.0, lambda: None) as child:
        messages = child.messages()
        assert isinstance(next(messages), Confinement)
        with pytest.raises(MediaError, match="more memory than FRAMEWISE_DECODE_MEMORY_BYTES allows"):
            list(messages)


def test_it_holds_nothing_but_its_pipes(tmp_path: Path) -> None:
    """No descriptor of the parent and no variable of its environment reaches the child."""
    video = numbered_video(tmp_path / "long.mp4", 250, 640, 480)
    secret = tmp_path / "secret"
    secret.write_text("x")
    with secret.open() as kept:
        os.set_inheritable(kept.fileno(), True)
        with DecoderProcess(REQUEST, video, 20.0, lambda: None) as child:
            begun(child.messages())
            process = psutil.Process(child.pid)
            assert str(secret) not in {file.path for file in process.open_files()}
            assert process.environ().keys() <= {*ENVIRONMENT, "LC_CTYPE"}


def test_it_is_confined(tmp_path: Path) -> None:
    video = numbered_video(tmp_path / "long.mp4", 250, 640, 480)
    with DecoderProcess(REQUEST, video, 20.0, lambda: None) as child:
        begun(child.messages())
        process = psutil.Process(child.pid)
        assert process.rlimit(psutil.RLIMIT_AS)[1] == REQUEST.memory_bytes
        assert process.rlimit(psutil.RLIMIT_CORE)[1] == 0
        assert process.rlimit(psutil.RLIMIT_FSIZE)[1] == 0
        assert 0 < process.rlimit(psutil.RLIMIT_CPU)[1] < 10**6
        assert process.rlimit(psutil.RLIMIT_NOFILE)[1] == 64


def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    video = numbered_video(tmp_path / "a.mp4", 250, 640, 480)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(video)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
    )
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


PARENT = """
import sys, time
from pathlib import Path
from ingest.decode.process import DecoderProcess
from tests.waiting import wait_until
from tests.unit.ingest.decoding import REQUEST, begun
child = DecoderProcess(REQUEST, Path(sys.argv[1]), 20.0, lambda: None)
begun(child.messages())
print(child.pid, flush=True)
time.sleep(60)
"""


def test_the_prefix_is_nine_bytes() -> None:
    assert PREFIX.size == 9
