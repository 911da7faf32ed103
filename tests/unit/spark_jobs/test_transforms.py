"""DataFrame in, DataFrame out: headers to columns, records to outcomes, over static frames."""

from collections.abc import Iterator
from uuid import uuid4

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.functions import pandas_udf
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
)

from pipeline.contracts.frames import Frame
from pipeline.kafka.codecs import FRAME_HEADERS, encode_frame
from spark_jobs import transforms
from spark_jobs.schema import OUTCOME
from tests.unit.factories import a_frame

KAFKA = StructType(
    [
        StructField("value", BinaryType()),
        StructField("topic", StringType()),
        StructField("partition", IntegerType()),
        StructField("offset", LongType()),
        StructField(
            "headers",
            ArrayType(StructType([StructField("key", StringType()), StructField("value", BinaryType())])),
        ),
    ]
)


def records(spark: SparkSession, *frames: Frame) -> DataFrame:
    rows = []
    for offset, frame in enumerate(frames):
        value, headers = encode_frame(frame)
        rows.append((value, "frames", offset % 8, offset, headers))
    return spark.createDataFrame(rows, KAFKA)


def test_headers_become_columns(spark: SparkSession) -> None:
    frame = a_frame(uuid4(), 7)
    row = transforms.parse(records(spark, frame)).collect()[0]
    assert row["video_id"] == str(frame.video_id).encode()
    assert (row["frame_number"], row["schema"], row["captured_at"]) == (b"7", b"1", b"")
    assert (row["topic"], row["partition"], row["offset"], bytes(row["value"])) == ("frames", 0, 0, frame.jpeg)


def test_missing_and_repeated_headers_do_not_fail_the_job(spark: SparkSession) -> None:
    strange = [
        (b"x", "frames", 0, 0, None),
        (b"x", "frames", 0, 1, []),
        (b"x", "frames", 0, 2, [("schema", b"1"), ("schema", b"2"), ("video_id", None)]),
        (None, "frames", 0, 3, [("schema", b"\xff\xfe")]),
    ]
    rows = transforms.parse(spark.createDataFrame(strange, KAFKA)).orderBy("offset").collect()
    assert [row["video_id"] for row in rows] == [None] * 4
    assert [row["schema"] for row in rows][:3] == [None, None, b"1"]


def test_frames_are_spread_in_whole_waves(spark: SparkSession) -> None:
    frames = spark.range(0, 80, 1, 8)
    assert transforms.spread(frames, 2).rdd.getNumPartitions() == 2


def test_outcomes_keep_the_schema_and_the_order_of_columns(spark: SparkSession) -> None:
    video_id = uuid4()
    names = transforms.INPUT

    def answer(batches: Iterator[tuple[pd.Series, ...]]) -> Iterator[pd.DataFrame]:
        for batch in batches:
            kept = dict(zip(names, batch, strict=True))
            assert list(kept["frame_number"]) == [b"3"]
            assert set(FRAME_HEADERS) <= set(names)
            yield pd.DataFrame({"video_id": [kept["video_id"][0].decode()]})

    answer.__annotations__ = {"batches": Iterator[tuple[pd.Series, ...]], "return": Iterator[pd.DataFrame]}
    udf = pandas_udf(answer, OUTCOME)  # type: ignore[call-overload]
    found = transforms.outcomes(transforms.parse(records(spark, a_frame(video_id, 3))), udf)
    assert found.schema == OUTCOME
    assert found.toArrow().to_pylist() == [{"video_id": str(video_id)}]
