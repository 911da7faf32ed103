"""An earlier system's producer and consumer around the whole stack, and somebody who listens."""

import base64
import json
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from kafka import KafkaConsumer, KafkaProducer

from framewise import Client
from pipeline.contracts.settings import ROOT
from pipeline.readiness import ready_file
from stack.trial import Trial
from tests.waiting import wait_until

OLDER, RESULTS, CAMERA = "pycturestream", "resultstream", "street cam"
SECONDS, INTERVAL = 6.0, 0.25
MOST_SECONDS = 5.0
"""From a picture's timestamp until its result message is there, in the median; alone on a machine it is about one."""


@pytest.fixture
def door(stack: Trial, tmp_path: Path) -> Iterator[None]:
    """The camera door beside the stack."""
    settings = {
        "FRAMEWISE_DATA_DIR": str(tmp_path),
        "FRAMEWISE_URL": stack.settings.api_url,
        "FRAMEWISE_KAFKA_BOOTSTRAP": stack.kafka().kafka_bootstrap,
        "FRAMEWISE_CAMERA_OLDER_TOPIC": OLDER,
        "FRAMEWISE_CAMERA_RESULT_TOPIC": RESULTS,
    }
    log = tmp_path / "camera.log"
    with log.open("wb") as written, running("connectors.camera.main", stdout=written, stderr=written, **settings) as it:
        wait_until(lambda: ready_file(tmp_path, "camera").exists() or it.poll() is not None)
        assert it.poll() is None, log.read_text()
        yield


@contextmanager
def running(module: str, *words: str, stdout: Any, stderr: Any, **more: str) -> Iterator["subprocess.Popen[str]"]:
    """A module as a process, which is asked to end."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FRAMEWISE_")} | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", module, *words],
        env=environment | more,
        cwd=ROOT,
        stdout=stdout,
        stderr=stderr,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        finally:
            process.kill()


def pictures(path: Path) -> Iterator[bytes]:
    """A film's pictures at the camera's pace of media time, as small JPEGs."""
    film = cv2.VideoCapture(str(path))
    step = max(1, round(film.get(cv2.CAP_PROP_FPS) * INTERVAL))
    number = 0
    while (got := film.read())[0]:
        number += 1
        if number % step == 1:
            yield cv2.imencode(".jpg", cv2.resize(np.asarray(got[1]), (640, 360)))[1].tobytes()
    film.release()


def produce(stack: Trial, path: Path) -> int:
    """Send pictures as the older producer does: in real time, on a clock that names no zone."""
    producer = KafkaProducer(bootstrap_servers=stack.kafka().kafka_bootstrap)
    sent, due = 0, time.monotonic()
    for jpeg in pictures(path):
        if sent * INTERVAL >= SECONDS:
            break
        text = base64.b64encode(jpeg).decode("utf-8")
        now = datetime.now().isoformat()
        message = {"image": text, "timestamp": now, "camera_id": CAMERA}
        producer.send(OLDER, json.dumps(message).encode("utf8"))
        sent, due = sent + 1, due + INTERVAL
        time.sleep(max(0.0, due - time.monotonic()))
    producer.flush()
    producer.close()
    return sent


class Receiver:
    """The older consumer: every message, and how many seconds after its timestamp it came."""

    def __init__(self, stack: Trial) -> None:
        self._bootstrap = stack.kafka().kafka_bootstrap
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.messages: list[dict[str, Any]] = []
        self.late: list[float] = []

    @contextmanager
    def receiving(self) -> Iterator["Receiver"]:
        self._thread.start()
        try:
            yield self
        finally:
            self._over.set()
            self._thread.join()

    def _run(self) -> None:
        consumer = KafkaConsumer(
            RESULTS, bootstrap_servers=self._bootstrap, group_id=None, auto_offset_reset="earliest"
        )
        while not self._over.is_set():
            for batch in consumer.poll(timeout_ms=50).values():
                self._take([json.loads(record.value) for record in batch])
        consumer.close()

    def _take(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            if message["camera_id"] == CAMERA:
                captured = datetime.strptime(message["timestamp"], "%Y-%m-%dT%H:%M:%S.%f").astimezone(UTC)
                self.late.append((datetime.now(UTC) - captured).total_seconds())
                self.messages.append(message)


@pytest.mark.slow
@pytest.mark.usefixtures("door", "models")
def test_an_older_camera_is_analysed_told_and_heard(stack: Trial, media: Path, tmp_path: Path) -> None:
    words = ["listen", "--camera", CAMERA, "--label", "person", "--json", "--log", str(tmp_path / "log.sqlite")]
    heard, said = tmp_path / "heard", tmp_path / "said"
    with Receiver(stack).receiving() as receiver, heard.open("wb") as out, said.open("wb") as errors:
        with running("framewise", "--url", stack.settings.api_url, *words, stdout=out, stderr=errors):
            wait_until(lambda: "waiting for one" in said.read_text())
            assert produce(stack, media / "video" / "woman_dog.mp4") == SECONDS / INTERVAL
            wait_until(lambda: len(heard.read_text().splitlines()) == 2, seconds=60)
        appeared, gone = map(json.loads, heard.read_text().splitlines())
        assert (appeared["kind"], appeared["label"], appeared["camera"]) == ("appeared", "person", CAMERA)
        assert (gone["kind"], gone["video_id"]) == ("gone", appeared["video_id"])
        _check_rows(stack, appeared["video_id"], receiver)
    _check_messages(receiver)


def _check_rows(stack: Trial, video_id: str, receiver: Receiver) -> None:
    with Client(stack.settings.api_url) as client:
        video = client.wait(video_id, timeout=60)
        assert (video.status, video.video_name) == ("completed", CAMERA)
        people = [row for row in client.results(video_id) if any(d.label == "person" for d in row.detections)]
        assert len(people) > 10
        assert all(row.captured_at is not None for row in people)
        wait_until(lambda: len(receiver.messages) == video.frames.done)


def _check_messages(receiver: Receiver) -> None:
    times = [datetime.fromisoformat(message["timestamp"]) for message in receiver.messages]
    late = [max(times[: n + 1]) - time for n, time in enumerate(times)]
    assert max(late) < timedelta(seconds=2), "one comes long after newer ones"
    assert statistics.median(receiver.late) < MOST_SECONDS, receiver.late
    people = [m for m in receiver.messages if any(found["label"] == "person" for found in m["objects"])]
    assert len(people) > 10
    assert all(set(m) == {"timestamp", "camera_id", "objects", "image"} for m in receiver.messages)
    shown = cv2.imdecode(np.frombuffer(base64.b64decode(people[0]["image"]), np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert shown.shape == (360, 640, 3)
    row, column = people[0]["objects"][0]["sector"]
    assert row in ("top", "middle", "bottom")
    assert column in ("left", "center", "right")
