"""Owns the analysis: reads topic `frames`, spreads it over the workers, completes videos; live frames go beside."""

import functools
import logging
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql.streaming.query import StreamingQuery

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.results import USUAL_TASKS
from pipeline.contracts.settings import AnalysisSettings, CassandraSettings, KafkaSettings, PathSettings, S3Settings
from pipeline.observing.logs import log_to_stdout
from pipeline.observing.tracing import start_tracing, stop_tracing
from pipeline.observing.usage import report_usage
from pipeline.readiness import BEAT_SECONDS, beat, mark_ready, unmark_ready
from pipeline.stores.models import CassandraModelStore
from spark_jobs import gpus, transforms
from spark_jobs.batch_end import BatchEnd
from spark_jobs.cluster import Submission
from spark_jobs.crew import Crew
from spark_jobs.hands import SparkHands
from spark_jobs.in_flight import folder_of
from spark_jobs.live_crew import LiveCrew
from spark_jobs.partitions import FramesPartitions
from spark_jobs.process import WorkerSettings, this_worker
from spark_jobs.progress import Progress
from spark_jobs.query import start_query
from spark_jobs.room import Room
from spark_jobs.session import build_session
from spark_jobs.warming import keep_warm, warm
from spark_jobs.watchdog import MARGIN_SECONDS, Watchdog
from spark_jobs.worker import analyze_udf

CLOSE_SECONDS = 5.0
"""For so long the end waits for videos to be completed."""

log = logging.getLogger("spark_jobs.analysis_job")


def with_gpus(settings: AnalysisSettings) -> AnalysisSettings:
    """One worker a GPU when GPUs are asked for; raises ModelUnavailable where there are none."""
    if not settings.gpu or settings.spark_master:
        return settings
    return settings.model_copy(update={"workers": len(gpus.addresses())})


def main(submission: Submission | None = None) -> int:
    """Run until SIGTERM, or until the query fails; 1 when something that is needed cannot be had.

    With a `submission` it runs on a cluster of which each host has folders of its own.
    """
    log_to_stdout("analysis")
    start_tracing("analysis")
    report_usage("analysis")
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    try:
        return run(stopped, submission)
    except FramewiseError as e:
        log.critical("%s", e)
        return 1


def run(stopped: threading.Event, submission: Submission | None = None) -> int:
    """Build everything, warm the workers, analyse until `stopped`; the exit status."""
    paths, kafka, analysis = PathSettings(), KafkaSettings(), with_gpus(AnalysisSettings())
    cassandra = CassandraSettings()
    worker_settings = WorkerSettings(
        paths, cassandra, kafka, analysis.gpu, analysis.hang_seconds, S3Settings(), own_paths=submission is not None
    )
    client = CassandraClient(cassandra)
    watchdog = Watchdog(folder_of(paths.data_dir), analysis.hang_seconds + MARGIN_SECONDS)
    watchdog.start()
    room = Room(analysis, kafka, FramesPartitions(kafka) if analysis.spark_master else None)
    spark = build_session(room.settings, paths, room.live, submission.options if submission else {})
    spark.sparkContext.setLogLevel("WARN")
    try:
        if submission:
            submission.prepare(spark)
        tasks = USUAL_TASKS if analysis.preload else ()
        live = LiveCrew(spark, worker_settings, analysis.live_workers, room.live_need())
        hands = SparkHands(spark, worker_settings, tasks)
        crew = Crew(hands, live, paths.data_dir, analysis.workers, functools.partial(room.limit, spark))
        models = warm(spark, worker_settings, crew.start() + live.tasks, tasks)
        CassandraModelStore(client).save(models)
        live.keep_following(stopped)
        end = BatchEnd(CassandraVideoStore(client), CassandraResultStore(client), crew, _analysis(worker_settings))
        keep_warm(spark, worker_settings, crew.rest, stopped, end.idle_seconds)
        query = start_query(spark, kafka, analysis, paths, end)
        crew.look()
        crew.keep_looking(stopped)
        mark_ready(paths.data_dir, "analysis")
        log.info("ready: %d workers on %s", crew.working, spark.sparkContext.master)
        status = _watch(query, stopped, paths.data_dir)
        end.close(CLOSE_SECONDS)
        return status
    finally:
        unmark_ready(paths.data_dir, "analysis")
        stopped.set()
        watchdog.stop()
        spark.stop()
        client.close()
        stop_tracing()
        log.info("stopped")


def _analysis(settings: WorkerSettings) -> Callable[[DataFrame], DataFrame]:
    """What makes outcomes of records, by the worker of the process that it runs in."""
    analyze = analyze_udf(functools.partial(this_worker, settings), transforms.INPUT)
    return lambda records: transforms.outcomes(records, analyze)


def _watch(query: StreamingQuery, stopped: threading.Event, data_dir: Path) -> int:
    progress = Progress()
    while query.isActive and not stopped.wait(BEAT_SECONDS):
        beat(data_dir, "analysis")
        progress.look(query)
    if not stopped.is_set():
        log.error("the query ended: %s", query.exception())
        return 1
    log.info("stopping")
    query.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
