"""Owns the bare program in which one process decodes and encodes, and one a core takes JPEGs and runs the models."""

import multiprocessing as mp
from collections.abc import Mapping
from multiprocessing.queues import Queue as MpQueue
from multiprocessing.synchronize import Event
from typing import Any

from benchmarks.yardstick.contender import Course
from benchmarks.yardstick.crew import heard
from benchmarks.yardstick.findings import Found, findings, key
from benchmarks.yardstick.frames import CHUNK, chunks, frame_of, sampled, warmed

QUEUED = 64 // CHUNK
START_SECONDS = 480.0
RUN_SECONDS = 3600.0


class BarePool:
    """A decoder, a bounded queue of a few JPEGs at a time, a process a core. Results come back whole at the end."""

    def __init__(self, course: Course) -> None:
        context = mp.get_context("spawn")
        self._start = context.Event()
        self._answers: MpQueue[Any] = context.Queue()
        self._found: Found = {}
        self._jpegs: MpQueue[Any] = context.Queue(QUEUED)
        self._decoder = context.Process(
            target=_decoder, args=(course, self._jpegs, self._start, self._answers), daemon=True
        )
        self._workers = [
            context.Process(target=_worker, args=(course, self._jpegs, self._answers), daemon=True)
            for _ in range(course.cores)
        ]
        self._processes = [self._decoder, *self._workers]

    def prepare(self) -> None:
        for process in self._processes:
            process.start()
        for _ in self._processes:
            heard(self._answers, self._processes, START_SECONDS)

    def processes(self) -> Mapping[str, list[int]]:
        return {"decoder": _pids([self._decoder]), "worker": _pids(self._workers)}

    def run(self) -> None:
        self._start.set()
        for _ in self._workers:
            self._found |= heard(self._answers, self._processes, RUN_SECONDS)

    def found(self) -> Found:
        return self._found

    def close(self) -> None:
        for process in self._processes:
            process.join(10)


contender = BarePool


def _pids(processes: list[Any]) -> list[int]:
    return [process.pid for process in processes]


def _decoder(course: Course, jpegs: "MpQueue[Any]", start: Event, answers: "MpQueue[Any]") -> None:
    answers.put("ready")
    start.wait()
    frames = (
        (index, one.frame_number, one.jpeg) for index, path in enumerate(course.work.clips) for one in sampled(path)
    )
    for some in chunks(frames):
        jpegs.put(some)
    for _ in range(course.cores):
        jpegs.put(None)


def _worker(course: Course, jpegs: "MpQueue[Any]", answers: "MpQueue[Any]") -> None:
    tasks = course.work.tasks
    analyzer = warmed(tasks, course.work.warm_clip)
    answers.put("ready")
    found: Found = {}
    while (some := jpegs.get()) is not None:
        results = analyzer.analyze([frame_of(clip, number, jpeg, tasks) for clip, number, jpeg in some])
        found |= {key(clip, number): findings(r) for (clip, number, _), r in zip(some, results, strict=True)}
    answers.put(found)
