"""Owns the bare program in which one process decodes and encodes, and one a core takes JPEGs and runs the models."""

import multiprocessing as mp
from multiprocessing.queues import Queue as MpQueue
from multiprocessing.synchronize import Event
from typing import Any

from benchmarks.yardstick.contender import Contender, Course
from benchmarks.yardstick.crew import Bare
from benchmarks.yardstick.findings import Found, findings, key
from benchmarks.yardstick.frames import CHUNK, chunks, frame_of, sampled, warmed

QUEUED = 64 // CHUNK


def contender(course: Course) -> Contender:
    """A decoder, a bounded queue of a few JPEGs at a time, a process a core. Results come back whole at the end."""
    context = mp.get_context("spawn")
    start, answers = context.Event(), context.Queue()
    jpegs: MpQueue[Any] = context.Queue(QUEUED)
    decoder = context.Process(target=_decoder, args=(course, jpegs, start, answers), daemon=True)
    workers = [context.Process(target=_worker, args=(course, jpegs, answers), daemon=True) for _ in range(course.cores)]
    return Bare(start, answers, jpegs, decoder=[decoder], worker=workers)


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
