"""Owns the Kafka server: its configuration, its command, and the question that shows it is ready."""

import base64
import subprocess
import uuid
from pathlib import Path
from string import Template

from kafka import KafkaAdminClient

from pipeline.contracts.errors import StackError
from pipeline.kafka.topics import wait_for_broker
from stack.jars import CONF, folder_of
from stack.preflight import find_java
from stack.running import kafka_of
from stack.settings import LIGHT_JVM, StackSettings

FORMAT_SECONDS = 60
ASK_SECONDS = 2.0


def prepare(settings: StackSettings) -> None:
    """Write the configuration, and format an empty data folder. Raises StackError."""
    settings.conf_dir.mkdir(parents=True, exist_ok=True)
    _properties(settings).write_text(
        Template((CONF / "kafka.properties").read_text()).substitute(
            port=settings.kafka_port,
            controller_port=settings.kafka_controller_port,
            data=_data(settings),
            **_outside(settings),
        )
    )
    if not (_data(settings) / "meta.properties").exists():
        _format(settings)


def _outside(settings: StackSettings) -> dict[str, str]:
    """The listener for other machines, and what they are told to connect to; nothing unless it is asked for."""
    if not settings.kafka_host:
        return {"outside": "", "outside_advertised": ""}
    host = f"[{settings.kafka_host}]" if ":" in settings.kafka_host else settings.kafka_host
    return {
        "outside": f",OUTSIDE://{host}:{settings.kafka_outside_port}",
        "outside_advertised": f",OUTSIDE://{settings.kafka_advertised}",
    }


def command(settings: StackSettings) -> list[str]:
    """The server, as a process in the foreground."""
    heap = settings.kafka_heap
    options = ["-Xms96m", f"-Xmx{heap}", "-XX:MaxDirectMemorySize=128m", "-XX:+ExitOnOutOfMemoryError"]
    return [*_java(settings, *options), "kafka.Kafka", str(_properties(settings))]


def ready(settings: StackSettings, seconds: float = ASK_SECONDS) -> bool:
    """Whether the broker answers a metadata request with itself in it."""
    kafka = kafka_of(settings)
    wait_for_broker(kafka, patience=0)
    admin = KafkaAdminClient(
        bootstrap_servers=kafka.kafka_bootstrap,
        request_timeout_ms=int(seconds * 1000),
        bootstrap_timeout_ms=int(seconds * 1000),
    )
    try:
        return bool(admin.describe_cluster()["brokers"])
    finally:
        admin.close()


def _data(settings: StackSettings) -> Path:
    return settings.data_dir / "kafka"


def _properties(settings: StackSettings) -> Path:
    return settings.conf_dir / "kafka.properties"


def _java(settings: StackSettings, *options: str) -> list[str]:
    lean = [*LIGHT_JVM, "-XX:MaxMetaspaceSize=128m", "-XX:ReservedCodeCacheSize=64m"]
    logging = f"-Dlog4j2.configurationFile={(CONF / 'log4j2.properties').as_uri()}"
    return [str(find_java(settings.java)), *lean, *options, logging, "-cp", f"{folder_of(settings, 'kafka')}/*"]


def _format(settings: StackSettings) -> None:
    # The tool takes a leading dash for an option.
    cluster = "F" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:].rstrip("=")
    tool = ["kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", cluster, "-c", str(_properties(settings))]
    try:
        subprocess.run(
            [*_java(settings, "-Xmx128m", "-XX:TieredStopAtLevel=1"), *tool],
            capture_output=True,
            text=True,
            timeout=FORMAT_SECONDS,
            check=True,
        )
    except subprocess.CalledProcessError as e:
        raise StackError(f"Kafka's data folder cannot be formatted: {(e.stderr or e.stdout)[-500:]}") from e
    except subprocess.TimeoutExpired as e:
        raise StackError(f"Kafka's data folder was not formatted within {FORMAT_SECONDS} s") from e
