"""Owns the shape of the system that Framewise succeeds: Base64 frames in JSON, a Python UDF a row, two partitions.

Each task has a UDF of its own, which decodes the picture anew; a `repartition` follows the models. In its favour: the
topic has two partitions (so the models run on two cores, which the `repartition` alone would not bring), the models are
loaded once a process, one decoder serves all clips as ingest would, and results stay in memory.
"""

import base64
import functools
import json
import multiprocessing as mp
import os
import uuid
from collections.abc import Mapping
from multiprocessing.synchronize import Event

from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewTopic
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from benchmarks.yardstick.contender import Course
from benchmarks.yardstick.crew import RUN_SECONDS, START_SECONDS, children, spark_role
from benchmarks.yardstick.findings import Found, findings, key
from benchmarks.yardstick.frames import frame_of, sampled
from benchmarks.yardstick.waiting import Gathering
from inference.analyzer import Analyzer
from pipeline.contracts.results import TaskName
from pipeline.contracts.settings import KafkaSettings, PathSettings

PARTITIONS = 2
RECORD_BYTES = 4 * 2**20
SCHEMA = "clip long, number long, image string"
WARM = -1


class Ancestor:
    """A process decodes and publishes, a Spark application analyses; its driver gathers what is found."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._server = KafkaSettings().kafka_bootstrap
        self._topic = f"yardstick-{uuid.uuid4().hex[:8]}"
        context = mp.get_context("spawn")
        self._start = context.Event()
        arguments = (course, self._server, self._topic, self._start)
        self._producer = context.Process(target=_produce, args=arguments, daemon=True)
        self._gathering = Gathering()
        self._found: Found = {}

    def prepare(self) -> None:
        with KafkaAdminClient(bootstrap_servers=self._server) as admin:
            admin.create_topics([NewTopic(self._topic, PARTITIONS, 1)])
        self._spark = _session(self._course)
        records = (
            self._spark.readStream.format("kafka")
            .option("kafka.bootstrap.servers", self._server)
            .option("subscribe", self._topic)
            .option("startingOffsets", "earliest")
            .load()
        )
        self._query = _analysed(records, self._course).writeStream.foreachBatch(self._gather).start()
        self._producer.start()
        self._gathering.wait(self._course.work.warm_frames, self._query, START_SECONDS)

    def processes(self) -> Mapping[str, list[int]]:
        return {"decoder": [self._producer.pid or 0], **children(spark_role)}

    def run(self) -> None:
        self._start.set()
        self._gathering.wait(self._course.work.warm_frames + self._course.work.frames, self._query, RUN_SECONDS)

    def found(self) -> Found:
        return self._found

    def close(self) -> None:
        self._query.stop()
        self._spark.stop()
        with KafkaAdminClient(bootstrap_servers=self._server) as admin:
            admin.delete_topics([self._topic])

    def _gather(self, batch_df: DataFrame, batch_id: int) -> None:
        rows = batch_df.collect()
        for row in rows:
            said = [finding for task in self._course.work.tasks for finding in json.loads(row[task.value])]
            if row["clip"] != WARM:
                self._found[key(row["clip"], row["number"])] = [(task, label, c) for task, label, c in said]
        self._gathering.add(len(rows))


contender = Ancestor


def _session(course: Course) -> SparkSession:
    builder = SparkSession.builder.appName("ancestor").master(f"local[{course.cores}]")
    settings = {
        "spark.jars": os.environ["FRAMEWISE_SPARK_JARS"],
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": str(course.folder / "spark"),
        "spark.sql.warehouse.dir": str(course.folder / "warehouse"),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def _analysed(records: DataFrame, course: Course) -> DataFrame:
    """A column of JSON for each task, then two partitions."""
    frames = records.select(F.from_json(F.col("value").cast("string"), SCHEMA).alias("frame")).select("frame.*")
    for task in course.work.tasks:
        frames = frames.withColumn(task.value, F.udf(functools.partial(_detect, task), "string")(F.col("image")))
    return frames.drop("image").repartition(PARTITIONS)


def _detect(task: TaskName, image: str) -> str:
    """What one task's model says of one picture."""
    (results,) = _analyzer(task).analyze([frame_of(0, 1, base64.b64decode(image), (task,))])
    return json.dumps(findings(results))


@functools.cache
def _analyzer(task: TaskName) -> Analyzer:
    """This process's model, loaded once."""
    return Analyzer.from_settings(PathSettings())


def _produce(course: Course, server: str, topic: str, start: Event) -> None:
    producer = KafkaProducer(bootstrap_servers=server, linger_ms=5, max_request_size=RECORD_BYTES)
    for clip, path in [(WARM, course.work.warm_clip), *enumerate(course.work.clips)]:
        if clip == 0:
            start.wait()
        for one in sampled(path):
            image = base64.b64encode(one.jpeg).decode("ascii")
            value = {"clip": clip, "number": one.frame_number, "image": image}
            producer.send(topic, json.dumps(value).encode(), partition=one.frame_number % PARTITIONS)
    producer.close(timeout=60)
