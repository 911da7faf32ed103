"""Frame numbers and media times are exact, through the whole path."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.service import Service


def test_numbers_and_times_of_a_constant_rate(service: Service, media: Path) -> None:
    path = service.upload(media / "odd" / "testcard_timecode_16s.mp4", frameStep="3", modelsToRun="color_detection")
    video = service.completed(path)
    times = {row["frame_number"]: row["media_time"] for row in service.rows(path)}
    assert times == {n: pytest.approx((n - 1) / 25, abs=1e-6) for n in range(1, 401, 3)}
    assert (video["duration"], video["fps"]) == (pytest.approx(16.0, abs=0.05), 25)


def test_times_of_a_variable_rate_are_the_presentation_times(service: Service, media: Path) -> None:
    clip = media / "odd" / "vfr_woman_dog.mp4"
    path = service.upload(clip, modelsToRun="color_detection")
    service.completed(path)
    found = [row["media_time"] for row in service.rows(path)]
    expected = presentation_times(clip)
    assert len(found) == len(expected) == 151
    assert found == pytest.approx([t - expected[0] for t in expected], abs=1e-5)


def presentation_times(clip: Path) -> list[float]:
    """What ffprobe says."""
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe, of the package ffmpeg, is not installed")
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "frame=pts_time", "-of", "csv=p=0"]
    shown = subprocess.run([*command, str(clip)], capture_output=True, text=True, check=True, timeout=60).stdout
    return [float(line.strip(",")) for line in shown.split()]


def test_sampling_by_seconds_between_two_times(service: Service, media: Path) -> None:
    clip = media / "odd" / "testcard_timecode_16s.mp4"
    fields = {"sampleSeconds": "1", "startTime": "2", "endTime": "6.5", "modelsToRun": "color_detection"}
    path = service.upload(clip, **fields)
    service.completed(path)
    assert [row["frame_number"] for row in service.rows(path)] == [51, 76, 101, 126, 151]
