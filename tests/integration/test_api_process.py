"""The API as a process over real servers: it ends in order, and answers in time while its store hangs."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from pipeline.cassandra.migrations import migrate
from pipeline.contracts.settings import ROOT, CassandraSettings, KafkaSettings
from pipeline.kafka.topics import create_topics
from stack.ports import free_ports
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def installed(kafka_settings: KafkaSettings, cassandra_settings: CassandraSettings) -> None:
    """The keyspace and the topics."""
    migrate(cassandra_settings)
    create_topics(kafka_settings)


@pytest.fixture
def api(
    installed: None, kafka_settings: KafkaSettings, cassandra_settings: CassandraSettings, tmp_path: Path
) -> Iterator[tuple["subprocess.Popen[bytes]", str, Path]]:
    """A running API, its address and its log."""
    port = free_ports(1)[0]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("FRAMEWISE_", "OTEL_"))} | {
        "PYTHONPATH": str(ROOT),
        "FRAMEWISE_DATA_DIR": str(tmp_path),
        "FRAMEWISE_API_PORT": str(port),
        "FRAMEWISE_KAFKA_BOOTSTRAP": kafka_settings.kafka_bootstrap,
        "FRAMEWISE_TOPIC_PREFIX": kafka_settings.topic_prefix,
        "FRAMEWISE_CASSANDRA_HOSTS": cassandra_settings.cassandra_hosts,
        "FRAMEWISE_CASSANDRA_PORT": str(cassandra_settings.cassandra_port),
        "FRAMEWISE_KEYSPACE": cassandra_settings.keyspace,
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"),
    }
    url, log = f"http://127.0.0.1:{port}", tmp_path / "api.log"
    with log.open("wb") as file:
        process = subprocess.Popen([sys.executable, "-m", "api.main"], env=environment, stdout=file, stderr=file)
    try:
        _until_ready(process, url, log)
        yield process, url, log
    finally:
        process.kill()
        process.wait(10)


def _until_ready(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(f"{url}/readyz", trust_env=False, timeout=10).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


def refused(url: str) -> bool:
    """Whether the service takes no new request."""
    try:
        httpx.get(f"{url}/healthz", trust_env=False, timeout=5)
    except httpx.TransportError:
        return True
    return False


def test_sigterm_lets_a_running_request_end_and_takes_no_new_one(
    api: tuple["subprocess.Popen[bytes]", str, Path],
) -> None:
    process, url, log = api
    sending, asked = threading.Event(), threading.Event()

    def slowly() -> Iterator[bytes]:
        yield b"--b\r\nContent-Disposition: form-data; name=file; filename=a.mp4\r\n\r\nbytes"
        sending.set()
        asked.wait(20)
        time.sleep(0.5)
        yield b"\r\n--b\r\nContent-Disposition: form-data; name=modelsToRun\r\n\r\ncolor_detection\r\n--b--\r\n"

    answers: list[httpx.Response] = []
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    upload = threading.Thread(
        target=lambda: answers.append(
            httpx.post(f"{url}/analysis/upload", content=slowly(), headers=headers, timeout=30, trust_env=False)
        )
    )
    upload.start()
    assert sending.wait(10)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    try:
        wait_until(lambda: refused(url), 10)
    finally:
        asked.set()
        upload.join(20)
    assert [answer.status_code for answer in answers] == [202]
    assert process.wait(15) == 0, log.read_text()
    assert " stopped service=api" in log.read_text()


def test_a_client_that_never_ends_is_not_waited_for_without_end(
    api: tuple["subprocess.Popen[bytes]", str, Path],
) -> None:
    process, url, log = api
    sending, ended = threading.Event(), threading.Event()

    def never() -> Iterator[bytes]:
        yield b"--b\r\n"
        sending.set()
        ended.wait(60)
        yield b"--b--\r\n"

    def send() -> None:
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        with suppress(httpx.HTTPError):
            httpx.post(f"{url}/analysis/upload", content=never(), headers=headers, timeout=60, trust_env=False)

    upload = threading.Thread(target=send)
    upload.start()
    assert sending.wait(10)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(19) == 0, log.read_text()
    assert time.monotonic() - began < 18, "the stack waits twenty seconds before it kills"
    ended.set()
    upload.join(20)


def test_no_query_and_no_key_is_written_to_the_log(api: tuple["subprocess.Popen[bytes]", str, Path]) -> None:
    _, url, log = api
    with httpx.Client(base_url=url, trust_env=False, timeout=20) as client:
        client.get("/analysis/videos?cursor=hunter2", headers={"Authorization": "Bearer fw_abc_hunter2"})
        body = {"videoURL": "https://me:hunter2@example.com/a.mp4?sig=hunter2", "modelsToRun": ["color_detection"]}
        assert client.post("/analysis/start", json=body, headers={"X-API-Key": "fw_abc_hunter2"}).status_code == 202
        client.get("/hunter2")
    text = log.read_text()
    assert "GET /analysis/videos 422" in text
    assert "hunter2" not in text
