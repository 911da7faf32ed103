"""Owns the file by which a service says that it is ready: `<data_dir>/run/<service>.ready` holds its pid."""

import os
from pathlib import Path


def ready_file(data_dir: Path, service: str) -> Path:
    """Where a service says so."""
    return data_dir / "run" / f"{service}.ready"


def mark_ready(data_dir: Path, service: str) -> None:
    """Say that this process, as `service`, is ready."""
    path = ready_file(data_dir, service)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(str(os.getpid()))


def unmark_ready(data_dir: Path, service: str) -> None:
    """Take it back."""
    ready_file(data_dir, service).unlink(missing_ok=True)
