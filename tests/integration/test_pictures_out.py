"""Pictures that leave the service, on the real servers: live to many viewers, clips and playlists, a page's camera."""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import av
import cv2
import httpx
import numpy as np
import psutil
import pytest

from ingest.halt import Halt
from ingest.live.packets import read_header, read_packet
from ingest.live.pushed import PushedSource
from ingest.live.sources import StreamOver
from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.migrations import migrate
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.contracts.settings import CassandraSettings, KafkaSettings
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.kafka.publishing import KafkaPublisher
from pipeline.kafka.topics import create_topics
from pipeline.pictures import decode
from pipeline.stores.frames import FolderFrameStore
from pipeline.stores.pushed import FolderPushedFrames
from tests.integration.running_api import RunningApi, running_api
from tests.processes import command_line
from tests.unit.api.clips.recordings import Played, played
from tests.unit.api.live.parts import Part, parts_of
from tests.unit.factories import a_result, a_video, analyzed, dog
from tests.waiting import wait_until

WIDTH, HEIGHT = 1280, 720
GREEN = (80, 200, 80)
BITS = 10


def numbered(number: int) -> bytes:
    """A picture that carries its number, as black and white bars in its lower edge."""
    noise = np.random.default_rng(number).integers(0, 255, (18, 32, 3), np.uint8)
    image = cv2.resize(noise, (WIDTH, HEIGHT)).astype(np.uint8)
    for bit in range(BITS):
        left = bit * WIDTH // BITS
        image[-60:, left : left + WIDTH // BITS] = 255 if number >> bit & 1 else 0
    return cv2.imencode(".jpg", image)[1].tobytes()


def number_of(pixels: Any) -> int:
    """The number that a picture carries."""
    middles = [pixels[-30, (2 * bit + 1) * WIDTH // BITS // 2].mean() > 127 for bit in range(BITS)]
    return sum(on << bit for bit, on in enumerate(middles))


def seen_in(jpeg: bytes) -> int:
    """The number of a JPEG's picture."""
    return number_of(decode(jpeg))


def is_boxed(pixels: Any) -> bool:
    """Whether the dog's box is drawn: its left edge is green all along."""
    edge = pixels[300:400, WIDTH // 4 : WIDTH // 4 + 2].reshape(-1, 3).astype(int)
    return bool(np.abs(edge - GREEN).max(axis=1).mean() < 60)


@dataclass
class Analysis:
    """What ingest and the workers do, by hand."""

    client: CassandraClient
    publisher: KafkaPublisher
    frames: FolderFrameStore

    def __post_init__(self) -> None:
        self.videos = CassandraVideoStore(self.client)
        self.results = CassandraResultStore(self.client)

    def begin(self) -> Video:
        """A video in work."""
        video = a_video(status=VideoStatus.PROCESSING, created_at=datetime.now(UTC))
        self.videos.create(video)
        return video

    def finish(self, video: Video, *numbers: int, every: float = 0.1) -> None:
        """Frames are stored and have their outcome: a dog in each."""
        done = [replace(analyzed(video.video_id, n, a_result([dog()])), media_time=(n - 1) * every) for n in numbers]
        for frame in done:
            self.frames.put(video.video_id, frame.frame_number, numbered(frame.frame_number))
        self.results.save(done, {video.video_id: video.attempt_timestamp})
        self.publisher.outcomes(done)
        self.publisher.flush(10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("api")


@pytest.fixture(scope="module")
def analysis(cassandra_settings: CassandraSettings, kafka_settings: KafkaSettings, folder: Path) -> Iterator[Analysis]:
    migrate(cassandra_settings)
    create_topics(kafka_settings)
    frames = FolderFrameStore(folder / "frames")
    found = Analysis(CassandraClient(cassandra_settings), KafkaPublisher(kafka_settings), frames)
    yield found
    found.publisher.close()
    found.client.close()


@pytest.fixture(scope="module")
def api(
    analysis: Analysis, cassandra_settings: CassandraSettings, kafka_settings: KafkaSettings, folder: Path
) -> Iterator[RunningApi]:
    settings = {"FRAMEWISE_MAX_CLIPS": "1"}
    with running_api(folder, cassandra_settings, kafka_settings, **settings) as running:
        yield running


class Viewer(threading.Thread):
    """Looks at a live picture until it ends, and notes when each came."""

    def __init__(self, url: str, video: Video, **params: Any) -> None:
        super().__init__(daemon=True)
        self._http = httpx.Client(base_url=url, timeout=30, trust_env=False)
        self._request = (f"/analysis/{video.video_id}/live", params)
        self._body = b""
        self.ended = False
        self.came: list[tuple[float, Part]] = []
        self.start()

    def run(self) -> None:
        path, params = self._request
        with self._http, self._http.stream("GET", path, params=params) as answer:
            assert answer.status_code == 200, answer.read()
            for piece in answer.iter_raw():
                self._body += piece
                whole, mark, rest = self._body.rpartition(b"\r\n--framewise")
                if mark:
                    self.came += [(time.monotonic(), part) for part in parts_of(whole)]
                    self._body = mark.lstrip() + rest
        self.ended = True

    @property
    def numbers(self) -> list[int]:
        """The frames that came, in their order."""
        return [part.frame_number for _, part in list(self.came)]


def test_ten_viewers_see_every_frame_with_its_boxes_at_once(api: RunningApi, analysis: Analysis) -> None:
    video = analysis.begin()
    viewers = [Viewer(api.url, video) for _ in range(8)]
    viewers += [Viewer(api.url, video, annotate="false"), Viewer(api.url, video, view="side-by-side")]
    analysis.finish(video, 1)
    wait_until(lambda: all(viewer.numbers for viewer in viewers))
    delays = []
    for number in range(2, 12):
        analysis.finish(video, number)
        stored = time.monotonic()
        wait_until(lambda number=number: all(number in v.numbers for v in viewers), 10)  # type: ignore[misc]
        delays.append(max(v.came[-1][0] for v in viewers) - stored)
    print(f"ten viewers have it after {sorted(delays)[5] * 1000:.0f} ms, at most {max(delays) * 1000:.0f} ms")  # noqa: T201
    analysis.videos.transition(video.video_id, VideoStatus.COMPLETED)
    wait_until(lambda: all(viewer.ended for viewer in viewers), 10)
    assert sorted(delays)[5] < 1.0
    boxed, plain, both = viewers[0].came[-1][1], viewers[8].came[-1][1], viewers[9].came[-1][1]
    assert {v.came[-1][1].frame_number for v in viewers} == {11}
    assert seen_in(boxed.jpeg) == seen_in(plain.jpeg) == 11
    assert plain.jpeg == analysis.frames.get(video.video_id, 11)
    pictures = [decode(part.jpeg) for part in (boxed, plain, both)]
    assert [is_boxed(picture) for picture in pictures[:2]] == [True, False]
    assert pictures[2].shape == (HEIGHT, 2 * WIDTH, 3)
    assert [is_boxed(half) for half in (pictures[2][:, :WIDTH], pictures[2][:, WIDTH:])] == [False, True]


def test_who_does_not_read_hurts_nobody(api: RunningApi, analysis: Analysis) -> None:
    video = analysis.begin()
    host, port = api.url.removeprefix("http://").split(":")
    service = psutil.Process(api.process.pid)
    with socket.create_connection((host, int(port))) as idle:
        idle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        idle.sendall(f"GET /analysis/{video.video_id}/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        viewer = Viewer(api.url, video)
        analysis.finish(video, 1)
        wait_until(lambda: bool(viewer.numbers))
        before = service.memory_info().rss
        for number in range(2, 42):
            analysis.finish(video, number)
        wait_until(lambda: 41 in viewer.numbers, 10)
        grown = service.memory_info().rss - before
    assert len(viewer.numbers) > 10
    assert grown < 40 * 2**20, f"{grown / 2**20:.0f} MiB more"
    analysis.videos.transition(video.video_id, VideoStatus.COMPLETED)
    wait_until(lambda: viewer.ended, 10)


@pytest.fixture(scope="module")
def film(analysis: Analysis) -> Video:
    """Forty frames that come every quarter of a second, of which two were cleared."""
    video = analysis.begin()
    analysis.finish(video, *range(1, 41), every=0.25)
    analysis.frames.delete(video.video_id, [11, 12])
    analysis.videos.transition(video.video_id, VideoStatus.COMPLETED)
    return video


@pytest.fixture(scope="module")
def http(api: RunningApi) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=api.url, timeout=150, trust_env=False) as client:
        yield client


def rgb_is_boxed(picture: Played) -> bool:
    return is_boxed(picture.pixels[:, :, ::-1])


def test_a_clip_is_what_was_stored_at_its_times(http: httpx.Client, film: Video, tmp_path: Path) -> None:
    answer = http.get(f"/analysis/{film.video_id}/clip", params={"from": 1, "to": 5})
    assert answer.status_code == 200, answer.text
    pictures = played(answer.content)
    numbers = [n for n in range(5, 22) if n not in (11, 12)]
    assert [number_of(p.pixels) for p in pictures] == numbers
    assert [p.at for p in pictures] == pytest.approx([(n - 5) * 0.25 for n in numbers], abs=1e-3)
    assert pictures[numbers.index(10)].seconds == pytest.approx(0.75, abs=1e-3), "what was cleared leaves its time"
    assert all(rgb_is_boxed(p) for p in pictures)
    path = tmp_path / "clip.mp4"
    path.write_bytes(answer.content)
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        assert (video.codec_context.name, video.width, video.height) == ("h264", WIDTH, HEIGHT)
        assert float(video.duration * video.time_base) == pytest.approx(4.25, abs=0.01)  # type: ignore[operator]
    if shutil.which("ffprobe"):
        asked = ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0"]
        said = subprocess.run([*asked, str(path)], capture_output=True, text=True, check=True)
        assert (said.stdout.strip(), said.stderr) == (str(len(numbers)), "")


def test_a_playlist_is_played_as_one_film(http: httpx.Client, film: Video) -> None:
    address = f"{http.base_url}/analysis/{film.video_id}/clip?format=hls&annotate=false"
    with av.open(address.replace("//analysis", "/analysis"), format="hls") as container:
        shown = [
            (float(frame.pts * frame.time_base), number_of(frame.to_ndarray(format="rgb24")))  # type: ignore[operator]
            for frame in container.decode(video=0)
        ]
    numbers = [n for n in range(1, 41) if n not in (11, 12)]
    assert [number for _, number in shown] == numbers
    start = shown[0][0]
    assert [at - start for at, _ in shown] == pytest.approx([(n - 1) * 0.25 for n in numbers], abs=0.01)


def encoders(api: RunningApi) -> list[psutil.Process]:
    return [p for p in psutil.Process(api.process.pid).children() if "api.clips.encoder" in command_line(p)]


def test_who_goes_away_ends_the_encoding_and_makes_room(
    api: RunningApi, http: httpx.Client, analysis: Analysis, folder: Path
) -> None:
    video = analysis.begin()
    analysis.finish(video, *range(1, 151))
    host, port = api.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as impatient:
        request = f"GET /analysis/{video.video_id}/clip HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        impatient.sendall(request.encode())
        wait_until(lambda: [process.nice() for process in encoders(api)] == [10], 10)
    wait_until(lambda: not encoders(api), 10)
    assert http.get(f"/analysis/{video.video_id}/clip", params={"to": 0.5}).status_code == 200
    assert list((folder / "tmp").glob("clip-*")) == []


def test_a_camera_in_a_page_reaches_ingest(http: httpx.Client, folder: Path) -> None:
    answer = http.post("/analysis/webcam", json={"modelsToRun": ["objects_detection"]})
    assert answer.status_code == 201, answer.text
    video_id, path = UUID(answer.json()["video_id"]), f"{answer.json()['status_url']}/frames"
    source = PushedSource(FolderPushedFrames(folder / "sources"), video_id, patience=30)
    readable, writable = os.pipe()

    def pull() -> None:
        with os.fdopen(writable, "wb") as pipe, pytest.raises(StreamOver):
            source.stream(pipe, Halt())

    began = datetime(2026, 11, 21, tzinfo=UTC)
    with ThreadPoolExecutor(1) as pool, os.fdopen(readable, "rb") as pipe:
        pulling = pool.submit(pull)
        for number in range(1, 21):
            at = (began + timedelta(milliseconds=40 * number)).isoformat()
            sent = http.post(path, params={"captured_at": at}, content=numbered(number))
            assert sent.status_code == 202, sent.text
            if number == 1:
                assert read_header(pipe).codec == "mjpeg"
            packet = read_packet(pipe)
            assert packet is not None
            assert seen_in(packet.data) == number
            assert packet.pts == int(began.timestamp() * 1e6) + 40_000 * number
        assert http.post(f"{path}/end").status_code == 204
        pulling.result(10)


def test_the_service_ends_though_somebody_looks(api: RunningApi, analysis: Analysis) -> None:
    """The last of this module: the others' service is gone then."""
    video = analysis.begin()
    analysis.finish(video, 1)
    viewer = Viewer(api.url, video)
    wait_until(lambda: bool(viewer.numbers))
    told = time.monotonic()
    api.process.send_signal(signal.SIGTERM)
    api.process.wait(10)
    assert time.monotonic() - told < 5
    wait_until(lambda: viewer.ended, 5)
