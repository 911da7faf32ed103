"""Owns the measured figures: `measured.toml`, which says where each was measured, as values."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("measured.toml")


@dataclass(frozen=True, slots=True)
class FrameCost:
    """What one frame of a file costs with one set of tasks: CPU milliseconds by service, and bytes."""

    analysis_ms: float
    ingest_ms: float
    cassandra_ms: float
    kafka_ms: float
    api_ms: float
    cassandra_bytes: float
    results_topic_bytes: float

    @property
    def all_ms(self) -> float:
        """CPU milliseconds of all services together, one copy of everything."""
        return self.analysis_ms + self.ingest_ms + self.cassandra_ms + self.kafka_ms + self.api_ms


@dataclass(frozen=True, slots=True)
class Picture:
    """A stored frame of one size: bytes in the frame store and in the topic, and the tasks' costs."""

    jpeg_bytes: float
    frames_topic_bytes: float
    tasks: dict[str, FrameCost]


@dataclass(frozen=True, slots=True)
class Live:
    """What a stream costs: CPU milliseconds of ingest a frame that is sent, of the others a frame that is analysed.

    Frames are analysed one by one there, for `tasks` in pictures of a `picture`'s size.
    """

    picture: str
    tasks: str
    decode_ms: float
    analysis_ms: float
    cassandra_ms: float
    kafka_ms: float
    api_ms: float
    ingest_mib: float


@dataclass(frozen=True, slots=True)
class Memory:
    """MiB resident: of one Python worker with all models, of the driver, and of each server as it is started here."""

    worker: float
    driver: float
    kafka: float
    cassandra: float
    api: float
    ingest: float


@dataclass(frozen=True, slots=True)
class Assumed:
    """What was not measured: how full cores may be, and what one broker and one Cassandra node are trusted with."""

    busy: float
    broker_mb_a_second: float
    node_gib: float


@dataclass(frozen=True, slots=True)
class Measured:
    """All figures."""

    pictures: dict[str, Picture]
    live: Live
    memory: Memory
    assumed: Assumed


def load(path: Path = FILE) -> Measured:
    """Read the figures. Raises OSError, or ValueError or TypeError where one is missing or unknown."""
    found = tomllib.loads(path.read_text())
    return Measured(
        {size: _picture(values) for size, values in found["pictures"].items()},
        Live(**found["live"]),
        Memory(**found["memory"]),
        Assumed(**found["assumed"]),
    )


def _picture(values: dict[str, Any]) -> Picture:
    tasks = {name: FrameCost(**cost) for name, cost in values["tasks"].items()}
    return Picture(values["jpeg_bytes"], values["frames_topic_bytes"], tasks)
