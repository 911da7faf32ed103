"""Owns the memory of what cannot be reached, so that a start without network is not slow each time."""

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inference.sources import FetchError


class Unreachable:
    """Hosts and packages that could not be reached a short while ago, shared by processes through a folder."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self._folder = folder
        self._seconds = seconds

    @contextmanager
    def watch(self, name: str) -> Iterator[None]:
        """Refuse at once what is remembered; remember what cannot be reached."""
        mark = self._folder / re.sub(r"[^\w.@=-]", "_", name)
        age = time.time() - mark.stat().st_mtime if mark.exists() else self._seconds
        if 0 <= age < self._seconds:
            raise FetchError(f"could not be reached {age:.0f} s ago")
        try:
            yield
        except FetchError as failure:
            if failure.lasting:
                self._folder.mkdir(parents=True, exist_ok=True)
                mark.touch()
            raise

    def forget(self) -> None:
        """Start afresh."""
        shutil.rmtree(self._folder, ignore_errors=True)
