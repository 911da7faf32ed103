"""Owns the frames of a work, as ingest decodes, scales and encodes them: every contender uses this code."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from inference.analyzer import Analyzer
from ingest.decode.messages import SampledFrame
from ingest.decode.process import request_of
from ingest.decode.session import Session
from ingest.sampling import Take
from pipeline.contracts.frames import Frame
from pipeline.contracts.results import TaskName, TaskRequest
from pipeline.contracts.settings import IngestSettings, PathSettings

CHUNK = 8
"""Frames that a contender hands to the models together, where it chooses: as many as the analyzer takes at a time."""
T = TypeVar("T")


def sampled(
    path: Path, threads: int | None = None, wanted: Callable[[int], bool] = lambda number: True
) -> Iterator[SampledFrame]:
    """Every wanted frame of a clip as a JPEG, as ingest makes it; `threads` of the decoder, if not ingest's."""
    request = request_of(IngestSettings())
    if threads is not None:
        request = replace(request, threads=threads)
    with path.open("rb") as file:
        session = Session(request, file, lambda passed: None)
        for number, at, take, frame in session.frames():
            if take is Take.YES and wanted(number):
                yield session.sampled(number, at, frame)


def frame_of(clip: int, number: int, jpeg: bytes, tasks: Sequence[TaskName]) -> Frame:
    """A frame as models take it."""
    requests = tuple(TaskRequest(task) for task in tasks)
    return Frame(UUID(int=clip + 1), 1, number, 0.0, None, 1, 1, requests, jpeg)


def chunks(items: Iterator[T], size: int = CHUNK) -> Iterator[list[T]]:
    """So many items at a time."""
    while chunk := list(islice(items, size)):
        yield chunk


def warmed(tasks: Sequence[TaskName], clip: Path, threads: int = 1) -> Analyzer:
    """An analyzer with its models loaded, which has seen the first frames of a clip."""
    analyzer = Analyzer.from_settings(PathSettings(), threads=threads)
    analyzer.warm(tasks)
    first = islice(sampled(clip, 1), CHUNK)
    analyzer.analyze([frame_of(0, one.frame_number, one.jpeg, tasks) for one in first])
    return analyzer
