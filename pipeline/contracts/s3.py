"""Owns the address of an object: `s3://bucket/key`, with `?versionId=…` for one version of it, and who may be asked."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from unicodedata import category

SCHEME = "s3://"
EXAMPLE = "s3://bucket/folder/video.mp4"
KEY_BYTES = 1024
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_VERSION = re.compile(r"\?versionId=([\w.\-]{1,1024})\Z")


@dataclass(frozen=True, slots=True)
class S3Object:
    """An object in a bucket; the newest version where none is named. The key is as S3 has it, not percent-encoded."""

    bucket: str
    key: str
    version: str | None = None

    @classmethod
    def parse(cls, url: str) -> "S3Object":
        """The object behind an address; raises ValueError that says what is wrong with it."""
        bucket, slash, rest = url.removeprefix(SCHEME).partition("/")
        if not url.startswith(SCHEME) or not slash:
            raise ValueError(f"must have the form {EXAMPLE}")
        if _BUCKET.fullmatch(bucket) is None:
            raise ValueError(f"names no bucket: their names are 3 to 63 of a–z, 0–9, dots and hyphens, as in {EXAMPLE}")
        version = _VERSION.search(rest)
        key = rest[: version.start()] if version else rest
        _check_key(key)
        return cls(bucket, key, version[1] if version else None)

    def __str__(self) -> str:
        """The address, with its version where one is named."""
        return f"{SCHEME}{self.bucket}/{self.key}" + (f"?versionId={self.version}" if self.version else "")


def is_s3(url: str) -> bool:
    """Whether an address is one of an object."""
    return url[: len(SCHEME)].lower() == SCHEME


def is_allowed(bucket: str, patterns: Iterable[str]) -> bool:
    """Whether a bucket is among those named, of which each may end in `*`."""
    return any(bucket.startswith(pattern[:-1]) if pattern.endswith("*") else bucket == pattern for pattern in patterns)


def _check_key(key: str) -> None:
    if not key or key.endswith("/"):
        raise ValueError(f"must name an object, not a folder, as in {EXAMPLE}")
    if len(key.encode(errors="surrogatepass")) > KEY_BYTES:
        raise ValueError(f"has a key of more than {KEY_BYTES} bytes, which S3 does not have")
    if any(category(c) in ("Cc", "Cs") for c in key):
        raise ValueError("must not hold control characters or lone surrogates")
    if any(part in (".", "..") for part in key.split("/")):  # would be shortened on its way, to another object
        raise ValueError("must not hold `.` or `..` as a part of the key")
