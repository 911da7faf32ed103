"""Owns what a contender asks of its processes: what they say, whether one has died, which does what."""

import queue
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.context import SpawnProcess
from multiprocessing.queues import Queue as MpQueue
from typing import Any

import psutil

LOOK_SECONDS = 1.0


def heard(answers: "MpQueue[Any]", processes: Sequence[SpawnProcess], seconds: float) -> Any:
    """The next answer of any of them; raises RuntimeError when one has failed, TimeoutError when all are silent."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            return answers.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            check(processes)
    raise TimeoutError(f"no answer within {seconds:g} s")


def check(processes: Sequence[SpawnProcess]) -> None:
    """Raise RuntimeError when one has failed."""
    if codes := [process.exitcode for process in processes if process.exitcode]:
        raise RuntimeError(f"a process ended with {codes[0]}; its own words are above")


def children(role: Callable[[psutil.Process], str | None]) -> dict[str, list[int]]:
    """The processes below this one that have a role, by it."""
    found: dict[str, list[int]] = {}
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if (name := role(process)) is not None:
                found.setdefault(name, []).append(process.pid)
    return found


def spark_role(process: psutil.Process) -> str | None:
    """What a process below a Spark driver does."""
    if "java" in process.name():
        return "jvm"
    return "worker" if any("pyspark" in word for word in process.cmdline()) else None
