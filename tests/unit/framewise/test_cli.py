"""The command line against the real application: what it prints, and with which status it ends."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from api.services import Services
from framewise.cli.main import main
from pipeline.contracts.errors import Problem
from pipeline.contracts.settings import ROOT
from pipeline.contracts.videos import Video, VideoStatus
from tests.unit.factories import a_result, a_video, analyzed

Run = Callable[..., tuple[int, str, str]]
NASTY = "a\x1b]0;owned\x07\x9b31m[red]\u202eb\nc"


@pytest.fixture
def run(address: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """The command's status, its output and its errors, in an empty folder."""
    monkeypatch.setenv("FRAMEWISE_URL", address)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def command(*words: object) -> tuple[int, str, str]:
        status = main([str(word) for word in words])
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    return command


def test_failures_are_shown_with_their_reasons(run: Run, services: Services, video: Video) -> None:
    broken = analyzed(video.video_id, 1001, a_result(error=f"too dark {NASTY}"))
    services.results.save([broken, replace(broken, frame_number=1002, error="gone", results=())], {video.video_id: 1})
    status, shown, _ = run("failures", video.video_id)
    assert status == 0
    assert "\x1b" not in shown
    assert "1001\tobjects_detection\ttoo dark" in shown
    assert "1002\tthe whole frame\tgone" in shown
    assert json.loads(run("failures", video.video_id, "--json")[1].splitlines()[0])["frame_number"] == 1001


def test_an_address_becomes_an_id(run: Run, services: Services) -> None:
    status, shown, _ = run("submit", "https://example.com/a.mp4", "--tasks", "objects,faces:0.9", "--step", 7)
    (video_id,) = services.videos.open_videos(10)
    video = services.videos.get(video_id)
    assert video is not None
    assert (status, shown) == (0, f"{video_id}\n")
    assert [(t.name, t.min_confidence) for t in video.tasks] == [("objects_detection", None), ("faces_detection", 0.9)]
    assert video.sampling.frame_step == 7


def test_a_folder_is_each_of_its_videos(run: Run, tmp_path: Path) -> None:
    for name in ("b.MP4", "sub/a.mkv", "notes.txt", "c.jpg"):
        (tmp_path / "films" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "films" / name).write_bytes(b"x")
    status, shown, _ = run("submit", "films", "--tag", "x", "--json")
    videos = [json.loads(line) for line in shown.splitlines()]
    assert (status, [v["video_name"] for v in videos]) == (0, ["b.MP4", "a.mkv"])
    assert videos[0]["tags"] == ["x"]


def test_a_file_that_is_refused_does_not_keep_the_others_out(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(bytes(200_000))
    (tmp_path / "b.mp4").write_bytes(b"x")
    status, shown, said = run("submit", "a.mp4", "b.mp4")
    assert (status, len(shown.splitlines())) == (1, 1)
    assert "a.mp4 was not taken" in said
    assert "larger than the 100000 bytes" in said


@pytest.mark.parametrize(
    "words",
    [
        ["submit", "no-such-file.mp4"],
        ["submit", "."],
        ["submit"],
        ["submit", "http://a/b", "--tasks", "faces:x"],
        ["submit", "http://a/b", "--step", "0"],
        ["watch", "no-id"],
        ["results", str(uuid4()), "--min-confidence", "2"],
        ["frame", str(uuid4()), "0"],
        ["nonsense"],
        ["--url", "nonsense", "models"],
    ],
)
def test_wrong_usage_is_2(run: Run, words: list[str]) -> None:
    status, shown, said = run(*words)
    assert (status, shown) == (2, "")
    assert "Usage: framewise" in said


def test_what_the_service_refuses_is_1_and_said(run: Run) -> None:
    status, shown, said = run("submit", "https://example.com/a.mp4", "--tasks", "cats")
    assert (status, shown) == (1, "")
    assert "The request is not valid" in said
    assert "#/modelsToRun/0/name" in said
    assert run("watch", uuid4())[0] == 1


def test_a_service_that_is_not_there_is_3(run: Run) -> None:
    status, shown, said = run("--url", "http://127.0.0.1:9", "models")
    assert (status, shown) == (3, "")
    assert "http://127.0.0.1:9 does not answer" in said


def test_watching_ends_as_the_video_did(run: Run, services: Services, video: Video) -> None:
    status, shown, _ = run("watch", video.video_id)
    assert (status, shown) == (0, f"{video.video_id} completed: 7 of 7 frames\n")
    failed = a_video()
    services.videos.create(failed)
    services.videos.transition(failed.video_id, VideoStatus.FAILED, Problem("stalled", "Stalled", "nothing came"))
    status, shown, said = run("watch", failed.video_id)
    assert (status, shown) == (1, f"{failed.video_id} failed: 0 of ? frames\n")
    assert "error: Stalled\n  nothing came" in said


def test_an_interrupted_watch_leaves_the_analysis(address: str, services: Services) -> None:
    waiting = a_video()
    services.videos.create(waiting)
    command = [sys.executable, "-m", "framewise", "watch", str(waiting.video_id)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "FRAMEWISE_URL": address}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as watching:
        assert watching.stderr is not None
        assert "0 of ? frames" in watching.stderr.readline()
        watching.send_signal(signal.SIGINT)
        said = watching.communicate(timeout=20)[1]
    assert watching.returncode == 130, said
    assert said.endswith(f"The analysis goes on. See it again: framewise watch {waiting.video_id}\n")
    assert services.videos.get(waiting.video_id) == waiting


def test_watching_for_too_long_is_1(run: Run, services: Services) -> None:
    waiting = a_video()
    services.videos.create(waiting)
    status, _, said = run("watch", waiting.video_id, "--timeout", 0.2)
    assert (status, "it goes on" in said) == (1, True)


def test_results_are_lines_with_tabs_where_nobody_looks(run: Run, video: Video) -> None:
    status, shown, _ = run("results", video.video_id, "--task", "objects", "--label", "dog", "--min-confidence", 0.6)
    header, *rows = [line.split("\t") for line in shown.splitlines()]
    assert (status, header) == (0, ["TIME", "FRAME", "TASK", "MODEL", "FOUND"])
    assert ["0.60", "7", "objects_detection", "yolox_nano", "dog 0.70"] in rows


def test_results_for_programs_are_all_of_them(run: Run, video: Video, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framewise.cli.read.SHOWN_ROWS", 4)
    rows = [json.loads(line) for line in run("results", video.video_id, "--json")[1].splitlines()]
    assert len(rows) == 14
    assert rows[1]["detections"][0]["label"] == "dog"
    _, shown, said = run("results", video.video_id)
    assert (len(shown.splitlines()), "Only the first 4 rows" in said) == (5, True)
    assert len(run("results", video.video_id, "--all")[1].splitlines()) == 15


def test_a_frame_is_written(run: Run, video: Video, tmp_path: Path) -> None:
    assert run("frame", video.video_id, 1, "-o", "one.jpg")[:2] == (0, "one.jpg\n")
    run("frame", video.video_id, 1, "-o", "raw.jpg", "--raw")
    assert (tmp_path / "one.jpg").read_bytes()[:2] == b"\xff\xd8"
    assert (tmp_path / "one.jpg").read_bytes() != (tmp_path / "raw.jpg").read_bytes()
    assert run("frame", video.video_id, 1, "-o", "no/such/folder.jpg")[0] == 1


def test_names_cannot_reach_the_terminal(run: Run, services: Services) -> None:
    video_id = run("submit", "https://example.com/a.mp4", "--name", NASTY)[1].strip()
    table = run("list", "--status", "pending")[1]
    assert r"a\x1b]0;owned\x07\x9b31m[red]\u202eb\nc" in table
    assert len(table.splitlines()) == 2
    assert json.loads(run("list", "--status", "pending", "--json")[1])["video_name"] == NASTY
    assert video_id in table


def test_nothing_is_coloured_where_nobody_looks(run: Run, video: Video) -> None:
    for words in (["results", video.video_id], ["watch", video.video_id], ["watch", uuid4()], ["models"]):
        assert "\x1b" not in "".join(run(*words)[1:])


def test_deleting_asks_first(run: Run, video: Video, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    status, _, said = run("delete", video.video_id)
    assert (status, "Aborted" in said) == (1, True)
    assert run("list")[1].count(str(video.video_id)) == 1
    assert run("delete", "--yes", video.video_id)[0] == 0
    assert run("list")[1].count(str(video.video_id)) == 0


def test_control(run: Run, video: Video) -> None:
    assert run("cancel", video.video_id)[:2] == (0, f"{video.video_id} completed\n")
    assert run("retry", video.video_id)[:2] == (0, f"{video.video_id} completed\n")


def test_completion_is_there_for_bash() -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    command = [sys.executable, "-m", "framewise", "--show-completion", "bash"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, "complete -o default -F" in done.stdout) == (0, True)
    asked = environment | {"_FRAMEWISE_COMPLETE": "complete_bash", "COMP_WORDS": "framewise su", "COMP_CWORD": "1"}
    done = subprocess.run(command[:3], env=asked, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["submit", "summary"]


def test_a_pipe_that_closes_is_no_error(address: str, video: Video) -> None:
    command = f"{sys.executable} -m framewise results {video.video_id} --json | head -n 1"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "FRAMEWISE_URL": address}
    done = subprocess.run(command, shell=True, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (len(done.stdout.splitlines()), done.stderr) == (1, "")


def test_a_clip_is_written_to_a_file(run: Run, video: Video, tmp_path: Path) -> None:
    status, shown, _ = run("clip", video.video_id, "-o", "a.mp4", "--to", 0.1, "--raw")
    assert (status, shown.startswith("a.mp4: ")) == (0, True)
    assert (tmp_path / "a.mp4").read_bytes()[4:8] == b"ftyp"
    status, _, said = run("clip", video.video_id, "-o", "b.mp4", "--from", 5)
    assert (status, "no frame of video" in said) == (1, True)
    assert not (tmp_path / "b.mp4").exists()
