"""Executors as Kubernetes would run them: by the template of their pods, over an API that keeps them as processes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.contracts.settings import ROOT
from tests.integration.kube_api import kubernetes

MANIFESTS = ROOT / "docker" / "kubernetes"
APPLICATION = """
import json, os, sys
import pyarrow as pa
from pyspark import TaskContext
from pipeline.contracts.settings import AnalysisSettings, PathSettings
from spark_jobs.cluster import wait_for_cores
from spark_jobs.session import build_session
from spark_jobs.submit import submit

def who(batches):
    for _ in batches:
        import spark_jobs.executor_pod
        gpu = TaskContext.get().resources().get("gpu")
        row = {"pod": os.environ["SPARK_EXECUTOR_POD_NAME"], "gpu": gpu.addresses[0] if gpu else ""}
        yield pa.RecordBatch.from_pylist([row])

cores, options = int(sys.argv[1]), sys.argv[2:]
submission = submit(conf=options)
settings = AnalysisSettings()
spark = build_session(settings, PathSettings(), settings.live_workers, submission.options)
there = wait_for_cores(spark, cores, submission.cores_each, 180)
ran = {tuple(row) for row in spark.range(0, 300, 1, 60).mapInArrow(who, "pod string, gpu string").collect()}
print("RAN", json.dumps([there, sorted(ran)]))
spark.stop()
"""
# The API is asked anew instead of being listened to, and JVMs are small.
QUICK = (
    "spark.kubernetes.executor.enableApiWatcher=false",
    "spark.kubernetes.executor.apiPollingInterval=500ms",
    "spark.executor.memory=512m",
    "spark.blockManager.port=0",
)
SETTINGS = {
    "FRAMEWISE_FRAME_STORE": "s3://frames/trial",
    "FRAMEWISE_SPARK_JARS": "",
    "FRAMEWISE_SPARK_DRIVER_HOST": "127.0.0.1",
    "FRAMEWISE_SPARK_UI_PORT": "0",
    "PYTHONPATH": str(ROOT),
}


def run(folder: Path, spark: Path, cores: int, *conf: str, **settings: str) -> tuple[int, list[list[str]], list[Any]]:
    """The cores that came, the pods and GPUs of the tasks that ran, and the pods that were asked for."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("FRAMEWISE_")}
    options = (f"spark.kubernetes.executor.podTemplateFile={spark / 'executor.yaml'}", *QUICK, *conf)
    own = SETTINGS | {"FRAMEWISE_DATA_DIR": str(folder / "driver"), "SPARK_CONF_DIR": str(spark)} | settings
    with kubernetes(folder / "pods", "analysis-0") as (address, api, kubelet):
        done = subprocess.run(
            [sys.executable, "-c", APPLICATION, str(cores), *options],
            env=kept | own | {"FRAMEWISE_SPARK_MASTER": f"k8s://{address}"},
            capture_output=True,
            text=True,
            timeout=360,
            check=False,
        )
        said = [line for line in done.stdout.splitlines() if line.startswith("RAN ")]
        assert said, done.stderr[-4000:] + kubelet.logs()
    there, ran = json.loads(said[0].removeprefix("RAN "))
    return there, ran, api.asked


@pytest.mark.slow
def test_spark_makes_its_executors_by_the_template_and_they_work(tmp_path: Path) -> None:
    there, ran, asked = run(tmp_path, MANIFESTS / "base" / "spark", 3, FRAMEWISE_WORKERS="2")
    assert there == 3
    assert {pod for pod, _ in ran} <= {pod["metadata"]["name"] for pod in asked}
    assert len(ran) >= 2, "several executors worked"
    for pod in asked:
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


@pytest.mark.slow
def test_an_executor_on_a_gpu_asks_for_one_and_its_tasks_share_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = tmp_path / "nvidia-smi"
    listed.write_text("#!/bin/sh\necho 0\n")
    listed.chmod(0o755)
    lines = (MANIFESTS / "gpu" / "settings.env").read_text().splitlines()
    told = dict(line.split("=", 1) for line in lines if line[0] != "#")
    analysis = yaml.safe_load((MANIFESTS / "gpu" / "kustomization.yaml").read_text())["patches"][0]["patch"]
    words = yaml.safe_load(analysis)[1]["value"]
    conf = [word.removeprefix("--conf=") for word in words if word.startswith("--conf=")]
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    there, ran, asked = run(tmp_path, MANIFESTS / "gpu", 4, *conf, **told)
    assert there == 4, "two executors of two cores"
    assert len(asked) == 2
    assert {gpu for _, gpu in ran} == {"0"}
    for pod in asked:
        container = pod["spec"]["containers"][0]
        assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"
        assert container["image"] == "framewise:gpu"
        assert pod["spec"]["tolerations"][0]["key"] == "nvidia.com/gpu"
