"""Owns frames as objects of a bucket, over fsspec: `<root>/<video_id>/<bucket>/<frame_number>.jpg`.

It takes stores whose objects appear whole or not at all, by one request. What is asynchronous underneath does not
outlive a fork: each process opens its file system when it first needs it.
"""

import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import fsspec

from pipeline.contracts.errors import DiskFull, StoreUnavailable
from pipeline.contracts.frames import bucket_of
from pipeline.contracts.settings import S3Settings
from pipeline.contracts.urls import redact_text
from pipeline.stores.frames import FULL, Picture, StoredFrame

CONNECT_SECONDS, ANSWER_SECONDS, TRIES = 3, 10, 2
LIMIT_SECONDS = 20
"""Of all tries together: a server that hangs before it takes a picture is held to no other limit."""
CONNECTIONS = 32
AT_ONCE = 1000
"""So many objects S3 deletes by one request."""
FULL_CODES = frozenset({"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "507"})
MOMENTS = ("LastModified", "last_modified", "created", "updated", "mtime")
"""How file systems name the time at which an object was put."""


class ObjectFrameStore:
    """A bucket of S3, or another object store that fsspec knows. Safe for threads."""

    def __init__(self, url: str, s3: S3Settings) -> None:
        self._url = url.rstrip("/")
        self._protocol, _, self._root = self._url.partition("://")
        self._options = s3_options(s3) if self._protocol in ("s3", "s3a") else {}
        self._opened: tuple[int, Any] | None = None
        self._lock = threading.Lock()

    def ping(self) -> str:
        """Ask whether the bucket is there; raises StoreError."""
        if self._protocol != "memory":
            self._ask("the bucket of frames cannot be reached", "info", self._root.partition("/")[0])
        return f"frames are kept in {self._url}"

    def put(self, video_id: UUID, frame_number: int, jpeg: bytes) -> None:
        """Put the object by one request."""
        self._ask(f"frame {frame_number} cannot be stored", "pipe_file", self._path(video_id, frame_number), jpeg)

    def put_many(self, pictures: Sequence[Picture]) -> None:
        """Put one after the other: who has many asks from several threads."""
        for picture in pictures:
            self.put(*picture)

    def get(self, video_id: UUID, frame_number: int) -> bytes | None:
        """The JPEG. Raises StoreError."""
        path = self._path(video_id, frame_number)
        with suppress(FileNotFoundError):
            jpeg: bytes = self._ask(f"frame {frame_number} cannot be read", "cat_file", path, may_miss=True)
            return jpeg
        return None

    def video_ids(self) -> Iterator[UUID]:
        """What is named by an id beneath the root. Raises StoreError."""
        for name in self._names(self._root):
            with suppress(ValueError):
                yield UUID(name)

    def buckets(self, video_id: UUID) -> list[int]:
        """What is named by a number beneath a video. Raises StoreError."""
        return sorted(int(name) for name in self._names(f"{self._root}/{video_id}") if name.isdecimal())

    def stored(self, video_id: UUID, bucket: int) -> list[StoredFrame]:
        """The pictures of a bucket. Raises StoreError."""
        found = (_stored(entry) for entry in self._entries(f"{self._root}/{video_id}/{bucket:06d}"))
        return sorted((frame for frame in found if frame is not None), key=lambda frame: frame.frame_number)

    def delete(self, video_id: UUID, frame_numbers: Iterable[int]) -> None:
        """Delete objects, many by one request."""
        paths = [self._path(video_id, number) for number in frame_numbers]
        for i in range(0, len(paths), AT_ONCE):
            if not self._remove(paths[i : i + AT_ONCE]):  # one was not there, where a file system minds that
                for path in paths[i : i + AT_ONCE]:
                    self._remove(path)

    def delete_video(self, video_id: UUID) -> None:
        """Delete all that is beneath a video, a bucket at a time. Raises StoreError."""
        for entry in list(self._entries(f"{self._root}/{video_id}")):
            self._remove(entry["name"], recursive=True)

    def _path(self, video_id: UUID, frame_number: int) -> str:
        return f"{self._root}/{video_id}/{bucket_of(frame_number):06d}/{frame_number:09d}.jpg"

    def _names(self, path: str) -> Iterator[str]:
        return (entry["name"].rstrip("/").rpartition("/")[2] for entry in self._entries(path))

    def _entries(self, path: str) -> list[Mapping[str, Any]]:
        """What is directly beneath a path; nothing where there is none."""
        with suppress(FileNotFoundError):
            found: list[Mapping[str, Any]] = self._ask("frames cannot be listed", "ls", path, True, may_miss=True)
            return found
        return []

    def _remove(self, what: str | list[str], recursive: bool = False) -> bool:
        """Whether all of it was there to be removed."""
        with suppress(FileNotFoundError):
            self._ask("frames cannot be deleted", "rm", what, recursive, may_miss=True)
            return True
        return False

    def _ask(self, failed: str, method: str, *arguments: Any, may_miss: bool = False) -> Any:
        """Call a method of this process's files; raises FileNotFoundError where that `may_miss`.

        Else raises DiskFull or StoreUnavailable: also a bucket that is missing or closed may be waited for, since who
        makes or opens it does not have to begin anew.
        """
        try:
            files = self._files()
            limit = {"timeout": LIMIT_SECONDS} if files.async_impl else {}
            return getattr(files, method)(*arguments, **limit)
        except FileNotFoundError as e:
            if may_miss:
                raise
            raise StoreUnavailable(f"{failed}: there is no bucket behind {self._url}; make it, or set another") from e
        except PermissionError as e:
            raise StoreUnavailable(f"{failed}: {self._url} does not allow it: {_said(e)}") from e
        except Exception as e:
            if _is_full(e):
                raise DiskFull(f"{failed}: no space left in {self._url}; free some space") from e
            raise StoreUnavailable(f"{failed}: {self._url}: {_said(e)}") from e

    def _files(self) -> Any:
        with self._lock:
            if self._opened is None or self._opened[0] != os.getpid():
                self._opened = os.getpid(), self._open()
            return self._opened[1]

    def _open(self) -> Any:
        try:
            files = fsspec.filesystem(self._protocol, skip_instance_cache=True, **self._options)
        except ImportError as e:
            raise ImportError(f"install what speaks {self._protocol}:// for fsspec: {e}") from e
        files.retries = TRIES
        return files


def s3_options(settings: S3Settings) -> dict[str, Any]:
    """How s3fs asks: within limits of time, nothing remembered of listings, no request before each read."""
    config: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": ANSWER_SECONDS,
        "retries": {"total_max_attempts": 1},
        "max_pool_connections": CONNECTIONS,
    }
    if settings.s3_endpoint:
        config["s3"] = {"addressing_style": "path"}
    return {
        "endpoint_url": settings.s3_endpoint or None,
        "client_kwargs": {"region_name": settings.s3_region} if settings.s3_region else {},
        "config_kwargs": config,
        "use_listings_cache": False,
        "max_concurrency": 1,
    }


def _stored(entry: Mapping[str, Any]) -> StoredFrame | None:
    number, _, kind = entry["name"].rpartition("/")[2].partition(".")
    if kind != "jpg" or not number.isdecimal():
        return None
    return StoredFrame(int(number), int(entry["size"]), _moment(entry))


def _moment(entry: Mapping[str, Any]) -> datetime:
    value = next(entry[name] for name in MOMENTS if entry.get(name) is not None)
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _is_full(error: Exception) -> bool:
    answer = getattr(error.__cause__ or error, "response", None) or {}
    return getattr(error, "errno", None) in FULL or answer.get("Error", {}).get("Code") in FULL_CODES


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError) and not str(error):
        return "no answer in time"
    return redact_text(str(error)) or type(error).__name__
