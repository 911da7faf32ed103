"""Owns the start of the service: reads the settings once, builds the services, serves until SIGTERM."""

import logging
import sys
import tempfile

import uvicorn

from api.app import create_app
from api.gate import LOOPBACK
from api.services import Services, disk_check, kafka_check
from pipeline.cassandra import CassandraClient
from pipeline.cassandra_results import CassandraResultStore
from pipeline.cassandra_videos import CassandraVideoStore
from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.settings import ApiSettings, CassandraSettings, KafkaSettings, PathSettings
from pipeline.frame_store import FolderFrameStore
from pipeline.logs import log_to_stdout
from pipeline.model_store import CassandraModelStore
from pipeline.publishing import KafkaPublisher

GRACE_SECONDS = 10

logger = logging.getLogger(__name__)


def main() -> int:
    """Serve until SIGTERM; 1 when a server does not answer at the start."""
    log_to_stdout("api")
    try:
        return _serve()
    except FramewiseError as e:
        logger.critical("%s", e)
        return 1


def _serve() -> int:
    settings, paths, kafka = ApiSettings(), PathSettings(), KafkaSettings()
    if settings.api_host not in LOOPBACK and not settings.api_open:
        logger.error(
            "FRAMEWISE_API_HOST=%s is not loopback, and this service has no keys; put it behind something that "
            "checks who asks and set FRAMEWISE_API_OPEN=true",
            settings.api_host,
        )
        return 2
    spool = paths.data_dir / "tmp"
    spool.mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = str(spool)
    client = CassandraClient(CassandraSettings())
    publisher = KafkaPublisher(kafka, "framewise-api")
    services = Services(
        settings,
        CassandraVideoStore(client),
        CassandraResultStore(client),
        FolderFrameStore(paths.frames_dir),
        CassandraModelStore(client),
        publisher,
        paths.sources_dir,
        {"kafka": kafka_check(kafka), "cassandra": client.ping, "disk": disk_check(paths.frames_dir)},
    )
    try:
        uvicorn.run(
            create_app(services, loopback_only=settings.api_host in LOOPBACK or settings.api_local),
            host=settings.api_host,
            port=settings.api_port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    finally:
        publisher.close()
        client.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
