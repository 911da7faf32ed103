"""Owns what a contender asks of its processes: what they say, whether one has died, which does what."""

import queue
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing.context import SpawnProcess
from multiprocessing.queues import Queue as MpQueue
from multiprocessing.synchronize import Event
from typing import Any

import psutil

from benchmarks.yardstick.findings import Found

START_SECONDS = 480.0
RUN_SECONDS = 3600.0
END_SECONDS = 10.0
LOOK_SECONDS = 1.0


class Bare:
    """A contender of processes that say that they are ready, begin together, and say at their end what they found.

    Each answers twice, but those that are no `worker` once. The queue that they have in common lives as long as this.
    """

    def __init__(
        self, start: Event, answers: "MpQueue[Any]", common: "MpQueue[Any]", **roles: Sequence[SpawnProcess]
    ) -> None:
        self._start = start
        self._answers = answers
        self._common = common
        self._roles = roles
        self._processes = [process for some in roles.values() for process in some]
        self._found: Found = {}

    def prepare(self) -> None:
        """Have all started and warm."""
        for process in self._processes:
            process.start()
        for _ in self._processes:
            heard(self._answers, self._processes, START_SECONDS)

    def processes(self) -> Mapping[str, list[int]]:
        """By what they do."""
        return {name: [process.pid for process in some if process.pid] for name, some in self._roles.items()}

    def run(self) -> None:
        """Begin, and wait for what the workers say."""
        self._start.set()
        for _ in self._roles["worker"]:
            self._found |= heard(self._answers, self._processes, RUN_SECONDS)

    def found(self) -> Found:
        """What they said."""
        return self._found

    def close(self) -> None:
        """Wait for their end; who does not end is ended with all the rest."""
        for process in self._processes:
            process.join(END_SECONDS)


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
