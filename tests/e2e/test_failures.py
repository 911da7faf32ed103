"""What goes wrong is said, and nothing else suffers."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from kafka import KafkaProducer

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.contracts.frames import Frame
from pipeline.contracts.results import USUAL_TASKS, TaskName, TaskRequest
from pipeline.contracts.videos import VideoStatus
from pipeline.kafka.dead_letters import DeadLetters, Letter
from pipeline.kafka.publishing import KafkaPublisher
from pipeline.kafka.topics import Topics
from stack.state import read_state
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
    """The model that identifies is loaded when it is first asked for: it is off by default."""
    assert set(models) == {t.value for t in TaskName}
    assert all(models[task]["model"] and len(models[task]["digest"]) == 64 for task in USUAL_TASKS), models


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


def huge(picture: bytes) -> bytes:
    """A JPEG that says that it has 65,500 × 65,500 pixels."""
    at = picture.index(b"\xff\xc0") + 5
    return picture[:at] + (65500).to_bytes(2) * 2 + picture[at + 4 :]


def test_a_bad_frame_fails_alone(service: Service, stack: Trial, by_hand: Any) -> None:
    videos, video_id = by_hand
    publisher = KafkaPublisher(stack.kafka())
    pictures = [jpeg(), b"\xff\xd8 this is no picture", jpeg()[:200], jpeg(), huge(jpeg())]
    for number, picture in enumerate(pictures, start=1):
        publisher.frame(frame(video_id, number, picture), lambda error: None)
    publisher.flush(30)
    publisher.close()
    videos.save_sampled(video_id, 0, [1, 2, 3, 4, 5])
    videos.set_expected(video_id, 5, 5)
    video = service.wait(f"/analysis/{video_id}")
    assert video["status"] == "completed"
    assert video["frames"]["done"] + video["frames"]["failed"] == 5
    assert video["frames"]["failed"] >= 1
    assert "failed" in video["warnings"][0]
    rows = {row["frame_number"]: row for row in service.rows(f"/analysis/{video_id}")}
    assert (rows[1]["status"], rows[2]["status"], rows[4]["status"]) == ("ok", "failed", "ok")
    assert rows[2]["error"]
    assert "65500x65500 pixels" in rows[5]["error"]


def test_garbage_on_every_topic_is_set_aside_or_ignored(service: Service, stack: Trial, tmp_path: Path) -> None:
    kafka = stack.kafka()
    topics = Topics.of(kafka)
    before = pids(stack)
    producer = KafkaProducer(bootstrap_servers=kafka.kafka_bootstrap, max_request_size=2 * 2**20)
    marker = uuid4().hex.encode()
    large = marker * 40_000
    for topic in (topics.videos, topics.frames, topics.results, topics.dead_letters):
        producer.send(topic, marker)
        producer.send(topic, None, key=marker)
        producer.send(topic, b"\xff\xfe\x00", key=b"\xff", headers=[("schema", b"\xff"), ("schema", b"1")])
        producer.send(topic, large)
    producer.send(topics.frames, marker, headers=[("schema", b"99")])
    producer.flush(30)
    producer.close()
    service.completed(service.upload(make_clip(tmp_path / "after.mp4", 5), modelsToRun="color_detection"))
    letters: list[Letter] = []
    until = time.monotonic() + 30
    while len(letters) < 5 and time.monotonic() < until:
        letters = [one for one in DeadLetters(kafka).newest(50) if one.name.startswith(f"{topics.frames}/")]
    reasons = [one.reason for one in letters]
    assert len(letters) >= 5, reasons
    assert all("schema" in reason for reason in reasons), reasons
    assert [one.left_out for one in letters if one.left_out] == [f"{len(large)} bytes"]
    assert any("'99'" in reason for reason in reasons)
    assert pids(stack) == before
    command = [sys.executable, "-m", "stack", "dead-letters", "list", "-n", "50"]
    environment = os.environ | {"FRAMEWISE_KAFKA_PORT": str(stack.settings.kafka_port), "COLUMNS": "250"}
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True).stdout
    assert letters[-1].name in shown


def pids(stack: Trial) -> dict[str, Any]:
    state = read_state(stack.settings.state_file)
    assert state is not None
    return {name: (service.process, service.failures) for name, service in state.services.items()}
