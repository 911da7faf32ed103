"""The container files of the edge, as far as they can be checked where no engine is."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic_settings import BaseSettings

from connectors.edge.agent.settings import BROKER, PREFIX, AgentSettings
from connectors.edge.brokers import BrokerSettings
from connectors.edge.forwarder import settings as forwarding
from pipeline.contracts.settings import ROOT, LogSettings

TOOLS = Path(sys.executable).parent
DOCKERFILE, COMPOSE = ROOT / "docker" / "edge.Dockerfile", ROOT / "docker" / "edge-compose.yml"
KNOWN: dict[str, type[BaseSettings]] = {
    PREFIX: AgentSettings,
    BROKER: BrokerSettings,
    forwarding.PREFIX: forwarding.ForwarderSettings,
    forwarding.LOCAL: BrokerSettings,
    forwarding.CLOUD: BrokerSettings,
    "FRAMEWISE_": LogSettings,
}


def merged(**variables: str) -> dict[str, Any]:
    compose = TOOLS / "docker-compose"
    if not compose.exists():
        pytest.skip("the package of Compose's parser is for Linux on x86-64 only")
    own = {k: v for k, v in os.environ.items() if not k.startswith("FRAMEWISE_")}
    done = subprocess.run(
        [str(compose), "--file", str(COMPOSE), "config", "--format", "json"],
        env=own | {"FRAMEWISE_FORWARDER_CLOUD_URL": "mqtts://cloud:8883"} | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    services: dict[str, Any] = json.loads(done.stdout)["services"]
    return services


def test_the_linter_has_nothing_to_say() -> None:
    command = [str(TOOLS / "hadolint"), "--no-color", "--failure-threshold", "style", str(DOCKERFILE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_file_keeps_to_the_specification() -> None:
    command = [str(TOOLS / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_copied_exists_and_holds_what_the_parts_import() -> None:
    copied = [line.split()[0] for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE.read_text(), re.MULTILINE)]
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for source in copied:
        assert (ROOT / source).exists(), source
        assert source.split("/")[0] in sent, source
    assert {"connectors", "inference", "models", "pipeline"} <= set(copied)


def test_every_variable_is_a_setting() -> None:
    settings = {f"{prefix}{name.upper()}" for prefix, group in KNOWN.items() for name in group.model_fields}
    services = merged()
    used = {n for s in services.values() for n in s.get("environment", {}) if n.startswith("FRAMEWISE_")}
    assert used <= settings
    assert {f"{PREFIX}{name.upper()}" for name in AgentSettings.model_fields} - used == {
        f"{PREFIX}{name}" for name in ("FAST", "RECORDED_AT", "STORED_TOPIC")
    }


@pytest.mark.parametrize("name", ["broker", "agent", "forwarder"])
def test_each_part_is_bounded_and_without_rights(name: str) -> None:
    service = merged()[name]
    assert int(service["deploy"]["resources"]["limits"]["memory"]) > 0
    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"] is True
    assert service["user"].split(":")[0] not in ("", "0", "root")
    assert "ports" not in service, "nothing at the edge listens for others"


def test_the_parts_are_there_and_share_the_brokers_loopback() -> None:
    services = merged()
    assert "listener 1883 127.0.0.1" in (ROOT / "connectors" / "edge" / "conf" / "edge.conf").read_text()
    for name in ("agent", "forwarder"):
        assert importlib.util.find_spec(services[name]["command"][2])
        assert services[name]["network_mode"] == "service:broker"
