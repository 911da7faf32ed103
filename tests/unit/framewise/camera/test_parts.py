"""What `framewise camera` is made of: pace, what waits, the newest picture, the preview, and a file as a camera."""

import threading
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from framewise.camera.frames import FileFrames, SourceAway, open_frames, shown
from framewise.camera.latest import write_latest
from framewise.camera.outbox import Outbox, Picture
from framewise.camera.pacing import Pace, Pauses
from framewise.camera.preview import Preview
from framewise.camera.run import CameraRun
from tests.unit.factories import jpeg
from tests.unit.ingest.media import number_in, numbered_video, picture

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def waiting(number: int) -> Picture:
    return Picture(NOW, f"c-{number}", b"")


def test_pace_keeps_to_its_grid_and_makes_up_for_nothing() -> None:
    moments = iter([0.0, 0.1, 0.25, 0.39, 0.41, 1.7, 1.75, 1.95])
    pace = Pace(0.2, lambda: next(moments))
    assert [pace.due() for _ in range(8)] == [True, False, True, False, True, True, False, True]


def test_without_an_interval_every_picture_is_due() -> None:
    pace = Pace(0)
    assert all(pace.due() for _ in range(5))


def test_pauses_double_until_something_succeeds() -> None:
    pauses = Pauses(1, 5)
    assert [pauses.next() for _ in range(4)] == [1, 2, 4, 5]
    pauses.reset()
    assert pauses.next() == 1


def test_of_what_waits_the_newest_win() -> None:
    outbox = Outbox(3)
    for number in range(5):
        outbox.put(waiting(number))
    assert (outbox.waiting, outbox.dropped) == (3, 2)
    first = outbox.take(0)
    assert first == waiting(2)
    outbox.put_back(first)
    assert outbox.take(0) == waiting(2)
    outbox.put(waiting(5))
    outbox.put_back(waiting(2))  # there is no room for it any more
    assert ([outbox.take(0) for _ in range(4)], outbox.dropped) == ([*map(waiting, (3, 4, 5)), None], 3)


def test_a_closed_outbox_keeps_nobody_waiting() -> None:
    outbox = Outbox()
    outbox.put(waiting(1))
    outbox.close()
    assert not outbox.over
    assert outbox.take(60) == waiting(1)
    assert outbox.take(60) is None
    assert outbox.over


def test_the_newest_picture_is_a_file_that_is_always_whole(tmp_path: Path) -> None:
    file, pictures = tmp_path / "now.jpg", [bytes([n]) * 500_000 for n in range(40)]
    write_latest(file, pictures[0])
    over, seen = threading.Event(), set()

    def look() -> None:
        while not over.is_set():
            seen.add(file.read_bytes())

    thread = threading.Thread(target=look)
    thread.start()
    for data in pictures:
        write_latest(file, data)
    over.set()
    thread.join()
    assert seen <= set(pictures)
    assert [*tmp_path.iterdir()] == [file]


def test_a_picture_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        write_latest(tmp_path / "none" / "now.jpg", b"x")


def test_the_preview_shows_the_newest_pictures_to_this_machine_only() -> None:
    first, second = jpeg(colour=(1, 1, 1)), jpeg(colour=(99, 9, 9))
    with Preview() as preview, httpx.Client(base_url=preview.url, trust_env=False) as http:
        assert "<img" in http.get("/").text
        assert http.get("/else").status_code == 404
        assert http.get("/", headers={"Host": "evil.example"}).status_code == 403
        preview.show(first)
        with http.stream("GET", "/stream") as answer:
            chunks, held = answer.iter_raw(), b""
            while first not in held:
                held += next(chunks)
            preview.show(second)
            while second not in held:
                held += next(chunks)
        assert held.count(b"Content-Type: image/jpeg") == 2


def test_a_file_is_played_in_real_time(tmp_path: Path) -> None:
    clip = numbered_video(tmp_path / "a.mp4", 20, 320, 192, rate=20)
    outbox, began = Outbox(100), time.monotonic()
    run = CameraRun(lambda: open_frames(str(clip)), outbox, lambda _: None, interval=0.2)
    run.run()
    assert 0.8 < time.monotonic() - began < 4
    outbox.close()
    taken = list(iter(lambda: outbox.take(0), None))
    numbers = [number_in(picture(item.jpeg)) for item in taken]
    assert len(numbers) == run.captured == 5
    assert numbers == pytest.approx([1, 5, 9, 13, 17], abs=1)
    assert len({item.capture_id for item in taken}) == 5
    gaps = [(b.captured_at - a.captured_at).total_seconds() for a, b in pairwise(taken)]
    assert all(0.1 < gap < 0.5 for gap in gaps)


def test_a_picture_is_scaled_down_never_up(tmp_path: Path) -> None:
    clip = numbered_video(tmp_path / "a.mp4", 2, 320, 192)
    frames = open_frames(str(clip))
    assert frames.granted == "320×192 at 25 frames/s"
    assert frames.next(lambda _: False)
    assert picture(frames.jpeg(96)).shape == (96, 160, 3)
    assert picture(frames.jpeg(720)).shape == (192, 320, 3)
    frames.close()


@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_a_run_ends_after_its_seconds(tmp_path: Path, seconds: float) -> None:
    clip = numbered_video(tmp_path / "a.mp4", 250, 320, 192)
    began = time.monotonic()
    CameraRun(lambda: open_frames(str(clip)), Outbox(), lambda _: None, seconds=seconds).run()
    assert time.monotonic() - began < 3


class Flickering(FileFrames):
    """A camera whose cable is loose: it breaks after two pictures."""

    taken = 0

    def next(self, wait: object) -> bool:
        self.taken += 1
        if self.taken > 2:
            raise SourceAway("the camera gives no picture")
        return True

    def jpeg(self, height: int) -> bytes:
        return b"picture"

    granted = "2×2"


def test_a_camera_that_breaks_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []
    said: list[str] = []

    def again() -> FileFrames:
        opened.append(1)
        if len(opened) == 2:
            raise SourceAway("it is not there yet")
        return Flickering(_NoVideo(), "camera 0")  # type: ignore[arg-type]

    run = CameraRun(again, Outbox(), said.append, interval=0)
    run.going = lambda: run.captured < 5
    monkeypatch.setattr("framewise.camera.run.Pauses", lambda: Pauses(0.01, 0.01))
    run.run()
    assert run.captured == 5
    assert len(opened) == 4
    assert [text for text in said if "not there yet" in text]


class _NoVideo:
    def release(self) -> None: ...


@pytest.mark.parametrize("source", ["99", "/dev/video77", "none.mp4", "http://127.0.0.1:1/a.mjpg"])
def test_a_source_that_is_not_there_is_an_error_in_words(source: str) -> None:
    with pytest.raises(SourceAway, match=r"cannot be opened|there is no file"):
        open_frames(source)


def test_what_is_no_video_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"text" * 99)
    with pytest.raises(SourceAway):
        CameraRun(lambda: open_frames(str(tmp_path / "a.mp4")), Outbox(), lambda _: None).run()


def test_no_password_is_shown() -> None:
    assert shown("rtsp://me:secret@cam/1") == "rtsp://cam/1"
