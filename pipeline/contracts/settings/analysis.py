"""Owns the settings of the analysis, on one machine or on a cluster."""

import os
from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from pipeline.contracts.settings.base import FramewiseSettings, split


class AnalysisSettings(FramewiseSettings):
    """The Spark application: workers, batches, where it runs."""

    workers: int = Field(default_factory=lambda: max(1, os.cpu_count() or 1), ge=1)
    live_workers: int = Field(
        default=1,
        ge=1,
        le=64,
        description="for live frames, beside the others; on one machine more join while they are busy",
    )
    gpu: bool = False
    spark_master: str = ""
    spark_driver_memory: str = "1g"
    spark_driver_host: str = Field(default="127.0.0.1", description="where a cluster's workers reach the application")
    gpus_per_executor: int = Field(
        default=1, ge=1, description="of a cluster whose executors are asked for by `spark_jobs.submit`"
    )
    batch_frames: int = Field(
        default_factory=lambda given: 512 if given.get("gpu") else 32,
        ge=1,
        description="frames of one Arrow batch, handed to the models together; 512 with GPUs, else 32",
    )
    trigger_frames: int = Field(
        default_factory=lambda given: 4096 if given.get("gpu") else 800,
        ge=1,
        description="frames of one micro-batch; 4096 with GPUs, else 800",
    )
    hang_seconds: float = Field(default=60.0, ge=1, description="without progress, a worker process is ended")
    spark_ui_port: int = Field(default=4040, ge=0)
    preload: bool = Field(default=True, description="load every task's model at start")


MEMORY = r"^[1-9]\d*[mg]$"


class ClusterSettings(FramewiseSettings):
    """How the analysis runs on a Spark cluster; `python -m spark_jobs.submit` reads them."""

    spark_executor_cores: int = Field(default=1, ge=1, description="of each executor: so many Python workers")
    spark_executor_memory: str = Field(default="1g", pattern=MEMORY, description="of the JVM of each executor")
    spark_worker_memory: str = Field(
        default="2g", pattern=MEMORY, description="of each Python worker, where the cluster bounds memory"
    )
    spark_python: str = Field(
        default="", description="the executors' Python, a path on their hosts or in an archive; else this one's path"
    )
    spark_archives: Annotated[tuple[str, ...], NoDecode, BeforeValidator(split)] = Field(
        default=(), description="unpacked beside each executor, FILE#NAME with commas between: a packed environment"
    )
    spark_forward: Annotated[tuple[str, ...], NoDecode, BeforeValidator(split)] = Field(
        default=(), description="variables of the application that workers get, such as AWS_ACCESS_KEY_ID; not shown"
    )
    spark_driver_bind: str = Field(
        default="", description="where the application listens, if that is not where it is reached"
    )
    spark_driver_port: int = Field(default=0, ge=0, le=65535, description="of the application; 0 is any")
    spark_block_port: int = Field(default=0, ge=0, le=65535, description="of the application's blocks; 0 is any")
    spark_wait_seconds: float = Field(default=300.0, gt=0, description="for executors to come at the start")
