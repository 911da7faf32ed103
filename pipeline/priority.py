"""Owns who goes first where processors are short: servers and live frames, then files."""

import contextlib
import logging
import os
from collections.abc import Iterable
from pathlib import Path

NICENESS = 5
"""What files give way by: of a core that both want, what is live gets three quarters."""
THREADS = Path("/proc/self/task")

logger = logging.getLogger(__name__)


def give_way() -> None:
    """Let this process come after its parent. To be called again does no more."""
    _set(min(_parents() + NICENESS, 19))


def go_first() -> None:
    """Let this process come beside its parent again.

    Only root may, or whom RLIMIT_NICE allows it; for others it stays as it is, which is logged.
    """
    try:
        _set(_parents())
    except PermissionError:
        logger.info(
            "live frames are analysed by a process that gives way, as it had files before: only root may undo it"
        )


def _parents() -> int:
    return os.getpriority(os.PRIO_PROCESS, os.getppid())


def _set(niceness: int) -> None:
    for thread in _threads():
        with contextlib.suppress(ProcessLookupError):
            if os.getpriority(os.PRIO_PROCESS, thread) != niceness:
                os.setpriority(os.PRIO_PROCESS, thread, niceness)


def _threads() -> Iterable[int]:
    """To Linux each thread has a priority of its own; elsewhere 0 is the process."""
    return [int(entry.name) for entry in THREADS.iterdir()] if THREADS.is_dir() else [0]
