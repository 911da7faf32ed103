"""Decoding the wanted frames alone: the same numbers, times and pixels as decoding everything."""

import shutil
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decode.course import HELP, LEAVE, SHOW, course
from ingest.decode.index import PacketIndex
from ingest.decode.starts import Starts
from pipeline.contracts.videos import Sampling
from tests.unit.ingest.decoding import decoded
from tests.unit.ingest.media import number_in, numbered, numbered_video, picture
from tests.unit.ingest.wholly import chosen_frames, every_frame, surveyed

X265 = "log-level=none:keyint=12:min-keyint=12:scenecut=0:pools=none"
CODECS: dict[str, tuple[str, dict[str, Any]]] = {
    "x264": ("a.mp4", {"options": {"g": "12", "bf": "3"}}),
    "x264 with an open group": ("a.mkv", {"options": {"g": "12", "bf": "3", "x264-params": "open-gop=1"}}),
    "x264 with a refresh that wanders": ("a.mkv", {"options": {"x264-params": "intra-refresh=1:keyint=12"}}),
    "x264 in a transport stream": ("a.ts", {"options": {"g": "12", "bf": "3"}}),
    "x265": ("a.mp4", {"codec": "libx265", "options": {"x265-params": X265 + ":open-gop=0"}}),
    "x265 with an open group": ("a.mp4", {"codec": "libx265", "options": {"x265-params": X265 + ":open-gop=1"}}),
    "vp9": ("a.webm", {"codec": "libvpx-vp9", "bit_rate": 400_000, "options": {"g": "12", "deadline": "realtime"}}),
    "av1": ("a.mkv", {"codec": "libsvtav1", "options": {"g": "12", "preset": "12"}}),
    "pictures": ("a.avi", {"codec": "mjpeg", "pixels": "yuvj420p"}),
}
WANTED = [(1,), (1, 2, 3), (1, 13, 25), (12, 24), (7, 20, 21, 44), (60,), tuple(range(1, 61))]


def made(folder: Path, name: str, count: int = 60, **more: Any) -> Path:
    """A video of numbered frames in one of the codecs; skips the test where there is no encoder."""
    file, settings = CODECS[name]
    if settings.get("codec", "libx264") not in av.codecs_available:
        pytest.skip(f"this build of FFmpeg has no encoder for {name}")
    return numbered_video(folder / file, count, **settings | more)


@pytest.mark.parametrize("name", CODECS)
def test_what_is_wanted_looks_as_if_all_had_been_decoded(tmp_path: Path, name: str) -> None:
    path = made(tmp_path, name)
    everything = every_frame(path)
    assert len(everything) == 60
    for wanted in WANTED:
        assert chosen_frames(path, wanted) == {number: everything[number - 1] for number in wanted}


@pytest.mark.parametrize("name", ["x264", "x265", "vp9", "pictures"])
def test_decoding_begins_near_what_is_wanted(tmp_path: Path, name: str) -> None:
    index = surveyed(made(tmp_path, name))
    assert index is not None
    way = course(index, [1, 50])
    assert sum(use != LEAVE for use in way.packets) <= 15


@pytest.mark.parametrize("name", ["x264 with an open group", "x264 with a refresh that wanders"])
def test_no_start_where_others_refer_to_what_was_before(tmp_path: Path, name: str) -> None:
    index = surveyed(made(tmp_path, name))
    assert index is not None
    assert index.starts.tolist() == [0]


@pytest.mark.parametrize(
    ("sampling", "numbers"),
    [
        (Sampling(frame_step=20), [1, 21, 41]),
        (Sampling(frame_step=None, frame_ratio=0.05), [1, 21, 41]),
        (Sampling(frame_step=None, sample_seconds=1), [1, 26, 51]),
        (Sampling(frame_step=20, start_time=0.5), [14, 34, 54]),
        (Sampling(frame_step=10, start_time=0.5, end_time=1.4), [14, 24, 34]),
        (Sampling(frame_step=1, start_time=2.3), [59, 60]),
    ],
)
def test_the_child_samples_as_it_does_frame_by_frame(tmp_path: Path, sampling: Sampling, numbers: list[int]) -> None:
    found = decoded(made(tmp_path, "x264"), sampling=sampling)
    assert [number_in(picture(frame.jpeg)) for frame in found.frames] == found.numbers == numbers
    assert found.times == [pytest.approx((number - 1) / 25) for number in numbers]
    assert found.end is not None
    assert found.end.warnings == []
    assert found.end.frames_decoded == (60 if sampling.end_time is None else 36)
    assert found.end.duration == pytest.approx(found.end.frames_decoded / 25)
    assert (found.end.frames_sampled, found.end.last_frame_number) == (len(numbers), numbers[-1])


def test_who_takes_over_begins_where_the_other_stopped(tmp_path: Path) -> None:
    path = made(tmp_path, "x264")
    whole = decoded(path, sampling=Sampling(frame_step=7))
    rest = decoded(path, sampling=Sampling(frame_step=7), published_through=30)
    assert [(f.frame_number, f.media_time) for f in rest.frames] == [
        (f.frame_number, f.media_time) for f in whole.frames
    ]
    assert [f.jpeg for f in rest.frames] == [b"" if f.frame_number <= 30 else f.jpeg for f in whole.frames]
    assert (rest.end, rest.probe) == (whole.end, whole.probe)


def test_the_cap_on_the_duration(tmp_path: Path) -> None:
    found = decoded(made(tmp_path, "x264"), sampling=Sampling(frame_step=10), max_duration=1.0)
    assert found.numbers == [1, 11, 21]
    assert found.end is not None
    assert found.end.warnings == ["only the first 1 s were read: the cap on the duration"]


def test_the_survey_ends_soon_after_what_is_wanted(tmp_path: Path) -> None:
    index = surveyed(made(tmp_path, "x264"), Fraction(1))
    assert index is not None
    assert 27 <= len(index.pts) < 40


def test_times_of_a_variable_rate(tmp_path: Path) -> None:
    times = [float(number + number % 3 / 10) for number in range(40)]
    path = made(tmp_path, "x264 with an open group", 40, times=times)
    found = decoded(path, sampling=Sampling(frame_step=9))
    assert found.numbers == [1, 10, 19, 28, 37]
    assert found.times == [pytest.approx(times[number - 1]) for number in found.numbers]


def with_zeros(path: Path, packet: int) -> Path:
    """The file with the insides of a packet (in order of decoding) made zero; its container is whole."""
    with av.open(str(path)) as container:
        place, size = [(p.pos, p.size) for p in container.demux(video=0) if p.size][packet]
    assert place is not None
    data = bytearray(path.read_bytes())
    data[place + 5 : place + size] = bytes(size - 5)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("packet", [0, 24, 30])
def test_damage_among_what_is_decoded_makes_it_decode_everything(tmp_path: Path, packet: int) -> None:
    path = with_zeros(made(tmp_path, "x264", options={"g": "12", "bf": "0"}), packet)
    whole, sparse = decoded(path), decoded(path, sampling=Sampling(frame_step=5))
    assert whole.end is not None
    assert sparse.end is not None
    assert sparse.end.warnings == whole.end.warnings
    assert sparse.end.warnings
    assert sparse.end.frames_decoded == whole.end.frames_decoded
    kept = {frame.frame_number: frame for frame in whole.frames}
    assert sparse.numbers == list(range(1, whole.end.frames_decoded + 1, 5))
    assert all(kept[frame.frame_number].media_time >= frame.media_time for frame in sparse.frames)
    assert sparse.frames[-1] == kept[sparse.numbers[-1]]


def test_what_is_cut_off_is_decoded_as_far_as_it_goes(tmp_path: Path) -> None:
    path = numbered_video(tmp_path / "a.mkv", 250)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert surveyed(path) is None
    found = decoded(path, sampling=Sampling(frame_step=5))
    assert found.end is not None
    assert found.numbers == list(range(1, found.end.frames_decoded + 1, 5))
    assert "cut off" in found.end.warnings[0]


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("a.avi", {"codec": "mpeg4", "bit_rate": 4_000_000}),
        ("a.ts", {"codec": "mpeg2video", "bit_rate": 4_000_000}),
        ("a.mp4", {"options": {"x264-params": "tff=1", "flags": "+ildct+ilme"}}),
    ],
)
def test_others_are_decoded_wholly(tmp_path: Path, name: str, settings: dict[str, Any]) -> None:
    path = numbered_video(tmp_path / name, 30, **settings)
    assert surveyed(path) is None
    found = decoded(path, sampling=Sampling(frame_step=10))
    assert [number_in(picture(frame.jpeg)) for frame in found.frames] == [1, 11, 21]


def test_a_clock_that_starts_anew_is_not_regular(tmp_path: Path) -> None:
    part = numbered_video(tmp_path / "a.ts", 30, options={"g": "12", "bf": "0"}).read_bytes()
    path = tmp_path / "twice.ts"
    path.write_bytes(part + part)
    assert surveyed(path) is None
    found = decoded(path, sampling=Sampling(frame_step=20))
    assert [number_in(picture(frame.jpeg)) for frame in found.frames] == [1, 21, 11]


def test_what_an_edit_list_leaves_out_is_not_counted(tmp_path: Path) -> None:
    """A cut without encoding begins at the key frame before it; an edit list says where it is shown from."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is not installed")
    source, path = made(tmp_path, "x264"), tmp_path / "cut.mp4"
    subprocess.run([ffmpeg, "-v", "error", "-ss", "0.6", "-i", source, "-c", "copy", path], check=True)
    whole, sparse = decoded(path), decoded(path, sampling=Sampling(frame_step=10))
    kept = {frame.frame_number: frame for frame in whole.frames}
    assert number_in(picture(whole.frames[0].jpeg)) == 16
    assert sparse.frames == [kept[number] for number in range(1, len(kept) + 1, 10)]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=80), st.data())
def test_a_course_is_whole(marks: list[int], data: st.DataObject) -> None:
    """Whatever is shown stands behind its start without a gap, and nothing else is decoded."""
    starts = [0, *(place for place, mark in enumerate(marks) if mark == 0 and place > 0)]
    index = PacketIndex(np.arange(len(marks)) * 10, np.array(starts), True, True)
    wanted = sorted(data.draw(st.sets(st.integers(1, len(marks)), min_size=1)))
    way = course(index, wanted)
    shown = [place for place, use in enumerate(way.packets) if use == SHOW]
    assert shown == [number - 1 for number in wanted]
    needed = set()
    for place in shown:
        start = max(start for start in starts if start <= place)
        needed |= set(range(start, place + 1))
    assert {place for place, use in enumerate(way.packets) if use in (HELP, SHOW)} == needed
    assert way.jumps == {place for place in needed if place > 0 and place - 1 not in needed} - {min(needed)}


def test_a_frame_shown_before_its_start_comes_from_the_start_before() -> None:
    index = PacketIndex(np.array([0, 10, 40, 20, 30, 50]), np.array([0, 2]), False, True)
    assert course(index, [3]).packets == bytes([HELP, HELP, HELP, SHOW])
    assert course(index, [5]).packets == bytes([LEAVE, LEAVE, SHOW])


@pytest.mark.parametrize(
    ("codec", "header", "packet", "start"),
    [
        ("h264", b"\1\0\0\0\xff", b"\0\0\0\2\x06\0\0\0\0\2\x65\0", True),
        ("h264", b"\1\0\0\0\xff", b"\0\0\0\2\x06\0\0\0\0\2\x41\0", False),
        ("h264", b"\1\0\0\0\xfd", b"\0\2\x65\0", True),
        ("h264", None, b"\0\0\0\1\x09\xf0\0\0\1\x65\0", True),
        ("h264", None, b"\0\0\0\1\x09\xf0\0\0\1\x41\0", False),
        ("h264", None, b"", False),
        ("h264", b"\1\0\0\0\xff", b"\xff\xff\xff\xff\x65", False),
        ("hevc", b"\1" + bytes(20) + b"\xff", b"\0\0\0\2\x2a\1", True),
        ("hevc", b"\1" + bytes(20) + b"\xff", b"\0\0\0\2\x02\1", False),
        ("hevc", None, b"\0\0\1\x26\1\0", True),
        ("vp9", None, b"", True),
    ],
)
def test_where_decoding_may_begin(codec: str, header: bytes | None, packet: bytes, start: bool) -> None:
    decoder = av.CodecContext.create(codec, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.extradata = header
    assert Starts(decoder).at(packet) is start


def test_a_number_is_drawn() -> None:
    assert number_in(numbered(37)) == 37
