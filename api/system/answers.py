"""Owns the body that says how the whole system does."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, JsonValue

EXAMPLE: dict[str, JsonValue] = {
    "at": "2026-11-21T10:00:00Z", "level": "warn", "window_seconds": 30.1,
    "advice": [
        {"level": "warn", "about": "analysis", "what": "The analysis is 90 s behind.",
         "do": "Take more workers, sample fewer frames, or wait: files are never dropped.",
         "command": "./run.sh workers 4"}
    ],
    "servers": [{"name": "kafka", "ok": True, "detail": "1 broker(s)"}],
    "queue": {"pending": 3, "processing": 2},
    "topics": [{"topic": "frames", "waiting": 3735, "bytes": 334000000}],
    "lag_seconds": 90.0,
    "stages": [{"stage": "done", "frames_per_second": 41.5}],
    "workforce": {"wanted": 2, "working": 2, "live": 1},
    "workers": [{"worker": "host-4711-a1b2c3", "frames_per_second": 20.9}],
    "models": [
        {"model": "yolox_nano", "pictures_per_second": 41.5, "mean_ms": 24.1, "batch_p95_ms": 46.0}
    ],
    "processes": [{"service": "worker", "processes": 2, "memory_bytes": 1400000000, "processors": 1.9}],
    "gpus": [],
    "disk": {"free_bytes": 51000000000, "total_bytes": 100000000000},
}  # fmt: skip


class Level(StrEnum):
    """How bad it is: all is well (advice of this level is only worth knowing), look at it, it does not work."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


class AdviceAnswer(BaseModel):
    """What is wrong, in plain words, and what to do about it."""

    level: Level
    about: str = Field(description="the server or the part that it is about")
    what: str
    do: str
    command: str | None = Field(description="to be run in the project's folder on the machine of the service")


class ServerAnswer(BaseModel):
    """What a server said to a real question."""

    name: str
    ok: bool
    detail: str


class QueueAnswer(BaseModel):
    """Videos that have not ended; null while the store does not answer."""

    pending: int | None
    processing: int | None


class TopicAnswer(BaseModel):
    """A topic; null is not known."""

    topic: str
    waiting: int | None = Field(description="records that the analysis has not done yet")
    bytes: int | None


class StageAnswer(BaseModel):
    """Frames by what became of them."""

    stage: str
    frames_per_second: float


class WorkforceAnswer(BaseModel):
    """How the analysis is manned. `./run.sh workers N` changes it while it runs."""

    wanted: int = Field(description="workers that were asked for")
    working: int = Field(description="workers that there are")
    live: int = Field(description="workers for live frames, beside those")


class WorkerAnswer(BaseModel):
    """A process that analyses frames."""

    worker: str
    frames_per_second: float


class ModelSpeedAnswer(BaseModel):
    """How long a model takes; null when it had nothing to do."""

    model: str
    pictures_per_second: float
    mean_ms: float | None = Field(description="for a picture")
    batch_p95_ms: float | None = Field(description="95 of 100 batches took less")


class ProcessesAnswer(BaseModel):
    """The Python processes of a service; the JVMs of Kafka, Cassandra and Spark are not among them."""

    service: str
    processes: int
    memory_bytes: int
    processors: float | None = Field(description="how many are kept busy")


class GpuAnswer(BaseModel):
    """A GPU that workers use."""

    gpu: str
    use: float = Field(description="share of time in use, 0–1")
    memory_bytes: int


class DiskAnswer(BaseModel):
    """The disk of the data folder."""

    free_bytes: int
    total_bytes: int


class SystemAnswer(BaseModel):
    """How the whole system does. Rates are means over the last `window_seconds`; null while they cannot be known."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    at: datetime
    level: Level = Field(description="of the worst advice")
    window_seconds: float | None
    advice: list[AdviceAnswer] = Field(description="the worst first; empty when all is well")
    servers: list[ServerAnswer]
    queue: QueueAnswer
    topics: list[TopicAnswer]
    lag_seconds: float | None = Field(description="how long the frames that wait will take at the present rate")
    stages: list[StageAnswer]
    workforce: WorkforceAnswer | None = Field(description="null where the analysis shares no folder with the service")
    workers: list[WorkerAnswer]
    models: list[ModelSpeedAnswer]
    processes: list[ProcessesAnswer]
    gpus: list[GpuAnswer]
    disk: DiskAnswer | None
