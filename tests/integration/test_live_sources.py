"""Live sources: a file in real time, cameras over HTTP and RTSP, playlists; each decoded by real children."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from pathlib import Path

import cv2
import psutil
import pytest

from ingest.decode.messages import Message, Probe, SampledFrame
from ingest.decode.process import request_of
from ingest.halt import Halt, Halted, HaltReason
from ingest.live.connection import connect
from ingest.live.devices import FileCamera
from ingest.live.http_source import HttpSource
from ingest.live.protocols import PulledSource
from ingest.live.sources import LiveSource, StreamOver
from pipeline.contracts.errors import FramewiseError, SourceRefused, SourceUnreachable
from pipeline.contracts.settings import IngestSettings
from pipeline.contracts.videos import Sampling
from pipeline.outbound.guard import SourceGuard
from pipeline.sandbox.confinement import Confinement
from tests.integration.rtsp_server import rtsp_server
from tests.processes import command_line
from tests.unit.factories import jpeg
from tests.unit.ingest.media import number_in, numbered, numbered_video, picture
from tests.unit.servers import Site, content, serving

LOCAL = SourceGuard(("127.0.0.1",))
STRICT = SourceGuard()


@dataclass
class Seen:
    """What came of a connection."""

    frames: list[SampledFrame] = field(default_factory=list)
    came_at: list[float] = field(default_factory=list)
    probe: Probe | None = None
    confinement: Confinement | None = None
    error: FramewiseError | None = None

    @property
    def numbers(self) -> list[int]:
        """The numbers that the pictures show."""
        return [number_in(picture(frame.jpeg)) for frame in self.frames]


def watch(source: LiveSource, enough: int = 1_000_000, step: int = 1, stall: float = 20.0) -> Seen:
    """Take frames until there are enough or the connection ends."""
    seen, halt = Seen(), Halt()
    try:
        with connect(source, request_of(IngestSettings(), Sampling(step)), stall, halt, halt.check) as messages:
            for message in messages:
                _note(seen, message)
                if len(seen.frames) >= enough:
                    break
    except FramewiseError as e:
        seen.error = e
    return seen


def _note(seen: Seen, message: Message) -> None:
    if isinstance(message, SampledFrame):
        seen.frames.append(message)
        seen.came_at.append(time.time())
    elif isinstance(message, Probe):
        seen.probe = message
    elif isinstance(message, Confinement):
        seen.confinement = message


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds of numbered pictures, without reordering, as cameras send."""
    folder = tmp_path_factory.mktemp("clips")
    return numbered_video(folder / "a.mp4", 30, 320, 192, rate=10, options={"tune": "zerolatency", "g": "10"})


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


def test_a_file_plays_in_real_time_and_is_over(clip: Path) -> None:
    began = time.monotonic()
    seen = watch(FileCamera(str(clip), "device:a", loops=False), step=3)
    assert isinstance(seen.error, StreamOver)
    assert seen.numbers == list(range(1, 31, 3))
    assert time.monotonic() - began > 2.5
    assert seen.probe is not None
    assert (seen.probe.width, seen.probe.height, seen.probe.codec) == (320, 192, "h264")
    assert seen.confinement is not None
    assert "no network" in seen.confinement.in_force
    waited = sorted(at - (frame.arrived_at or 0) for at, frame in zip(seen.came_at, seen.frames, strict=True))
    assert waited[len(waited) // 2] < 1.0


def test_a_file_that_loops_goes_on_in_media_time(clip: Path) -> None:
    seen = watch(FileCamera(str(clip), "device:a", loops=True), enough=35)
    assert seen.numbers[28:33] == [29, 30, 1, 2, 3]
    times = [frame.media_time for frame in seen.frames]
    assert times == sorted(times)


def _mjpeg(pictures: int, rate: float) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "multipart/x-mixed-replace; boundary=--frame")
        handler.end_headers()
        for number in range(1, pictures + 1):
            data = cv2.imencode(".jpg", numbered(number))[1].tobytes()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
            handler.wfile.write(head.encode() + data + b"\r\n")
            time.sleep(1 / rate)

    return answer


def test_a_camera_that_sends_jpegs_over_http(site: Site) -> None:
    site.answers["/camera"] = _mjpeg(10, 20)
    seen = watch(HttpSource(site.url("/camera"), LOCAL, 600))
    assert seen.numbers == list(range(1, 11))
    assert seen.frames[-1].media_time == pytest.approx(0.45, abs=0.2)
    assert seen.error is None


def test_a_container_that_does_not_end_over_http(site: Site, clip: Path) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "video/mp2t")
        handler.end_headers()
        command = ["ffmpeg", "-v", "quiet", "-re", "-stream_loop", "-1", "-i", str(clip), "-c", "copy", "-f", "mpegts"]
        encoder = subprocess.Popen([*command, "-"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        assert encoder.stdout is not None
        try:
            while data := os.read(encoder.stdout.fileno(), 65536):
                handler.wfile.write(data)
        except OSError:
            pass
        finally:
            encoder.kill()
            encoder.wait()
            encoder.stdout.close()

    site.answers["/stream"] = answer
    seen = watch(HttpSource(site.url("/stream"), LOCAL, 600), enough=20)
    assert seen.error is None
    assert seen.numbers == list(range(seen.numbers[0], seen.numbers[0] + 20))


def playlist(clip: Path, folder: Path) -> dict[str, bytes]:
    """The files of an HLS playlist with one-second segments."""
    command = ["ffmpeg", "-v", "error", "-i", str(clip), "-c", "copy", "-f", "hls", "-hls_time", "1", "-hls_list_size"]
    subprocess.run([*command, "0", str(folder / "list.m3u8")], check=True, stdin=subprocess.DEVNULL)
    return {f"/{file.name}": file.read_bytes() for file in folder.iterdir()}


def test_a_playlist_is_followed_if_it_is_allowed(site: Site, clip: Path, tmp_path: Path) -> None:
    files = playlist(clip, tmp_path)
    site.answers.update({path: content(body, headers={"Content-Type": "x/y"}) for path, body in files.items()})
    master = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlist.m3u8\n"
    site.answers["/all"] = content(master, headers={"Content-Type": "application/vnd.apple.mpegurl"})
    refused = watch(HttpSource(site.url("/all"), LOCAL, 600))
    assert isinstance(refused.error, SourceRefused)
    assert "FRAMEWISE_ALLOW_HLS" in str(refused.error)
    seen = watch(HttpSource(site.url("/all"), LOCAL, 600, allow_hls=True))
    assert isinstance(seen.error, StreamOver)
    assert seen.numbers == list(range(1, 31))


@pytest.mark.parametrize("line", ["http://127.0.0.2:{port}/inside.ts", "file:///etc/passwd"])
def test_a_playlist_does_not_lead_inside(site: Site, line: str) -> None:
    text = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{line.format(port=site.port)}\n"
    site.answers["/list.m3u8"] = content(text.encode())
    seen = watch(HttpSource(site.url("/list.m3u8"), LOCAL, 600, allow_hls=True))
    assert isinstance(seen.error, SourceRefused)
    assert site.paths() == ["/list.m3u8", "/list.m3u8"]


@pytest.mark.parametrize("scheme", ["rtsp", "rtsps", "rtmp", "rtmps", "http", "https"])
@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "[::1]", "169.254.169.254", "192.168.0.9"])
def test_private_addresses_are_refused_for_every_scheme(scheme: str, host: str) -> None:
    url = f"{scheme}://user:secret@{host}:9/x"
    source = HttpSource(url, STRICT, 1) if scheme.startswith("http") else PulledSource(url, STRICT, 1)
    with pytest.raises(SourceRefused) as refused, open(os.devnull, "wb") as nothing:  # noqa: PTH123
        source.stream(nothing, Halt())
    assert "secret" not in str(refused.value)


def test_redirects_are_checked(site: Site) -> None:
    site.answers["/away"] = content(b"", status=302, headers={"Location": f"http://127.0.0.2:{site.port}/inside"})
    seen = watch(HttpSource(site.url("/away"), LOCAL, 600))
    assert isinstance(seen.error, SourceRefused)
    assert site.paths() == ["/away"]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rtsp")


def command_lines() -> list[str]:
    """Of the processes that this one has started and that run."""
    return [command_line(child) for child in psutil.Process().children(recursive=True)]


def test_a_camera_that_speaks_rtsp(clip: Path, real: Path) -> None:
    with rtsp_server(clip, real) as server:
        seen = watch(PulledSource(server.url("user:secret@"), LOCAL, 600), enough=25)
        children = command_lines()
    assert seen.error is None
    numbers = seen.numbers
    assert all(b - a in (1, -29) for a, b in pairwise(numbers)), numbers
    assert server.asked[:4] == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]
    assert "secret" not in " ".join(children)
    waited = sorted(at - (frame.arrived_at or 0) for at, frame in zip(seen.came_at, seen.frames, strict=True))
    assert waited[len(waited) // 2] < 1.0


def test_a_camera_may_not_send_us_elsewhere(clip: Path, real: Path) -> None:
    with serving() as inside, rtsp_server(clip, real, redirect=f"rtsp://127.0.0.1:{inside.port}/x") as server:
        seen = watch(PulledSource(server.url(), LOCAL, 600))
    assert isinstance(seen.error, SourceRefused)
    assert inside.asked == []


def test_a_server_that_is_not_there_is_said_to_be_away_without_the_password() -> None:
    seen = watch(PulledSource("rtsp://user:secret@127.0.0.1:9/one", LOCAL, 600))
    assert isinstance(seen.error, SourceUnreachable)
    assert "secret" not in str(seen.error)


def test_a_source_that_falls_silent_is_noticed(site: Site) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        _mjpeg(3, 20)(handler)
        time.sleep(6)

    site.answers["/camera"] = answer
    seen = watch(HttpSource(site.url("/camera"), LOCAL, 600), stall=3.0)
    assert isinstance(seen.error, SourceUnreachable)
    assert "no frame for 3 s" in str(seen.error)
    assert seen.numbers == [1, 2, 3]


def test_work_ends_soon_after_it_is_told_to_and_leaves_nothing_behind(clip: Path) -> None:
    halt = Halt()
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    source = FileCamera(str(clip), "device:a", loops=True)
    told = 0.0
    try:
        with connect(source, request_of(IngestSettings()), 20, halt, halt.check) as messages:
            for message in messages:
                if isinstance(message, SampledFrame) and message.frame_number == 3:
                    told = time.monotonic()
                    halt.raise_flag(HaltReason.ENDED)
    except Halted:
        pass
    assert halt.is_set
    assert time.monotonic() - told < 10
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before


def test_pictures_that_are_none_are_left_out(site: Site) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "multipart/x-mixed-replace; boundary=x")
        handler.end_headers()
        for data in (jpeg(), b"\xff\xd8 no picture", jpeg()):
            handler.wfile.write(b"--x\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(data), data))

    site.answers["/camera"] = answer
    seen = watch(HttpSource(site.url("/camera"), LOCAL, 600))
    assert len(seen.frames) == 2
