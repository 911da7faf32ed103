"""Owns pictures in an object store, by fsspec: a bucket of S3, or another store whose objects appear by one request."""

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any, TypeVar

import fsspec

from connectors.edge.processor.place import Kept, candidates
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import S3Settings
from pipeline.contracts.urls import redact_text
from pipeline.stores.object_frames import s3_options

T = TypeVar("T")


class ObjectPlace:
    """Place in an object store."""

    def __init__(self, url: str, s3: S3Settings) -> None:
        """Nothing is asked yet. Raises StoreUnavailable where fsspec does not know the address."""
        protocol, _, self._root = url.rstrip("/").partition("://")
        self._url = redact_text(url)
        options = s3_options(s3) if protocol in ("s3", "s3a") else {}
        try:
            self._files: Any = fsspec.filesystem(protocol, skip_instance_cache=protocol != "memory", **options)
        except (ImportError, ValueError) as e:
            raise StoreUnavailable(f"pictures cannot be kept in {self._url}: {e}") from e

    def keep(self, folder: str, stem: str, suffix: str, content: bytes) -> Kept:
        first, second = candidates(folder, stem, suffix, content)
        return self._kept(first, content) or self._kept(second, content) or Kept(second, repeated=True)

    def find(self, folder: str, ending: str) -> str | None:
        names = self._ask(lambda: self._names(f"{self._root}/{folder}"))
        return next((stem for stem in (PurePosixPath(name).stem for name in names) if stem.endswith(ending)), None)

    def _kept(self, name: str, content: bytes) -> Kept | None:
        path = f"{self._root}/{name}"
        there = self._ask(lambda: self._content(path))
        if there is not None:
            return Kept(name, repeated=True) if there == content else None
        self._ask(lambda: self._files.pipe_file(path, content))
        return Kept(name, repeated=False)

    def _content(self, path: str) -> bytes | None:
        try:
            found: bytes = self._files.cat_file(path)
        except FileNotFoundError:
            return None
        return found

    def _names(self, path: str) -> list[str]:
        try:
            return [str(name) for name in self._files.ls(path, detail=False)]
        except FileNotFoundError:
            return []

    def _ask(self, action: Callable[[], T]) -> T:
        try:
            return action()
        except Exception as e:
            said = redact_text(str(e)) or type(e).__name__
            raise StoreUnavailable(f"pictures cannot be kept in {self._url}: {said}") from e
