"""Owns a stack for a trial: real servers on free ports with data of their own, gone afterwards."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.contracts.settings import CassandraSettings, KafkaSettings, PathSettings
from stack import commands
from stack.ports import free_ports
from stack.settings import HOST, StackSettings

PORTS = (
    "kafka_port",
    "kafka_controller_port",
    "cassandra_port",
    "cassandra_storage_port",
    "api_port",
    "spark_ui_port",
    "rtmp_port",
    "rtmp_control_port",
    "mqtt_port",
)


@dataclass(frozen=True, slots=True)
class Trial:
    """A running stack and how its servers are reached."""

    settings: StackSettings

    def kafka(self, topic_prefix: str = "") -> KafkaSettings:
        """The broker; a prefix keeps the topics of one test apart."""
        return KafkaSettings(kafka_bootstrap=f"{HOST}:{self.settings.kafka_port}", topic_prefix=topic_prefix)

    def cassandra(self, keyspace: str = "framewise") -> CassandraSettings:
        """The store; a keyspace keeps the rows of one test apart."""
        return CassandraSettings(cassandra_hosts=HOST, cassandra_port=self.settings.cassandra_port, keyspace=keyspace)


@contextlib.contextmanager
def data_folder() -> Iterator[Path]:
    """A temporary data folder that shares the project's cache, so that nothing is fetched twice."""
    cache = PathSettings().data_dir / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="framewise-"))
    try:
        (folder / "cache").symlink_to(cache, target_is_directory=True)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def trial(*services: str, **more: Any) -> Iterator[Trial]:
    """A stack of the named services (all when none is named), stopped and removed at the end.

    `more` are further settings, such as `workers=1`.
    """
    with data_folder() as folder:
        ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        settings = StackSettings(**{"data_dir": folder, "services": services, **ports, **more})
        commands.up(settings, lambda text: None)
        try:
            yield Trial(settings)
        finally:
            commands.down(settings, lambda text: None)
