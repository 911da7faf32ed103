"""Owns the start and end of the process that makes tracks: settings are read here, everything is built here.

Ingest starts it when tracks are owed (`ingest/tracking.py`). It ends when its standard input closes, or when
nothing was owed for some minutes.
"""

import logging
import os
import socket
import sys
import threading

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.settings import CassandraSettings, PathSettings, S3Settings
from pipeline.ending import stop_on_signal
from pipeline.observing.logs import log_to_stdout
from pipeline.observing.usage import report_usage
from pipeline.stores.duties import CassandraDutyStore
from pipeline.stores.frame_store import open_frame_store
from tracking.course import Stores
from tracking.forgetting import ForgetfulTrackStore
from tracking.service import TrackingService

SERVICE = "tracking"
NICENESS = 10
"""Tracks give way to what analyses: a queue of files would go on more slowly by what they cost."""

STDIN = 0

logger = logging.getLogger(__name__)


def main() -> int:
    """Run until there is nothing to do, SIGTERM or SIGINT; 1 when a server does not answer at the start."""
    os.nice(NICENESS)
    log_to_stdout(SERVICE)
    report_usage(SERVICE)
    try:
        _serve(PathSettings(), CassandraSettings())
    except FramewiseError as e:
        logger.critical("%s", e)
        return 1
    return 0


def _serve(paths: PathSettings, cassandra: CassandraSettings) -> None:
    owner = f"{socket.gethostname()}:{os.getpid()}"
    client = CassandraClient(cassandra)
    videos, results = CassandraVideoStore(client), CassandraResultStore(client)
    stores = Stores(videos, results, open_frame_store(paths, S3Settings()), ForgetfulTrackStore(client))
    service = TrackingService(stores, CassandraDutyStore(client), owner)
    stop = stop_on_signal()
    threading.Thread(target=_hear_the_end, args=(stop,), name="parent", daemon=True).start()
    threading.Thread(target=_stop_with, args=(stop, service), name="stop", daemon=True).start()
    try:
        service.run()
    finally:
        client.close()


def _hear_the_end(stop: threading.Event) -> None:
    """Stop when the standard input closes: ingest, which has started this process, has ended.

    Read past `sys.stdin`: a thread that waits in it makes the interpreter abort when the process ends by itself.
    """
    while os.read(STDIN, 4096):
        pass
    stop.set()


def _stop_with(stop: threading.Event, service: TrackingService) -> None:
    stop.wait()
    service.stop()


if __name__ == "__main__":
    sys.exit(main())
