"""Owns how many workers an installation has room for, and what says so."""

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import SparkSession

from pipeline.contracts.settings import AnalysisSettings, KafkaSettings
from spark_jobs.crew import Limit
from spark_jobs.live_need import LiveNeed


@dataclass(frozen=True, slots=True)
class Room:
    """The room for workers by the settings. Only on one machine without GPUs is there more than they ask for.

    `partitions` says how many topic `frames` has, on a cluster.
    """

    analysis: AnalysisSettings
    kafka: KafkaSettings
    partitions: Callable[[], int] | None = None

    @property
    def elastic(self) -> bool:
        """Whether this application is its own cluster, of threads that cost nothing while they have no task."""
        return not self.analysis.spark_master and not self.analysis.gpu

    @property
    def settings(self) -> AnalysisSettings:
        """With as many workers as there may ever be."""
        most = max(self.analysis.workers, self.kafka.frames_partitions)
        return self.analysis.model_copy(update={"workers": most}) if self.elastic else self.analysis

    @property
    def live(self) -> int:
        """As many workers for live frames as there may ever be."""
        return (
            max(self.analysis.live_workers, self.kafka.live_partitions) if self.elastic else self.analysis.live_workers
        )

    def live_need(self) -> LiveNeed:
        """How many of them are needed; a cluster's cores and a machine's GPUs are dealt out at the start."""
        return LiveNeed() if self.elastic else LiveNeed(lambda: None)

    def limit(self, spark: SparkSession) -> Limit:
        """How many workers there may be now: more partitions than workers, and no worker without a core of its own."""
        if self.analysis.gpu:
            return Limit(self.analysis.workers, "there is one worker a GPU", fixed=True)
        partitions = self.partitions() if self.partitions else self.kafka.frames_partitions
        if self.analysis.spark_master:
            cores = spark.sparkContext.defaultParallelism - self.analysis.live_workers
            if max(cores, self.analysis.workers) < partitions:
                return Limit(max(cores, self.analysis.workers), f"the cluster has {cores} cores for them")
        return Limit(partitions, f"topic frames has {partitions} partitions, and a worker needs one of its own")
