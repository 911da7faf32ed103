"""Records that were set aside, on a real broker: listed once, sent again as they were."""

import io
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from rich.console import Console

from pipeline.contracts.errors import NotFound, StoreUnavailable
from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.codecs import FRAME_HEADERS, decode_frame, encode_frame
from pipeline.kafka.dead_letters import DeadLetters
from pipeline.kafka.publishing import DeadLetter, KafkaPublisher
from pipeline.kafka.topics import MAX_RECORD_BYTES, Topics
from stack import dead_letters
from stack.ports import free_ports
from tests.unit.factories import a_frame

FRAME = a_frame(uuid4(), 7)


def letter(offset: int, value: bytes | None = b"x", reason: str = "it hung its worker") -> DeadLetter:
    jpeg, headers = encode_frame(FRAME)
    return DeadLetter(jpeg if value == b"frame" else value, "", 3, offset, reason, tuple(headers))


@pytest.fixture
def letters(kafka_settings: KafkaSettings, publisher: KafkaPublisher) -> DeadLetters:
    return DeadLetters(kafka_settings)


def set_aside(kafka_settings: KafkaSettings, publisher: KafkaPublisher, *some: DeadLetter) -> list[str]:
    """Set records of topic `frames` aside; their names."""
    topic = Topics.of(kafka_settings).frames
    publisher.dead_letters(
        DeadLetter(one.value, topic, one.partition, one.offset, one.reason, one.headers) for one in some
    )
    publisher.flush(30)
    return [f"{topic}/{one.partition}/{one.offset}" for one in some]


def on_frames(kafka_settings: KafkaSettings) -> list[Any]:
    """Everything on topic `frames`."""
    topic = Topics.of(kafka_settings).frames
    consumer = KafkaConsumer(bootstrap_servers=kafka_settings.kafka_bootstrap, consumer_timeout_ms=2000)
    consumer.assign([TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic)])
    consumer.seek_to_beginning()
    found = list(consumer)
    consumer.close()
    return found


def test_what_was_set_aside_twice_is_listed_once(
    kafka_settings: KafkaSettings, publisher: KafkaPublisher, letters: DeadLetters
) -> None:
    (name, _) = set_aside(kafka_settings, publisher, letter(1), letter(1, reason="again"))
    found = [one for one in letters.newest(100) if one.name == name]
    assert [(one.reason, one.size, one.video, one.frame) for one in found] == [("again", 1, str(FRAME.video_id), "7")]


def test_only_the_newest_are_listed(
    kafka_settings: KafkaSettings, publisher: KafkaPublisher, letters: DeadLetters
) -> None:
    names = set_aside(kafka_settings, publisher, *(letter(offset) for offset in range(100, 110)))
    assert [one.name for one in letters.newest(3)] == names[-3:]


def test_a_frame_is_sent_again_as_it_was(
    kafka_settings: KafkaSettings, publisher: KafkaPublisher, letters: DeadLetters
) -> None:
    (name,) = set_aside(kafka_settings, publisher, letter(200, b"frame"))
    (chosen,) = [one for one in letters.newest(100) if one.name == name]
    assert chosen.replayed_at is None
    before = len(on_frames(kafka_settings))
    assert letters.replay([chosen]) == 1
    found = on_frames(kafka_settings)
    assert len(found) == before + 1
    headers = {key: value.decode() for key, value in found[-1].headers}
    assert set(headers) == set(FRAME_HEADERS)
    assert decode_frame(found[-1].value, headers) == FRAME
    (again,) = [one for one in letters.newest(100) if one.name == name]
    assert again.replayed_at is not None


def test_what_was_too_large_to_keep_cannot_be_sent_again(
    kafka_settings: KafkaSettings, publisher: KafkaPublisher, letters: DeadLetters
) -> None:
    (name,) = set_aside(kafka_settings, publisher, letter(300, bytes(MAX_RECORD_BYTES + 1)))
    (chosen,) = [one for one in letters.newest(100) if one.name == name]
    with pytest.raises(NotFound, match="left out"):
        letters.replay([chosen])


def test_the_command_shows_and_replays(
    kafka_settings: KafkaSettings, publisher: KafkaPublisher, letters: DeadLetters
) -> None:
    (name,) = set_aside(kafka_settings, publisher, letter(400, b"frame", "the frame ended its worker [bold]"))
    said_to = io.StringIO()
    console = Console(file=said_to, width=250)
    assert dead_letters.show(letters, console, 100) == 0
    with pytest.raises(NotFound, match="nowhere/0/1"):
        dead_letters.replay(letters, console, ["nowhere/0/1"], 100)
    assert dead_letters.replay(letters, console, [name], 100) == 0
    assert dead_letters.replay(letters, console, [], 1) == 0
    said = said_to.getvalue()
    assert name in said
    assert "[bold]" in said
    assert "1 records were sent again" in said
    assert "0 records were sent again" in said


def test_garbage_among_the_dead_letters(kafka_settings: KafkaSettings, letters: DeadLetters) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka_settings.kafka_bootstrap)
    topic = Topics.of(kafka_settings).dead_letters
    producer.send(topic, b"\xff", key=b"\xfe\xff")
    producer.send(topic, b"no key", headers=[("dead_letter_reason", b"\xff\xfe")])
    producer.flush(30)
    producer.close()
    assert len(letters.newest(2)) == 2


def test_a_broker_that_is_away_is_said() -> None:
    away = KafkaSettings(kafka_bootstrap=f"127.0.0.1:{free_ports(1)[0]}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.kafka.dead_letters.PATIENCE", 0.1)
        with pytest.raises(StoreUnavailable, match="does not answer"):
            DeadLetters(away).newest(1)
