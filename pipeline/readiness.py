"""Owns the files by which a service says that it is ready, and that it still goes round.

`<data_dir>/run/<service>.ready` holds its pid; the time at which `<service>.beat` was last touched is its heartbeat.
"""

import contextlib
import os
from pathlib import Path

BEAT_SECONDS = 1.0
"""How often a main loop calls `beat`."""


def ready_file(data_dir: Path, service: str) -> Path:
    """Where a service says that it is ready."""
    return data_dir / "run" / f"{service}.ready"


def beat_file(data_dir: Path, service: str) -> Path:
    """What a service touches."""
    return data_dir / "run" / f"{service}.beat"


def mark_ready(data_dir: Path, service: str) -> None:
    """Say that this process, as `service`, is ready."""
    path = ready_file(data_dir, service)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(str(os.getpid()))
    beat(data_dir, service)


def unmark_ready(data_dir: Path, service: str) -> None:
    """Take it back, heartbeat and all: it has ended in order, and nobody need miss it."""
    ready_file(data_dir, service).unlink(missing_ok=True)
    beat_file(data_dir, service).unlink(missing_ok=True)


def beat(data_dir: Path, service: str) -> None:
    """Say that the main loop goes round; call it from a loop that waits for no server.

    A disk that is full must not end the service, and an existing file can be touched on one.
    """
    with contextlib.suppress(OSError):
        beat_file(data_dir, service).touch()
