"""Owns how the whole service does: what it says of itself, and the live streams that run."""

from datetime import datetime
from typing import Any

from framewise.answers import Answer, Video
from framewise.connection import Connection


class Advice(Answer):
    """What is wrong, in plain words, and what to do about it. `level` is `good`, `warn` or `bad`."""

    level: str
    about: str
    what: str
    do: str
    command: str | None = None


class Server(Answer):
    """What a server said to a real question."""

    name: str
    ok: bool
    detail: str = ""


class Topic(Answer):
    """Records that wait for the analysis, and bytes on the brokers; None is not known."""

    topic: str
    waiting: int | None = None
    bytes: int | None = None


class StageRate(Answer):
    """Frames a second that were published, done, failed, dropped or skipped."""

    stage: str
    frames_per_second: float


class WorkerRate(Answer):
    """Frames a second of one worker."""

    worker: str
    frames_per_second: float


class Workforce(Answer):
    """Workers asked for, at work, and beside them those for live frames."""

    wanted: int
    working: int
    live: int


class Processes(Answer):
    """Memory and processors that a service uses."""

    service: str
    processes: int
    memory_bytes: int
    processors: float | None = None


class Gpu(Answer):
    """Share of time (0–1) and memory in use."""

    gpu: str
    use: float
    memory_bytes: int


class Queue(Answer):
    """Videos that wait and run; None while the store does not answer."""

    pending: int | None = None
    processing: int | None = None


class System(Answer):
    """How the service does. Rates are means over the last `window_seconds`, which is None at the very start."""

    at: datetime
    level: str
    window_seconds: float | None = None
    advice: tuple[Advice, ...] = ()
    servers: tuple[Server, ...] = ()
    queue: Queue = Queue()
    topics: tuple[Topic, ...] = ()
    lag_seconds: float | None = None
    stages: tuple[StageRate, ...] = ()
    workforce: Workforce | None = None
    workers: tuple[WorkerRate, ...] = ()
    processes: tuple[Processes, ...] = ()
    gpus: tuple[Gpu, ...] = ()


class LiveStream(Answer):
    """A live stream that has not ended, and how fast it is analysed; `newest` is what was seen last."""

    video: Video
    camera: str | None = None
    frames_per_second: float | None = None
    newest: dict[str, Any] | None = None


class Observing:
    """Asks how the service does."""

    _connection: Connection

    def system(self) -> System:
        """Servers, queue, topics, rates, workers, GPUs, and what to do when something is wrong."""
        return System.model_validate(self._connection.json("GET", "/status"))

    def live_streams(self) -> list[LiveStream]:
        """The live streams that wait or run, oldest first; 100 at most."""
        return [LiveStream.model_validate(item) for item in self._connection.json("GET", "/analysis/live")["items"]]
