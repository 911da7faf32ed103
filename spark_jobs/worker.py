"""Owns what a Python worker does: store each frame, run the models on a batch, keep the outcomes."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pandas as pd
from pyspark.sql import Column
from pyspark.sql.pandas.functions import pandas_udf

from pipeline.contracts.errors import FrameFatal
from pipeline.contracts.frames import Frame, StoreFrames
from pipeline.contracts.results import AnalyzedFrame, FrameResult, ResultStatus
from pipeline.patience import patiently
from pipeline.pictures import blur
from pipeline.stores.frames import FrameStore
from spark_jobs.careful import Answer, CarefulAnalyzer
from spark_jobs.keeping import PORTION_SECONDS, Keeping
from spark_jobs.records import Batch, Row, letter_of, place_of, records_of
from spark_jobs.results_sink import RETRY_SECONDS, Sink
from spark_jobs.schema import OUTCOME
from spark_jobs.traced import about_frames

log = logging.getLogger(__name__)

WRITERS = 4
"""Threads that store frames: they wait for the disk while the models compute."""
AT_ONCE = 16
"""Frames that one of them stores together: a file system makes them safe for little more than one."""


@dataclass(frozen=True, slots=True)
class Analysed:
    """A batch that is analysed and not kept yet; its pictures are being stored."""

    batch: Batch
    stored: Sequence[Future[None]]


class FrameWorker:
    """One a process: its analyzer, its frame store and its sink."""

    def __init__(self, analyzer: CarefulAnalyzer, frames: FrameStore, sink: Sink, name: str) -> None:
        self._analyzer = analyzer
        self._frames = frames
        self._sink = sink
        self._name = name
        self._seconds_each = 0.0
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="store")
        self._keeping = Keeping(self._keep)

    def outcomes(self, batches: Iterable[Sequence[Row]]) -> Iterator[list[Row]]:
        """One row of the schema a record, in order, a list a batch.

        Outcomes are kept while the next ones are made, and all are when the iterator ends. Raises StoreError when a
        frame or its outcome cannot be kept.
        """
        self.begin()
        self._keeping.begin()
        try:
            for records in batches:
                said: list[Row] = []
                for some in self._portions(records):
                    found = self._analysed(some)
                    self._keeping.add(found, len(some))
                    said += found.batch.said
                yield said
            self._keeping.finish(self._sink.finish)
        finally:
            self._keeping.settle()

    def _portions(self, records: Sequence[Row]) -> Iterator[Sequence[Row]]:
        """Equal parts of a batch of about two seconds each, by the time the last took: ingest waits for outcomes."""
        parts = max(1, round(len(records) * self._seconds_each / PORTION_SECONDS))
        size = -(-len(records) // parts) or 1
        for start in range(0, len(records), size):
            some = records[start : start + size]
            began = time.monotonic()
            yield some
            self._seconds_each = (time.monotonic() - began) / len(some)

    def begin(self) -> None:
        """A task begins."""
        self._analyzer.begin()

    def take(self, records: Sequence[Row]) -> Future[None]:
        """Analyse records now; the keeping of what was found, which goes on."""
        return self._keeping.at_once(self._analysed(records))

    def _analysed(self, records: Sequence[Row]) -> Analysed:
        batch = Batch.of(records)
        batch.narrow(self._sink.wanted)
        batch.veil(self._sink.veiled)
        full = [frame for _, frame in batch.frames if frame.store is StoreFrames.FULL]
        stored = [self._writers.submit(self._store, some) for some in _shares(full)]
        with about_frames("analyse", [frame for _, frame in batch.frames]):
            self._analyze(batch)
        stored += [self._writers.submit(self._store_blurred, *known) for known in batch.faces]
        return Analysed(batch, stored)

    def _analyze(self, batch: Batch) -> None:
        started = datetime.now(UTC)
        answers = self._analyzer.analyze([(place_of(record), frame) for record, frame in batch.frames])
        finished = datetime.now(UTC)
        for (record, frame), answer in zip(batch.frames, answers, strict=True):
            if isinstance(answer, FrameFatal):
                batch.letters.append(letter_of(record, str(answer), frame.store))
            elif frame.blurred:
                batch.faces.append((frame, answer[-1]))
                answer = answer[:-1]
            batch.analyzed.append(_analyzed(frame, answer, self._name, started, finished))

    def _store(self, frames: Sequence[Frame]) -> None:
        pictures = [(frame.video_id, frame.frame_number, frame.jpeg) for frame in frames]
        patiently(lambda: self._frames.put_many(pictures), RETRY_SECONDS)

    def _store_blurred(self, frame: Frame, faces: FrameResult) -> None:
        """Store the picture without its faces; not at all when nobody knows where they are."""
        if faces.status is ResultStatus.FAILED:
            log.info("video %s: frame %d is not stored, its faces: %s", frame.video_id, frame.frame_number, faces.error)
            return
        boxes = (face.box for face in faces.detections if face.box is not None)
        self._store([replace(frame, jpeg=blur(frame.jpeg, boxes))])

    def _keep(self, found: Sequence[Analysed]) -> None:
        with about_frames("store", [frame for one in found for _, frame in one.batch.frames]):
            for writing in (writing for one in found for writing in one.stored):
                writing.result()
            analyzed = [frame for one in found for frame in one.batch.analyzed]
            self._sink.keep(analyzed, [letter for one in found for letter in one.batch.letters])


def _shares(frames: Sequence[Frame]) -> list[Sequence[Frame]]:
    """As many shares as there are threads, if they would not be too large then."""
    size = min(AT_ONCE, -(-len(frames) // WRITERS) or 1)
    return [frames[start : start + size] for start in range(0, len(frames), size)]


def _analyzed(frame: Frame, answer: Answer, worker: str, started: datetime, finished: datetime) -> AnalyzedFrame:
    if isinstance(answer, FrameFatal):
        error: str | None = str(answer)
        results = tuple(FrameResult(task.name, "", "", ResultStatus.FAILED, error, 0.0) for task in frame.tasks)
    else:
        error, results = None, answer
    return AnalyzedFrame(
        frame.video_id,
        frame.attempt,
        frame.frame_number,
        frame.media_time,
        frame.captured_at,
        worker,
        started,
        finished,
        error,
        results,
    )


def analyze_udf(open_worker: Callable[[], FrameWorker], columns: Sequence[str]) -> Callable[..., Column]:
    """The pandas UDF that turns batches of records (`columns`, in order) into outcomes.

    `open_worker` gives the worker of the process that it is called in.
    """

    def analyze(batches: Iterator[tuple[pd.Series, ...]]) -> Iterator[pd.DataFrame]:
        for rows in open_worker().outcomes(records_of(batch, columns) for batch in batches):
            yield pd.DataFrame(rows, columns=OUTCOME.names)

    analyze.__annotations__ = {"batches": Iterator[tuple[pd.Series, ...]], "return": Iterator[pd.DataFrame]}
    return pandas_udf(analyze, OUTCOME)  # type: ignore[call-overload,no-any-return]
