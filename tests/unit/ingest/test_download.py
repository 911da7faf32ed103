"""Fetching over http, from real servers on loopback."""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from ingest.download import Downloader
from ingest.halt import Halt, Halted, HaltReason
from ingest.transfer import DownloadLimits
from pipeline.contracts.errors import SourceRefused, SourceTooLarge, SourceUnreachable
from pipeline.outbound.guard import SourceGuard
from tests.unit.servers import Answer, Site, content, redirect, serving

BODY = bytes(range(256)) * 2000
Fetch = Callable[..., str]


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        yield running


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "videos" / "source"


@pytest.fixture
def fetch(site: Site, path: Path) -> Iterator[Fetch]:
    """Fetch a path of the site, which is allowed by name and port."""
    made: list[Downloader] = []

    def run(where: str, halt: Halt | None = None, **limits: float) -> str:
        chosen = {"max_bytes": 1_000_000, "total": 20.0, "stall": 5.0, "pause": 0.01} | limits
        downloader = Downloader(SourceGuard((f"127.0.0.1:{site.port}",)), DownloadLimits(**chosen))  # type: ignore[arg-type]
        made.append(downloader)
        return downloader.fetch(where if "://" in where else site.url(where), path, halt or Halt())

    yield run
    for downloader in made:
        downloader.close()


def test_the_file_is_there_with_its_digest(site: Site, fetch: Fetch, path: Path) -> None:
    site.answers["/a.mp4"] = content(BODY)
    assert fetch("/a.mp4") == hashlib.sha256(BODY).hexdigest()
    assert path.read_bytes() == BODY
    assert [p.name for p in path.parent.iterdir()] == ["source"]


def test_host_header_and_credentials_reach_the_server(site: Site, fetch: Fetch) -> None:
    site.answers["/a.mp4"] = content(BODY)
    fetch(f"http://user:pass@127.0.0.1:{site.port}/a.mp4")
    headers = site.asked[0][1]
    assert headers["Host"] == f"127.0.0.1:{site.port}"
    assert headers["Authorization"] == "Basic dXNlcjpwYXNz"


def test_dials_the_checked_address_and_names_the_host(site: Site, path: Path) -> None:
    """A second look-up of the name would not find it: the address that was checked is the one dialled."""
    site.answers["/a.mp4"] = content(BODY)
    asked: list[str] = []

    def resolver(host: str, port: int) -> tuple[str, ...]:
        asked.append(host)
        return ("127.0.0.1",)

    downloader = Downloader(SourceGuard(("media.invalid",), resolver), DownloadLimits(1_000_000, 20.0))
    downloader.fetch(site.url("/a.mp4", "media.invalid"), path, Halt())
    downloader.close()
    assert asked == ["media.invalid"]
    assert site.asked[0][1]["Host"] == f"media.invalid:{site.port}"


def test_the_next_address_is_tried(site: Site, path: Path) -> None:
    site.answers["/a.mp4"] = content(BODY)
    guard = SourceGuard(("media.invalid",), lambda host, port: ("127.0.0.2", "127.0.0.1"))
    downloader = Downloader(guard, DownloadLimits(1_000_000, 20.0))
    assert downloader.fetch(site.url("/a.mp4", "media.invalid"), path, Halt())
    downloader.close()


def test_a_private_host_is_never_dialled(site: Site, path: Path) -> None:
    downloader = Downloader(SourceGuard(), DownloadLimits(1_000_000, 20.0))
    with pytest.raises(SourceRefused):
        downloader.fetch(site.url("/a.mp4"), path, Halt())
    downloader.close()
    assert site.asked == []


def test_redirects_are_followed(site: Site, fetch: Fetch, path: Path) -> None:
    site.answers["/a"] = redirect("/b")
    site.answers["/b"] = content(BODY)
    fetch("/a")
    assert path.read_bytes() == BODY


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/a", "gopher://127.0.0.1/", "http://[::1/"])
def test_redirects_to_other_schemes_are_refused(site: Site, fetch: Fetch, to: str) -> None:
    site.answers["/a"] = redirect(to)
    with pytest.raises(SourceRefused):
        fetch("/a")
    assert site.paths() == ["/a"]


def test_redirects_are_checked_again(site: Site, fetch: Fetch) -> None:
    with serving() as inside:
        inside.answers["/secret"] = content(b"secret")
        site.answers["/a"] = redirect(inside.url("/secret"))
        with pytest.raises(SourceRefused):
            fetch("/a")
        assert inside.asked == []


def test_redirects_end(site: Site, fetch: Fetch) -> None:
    site.answers["/a"] = redirect("/a")
    with pytest.raises(SourceRefused, match="more than 5 times"):
        fetch("/a")
    assert len(site.asked) == 6


@pytest.mark.parametrize("promised", [None, 10])
def test_too_many_bytes(site: Site, fetch: Fetch, path: Path, promised: int | None) -> None:
    site.answers["/a"] = content(BODY, promised) if promised is None else chunked(BODY)
    with pytest.raises(SourceTooLarge, match="FRAMEWISE_MAX_DOWNLOAD_BYTES"):
        fetch("/a", max_bytes=1000)
    assert not path.exists()
    assert not list(path.parent.parent.rglob("*.part"))


@pytest.mark.parametrize(
    ("status", "said", "asked"),
    [
        (404, "check the address", 1),
        (403, "signed", 1),
        (401, "password", 1),
        (204, "status 200", 1),
        (503, "later", 3),
    ],
)
def test_answers_that_are_no_file(site: Site, fetch: Fetch, status: int, said: str, asked: int) -> None:
    site.answers["/a?key=hidden"] = content(b"", status=status)
    with pytest.raises(SourceUnreachable, match=said) as failure:
        fetch("/a?key=hidden")
    assert str(status) in str(failure.value)
    assert "hidden" not in str(failure.value)
    assert len(site.asked) == asked


def test_a_file_that_breaks_off_is_fetched_again(site: Site, fetch: Fetch, path: Path) -> None:
    answers = [content(BODY[:1000], len(BODY)), content(BODY)]
    site.answers["/a"] = lambda handler: answers.pop(0)(handler)
    fetch("/a")
    assert path.read_bytes() == BODY


def test_a_file_that_always_breaks_off(site: Site, fetch: Fetch, path: Path) -> None:
    site.answers["/a"] = content(BODY[:1000], len(BODY))
    with pytest.raises(SourceUnreachable, match="before the whole file"):
        fetch("/a")
    assert not path.exists()


def test_a_transfer_that_stalls(site: Site, fetch: Fetch) -> None:
    over = threading.Event()
    site.answers["/a"] = stalling(over)
    with pytest.raises(SourceUnreachable, match="stalled"):
        fetch("/a", stall=0.2, attempts=1)
    over.set()


def test_a_transfer_that_takes_too_long(site: Site, fetch: Fetch) -> None:
    site.answers["/a"] = content(BODY)
    with pytest.raises(SourceUnreachable, match="longer than"):
        fetch("/a", total=0.0)


@pytest.mark.parametrize("dripping", ["head", "body"])
def test_a_server_that_never_ends_is_left_at_the_cap(site: Site, fetch: Fetch, path: Path, dripping: str) -> None:
    """A byte now and then is no stall; the cap on the whole download ends it."""
    over = threading.Event()
    site.answers["/a"] = drip(over, dripping)
    begun = time.monotonic()
    with pytest.raises(SourceUnreachable, match=r"longer than 0\.5 s; the cap is FRAMEWISE_DOWNLOAD_TIMEOUT"):
        fetch("/a", total=0.5)
    assert time.monotonic() - begun < 3
    over.set()
    assert not list(path.parent.parent.rglob("*.part"))


@pytest.mark.parametrize("dripping", ["head", "body", "nothing"])
def test_a_halt_is_heard_while_a_server_drips(site: Site, fetch: Fetch, path: Path, dripping: str) -> None:
    """Of a body without a length, the end of the connection is the end: one that was cut must not pass for whole."""
    over, halt = threading.Event(), Halt()
    site.answers["/a"] = drip(over, dripping)
    timer = threading.Timer(0.3, halt.raise_flag, (HaltReason.ENDED,))
    timer.start()
    with pytest.raises(Halted):
        fetch("/a", halt)
    over.set()
    timer.join()
    assert not path.exists()


def test_no_cookie_goes_from_one_video_to_another(site: Site, path: Path) -> None:
    site.answers["/a"] = content(BODY, headers={"Set-Cookie": "visitor=1"})
    downloader = Downloader(SourceGuard(("127.0.0.1",)), DownloadLimits(1_000_000, 20.0))
    for _ in range(2):
        downloader.fetch(site.url("/a"), path, Halt())
    downloader.close()
    assert ["Cookie" in headers for _, headers in site.asked] == [False, False]


def test_it_stops_when_told(site: Site, fetch: Fetch, path: Path) -> None:
    halt = Halt()
    halt.raise_flag(HaltReason.ENDED)
    site.answers["/a"] = content(BODY)
    with pytest.raises(Halted):
        fetch("/a", halt)
    assert not path.exists()


def test_nobody_listens(path: Path) -> None:
    with serving() as gone:
        port = gone.port
    downloader = Downloader(SourceGuard(("127.0.0.1",)), DownloadLimits(1000, 20.0, pause=0.01))
    with pytest.raises(SourceUnreachable):
        downloader.fetch(f"http://127.0.0.1:{port}/a", path, Halt())
    downloader.close()


def chunked(body: bytes) -> Answer:
    """A body without a promised length."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            handler.wfile.write(body)
        except OSError:
            handler.close_connection = True

    return answer


def drip(over: threading.Event, part: str) -> Answer:
    """A byte every twentieth of a second, of a head or of a body that has no length, or nothing, until the event."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        opening = b"HTTP/1.1 200 OK\r\nX-Slow: "
        handler.wfile.write(opening if part == "head" else opening + b"no\r\n\r\n")
        handler.close_connection = True
        try:
            while not over.wait(0.05):
                handler.wfile.write(b"" if part == "nothing" else b"x")
        except OSError:
            return

    return answer


def stalling(over: threading.Event) -> Answer:
    """A body that stops coming until the event."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"x")
        over.wait(10)

    return answer
