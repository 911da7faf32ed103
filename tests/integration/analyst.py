"""Stands in for the analysis of live frames, where tests need no models."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from kafka import KafkaConsumer

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.completion import complete_if_full
from pipeline.contracts.results import AnalyzedFrame
from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.codecs import decode_frame
from pipeline.kafka.publishing import KafkaPublisher
from pipeline.kafka.topics import Topics
from tests.unit.factories import a_result
from tests.unit.ingest.media import number_in, picture


class Analyst:
    """Gives each live frame an outcome as the analysis does, and remembers when each came and what it showed."""

    def __init__(self, kafka: KafkaSettings, client: CassandraClient) -> None:
        self._kafka = kafka
        self._videos, self._results = CassandraVideoStore(client), CassandraResultStore(client)
        self._publisher = KafkaPublisher(kafka, linger_ms=0)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.seen: dict[UUID, list[tuple[int, int, float]]] = {}
        """Frame numbers, the numbers that the pictures show, and seconds from capture until they came here."""

    @contextmanager
    def working(self) -> Iterator["Analyst"]:
        self._thread.start()
        try:
            yield self
        finally:
            self._over.set()
            self._thread.join()
            self._publisher.close()

    def _run(self) -> None:
        consumer = KafkaConsumer(
            Topics.of(self._kafka).frames_live,
            bootstrap_servers=self._kafka.kafka_bootstrap,
            auto_offset_reset="earliest",
            group_id=None,
        )
        while not self._over.is_set():
            for batch in consumer.poll(timeout_ms=50).values():
                self._analyse(batch)
        consumer.close()

    def _analyse(self, batch: list[Any]) -> None:
        now = datetime.now(UTC)
        frames = [decode_frame(r.value, {name: value.decode() for name, value in r.headers}) for r in batch]
        outcomes = []
        for frame in frames:
            assert frame.captured_at is not None
            shown = number_in(picture(frame.jpeg))
            late = (now - frame.captured_at).total_seconds()
            self.seen.setdefault(frame.video_id, []).append((frame.frame_number, shown, late))
            place = (frame.video_id, frame.attempt, frame.frame_number, frame.media_time, frame.captured_at)
            outcomes.append(AnalyzedFrame(*place, "analyst", now, now, None, (a_result(),)))
        known = {frame.video_id: self._videos.get(frame.video_id) for frame in frames}
        stamps = {v.video_id: v.attempt_timestamp for v in known.values() if v is not None}
        outcomes = [outcome for outcome in outcomes if outcome.video_id in stamps]
        self._results.save(outcomes, stamps)
        self._publisher.outcomes(outcomes)
        for video_id in known:
            complete_if_full(self._videos, self._results, video_id)
