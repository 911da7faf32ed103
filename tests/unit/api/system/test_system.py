"""How the system does, as the service tells it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.measuring import MetricsPage
from api.questions import Question
from api.services import Services
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import ROOT
from pipeline.observing.process_counts import Counted, read_counts

COUNTING = """
from pipeline.observing import metrics
metrics.frames("done", 3)
metrics.model_batch("m", 2, 0.01)
print(metrics.process_name() if hasattr(metrics, "process_name") else "", flush=True)
input()
"""


@pytest.mark.usefixtures("roomy_disk")
def test_all_is_well(client: TestClient) -> None:
    shown = client.get("/status").json()
    assert (shown["level"], shown["advice"]) == ("good", [])
    assert shown["servers"][0] == {"name": "kafka", "ok": True, "detail": "1 broker(s)"}
    assert [(server["name"], server["ok"]) for server in shown["servers"]] == [("kafka", True), ("rtmp", True)]
    assert shown["queue"] == {"pending": None, "processing": None}
    assert shown["disk"]["free_bytes"] > 0


@pytest.mark.usefixtures("roomy_disk")
def test_a_server_that_is_away_is_red_with_advice(services: Services) -> None:
    def away() -> str:
        raise StoreUnavailable("Kafka at 127.0.0.1:9092 does not answer")

    services.checks["kafka"] = away  # type: ignore[index]
    page = MetricsPage(
        {
            "framewise_videos_open": Question(lambda: {"pending": 3.0, "processing": 1.0}, 1),
            "framewise_topic_bytes": Question(lambda: {"frames": 5.0}, 1),
            "framewise_topic_waiting_records": Question(lambda: {"frames": 8.0}, 1),
        }
    )
    with TestClient(create_app(services, page=page), base_url="http://127.0.0.1") as client:
        shown = client.get("/status").json()
    assert (shown["level"], shown["queue"]) == ("bad", {"pending": 3, "processing": 1})
    assert shown["topics"] == [{"topic": "frames", "waiting": 8, "bytes": 5}]
    [advice] = shown["advice"]
    assert advice["what"] == "Kafka is not well: Kafka at 127.0.0.1:9092 does not answer."
    assert advice["command"] == "./run.sh logs kafka"


def test_it_takes_no_parameters(client: TestClient) -> None:
    assert client.get("/status", params={"x": 1}).status_code == 422


@pytest.fixture
def counting(tmp_path: Path) -> subprocess.Popen[str]:
    """A process that has counted something into a folder of metrics, and lives until it is told."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", COUNTING], env=environment, stdin=-1, stdout=-1, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_what_processes_count_is_read_and_outlives_them(counting: subprocess.Popen[str], tmp_path: Path) -> None:
    names = ("framewise_frames_total", "framewise_model_batch_")
    living = read_counts(tmp_path, names)
    [(frames, value)] = [(c, v) for c, v in living.items() if c.name == "framewise_frames_total"]
    assert (frames.label("stage"), value, str(counting.pid) in frames.process) == ("done", 3.0, True)
    assert any(c.name == "framewise_model_batch_seconds_bucket" and v == 1.0 for c, v in living.items())
    counting.communicate("\n", timeout=20)
    assert read_counts(tmp_path, names)[Counted("ended", frames.name, frames.labels)] == 3.0
    assert json.dumps(sorted({c.process for c in read_counts(tmp_path, names)})) == '["ended"]'
