"""Keys as operators use them: a service beyond loopback, and the command line beside it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pipeline.contracts.settings import ROOT
from stack.ports import free_ports
from stack.settings import HOST
from stack.trial import Trial
from tests.integration.test_docker_api import until_ready

REVOKED_SECONDS = 10.0
URL = "https://example.com/a.mp4"


@pytest.fixture(scope="module")
def environment(servers: Trial, names: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    (port,) = free_ports(1)
    variables = os.environ | {
        "FRAMEWISE_API_HOST": "0.0.0.0",
        "FRAMEWISE_API_PORT": str(port),
        "FRAMEWISE_KAFKA_BOOTSTRAP": f"{HOST}:{servers.settings.kafka_port}",
        "FRAMEWISE_TOPIC_PREFIX": f"{names}-",
        "FRAMEWISE_CASSANDRA_HOSTS": HOST,
        "FRAMEWISE_CASSANDRA_PORT": str(servers.settings.cassandra_port),
        "FRAMEWISE_KEYSPACE": names,
        "FRAMEWISE_DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "PYTHONPATH": str(ROOT),
    }
    subprocess.run([sys.executable, "-m", "stack.schema"], env=variables, check=True, timeout=120)
    return variables


@pytest.fixture(scope="module")
def address(environment: dict[str, str]) -> Iterator[str]:
    log = Path(environment["FRAMEWISE_DATA_DIR"]) / "api.log"
    with log.open("wb") as output:
        api = subprocess.Popen([sys.executable, "-m", "api.main"], env=environment, stdout=output, stderr=output)
    url = f"http://{HOST}:{environment['FRAMEWISE_API_PORT']}"
    try:
        until_ready(url, api, log)
        assert "there is none yet" in log.read_text()
        yield url
    finally:
        api.terminate()
        api.wait(30)


def keys(environment: dict[str, str], *words: str) -> str:
    command = [sys.executable, "-m", "api.keys", *words]
    return subprocess.run(command, env=environment, check=True, timeout=60, capture_output=True, text=True).stdout


def test_a_key_works_until_it_is_revoked(environment: dict[str, str], address: str) -> None:
    sent = keys(environment, "create", "--name", "somebody").strip()
    key_id = sent.split("_")[1]
    assert key_id in keys(environment, "list")
    with httpx.Client(base_url=address, trust_env=False, timeout=30) as http:
        http.headers["Host"] = "videos.example"
        assert http.get("/analysis/videos").status_code == 401
        http.headers["Authorization"] = f"Bearer {sent}"
        video = http.post("/analysis/start", json={"videoURL": URL}).raise_for_status().json()
        assert video["position"] == 1
        assert [v["video_id"] for v in http.get("/analysis/videos?status=pending").json()["items"]] == [
            video["video_id"]
        ]
        http.headers["Authorization"] = f"Bearer {keys(environment, 'create', '--name', 'another').strip()}"
        assert http.get(video["status_url"]).status_code == 404
        assert http.get("/analysis/videos?status=pending").json()["items"] == []
        http.headers["Authorization"] = f"Bearer {sent}"
        keys(environment, "revoke", key_id)
        deadline = time.monotonic() + REVOKED_SECONDS
        while http.get(video["status_url"]).status_code != 401:
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_without_keys_it_does_not_listen_beyond_loopback(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "api.main"]
    done = subprocess.run(
        command,
        env=environment | {"FRAMEWISE_API_KEYS": "off"},
        timeout=60,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "FRAMEWISE_API_KEYS=off" in done.stdout
