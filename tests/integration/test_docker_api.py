"""The API with the settings that it has in its container: it listens beyond loopback and still checks who asks."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pipeline.contracts.settings import ROOT
from stack.ports import free_ports
from stack.settings import HOST, PREFIX
from stack.trial import Trial

START_SECONDS = 60.0


def container_variables() -> dict[str, str]:
    """What docker-compose.yml sets for the API alone."""
    api = (ROOT / "docker-compose.yml").read_text().split("\n  api:\n")[1].split("\n    ports:")[0]
    found = re.findall(rf"^ +({PREFIX}\w+): (\S+)$", api, re.MULTILINE)
    return {name: with_defaults(value.strip('"')) for name, value in found}


def with_defaults(value: str) -> str:
    """As Compose reads it where none of the variables that it names is set."""
    while (shorter := re.sub(r"\$\{\w+:?-([^${}]*)\}", r"\1", value)) != value:
        value = shorter
    return value


@pytest.fixture(scope="module")
def address(servers: Trial, names: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    (port,) = free_ports(1)
    settings = servers.settings
    environment = os.environ | container_variables()
    environment |= {
        "FRAMEWISE_API_PORT": str(port),
        "FRAMEWISE_KAFKA_BOOTSTRAP": f"{HOST}:{settings.kafka_port}",
        "FRAMEWISE_TOPIC_PREFIX": f"{names}-",
        "FRAMEWISE_CASSANDRA_HOSTS": HOST,
        "FRAMEWISE_CASSANDRA_PORT": str(settings.cassandra_port),
        "FRAMEWISE_KEYSPACE": names,
        "FRAMEWISE_DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "PYTHONPATH": str(ROOT),
    }
    subprocess.run([sys.executable, "-m", "stack.schema"], env=environment, check=True, timeout=120)
    log = Path(environment["FRAMEWISE_DATA_DIR"]) / "api.log"
    with log.open("wb") as output:
        api = subprocess.Popen([sys.executable, "-m", "api.main"], env=environment, stdout=output, stderr=output)
    try:
        until_ready(f"http://{HOST}:{port}", api, log)
        yield f"http://{HOST}:{port}"
    finally:
        api.terminate()
        api.wait(30)


def until_ready(url: str, api: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            if httpx.get(f"{url}/readyz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert api.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)


def test_it_listens_beyond_loopback() -> None:
    assert container_variables()["FRAMEWISE_API_HOST"] == "0.0.0.0"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:8000", "Origin": "http://localhost:8000"}, 200),
        ({"Host": "rebound.example"}, 403),
        ({"Origin": "https://page.example"}, 403),
    ],
)
def test_it_checks_who_asks(address: str, headers: dict[str, str], status: int) -> None:
    assert httpx.get(f"{address}/models", headers=headers, trust_env=False).status_code == status
