"""Where a URL may lead."""

import pytest

from pipeline.contracts.errors import SourceRefused, SourceUnreachable
from pipeline.outbound.guard import SourceGuard, resolve

PUBLIC = ("93.184.215.14", "2606:4700::1111")


def a_guard(*addresses: str, allowed: tuple[str, ...] = ()) -> SourceGuard:
    return SourceGuard(allowed, resolver=lambda host, port: addresses)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/a.mp4",
        "rtsp://example.com/a",
        "concat:a|b",
        "/etc/passwd",
        "",
        "http://",
        "http:///a.mp4",
        "http://example.com:99999/",
        "http://exa mple.com/",
    ],
)
def test_refuses_what_is_no_http_address(url: str) -> None:
    with pytest.raises(SourceRefused):
        a_guard(*PUBLIC).check(url)


def test_a_public_host_leads_to_its_addresses() -> None:
    destination = a_guard(*PUBLIC).check("https://example.com/a.mp4?x=1")
    assert (destination.host, destination.port, destination.addresses) == ("example.com", 443, PUBLIC)


def test_one_private_address_is_enough_to_refuse() -> None:
    with pytest.raises(SourceRefused, match="FRAMEWISE_ALLOWED_HOSTS"):
        a_guard("93.184.215.14", "10.0.0.1").check("http://example.com/a.mp4")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost:9042/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://127.1/",
        "http://0/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
    ],
)
def test_other_spellings_of_this_machine_are_refused(url: str) -> None:
    with pytest.raises((SourceRefused, SourceUnreachable)):
        SourceGuard().check(url)


@pytest.mark.parametrize(
    ("allowed", "url"),
    [
        ("media.lan", "http://media.lan/a.mp4"),
        ("media.lan", "http://MEDIA.lan:8080/a.mp4"),
        ("media.lan", "http://media.lan./a.mp4"),
        ("Media.LAN.:8080", "http://media.lan:8080/a.mp4"),
        ("10.0.0.1:80", "http://10.0.0.1/a.mp4"),
        ("[::1]:8080", "http://[::1]:8080/a.mp4"),
        ("::1", "http://[::1]:8080/a.mp4"),
    ],
)
def test_allowed_hosts_are_let_through(allowed: str, url: str) -> None:
    assert a_guard("10.0.0.1", allowed=(allowed,)).check(url).addresses == ("10.0.0.1",)


@pytest.mark.parametrize(
    ("allowed", "url"),
    [
        ("media.lan:8080", "http://media.lan/a.mp4"),
        ("media.lan:8080", "http://media.lan:8081/a.mp4"),
        ("media.lan", "http://evil-media.lan/a.mp4"),
        ("media.lan", "http://media.lan.evil.example/a.mp4"),
        ("media.lan", "http://media.lan@evil.example/a.mp4"),
    ],
)
def test_allowed_hosts_let_nothing_else_through(allowed: str, url: str) -> None:
    with pytest.raises(SourceRefused):
        a_guard("10.0.0.1", allowed=(allowed,)).check(url)


def test_no_password_in_a_refusal() -> None:
    with pytest.raises(SourceRefused) as refusal:
        a_guard("10.0.0.1").check("http://user:secret@example.com/a.mp4?token=hidden")
    assert "secret" not in str(refusal.value)
    assert "hidden" not in str(refusal.value)


@pytest.mark.parametrize("url", ["http://user:sec/ret@example.com/", "http://user:secret@example.com:port/"])
def test_no_password_in_what_is_no_url(url: str) -> None:
    with pytest.raises(SourceRefused, match="not a URL") as refusal:
        a_guard(*PUBLIC).check(url)
    assert "sec" not in str(refusal.value)


def test_a_host_without_address() -> None:
    with pytest.raises(SourceUnreachable, match="no address"):
        resolve("no-such-host.invalid", 80)
