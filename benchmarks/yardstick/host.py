"""Owns the process that a contender runs in: `python -m benchmarks.yardstick.host CONTENDER COURSE`.

It says `ready` with its processes, waits for a line, runs, says `done` with the seconds and leaves `found.json` in the
course's folder. What libraries print goes to the log.
"""

import json
import os
import pickle
import signal
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from benchmarks.yardstick.contender import CONTENDERS, REFERENCE, Course
from benchmarks.yardstick.findings import write_found

FOUND = "found.json"


def main(name: str, course_file: str) -> int:
    """Run one contender once."""
    course: Course = pickle.loads(Path(course_file).read_bytes())  # noqa: S301 - our parent wrote it
    said = _own_pipe()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    contender = CONTENDERS.get(name, REFERENCE).make(course)
    try:
        contender.prepare()
        _say(said, state="ready", processes=dict(contender.processes()))
        if not sys.stdin.readline():
            return 1  # nobody waits any more
        began = time.perf_counter()
        seconds = contender.run()
        _say(said, state="done", seconds=seconds or time.perf_counter() - began)
        write_found(course.folder / FOUND, contender.found())
        _say(said, state="found")
    finally:
        contender.close()
    return 0


def _own_pipe() -> TextIO:
    """The pipe to the parent on a descriptor of its own; standard output becomes the log."""
    pipe = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return pipe


def _say(pipe: TextIO, **message: Any) -> None:
    pipe.write(json.dumps(message) + "\n")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
