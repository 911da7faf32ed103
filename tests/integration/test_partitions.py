"""Partitions that are added while a publisher, a reader and the analysis are at work on real Kafka."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from uuid import uuid4

import pytest
from kafka import KafkaConsumer, TopicPartition

from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka import producers, publishing
from pipeline.kafka.publishing import KafkaPublisher
from pipeline.kafka.topics import Topics, create_topics
from spark_jobs import live_frames, partitions
from spark_jobs.live_frames import KafkaLiveFrames
from spark_jobs.partitions import FramesPartitions
from stack.ports import free_ports
from tests.unit.factories import T0, a_frame
from tests.waiting import wait_until

FEW, MORE = 2, 5


@pytest.fixture(scope="module")
def few(kafka_settings: KafkaSettings) -> KafkaSettings:
    return kafka_settings.model_copy(update={"frames_partitions": FEW, "live_partitions": FEW})


@pytest.fixture(autouse=True)
def attentive(monkeypatch: pytest.MonkeyPatch) -> None:
    """All look again at once, not after half a minute."""
    monkeypatch.setattr(producers, "METADATA_MS", 200)
    monkeypatch.setattr(live_frames, "METADATA_MS", 200)
    for module in (publishing, live_frames, partitions):
        monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)


@pytest.fixture
def publisher(few: KafkaSettings) -> Iterator[KafkaPublisher]:
    create_topics(few)
    found = KafkaPublisher(few)
    yield found
    found.close()


def written(settings: KafkaSettings, topic: str) -> dict[int, int]:
    """How many records each of the partitions that there are to be has."""
    with closing(KafkaConsumer(bootstrap_servers=settings.kafka_bootstrap)) as consumer:
        places = [TopicPartition(topic, number) for number in range(MORE)]
        return {place.partition: end for place, end in consumer.end_offsets(places).items()}


def test_those_that_are_added_are_dealt_to_read_and_counted(few: KafkaSettings, publisher: KafkaPublisher) -> None:
    topics, video_id, failures = Topics.of(few), uuid4(), []
    known, reader = FramesPartitions(few), KafkaLiveFrames(few, 0, 1)
    assert known() == FEW
    seen: set[int] = set()

    def all_are_used() -> bool:
        for live in (False, True):
            frame = replace(a_frame(video_id), captured_at=T0 if live else None, live=live)
            publisher.frame(frame, lambda error: failures.append(error) if error else None)
        publisher.flush(20)
        if (row := reader.next(0.05)) is not None:
            seen.add(row["partition"])
        return len(seen) == MORE and all(written(few, topics.frames).values())

    create_topics(few.model_copy(update={"frames_partitions": MORE, "live_partitions": MORE}))
    wait_until(all_are_used, 30, lambda: f"{seen} are read, of {written(few, topics.frames)}")
    reader.close()
    assert not failures
    assert known() == MORE


def test_while_no_broker_answers_the_last_number_holds(few: KafkaSettings, publisher: KafkaPublisher) -> None:
    away = few.model_copy(update={"kafka_bootstrap": f"127.0.0.1:{free_ports(1)[0]}"})
    assert FramesPartitions(away)() == FEW


@pytest.mark.parametrize(("copies", "in_step"), [(1, 1), (2, 1), (3, 2), (5, 4)])
def test_one_copy_may_be_away(copies: int, in_step: int) -> None:
    assert KafkaSettings(replication_factor=copies).in_sync_replicas == in_step
