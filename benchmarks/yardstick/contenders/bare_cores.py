"""Owns the bare program that runs one process a core: each decodes, encodes, decodes the JPEG and runs the models.

Of many clips each process takes the next one whole; of a few, each decodes all and takes its share of the frames.
"""

import multiprocessing as mp
from collections.abc import Iterator
from multiprocessing.queues import Queue as MpQueue
from multiprocessing.synchronize import Event
from typing import Any

from benchmarks.yardstick.contender import Contender, Course
from benchmarks.yardstick.crew import Bare
from benchmarks.yardstick.findings import Found, findings, key
from benchmarks.yardstick.frames import chunks, frame_of, sampled, warmed

Jpeg = tuple[int, int, bytes]


def contender(course: Course) -> Contender:
    """A process a core. Results come back whole at the end of each."""
    context = mp.get_context("spawn")
    start, answers = context.Event(), context.Queue()
    clips: MpQueue[int] = context.Queue()
    if _whole_clips(course):
        for index in range(len(course.work.clips)):
            clips.put(index)
    workers = [
        context.Process(target=_worker, args=(course, share, clips, start, answers), daemon=True)
        for share in range(course.cores)
    ]
    return Bare(start, answers, clips, worker=workers)


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
