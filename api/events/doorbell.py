"""Owns listening to the topic `results`: a record means that its video has news; the store says which."""

from collections.abc import Callable

from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.listening import Outage, Records, TopicListener
from pipeline.kafka.topics import Topics

OUTAGE = Outage("events come by polling for now", 0.5, 10.0)


class Doorbell(TopicListener):
    """Calls `ring` with new records. What it misses while the broker is away, streams find by themselves."""

    def __init__(self, settings: KafkaSettings, ring: Callable[[Records], None]) -> None:
        super().__init__(settings, Topics.of(settings).results, ring, "doorbell", OUTAGE)
