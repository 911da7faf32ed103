"""The Spark configuration, and GPUs as resources of a real Spark application."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.contracts.errors import ModelUnavailable
from pipeline.contracts.settings import ROOT, AnalysisSettings, PathSettings
from spark_jobs import gpus, session

APPLICATION = """
import sys
from pathlib import Path
from pyspark import TaskContext
from pyspark.sql import SparkSession
from spark_jobs import gpus

def given(_):
    yield TaskContext.get().resources()["gpu"].addresses[0], gpus.bind_this_process()

builder = SparkSession.builder.master("local-cluster[1,2,1024]").config("spark.ui.enabled", "false")
builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.executorEnv.PYTHONPATH", sys.argv[2])
for name, value in gpus.resources(2, 2, Path(sys.argv[1])).items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()
print("GIVEN", sorted(spark.sparkContext.parallelize(range(2), 2).mapPartitions(given).collect()))
spark.stop()
"""


def script(folder: Path, text: str) -> Path:
    file = folder / "discover.sh"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


def run(application: str, discovery: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """What an application says that is given the discovery script."""
    (folder / "application.py").write_text(application)
    return subprocess.run(
        [sys.executable, str(folder / "application.py"), str(discovery), str(ROOT)],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PYSPARK_PYTHON": sys.executable, "HOME": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_as_many_local_threads_as_workers() -> None:
    assert session.master_of(AnalysisSettings(workers=3)) == f"local[3,{session.TASK_ATTEMPTS}]"
    assert session.master_of(AnalysisSettings(workers=3), live=1) == f"local[4,{session.TASK_ATTEMPTS}]"
    assert session.master_of(AnalysisSettings(spark_master="spark://a:7077")) == "spark://a:7077"
    assert session.master_of(AnalysisSettings(gpu=True, workers=2)).startswith("local-cluster[1,2,")


def test_only_executors_elsewhere_are_lost_by_silence(tmp_path: Path) -> None:
    paths = PathSettings(data_dir=tmp_path)
    assert session.options(AnalysisSettings(workers=2), paths)["spark.network.timeout"] == "24h"
    assert "spark.network.timeout" not in session.options(AnalysisSettings(spark_master="spark://m:7077"), paths)


def test_gpus_are_asked_for_only_when_wanted(tmp_path: Path) -> None:
    paths = PathSettings(data_dir=tmp_path)
    assert "spark.task.resource.gpu.amount" not in session.options(AnalysisSettings(), paths)
    asked = session.options(AnalysisSettings(gpu=True, workers=2), paths)
    assert (asked["spark.executor.resource.gpu.amount"], asked["spark.task.resource.gpu.amount"]) == ("2", "1")


def test_live_tasks_share_the_gpus_with_the_others(tmp_path: Path) -> None:
    asked = session.options(AnalysisSettings(gpu=True, workers=2), PathSettings(data_dir=tmp_path), live=1)
    assert (asked["spark.task.resource.gpu.amount"], asked["spark.executor.cores"]) == ("0.5", "3")
    assert gpus.resources(1, 4)["spark.task.resource.gpu.amount"] == "0.25"


def test_a_machine_without_a_gpu_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="no GPU"):
        gpus.addresses(script(tmp_path, """echo '{"name": "gpu", "addresses": []}'"""))
    with pytest.raises(ModelUnavailable, match="driver"):
        gpus.addresses(script(tmp_path, "exit 1"))
    assert gpus.addresses(script(tmp_path, """echo '{"addresses": ["0", "1"]}'""")) == ["0", "1"]


def test_outside_a_task_no_gpu_is_given() -> None:
    assert gpus.bind_this_process() is None


def test_each_worker_is_given_a_gpu_of_its_own(tmp_path: Path) -> None:
    """Spark deals out what the discovery script names; here a script names two."""
    discovery = script(tmp_path, """echo '{"name": "gpu", "addresses": ["4", "7"]}'""")
    done = run(APPLICATION, discovery, tmp_path)
    assert "GIVEN [('4', '4'), ('7', '7')]" in done.stdout, done.stderr[-3000:]


CLUSTER = """
import sys, time
from pathlib import Path
from pyspark import TaskContext
from pyspark.sql import SparkSession
from spark_jobs import gpus

def given(_):
    time.sleep(1)
    return [(TaskContext.get().resources()["gpu"].addresses[0] == gpus.bind_this_process(), __import__("os").getppid())]

builder = SparkSession.builder.master("local-cluster[2,2,1024]").config("spark.ui.enabled", "false")
builder = builder.config("spark.driver.host", "127.0.0.1").config("spark.executorEnv.PYTHONPATH", sys.argv[2])
workers = {"spark.worker.resource.gpu.amount": "1", "spark.worker.resource.gpu.discoveryScript": sys.argv[1]}
options = workers | {"spark.executor.cores": "2", "spark.executor.memory": "512m"}
for name, value in (options | gpus.of_each_executor(1, 2, Path(sys.argv[1]))).items():
    builder = builder.config(name, value)
spark = builder.getOrCreate()
while spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() < 3:
    time.sleep(0.1)
found = spark.sparkContext.parallelize(range(4), 4).mapPartitions(given).collect()
print("GIVEN", [right for right, _ in found], "executors", len({daemon for _, daemon in found}))
spark.stop()
"""


@pytest.mark.slow
def test_workers_on_several_executors_have_the_gpu_of_theirs(tmp_path: Path) -> None:
    """Two executors with a GPU each, two tasks on each: all four run at the same time, and each knows its GPU."""
    discovery = script(tmp_path, """echo '{"name": "gpu", "addresses": ["3"]}'""")
    done = run(CLUSTER, discovery, tmp_path)
    assert "GIVEN [True, True, True, True] executors 2" in done.stdout, done.stderr[-3000:]


def test_beside_gpus_batches_are_larger_unless_they_are_set() -> None:
    plain, beside, own = AnalysisSettings(), AnalysisSettings(gpu=True), AnalysisSettings(gpu=True, batch_frames=9)
    assert (plain.batch_frames, plain.trigger_frames) == (32, 800)
    assert (beside.batch_frames, beside.trigger_frames) == (512, 4096)
    assert (own.batch_frames, own.trigger_frames) == (9, 4096)
