"""For how many workers there is room."""

from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.contracts.settings import AnalysisSettings, KafkaSettings
from spark_jobs.room import Room


def an_application(cores: int) -> Any:
    """As much of a Spark application as is asked."""
    return SimpleNamespace(sparkContext=SimpleNamespace(defaultParallelism=cores))


def test_on_one_machine_there_is_room_for_a_worker_a_partition() -> None:
    room = Room(AnalysisSettings(workers=2), KafkaSettings(frames_partitions=6, live_partitions=3))
    assert (room.settings.workers, room.live) == (6, 3)
    limit = room.limit(an_application(9))
    assert (limit.most, "6 partitions" in limit.why) == (6, True)


def test_with_gpus_there_is_one_worker_each() -> None:
    room = Room(AnalysisSettings(workers=2, gpu=True), KafkaSettings())
    assert (room.settings.workers, room.live, room.limit(an_application(3)).most) == (2, 1, 2)


@pytest.mark.parametrize(("cores", "most"), [(2, 2), (5, 4), (40, 8)])
def test_a_cluster_has_room_for_a_worker_a_core(cores: int, most: int) -> None:
    room = Room(AnalysisSettings(workers=2, spark_master="spark://a:7077"), KafkaSettings())
    assert room.settings.workers == 2
    assert room.limit(an_application(cores)).most == most
    assert room.live_need().tasks(1, 1, 8) == 1


def test_partitions_that_were_added_to_the_topic_make_room() -> None:
    settings = AnalysisSettings(workers=2, spark_master="spark://a:7077"), KafkaSettings(frames_partitions=8)
    assert Room(*settings, lambda: 12).limit(an_application(40)).most == 12
