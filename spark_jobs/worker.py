"""Owns what a Python worker does: store each frame, run the models on a batch, emit one outcome a record."""

import functools
import logging
import os
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from pyspark.sql import Column
from pyspark.sql.pandas.functions import pandas_udf

from inference.analyzer import Analyzer
from pipeline.codecs import FRAME_HEADERS, decode_frame
from pipeline.contracts.errors import RecordInvalid
from pipeline.contracts.frames import Frame
from pipeline.contracts.results import AnalyzedFrame, FrameResult, ModelInfo, TaskName
from pipeline.contracts.settings import PathSettings
from pipeline.frame_store import FolderFrameStore, FrameStore
from pipeline.logs import log_to_stdout
from pipeline.outcomes import Row, analyzed_row
from spark_jobs.gpus import bind_this_process
from spark_jobs.schema import OUTCOME

WRITERS = 8
"""Threads that store frames: they wait for the disk while the models compute."""


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What a worker needs to know; it travels with the function."""

    paths: PathSettings
    gpu: bool


class FrameWorker:
    """One a process: its models and its frame store."""

    def __init__(self, analyzer: Analyzer, frames: FrameStore, name: str) -> None:
        self._analyzer = analyzer
        self._frames = frames
        self._name = name
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="store")

    def warm(self, tasks: Iterable[TaskName]) -> list[ModelInfo]:
        """Load the models of these tasks."""
        models = self._analyzer.warm(tasks)
        for model in models:
            logging.getLogger(__name__).info(
                "worker %s: %s by %s (%s, %s)", self._name, model.task, model.model, model.runtime, model.digest[:12]
            )
        return models

    def outcomes(self, records: Sequence[Row]) -> list[Row]:
        """One outcome a record, in order. Raises StoreError when a frame cannot be stored."""
        decoded = [_decode(record) for record in records]
        analyzed = iter(self._analyze([frame for frame in decoded if isinstance(frame, Frame)]))
        return [
            {"analyzed": analyzed_row(next(analyzed)), "set_aside": None}
            if isinstance(frame, Frame)
            else {"analyzed": None, "set_aside": frame}
            for frame in decoded
        ]

    def _analyze(self, frames: Sequence[Frame]) -> list[AnalyzedFrame]:
        stored = [self._writers.submit(self._frames.put, f.video_id, f.frame_number, f.jpeg) for f in frames]
        started = datetime.now(UTC)
        results = self._analyzer.analyze(frames)
        finished = datetime.now(UTC)
        for writing in stored:
            writing.result()
        return [self._outcome(f, r, started, finished) for f, r in zip(frames, results, strict=True)]

    def _outcome(
        self, frame: Frame, results: tuple[FrameResult, ...], started: datetime, finished: datetime
    ) -> AnalyzedFrame:
        return AnalyzedFrame(
            frame.video_id,
            frame.attempt,
            frame.frame_number,
            frame.media_time,
            frame.captured_at,
            self._name,
            started,
            finished,
            None,
            results,
        )


def _text(value: bytes | None) -> str | None:
    """A header as text; what is no UTF-8 becomes text that no codec accepts."""
    return None if value is None else value.decode("utf-8", "replace")


def _decode(record: Row) -> Frame | Row:
    """The frame of a record, or why it is set aside."""
    try:
        return decode_frame(record["value"], {name: _text(record[name]) for name in FRAME_HEADERS})
    except RecordInvalid as e:
        place = {name: record[name] for name in ("value", "topic", "partition", "offset")}
        return {"reason": str(e), **place}


@functools.cache
def worker(settings: WorkerSettings) -> FrameWorker:
    """This process's worker; made on first use and kept, with its models."""
    log_to_stdout()
    if settings.gpu and (address := bind_this_process()) is not None:
        logging.getLogger(__name__).info("this worker has GPU %s", address)
    _forget_archives()
    analyzer = Analyzer.from_settings(settings.paths, gpu=settings.gpu)
    name = f"{socket.gethostname()}-{os.getpid()}"
    return FrameWorker(analyzer, FolderFrameStore(settings.paths.frames_dir), name)


def _forget_archives() -> None:
    """Take Spark's own zip files off the path: every task has Python read them again, 0.1 s each time.

    What is in them, pyspark and py4j, is installed beside us.
    """
    archives = [path for path in sys.path if path.endswith(".zip")]
    for path in archives:
        sys.path.remove(path)
    for path in [path for path in sys.path_importer_cache if ".zip" in path]:
        del sys.path_importer_cache[path]


def analyze_udf(settings: WorkerSettings, columns: Sequence[str]) -> Callable[..., Column]:
    """The pandas UDF that turns batches of records (`columns`, in order) into outcomes."""

    def analyze(batches: Iterator[tuple[pd.Series, ...]]) -> Iterator[pd.DataFrame]:
        this = worker(settings)
        for batch in batches:
            records = [dict(zip(columns, map(_plain, values), strict=True)) for values in zip(*batch, strict=True)]
            yield pd.DataFrame(this.outcomes(records), columns=["analyzed", "set_aside"])

    analyze.__annotations__ = {"batches": Iterator[tuple[pd.Series, ...]], "return": Iterator[pd.DataFrame]}
    return pandas_udf(analyze, OUTCOME)  # type: ignore[call-overload,no-any-return]


def _plain(value: Any) -> Any:
    """A cell without pandas' missing values."""
    return value if isinstance(value, (bytes, str, int)) or not pd.isna(value) else None
