"""Owns the processor's start and end: settings are read here, everything is built here."""

import logging
import sys
import threading
from contextlib import ExitStack, closing
from pathlib import Path

import framewise
from connectors.edge.brokers import broker_settings
from connectors.edge.passing import Inlet
from connectors.edge.processor.days import DayRules, Days
from connectors.edge.processor.live_analysis import LiveAnalysis
from connectors.edge.processor.objects import ObjectPlace
from connectors.edge.processor.place import FolderPlace, Place
from connectors.edge.processor.processing import Parts, Processing
from connectors.edge.processor.reading import Reading
from connectors.edge.processor.set_aside import SetAside
from connectors.edge.processor.settings import BROKER, ProcessorSettings, processor_settings
from connectors.edge.session import Session
from connectors.edge.topics import TopicTemplate
from connectors.pictures.encoding import ChildEncoder
from connectors.pictures.whole import Limits
from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.settings import KafkaSettings, PathSettings, S3Settings
from pipeline.ending import stop_on_signal
from pipeline.kafka.captures import CapturePublisher, KafkaCapturePublisher
from pipeline.observing.logs import log_to_stdout
from pipeline.observing.usage import report_usage
from pipeline.readiness import BEAT_SECONDS, beat, mark_ready, unmark_ready

SERVICE = "edge"
KAFKA_PATIENCE = 10.0
STOP_SECONDS = 15.0
API_SECONDS = 15.0

logger = logging.getLogger(__name__)


def main() -> int:
    """Run until SIGTERM or SIGINT; 1 where the settings cannot work."""
    log_to_stdout(SERVICE)
    report_usage(SERVICE)
    try:
        _serve(processor_settings(), PathSettings())
    except FramewiseError as e:
        logger.critical("%s", e)
        return 1
    return 0


def _serve(settings: ProcessorSettings, paths: PathSettings) -> None:
    stop = stop_on_signal()
    with ExitStack() as held:
        where = settings.store(paths.data_dir)
        place = _place(where)
        session = Session(broker_settings(BROKER), settings.edge_client_id)
        analysis = _analysis(settings, held) if settings.edge_tasks else None
        encoder = held.enter_context(closing(ChildEncoder()))
        topics = tuple(TopicTemplate(text) for text in settings.edge_topics)
        reading = Reading(
            topics,
            Limits(settings.edge_max_bytes, settings.edge_max_pixels),
            settings.edge_old_site,
            settings.edge_old_camera,
        )
        aside = SetAside(place, settings.edge_set_aside_most)
        confirm = TopicTemplate(settings.edge_confirm_topic)
        processing = Processing(Parts(reading, place, aside, encoder, analysis, session, confirm), stop)
        session.listen(Inlet(tuple(topic.filter for topic in topics), processing.take, processing.has_room))
        logger.info("pictures are kept in %s", where)
        _run(processing, session, paths.data_dir, stop)


def _run(processing: Processing, session: Session, data_dir: Path, stop: threading.Event) -> None:
    working = threading.Thread(target=processing.run, name="processing", daemon=True)
    working.start()
    session.start()
    ready = False
    try:
        while not stop.wait(BEAT_SECONDS):
            if not ready and session.ready:
                ready = True
                mark_ready(data_dir, SERVICE)
                logger.info("ready")
            if not (working.is_alive() and session.alive):
                raise FramewiseError("a thread of the processor has ended; the log says why")
            beat(data_dir, SERVICE)
        logger.info("stopping; %d pictures were stored", processing.stored)
    finally:
        stop.set()
        unmark_ready(data_dir, SERVICE)
        working.join(STOP_SECONDS)
        session.stop()


def _place(where: str) -> Place:
    return ObjectPlace(where, S3Settings()) if "://" in where else FolderPlace(Path(where))


def _analysis(settings: ProcessorSettings, held: ExitStack) -> LiveAnalysis:
    kafka = KafkaSettings()

    def connect() -> CapturePublisher:
        return KafkaCapturePublisher(kafka, client_id=settings.edge_client_id, patience=KAFKA_PATIENCE)

    key = settings.key.get_secret_value() if settings.key else None
    once = framewise.Retries(tries=1)
    client = framewise.Client(settings.service_url, key or None, timeout=API_SECONDS, retries=once)
    days = Days(held.enter_context(client), DayRules(settings.edge_tasks, settings.edge_end_hours * 3600))
    return held.enter_context(closing(LiveAnalysis(days, connect)))


if __name__ == "__main__":
    sys.exit(main())
