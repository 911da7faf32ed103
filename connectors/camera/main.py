"""Owns the camera door's start and end: settings are read here, everything is built here."""

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from kafka.errors import KafkaError
from pydantic import ValidationError

import framewise
from connectors.camera.older.cameras import CameraRules, OlderCameras
from connectors.camera.older.intake import Intake, Understanding
from connectors.camera.records import GroupReader, Reading, ensure_topic
from connectors.camera.results.forwarding import Forwarding
from connectors.camera.results.service import ServiceCameras, ServicePictures
from connectors.camera.results.topic import KafkaResultTopic
from connectors.camera.settings import CameraDoorSettings
from connectors.pictures.encoding import ChildEncoder
from connectors.pictures.whole import Limits
from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.settings import KafkaSettings, PathSettings, wrong_settings
from pipeline.ending import stop_on_signal
from pipeline.kafka.captures import KafkaCapturePublisher
from pipeline.kafka.publishing import KafkaPublisher
from pipeline.kafka.topics import Topics
from pipeline.observing.logs import log_to_stdout
from pipeline.readiness import BEAT_SECONDS, beat, mark_ready, unmark_ready

SERVICE = "camera"
STOP_SECONDS = 10.0
GATHER_SECONDS = 0.5
"""Outcomes of so long are put in the order of capture, before they are told."""

logger = logging.getLogger(__name__)


def main() -> int:
    """Run until SIGTERM or SIGINT; 1 when a setting is wrong, or a server does not answer at the start."""
    log_to_stdout(SERVICE)
    try:
        _serve(PathSettings(), KafkaSettings(), CameraDoorSettings())
    except ValidationError as e:
        logger.critical("%s", wrong_settings(e))
        return 1
    except (FramewiseError, KafkaError) as e:
        logger.critical("%s", e)
        return 1
    return 0


def _serve(paths: PathSettings, kafka: KafkaSettings, settings: CameraDoorSettings) -> None:
    stop = stop_on_signal()
    key = settings.key.get_secret_value() if settings.key else None
    with ExitStack() as held:
        client = held.enter_context(framewise.Client(settings.service_url, key or None))
        readers = []
        if settings.camera_older_topic:
            readers.append(held.enter_context(_older(kafka, settings, client)))
        if settings.camera_result_topic:
            readers.append(held.enter_context(_results(kafka, settings, client)))
        _watch(paths, readers, stop)


@contextmanager
def _older(kafka: KafkaSettings, settings: CameraDoorSettings, client: framewise.Client) -> Iterator[GroupReader]:
    """Older producers' pictures on their way in."""
    ensure_topic(kafka, settings.camera_older_topic)
    rules = CameraRules(
        settings.camera_models, settings.camera_keep, settings.camera_most, settings.camera_new_per_minute
    )
    limits = Limits(settings.camera_most_bytes, settings.camera_most_pixels)
    with (
        closing(KafkaCapturePublisher(kafka, client_id="framewise-camera")) as captures,
        closing(KafkaPublisher(kafka, client_id="framewise-camera-aside")) as aside,
        closing(ChildEncoder()) as encoder,
    ):
        cameras = OlderCameras(client, rules)
        intake = Intake(Understanding(limits, settings.zone), encoder, cameras, captures, aside)
        group = f"{kafka.topic_prefix}camera-older"
        reader = GroupReader(kafka, Reading(settings.camera_older_topic, group, "earliest"), intake.take)
        with _running(reader):
            yield reader


@contextmanager
def _results(kafka: KafkaSettings, settings: CameraDoorSettings, client: framewise.Client) -> Iterator[GroupReader]:
    """What was found, on its way to older consumers."""
    ensure_topic(kafka, settings.camera_result_topic)
    group = f"{kafka.topic_prefix}camera-results"
    with closing(KafkaResultTopic(kafka, settings.camera_result_topic)) as topic:
        forwarding = Forwarding(ServiceCameras(client), ServicePictures(client), topic, settings.zone)
        reading = Reading(Topics.of(kafka).results, group, "latest", GATHER_SECONDS)
        reader = GroupReader(kafka, reading, forwarding.take)
        with closing(forwarding), _running(reader):
            yield reader


@contextmanager
def _running(reader: GroupReader) -> Iterator[None]:
    reader.start()
    try:
        yield
    finally:
        reader.stop(STOP_SECONDS)


def _watch(paths: PathSettings, readers: list[GroupReader], stop: threading.Event) -> None:
    """Say that it is ready once every topic is read, and that it lives, until it is to stop."""
    ready = False
    try:
        while not stop.wait(BEAT_SECONDS if ready else 0.1):
            for reader in readers:
                if not reader.thread.is_alive():
                    raise FramewiseError(f"the reader of {reader.thread.name} has ended; the log says why")
            if not ready and all(reader.assigned.is_set() for reader in readers):
                ready = True
                mark_ready(paths.data_dir, SERVICE)
                logger.info("ready: reading %s", ", ".join(r.thread.name for r in readers) or "nothing")
            if ready:
                beat(paths.data_dir, SERVICE)
        logger.info("stopping")
    finally:
        unmark_ready(paths.data_dir, SERVICE)


if __name__ == "__main__":
    sys.exit(main())
