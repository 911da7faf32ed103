"""What is measured of the topics, asked of a real broker."""

import json
import time
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.publishing import KafkaPublisher
from pipeline.kafka.topic_measures import TopicMeasures, taken_offsets
from pipeline.kafka.topics import create_topics
from spark_jobs.live_frames import KafkaLiveFrames
from stack.ports import free_ports
from tests.unit.factories import T0, a_frame

FRAMES = 20


@pytest.fixture(scope="module")
def filled(kafka_settings: KafkaSettings) -> KafkaSettings:
    """A broker with some frames, spread over every partition."""
    create_topics(kafka_settings)
    publisher = KafkaPublisher(kafka_settings)
    for number in range(FRAMES):
        publisher.frame(a_frame(uuid4(), number + 1), lambda error: None)
    publisher.flush(20)
    publisher.close()
    return kafka_settings


def test_bytes_are_those_of_our_topics(filled: KafkaSettings) -> None:
    measures = TopicMeasures(filled)
    found = measures.bytes()
    assert found.keys() == {"videos", "frames", "frames-live", "results", "dead-letters", "captures"}
    assert found["frames"] > FRAMES * 500
    assert found["dead-letters"] == 0
    measures.close()


def test_what_waits_lies_behind_what_was_taken(filled: KafkaSettings) -> None:
    measures = TopicMeasures(filled)
    assert measures.frames_waiting({}) == FRAMES
    assert measures.frames_waiting({0: 2, 1: 1}) == FRAMES - 3
    assert measures.frames_waiting(dict.fromkeys(range(filled.frames_partitions), 10**6)) == 0
    measures.close()


def test_live_frames_wait_behind_what_the_analysis_has_kept(filled: KafkaSettings) -> None:
    publisher = KafkaPublisher(filled)
    video_id = uuid4()
    for number in range(6):
        publisher.frame(replace(a_frame(video_id, number + 1), captured_at=T0, live=True), lambda error: None)
    publisher.flush(20)
    publisher.close()
    measures = TopicMeasures(filled)
    assert measures.live_frames_waiting() == 6
    frames = KafkaLiveFrames(filled, 0, 1)
    for _ in range(4):
        record = next(row for row in iter(lambda: frames.next(1.0), 0) if row is not None)
        frames.kept(record)
    until = time.monotonic() + 20
    while measures.live_frames_waiting() != 2:
        assert time.monotonic() < until
        time.sleep(0.1)
    frames.close()
    measures.close()


def test_a_broker_that_is_away_is_an_error_within_seconds() -> None:
    measures = TopicMeasures(KafkaSettings(kafka_bootstrap=f"127.0.0.1:{free_ports(1)[0]}"))
    with pytest.raises(StoreUnavailable, match="does not answer"):
        measures.bytes()


def checkpoint(folder: Path, batches: dict[int, dict[str, int]], done: list[int]) -> Path:
    """A checkpoint as Spark leaves it."""
    for name in ("offsets", "commits"):
        (folder / name).mkdir(parents=True)
    for batch, offsets in batches.items():
        (folder / "offsets" / str(batch)).write_text(f'v1\n{{"batchWatermarkMs":0}}\n{json.dumps({"frames": offsets})}')
    for batch in done:
        (folder / "commits" / str(batch)).write_text('v1\n{"nextBatchWatermarkMs":0}')
        (folder / "commits" / f".{batch}.crc").write_bytes(b"x")
    return folder


def test_what_was_taken_is_that_of_the_last_batch_that_is_done(tmp_path: Path) -> None:
    batches = {9: {"0": 1, "1": 2}, 10: {"0": 5, "1": 6}, 11: {"0": 8, "1": 9}}
    assert taken_offsets(checkpoint(tmp_path, batches, [9, 10]), "frames") == {0: 5, 1: 6}
    assert taken_offsets(tmp_path, "other") is None


def test_without_a_checkpoint_nothing_is_known(tmp_path: Path) -> None:
    assert taken_offsets(tmp_path / "none", "frames") is None
    assert taken_offsets(checkpoint(tmp_path, {}, [3]), "frames") is None
