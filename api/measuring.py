"""Owns the page of metrics: what all processes counted, and what is asked of the servers when it is read."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from api.questions import Question, answers
from api.waiting import QueueWatch
from pipeline.contracts.settings import KafkaSettings, PathSettings
from pipeline.contracts.videos import VideoStatus
from pipeline.kafka.topic_measures import TopicMeasures, taken_offsets
from pipeline.kafka.topics import Topics
from pipeline.observing.metric_files import VARIABLE, guarded, tidy

WAIT_SECONDS = 2.0
KEPT_SECONDS = 5.0
"""So long an answer is kept."""

Values = Mapping[str, float]
"""By the value of the one label."""


class Asked(Collector):
    """A gauge of what the servers answered; without an answer it is left out."""

    def __init__(self, found: Mapping[str, Values]) -> None:
        self._found = found

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, help_text, label in ASKED:
            if (values := self._found.get(name)) is not None:
                family = GaugeMetricFamily(name, help_text, labels=[label])
                for value, number in values.items():
                    family.add_metric([value], number)
                yield family


ASKED = (
    ("framewise_videos_open", "Videos that have not ended", "status"),
    ("framewise_topic_bytes", "Bytes that a topic takes on the brokers", "topic"),
    ("framewise_topic_waiting_records", "Records that the analysis has not done yet", "topic"),
)


class MetricsPage:
    """Makes the page. `questions` gives values for the names of `ASKED`; each may raise or hang."""

    def __init__(self, questions: Mapping[str, Question[Values]] | None = None) -> None:
        self._questions = questions or {}

    async def found(self) -> dict[str, Values]:
        """What the servers answer within a limit."""
        said = await answers(self._questions, WAIT_SECONDS)
        return {name: values for name, values in said.items() if isinstance(values, Mapping)}

    def text(self, found: Mapping[str, Values]) -> bytes:
        """The page in Prometheus' text format."""
        asked = CollectorRegistry()
        asked.register(Asked(found))
        return _counted() + generate_latest(asked)


def _counted() -> bytes:
    """What every process has counted; this one alone where they share no folder, or one that hangs holds it."""
    if not os.environ.get(VARIABLE):
        return generate_latest(REGISTRY)
    folder = Path(os.environ[VARIABLE])
    try:
        tidy(folder)
        with guarded(folder, fcntl.LOCK_SH):
            registry = CollectorRegistry()
            MultiProcessCollector(registry, str(folder))
            return generate_latest(registry)
    except OSError:
        return b""


def questions(kafka: KafkaSettings, paths: PathSettings, queue: QueueWatch) -> dict[str, Question[Values]]:
    """What to ask Kafka, Cassandra and the checkpoint of an installation."""
    topics, lag = TopicMeasures(kafka), TopicMeasures(kafka)
    checkpoint = paths.data_dir / "checkpoints" / "analysis"

    def waiting() -> Values:
        taken = taken_offsets(checkpoint, Topics.of(kafka).frames)
        known = {} if taken is None else {"frames": lag.frames_waiting(taken)}
        return {**known, "frames-live": lag.live_frames_waiting()}

    return {
        "framewise_videos_open": Question(lambda: _open(queue), KEPT_SECONDS),
        "framewise_topic_bytes": Question(topics.bytes, KEPT_SECONDS),
        "framewise_topic_waiting_records": Question(waiting, KEPT_SECONDS),
    }


def _open(watch: QueueWatch) -> Values:
    """How many videos wait and run."""
    queue = watch.queue()
    return {VideoStatus.PENDING: len(queue.order), VideoStatus.PROCESSING: len(queue.running)}
