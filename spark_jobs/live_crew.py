"""Owns the tasks that analyse live frames: how many there are, and that others begin after whatever ended them."""

import logging
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
from pyspark.sql import SparkSession

from pipeline.whole_files import write_whole
from spark_jobs.live import TOGETHER_ON_GPU, LiveTask
from spark_jobs.live_frames import KafkaLiveFrames
from spark_jobs.live_need import LiveNeed
from spark_jobs.process import WorkerSettings, this_live_worker

PAUSE_SECONDS = 2.0
CHANGE_SECONDS = 15.0
"""Tasks that do not hear that they are to end are not waited for any longer; they go on as they are."""

log = logging.getLogger(__name__)


def shares_file(data_dir: Path) -> Path:
    """Where tasks read into how many shares the live frames are divided."""
    return data_dir / "run" / "live.shares"


def is_current(data_dir: Path, shares: int) -> bool:
    """Whether a task of so many is to go on; where nothing can be read it is."""
    try:
        return int(shares_file(data_dir).read_text()) == shares
    except (OSError, ValueError):
        return True


def follow(spark: SparkSession, settings: WorkerSettings, shares: int) -> None:
    """Analyse live frames in `shares` tasks at the same time, until there are to be another number of them."""
    data_dir = settings.paths.data_dir

    def serve(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for share in batch.column("id").to_pylist():
                worker, counts = this_live_worker(settings)
                frames = KafkaLiveFrames(settings.kafka, share, shares)
                together = TOGETHER_ON_GPU if settings.gpu else 1
                LiveTask(worker, frames, counts, together).run(lambda: is_current(data_dir, shares))
        yield from ()

    spark.range(0, shares, 1, shares).mapInArrow(serve, "nothing boolean").toArrow()


class LiveCrew:
    """Tasks without end, each with a worker of its own; `least` of them, and more while those are busy."""

    def __init__(self, spark: SparkSession, settings: WorkerSettings, least: int, need: LiveNeed) -> None:
        self._spark = spark
        self._settings = settings
        self._least = least
        self._need = need
        self._tasks = least
        self._changed = threading.Event()

    @property
    def tasks(self) -> int:
        """How many there are."""
        return self._tasks

    def wanted(self, most: int) -> int:
        """As many as the last minutes need."""
        partitions = self._settings.kafka.live_partitions
        return self._need.tasks(self._tasks, self._least, min(most, partitions))

    def become(self, tasks: int) -> None:
        """Have the tasks end in order, and others begin. Returns when they do, or when those do not end."""
        self._changed.clear()
        self._tasks = tasks
        self._write()
        if not self._changed.wait(CHANGE_SECONDS):
            log.warning("live frames are not divided anew within %.0f s", CHANGE_SECONDS)

    def keep_following(self, stopped: threading.Event) -> threading.Thread:
        """A thread that follows, and again after whatever ended it, until `stopped` is set."""

        def run() -> None:
            while not stopped.is_set():
                tasks = self._tasks
                try:
                    self._write()
                    self._changed.set()
                    follow(self._spark, self._settings, tasks)
                except Exception:
                    if not stopped.is_set():
                        log.warning("the analysis of live frames begins again", exc_info=True)
                if tasks == self._tasks:
                    stopped.wait(PAUSE_SECONDS)

        thread = threading.Thread(target=run, name="live", daemon=True)
        thread.start()
        return thread

    def _write(self) -> None:
        file = shares_file(self._settings.paths.data_dir)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, f"{self._tasks}\n".encode(), sync=False)
