"""The broker's listener for cameras of other machines: who comes by it stays with it."""

import pytest
from kafka import KafkaConsumer, KafkaProducer

from pipeline.kafka.topics import Topics, create_topics
from stack.ports import free_ports
from stack.trial import trial

pytestmark = pytest.mark.slow


def test_cameras_of_other_machines_publish_through_a_listener_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    [port] = free_ports(1)
    outside = f"localhost:{port}"
    monkeypatch.setenv("FRAMEWISE_KAFKA_HOST", "0.0.0.0")
    monkeypatch.setenv("FRAMEWISE_KAFKA_OUTSIDE_PORT", str(port))
    monkeypatch.setenv("FRAMEWISE_KAFKA_ADVERTISED", outside)
    with trial("kafka") as running:
        settings = running.kafka()
        create_topics(settings)
        topic = Topics.of(settings).captures
        producer = KafkaProducer(bootstrap_servers=outside)
        producer.send(topic, b"picture").get(timeout=20)
        assert {broker.port for broker in producer._metadata.brokers()} == {port}
        producer.close()
        consumer = KafkaConsumer(
            topic, bootstrap_servers=settings.kafka_bootstrap, group_id=None, auto_offset_reset="earliest"
        )
        found = [record.value for batch in consumer.poll(timeout_ms=20_000).values() for record in batch]
        consumer.close()
    assert found == [b"picture"]
