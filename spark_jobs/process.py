"""Owns what a worker process has: its models, its connections, its worker; made once and kept."""

import functools
import logging
import os
import socket
import sys
import zipimport
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from inference.analyzer import Analyzer
from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.faces import CassandraFaceStore
from pipeline.cassandra.people import CassandraPeopleStore
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.contracts.errors import StoreError
from pipeline.contracts.results import ModelInfo, TaskName
from pipeline.contracts.settings import CassandraSettings, KafkaSettings, PathSettings, S3Settings
from pipeline.kafka.publishing import KafkaPublisher
from pipeline.observing import metrics
from pipeline.observing.logs import log_to_stdout
from pipeline.observing.tracing import start_tracing
from pipeline.observing.usage import report_usage
from pipeline.priority import give_way, go_first
from pipeline.stores.frame_store import open_frame_store
from pipeline.stores.models import CassandraModelStore, ModelStore
from pipeline.stores.people import PeopleStore
from spark_jobs.alone import Alone
from spark_jobs.careful import CarefulAnalyzer
from spark_jobs.counting import SpacedCounts
from spark_jobs.gallery import StoredGallery
from spark_jobs.gpus import bind_this_process
from spark_jobs.in_flight import InFlight, folder_of
from spark_jobs.live_counts import LateCounts
from spark_jobs.own_paths import on_this_host
from spark_jobs.recent_videos import RecentVideos
from spark_jobs.results_sink import ResultsSink
from spark_jobs.watchdog import MARGIN_SECONDS, Watchdog
from spark_jobs.worker import FrameWorker

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What a worker needs to know; it travels with the function. With `own_paths` each host has its own folders."""

    paths: PathSettings
    cassandra: CassandraSettings
    kafka: KafkaSettings
    gpu: bool
    hang_seconds: float
    s3: S3Settings
    own_paths: bool = False


@dataclass(frozen=True, slots=True)
class Process:
    """What a worker process has: its models, and the worker over them; `live` makes one for live frames."""

    analyzer: Analyzer
    worker: FrameWorker
    live: Callable[[], tuple[FrameWorker, LateCounts]]
    name: str

    def warm(self, tasks: Iterable[TaskName]) -> list[ModelInfo]:
        """Load the models of these tasks."""
        models = self.analyzer.warm(tasks)
        for model in models:
            log.info(
                "worker %s: %s by %s (%s, %s)", self.name, model.task, model.model, model.runtime, model.digest[:12]
            )
        return models


def this_process(settings: WorkerSettings) -> Process:
    """This process's models and worker, for the task that begins."""
    _forget_archives()
    return _open(settings)


def this_worker(settings: WorkerSettings) -> FrameWorker:
    """This process's worker, for the task of files that begins; it gives way to what is live."""
    process = this_process(settings)
    give_way()
    return process.worker


def this_live_worker(settings: WorkerSettings) -> tuple[FrameWorker, LateCounts]:
    """This process's worker of live frames and what counts them, for the task that begins; it goes before files."""
    process = this_process(settings)
    go_first()
    return process.live()


@functools.cache
def _open(settings: WorkerSettings) -> Process:
    """Made on first use and kept, with its models and connections."""
    log_to_stdout("worker")
    start_tracing("worker")
    if settings.gpu and (address := bind_this_process()) is not None:
        log.info("this worker has GPU %s", address)
    report_usage("worker", settings.gpu)
    name = f"{socket.gethostname()}-{os.getpid()}"
    paths = on_this_host(settings.paths) if settings.own_paths else settings.paths
    if settings.own_paths:  # the application cannot look after the workers of other hosts: they do it for each other
        Watchdog(folder_of(paths.data_dir), settings.hang_seconds + MARGIN_SECONDS).start()
    gallery = StoredGallery(functools.partial(_open_people, settings.cassandra))
    open_analyzer = functools.partial(
        Analyzer.from_settings, paths, gpu=settings.gpu, heard=metrics.model_batch, gallery=gallery
    )
    analyzer = open_analyzer()
    client = CassandraClient(settings.cassandra)
    careful = CarefulAnalyzer(
        analyzer,
        InFlight(folder_of(paths.data_dir)),
        Alone(open_analyzer, settings.hang_seconds),
        settings.hang_seconds,
        functools.partial(_tell_of, CassandraModelStore(client)),
    )
    videos, results = CassandraVideoStore(client), CassandraResultStore(client)
    publisher = KafkaPublisher(settings.kafka, f"framewise-{name}")
    frames, faces = open_frame_store(paths, settings.s3), CassandraFaceStore(client)

    @functools.cache
    def live() -> tuple[FrameWorker, LateCounts]:
        counts = LateCounts(videos, results)
        return FrameWorker(
            careful, frames, ResultsSink(RecentVideos(videos), counts, publisher, faces=faces), name
        ), counts

    sink = ResultsSink(videos, SpacedCounts(results), publisher, faces=faces, lately=RecentVideos(videos))
    return Process(analyzer, FrameWorker(careful, frames, sink, name), live, name)


def _tell_of(store: ModelStore, models: Sequence[ModelInfo]) -> None:
    """Let the API know which models are used; those that are loaded only when they are asked for, too."""
    try:
        store.save(models)
    except StoreError as error:
        log.warning("that %d models are loaded cannot be told: %s", len(models), error)


def _open_people(settings: CassandraSettings) -> PeopleStore:
    """By a connection of its own, since a frame that is tried alone is analysed in another process."""
    return CassandraPeopleStore(CassandraClient(settings))


def _forget_archives() -> None:
    """Take Spark's own archives (zip, jar) off the path: every task has Python read them again, for 0.3 s.

    What is in them, pyspark and py4j, is installed beside us. An import from a package that came out of one brings it
    back, hence at every task.
    """
    sys.path[:] = [path for path in sys.path if not Path(path).is_file()]
    for path, finder in list(sys.path_importer_cache.items()):
        if isinstance(finder, zipimport.zipimporter):
            del sys.path_importer_cache[path]
