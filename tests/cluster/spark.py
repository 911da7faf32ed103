"""Owns Spark's own cluster of a trial: a master, and workers that know nothing but their host."""

import json
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import psutil
import pyspark

from tests.cluster.hosts import Host, Network, end
from tests.processes import command_line

PORT, PAGE = 7077, 8080
HOME = Path(pyspark.__file__).parent
EXECUTOR = "CoarseGrainedExecutorBackend"


def start_master(network: Network, host: Host, environment: Mapping[str, str]) -> str:
    """The master's address."""
    words = ["--host", host.address, "--port", str(PORT), "--webui-port", str(PAGE)]
    network.start(
        host.name, "master", [_spark(), "org.apache.spark.deploy.master.Master", *words], _daemon(environment)
    )
    return f"spark://{host.address}:{PORT}"


def start_worker(network: Network, host: Host, master: str, cores: int, environment: Mapping[str, str]) -> psutil.Popen:
    """A worker that gives so many cores, with one executor each."""
    words = ["--host", host.address, "--cores", str(cores), "--memory", f"{cores}g", "--webui-port", "8081"]
    words += ["--work-dir", str(host.folder / "work"), master]
    own = {
        "HOME": str(host.folder),
        "FRAMEWISE_DATA_DIR": str(host.folder / "framewise"),
        "SPARK_LOCAL_DIRS": str(host.folder / "spark"),
    }
    command = [_spark(), "org.apache.spark.deploy.worker.Worker", *words]
    return network.start(host.name, "worker", command, _daemon({**environment, **own}))


def executors(worker: psutil.Popen) -> list[psutil.Process]:
    """The executors of a worker that run now."""
    return [child for child in worker.children(recursive=True) if EXECUTOR in command_line(child)]


def stop_worker(worker: psutil.Popen) -> None:
    """Take a worker away, its executors too."""
    end(worker)


def cores(host: Host) -> int:
    """How many cores the master has."""
    try:
        with urllib.request.urlopen(f"http://{host.address}:{PAGE}/json/", timeout=5) as answer:
            return int(json.load(answer)["cores"])
    except OSError:
        return 0


def _spark() -> str:
    return str(HOME / "bin" / "spark-class")


def _daemon(environment: Mapping[str, str]) -> dict[str, str]:
    return {**environment, "SPARK_HOME": str(HOME), "SPARK_DAEMON_MEMORY": "160m", "SPARK_NO_DAEMONIZE": "1"}
