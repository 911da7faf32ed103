"""Owns the start of the service: reads the settings once, builds the services, serves until SIGTERM."""

import logging
import signal
import sys
import tempfile
from datetime import timedelta
from functools import partial

from api.app import create_app
from api.clips.encoding import clear_leftovers
from api.clips.room import ClipRoom
from api.events.answers import preview_events
from api.events.doorbell import Doorbell
from api.events.hub import EventHub
from api.keys.ring import KeyRing
from api.measuring import MetricsPage, questions
from api.readiness import heartbeat_check
from api.rtmp.door import RtmpDoor
from api.services import Services, kafka_check, store_checks
from api.serving import serve
from api.webhooks.notifier import make_notifier
from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.deletions import CassandraDeletionStore
from pipeline.cassandra.digests import CassandraDigestStore
from pipeline.cassandra.erasures import CassandraErasureStore
from pipeline.cassandra.faces import CassandraFaceStore
from pipeline.cassandra.keys import CassandraKeyStore
from pipeline.cassandra.people import CassandraPeopleStore
from pipeline.cassandra.publishers import CassandraPublisherStore
from pipeline.cassandra.queue import CassandraSpeedStore
from pipeline.cassandra.regions import CassandraRegionStore
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.search import CassandraSearchIndex
from pipeline.cassandra.submissions import CassandraSubmissionStore
from pipeline.cassandra.tracks import CassandraTrackStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.cassandra.webhooks import CassandraWebhookStore
from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.settings import (
    LOOPBACK,
    ApiSettings,
    CassandraSettings,
    KafkaSettings,
    LiveSettings,
    PathSettings,
    RtmpSettings,
    S3Settings,
    WebhookSettings,
)
from pipeline.erasing.thresholds import thresholds_in
from pipeline.kafka.listening import Records
from pipeline.kafka.publishing import KafkaPublisher
from pipeline.observing.logs import log_to_stdout
from pipeline.observing.tracing import start_tracing, stop_tracing
from pipeline.observing.usage import report_usage
from pipeline.outbound.guard import SourceGuard
from pipeline.portraits.child import ChildPortraits
from pipeline.rtmp.keys import server_secret
from pipeline.rtmp.nginx import NginxRtmp
from pipeline.shares import Shares
from pipeline.stores.frame_store import open_frame_store
from pipeline.stores.models import CassandraModelStore

GRACE_SECONDS = 10
STORE_SECONDS = 5.0

logger = logging.getLogger(__name__)


def main() -> int:
    """Serve until SIGTERM; 1 when a server does not answer at the start."""
    log_to_stdout("api")
    # uvicorn ends its work at SIGTERM and sends it again: then, as before it runs, the end is an orderly one.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    start_tracing("api")
    report_usage("api")
    try:
        return _serve()
    except FramewiseError as e:
        logger.critical("%s", e)
        return 1


def _serve() -> int:
    settings, paths, kafka = ApiSettings(), PathSettings(), KafkaSettings()
    if settings.api_host not in LOOPBACK and not settings.api_open and not settings.keys_required:
        logger.error(
            "FRAMEWISE_API_HOST=%s is not loopback, and FRAMEWISE_API_KEYS=off; leave that out, or put the service "
            "behind something that checks who asks and set FRAMEWISE_API_OPEN=true",
            settings.api_host,
        )
        return 2
    webhooks = WebhookSettings()
    spool = paths.data_dir / "tmp"
    spool.mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = str(spool)
    clear_leftovers(spool)
    client = CassandraClient(_prompt(CassandraSettings()))
    publisher = KafkaPublisher(kafka, "framewise-api")
    s3 = S3Settings()
    frames = open_frame_store(paths, s3)
    services = Services(
        settings,
        CassandraVideoStore(client),
        CassandraResultStore(client),
        frames,
        CassandraModelStore(client),
        publisher,
        paths.sources_dir,
        {
            "kafka": kafka_check(kafka),
            "cassandra": client.ping,
            **store_checks(paths, frames),
            **{name: heartbeat_check(paths.data_dir, name) for name in ("ingest", "analysis")},
        },
        speeds=CassandraSpeedStore(client),
        digests=CassandraDigestStore(client),
        search=CassandraSearchIndex(client),
        deletions=CassandraDeletionStore(client),
        tracks=CassandraTrackStore(client),
        regions=CassandraRegionStore(client),
        submissions=CassandraSubmissionStore(client),
        people=CassandraPeopleStore(client),
        portraits=ChildPortraits(),
        thresholds=thresholds_in(paths.models_dir),
        faces=CassandraFaceStore(client),
        erasures=CassandraErasureStore(client),
        events=EventHub(settings.max_event_streams),
        clips=ClipRoom(settings.max_clips),
        webhooks=CassandraWebhookStore(client),
        guard=SourceGuard(webhooks.allowed_hosts),
        rtmp=_rtmp(client, paths),
        kafka=kafka,
        s3_buckets=s3.s3_buckets,
        shares=Shares(CassandraKeyStore(client)),
    )
    notifier = make_notifier(services, webhooks, paths.data_dir)
    doorbell = Doorbell(kafka, partial(_tell, services))
    try:
        serve(
            create_app(
                services,
                settings.is_local,
                _keys(settings, client),
                MetricsPage(questions(kafka, paths, services.queue)),
            ),
            services.events,
            (doorbell, notifier, services.system),
            host=settings.api_host,
            port=settings.api_port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    finally:
        services.live.close()
        services.clips.close()
        services.portraits.close()
        publisher.close()
        client.close()
        stop_tracing()
        logger.info("stopped")
    return 0


def _tell(services: Services, records: Records) -> None:
    """Records of the topic `results`, to whoever follows their videos."""
    services.live.hear(records)
    services.newest.hear(records)
    services.events.ring(records, preview=preview_events)


def _rtmp(client: CassandraClient, paths: PathSettings) -> RtmpDoor:
    """The server to which streams are published; whether there is one is asked when it is needed."""
    settings = RtmpSettings()
    return RtmpDoor(
        NginxRtmp(settings, paths.data_dir),
        CassandraPublisherStore(client),
        settings,
        server_secret(paths.data_dir),
        timedelta(seconds=LiveSettings().rtmp_wait_seconds),
    )


def _prompt(cassandra: CassandraSettings) -> CassandraSettings:
    """With a limit that a person waits for: while the store hangs, every thread that serves requests waits so long."""
    limit = min(cassandra.cassandra_timeout, STORE_SECONDS)
    return cassandra.model_copy(update={"cassandra_timeout": limit})


def _keys(settings: ApiSettings, client: CassandraClient) -> KeyRing | None:
    """The keys that requests need; None where they need none."""
    if not settings.keys_required:
        return None
    store = CassandraKeyStore(client)
    if all(key.revoked_at is not None for key in store.all()):
        logger.warning("requests need an API key, and there is none yet; make one: ./run.sh keys create --name NAME")
    return KeyRing(store, settings.requests_per_minute, settings.open_videos_per_key)


if __name__ == "__main__":
    sys.exit(main())
