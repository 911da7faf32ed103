"""Owns GPUs as Spark resources: how many there are, and which one a worker was given."""

import json
import math
import os
import subprocess
from pathlib import Path

from pyspark import TaskContext

from pipeline.contracts.errors import ModelUnavailable

DISCOVERY = Path(__file__).with_name("discover_gpus.sh")
SECONDS = 30.0


def addresses(script: Path = DISCOVERY) -> list[str]:
    """The GPUs of this machine; raises ModelUnavailable when there is none."""
    try:
        shown = subprocess.run([str(script)], capture_output=True, text=True, timeout=SECONDS, check=True).stdout
        found: list[str] = json.loads(shown)["addresses"]
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as e:
        raise ModelUnavailable(f"the GPUs cannot be listed ({type(e).__name__}); is NVIDIA's driver installed?") from e
    if not found:
        raise ModelUnavailable("this machine has no GPU; start without --gpu to use the CPU")
    return found


def resources(gpus: int, tasks: int, script: Path = DISCOVERY) -> dict[str, str]:
    """The Spark configuration of `gpus` GPUs on one machine for so many tasks at once: one each, or shared evenly."""
    return {
        "spark.worker.resource.gpu.amount": str(gpus),
        "spark.worker.resource.gpu.discoveryScript": str(script),
        "spark.executor.cores": str(tasks),
    } | of_each_executor(gpus, tasks, script)


def of_each_executor(gpus: int, cores: int, script: Path = DISCOVERY) -> dict[str, str]:
    """The Spark configuration of a cluster's executors with `gpus` GPUs each, shared evenly by as many tasks as cores.

    A cluster gives an application as many executors as it has GPUs for. Raises ModelUnavailable where GPUs of an
    executor would have nothing to do.
    """
    if cores < gpus:
        raise ModelUnavailable(
            f"an executor has {gpus} GPUs and {cores} cores: each GPU needs a core for its worker "
            "(FRAMEWISE_SPARK_EXECUTOR_CORES, FRAMEWISE_GPUS_PER_EXECUTOR)"
        )
    return {
        "spark.executor.resource.gpu.amount": str(gpus),
        "spark.executor.resource.gpu.discoveryScript": str(script),
        "spark.task.resource.gpu.amount": f"{1 / math.ceil(cores / gpus):.4g}",
    }


def bind_this_process() -> str | None:
    """Let this process see only the GPU that its task was given; its address. To be called before CUDA starts."""
    context = TaskContext.get()
    given = context.resources().get("gpu") if context else None
    if given is None or not given.addresses:
        return None
    os.environ["CUDA_VISIBLE_DEVICES"] = given.addresses[0]
    return given.addresses[0]
