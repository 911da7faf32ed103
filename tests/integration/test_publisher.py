"""Sending to real topics: how they are made, what arrives on them, and what is said when that is not possible."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from types import BuiltinFunctionType
from typing import Any
from uuid import UUID, uuid4

import crc32c
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic
from kafka.record import default_records
from kafka.record import util as record_util

from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.frames import Frame
from pipeline.contracts.results import TaskName, TaskRequest
from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.codecs import decode_frame
from pipeline.kafka.dealing import RUN
from pipeline.kafka.publishing import DeadLetter, KafkaPublisher
from pipeline.kafka.topics import MAX_RECORD_BYTES, Topics, create_topics, wait_for_broker
from stack.ports import free_ports
from tests.integration.races import race
from tests.unit.factories import T0, a_frame, a_result, analyzed, dog

HOUR_MS = 3_600_000
PARTITIONS = 5


@pytest.fixture(scope="module")
def settings(kafka_settings: KafkaSettings) -> KafkaSettings:
    """The topics of this module: made, and made again."""
    chosen = kafka_settings.model_copy(
        update={"frames_partitions": PARTITIONS, "frames_retention_hours": 3, "frames_retention_bytes": 2**30}
    )
    for _ in range(2):
        create_topics(chosen)
    return chosen


@pytest.fixture(scope="module")
def publisher(settings: KafkaSettings) -> Iterator[KafkaPublisher]:
    publisher = KafkaPublisher(settings)
    yield publisher
    publisher.close()


def records(settings: KafkaSettings, topic: str) -> list:
    """Everything on a topic."""
    consumer = KafkaConsumer(bootstrap_servers=settings.kafka_bootstrap)
    try:
        partitions = [TopicPartition(topic, p) for p in sorted(consumer.partitions_for_topic(topic))]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        found = []
        while any(consumer.position(p) < ends[p] for p in partitions):
            found += [record for some in consumer.poll(timeout_ms=1000).values() for record in some]
        return found
    finally:
        consumer.close()


def texts(record: Any) -> dict[str, str]:
    """A record's headers."""
    return {name: content.decode() for name, content in record.headers}


class Acknowledgements:
    """What was said of each frame, and by which thread."""

    def __init__(self) -> None:
        self.said: list[Exception | None] = []
        self.threads: set[threading.Thread] = set()

    def __call__(self, error: Exception | None) -> None:
        self.said.append(error)
        self.threads.add(threading.current_thread())


def published(settings: KafkaSettings, publisher: KafkaPublisher, frames: list[Frame]) -> list:
    """The records that these frames of one video became."""
    for frame in frames:
        publisher.frame(frame, lambda error: None)
    publisher.flush(30)
    mine = str(frames[0].video_id)
    found = [r for r in records(settings, Topics.of(settings).frames) if texts(r)["video_id"] == mine]
    return sorted(found, key=lambda r: int(texts(r)["frame_number"]))


def test_topics_are_as_the_settings_say(settings: KafkaSettings) -> None:
    names = Topics.of(settings)
    wanted = {
        names.videos: (1, {"retention.ms": 24 * HOUR_MS}),
        names.frames: (
            PARTITIONS,
            {"retention.ms": 3 * HOUR_MS, "retention.bytes": 2**30 // 5, "segment.bytes": 2**30 // 5 // 4},
        ),
        names.frames_live: (
            settings.live_partitions,
            {
                "retention.ms": HOUR_MS,
                "retention.bytes": 2**30 // settings.live_partitions,
                "segment.bytes": min(2**26, 2**30 // settings.live_partitions // 4),
            },
        ),
        names.results: (PARTITIONS, {"retention.ms": 24 * HOUR_MS, "segment.bytes": 2**26}),
        names.dead_letters: (1, {"retention.ms": 14 * 24 * HOUR_MS}),
        names.captures: (
            settings.captures_partitions,
            {"retention.ms": HOUR_MS, "retention.bytes": 2 * 2**30 // settings.captures_partitions},
        ),
    }
    with KafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap) as admin:
        assert {t for t in admin.list_topics() if t.startswith(settings.topic_prefix)} == set(wanted)
        partitions = {t["name"]: len(t["partitions"]) for t in admin.describe_topics(list(wanted))}
        asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in wanted]
        configs = admin.describe_configs(asked)["topic"]
    assert partitions == {name: number for name, (number, _) in wanted.items()}
    for name, (_, options) in wanted.items():
        assert {key: int(configs[name][key]["value"]) for key in options} == options


def test_topics_that_are_there_stay_as_they_are(settings: KafkaSettings) -> None:
    create_topics(settings.model_copy(update={"frames_partitions": 2, "frames_retention_hours": 9}))
    assert {r.partition for r in records(settings, Topics.of(settings).frames)} <= set(range(PARTITIONS))
    with KafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap) as admin:
        (topic,) = admin.describe_topics([Topics.of(settings).frames])
    assert len(topic["partitions"]) == PARTITIONS


def test_several_may_make_the_topics_at_once(settings: KafkaSettings) -> None:
    several = settings.model_copy(update={"topic_prefix": f"{settings.topic_prefix}again-"})
    race(4, lambda _: create_topics(several))
    KafkaPublisher(several).close()


def test_a_frame_comes_back_as_it_went(settings: KafkaSettings, publisher: KafkaPublisher) -> None:
    video_id = uuid4()
    tasks = (TaskRequest(TaskName.FACES, 0.1 + 0.2, 7), TaskRequest(TaskName.COLORS))
    frames = [
        a_frame(video_id),
        replace(a_frame(video_id, 2), media_time=1 / 3, captured_at=T0 + timedelta(microseconds=123_456), tasks=tasks),
        replace(a_frame(video_id, 2_000_000_000_000), jpeg=bytes(range(256)) * 3700),
    ]
    found = published(settings, publisher, frames)
    assert [decode_frame(record.value, texts(record)) for record in found] == frames
    assert all(record.key is None for record in found)


def test_frames_of_one_video_are_spread_over_all_partitions(settings: KafkaSettings) -> None:
    video_id = uuid4()
    with closing(KafkaPublisher(settings)) as publisher:
        found = published(settings, publisher, [a_frame(video_id, n) for n in range(1, 10 * PARTITIONS + 1)])
    spread = [sum(record.partition == p for record in found) for p in range(PARTITIONS)]
    assert spread == [10] * PARTITIONS
    assert [record.partition for record in found[:PARTITIONS]] != [found[0].partition] * PARTITIONS


def test_of_several_videos_each_partition_gets_some_frames_in_a_row(settings: KafkaSettings) -> None:
    videos = [uuid4() for _ in range(2)]
    with closing(KafkaPublisher(settings)) as publisher:
        frames = [a_frame(video, n) for n in range(1, 2 * RUN + 1) for video in videos]
        found = published(settings, publisher, frames)
    assert sorted(Counter(record.partition for record in found).values()) == [RUN, RUN]


def test_threads_may_send_at_once(settings: KafkaSettings, publisher: KafkaPublisher) -> None:
    videos = [uuid4() for _ in range(4)]
    acknowledged = Acknowledgements()

    def send(video: int) -> None:
        for number in range(1, 26):
            publisher.frame(a_frame(videos[video], number), acknowledged)

    race(4, send)
    publisher.flush(30)
    found = [decode_frame(r.value, texts(r)) for r in records(settings, Topics.of(settings).frames)]
    for video_id in videos:
        assert sorted(f.frame_number for f in found if f.video_id == video_id) == list(range(1, 26))
    assert acknowledged.said == [None] * 100


def test_a_frame_that_is_safe_is_acknowledged_from_another_thread(publisher: KafkaPublisher) -> None:
    acknowledged = Acknowledgements()
    for number in range(1, 31):
        publisher.frame(a_frame(uuid4(), number), acknowledged)
    publisher.flush(30)
    assert acknowledged.said == [None] * 30
    assert threading.current_thread() not in acknowledged.threads


def test_a_frame_that_is_too_large_is_refused(publisher: KafkaPublisher) -> None:
    acknowledged = Acknowledgements()
    with pytest.raises(StoreUnavailable, match="larger than"):
        publisher.frame(replace(a_frame(uuid4()), jpeg=b"x" * 1_200_000), acknowledged)
    assert acknowledged.said == []


def test_checksums_are_computed_natively() -> None:
    """By identity, as the records of the producer call it: in pure Python a frame costs as much as the model."""
    assert default_records.calc_crc32c is record_util.calc_crc32c
    assert record_util.calc_crc32c.__defaults__ == (crc32c.crc32c,)
    assert isinstance(crc32c.crc32c, BuiltinFunctionType)
    frame = memoryview(bytes(range(250)) * 360)
    assert record_util.calc_crc32c(frame) == record_util.crc32c_py(frame) == crc32c.crc32c(frame)


def test_an_event_that_is_too_large_is_left_out(settings: KafkaSettings, publisher: KafkaPublisher) -> None:
    """It is in the result store, and the batch goes on."""
    video_id = uuid4()
    crowd = analyzed(video_id, 1, a_result([dog()] * 10_000))
    publisher.outcomes([crowd, analyzed(video_id, 2)])
    publisher.flush(30)
    mine = [r for r in records(settings, Topics.of(settings).results) if r.key == video_id.bytes]
    assert [json.loads(record.value)["frame_number"] for record in mine] == [2]


def test_events_of_one_video_are_in_one_partition_in_order(settings: KafkaSettings, publisher: KafkaPublisher) -> None:
    videos = [uuid4() for _ in range(20)]
    publisher.outcomes(analyzed(video_id, n) for n in range(1, 11) for video_id in videos)
    publisher.outcomes([analyzed(videos[0], 11, a_result(error="it raised — “no”"))])
    publisher.flush(30)
    found = records(settings, Topics.of(settings).results)
    places: dict[UUID, set[int]] = {}
    numbers: dict[UUID, list[int]] = {}
    for record in found:
        event = json.loads(record.value)
        video_id = UUID(bytes=record.key)
        if video_id not in videos:
            continue
        assert event["video_id"] == str(video_id)
        places.setdefault(video_id, set()).add(record.partition)
        numbers.setdefault(video_id, []).append(event["frame_number"])
    assert all(len(partitions) == 1 for partitions in places.values())
    assert len(set.union(*places.values())) > 1
    assert numbers == {video_id: [*range(1, 11), *([11] if video_id == videos[0] else [])] for video_id in videos}


def test_wake_ups_name_the_video(settings: KafkaSettings, publisher: KafkaPublisher) -> None:
    video_id = uuid4()
    publisher.wake(video_id)
    publisher.flush(30)
    assert str(video_id).encode() in [r.value for r in records(settings, Topics.of(settings).videos)]


HEADERS = (("schema", b"9"), ("odd", b"\xff\x00"))


@pytest.mark.parametrize(
    ("letter", "value", "headers"),
    [
        (DeadLetter(b"picture", "frames", 3, 2**40, "no JPEG", HEADERS), b"picture", HEADERS),
        (DeadLetter(b"", "frames", 0, 0, "empty"), b"", ()),
        (DeadLetter(None, "frames", 0, 1, "header 'schema' is “2”"), None, ()),
        (DeadLetter(b"x" * MAX_RECORD_BYTES, "frames", 0, 2, "too odd"), b"x" * MAX_RECORD_BYTES, ()),
        (
            DeadLetter(b"x" * 5_000_000, "frames", 0, 3, "too large", HEADERS),
            None,
            (("dead_letter_left_out", b"5000012 bytes"),),
        ),
        (DeadLetter(b"x", "frames", 0, 4, "é" * 5000), b"x", ()),
    ],
    ids=["whole", "empty", "no value", "as large as can be", "too large", "long reason"],
)
def test_a_record_is_set_aside_with_its_place_and_the_reason(
    settings: KafkaSettings,
    publisher: KafkaPublisher,
    letter: DeadLetter,
    value: bytes | None,
    headers: tuple[tuple[str, bytes], ...],
) -> None:
    set_aside(publisher, letter)
    (*_, last) = records(settings, Topics.of(settings).dead_letters)
    assert (last.value, last.key) == (value, f"frames/{letter.partition}/{letter.offset}".encode())
    place = {
        "dead_letter_topic": "frames",
        "dead_letter_partition": str(letter.partition),
        "dead_letter_offset": str(letter.offset),
        "dead_letter_reason": letter.reason[:2000],
    }
    assert dict(last.headers) == dict(headers) | {name: text.encode() for name, text in place.items()}


def set_aside(publisher: KafkaPublisher, letter: DeadLetter) -> None:
    """Send it and wait."""
    publisher.dead_letters([letter])
    publisher.flush(5)


def test_a_record_that_kafka_does_not_take_is_known_after_flush(settings: KafkaSettings) -> None:
    """A topic that was removed meanwhile: what was sent is not lost in silence."""
    gone = settings.model_copy(update={"topic_prefix": f"{settings.topic_prefix}gone-"})
    create_topics(gone)
    publisher = KafkaPublisher(gone, patience=2)
    try:
        with KafkaAdminClient(bootstrap_servers=gone.kafka_bootstrap) as admin:
            admin.delete_topics([Topics.of(gone).dead_letters])
        with pytest.raises(StoreUnavailable, match="dead-letters"):
            set_aside(publisher, DeadLetter(b"x", "frames", 0, 0, "odd"))
    finally:
        publisher.close()


def test_an_event_that_the_broker_refuses_is_known_after_flush(settings: KafkaSettings) -> None:
    narrow = settings.model_copy(update={"topic_prefix": f"{settings.topic_prefix}narrow-"})
    with KafkaAdminClient(bootstrap_servers=narrow.kafka_bootstrap) as admin:
        admin.create_topics([NewTopic(Topics.of(narrow).results, 1, 1, topic_configs={"max.message.bytes": "1000"})])
    create_topics(narrow)
    publisher = KafkaPublisher(narrow)
    try:
        publisher.outcomes([analyzed(uuid4(), 1, *[a_result([dog()])] * 20)])
        with pytest.raises(StoreUnavailable, match="did not take 1 records"):
            publisher.flush(30)
        publisher.outcomes([analyzed(uuid4(), 1)])
        publisher.flush(30)
    finally:
        publisher.close()


@pytest.mark.parametrize(
    "connect",
    [
        lambda settings: KafkaPublisher(settings, patience=1),
        lambda settings: create_topics(settings, patience=1),
        lambda settings: wait_for_broker(settings, patience=0),
    ],
    ids=["publisher", "topics", "asking"],
)
def test_a_broker_that_is_not_there_is_a_clear_error(connect: Callable[[KafkaSettings], object]) -> None:
    settings = KafkaSettings(kafka_bootstrap=f"127.0.0.1:{free_ports(1)[0]}")
    threads = set(threading.enumerate())
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match=f"{settings.kafka_bootstrap} does not answer"):
        connect(settings)
    assert time.monotonic() - began < 10
    assert set(threading.enumerate()) <= threads


def test_one_broker_that_answers_is_enough(settings: KafkaSettings) -> None:
    several = f"127.0.0.1:{free_ports(1)[0]}, {settings.kafka_bootstrap}"
    wait_for_broker(settings.model_copy(update={"kafka_bootstrap": several}), patience=0)


def test_topics_that_are_not_there_are_a_clear_error(settings: KafkaSettings) -> None:
    missing = settings.model_copy(update={"topic_prefix": f"{settings.topic_prefix}missing-"})
    before = set(threading.enumerate())
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match=r"missing-frames' is not there .*start the stack"):
        KafkaPublisher(missing, patience=2)
    assert time.monotonic() - began < 10
    assert set(threading.enumerate()) <= before
