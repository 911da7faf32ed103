"""Owns the newest picture as a file that is always whole."""

import os
from pathlib import Path


def write_latest(path: Path, jpeg: bytes) -> None:
    """Replace the file at once; who reads it has the old picture or the new one. Raises OSError."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(jpeg)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
