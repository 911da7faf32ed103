"""Owns the crops on disk that the far end has not confirmed yet: bounded, and whole or not there."""

import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from connectors.edge.agent.crop_files import ENDING, PART, read_crop, write_crop
from connectors.edge.messages import Message
from pipeline.contracts.errors import RecordInvalid

SAY_EVERY = 100
"""Crops that are given up for want of room are said with the first, and then with every so many."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """A crop on disk."""

    path: Path
    size: int


class Spool:
    """Messages by the id of their crop, the oldest first; what was kept before a kill or a power cut is there again.

    There is at most one agent a folder. Safe for several threads.
    """

    def __init__(self, folder: Path, most_bytes: int, most_crops: int) -> None:
        """Take up what is there."""
        self._folder, self._most_bytes, self._most_crops = folder, most_bytes, most_crops
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._bytes, self._next, self.given_up = 0, 1, 0
        folder.mkdir(parents=True, exist_ok=True)
        self._take_up()

    def __len__(self) -> int:
        """How many crops there are."""
        return len(self._kept)

    @property
    def bytes(self) -> int:
        """Of all of them on disk."""
        return self._bytes

    def put(self, crop_id: str, message: Message) -> None:
        """Keep a message, on disk when this returns; the oldest go where there is no room. Raises DiskFull."""
        with self._lock:
            if crop_id in self._kept:
                return
            path = self._folder / f"{self._next:012d}-{_digest(crop_id)}{ENDING}"
            self._next += 1
            self._enter(crop_id, path, write_crop(path, crop_id, message))
            self._make_room()

    def ids(self) -> tuple[str, ...]:
        """All crops, the oldest first."""
        with self._lock:
            return tuple(self._kept)

    def read(self, crop_id: str) -> Message | None:
        """The message of a crop; None when it is not there any more."""
        with self._lock:
            kept = self._kept.get(crop_id)
            if kept is None:
                return None
            try:
                return read_crop(kept.path)[1]
            except (OSError, RecordInvalid) as e:
                logger.warning("the crop %s is lost: %s", crop_id, e)
                self._drop(crop_id)
                return None

    def remove(self, crop_ids: Iterable[str]) -> int:
        """Forget crops that are safe elsewhere; how many of them were here."""
        with self._lock:
            here = [crop_id for crop_id in crop_ids if crop_id in self._kept]
            for crop_id in here:
                self._drop(crop_id)
            return len(here)

    def _take_up(self) -> None:
        for left in self._folder.glob(f"*{PART}"):
            left.unlink(missing_ok=True)
        for path in sorted(self._folder.glob(f"*{ENDING}")):
            try:
                self._enter(read_crop(path)[0], path, path.stat().st_size)
            except (OSError, RecordInvalid) as e:
                logger.warning("%s is no crop and is put aside: %s", path, e)
                path.rename(path.with_suffix(".bad"))
        if self._kept:
            last = next(reversed(self._kept.values()))
            self._next = int(last.path.name.partition("-")[0]) + 1
            logger.info("%d crops of before wait to be confirmed", len(self._kept))
        self._make_room()

    def _enter(self, crop_id: str, path: Path, size: int) -> None:
        self._kept[crop_id] = Kept(path, size)
        self._bytes += size

    def _drop(self, crop_id: str) -> None:
        kept = self._kept.pop(crop_id)
        self._bytes -= kept.size
        kept.path.unlink(missing_ok=True)

    def _make_room(self) -> None:
        while len(self._kept) > 1 and (self._bytes > self._most_bytes or len(self._kept) > self._most_crops):
            oldest = next(iter(self._kept))
            self._drop(oldest)
            self.given_up += 1
            if self.given_up % SAY_EVERY == 1:
                logger.error("the spool is full: %d crops given up so far, the last one %s", self.given_up, oldest)


def _digest(crop_id: str) -> str:
    return hashlib.sha256(crop_id.encode()).hexdigest()[:16]
