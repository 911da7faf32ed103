"""Executors as Kubernetes would run them: by the template of their pods, over an API that keeps them as processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.contracts.settings import ROOT
from tests.integration.kube_api import kubernetes

SPARK = ROOT / "docker" / "kubernetes" / "base" / "spark"
APPLICATION = """
import json, os, sys
import pyarrow as pa
from pipeline.contracts.settings import AnalysisSettings, PathSettings
from spark_jobs.cluster import wait_for_cores
from spark_jobs.session import build_session
from spark_jobs.submit import submit

def who(batches):
    for _ in batches:
        import spark_jobs.executor_pod
        yield pa.RecordBatch.from_pylist([{"pod": os.environ["SPARK_EXECUTOR_POD_NAME"]}])

submission = submit(sys.argv[1], "2", [f"spark.kubernetes.executor.podTemplateFile={sys.argv[2]}"] + sys.argv[3:])
spark = build_session(AnalysisSettings(), PathSettings(), 1, submission.options)
there = wait_for_cores(spark, 3, 1, 90)
pods = {row.pod for row in spark.range(0, 300, 1, 60).mapInArrow(who, "pod string").collect()}
print("RAN", json.dumps([there, sorted(pods)]))
spark.stop()
"""
# The API is asked anew instead of being listened to.
QUICK = (
    "spark.kubernetes.executor.enableApiWatcher=false",
    "spark.kubernetes.executor.apiPollingInterval=500ms",
    "spark.executor.memory=512m",
    "spark.blockManager.port=0",
)


@pytest.mark.slow
def test_spark_makes_its_executors_by_the_template_and_they_work(tmp_path: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("FRAMEWISE_")}
    settings = {
        "FRAMEWISE_DATA_DIR": str(tmp_path / "driver"),
        "FRAMEWISE_FRAME_STORE": "s3://frames/trial",
        "FRAMEWISE_SPARK_JARS": "",
        "FRAMEWISE_SPARK_DRIVER_HOST": "127.0.0.1",
        "FRAMEWISE_SPARK_UI_PORT": "0",
        "SPARK_CONF_DIR": str(SPARK),
        "PYTHONPATH": str(ROOT),
    }
    with kubernetes(tmp_path / "pods", "analysis-0") as (address, api, kubelet):
        done = subprocess.run(
            [sys.executable, "-c", APPLICATION, f"k8s://{address}", str(SPARK / "executor.yaml"), *QUICK],
            env=kept | settings,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        said = [line for line in done.stdout.splitlines() if line.startswith("RAN ")]
        assert said, done.stderr[-4000:] + kubelet.logs()
    there, pods = json.loads(said[0].removeprefix("RAN "))
    assert there == 3
    assert set(pods) <= {pod["metadata"]["name"] for pod in api.asked}
    assert len(pods) >= 2, "several executors worked"
    for pod in api.asked:
        container, spec = pod["spec"]["containers"][0], pod["spec"]
        assert container["image"] == "framewise:cpu"
        assert container["command"] == ["python", "-P", "/app/spark_jobs/executor_pod.py"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert {"configMapRef": {"name": "framewise-settings"}} in container["envFrom"]
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["serviceAccountName"] == "executor"
        assert spec["initContainers"][0]["name"] == "weights"
        assert {"data", "tmp"} <= {volume["name"] for volume in spec["volumes"]}
        assert pod["metadata"]["labels"]["framewise/asks-servers"] == "true"
