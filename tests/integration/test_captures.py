"""Publishing captures: what both publishers owe, and what the broker keeps."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from kafka import KafkaConsumer, TopicPartition

from pipeline.contracts.captures import Capture, EndOfCaptures
from pipeline.contracts.errors import RecordInvalid, StoreUnavailable
from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.capture_codec import decode_capture
from pipeline.kafka.captures import CapturePublisher, InMemoryCapturePublisher, KafkaCapturePublisher
from pipeline.kafka.topics import Topics, create_topics

AT = datetime(2026, 11, 21, 10, tzinfo=UTC)
JPEG = b"\xff\xd8\xff\xe0"


def capture(video_id: UUID, number: int, size: int = 1000) -> Capture:
    return Capture(video_id, AT, f"c-{number}", JPEG + bytes(size))


@pytest.fixture(scope="module")
def topics(kafka_settings: KafkaSettings) -> KafkaSettings:
    create_topics(kafka_settings)
    return kafka_settings


@pytest.fixture(params=["memory", "kafka"])
def publisher(request: pytest.FixtureRequest) -> Iterator[CapturePublisher]:
    if request.param == "memory":
        yield InMemoryCapturePublisher()
        return
    made = KafkaCapturePublisher(request.getfixturevalue("topics"))
    yield made
    made.close()


def kept(settings: KafkaSettings, video_id: UUID) -> list[tuple[int, Capture | EndOfCaptures]]:
    topic = Topics.of(settings).captures
    consumer = KafkaConsumer(bootstrap_servers=settings.kafka_bootstrap, group_id=None, enable_auto_commit=False)
    try:
        places = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic))]
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        ends = consumer.end_offsets(places)
        found = []
        while any(consumer.position(place) < ends[place] for place in places):
            for records in consumer.poll(timeout_ms=500).values():
                found += [r for r in records if r.key == video_id.bytes]
    finally:
        consumer.close()
    return [(r.partition, decode_capture(r.value, dict(r.headers))) for r in found]


def test_what_is_put_is_acknowledged(publisher: CapturePublisher) -> None:
    video_id = uuid4()
    heard: list[StoreUnavailable | None] = []
    for number in range(3):
        publisher.put(capture(video_id, number), heard.append)
    publisher.flush(30)
    assert heard == [None] * 3


def test_what_nobody_could_read_is_not_sent(publisher: CapturePublisher) -> None:
    with pytest.raises(RecordInvalid):
        publisher.put(Capture(uuid4(), AT, "c-1", b"text"))


def test_a_videos_pictures_and_their_end_are_in_one_partition_in_order(topics: KafkaSettings) -> None:
    publisher = KafkaCapturePublisher(topics)
    videos = [uuid4() for _ in range(4)]
    for number in range(100):  # more than may be under way
        for video_id in videos:
            publisher.put(capture(video_id, number))
    for video_id in videos:
        publisher.end(video_id)
    publisher.close()
    for video_id in videos:
        found = kept(topics, video_id)
        assert len({partition for partition, _ in found}) == 1
        assert [item for _, item in found] == [capture(video_id, n) for n in range(100)] + [EndOfCaptures(video_id)]


def test_the_largest_picture_goes_through(topics: KafkaSettings) -> None:
    publisher, video_id = KafkaCapturePublisher(topics), uuid4()
    publisher.put(capture(video_id, 1, 1_000_000 - len(JPEG)))
    publisher.flush(30)
    publisher.close()
    assert len(kept(topics, video_id)) == 1


def test_without_a_broker_there_is_no_publisher() -> None:
    with pytest.raises(StoreUnavailable, match="does not answer"):
        KafkaCapturePublisher(KafkaSettings(kafka_bootstrap="127.0.0.1:1"), patience=0.3)


def test_without_its_topic_there_is_no_publisher(kafka_settings: KafkaSettings) -> None:
    nowhere = kafka_settings.model_copy(update={"topic_prefix": f"{kafka_settings.topic_prefix}none-"})
    with pytest.raises(StoreUnavailable, match="is not there"):
        KafkaCapturePublisher(nowhere, patience=2)


def test_the_wait_for_room_has_an_end(topics: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    publisher = KafkaCapturePublisher(topics, patience=0.5)
    monkeypatch.setattr(publisher, "_room", threading.BoundedSemaphore(1))
    publisher._room.acquire()  # as if a picture were under way for ever
    with pytest.raises(StoreUnavailable, match="has not taken"):
        publisher.put(capture(uuid4(), 1))
    publisher._room.release()
    publisher.close()
