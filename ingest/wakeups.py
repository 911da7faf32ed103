"""Owns listening to topic `videos`: a record means that a video may wait, nothing more."""

from collections.abc import Callable

from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.listening import Outage, TopicListener
from pipeline.kafka.topics import Topics

OUTAGE = Outage("no wake-ups for now", 5.0, 5.0)


class WakeUps(TopicListener):
    """Calls `wake` for news. What is missed while the broker is away is found by polling."""

    def __init__(self, settings: KafkaSettings, wake: Callable[[], None]) -> None:
        super().__init__(settings, Topics.of(settings).videos, lambda records: wake(), "wake-ups", OUTAGE)
