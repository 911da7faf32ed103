"""Real files, odd ones among them, through the decoding child. Needs the folder of FRAMEWISE_MIRROR."""

import json
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.contracts.errors import MediaError
from pipeline.contracts.settings import PathSettings
from pipeline.contracts.videos import Sampling
from tests.unit.ingest.decoding import decoded
from tests.unit.ingest.media import picture


def media(name: str) -> Path:
    """A file of the mirror; skips the test when it is not there."""
    mirror = PathSettings().mirror
    if mirror is None:
        pytest.skip("FRAMEWISE_MIRROR is not set: no real media")
    path = mirror / "media" / name
    if not path.is_file():
        pytest.skip(f"the mirror has no media/{name}")
    return path


@pytest.mark.parametrize(
    ("name", "frames", "width", "height"),
    [
        ("odd/testcard_timecode_16s.mp4", 400, 640, 480),
        ("odd/vfr_woman_dog.mp4", 151, 640, 360),
        ("odd/no_duration_vfr.webm", 74, 1280, 720),
        ("odd/h265_10bit.mp4", 30, 200, 200),
        ("odd/av1.mkv", 125, 640, 360),
        ("odd/mpeg4_mp3.avi", 150, 480, 270),
        ("odd/ogg_named.mkv", 150, 480, 270),
        ("odd/tiny_50x50.mp4", 15, 50, 50),
        ("odd/rotation_90_keyboard.mov", 3, 320, 568),
        ("odd/rotation_180_keyboard.mov", 3, 568, 320),
        ("video/people_vtest.avi", 795, 768, 576),
        ("video/woman_dog.mp4", 289, 1280, 720),
        ("video/friday_bw_3women.mp4", 185, 640, 480),
    ],
)
def test_every_frame_is_decoded(name: str, frames: int, width: int, height: int) -> None:
    found = decoded(media(name), sampling=Sampling(frame_step=10))
    assert found.probe is not None
    assert found.end is not None
    assert (found.end.frames_decoded, found.end.frames_sampled) == (frames, -(-frames // 10))
    assert (found.probe.width, found.probe.height) == (width, height)
    assert (found.frames[0].width, found.frames[0].height) == (width, height)
    assert found.numbers == list(range(1, frames + 1, 10))
    assert found.end.warnings == []


def test_numbers_and_times_of_the_test_card() -> None:
    found = decoded(media("odd/testcard_timecode_16s.mp4"))
    assert found.numbers == list(range(1, 401))
    assert found.times == [float(Fraction(n - 1, 25)) for n in found.numbers]
    assert found.end is not None
    assert found.end.duration == 16.0


def test_sampling_the_test_card() -> None:
    path = media("odd/testcard_timecode_16s.mp4")
    every_second = decoded(path, sampling=Sampling(frame_step=None, sample_seconds=1))
    assert every_second.numbers == list(range(1, 401, 25))
    assert every_second.times == [float(n) for n in range(16)]
    tenth = decoded(path, sampling=Sampling(frame_step=None, frame_ratio=0.1))
    assert len(tenth.numbers) == 40
    part = decoded(path, sampling=Sampling(frame_step=5, start_time=4, end_time=5))
    assert part.numbers == [101, 106, 111, 116, 121]


def packet_times(path: Path) -> list[float]:
    """Presentation times by the container alone, nothing decoded, from the first on."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        stamps = sorted(p.pts for p in container.demux(stream) if p.pts is not None)
        return [float((pts - stamps[0]) * stream.time_base) for pts in stamps]


@pytest.mark.parametrize("name", ["odd/vfr_woman_dog.mp4", "odd/no_duration_vfr.webm"])
def test_times_of_a_variable_rate_are_those_of_the_container(name: str) -> None:
    path = media(name)
    assert decoded(path).times == packet_times(path)


def test_times_of_a_variable_rate_are_those_of_ffprobe() -> None:
    path = media("odd/vfr_woman_dog.mp4")
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe is not installed")
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "frame=best_effort_timestamp_time"]
    said = subprocess.run([*command, "-of", "json", str(path)], capture_output=True, check=True)
    times = [float(frame["best_effort_timestamp_time"]) for frame in json.loads(said.stdout)["frames"]]
    assert decoded(path).times == pytest.approx([t - times[0] for t in times], abs=1e-5)


def test_sampling_a_variable_rate_by_seconds() -> None:
    path = media("odd/vfr_woman_dog.mp4")
    times = packet_times(path)
    wanted = [next(t for t in times if t >= second) for second in range(10)]
    assert decoded(path, sampling=Sampling(frame_step=None, sample_seconds=1)).times == wanted


@pytest.mark.parametrize(("name", "turns"), [("rotation_90_keyboard", 3), ("rotation_180_keyboard", 2)])
def test_rotation_is_applied(name: str, turns: int) -> None:
    path = media(f"odd/{name}.mov")
    with av.open(str(path)) as container:
        stored = next(container.decode(video=0)).to_ndarray(format="bgr24")
    upright = picture(decoded(path, jpeg_quality=98).frames[0].jpeg)
    difference = np.abs(upright.astype(int) - np.rot90(stored, turns).astype(int)).mean()
    assert difference < 8


def test_the_default_of_two_video_streams() -> None:
    """Both are marked as default, so FFmpeg's choice is taken, which is the larger one."""
    found = decoded(media("odd/nasa_two_video_streams_subs.mp4"), sampling=Sampling(frame_step=50))
    assert found.probe is not None
    assert found.end is not None
    assert (found.probe.stream_index, found.probe.width, found.end.frames_decoded) == (3, 480, 390)


@pytest.mark.parametrize(
    ("name", "least", "said"),
    [
        ("odd/truncated_decodes_partly.mkv", 55, "cut off"),
        ("odd/corrupted_decord.mp4", 49, "damaged"),
    ],
)
def test_what_decodes_is_kept(name: str, least: int, said: str) -> None:
    found = decoded(media(name))
    assert found.end is not None
    assert found.end.frames_decoded == len(found.frames) >= least
    assert said in found.end.warnings[0]
    assert f"{found.end.frames_decoded} frames" in found.end.warnings[0]


def test_what_comes_after_the_damage_are_pictures() -> None:
    """A reader that stops at the damaged packet has 28 frames; the 21 after it show the same card, not grey or noise.

    The upper part is compared: below it a band of colours moves, and there the damage shows as smears.
    """
    found = decoded(media("odd/corrupted_decord.mp4"))
    last_whole, *after = [picture(frame.jpeg).astype(int) for frame in found.frames[27:]]
    assert len(after) == 21
    assert 3.0 not in found.times
    for image in after:
        assert image.std() > 100
        assert np.abs(image - last_whole)[:420].mean() < 4


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("odd/audio_only.mp3", "no video stream"),
        ("odd/plain_text_opens_as_tty_video.txt", "text, not a video"),
        ("odd/text_named.mp4", "text, not a video"),
        ("odd/truncated_no_moov.mp4", "index"),
        ("odd/zero_length.mp4", "empty"),
        ("photos/dog.jpg", "picture"),
    ],
)
def test_what_is_no_video_is_refused(name: str, said: str) -> None:
    with pytest.raises(MediaError, match=said):
        decoded(media(name))
