"""Owns a stream that only counts: `python -m stack.streaming_count BOOTSTRAP TOPIC FOLDER` prints how many records."""

import os
import sys

from pyspark.sql import DataFrame, SparkSession

from stack.settings import LIGHT_JVM

SECONDS = 200


def count(bootstrap: str, topic: str, folder: str) -> int:
    """The records that the topic holds now, counted by Structured Streaming batch by batch."""
    counted: list[int] = []

    def add(batch_df: DataFrame, batch_id: int) -> None:
        counted.append(batch_df.count())

    spark = _session(folder)
    try:
        records = (
            spark.readStream.format("kafka")
            .option("kafka.bootstrap.servers", bootstrap)
            .option("subscribe", topic)
            .option("startingOffsets", "earliest")
            .load()
        )
        stream = records.writeStream.foreachBatch(add).trigger(availableNow=True)
        query = stream.option("checkpointLocation", f"{folder}/checkpoint").start()
        if not query.awaitTermination(SECONDS):
            raise TimeoutError(f"the stream did not end within {SECONDS} s")
    finally:
        spark.stop()
    return sum(counted)


def _session(folder: str) -> SparkSession:
    options = {
        "spark.jars": os.environ["FRAMEWISE_SPARK_JARS"],
        "spark.driver.memory": "512m",
        "spark.driver.extraJavaOptions": " ".join(LIGHT_JVM),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.local.dir": folder,
        "spark.sql.warehouse.dir": f"{folder}/warehouse",
        "spark.sql.shuffle.partitions": "1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.appName("framewise-doctor").master("local[1]")
    for name, value in options.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def main() -> int:
    """Print the number as the last line."""
    sys.stdout.write(f"{count(*sys.argv[1:4])}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
