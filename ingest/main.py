"""Owns the ingest service's start and end: settings are read here, everything is built here."""

import logging
import os
import socket
import sys
import threading
import time
from functools import partial

from ingest.decode.forking import Forking
from ingest.decode.process import STARTED_ANEW
from ingest.decode.spawning import Spawn
from ingest.download import Downloader
from ingest.erasing import Eraser
from ingest.face_indexer import Embedded, FaceIndexer
from ingest.fetching import AnyFetcher
from ingest.indexer import Indexed, Indexer
from ingest.job import Workbench, decode_in_child
from ingest.live.bench import LiveBench
from ingest.live.captured.finding import CapturedSources
from ingest.live.finding import LiveSources
from ingest.live.outcomes import HeardOutcomes
from ingest.pace import Pace
from ingest.publishers import PublisherSweep
from ingest.retention import Retention
from ingest.s3 import S3Fetcher
from ingest.sandbox import announce_sandbox
from ingest.speedometer import Speedometer
from ingest.sweeper import Sweeper
from ingest.tracking import TrackingProcess
from ingest.transfer import DownloadLimits
from ingest.wakeups import WakeUps
from ingest.wiping import Wiper
from ingest.worker import Worker
from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.deletions import CassandraDeletionStore
from pipeline.cassandra.digests import CassandraDigestStore
from pipeline.cassandra.keys import CassandraKeyStore
from pipeline.cassandra.personal import personal_stores
from pipeline.cassandra.publishers import CassandraPublisherStore
from pipeline.cassandra.queue import CassandraSpeedStore
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.search import CassandraSearchIndex
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.clearing import Stores
from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.settings import (
    CassandraSettings,
    IngestSettings,
    KafkaSettings,
    LiveSettings,
    PathSettings,
    RtmpSettings,
    S3Settings,
)
from pipeline.ending import stop_on_signal
from pipeline.erasing.thresholds import thresholds_in
from pipeline.kafka.publishing import KafkaPublisher
from pipeline.observing.logs import log_to_stdout
from pipeline.observing.tracing import start_tracing, stop_tracing
from pipeline.observing.usage import report_usage
from pipeline.outbound.guard import SourceGuard
from pipeline.readiness import BEAT_SECONDS, beat, mark_ready, unmark_ready
from pipeline.rtmp.nginx import NginxRtmp
from pipeline.shares import Shares
from pipeline.stores.duties import CassandraDutyStore
from pipeline.stores.frame_store import open_frame_store
from pipeline.stores.pushed import FolderPushedFrames
from pipeline.stores.sources import SourceFolder

SERVICE = "ingest"
STOP_SECONDS = 10.0
LISTEN_SECONDS = 10.0
TRACKING_SECONDS = 2.0
"""So long is waited for the process that makes tracks, which ends when its standard input does."""
LINGER_MS = 50
"""How long a frame waits for others: it waits for the analysis anyway."""

logger = logging.getLogger(__name__)


def main() -> int:
    """Run until SIGTERM or SIGINT; 1 when a server does not answer at the start."""
    log_to_stdout(SERVICE)
    start_tracing(SERVICE)
    report_usage(SERVICE)
    try:
        _serve(PathSettings(), KafkaSettings(), CassandraSettings(), IngestSettings())
    except FramewiseError as e:
        logger.critical("%s", e)
        return 1
    return 0


def _serve(paths: PathSettings, kafka: KafkaSettings, cassandra: CassandraSettings, settings: IngestSettings) -> None:
    announce_sandbox(paths.data_dir, settings)
    owner = f"{socket.gethostname()}:{os.getpid()}"
    client = CassandraClient(cassandra)
    videos, results = CassandraVideoStore(client), CassandraResultStore(client)
    publisher = KafkaPublisher(kafka, client_id="framewise-ingest", linger_ms=LINGER_MS)
    sources, s3 = SourceFolder(paths.sources_dir), S3Settings()
    frames = open_frame_store(paths, s3)
    limits = DownloadLimits(settings.max_download_bytes, settings.download_timeout)
    guard = SourceGuard(settings.allowed_hosts)
    fetcher = AnyFetcher(Downloader(guard, limits), S3Fetcher(s3, limits))
    live_publisher = KafkaPublisher(kafka, client_id="framewise-ingest-live", linger_ms=0)
    outcomes, streams = HeardOutcomes(kafka), LiveSettings()
    published = CassandraPublisherStore(client)
    captured = CapturedSources(kafka, streams, videos, live_publisher, settings.max_pixels)
    live = LiveSources(streams, guard, published, FolderPushedFrames(paths.sources_dir), captured.of)
    forking, spawn = _children()
    worker = Worker(
        Workbench(
            videos,
            results,
            publisher,
            sources,
            fetcher,
            settings,
            decoder=partial(decode_in_child, spawn=spawn),
            pace=Pace(settings.least_in_flight),
            frames=frames,
            live=LiveBench(streams, live_publisher, live.of, live.ready, outcomes),
        ),
        owner,
        shares=Shares(CassandraKeyStore(client)),
    )
    stores = Stores(videos, results, frames, sources)
    rtmp = NginxRtmp(RtmpSettings(), paths.data_dir)
    publishers = PublisherSweep(published, videos, rtmp)
    wiper = Wiper(stores, CassandraDeletionStore(client))
    sweeper = Sweeper(videos, results, sources, settings.stall_seconds, also=(wiper.sweep, publishers.sweep))
    sweeping = threading.Thread(target=sweeper.run, name="sweeper", daemon=True)
    speedometer = Speedometer(videos, results, CassandraSpeedStore(client), owner)
    measuring = threading.Thread(target=speedometer.run, name="speedometer", daemon=True)
    indexer = Indexer(Indexed(videos, results, CassandraDigestStore(client), CassandraSearchIndex(client)))
    indexing = threading.Thread(target=indexer.run, name="indexer", daemon=True)
    retention = Retention(stores, CassandraDutyStore(client), settings.retention_days, owner)
    clearing = threading.Thread(target=retention.run, name="retention", daemon=True)
    personal = personal_stores(client, frames)
    eraser = Eraser(personal, CassandraDutyStore(client), owner, thresholds_in(paths.models_dir))
    erasing = threading.Thread(target=eraser.run, name="erasing", daemon=True)
    embedded = Embedded(videos, personal.tracks, personal.faces, personal.people)
    face_indexer = FaceIndexer(embedded, CassandraDutyStore(client), owner)
    gathering = threading.Thread(target=face_indexer.run, name="faces", daemon=True)
    tracking = TrackingProcess(personal.tracks, time.monotonic)
    following = threading.Thread(target=tracking.run, name="tracking", daemon=True)
    wakeups = WakeUps(kafka, worker.wake)
    stop = stop_on_signal()
    working = threading.Thread(target=worker.run, name="worker", daemon=True)
    try:
        for thread in (working, sweeping, measuring, indexing, clearing, erasing, gathering, following, wakeups):
            thread.start()
        wakeups.listening.wait(LISTEN_SECONDS)
        mark_ready(paths.data_dir, SERVICE)
        logger.info("ready, up to %d videos at the same time", settings.videos_per_worker)
        while not stop.wait(BEAT_SECONDS):
            _check_alive(working, sweeping, measuring, indexing, erasing, gathering, following)
            beat(paths.data_dir, SERVICE)
        logger.info("stopping")
    finally:
        unmark_ready(paths.data_dir, SERVICE)
        retention.stop()
        eraser.stop()
        face_indexer.stop()
        tracking.stop()
        sweeper.stop()
        speedometer.stop()
        indexer.stop()
        worker.stop(STOP_SECONDS)
        wakeups.stop(1.0)
        forking.close()
        outcomes.stop(1.0)
        live_publisher.close()
        clearing.join(1.0)
        following.join(TRACKING_SECONDS)
        erasing.join(1.0)
        publisher.close()
        fetcher.close()
        rtmp.close()
        client.close()
        stop_tracing()
        logger.info("stopped")


def _children() -> tuple[Forking, Spawn]:
    """How decoders come to be: forked where forks are safe once libraries are loaded, else each started anew."""
    forking = Forking()
    if sys.platform != "linux":
        return forking, STARTED_ANEW
    forking.start()
    return forking, forking


def _check_alive(*threads: threading.Thread) -> None:
    """Raise FramewiseError when one has ended: without it the service would only seem to work."""
    for thread in threads:
        if not thread.is_alive():
            raise FramewiseError(f"the thread {thread.name} has ended; the log says why")


if __name__ == "__main__":
    sys.exit(main())
