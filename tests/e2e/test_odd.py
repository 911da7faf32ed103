"""Files that break naive readers: each ends as is known of it, and no process ends with them."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stack.state import read_state
from stack.trial import Trial
from tests.e2e.service import Service


@dataclass(frozen=True)
class End:
    """How a file ends: with these frames, a warning that says this, or a problem that says this."""

    frames: int = 0
    warning: str = ""
    problem: str = ""


WHOLE = End()  # with as many frames as the manifest says
ENDS = {
    "audio_only.mp3": End(problem="no video stream"),
    "av1.mkv": WHOLE,
    # The manifest's reader stopped at the damaged packet, after 28 frames. What comes after it are pictures too
    # (tests/integration/test_ingest_media.py looks at them), so the packet is left out and the rest is analysed.
    "corrupted_decord.mp4": End(49, warning="the file is damaged: 1 damaged packets were left out; 49 frames of 50"),
    "h265_10bit.mp4": WHOLE,
    "mpeg4_mp3.avi": WHOLE,
    # The manifest counts the first video stream. The container marks both as default, so FFmpeg's choice is taken.
    "nasa_two_video_streams_subs.mp4": End(390),
    "no_duration_vfr.webm": WHOLE,
    "ogg_named.mkv": WHOLE,
    "plain_text_opens_as_tty_video.txt": End(problem="text, not a video"),
    "rotation_180_keyboard.mov": WHOLE,
    "rotation_90_keyboard.mov": WHOLE,
    "testcard_timecode_16s.mp4": WHOLE,
    "text_named.mp4": End(problem="text, not a video"),
    "tiny_50x50.mp4": WHOLE,
    "truncated_decodes_partly.mkv": End(55, warning="the file is cut off"),
    "truncated_no_moov.mp4": End(problem="no usable index (moov)"),
    "vfr_woman_dog.mp4": WHOLE,
    "zero_length.mp4": End(problem="the file is empty"),
}


@pytest.fixture(scope="module")
def manifest(media: Path) -> dict[str, dict[str, str]]:
    """What is known of each odd file, by its name."""
    with (media / "MANIFEST.tsv").open(newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return {row["file"].removeprefix("odd/"): row for row in rows if row["file"].startswith("odd/")}


def processes(stack: Trial) -> dict[str, tuple[int, int]]:
    """The pid of each service and how often it ended unasked."""
    state = read_state(stack.settings.state_file)
    assert state is not None
    return {name: (s.process.pid if s.process else 0, s.failures) for name, s in state.services.items()}


@pytest.fixture(scope="module")
def ended(service: Service, stack: Trial, media: Path) -> Iterator[dict[str, tuple[str, dict[str, Any]]]]:
    """All files submitted together, every frame of each; paths and videos by name. The stack stays as it was."""
    before = processes(stack)
    paths = {
        name: service.upload(media / "odd" / name, frameStep="1", modelsToRun="color_detection")
        for name in sorted(ENDS)
    }
    yield {name: (path, service.wait(path)) for name, path in paths.items()}
    assert processes(stack) == before


def test_every_odd_file_is_tried(manifest: dict[str, dict[str, str]], media: Path) -> None:
    assert manifest.keys() == ENDS.keys() == {path.name for path in (media / "odd").iterdir()}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ENDS)
def test_each_ends_as_is_known(
    service: Service, manifest: dict[str, dict[str, str]], ended: dict[str, tuple[str, dict[str, Any]]], name: str
) -> None:
    known, (path, video) = ENDS[name], ended[name]
    if known.problem:
        assert (video["status"], video["error"]["type"]) == ("failed", "media-unreadable")
        assert known.problem in video["error"]["detail"]
        assert video["frames"]["done"] == 0
        return
    assert video["status"] == "completed", video["error"]
    frames = known.frames or int(manifest[name]["frames"])
    assert (video["frames"]["expected"], video["frames"]["done"], video["frames"]["failed"]) == (frames, frames, 0)
    assert [row["frame_number"] for row in service.rows(path)] == list(range(1, frames + 1))
    if known.warning:
        assert known.warning in video["warnings"][0]
        assert f"{frames} frames" in video["warnings"][0]
    else:
        assert video["warnings"] == []


@pytest.mark.timeout(600)
def test_size_and_times(ended: dict[str, tuple[str, dict[str, Any]]], service: Service) -> None:
    sizes = {name: (video["width"], video["height"]) for name, (_, video) in ended.items()}
    assert sizes["nasa_two_video_streams_subs.mp4"] == (480, 270)
    assert sizes["rotation_90_keyboard.mov"] == (320, 568)
    assert sizes["rotation_180_keyboard.mov"] == (568, 320)
    damaged = [row["media_time"] for row in service.rows(ended["corrupted_decord.mp4"][0])]
    assert damaged == pytest.approx([n / 10 for n in range(50) if n != 30])  # the picture that is missing leaves a gap


@pytest.mark.timeout(600)
def test_the_stack_is_as_before(service: Service, stack: Trial, ended: dict[str, tuple[str, dict[str, Any]]]) -> None:
    assert service.http.get("/readyz").status_code == 200
    state = read_state(stack.settings.state_file)
    assert state is not None
    assert all(status.up for status in state.services.values())
    assert set(processes(stack).values()) == {(pid, 0) for pid, _ in processes(stack).values()}
