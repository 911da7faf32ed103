"""Owns how this project sends to Kafka: every record acknowledged by all replicas, no topic made by accident."""

from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import KafkaSettings

METADATA_MS = 30_000
"""So soon a producer hears of partitions that were added, and of brokers that have come or gone."""


def new_producer(settings: KafkaSettings, client_id: str, patience_ms: int, **own: Any) -> KafkaProducer:
    """A producer with options of its `own`; raises StoreUnavailable where no broker answers in time.

    What is sent twice counts once. With idempotence, a single record that the broker refuses would put an end to every
    later one of this producer.
    """
    try:
        return KafkaProducer(
            bootstrap_servers=settings.kafka_bootstrap,
            client_id=client_id,
            acks="all",
            enable_idempotence=False,
            bootstrap_timeout_ms=patience_ms,
            max_block_ms=patience_ms,
            allow_auto_create_topics=False,
            metadata_max_age_ms=METADATA_MS,
            **own,
        )
    except KafkaError as e:
        raise StoreUnavailable(f"Kafka at {settings.kafka_bootstrap} does not answer: {e}") from e
