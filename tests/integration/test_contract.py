"""The running service keeps what its OpenAPI document says, whatever it is sent: valid, wrong and absurd requests."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from framewise import Client
from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.migrations import migrate
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.contracts.results import TaskName
from pipeline.contracts.settings import ROOT, CassandraSettings, KafkaSettings
from pipeline.contracts.videos import SourceProgress, Video, VideoStatus
from pipeline.kafka.topics import create_topics
from pipeline.stores.frames import FolderFrameStore
from tests.integration.running_api import running_api
from tests.unit.factories import a_result, a_video, analyzed, dog, jpeg

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "refusals_are_problems",
)
FRAMES = 40
REMOVED = 20


@pytest.fixture(scope="module")
def video(cassandra_settings: CassandraSettings, kafka_settings: KafkaSettings, folder: Path) -> Video:
    """A completed video with real rows and pictures."""
    create_topics(kafka_settings)
    migrate(cassandra_settings)
    found = a_video()
    client = CassandraClient(cassandra_settings)
    videos, results, pictures = (
        CassandraVideoStore(client),
        CassandraResultStore(client),
        FolderFrameStore(folder / "frames"),
    )
    videos.create(found)
    videos.transition(found.video_id, VideoStatus.PROCESSING)
    videos.save_progress(found.video_id, SourceProgress(duration=4.0, fps=10.0, width=64, height=48))
    videos.save_sampled(found.video_id, 0, range(1, FRAMES + 1))
    faces, colors = a_result([dog(0.4)], TaskName.FACES), a_result([], TaskName.COLORS)
    frames = [analyzed(found.video_id, n, a_result([dog(n / FRAMES)]), faces, colors) for n in range(1, FRAMES + 1)]
    results.save(frames, {found.video_id: found.attempt_timestamp})
    for number in range(1, FRAMES + 1):
        pictures.put(found.video_id, number, jpeg())
    videos.set_expected(found.video_id, FRAMES, FRAMES)
    videos.transition(found.video_id, VideoStatus.COMPLETED)
    client.close()
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def address(
    video: Video, cassandra_settings: CassandraSettings, kafka_settings: KafkaSettings, folder: Path
) -> Iterator[str]:
    with running_api(folder, cassandra_settings, kafka_settings) as api:
        yield api.url
        log = api.log.read_text()
        assert "Traceback" not in log, log[log.index("Traceback") :][:4000]


def schemathesis(
    folder: Path, address: str, video: Video, seconds: int, *options: str
) -> subprocess.CompletedProcess[str]:
    """A run of the tool, which may take the given time and keeps its notes in the folder."""
    with Client(address) as client:
        removed = [client.start("https://example.com/a.mp4").video_id for _ in range(REMOVED)]
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "SCHEMATHESIS_HOOKS": "tests.integration.contract_hooks",
        "CONTRACT_VIDEO": str(video.video_id),
        "CONTRACT_REMOVED": ",".join(removed),
        "PYTHONHASHSEED": "0",
    }
    command = [str(Path(sys.executable).parent / "schemathesis"), "run", f"{address}/openapi.json"]
    command += ["--checks", ",".join(CHECKS), "--max-time", str(seconds), "--request-timeout", "60", "--seed", "1"]
    command += ["--no-color", "--warnings", "off", "--suppress-health-check", "all", *options]
    return subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=seconds + 60, check=False
    )


def test_the_service_keeps_its_contract(tmp_path: Path, address: str, video: Video) -> None:
    done = schemathesis(tmp_path, address, video, 30, "--phases", "examples,coverage,fuzzing", "--max-examples", "8")
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


@pytest.mark.slow
def test_the_service_keeps_its_contract_for_long(tmp_path: Path, address: str, video: Video) -> None:
    done = schemathesis(tmp_path, address, video, 240, "--phases", "coverage,fuzzing,stateful", "--max-examples", "400")
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


@pytest.mark.parametrize("cursor", ["", "x", "Ig", "bnVsbA", "W10", "WzEsMiwzXQ", "%00", "é", "A" * 501])
@pytest.mark.parametrize("path", ["/analysis/videos", "/analysis/{id}/results", "/search"])
def test_a_cursor_that_was_made_up_is_refused(address: str, video: Video, path: str, cursor: str) -> None:
    url = address + path.format(id=video.video_id)
    answer = httpx.get(url, params={"cursor": cursor}, trust_env=False)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"videoURL": 1e999}', "application/json"),
        (json.dumps({"videoURL": "http://a/\ud800"}).encode(), "application/json"),
        (b"a=b", "application/x-www-form-urlencoded"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"--x\r\n", "multipart/form-data"),
        (b"<a/>", "text/xml"),
    ],
)
@pytest.mark.parametrize("path", ["/analysis/start", "/analysis/upload"])
def test_a_body_that_makes_no_sense_is_refused(address: str, path: str, content: bytes, kind: str) -> None:
    answer = httpx.post(address + path, content=content, headers={"Content-Type": kind}, trust_env=False)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


@pytest.mark.parametrize("path", ["/nowhere", "/analysis", "/analysis/x/y/z", "/analysis/%00", "/docs/none"])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "POST", "DELETE"])
def test_what_there_is_not_is_a_problem(address: str, method: str, path: str) -> None:
    answer = httpx.request(method, address + path, trust_env=False)
    assert answer.status_code in (404, 405, 422)
    assert answer.headers["content-type"] == "application/problem+json"
