"""The demonstration, as a person types it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.contracts.settings import ROOT
from stack.settings import child_environment
from stack.trial import Trial
from tests.e2e.clips import make_clip


def demo(stack: Trial, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = child_environment(stack.settings, "") | {"COLUMNS": "120", "NO_COLOR": "1"}
    environment["PATH"] = os.environ["PATH"]
    return subprocess.run(
        [sys.executable, "-m", "stack", "demo", *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def test_a_file_becomes_a_table_and_a_picture(stack: Trial, media: Path) -> None:
    shown = demo(stack, str(media / "video" / "woman_dog.mp4"))
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "person" in shown.stdout
    assert "yolox_nano" in shown.stdout
    picture = Path(next(line for line in shown.stdout.splitlines() if "Annotated" in line).rpartition(": ")[2])
    assert picture.read_bytes()[:2] == b"\xff\xd8"
    assert f"{stack.settings.api_url}/analysis/" in shown.stdout


def test_a_file_that_is_no_video_is_said(stack: Trial, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"nothing")
    shown = demo(stack, str(tmp_path / "a.mp4"))
    assert shown.returncode == 1
    assert "cannot be read" in shown.stdout


@pytest.mark.parametrize("missing", ["/nowhere/a.mp4"])
def test_a_file_that_is_not_there_is_said(stack: Trial, missing: str) -> None:
    shown = demo(stack, missing)
    assert (shown.returncode, "there is no file" in shown.stderr) == (1, True)


def test_the_clip_of_the_package_is_real(stack: Trial, tmp_path: Path) -> None:
    shown = demo(stack)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "bikes.mp4" in shown.stdout
    assert "50 of 50 frames" in shown.stdout


def test_a_clip_of_nothing_has_its_table_too(stack: Trial, tmp_path: Path) -> None:
    shown = demo(stack, str(make_clip(tmp_path / "plain.mp4", 6)))
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "color" in shown.stdout
