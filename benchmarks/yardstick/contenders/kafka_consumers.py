"""Owns the same work by hand on Kafka: a producer that decodes, a group of plain consumers, one a core.

Frames go as JPEG over one topic, spread over its partitions; results come as JSON over another. The C client.
"""

import json
import multiprocessing as mp
import time
import uuid
from collections.abc import Mapping
from multiprocessing.queues import Queue as MpQueue
from multiprocessing.synchronize import Event
from typing import Any

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from benchmarks.yardstick.contender import Course
from benchmarks.yardstick.crew import RUN_SECONDS, START_SECONDS, check, heard
from benchmarks.yardstick.findings import Found, findings, key
from benchmarks.yardstick.frames import CHUNK, frame_of, sampled, warmed
from pipeline.contracts.settings import KafkaSettings

LEAST_PARTITIONS = 8
POLL_SECONDS = 0.2
WARM = -1
"""The clip that is sent before the time is taken."""


class KafkaConsumers:
    """Results are there when they have come back from the broker."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._server = KafkaSettings().kafka_bootstrap
        self._name = f"yardstick-{uuid.uuid4().hex[:8]}"
        context = mp.get_context("spawn")
        self._start, self._ready = context.Event(), context.Queue()
        self._partitions = max(LEAST_PARTITIONS, 2 * course.cores)
        self._producer = context.Process(
            target=_produce, args=(course, self._server, self._name, self._partitions, self._start), daemon=True
        )
        share = -(-self._partitions // course.cores)
        self._workers = [
            context.Process(target=_consume, args=(course, self._server, self._name, share, self._ready), daemon=True)
            for _ in range(course.cores)
        ]
        self._found: Found = {}

    def prepare(self) -> None:
        admin = AdminClient({"bootstrap.servers": self._server})
        topics = [NewTopic(name, self._partitions, 1) for name in (self._name, f"{self._name}-results")]
        for made in admin.create_topics(topics).values():
            made.result(timeout=30)
        self._results = _consumer(self._server, f"{self._name}-results", f"{self._name}-reader")
        for worker in self._workers:
            worker.start()
        for _ in self._workers:
            heard(self._ready, self._workers, START_SECONDS)
        self._producer.start()
        self._collect(self._course.work.warm_frames, START_SECONDS)
        self._found.clear()

    def processes(self) -> Mapping[str, list[int]]:
        workers = [process.pid for process in self._workers if process.pid]
        return {"decoder": [self._producer.pid or 0], "worker": workers}

    def run(self) -> None:
        self._start.set()
        self._collect(self._course.work.frames, RUN_SECONDS)

    def found(self) -> Found:
        return self._found

    def close(self) -> None:
        self._results.close()
        gone = AdminClient({"bootstrap.servers": self._server}).delete_topics([self._name, f"{self._name}-results"])
        for topic in gone.values():
            topic.result(timeout=30)

    def _collect(self, frames: int, seconds: float) -> None:
        until = time.monotonic() + seconds
        while len(self._found) < frames:
            for record in self._results.consume(64, POLL_SECONDS):
                if record.error():
                    raise RuntimeError(f"Kafka: {record.error()}")
                said = json.loads(record.value())
                self._found[record.key().decode()] = [(task, label, c) for task, label, c in said]
            check([*self._workers, self._producer])
            if time.monotonic() > until:
                raise TimeoutError(f"{len(self._found)} of {frames} results came")


contender = KafkaConsumers


def _consumer(server: str, topic: str, group: str) -> Consumer:
    consumer = Consumer({"bootstrap.servers": server, "group.id": group, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    return consumer


def _produce(course: Course, server: str, topic: str, partitions: int, start: Event) -> None:
    producer = Producer({"bootstrap.servers": server, "linger.ms": 5, "queue.buffering.max.kbytes": 65536})
    clips = [(WARM, course.work.warm_clip), *enumerate(course.work.clips)]
    for clip, path in clips:
        if clip == 0:
            producer.flush(30)
            start.wait()
        for one in sampled(path):
            _send(producer, topic, one.jpeg, key(clip, one.frame_number), one.frame_number % partitions)
    producer.flush(60)


def _send(producer: Producer, topic: str, value: bytes, name: str, partition: int) -> None:
    """Hand a record over; when the client has no room, wait until the broker has taken some."""
    while True:
        try:
            producer.produce(topic, value, name, partition=partition)
            producer.poll(0)
        except BufferError:
            producer.poll(POLL_SECONDS)
        else:
            return


def _consume(course: Course, server: str, topic: str, share: int, ready: "MpQueue[Any]") -> None:
    """Analyse what comes, until this process is ended; ready once it has its share of the partitions and no more."""
    analyzer = warmed(course.work.tasks, course.work.warm_clip)
    consumer = _consumer(server, topic, topic)
    producer = Producer({"bootstrap.servers": server, "linger.ms": 5})
    told = False
    while True:
        if not told and 0 < len(consumer.assignment()) <= share:
            ready.put("ready")
            told = True
        records: list[Any] = [record for record in consumer.consume(CHUNK, POLL_SECONDS) if not record.error()]
        frames = [frame_of(0, 1, record.value(), course.work.tasks) for record in records]
        for record, results in zip(records, analyzer.analyze(frames), strict=True):
            producer.produce(f"{topic}-results", json.dumps(findings(results)), record.key())
        producer.poll(0)
