"""Runs the service and ingest, each as a process of its own, on the real servers of a test."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from pipeline.contracts.settings import ROOT, CassandraSettings, KafkaSettings
from stack.ports import free_ports

START_SECONDS = 60.0


@dataclass(frozen=True)
class RunningApi:
    """The service: its process and its address."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path


def service_environment(
    folder: Path, cassandra: CassandraSettings, kafka: KafkaSettings, **settings: str
) -> dict[str, str]:
    """The variables of a process on a test's servers, with its data in a folder; none of the shell's settings."""
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith("FRAMEWISE_")},
        "PYTHONPATH": str(ROOT),
        "FRAMEWISE_DATA_DIR": str(folder),
        "FRAMEWISE_CASSANDRA_PORT": str(cassandra.cassandra_port),
        "FRAMEWISE_KEYSPACE": cassandra.keyspace,
        "FRAMEWISE_KAFKA_BOOTSTRAP": kafka.kafka_bootstrap,
        "FRAMEWISE_TOPIC_PREFIX": kafka.topic_prefix,
        **settings,
    }


@contextmanager
def running_ingest(environment: dict[str, str], folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Ingest beside it, ended in order; it writes a log `ingest-….log` in the folder at each start."""
    with (folder / f"ingest-{time.monotonic_ns()}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ingest.main"], env=environment, cwd=ROOT, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(20)


@contextmanager
def running_api(
    folder: Path, cassandra: CassandraSettings, kafka: KafkaSettings, **settings: str
) -> Iterator[RunningApi]:
    """The service, ready; killed at the end if it runs still. The schema and the topics must be there."""
    folder.mkdir(parents=True, exist_ok=True)
    [port] = free_ports(1)
    environment = service_environment(folder, cassandra, kafka, **{"FRAMEWISE_API_PORT": str(port), **settings})
    log = folder / "api.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.main"], env=environment, cwd=ROOT, stdout=written, stderr=written
        )
    found = RunningApi(process, f"http://127.0.0.1:{port}", log)
    try:
        _wait_for(found)
        yield found
    finally:
        process.kill()
        process.wait()


def _wait_for(api: RunningApi) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        assert api.process.poll() is None, api.log.read_text()
        assert time.monotonic() < until, api.log.read_text()
        try:
            if httpx.get(f"{api.url}/healthz", timeout=5, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
