"""Owns what is measured of the topics: the bytes of each, and the frames that the analysis has not taken yet."""

import contextlib
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.topics import Topics, live_group, wait_for_broker

CONNECT_SECONDS = 2.0
ANSWER_MS = 5000
Offsets = dict[int, int]
"""By partition."""


class TopicMeasures:
    """Asks the broker over one connection that is kept; for one thread. Raises StoreUnavailable."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._topics = Topics.of(settings)
        self._held: list[KafkaAdminClient] = []

    def bytes(self) -> dict[str, int]:
        """The bytes of each of our topics on all brokers, replicas included; by the name without the prefix."""
        names = ("videos", "frames", "frames-live", "results", "dead-letters", "captures")
        named = {f"{self._settings.topic_prefix}{name}": name for name in names}
        found: defaultdict[str, int] = defaultdict(int)
        with self._admin() as admin:
            for broker in admin.describe_log_dirs(list(named)):
                for topic in (topic for folder in broker["log_dirs"] for topic in folder["topics"]):
                    found[named[topic["name"]]] += sum(p["partition_size"] for p in topic["partitions"])
        return dict(found)

    def frames_waiting(self, taken: Offsets) -> int:
        """How many records of `frames` lie behind these offsets; those that have expired do not count."""
        with self._admin() as admin:
            return self._behind(admin, self._topics.frames, self._settings.frames_partitions, taken)

    def live_frames_waiting(self) -> int:
        """How many live frames lie behind those that the analysis has kept."""
        group, topic = live_group(self._settings), self._topics.frames_live
        with self._admin() as admin:
            kept = admin.list_group_offsets(group)[group]
            taken = {place.partition: at.offset for place, at in kept.items() if place.topic == topic}
            return self._behind(admin, topic, self._settings.live_partitions, taken)

    def _behind(self, admin: KafkaAdminClient, topic: str, partitions: int, taken: Offsets) -> int:
        first = self._offsets(admin, topic, partitions, OffsetSpec.EARLIEST)
        end = self._offsets(admin, topic, partitions, OffsetSpec.LATEST)
        return sum(max(0, end[p] - max(taken.get(p, 0), first.get(p, 0))) for p in end)

    def _offsets(self, admin: KafkaAdminClient, topic: str, partitions: int, which: OffsetSpec) -> Offsets:
        places = [TopicPartition(topic, p) for p in range(partitions)]
        found = admin.list_partition_offsets(dict.fromkeys(places, which))
        return {place.partition: at.offset for place, at in found.items()}

    @contextlib.contextmanager
    def _admin(self) -> Iterator[KafkaAdminClient]:
        try:
            if not self._held:
                wait_for_broker(self._settings, CONNECT_SECONDS)
                self._held.append(
                    KafkaAdminClient(
                        bootstrap_servers=self._settings.kafka_bootstrap,
                        request_timeout_ms=ANSWER_MS,
                        bootstrap_timeout_ms=ANSWER_MS,
                    )
                )
            yield self._held[0]
        except KafkaError as e:
            self.close()
            raise StoreUnavailable(f"Kafka at {self._settings.kafka_bootstrap} does not answer: {e}") from e

    def close(self) -> None:
        """Hang up."""
        while self._held:
            self._held.pop().close()


def taken_offsets(checkpoint: Path, topic: str) -> Offsets | None:
    """Up to which offsets the analysis has kept everything, by Spark's checkpoint; None where there is none.

    A file of `offsets` is a version, a line about the batch and a line of JSON a source; a batch is done when its file
    is in `commits`.
    """
    done = [int(file.name) for file in (checkpoint / "commits").glob("*") if file.name.isdecimal()]
    if not done:
        return None
    try:
        lines = (checkpoint / "offsets" / str(max(done))).read_text().splitlines()
        return {int(partition): at for partition, at in json.loads(lines[2])[topic].items()}
    except (OSError, ValueError, LookupError):
        return None
