"""Owns what a benchmark sees of a live video from outside: events, rows as they become readable, records."""

import json
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any
from uuid import UUID

import httpx
from kafka import KafkaConsumer, TopicPartition

from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.listening import Outage, Records, TopicListener
from pipeline.kafka.topics import Topics

POLL_SECONDS = 0.2
STOP_SECONDS = 5.0
QUIET_MS = 2000
OUTAGE = Outage("the broker is away", 0.5, 2.0)


@dataclass(slots=True)
class Seen:
    """When something was seen of a frame, in seconds since 1970: captured, in hand, done, heard, as which event."""

    captured: float = 0.0
    started: float = 0.0
    finished: float = 0.0
    heard: float = 0.0
    preview: float = 0.0
    result: float = 0.0
    readable: float = 0.0
    published: float = 0.0


@dataclass
class Watching:
    """Looks at one video while it is entered: an SSE client, a listener to `results`, and a reader of pages."""

    api_url: str
    kafka: KafkaSettings
    video_id: UUID
    frames: dict[int, Seen] = field(default_factory=dict)

    def __enter__(self) -> "Watching":
        self._stop = threading.Event()
        topic = Topics.of(self.kafka).results
        self._listener = TopicListener(self.kafka, topic, self._hear, "benchmark", OUTAGE)
        self._listener.start()
        self._listener.listening.wait(30)
        self._client = httpx.Client(base_url=self.api_url, timeout=30, trust_env=False)
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._events, self._pages)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(STOP_SECONDS)
        self._listener.stop(STOP_SECONDS)
        self._client.close()

    def _of(self, number: int) -> Seen:
        return self.frames.setdefault(number, Seen())

    def _hear(self, records: Records) -> None:
        now = time.time()
        for key, value in records:
            if key == self.video_id.bytes and value:
                outcome = json.loads(value)
                seen = self._of(outcome["frame_number"])
                seen.heard = now
                seen.captured, seen.started, seen.finished = (
                    datetime.fromisoformat(outcome[name]).timestamp()
                    for name in ("captured_at", "started_at", "finished_at")
                )

    def _events(self) -> None:
        path = f"/analysis/{self.video_id}/events"
        with self._client.stream("GET", path, params={"previews": "true"}, timeout=None) as answer:
            kind = ""
            for line in answer.iter_lines():
                if self._stop.is_set():
                    return
                if line.startswith("event:"):
                    kind = line[6:].strip()
                elif line.startswith("data:") and kind in ("preview", "result"):
                    seen = self._of(json.loads(line[5:])["frame_number"])
                    setattr(seen, kind, getattr(seen, kind) or time.time())

    def _pages(self) -> None:
        last = 0
        while not self._stop.wait(POLL_SECONDS):
            params: dict[str, Any] = {"frame_from": last + 1, "limit": 200}
            page = self._client.get(f"/analysis/{self.video_id}/results", params=params).raise_for_status().json()
            for row in page["items"]:
                last = max(last, row["frame_number"])
                seen = self._of(row["frame_number"])
                seen.readable = seen.readable or time.time()

    def note_published(self) -> None:
        """When each frame was handed to Kafka, by the topic's own time; to be called at the end."""
        topic = Topics.of(self.kafka).frames_live
        consumer = KafkaConsumer(
            bootstrap_servers=self.kafka.kafka_bootstrap,
            group_id=None,
            consumer_timeout_ms=QUIET_MS,
            auto_offset_reset="earliest",
        )
        places = [TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic) or ()]
        consumer.assign(places)
        ends = consumer.end_offsets(places)  # the stream may go on
        mine = str(self.video_id).encode()
        for record in consumer:
            headers = dict(record.headers)
            if headers.get("video_id") == mine:
                self._of(int(headers["frame_number"])).published = record.timestamp / 1000
            if all(consumer.position(place) >= ends[place] for place in places):
                break
        consumer.close()
