"""The way out dials what was checked: names whose address changes between two look-ups, and redirects."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from ingest.download import Downloader
from ingest.halt import Halt
from ingest.transfer import DownloadLimits
from pipeline.contracts.errors import SourceError, SourceRefused, SourceUnreachable
from pipeline.contracts.settings import IngestSettings
from pipeline.outbound.guard import SourceGuard
from tests.unit.servers import Site, content, redirect, serving

PUBLIC, OTHER_PUBLIC = "93.184.215.14", "2606:4700::1111"
T = TypeVar("T")
LIMITS = DownloadLimits(1_000_000, 20.0, attempts=2, pause=0.01)


@pytest.fixture
def dials(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that are dialled during a test; none but loopback is reached.

    An audit hook would see them too, but it cannot be taken away, and with one in Python two threads that start at
    once under coverage make CPython 3.11's `sys.settrace` fail.
    """
    seen: list[str] = []

    def watched(method: Callable[[socket.socket, tuple[object, ...]], T]) -> Callable[..., T]:
        def dial(self: socket.socket, address: tuple[object, ...]) -> T:
            seen.append(str(address[0]))
            if address[0] != "127.0.0.1":
                raise ConnectionRefusedError("the tests reach nothing outside")
            return method(self, address)

        return dial

    monkeypatch.setattr(socket.socket, "connect", watched(socket.socket.connect))
    monkeypatch.setattr(socket.socket, "connect_ex", watched(socket.socket.connect_ex))
    return seen


@pytest.fixture
def inside() -> Iterator[Site]:
    """A server that nobody may reach, on loopback, with a secret."""
    with serving() as site:
        site.answers["/secret"] = content(b"secret")
        yield site


class Changing:
    """A resolver whose answers change from one question to the next; the last one stays."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.left = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> tuple[str, ...]:
        """The next answer."""
        self.asked.append(host)
        return self.left.pop(0) if len(self.left) > 1 else self.left[0]


def fetched(url: str, path: Path, guard: SourceGuard) -> str:
    downloader = Downloader(guard, LIMITS)
    try:
        return downloader.fetch(url, path, Halt())
    finally:
        downloader.close()


def test_the_address_that_was_checked_is_the_one_dialled(dials: list[str], inside: Site, tmp_path: Path) -> None:
    """A name that is public when it is checked and private a moment later: nobody asks a second time."""
    resolver = Changing((PUBLIC,), ("127.0.0.1",))
    with pytest.raises(SourceRefused, match=r"leads to 127\.0\.0\.1"):
        fetched(inside.url("/secret", "rebinding.example"), tmp_path / "source", SourceGuard(resolver=resolver))
    assert dials == [PUBLIC]
    assert resolver.asked == ["rebinding.example"] * 2  # once for each try; the second was refused, not dialled
    assert inside.asked == []


def test_every_checked_address_is_tried_and_no_other(dials: list[str], inside: Site, tmp_path: Path) -> None:
    resolver = Changing((PUBLIC, OTHER_PUBLIC))
    with pytest.raises(SourceUnreachable):
        fetched(inside.url("/secret", "public.example"), tmp_path / "source", SourceGuard(resolver=resolver))
    assert dials == [PUBLIC, OTHER_PUBLIC] * LIMITS.attempts


def test_a_public_and_a_private_address_together_are_refused(dials: list[str], inside: Site, tmp_path: Path) -> None:
    resolver = Changing((PUBLIC, "127.0.0.1"))
    with pytest.raises(SourceRefused):
        fetched(inside.url("/secret", "both.example"), tmp_path / "source", SourceGuard(resolver=resolver))
    assert (dials, inside.asked) == ([], [])


@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.1:{port}/secret",
        "http://2130706433:{port}/secret",
        "http://0x7f000001:{port}/secret",
        "http://0177.0.0.1:{port}/secret",
        "http://127.1:{port}/secret",
        "http://0:{port}/secret",
        "http://localhost:{port}/secret",
        "http://127.0.0.1.:{port}/secret",
        "http://[::ffff:127.0.0.1]:{port}/secret",
        "http://[::ffff:7f00:1]:{port}/secret",
        "http://[64:ff9b::7f00:1]:{port}/secret",
        "http://[::1]:{port}/secret",
        "http://①②⑦.⓪.⓪.①:{port}/secret",
        "http://user:pass@127.0.0.1:{port}/secret",
        "http://169.254.169.254/latest/meta-data/",
        "//127.0.0.1:{port}/secret",
        "file:///etc/passwd",
        "concat:/etc/passwd|/etc/hosts",
        "data:video/mp4;base64,AAAA",
        "ftp://127.0.0.1:{port}/secret",
    ],
)
def test_a_redirect_leads_nowhere_forbidden(dials: list[str], inside: Site, tmp_path: Path, to: str) -> None:
    """The allowed host is dialled, once; what it points to is not."""
    with serving() as allowed:
        allowed.answers["/a.mp4"] = redirect(to.format(port=inside.port).encode().decode("latin-1"))
        with pytest.raises(SourceError) as failure:
            fetched(allowed.url("/a.mp4"), tmp_path / "source", SourceGuard((f"127.0.0.1:{allowed.port}",)))
        assert (len(allowed.asked), inside.asked) == (1, [])
    assert dials == ["127.0.0.1"]
    assert "pass" not in str(failure.value).replace("/etc/passwd", "")
    assert not (tmp_path / "source").exists()


@pytest.mark.parametrize(
    ("allowed", "reached"),
    [("127.0.0.1", True), ("127.0.0.1:{port}", True), ("127.0.0.1:1", False), ("127.0.0.2", False), ("", False)],
)
def test_named_hosts_are_let_through(inside: Site, tmp_path: Path, allowed: str, reached: bool) -> None:
    names = IngestSettings(allowed_hosts=allowed.format(port=inside.port)).allowed_hosts
    refusal = contextlib.nullcontext() if reached else pytest.raises(SourceRefused, match="FRAMEWISE_ALLOWED_HOSTS")
    with refusal:
        fetched(inside.url("/secret"), tmp_path / "source", SourceGuard(names))
    assert ((tmp_path / "source").exists(), len(inside.asked)) == (reached, int(reached))
