"""Owns Framewise without Cassandra: ingest's decoder and publisher, the broker, the Spark job's own parts.

Left out are the service, leases, the ledger and its sweeper, rows of results, topic `results`, live frames and spans.
Pictures are stored as ever; what was found goes to a file a worker.
"""

import functools
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kafka import KafkaAdminClient
from pyspark.sql import DataFrame

from benchmarks.yardstick.contender import Course
from benchmarks.yardstick.contenders.lite_worker import kept, open_worker
from benchmarks.yardstick.crew import RUN_SECONDS, START_SECONDS, children, spark_role
from benchmarks.yardstick.findings import Found
from benchmarks.yardstick.frames import frame_of
from benchmarks.yardstick.waiting import Gathering
from ingest.decode.forking import Forking
from ingest.decode.messages import SampledFrame
from ingest.decode.process import request_of
from ingest.flow import FrameFlow
from ingest.halt import Halt
from ingest.job import decode_in_child
from ingest.main import LINGER_MS
from pipeline.contracts.settings import AnalysisSettings, IngestSettings, KafkaSettings, PathSettings
from pipeline.kafka.publishing import KafkaPublisher
from pipeline.kafka.topics import Topics, create_topics
from spark_jobs import transforms
from spark_jobs.query import read_frames
from spark_jobs.session import build_session
from spark_jobs.worker import analyze_udf

WARM = 10**6
"""The number of the clip that is sent before the time is taken."""


class FramewiseLite:
    """Ingest's threads are here; decoders are their children. The session's workers come with the warm clip."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._kafka = KafkaSettings(topic_prefix=f"yardstick-{uuid.uuid4().hex[:8]}-")
        self._ingest = IngestSettings()
        self._paths = PathSettings(data_dir=course.folder)
        self._gathering = Gathering()
        self._forking = Forking()

    def prepare(self) -> None:
        self._forking.start()
        create_topics(self._kafka)
        self._publisher = KafkaPublisher(self._kafka, "yardstick", linger_ms=LINGER_MS)
        analysis = AnalysisSettings(workers=self._course.cores, spark_master="", spark_ui_port=0)
        self._spark = build_session(analysis, self._paths)
        self._spark.sparkContext.setLogLevel("WARN")
        analyze = analyze_udf(functools.partial(open_worker, self._paths), transforms.INPUT)
        self._query = (
            transforms.parse(read_frames(self._spark, self._kafka, analysis))
            .writeStream.option("checkpointLocation", str(self._course.folder / "checkpoint"))
            .foreachBatch(functools.partial(self._batch, analyze))
            .start()
        )
        self._publish(WARM, self._course.work.warm_clip)
        self._gathering.wait(self._course.work.warm_frames, self._query, START_SECONDS)

    def processes(self) -> Mapping[str, list[int]]:
        return children(spark_role)

    def run(self) -> None:
        with ThreadPoolExecutor(self._ingest.videos_per_worker) as videos:
            for done in videos.map(self._publish, *zip(*enumerate(self._course.work.clips), strict=True)):
                assert done is None
        self._gathering.wait(self._course.work.warm_frames + self._course.work.frames, self._query, RUN_SECONDS)

    def found(self) -> Found:
        return {name: said for name, said in kept(self._paths).items() if not name.startswith(f"{WARM}/")}

    def close(self) -> None:
        self._query.stop()
        self._spark.stop()
        self._publisher.close()
        self._forking.close()
        with KafkaAdminClient(bootstrap_servers=self._kafka.kafka_bootstrap) as admin:
            names = Topics.of(self._kafka)
            admin.delete_topics([getattr(names, field) for field in names.__slots__])

    def _batch(self, analyze: object, batch_df: DataFrame, batch_id: int) -> None:
        assert callable(analyze)
        outcomes = transforms.outcomes(transforms.spread(batch_df, self._course.cores), analyze)
        self._gathering.add(outcomes.toArrow().num_rows)

    def _publish(self, clip: int, path: Path) -> None:
        """As ingest does: a confined child decodes; what has no outcome yet is bounded."""
        halt, before = Halt(), self._gathering.frames
        flow = FrameFlow(
            self._publisher,
            halt,
            lambda: self._ingest.frames_in_flight,
            lambda: self._gathering.frames - before,
            lambda: None,
        )
        request, stall = request_of(self._ingest), self._ingest.decode_stall_seconds
        with decode_in_child(request, path, stall, halt, self._forking) as messages:
            for message in messages:
                if isinstance(message, SampledFrame):
                    flow.publish(frame_of(clip, message.frame_number, message.jpeg, self._course.work.tasks))
        flow.drain()


contender = FramewiseLite
