"""What an executor's container runs, by the variables that Spark sets."""

import re
import subprocess
import sys

import pytest

from pipeline.contracts.settings import ROOT
from spark_jobs import executor_pod

TOLD = {
    "SPARK_DRIVER_URL": "spark://CoarseGrainedScheduler@10.0.0.1:7078",
    "SPARK_EXECUTOR_ID": "3",
    "SPARK_EXECUTOR_CORES": "1",
    "SPARK_EXECUTOR_MEMORY": "1g",
    "SPARK_APPLICATION_ID": "spark-1",
    "SPARK_EXECUTOR_POD_IP": "10.0.0.2",
    "SPARK_EXECUTOR_POD_NAME": "framewise-exec-3",
    "SPARK_RESOURCE_PROFILE_ID": "0",
    "JAVA_HOME": "/opt/java",
}


def test_it_is_the_jvm_that_spark_describes() -> None:
    words = executor_pod.command(TOLD | {"SPARK_JAVA_OPT_10": "-Dlast", "SPARK_JAVA_OPT_2": "-Dx=a b"})
    assert words[:5] == ["/opt/java/bin/java", "-Dx=a b", "-Dlast", "-Xms1g", "-Xmx1g"]
    assert words[5] == executor_pod.BACKEND
    told = dict(zip(words[6::2], words[7::2], strict=True))
    assert told["--driver-url"] == TOLD["SPARK_DRIVER_URL"]
    assert told["--hostname"] == "10.0.0.2"
    assert told["--podName"] == "framewise-exec-3"


def test_sparks_jars_are_on_its_path() -> None:
    assert re.search(r"pyspark/jars/\*$", executor_pod.classpath({}))
    assert executor_pod.classpath({"SPARK_CLASSPATH": "/more/*"}).endswith(":/more/*")


def test_what_is_missing_is_said() -> None:
    with pytest.raises(ValueError, match="SPARK_DRIVER_URL, SPARK_EXECUTOR_POD_IP is not set"):
        executor_pod.command(TOLD | {"SPARK_DRIVER_URL": "", "SPARK_EXECUTOR_POD_IP": ""})


def test_run_by_its_path_it_needs_nothing_of_the_tree() -> None:
    path = ROOT / "spark_jobs" / "executor_pod.py"
    done = subprocess.run(
        [sys.executable, "-P", str(path), "executor"], env={}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: Spark tells executors")
