"""Owns which records each worker process has in work, so that those which ended one are known to the next.

A file a process, `<folder>/<host>-<pid>.json`; the time at which it was last touched is the process's heartbeat.
"""

import contextlib
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from pipeline.whole_files import write_whole

Place = tuple[str, int, int]
"""Topic, partition, offset."""

BEAT_SECONDS = 1.0
log = logging.getLogger(__name__)


def folder_of(data_dir: Path) -> Path:
    """Where the files are."""
    return data_dir / "run" / "workers"


@dataclass(frozen=True, slots=True)
class Held:
    """What one process has, or had, in work. `started` is its start time in seconds since the epoch."""

    host: str
    pid: int
    started: float
    places: tuple[Place, ...] = ()


class InFlight:
    """The file of this process. Its heartbeat goes on by itself, but not between `hold` and `release`."""

    def __init__(self, folder: Path) -> None:
        me = psutil.Process()
        self._folder = folder
        self._held = Held(socket.gethostname(), me.pid, me.create_time())
        self._file = folder / f"{self._held.host}-{me.pid}.json"
        self._working = False
        threading.Thread(target=self._go_on_beating, name="heartbeat", daemon=True).start()

    def hold(self, places: Collection[Place]) -> None:
        """Say that these records are in work now; `beat` has to be called until `release`."""
        self._working = True
        _write(self._file, Held(self._held.host, self._held.pid, self._held.started, tuple(places)))

    def release(self) -> None:
        """Say that none is."""
        _write(self._file, self._held)
        self._working = False

    def beat(self) -> None:
        """Say that this process is alive."""
        with contextlib.suppress(OSError):
            os.utime(self._file)

    def suspects(self) -> set[Place]:
        """The records that other processes hold. Who is given one of them knows that its holder has ended."""
        return {place for file, held in read_all(self._folder) if file != self._file for place in held.places}

    def clear(self, places: Collection[Place]) -> None:
        """These were tried alone and are harmless."""
        gone = set(places)
        for file, held in read_all(self._folder):
            left = tuple(place for place in held.places if place not in gone)
            if file != self._file and left != held.places:
                _write(file, Held(held.host, held.pid, held.started, left))

    def _go_on_beating(self) -> None:
        while True:
            time.sleep(BEAT_SECONDS)
            if not self._working:
                self.beat()


def _write(file: Path, held: Held) -> None:
    """Whole or not at all; a disk that is full costs the knowledge, not the work."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps(asdict(held)).encode(), sync=False)
    except OSError as e:
        log.warning("what is in work cannot be written down: %s", e)


def read_all(folder: Path) -> Iterator[tuple[Path, Held]]:
    """What the processes hold; a file that cannot be read is removed."""
    for file in sorted(folder.glob("*.json")):
        try:
            row = json.loads(file.read_text())
            yield file, Held(row["host"], row["pid"], row["started"], tuple((t, p, o) for t, p, o in row["places"]))
        except FileNotFoundError:
            continue
        except (OSError, ValueError, KeyError, TypeError) as e:
            log.warning("%s cannot be read and is removed: %s", file, e)
            file.unlink(missing_ok=True)
