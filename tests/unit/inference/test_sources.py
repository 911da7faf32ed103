"""Sources of weights: a real server on loopback, real archives, and every refusal with its reason."""

import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from inference.cards import WeightFile
from inference.reach import Unreachable
from inference.sources import FetchError, Packages, download, extract

DATA = b"weights" * 100
FILE = WeightFile(file="w.bin", sha256="0" * 64, bytes=len(DATA))


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/w.bin")
            self.end_headers()
            return
        known = {"/w.bin": DATA, "/long": DATA * 2}
        self.send_response(200 if self.path in known else 404)
        self.end_headers()
        self.wfile.write(known.get(self.path, b""))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class _Archive(Packages):
    """Packages that are already here."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def archive(self, source: str) -> Path:
        return self._path


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = HTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.mark.parametrize("path", ["/w.bin", "/moved"])
def test_a_download_follows_redirects_and_tells_its_progress(server: str, tmp_path: Path, path: str) -> None:
    arrived: list[int] = []
    download(server + path, FILE, tmp_path / "w", arrived.append)
    assert (tmp_path / "w").read_bytes() == DATA
    assert sum(arrived) == len(DATA)


@pytest.mark.parametrize(
    ("path", "reason", "lasting"), [("/gone", "answered 404", False), ("/long", "more than the 700 bytes", False)]
)
def test_a_bad_answer_is_a_reason(server: str, tmp_path: Path, path: str, reason: str, lasting: bool) -> None:
    with pytest.raises(FetchError, match=reason) as caught:
        download(server + path, FILE, tmp_path / "w", lambda _: None)
    assert caught.value.lasting is lasting


def test_no_answer_is_lasting(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="cannot be reached") as caught:
        download("http://127.0.0.1:9/w.bin", FILE, tmp_path / "w", lambda _: None)
    assert caught.value.lasting


def _wheel(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("data/w.bin", DATA)
    return path


def _tarball(path: Path) -> Path:
    with tarfile.open(path, "w:gz") as tarball:
        info = tarfile.TarInfo("package/data/w.bin")
        info.size = len(DATA)
        tarball.addfile(info, io.BytesIO(DATA))
    return path


@pytest.mark.parametrize("make", [_wheel, _tarball])
def test_a_member_of_a_package(tmp_path: Path, make: object) -> None:
    assert callable(make)
    with _Archive(make(tmp_path / "p")) as packages:
        extract("pypi:p==1!data/w.bin", FILE, tmp_path / "w", packages, lambda _: None)
        assert (tmp_path / "w").read_bytes() == DATA
        with pytest.raises(FetchError, match="no readable data/other"):
            extract("pypi:p==1!data/other", FILE, tmp_path / "w", packages, lambda _: None)


def test_an_archive_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(b"nonsense")
    with _Archive(tmp_path / "p") as packages, pytest.raises(FetchError, match="no readable"):
        extract("npm:p@1!data/w.bin", FILE, tmp_path / "w", packages, lambda _: None)


def test_a_missing_npm_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with Packages() as packages:
        for _ in range(2):
            with pytest.raises(FetchError, match="npm is not installed"):
                packages.archive("npm:p@1")


def test_an_unreachable_host_is_remembered_for_a_while(tmp_path: Path) -> None:
    def fail(lasting: bool) -> None:
        raise FetchError("no", lasting=lasting)

    hosts = Unreachable(tmp_path / "hosts", 60)
    with pytest.raises(FetchError, match="no"), hosts.watch("example.com"):
        fail(lasting=False)
    with pytest.raises(FetchError, match="no"), hosts.watch("example.com"):
        fail(lasting=True)
    with pytest.raises(FetchError, match="s ago"), Unreachable(tmp_path / "hosts", 60).watch("example.com"):
        pytest.fail("it was asked again")
    with Unreachable(tmp_path / "hosts", 0).watch("example.com"):
        pass
    hosts.forget()
    with hosts.watch("example.com"):
        pass
