"""The doctor and the tools as a person runs them, on real servers."""

import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from pipeline.contracts.settings import ROOT
from stack.ports import free_ports
from stack.settings import PREFIX, StackSettings, stack_variables
from stack.trial import PORTS, Trial, data_folder

LIMIT = 500


def framewise(settings: StackSettings, *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """`./run.sh …` from its last step on, with these settings."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)} | stack_variables(settings)
    return subprocess.run(
        [sys.executable, "-m", "stack", *words],
        env=environment | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        input=text,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )


def results(said: str) -> dict[str, str]:
    """The table's first two columns."""
    names = ("Python", "Java", "ports", "disk", "memory", "video libraries", "weights", "servers")
    found = {}
    for line in said.splitlines():
        for name in (*names, "Kafka", "Cassandra", "streaming"):
            if line.startswith(f"{name} "):
                found[name] = line.removeprefix(name).split()[0]
    return found


def with_mirror(settings: StackSettings) -> StackSettings:
    """Weights come from the mirror where there is one: fetching them is not what is tested."""
    mirror = os.environ.get("FRAMEWISE_MIRROR")
    return settings.model_copy(update={"mirror": Path(mirror) if mirror else None, "workers": 1})


def topics(settings: StackSettings) -> set[str]:
    return set(framewise(settings, "kafka", "topics", "--list").stdout.split())


@pytest.mark.timeout(LIMIT)
@pytest.mark.slow
def test_a_running_stack_is_asked_and_left_as_it_was(servers: Trial) -> None:
    settings = with_mirror(servers.settings)
    before = topics(settings)
    done = framewise(settings, "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(results(done.stdout).values()) == {"ok"}
    assert len(results(done.stdout)) == 11
    assert "the stack runs: its own are asked" in done.stdout
    assert topics(settings) == before
    keyspaces = framewise(settings, "cqlsh", "-e", "DESCRIBE KEYSPACES")
    assert keyspaces.returncode == 0, keyspaces.stderr
    assert "framewise_doctor" not in keyspaces.stdout


@pytest.mark.timeout(LIMIT)
@pytest.mark.slow
def test_without_a_stack_it_starts_its_own_and_stops_it() -> None:
    with data_folder() as folder:
        ports: dict[str, Any] = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        settings = with_mirror(StackSettings(data_dir=folder, **ports))
        done = framewise(settings, "doctor")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "started for this" in done.stdout
        assert {path.name for path in folder.iterdir()} == {"cache"}


def test_a_port_that_is_taken_is_a_failure_with_advice(servers: Trial, tmp_path: Path) -> None:
    # The trial's Kafka is not this stack's own: it runs in another folder.
    settings = with_mirror(servers.settings.model_copy(update={"data_dir": tmp_path, "java": "/no/such/java"}))
    done = framewise(settings, "doctor")
    assert done.returncode == 1
    found = results(done.stdout)
    assert (found["ports"], found["Java"], found["servers"]) == ("failed", "failed", "failed")
    assert f"{settings.kafka_port}" in done.stdout
    assert "set the variable in brackets" in done.stdout


def test_kafkas_own_tools_reach_the_broker(servers: Trial) -> None:
    settings, topic = servers.settings, f"tools-{uuid.uuid4().hex[:8]}"
    made = framewise(settings, "kafka", "topics", "--create", "--topic", topic)
    assert made.returncode == 0, made.stderr
    try:
        framewise(settings, "kafka", "console-producer", "--topic", topic, text="one\ntwo\n")
        offsets = framewise(settings, "kafka", "get-offsets", "--topic", topic)
        assert offsets.stdout.strip() == f"{topic}:0:2"
        words = ("console-consumer", "--topic", topic, "--from-beginning", "--max-messages", "2")
        assert framewise(settings, "kafka", *words).stdout.split() == ["one", "two"]
    finally:
        framewise(settings, "kafka", "topics", "--delete", "--topic", topic)
    assert topic not in topics(settings)


def test_the_cql_shell_reaches_the_store(servers: Trial) -> None:
    asked = framewise(servers.settings, "cqlsh", "-e", "SELECT release_version FROM system.local")
    assert asked.returncode == 0, asked.stderr
    assert "5.0." in asked.stdout
