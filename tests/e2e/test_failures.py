"""What goes wrong is said, and nothing else suffers."""

import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from kafka import KafkaConsumer, KafkaProducer

from pipeline.cassandra import CassandraClient
from pipeline.cassandra_videos import CassandraVideoStore
from pipeline.contracts.frames import Frame
from pipeline.contracts.results import TaskName, TaskRequest
from pipeline.contracts.videos import VideoStatus
from pipeline.publishing import KafkaPublisher
from pipeline.topics import Topics
from stack.trial import Trial
from tests.e2e.clips import make_clip
from tests.e2e.service import Service
from tests.unit.factories import a_video, jpeg


def test_a_file_that_is_no_video(service: Service, tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("milk, bread, butter\n" * 100)
    video = service.wait(service.upload(tmp_path / "notes.mp4"))
    assert (video["status"], video["error"]["type"]) == ("failed", "media-unreadable")
    assert video["frames"]["done"] == 0


def test_private_addresses_are_refused(service: Service) -> None:
    for url in ("http://127.0.0.1:1/a.mp4", "http://169.254.169.254/latest", "http://[::ffff:127.0.0.1]/a.mp4"):
        video = service.wait(service.start(url))
        assert (video["status"], video["error"]["type"]) == ("failed", "source-refused"), url


def test_a_url_is_fetched_and_one_frame_is_enough(service: Service, web: str, web_folder: Path) -> None:
    make_clip(web_folder / "one.mp4", 1)
    path = service.start(f"{web}/one.mp4", frameStep=10, modelsToRun=["color_detection"])
    assert service.completed(path)["frames"]["expected"] == 1


def test_a_file_that_is_not_there(service: Service, web: str) -> None:
    video = service.wait(service.start(f"{web}/nothing.mp4"))
    assert (video["status"], video["error"]["type"]) == ("failed", "source-unreachable")
    assert "404" in video["error"]["detail"]


def test_thresholds_of_a_submission_reach_the_worker(service: Service, media: Path) -> None:
    clip = media / "video" / "woman_dog.mp4"
    task = '[{"name": "objects_detection", "minConfidence": 0.85, "maxBatchSize": 2}]'
    path = service.upload(clip, frameStep="20", modelsToRun=task)
    service.completed(path)
    confidences = [d["confidence"] for row in service.rows(path) for d in row["detections"]]
    assert confidences
    assert min(confidences) >= 0.85


def test_the_models_in_use_are_named(models: dict[str, dict[str, Any]]) -> None:
    assert set(models) == {t.value for t in TaskName}
    assert all(m["model"] and len(m["digest"]) == 64 for m in models.values()), models


@pytest.fixture
def by_hand(stack: Trial, service: Service) -> Any:
    """A processing video whose frames the test itself publishes."""
    client = CassandraClient(stack.cassandra())
    videos = CassandraVideoStore(client)
    video = a_video(uuid4())
    videos.create(video)
    owner = videos.claim(video.video_id, "the test", 600)
    assert owner is not None
    videos.transition(video.video_id, VideoStatus.PROCESSING)
    yield videos, video.video_id
    client.close()


def frame(video_id: UUID, number: int, picture: bytes) -> Frame:
    return Frame(video_id, 1, number, number / 10, None, 64, 48, (TaskRequest(TaskName.COLORS),), picture)


def test_a_bad_frame_fails_alone(service: Service, stack: Trial, by_hand: Any) -> None:
    videos, video_id = by_hand
    publisher = KafkaPublisher(stack.kafka())
    pictures = [jpeg(), b"\xff\xd8 this is no picture", jpeg()[:200], jpeg()]
    for number, picture in enumerate(pictures, start=1):
        publisher.frame(frame(video_id, number, picture), lambda error: None)
    publisher.flush(30)
    publisher.close()
    videos.save_sampled(video_id, 0, [1, 2, 3, 4])
    videos.set_expected(video_id, 4, 4)
    video = service.wait(f"/analysis/{video_id}")
    assert video["status"] == "completed"
    assert video["frames"]["done"] + video["frames"]["failed"] == 4
    assert video["frames"]["failed"] >= 1
    assert "failed" in video["warnings"][0]
    rows = {row["frame_number"]: row for row in service.rows(f"/analysis/{video_id}")}
    assert (rows[1]["status"], rows[2]["status"], rows[4]["status"]) == ("ok", "failed", "ok")
    assert rows[2]["error"]


def test_records_that_are_no_frames_are_set_aside(service: Service, stack: Trial, tmp_path: Path) -> None:
    kafka = stack.kafka()
    topics = Topics.of(kafka)
    producer = KafkaProducer(bootstrap_servers=kafka.kafka_bootstrap)
    marker = uuid4().bytes
    producer.send(topics.frames, marker)
    producer.send(topics.frames, marker, headers=[("schema", b"99")])
    producer.send(topics.frames, None, key=b"x", headers=[("schema", b"1")])
    producer.flush(30)
    producer.close()
    service.completed(service.upload(make_clip(tmp_path / "after.mp4", 5), modelsToRun="color_detection"))
    consumer = KafkaConsumer(
        topics.dead_letters,
        bootstrap_servers=kafka.kafka_bootstrap,
        auto_offset_reset="earliest",
        consumer_timeout_ms=1000,
    )
    reasons: list[str] = []
    until = time.monotonic() + 30
    while len(reasons) < 2 and time.monotonic() < until:
        reasons += [dict(r.headers)["dead_letter_reason"].decode() for r in consumer if r.value == marker]
    consumer.close()
    assert len(reasons) == 2
    assert all("schema" in reason for reason in reasons)
