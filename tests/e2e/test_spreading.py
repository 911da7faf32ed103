"""The frames of one video are on all workers at the same time."""

import json
import time
from collections import defaultdict
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from kafka import KafkaConsumer

from pipeline.kafka.topics import Topics
from stack.trial import Trial
from tests.e2e.clips import make_clip
from tests.e2e.service import Service


@pytest.fixture(scope="module")
def events(
    service: Service, stack: Trial, models: dict[str, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> list[dict[str, Any]]:
    """The events of one video of 600 frames."""
    clip = make_clip(tmp_path_factory.mktemp("clips") / "long.mp4", 600, size=(640, 360))
    path = service.upload(clip, modelsToRun="objects_detection")
    service.completed(path)
    video_id = path.rpartition("/")[2]
    kafka = stack.kafka()
    consumer = KafkaConsumer(
        Topics.of(kafka).results,
        bootstrap_servers=kafka.kafka_bootstrap,
        auto_offset_reset="earliest",
        consumer_timeout_ms=5000,
    )
    try:
        return [json.loads(record.value) for record in consumer if record.key == UUID(video_id).bytes]
    finally:
        consumer.close()


def test_every_frame_is_an_event_once(events: list[dict[str, Any]]) -> None:
    numbers = [event["frame_number"] for event in events]
    assert sorted(numbers) == list(range(1, 601))


def test_both_workers_have_their_share(events: list[dict[str, Any]]) -> None:
    shares: dict[str, int] = defaultdict(int)
    for event in events:
        shares[event["worker"]] += 1
    assert len(shares) == 2
    assert min(shares.values()) > 600 * 0.25, dict(shares)


def test_their_inference_overlaps(events: list[dict[str, Any]]) -> None:
    spans: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for event in events:
        spans[event["worker"]].add((event["started_at"], event["finished_at"]))
    one, other = spans.values()
    overlapping = [a for a in one if any(a[0] < b[1] and b[0] < a[1] for b in other)]
    assert len(overlapping) >= len(one) / 2


def test_models_are_loaded_once_a_worker_and_logged(stack: Trial, events: list[dict[str, Any]]) -> None:
    log = (stack.settings.log_dir / "analysis.log").read_text()
    for worker in {event["worker"] for event in events}:
        assert log.count(f"worker {worker}: objects_detection by") == 1


@pytest.mark.slow
def test_workers_stay_warm(service: Service, stack: Trial, events: list[dict[str, Any]], tmp_path: Path) -> None:
    """Spark ends idle Python workers after a minute; ours are kept."""
    time.sleep(75)
    path = service.upload(make_clip(tmp_path / "later.mp4", 40), modelsToRun="objects_detection")
    service.completed(path)
    assert {row["worker"] for row in service.rows(path)} <= {event["worker"] for event in events}
