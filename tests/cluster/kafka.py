"""Owns the brokers of a trial cluster: KRaft nodes that are broker and controller at once, on small heaps."""

import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kafka import KafkaAdminClient

from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import KafkaSettings
from pipeline.kafka.topics import wait_for_broker
from stack.jars import CONF, folder_of
from stack.preflight import find_java
from stack.settings import LIGHT_JVM, StackSettings
from tests.cluster.hosts import Host, Network

PORT, CONTROLLER_PORT = 9092, 9093
CLUSTER = "FrameWiseTrialCluster0"
OPTIONS = {
    "message.max.bytes": 1_500_000,
    "replica.fetch.max.bytes": 2_000_000,
    "auto.create.topics.enable": "false",
    "log.segment.bytes": 2**26,
    "log.index.size.max.bytes": 2**20,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.num.partitions": 2,
    "share.coordinator.state.topic.num.partitions": 1,
    "group.initial.rebalance.delay.ms": 0,
    "num.network.threads": 2,
    "num.io.threads": 4,
    "background.threads": 4,
    "log.cleaner.dedupe.buffer.size": 2**24,
}


def bootstrap(brokers: Sequence[Host]) -> str:
    """As a client names them."""
    return ",".join(f"{broker.address}:{PORT}" for broker in brokers)


def start(network: Network, brokers: Sequence[Host], environment: Mapping[str, str]) -> None:
    """Format and start them all."""
    for number, broker in enumerate(brokers, 1):
        _configure(number, broker, brokers)
    with ThreadPoolExecutor(len(brokers)) as pool:
        list(pool.map(_format, brokers))
    for broker in brokers:
        start_one(network, broker, environment)


def _format(broker: Host) -> None:
    tool = ["kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(_file(broker))]
    subprocess.run([*_java("-Xmx96m"), *tool], check=True, capture_output=True, timeout=120)


def start_one(network: Network, broker: Host, environment: Mapping[str, str]) -> None:
    """Start one that has been formatted."""
    command = [*_java("-Xms96m", "-Xmx256m", "-XX:MaxDirectMemorySize=96m"), "kafka.Kafka", str(_file(broker))]
    network.start(broker.name, "kafka", command, environment)


def living(settings: KafkaSettings) -> int:
    """How many brokers the cluster has; 0 while nobody answers."""
    try:
        wait_for_broker(settings, patience=0)
    except StoreUnavailable:
        return 0
    with KafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap, request_timeout_ms=5000) as admin:
        return len(admin.describe_cluster()["brokers"])


def _configure(number: int, broker: Host, brokers: Sequence[Host]) -> None:
    copies, acknowledged = len(brokers), max(1, len(brokers) - 1)
    here = f"PLAINTEXT://{broker.address}:{PORT}"
    options = {
        "process.roles": "broker,controller",
        "node.id": number,
        "controller.quorum.voters": ",".join(f"{n}@{b.address}:{CONTROLLER_PORT}" for n, b in enumerate(brokers, 1)),
        "listeners": f"{here},CONTROLLER://{broker.address}:{CONTROLLER_PORT}",
        "advertised.listeners": here,
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": broker.folder / "kafka",
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": acknowledged,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": acknowledged,
        **OPTIONS,
    }
    _file(broker).write_text("".join(f"{name}={value}\n" for name, value in options.items()))


def _file(broker: Host) -> Path:
    return broker.folder / "kafka.properties"


def _java(*options: str) -> list[str]:
    settings = StackSettings()
    logging = f"-Dlog4j2.configurationFile={(CONF / 'log4j2.properties').as_uri()}"
    jars = f"{folder_of(settings, 'kafka')}/*"
    return [str(find_java(settings.java)), *LIGHT_JVM, "-XX:MaxMetaspaceSize=128m", *options, logging, "-cp", jars]
