"""Owns a whole trial cluster: servers, object store, Spark, and our services by settings alone."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from pipeline.contracts.settings import ROOT, CassandraSettings, KafkaSettings, PathSettings
from pipeline.readiness import ready_file
from pipeline.workforce import ask_for
from stack import jars
from stack.settings import StackSettings
from tests.aws import CREDENTIALS, REGION, serving_aws
from tests.cluster import cassandra, kafka, spark
from tests.cluster.hosts import HERE, Host, Network, network
from tests.processes import command_line
from tests.waiting import wait_until

API_PORT = 8000
BUCKET = "frames"
SERVERS_SECONDS, READY_SECONDS = 150.0, 240.0
WORKERS = {"w1": 2, "w2": 1}
"""Spark's workers and their cores: two for files, one for live frames."""
SPARE = "w3"
"""A host whose worker is started later."""


@dataclass
class Cluster:
    """A running cluster, and what can be done to it."""

    network: Network
    variables: dict[str, str]
    master: str
    workers: dict[str, psutil.Popen] = field(default_factory=dict)

    @property
    def api_url(self) -> str:
        """Where the API is."""
        return f"http://{self.host(HERE).address}:{API_PORT}"

    @property
    def data_dir(self) -> Path:
        """The folder of the API, ingest and the application."""
        return Path(self.variables["FRAMEWISE_DATA_DIR"])

    @property
    def kafka(self) -> KafkaSettings:
        """The brokers."""
        return KafkaSettings(kafka_bootstrap=self.variables["FRAMEWISE_KAFKA_BOOTSTRAP"])

    @property
    def cassandra(self) -> CassandraSettings:
        """The nodes."""
        hosts = self.variables["FRAMEWISE_CASSANDRA_HOSTS"]
        return CassandraSettings(cassandra_hosts=hosts, cassandra_port=cassandra.PORT)

    def host(self, name: str) -> Host:
        """One of the hosts."""
        return self.network.hosts[name]

    def process(self, host: str, command: str) -> psutil.Process:
        """The process of a host of which the command says this."""
        return self.network.process(host, command)

    def add_worker(self, name: str, cores: int) -> None:
        """Another worker of Spark joins."""
        own = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "FRAMEWISE_MIRROR")}
        self.workers[name] = spark.start_worker(self.network, self.host(name), self.master, cores, own)

    def ask_for(self, workers: int) -> None:
        """Have so many workers for files, as `python -m spark_jobs.asking` has."""
        ask_for(self.data_dir, workers)

    def run(self, module: str, **variables: str) -> None:
        """Run one of our commands to its end."""
        subprocess.run(
            [sys.executable, "-m", module], env={**self.variables, **variables}, cwd=ROOT, check=True, timeout=240,
            capture_output=True,
        )  # fmt: skip

    def service(self, name: str, *command: str) -> None:
        """One of our services, on this host."""
        self.network.start(HERE, name, [sys.executable, "-m", *command], self.variables)

    def said(self, name: str) -> str:
        """What a service has said, in its last lines."""
        return self.host(HERE).log(name).read_text(errors="replace")[-3000:]


@contextlib.contextmanager
def cluster(folder: Path, more: Mapping[str, str], servers: int = 3) -> Iterator[Cluster]:
    """So many brokers and Cassandra nodes, Spark's master and workers, and our services, ready; `more` settings."""
    brokers, nodes = (tuple(f"{kind}{n}" for n in range(1, servers + 1)) for kind in ("k", "c"))
    names = (*brokers, *nodes, "m", *WORKERS, SPARE)
    with network(names, folder) as hosts, serving_aws(hosts.hosts[HERE].address) as aws:
        aws.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        jars.ensure(StackSettings(), ("kafka", "cassandra", "spark-kafka"))
        kafka.start(hosts, [hosts.hosts[name] for name in brokers], os.environ)
        cassandra.start(hosts, [hosts.hosts[name] for name in nodes], os.environ)
        made = Cluster(hosts, {}, spark.start_master(hosts, hosts.hosts["m"], dict(os.environ)))
        made.variables = _variables(made, brokers, nodes) | {
            "FRAMEWISE_DATA_DIR": str(_data_folder(hosts.hosts[HERE])),
            "FRAMEWISE_S3_ENDPOINT": aws.url,
            **more,
        }
        _start(made, servers)
        yield made


def _data_folder(host: Host) -> Path:
    """Where our services on this host have their files; what was fetched before is there."""
    folder = host.folder / "data"
    folder.mkdir()
    (folder / "cache").symlink_to(PathSettings().data_dir / "cache", target_is_directory=True)
    return folder


def _variables(made: Cluster, brokers: tuple[str, ...], nodes: tuple[str, ...]) -> dict[str, str]:
    """The settings of a cluster; nothing else of Framewise comes from the shell."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("FRAMEWISE_") or k == "FRAMEWISE_MIRROR"}
    copies = str(len(brokers))
    return kept | CREDENTIALS | {
        "PYTHONPATH": str(ROOT),
        "FRAMEWISE_KAFKA_BOOTSTRAP": kafka.bootstrap([made.host(name) for name in brokers]),
        "FRAMEWISE_CASSANDRA_HOSTS": ",".join(made.host(name).address for name in nodes),
        "FRAMEWISE_REPLICATION_FACTOR": copies,
        "FRAMEWISE_CASSANDRA_REPLICATION": copies,
        "FRAMEWISE_FRAME_STORE": f"s3://{BUCKET}/trial",
        "FRAMEWISE_API_HOST": made.host(HERE).address,
        "FRAMEWISE_API_PORT": str(API_PORT),
        "FRAMEWISE_API_OPEN": "true",
        "FRAMEWISE_SPARK_MASTER": made.master,
        "FRAMEWISE_SPARK_EXECUTOR_MEMORY": "512m",
        "FRAMEWISE_SPARK_FORWARD": ",".join(CREDENTIALS),
        "FRAMEWISE_SPARK_JARS": jars.spark_jars(StackSettings()),
        "FRAMEWISE_SPARK_UI_PORT": "0",
        "FRAMEWISE_WORKERS": str(sum(WORKERS.values()) - 1),
    }  # fmt: skip


def _start(made: Cluster, servers: int) -> None:
    wait_until(lambda: kafka.living(made.kafka) == servers, SERVERS_SECONDS, lambda: "the brokers do not find together")
    wait_until(lambda: cassandra.living(made.cassandra) == servers, SERVERS_SECONDS, lambda: "the nodes do not either")
    made.run("stack.schema")
    for name, cores in WORKERS.items():
        made.add_worker(name, cores)
    made.service("analysis", "spark_jobs.submit")
    made.service("ingest", "ingest.main")
    made.service("api", "api.main")
    wait_until(lambda: _api_ready(made), READY_SECONDS, lambda: made.said("api"))
    ready = ready_file(made.data_dir, "analysis")
    wait_until(
        lambda: ready.exists() or _ended(made, "spark_jobs.submit"), READY_SECONDS, lambda: made.said("analysis")
    )
    assert ready.exists(), made.said("analysis")


def _ended(made: Cluster, module: str) -> bool:
    running = [process for process in made.network.running if process.is_running() and process.status() != "zombie"]
    return not any(module in command_line(process).split() for process in running)


def _api_ready(made: Cluster) -> bool:
    try:
        return httpx.get(f"{made.api_url}/readyz", trust_env=False, timeout=5).status_code == 200
    except httpx.TransportError:
        return False
