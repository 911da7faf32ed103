"""Owns files that are there whole or not at all."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path


def write_whole(path: Path, content: bytes, sync: bool = True) -> None:
    """Make a file hold `content`, never a part of it; with `sync`, also after a power cut. Raises OSError."""
    write_all_whole([(path, content)], sync)


def write_all_whole(files: Sequence[tuple[Path, bytes]], sync: bool = True) -> None:
    """The same of some files. Any of them may be there when it raises.

    All are written before the first is synced: the disk has begun with the others meanwhile.
    """
    begun: list[tuple[int, str]] = []
    try:
        for path, content in files:
            begun.append(tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp"))
            _write(begun[-1][0], content)
        if sync:
            for descriptor, _ in begun:
                os.fdatasync(descriptor)
        for (_, name), (path, _) in zip(begun, files, strict=True):
            os.rename(name, path)  # noqa: PTH104 - a Path costs more than the call
    except BaseException:
        for _, name in begun:
            Path(name).unlink(missing_ok=True)
        raise
    finally:
        for descriptor, _ in begun:
            os.close(descriptor)


def _write(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]
