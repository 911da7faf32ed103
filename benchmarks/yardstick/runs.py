"""Owns one run of one contender: its process is started, told to begin, listened to, and ended with all it began."""

import json
import os
import pickle
import select
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.yardstick.contender import Course
from benchmarks.yardstick.costs import REST, Costs
from benchmarks.yardstick.findings import Found, read_found
from benchmarks.yardstick.host import FOUND
from benchmarks.yardstick.works import Work
from stack import processes
from stack.settings import TOKEN_VARIABLE
from stack.trial import data_folder

READY_SECONDS = 600.0
RUN_SECONDS = 3600.0
END_SECONDS = 30.0
SETTLE_SECONDS = 1.0
LEASHED = (sys.executable, "-S", "-E", str(processes.LEASH))
"""Asked to end when we die."""


class ContenderFailed(Exception):
    """A contender did not come to its end; its own words say why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run took, by the clock and by the processors, and what was found."""

    seconds: float
    cpu: dict[str, float]
    found: Found


def run_once(
    contender: str, work: Work, cores: int, variables: Mapping[str, str], servers: Mapping[str, list[int]]
) -> Outcome:
    """Have one contender do the work once, warm; raises ContenderFailed. `servers` are processes that work for it."""
    with data_folder() as folder, (folder / "log").open("w+b") as log:
        course_file = folder / "course"
        course_file.write_bytes(pickle.dumps(Course(work, cores, folder)))
        with _host([contender, str(course_file)], variables, log) as host:
            try:
                ready = _hear(host, READY_SECONDS)
                time.sleep(SETTLE_SECONDS)
                costs = Costs({**servers, REST: [host.pid], **ready["processes"]})
                assert host.stdin is not None
                host.stdin.write(b"go\n")
                host.stdin.flush()
                done = _hear(host, RUN_SECONDS)
                cpu = costs.seconds()
                _hear(host, READY_SECONDS)
            except EOFError as e:
                log.seek(0)
                raise ContenderFailed(f"{contender}: {e}\n{log.read().decode(errors='replace')[-3000:]}") from e
        return Outcome(done["seconds"], cpu, read_found(folder / FOUND))


@contextmanager
def _host(arguments: list[str], variables: Mapping[str, str], log: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """The contender's process. At the end nothing is left that it began, whoever adopted it."""
    token = uuid.uuid4().hex
    host = subprocess.Popen(
        [*LEASHED, sys.executable, "-m", "benchmarks.yardstick.host", *arguments],
        env=os.environ | variables | {TOKEN_VARIABLE: token, "FRAMEWISE_STACK_PARENT": str(os.getpid())},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        bufsize=0,
    )
    try:
        yield host
        host.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        processes.end(processes.marked(token), END_SECONDS)
        host.wait()
        for pipe in (host.stdin, host.stdout):
            if pipe is not None:
                pipe.close()


def _hear(host: "subprocess.Popen[bytes]", seconds: float) -> dict[str, Any]:
    """The next thing that it says; raises EOFError when it says nothing (any more)."""
    assert host.stdout is not None
    if not select.select([host.stdout], [], [], seconds)[0]:
        raise EOFError(f"it said nothing for {seconds:g} s")
    line = host.stdout.readline()
    if not line.endswith(b"\n"):
        raise EOFError("it ended")
    said: dict[str, Any] = json.loads(line)
    return said
