"""Owns who fetches which address: S3 by its name, all others over http and https."""

from pathlib import Path

from ingest.download import Downloader
from ingest.halt import Halt
from ingest.s3 import S3Fetcher
from pipeline.contracts.s3 import is_s3


class AnyFetcher:
    """Fetches what either can. Safe for threads; close it at the end."""

    def __init__(self, http: Downloader, s3: S3Fetcher) -> None:
        self._http = http
        self._s3 = s3

    def fetch(self, url: str, path: Path, halt: Halt) -> str:
        """Bring a source to a path. Raises SourceError, DiskFull or Halted."""
        return (self._s3 if is_s3(url) else self._http).fetch(url, path, halt)

    def close(self) -> None:
        """Give back connections."""
        self._http.close()
        self._s3.close()
