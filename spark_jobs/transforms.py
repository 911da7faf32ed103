"""Owns what happens to DataFrames: records to columns, columns to workers, workers to outcomes."""

from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from pipeline.kafka.codecs import FRAME_HEADERS

PLACE = ("topic", "partition", "offset")
INPUT = ("value", *PLACE, *FRAME_HEADERS)
"""The columns that a worker gets, in this order."""


def header(name: str) -> Column:
    """The bytes of a record's header; null if there is none. Of several, the one at its usual place, or the first.

    Ingest writes them in one order, so they are found without searching all of them for each of them.
    """
    usual = F.get(F.col("headers"), F.lit(FRAME_HEADERS.index(name)))
    return F.when(usual["key"] == F.lit(name), usual["value"]).otherwise(_searched(name))


def _searched(name: str) -> Column:
    named = F.filter(F.col("headers"), lambda h: h["key"] == F.lit(name))
    return F.get(named, F.lit(0))["value"]


def parse(records: DataFrame) -> DataFrame:
    """Kafka records (with headers) as one column a header; nothing is judged here."""
    return records.select("value", *PLACE, *(header(name).alias(name) for name in FRAME_HEADERS))


def spread(frames: DataFrame, workers: int) -> DataFrame:
    """One task a worker, each reading its share of the partitions: whole waves, and no frame is moved."""
    return frames.coalesce(workers)


def outcomes(frames: DataFrame, analyze: Callable[..., Column]) -> DataFrame:
    """What becomes of each record, by the pandas UDF `analyze`."""
    return frames.select(analyze(*(F.col(name) for name in INPUT)).alias("outcome")).select("outcome.*")
