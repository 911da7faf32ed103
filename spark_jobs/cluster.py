"""Owns what an application on a Spark cluster has besides one on this machine: its configuration, and its waiting."""

import ipaddress
import logging
import math
import re
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from pipeline.contracts.errors import ClusterError
from pipeline.contracts.settings import AnalysisSettings, ClusterSettings
from spark_jobs import executors, gpus
from spark_jobs.session import LIGHT_JVM

CODE = "framewise-code"
"""Where our archive is unpacked, beside each executor."""
SECRET = r"(?i)secret|password|token|access[._]?key|credential"
"""Names of which Spark shows no values; its own pattern does not know AWS_ACCESS_KEY_ID."""
POLL_SECONDS = 0.5

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Submission:
    """An application for a cluster: `options` of Spark, `variables` for workers, and what is asked of executors.

    `reach` are the servers, HOST:PORT, that every executor must reach.
    """

    options: Mapping[str, str]
    variables: Mapping[str, str]
    cores: int
    cores_each: int
    wait_seconds: float
    reach: Sequence[str]

    def prepare(self, spark: SparkSession) -> None:
        """Wait for executors, and have a look at what they have. Raises ClusterError."""
        # Not by Spark's configuration: that stands in the list of processes and is shown by its pages.
        spark.sparkContext.environment.update(self.variables)
        there = wait_for_cores(spark, self.cores, self.cores_each, self.wait_seconds)
        executors.check(spark, there, self.reach)


def options(cluster: ClusterSettings, analysis: AnalysisSettings, archive: Path) -> dict[str, str]:
    """What Spark is told besides, for executors elsewhere. All files in it are this host's; Spark hands them out."""
    cores = cluster.spark_executor_cores
    chosen = {
        "spark.archives": ",".join([f"{archive}#{CODE}", *cluster.spark_archives]),
        "spark.executorEnv.PYTHONPATH": CODE,
        "spark.executorEnv.PROMETHEUS_MULTIPROC_DIR": "metrics",
        "spark.executor.cores": str(cores),
        "spark.executor.memory": cluster.spark_executor_memory,
        "spark.executor.memoryOverhead": f"{cores * megabytes(cluster.spark_worker_memory)}m",
        "spark.executor.extraJavaOptions": LIGHT_JVM,
        "spark.driver.bindAddress": cluster.spark_driver_bind or analysis.spark_driver_host,
        "spark.driver.port": str(cluster.spark_driver_port),
        "spark.driver.blockManager.port": str(cluster.spark_block_port),
        # A task would rather wait three seconds for the executor that read its partition last than take a free one.
        "spark.locality.wait": "0s",
        "spark.redaction.regex": SECRET,
        # Spark has them already; each executor would fetch 60 MB for nothing.
        "spark.jars.excludes": "org.apache.hadoop:hadoop-client-api,org.apache.hadoop:hadoop-client-runtime",
    }
    if analysis.gpu:
        # The script lies where it lies here, as in our image: what Spark ships comes after it has looked for GPUs.
        chosen |= gpus.of_each_executor(analysis.gpus_per_executor, cores)
    if not analysis.spark_master.startswith("spark://"):
        # Spark's own cluster gives all its cores, those that come later too; others are asked for a number.
        needed = math.ceil((analysis.workers + analysis.live_workers) / cores)
        if analysis.gpu:
            needed = max(needed, math.ceil(analysis.workers / analysis.gpus_per_executor))
            chosen["spark.executor.resource.gpu.vendor"] = "nvidia.com"
        chosen["spark.executor.instances"] = str(needed)
    return chosen


def megabytes(memory: str) -> int:
    """`2g` or `1500m` in MiB."""
    return int(memory[:-1]) * (1024 if memory.endswith("g") else 1)


def wait_for_cores(spark: SparkSession, wanted: int, cores_each: int, seconds: float) -> int:
    """The cores of all executors: as many as wanted, or what has come by then. Raises ClusterError when none has."""
    until = time.monotonic() + seconds
    while (there := _executors(spark) * cores_each) < wanted and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
    if not there:
        raise ClusterError(
            f"the cluster {spark.sparkContext.master} has given no executor within {seconds:g} s: has it workers with "
            "a free core and enough memory, and can they reach this host? Its own page and the workers' logs say more"
        )
    if there < wanted:
        log.warning("the cluster gives %d cores, %d are wanted: some tasks wait for others", there, wanted)
    return there


def _executors(spark: SparkSession) -> int:
    """How many have come; the application itself is in Spark's list too."""
    known: int = spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size()
    return known - 1


def host_of(master: str) -> tuple[str, int] | None:
    """Host and port of the (first) master; None where its address does not say."""
    found = re.match(r"^(?:spark://|k8s://(?:https?://)?)(\[[^\]]+\]|[^:/,]+)(?::(\d+))?", master)
    return (found[1].strip("[]"), int(found[2] or 443)) if found else None


def own_address(master: str) -> str:
    """The address of this host on the way to the master. Raises ClusterError."""
    place = host_of(master) or (socket.gethostname(), 1)
    try:
        family, _, _, _, address = socket.getaddrinfo(*place, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(address)  # sends nothing
            return str(probe.getsockname()[0])
    except OSError as e:
        raise ClusterError(f"the cluster's master {master} is not found: {e}; see FRAMEWISE_SPARK_MASTER") from e


def is_loopback(host: str) -> bool:
    """Whether a host is a machine's name for itself."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
