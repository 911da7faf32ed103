"""Owns the one Spark session builder."""

import os
import sys
from collections.abc import Mapping
from types import MappingProxyType

import pyspark
from pyspark.sql import SparkSession

from pipeline.contracts.settings import ROOT, AnalysisSettings, PathSettings
from spark_jobs import gpus

TASK_ATTEMPTS = 10
"""Several batches of one task may each end their worker once, before their frames are tried alone."""
LIGHT_JVM = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Duser.timezone=UTC"
"""For a JVM that only passes bytes on: the optimising compiler costs more than it saves."""
GPU_EXECUTOR_MB = 2048
STANDING_STILL = {"spark.network.timeout": "24h", "spark.rpc.askTimeout": "120s"}
"""On one machine: the executor is this process. After minutes in which the machine stood still, as laptops and virtual
machines do, Spark would take it for lost, and end the application."""
STREAMING = "org.apache.spark.sql.execution.streaming"


def master_of(settings: AnalysisSettings, live: int = 0) -> str:
    """Where the application runs: the setting, or this machine.

    On the CPU that is as many threads of one process as there may be workers, those for `live` frames included: one
    without a task costs nothing. GPUs are resources, which only a cluster manager deals out: one with a single
    executor, within this application.
    """
    if settings.spark_master:
        return settings.spark_master
    if settings.gpu:
        return f"local-cluster[1,{settings.workers + live},{GPU_EXECUTOR_MB}]"
    return f"local[{settings.workers + live},{TASK_ATTEMPTS}]"


def connector_coordinate() -> str:
    """The Kafka connector that belongs to the installed pyspark."""
    return f"org.apache.spark:spark-sql-kafka-0-10_2.13:{pyspark.__version__}"


def options(settings: AnalysisSettings, paths: PathSettings, live: int = 0) -> dict[str, str]:
    """The Spark configuration."""
    chosen = {
        "spark.driver.memory": settings.spark_driver_memory,
        "spark.driver.host": settings.spark_driver_host,
        "spark.driver.bindAddress": settings.spark_driver_host,
        "spark.driver.extraJavaOptions": f"{LIGHT_JVM} -XX:MaxMetaspaceSize=256m",
        "spark.local.dir": str(paths.data_dir / "spark"),
        "spark.sql.warehouse.dir": str(paths.data_dir / "spark" / "warehouse"),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(settings.workers),
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(settings.batch_frames),
        "spark.sql.streaming.minBatchesToRetain": "10",
        # The usual one has programs (`readlink`, `chmod`) started twenty times a micro-batch, while the workers wait.
        "spark.sql.streaming.checkpointFileManagerClass": f"{STREAMING}.FileSystemBasedCheckpointFileManager",
        # How long an idle query waits before it asks Kafka again; 10 ms by default, a third of a core for nothing.
        "spark.sql.streaming.pollingDelay": "100ms",
        "spark.sql.adaptive.enabled": "false",
        "spark.task.maxFailures": str(TASK_ATTEMPTS),
        "spark.ui.port": str(settings.spark_ui_port),
        "spark.ui.showConsoleProgress": "false",
        "spark.python.worker.reuse": "true",
    }
    if master_of(settings, live).startswith("local["):
        chosen |= STANDING_STILL
    chosen |= _connector()
    chosen |= {f"spark.executorEnv.{name}": value for name, value in os.environ.items() if _is_observing(name)}
    if settings.gpu:
        chosen |= gpus.resources(settings.workers, settings.workers + live)
        chosen |= {"spark.executor.memory": f"{GPU_EXECUTOR_MB}m", "spark.executorEnv.PYTHONPATH": str(ROOT)}
    return chosen


def _is_observing(name: str) -> bool:
    """Whether a variable says how processes log, count and trace: workers elsewhere do as this one does.

    Headers may hold a token, and Spark shows its configuration: they are left to each machine's own environment.
    """
    return (name.startswith("OTEL_") and "HEADERS" not in name) or name in (
        "FRAMEWISE_LOG_FORMAT",
        "PROMETHEUS_MULTIPROC_DIR",
    )


def _connector() -> dict[str, str]:
    jars = os.environ.get("FRAMEWISE_SPARK_JARS")
    if jars is None:
        return {"spark.jars.packages": connector_coordinate()}
    return {"spark.jars": jars} if jars else {}  # named, but empty: they are among Spark's own, as in the image


def build_session(
    settings: AnalysisSettings, paths: PathSettings, live: int = 0, more: Mapping[str, str] = MappingProxyType({})
) -> SparkSession:
    """The session, with room for `live` tasks beside the workers; `more` options win. Workers run this interpreter."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.appName("framewise-analysis").master(master_of(settings, live))
    for name, value in {**options(settings, paths, live), **more}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
