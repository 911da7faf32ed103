"""Owns the bare program that runs one process a core: each decodes, encodes, decodes the JPEG and runs the models.

Of many clips each process takes the next one whole; of a few, each decodes all and takes its share of the frames.
"""

import multiprocessing as mp
from collections.abc import Iterator, Mapping
from multiprocessing.queues import Queue as MpQueue
from multiprocessing.synchronize import Event
from typing import Any

from benchmarks.yardstick.contender import Course
from benchmarks.yardstick.crew import heard
from benchmarks.yardstick.findings import Found, findings, key
from benchmarks.yardstick.frames import chunks, frame_of, sampled, warmed

START_SECONDS = 480.0
RUN_SECONDS = 3600.0
Jpeg = tuple[int, int, bytes]


class BareCores:
    """A process a core. Results come back whole at the end of each."""

    def __init__(self, course: Course) -> None:
        context = mp.get_context("spawn")
        self._course = course
        self._start = context.Event()
        self._answers: MpQueue[Any] = context.Queue()
        self._clips: MpQueue[int] = context.Queue()
        self._found: Found = {}
        self._processes = [
            context.Process(target=_worker, args=(course, share, self._clips, self._start, self._answers), daemon=True)
            for share in range(course.cores)
        ]

    def prepare(self) -> None:
        if _whole_clips(self._course):
            for index in range(len(self._course.work.clips)):
                self._clips.put(index)
        for process in self._processes:
            process.start()
        for _ in self._processes:
            heard(self._answers, self._processes, START_SECONDS)

    def processes(self) -> Mapping[str, list[int]]:
        return {"worker": [process.pid for process in self._processes if process.pid]}

    def run(self) -> None:
        self._start.set()
        for _ in self._processes:
            self._found |= heard(self._answers, self._processes, RUN_SECONDS)

    def found(self) -> Found:
        return self._found

    def close(self) -> None:
        for process in self._processes:
            process.join(10)


contender = BareCores


def _whole_clips(course: Course) -> bool:
    return len(course.work.clips) >= 2 * course.cores


def _worker(course: Course, share: int, clips: "MpQueue[int]", start: Event, answers: "MpQueue[Any]") -> None:
    work = course.work
    analyzer = warmed(work.tasks, work.warm_clip)
    answers.put("ready")
    start.wait()
    found: Found = {}
    for some in chunks(_all_of(course, clips) if _whole_clips(course) else _share_of(course, share)):
        frames = [frame_of(*one, work.tasks) for one in some]
        for (clip, number, _), results in zip(some, analyzer.analyze(frames), strict=True):
            found[key(clip, number)] = findings(results)
    answers.put(found)


def _all_of(course: Course, clips: "MpQueue[int]") -> Iterator[Jpeg]:
    """The frames of clips that nobody else has taken."""
    while not clips.empty():
        index = clips.get()
        yield from ((index, one.frame_number, one.jpeg) for one in sampled(course.work.clips[index], 1))


def _share_of(course: Course, share: int) -> Iterator[Jpeg]:
    """Every so many-th frame of every clip."""
    for index, path in enumerate(course.work.clips):
        mine = sampled(path, 1, lambda number: number % course.cores == share)
        yield from ((index, one.frame_number, one.jpeg) for one in mine)
