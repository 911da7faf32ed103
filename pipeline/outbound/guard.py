"""Owns which sources may be fetched: schemes, hosts, addresses."""

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

from pipeline.contracts.errors import SourceRefused, SourceUnreachable
from pipeline.contracts.urls import redact_url
from pipeline.outbound.addresses import is_public

PORTS = {"http": 80, "https": 443}
STREAM_PORTS = PORTS | {"rtsp": 554, "rtsps": 322, "rtmp": 1935, "rtmps": 443}
Resolver = Callable[[str, int], tuple[str, ...]]


def resolve(host: str, port: int) -> tuple[str, ...]:
    """The addresses of a host in the system's order; raises SourceUnreachable when it has none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as e:
        raise SourceUnreachable(f"the host {host!r} has no address; check the spelling and the DNS") from e
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a checked URL leads: connect to one of `addresses` and to nothing else."""

    host: str
    port: int
    addresses: tuple[str, ...]


class SourceGuard:
    """Says where a URL may lead. Safe for threads.

    `allowed_hosts` are hosts, or host:port, as they are written in URLs, let through although they are private.
    """

    def __init__(self, allowed_hosts: tuple[str, ...] = (), resolver: Resolver = resolve) -> None:
        self._allowed = frozenset(_normal(entry) for entry in allowed_hosts)
        self._resolve = resolver

    def check(self, url: str, ports: Mapping[str, int] = PORTS) -> Destination:
        """Resolve a URL once and check every address; raises SourceRefused or SourceUnreachable.

        `ports` are the schemes that are let through, and the port of each.
        """
        parsed = _parse(url, ports)
        host, port = parsed.raw_host.decode("ascii"), parsed.port or ports[parsed.scheme]
        addresses = self._resolve(host, port)
        if not self._lets_through(host, port):
            self._check_public(host, addresses)
        return Destination(host, port, addresses)

    def _lets_through(self, host: str, port: int) -> bool:
        name = _normal(host)
        return name in self._allowed or f"{name}:{port}" in self._allowed

    @staticmethod
    def _check_public(host: str, addresses: tuple[str, ...]) -> None:
        for address in addresses:
            if not is_public(address):
                raise SourceRefused(
                    f"the host {host!r} leads to {address}, which is not a public address; "
                    "to allow it, name the host in FRAMEWISE_ALLOWED_HOSTS"
                )


def _parse(url: str, ports: Mapping[str, int]) -> httpx.URL:
    try:
        parsed = httpx.URL(url)  # what cannot be taken apart is not shown: a password could stand anywhere in it
    except (httpx.InvalidURL, TypeError, ValueError) as e:
        raise SourceRefused("the address is not a URL; check how it is written") from e
    if parsed.scheme not in ports:
        raise SourceRefused(f"the scheme {parsed.scheme or 'none'!r} is not allowed; use {_either(ports)}")
    if not parsed.host or "%" in parsed.raw_host.decode("ascii"):
        raise SourceRefused(f"{redact_url(url)!r} names no host that can be asked for")
    if not 0 < (parsed.port or ports[parsed.scheme]) < 2**16:
        raise SourceRefused(f"{redact_url(url)!r} names no port from 1 to 65535")
    return parsed


def _either(names: Mapping[str, int]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}"


def _normal(entry: str) -> str:
    """host or host:port in one spelling: lower case, no brackets, no dot at the end of the name."""
    text = entry.strip().lower()
    if text.startswith("["):
        inside, _, rest = text[1:].partition("]")
        return inside + rest
    name, colon, port = text.rpartition(":")
    if colon and port.isdigit() and ":" not in name:
        return f"{name.rstrip('.')}:{port}"
    return text.rstrip(".")
