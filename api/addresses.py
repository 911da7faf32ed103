"""Owns which addresses a body may name: what cannot be asked over the network, or names no object, is refused."""

from urllib.parse import urlsplit

from pipeline.contracts.s3 import S3Object


def check_url(name: str, url: str, advice: str) -> None:
    """Raise ValueError for what cannot be asked over the network, whatever the host."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as e:
        raise ValueError(f"{name} is not an address; percent-encode special characters in user and password") from e
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError(f"{name} must start with http:// or https:// and name a host{advice}")
    if any(ord(c) <= 32 or ord(c) == 127 for c in url):
        raise ValueError(f"{name} must not hold spaces or control characters; percent-encode them")


def check_object(url: str) -> None:
    """Raise ValueError for what is no object of S3."""
    try:
        S3Object.parse(url)
    except ValueError as e:
        raise ValueError(f"videoURL {e}") from e
