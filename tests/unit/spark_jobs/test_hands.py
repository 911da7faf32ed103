"""The processes behind the workers, of a real Spark application."""

import threading
import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psutil
from pyspark.sql import DataFrame, SparkSession

from pipeline.contracts.settings import CassandraSettings, KafkaSettings, PathSettings, S3Settings
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.workforce import ask_for
from spark_jobs.batch_end import BatchEnd
from spark_jobs.hands import SparkHands, idle
from spark_jobs.process import WorkerSettings
from tests.unit.factories import a_video, analyzed
from tests.unit.spark_jobs.crews import ListedHands, a_crew


def test_one_too_many_ends_and_the_others_go_on(spark: SparkSession, tmp_path: Path) -> None:
    before = idle(spark, 2)
    assert len(before) == 2
    settings = WorkerSettings(
        PathSettings(data_dir=tmp_path), CassandraSettings(), KafkaSettings(), False, 60.0, S3Settings()
    )
    SparkHands(spark, settings, ()).dismiss(2, 1)
    kept, gone = before[0][1], before[1][1]
    until = time.monotonic() + 10
    while psutil.pid_exists(gone.pid) and psutil.Process(gone.pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until
        time.sleep(0.02)
    assert {who.pid for _, who in idle(spark, 1)} == {kept.pid}
    assert kept in {who for _, who in idle(spark, 2)}, "where one is lacking, Spark makes it"


def test_each_micro_batch_is_spread_over_the_workers_of_its_time(spark: SparkSession, tmp_path: Path) -> None:
    crew = a_crew(tmp_path, 1, ListedHands())
    spreads: list[int] = []

    def analyse(records: DataFrame) -> DataFrame:
        spreads.append(records.rdd.getNumPartitions())
        return records

    end = BatchEnd(InMemoryVideoStore(), InMemoryResultStore(), crew, analyse)
    records: Any = spark.range(0, 8, 1, 8).selectExpr("cast(null as string) as video_id")
    end(records, 0)
    ask_for(tmp_path, 2)
    crew.look()
    end(records, 1)
    ask_for(tmp_path, 1)
    crew.look()
    end(records, 2)
    assert spreads == [1, 2, 1]


def a_full_video() -> tuple[InMemoryVideoStore, InMemoryResultStore, Video]:
    """Stores with a video whose one frame has an outcome, which nobody has completed yet."""
    videos, results, video = InMemoryVideoStore(), InMemoryResultStore(), a_video()
    videos.create(video)
    videos.transition(video.video_id, VideoStatus.PROCESSING)
    videos.set_expected(video.video_id, 1, 1)
    results.save([analyzed(video.video_id, 1)], {video.video_id: 1})
    return videos, results, video


def test_the_next_micro_batch_does_not_wait_for_videos_to_be_completed(spark: SparkSession, tmp_path: Path) -> None:
    """But the one after it does: no more than one batch's videos are behind."""
    videos, results, video = a_full_video()
    may_go_on = threading.Event()
    counted = results.recount

    def slow(*asked: Any) -> None:
        assert may_go_on.wait(30)
        counted(*asked)

    results.recount = slow  # type: ignore[assignment, method-assign]
    end = BatchEnd(videos, results, a_crew(tmp_path, 1, ListedHands()), lambda records: records)
    records: Any = spark.range(1).selectExpr(f"'{video.video_id}' as video_id")
    end(records, 0)
    assert videos.get(video.video_id).status is VideoStatus.PROCESSING  # type: ignore[union-attr]
    threading.Timer(0.3, may_go_on.set).start()
    end(records, 1)
    assert videos.get(video.video_id).status is VideoStatus.COMPLETED  # type: ignore[union-attr]
    end.close(5)


def test_a_video_that_cannot_be_completed_holds_up_no_other(spark: SparkSession, tmp_path: Path) -> None:
    videos, results, video = a_full_video()
    bad, looked = uuid4(), videos.get

    def get(video_id: UUID) -> Video | None:
        if video_id == bad:
            raise RuntimeError("a row that nobody can read")
        return looked(video_id)

    videos.get = get  # type: ignore[method-assign]
    end = BatchEnd(videos, results, a_crew(tmp_path, 1, ListedHands()), lambda records: records)
    rows: Any = spark.createDataFrame([(str(bad),), (str(video.video_id),)], "video_id string")
    end(rows, 0)
    end.close(5)
    assert looked(video.video_id).status is VideoStatus.COMPLETED  # type: ignore[union-attr]
