"""Hearing of outcomes on a real broker: of the streams that are followed, and only while there are some."""

import threading
from uuid import uuid4

from ingest.live.outcomes import HeardOutcomes
from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.publishing import KafkaPublisher
from tests.unit.factories import analyzed
from tests.waiting import wait_until


def listeners() -> int:
    return sum(thread.name == "live-outcomes" for thread in threading.enumerate())


def test_it_listens_while_a_stream_is_followed(kafka_settings: KafkaSettings, publisher: KafkaPublisher) -> None:
    followed, other, heard = uuid4(), uuid4(), set[int]()
    outcomes = HeardOutcomes(kafka_settings)
    assert listeners() == 0
    for _ in range(2):
        heard.clear()
        outcomes.follow(followed, heard.add)
        number = 0

        def told() -> bool:
            nonlocal number
            number += 1
            publisher.outcomes([analyzed(followed, number), analyzed(other, number + 1000)])
            publisher.flush(10)
            return bool(heard)

        wait_until(told)
        assert max(heard) < 1000
        outcomes.leave(followed)
        wait_until(lambda: listeners() == 0)
    outcomes.follow(followed, heard.add)
    outcomes.follow(other, heard.add)
    outcomes.leave(followed)
    assert listeners() == 1
    outcomes.stop(10)
    assert listeners() == 0
