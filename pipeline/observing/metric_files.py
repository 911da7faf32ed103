"""Owns the folder through which processes share their metrics: a file a process and kind, those of the dead merged.

A process shows that it lives by a lock on `<its name>.lock`, which the kernel takes away when it ends, however it does:
that holds between containers, in which process ids repeat. What dead processes counted is added to files of their own;
what was only true while they lived is removed.
"""

import fcntl
import os
import re
import secrets
import socket
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from prometheus_client.mmap_dict import MmapedDict

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Where prometheus_client looks for the folder; it must be set before that is imported."""
SUMMED = {"counter": 1 << 19, "histogram": 1 << 19}
LIVING = {"gauge_livesum": 1 << 16, "gauge_liveall": 1 << 16, "gauge_livemostrecent": 1 << 16}
"""The kinds of files and their bytes, taken at once: a mapped file that grows on a full disk ends its process."""
ENDED = "ended"
GUARD, GUARD_SECONDS = "folder.guard", 2.0


@dataclass
class _Claim:
    """The name of this process, and the lock that it holds while it lives."""

    pid: int = 0
    name: str = ""
    lock: BinaryIO | None = None


_mine = _Claim()


def process_name() -> str:
    """The name of this process, claimed on the first call; a forked process gets one of its own. Raises OSError."""
    if _mine.pid != os.getpid():
        folder = Path(os.environ[VARIABLE])
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(TimeoutError):
            tidy(folder)
        _mine.name, _mine.lock = claim(folder)
        _mine.pid = os.getpid()
    return _mine.name


def claim(folder: Path) -> tuple[str, BinaryIO]:
    """A new name with its files, and the lock that says that it is in use."""
    host = re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname())
    name = f"{host}-{os.getpid()}-{secrets.token_hex(3)}"
    making = folder / f"{name}.new"
    lock = making.open("wb")
    fcntl.flock(lock, fcntl.LOCK_EX)
    making.rename(folder / f"{name}.lock")
    for kind, size in {**SUMMED, **LIVING}.items():
        making.write_bytes(bytes(size))
        making.rename(folder / f"{kind}_{name}.db")
    return name, lock


def tidy(folder: Path) -> None:
    """Add what ended processes counted to the sums, and remove their files. Raises OSError."""
    with guarded(folder, fcntl.LOCK_EX):
        gone = [lock for lock in folder.glob("*.lock") if _is_free(lock)]
        if not gone:
            return
        for kind in SUMMED:
            _add(folder / f"{kind}_{ENDED}.db", [folder / f"{kind}_{lock.stem}.db" for lock in gone])
        for lock in gone:
            for file in [*folder.glob(f"*_{lock.stem}.db"), *folder.glob(f"{lock.stem}.*")]:
                file.unlink(missing_ok=True)


@contextmanager
def guarded(folder: Path, how: int = fcntl.LOCK_SH) -> Iterator[None]:
    """Keep others from changing which files there are; raises TimeoutError when one that hangs holds them."""
    until = time.monotonic() + GUARD_SECONDS
    with (folder / GUARD).open("ab") as guard:
        while True:
            try:
                fcntl.flock(guard, how | fcntl.LOCK_NB)
                break
            except BlockingIOError as e:
                if time.monotonic() > until:
                    raise TimeoutError(f"{guard.name} is held by another process") from e
            time.sleep(0.01)
        yield


def _is_free(lock: Path) -> bool:
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _add(sums: Path, files: list[Path]) -> None:
    """Add the values of files to a file of sums, and remove them: first, for lost is better than counted twice."""
    total: defaultdict[str, float] = defaultdict(float)
    for file in [sums, *files]:
        if file.exists():
            for key, value, _, _ in MmapedDict.read_all_values_from_file(str(file)):
                total[key] += value
    for file in files:
        file.unlink(missing_ok=True)
    making = sums.with_suffix(".new")
    making.unlink(missing_ok=True)
    written = MmapedDict(str(making))
    for key, value in total.items():
        written.write_value(key, value, 0.0)
    written.close()
    making.rename(sums)
