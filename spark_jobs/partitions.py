"""Owns how many partitions topic `frames` has now: they may be added while the analysis runs on a cluster."""

import logging
import time

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.topics import Topics, wait_for_broker

LOOK_SECONDS = 15.0
ASK_SECONDS = 5.0

log = logging.getLogger(__name__)


class FramesPartitions:
    """Asks the brokers now and then; while none answers, what they said last holds, and the settings before that."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._known = settings.frames_partitions
        self._looked = float("-inf")

    def __call__(self) -> int:
        """The number."""
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            try:
                self._known = asked(self._settings)
            except (KafkaError, StoreUnavailable) as e:
                log.info("how many partitions there are is not known anew: %s", e)
            self._looked = time.monotonic()
        return self._known


def asked(settings: KafkaSettings) -> int:
    """What the brokers say. Raises KafkaError or StoreUnavailable."""
    wait_for_broker(settings, patience=0)
    timeout = int(ASK_SECONDS * 1000)
    with KafkaAdminClient(
        bootstrap_servers=settings.kafka_bootstrap, request_timeout_ms=timeout, bootstrap_timeout_ms=timeout
    ) as admin:
        (found,) = admin.describe_topics([Topics.of(settings).frames])
        return len(found["partitions"])
