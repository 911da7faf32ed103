"""Files through the decoding child: numbers, times, sizes, colours, damage."""

from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.contracts.errors import MediaError
from pipeline.contracts.videos import Sampling
from tests.unit.ingest.decoding import decoded
from tests.unit.ingest.media import make_video, number_in, numbered, numbered_video, picture

QUALITY = {"libsvtav1": {"options": {"crf": "20", "preset": "8"}}}


def test_every_frame_with_its_number_time_and_picture(tmp_path: Path) -> None:
    found = decoded(numbered_video(tmp_path / "a.mp4", 60))
    assert found.numbers == list(range(1, 61))
    assert found.times == [pytest.approx((n - 1) / 25) for n in found.numbers]
    assert [number_in(picture(frame.jpeg)) for frame in found.frames] == found.numbers
    assert found.probe is not None
    assert (found.probe.width, found.probe.height, found.probe.codec, found.probe.fps) == (160, 96, "h264", 25.0)
    assert found.probe.duration == pytest.approx(2.4, abs=0.05)
    assert found.end is not None
    assert (found.end.frames_decoded, found.end.frames_sampled, found.end.last_frame_number) == (60, 60, 60)
    assert found.end.warnings == []
    assert found.end.duration == pytest.approx(2.4)


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [
        ("a.mp4", "libx265", "yuv420p10le"),
        ("a.mkv", "libsvtav1", "yuv420p"),
        ("a.mkv", "libsvtav1", "yuv420p10le"),
        ("a.webm", "libvpx-vp9", "yuv420p"),
        ("a.avi", "mpeg4", "yuv420p"),
        ("a.ts", "mpeg2video", "yuv420p"),
        ("a.mpg", "mpeg2video", "yuv420p"),
        ("a.flv", "flv", "yuv420p"),
        ("a.wmv", "wmv2", "yuv420p"),
        ("a.mkv", "ffv1", "bgr0"),
        ("a.mxf", "mpeg2video", "yuv420p"),
    ],
)
def test_codecs_and_containers(tmp_path: Path, name: str, codec: str, pixels: str) -> None:
    if codec not in av.codecs_available:
        pytest.skip(f"this build of FFmpeg has no encoder {codec}")
    path = numbered_video(
        tmp_path / name, 20, codec=codec, pixels=pixels, **QUALITY.get(codec, {"bit_rate": 4_000_000})
    )
    found = decoded(path.rename(tmp_path / "source"))
    assert [number_in(picture(frame.jpeg)) for frame in found.frames] == list(range(1, 21))
    assert found.times == [pytest.approx(n / 25, abs=0.002) for n in range(20)]


def test_b_frames_come_in_order_of_presentation(tmp_path: Path) -> None:
    path = numbered_video(tmp_path / "a.mp4", 50, options={"bf": "3", "g": "25"})
    assert [number_in(picture(frame.jpeg)) for frame in decoded(path).frames] == list(range(1, 51))


def test_variable_frame_rate(tmp_path: Path) -> None:
    times = [0.0, 0.033, 0.066, 0.3, 0.334, 1.0, 1.001, 2.5]
    found = decoded(numbered_video(tmp_path / "a.mkv", len(times), times=times))
    assert found.times == times
    sampled = decoded(tmp_path / "a.mkv", sampling=Sampling(frame_step=None, sample_seconds=0.5))
    assert sampled.numbers == [1, 6, 8]


def test_times_start_at_the_first_frame(tmp_path: Path) -> None:
    path = numbered_video(tmp_path / "a.mkv", 5, times=[7.2, 7.3, 7.4, 7.5, 7.6])
    assert decoded(path).times == [0.0, 0.1, 0.2, 0.3, 0.4]


@pytest.mark.parametrize("rotation", [0, 90, 180, -90])
def test_rotation(tmp_path: Path, rotation: int) -> None:
    upright = np.zeros((96, 160, 3), np.uint8)
    upright[:48, :80] = (0, 0, 255)
    stored = np.ascontiguousarray(np.rot90(upright, -rotation // 90))
    found = decoded(make_video(tmp_path / "a.mp4", [stored] * 3, rotation=rotation))
    image = picture(found.frames[0].jpeg)
    assert image.shape == (96, 160, 3)
    assert (image[24, 40, 2] > 200, image[72, 40, 2] < 50, image[24, 120, 2] < 50) == (True, True, True)
    assert found.probe is not None
    assert (found.probe.width, found.probe.height) == (160, 96)


def test_scaled_to_the_height_of_the_upright_frame(tmp_path: Path) -> None:
    path = numbered_video(tmp_path / "a.mp4", 2, 320, 192, rotation=90)
    frame = decoded(path, frame_height=160).frames[0]
    assert (frame.width, frame.height) == (96, 160)
    assert picture(frame.jpeg).shape == (160, 96, 3)


def test_one_frame(tmp_path: Path) -> None:
    found = decoded(numbered_video(tmp_path / "a.mp4", 1), sampling=Sampling(frame_step=10))
    assert found.numbers == [1]
    assert found.end is not None
    assert found.end.frames_sampled == 1


def test_a_cover_picture_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=8000)
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
        picture_frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="bgr24")
        container.mux(cover.encode(picture_frame.reformat(format="yuvj420p")))
        container.mux(cover.encode(None))
    with pytest.raises(MediaError, match="no video stream"):
        decoded(path)


@pytest.mark.parametrize(
    ("marked", "chosen"),
    [((False, True, False), 1), ((False, True, True), 1), ((True, False, False), 0), ((True, True, True), 2)],
)
def test_the_default_of_several_video_streams(tmp_path: Path, marked: tuple[bool, ...], chosen: int) -> None:
    """The first that is marked; of streams that are all marked the one of most bits a second."""
    sizes = ((160, 96), (80, 48), (320, 192))
    found = decoded(several_streams(tmp_path / "a.mp4", sizes, marked))
    assert found.probe is not None
    assert (found.probe.stream_index, found.probe.width) == (chosen, sizes[chosen][0])


def several_streams(path: Path, sizes: tuple[tuple[int, int], ...], marked: tuple[bool, ...]) -> Path:
    """Video streams of these sizes (width, height), marked as default or not."""
    with av.open(str(path), "w") as container:
        streams = []
        for (width, height), default in zip(sizes, marked, strict=True):
            stream = container.add_stream("mpeg4", rate=25, bit_rate=width * height * 50)
            stream.width, stream.height = width, height
            stream.disposition = av.stream.Disposition.default if default else av.stream.Disposition(0)
            streams.append(stream)
        for stream in streams:
            for number in range(1, 6):
                frame = av.VideoFrame.from_ndarray(numbered(number, stream.width, stream.height), format="bgr24")
                frame.pts = number - 1
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return path


def test_start_end_and_what_lies_beyond(tmp_path: Path) -> None:
    path = numbered_video(tmp_path / "a.mp4", 50)
    assert decoded(path, sampling=Sampling(start_time=1.0, end_time=1.2)).numbers == [26, 27, 28, 29, 30]
    with pytest.raises(MediaError, match=r"startTime 100 s lies beyond the end of the video, which is at 2\.000 s"):
        decoded(path, sampling=Sampling(start_time=100))
    with pytest.raises(MediaError, match="no frame lies between"):
        decoded(path, sampling=Sampling(start_time=1.001, end_time=1.002))


def test_the_cap_on_the_duration(tmp_path: Path) -> None:
    path = numbered_video(tmp_path / "a.mp4", 50)
    found = decoded(path, max_duration=1.0)
    assert found.numbers == list(range(1, 26))
    assert found.end is not None
    assert found.end.warnings == ["only the first 1 s were read: the cap on the duration"]
    with pytest.raises(MediaError, match="beyond what is read"):
        decoded(path, max_duration=1.0, sampling=Sampling(start_time=1.5))


def test_frames_published_before_come_without_a_picture(tmp_path: Path) -> None:
    path = numbered_video(tmp_path / "a.mp4", 20)
    found = decoded(path, sampling=Sampling(frame_step=3), published_through=8)
    assert [(f.frame_number, bool(f.jpeg)) for f in found.frames] == [
        (1, False),
        (4, False),
        (7, False),
        (10, True),
        (13, True),
        (16, True),
        (19, True),
    ]


def test_too_many_pixels(tmp_path: Path) -> None:
    with pytest.raises(MediaError):
        decoded(numbered_video(tmp_path / "a.mp4", 2), max_pixels=1000)


def test_a_file_that_is_cut_off(tmp_path: Path) -> None:
    path = numbered_video(tmp_path / "a.mkv", 250)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    found = decoded(path)
    assert found.end is not None
    assert 10 < found.end.frames_decoded < 200
    assert found.numbers == list(range(1, found.end.frames_decoded + 1))
    assert f"{found.end.frames_decoded} frames could be decoded" in found.end.warnings[0]


def test_damage_in_the_middle(tmp_path: Path) -> None:
    path = numbered_video(tmp_path / "a.mp4", 100, codec="libx264", options={"g": "10", "bf": "0"})
    data = bytearray(path.read_bytes())
    middle = data.index(b"mdat") + (data.index(b"moov") - data.index(b"mdat")) // 2
    data[middle : middle + 300] = bytes(300)
    path.write_bytes(data)
    found = decoded(path)
    assert found.end is not None
    assert found.end.frames_decoded > 50
    assert found.end.warnings


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"just some words\n" * 20, "text"),
        (b"\x1b[31mansi art\x1b[0m\r\n" * 20, "text"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "web page"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:1/a.ts\n", "playlist"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "playlist"),
        (b"<?xml version='1.0'?><MPD></MPD>", "web page|playlist"),
        (b"\xff\xd8\xff\xe0" + bytes(200), "picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "picture"),
        (b"\x00\x00\x00\x18ftypmp42" + bytes(300), "index"),
        (bytes(range(256)) * 40, "expected"),
    ],
)
def test_what_is_no_video(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(MediaError, match=said):
        decoded(path)
