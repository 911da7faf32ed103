"""Owns the one streaming query: topic `frames`, read in micro-batches from where the checkpoint says."""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from pipeline.contracts.settings import AnalysisSettings, KafkaSettings, PathSettings
from pipeline.kafka.topics import Topics
from spark_jobs import transforms
from spark_jobs.batch_end import BatchEnd

FETCH_WAIT_MS = 5
"""The connector asks for a topic's ends beside each fetch, and is answered when the broker has let go of the one
before, which waits for records that nobody needs: half a second a partition by default."""


def read_frames(spark: SparkSession, kafka: KafkaSettings, analysis: AnalysisSettings) -> DataFrame:
    """The stream of frame records, from the earliest that the topic still has."""
    return (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", kafka.kafka_bootstrap)
        .option("subscribe", Topics.of(kafka).frames)
        .option("startingOffsets", "earliest")
        .option("includeHeaders", "true")
        .option("maxOffsetsPerTrigger", analysis.trigger_frames)
        .option("failOnDataLoss", "false")
        .option("kafka.fetch.max.wait.ms", FETCH_WAIT_MS)
        .load()
    )


def start_query(
    spark: SparkSession, kafka: KafkaSettings, analysis: AnalysisSettings, paths: PathSettings, end: BatchEnd
) -> StreamingQuery:
    """Have each micro-batch parsed and handed to `end`, which knows how many workers there are by then."""
    return (
        transforms.parse(read_frames(spark, kafka, analysis))
        .writeStream.queryName("analysis")
        .option("checkpointLocation", paths.checkpoint_url)
        .foreachBatch(end)
        .start()
    )
