"""Owns the stack's settings and the environment that its children get from them."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator
from pydantic_settings import NoDecode

from pipeline.contracts.settings import (
    ADVERTISED,
    ROOT,
    AnalysisSettings,
    ApiSettings,
    PathSettings,
    RtmpSettings,
)

HOST = "127.0.0.1"
PREFIX = "FRAMEWISE_"
LIGHT_JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")
"""For servers with little to do beside the models: without the optimising compiler they cost a third less CPU. With
counters for jps and jstat each would wake up twenty times a second."""
TOKEN_VARIABLE = "FRAMEWISE_STACK_TOKEN"
"""Marks every process of one start of the stack, so that it is found again after its parent is gone."""


class StackSettings(PathSettings, ApiSettings, AnalysisSettings, RtmpSettings):
    """Which services run, where they listen and how much memory the servers get."""

    services: Annotated[tuple[str, ...], NoDecode] = Field((), description="all, or the named ones only")
    doors: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="ways in beside the API, as `--with` names them"
    )
    kafka_port: int = Field(9092, ge=1, le=65535)
    kafka_controller_port: int = Field(9093, ge=1, le=65535)
    kafka_host: str = Field(
        "",
        pattern=r"^[0-9a-fA-F.:]*$",
        description="where the broker listens for cameras of other machines, 0.0.0.0 is everywhere; it knows no "
        "passwords. If empty, it is reached from this machine only",
    )
    kafka_outside_port: int = Field(9094, ge=1, le=65535, description="the port there")
    kafka_advertised: str = Field(
        "", pattern=ADVERTISED, description="HOST:PORT that cameras of other machines are told to publish to"
    )
    kafka_heap: str = Field("512m", pattern=r"^\d+[mg]$")
    cassandra_port: int = Field(9042, ge=1, le=65535)
    cassandra_storage_port: int = Field(7000, ge=1, le=65535)
    cassandra_heap: str = Field("768m", pattern=r"^\d+[mg]$")
    api_port: int = Field(8000, ge=1, le=65535)
    mqtt_port: int = Field(1883, ge=1, le=65535, description="of the broker that comes with the door for the edge")
    java: str = Field("", description="the java command; else JAVA_HOME, PATH and the usual folders are searched")
    maven_url: str = Field("", description="where jars come from, instead of Maven Central")
    liveness_seconds: float = Field(30.0, ge=5, description="without a sign of life, a service is started again")
    log_bytes: int = Field(20 * 2**20, ge=1000, description="of a service's log file before it is rotated")
    log_files: int = Field(3, ge=1, description="rotated log files kept of each service")

    @field_validator("services", "doors", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @model_validator(mode="after")
    def _ports_differ(self) -> "StackSettings":
        ports = [self.kafka_port, self.kafka_controller_port, self.cassandra_port, self.cassandra_storage_port]
        ports += [self.api_port, self.rtmp_port, self.rtmp_control_port, self.mqtt_port]
        ports += [self.kafka_outside_port] if self.kafka_host else []
        if len(set(ports)) < len(ports):
            raise ValueError(f"every port must be another one, but they are {ports}")
        return self

    @model_validator(mode="after")
    def _cameras_know_where(self) -> "StackSettings":
        if self.kafka_host and not self.kafka_advertised:
            raise ValueError(
                "FRAMEWISE_KAFKA_HOST needs FRAMEWISE_KAFKA_ADVERTISED: the name or address of this machine as cameras "
                f"reach it, and the port, such as 192.168.1.10:{self.kafka_outside_port}"
            )
        return self

    @property
    def run_dir(self) -> Path:
        """State, locks and ready files."""
        return self.data_dir / "run"

    @property
    def work_dir(self) -> Path:
        """Where the children start: what a library leaves behind lies there, not in the source tree."""
        return self.data_dir / "work"

    @property
    def conf_dir(self) -> Path:
        """The servers' configuration, written at each start."""
        return self.data_dir / "conf"

    @property
    def jars_dir(self) -> Path:
        """The servers' jars, one folder a set."""
        return self.data_dir / "cache" / "jars"

    @property
    def state_file(self) -> Path:
        """What runs, as the supervisor last wrote it."""
        return self.run_dir / "state.json"

    @property
    def api_url(self) -> str:
        """Where a person on this machine reaches the API."""
        host = HOST if self.api_host in ("0.0.0.0", "::", "localhost") else self.api_host
        return f"http://{host}:{self.api_port}"


def stack_variables(settings: StackSettings) -> dict[str, str]:
    """The settings as variables, so that every service agrees on them, and what follows from them."""
    found = {name: _text(value) for name, value in settings}
    found |= {"kafka_bootstrap": f"{HOST}:{settings.kafka_port}", "cassandra_hosts": HOST}
    return {PREFIX + name.upper(): value for name, value in found.items()}


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def effective(settings: StackSettings) -> dict[str, str]:
    """Every `FRAMEWISE_…` variable as the children see it: what the shell set, and what the stack decides."""
    return {k: v for k, v in os.environ.items() if k.startswith(PREFIX)} | stack_variables(settings)


def child_environment(settings: StackSettings, token: str) -> dict[str, str]:
    """The environment of a child: the supervisor's own, the stack's settings, and where our code is."""
    return os.environ | {
        **stack_variables(settings),
        TOKEN_VARIABLE: token,
        "PYTHONPATH": str(ROOT),
        "PROMETHEUS_MULTIPROC_DIR": str(settings.data_dir / "metrics"),
        "PYTHONUNBUFFERED": "1",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
    }
