"""Looks at processes that may end while they are looked at."""

from collections.abc import Iterable
from typing import Any

import psutil


def command_line(process: psutil.Process) -> str:
    """Its words with spaces between; of one that has ended meanwhile none."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def gives_way(rows: Iterable[dict[str, Any]]) -> set[int]:
    """By how much the workers of these rows, processes of this machine, come after their parent."""
    processes = [psutil.Process(int(worker.rpartition("-")[2])) for worker in {row["worker"] for row in rows}]
    return {process.nice() - psutil.Process(process.ppid()).nice() for process in processes}
