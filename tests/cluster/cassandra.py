"""Owns the Cassandra nodes of a trial cluster: one token each, small heaps, no flag that only one node may have."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template

from cassandra.cluster import NoHostAvailable

from pipeline.cassandra.client import cluster
from pipeline.contracts.settings import CassandraSettings
from stack.jars import CONF, folder_of
from stack.preflight import find_java
from stack.settings import LIGHT_JVM, StackSettings
from tests.cluster.hosts import Host, Network

PORT, STORAGE_PORT = 9042, 7000
RING = 2**64
CHANGED = {
    "hinted_handoff_enabled: false": "hinted_handoff_enabled: true",
    "memtable_heap_space: 128MiB": "memtable_heap_space: 64MiB",
    "memtable_offheap_space: 128MiB": "memtable_offheap_space: 64MiB",
    "file_cache_size: 64MiB": "file_cache_size: 32MiB",
}
"""What differs from the single node of the local stack, apart from addresses."""


def start(network: Network, nodes: Sequence[Host], environment: Mapping[str, str]) -> None:
    """Configure and start them all: a new ring, which nobody has to wait to join."""
    for number, node in enumerate(nodes):
        _configure(node, nodes, -RING // 2 + number * RING // len(nodes))
        start_one(network, node, environment)


def start_one(network: Network, node: Host, environment: Mapping[str, str]) -> None:
    """Start one that has been configured."""
    network.start(node.name, "cassandra", _command(node), environment)


def living(settings: CassandraSettings) -> int:
    """How many nodes the ring has, up to date, by the first that answers; 0 while none does."""
    client = cluster(settings)
    try:
        session = client.connect()
        peers = session.execute("SELECT schema_version FROM system.peers").all()
        (own,) = session.execute("SELECT schema_version FROM system.local")
        same: int = sum(peer.schema_version == own.schema_version for peer in peers)
        return 1 + same
    except NoHostAvailable:
        return 0
    finally:
        client.shutdown()


def _configure(node: Host, nodes: Sequence[Host], token: int) -> None:
    conf = _conf(node)
    conf.mkdir()
    text = Template((CONF / "cassandra.yaml").read_text()).substitute(
        port=PORT, storage_port=STORAGE_PORT, data=node.folder / "cassandra"
    )
    seeds = ",".join(f"{one.address}:{STORAGE_PORT}" for one in nodes)
    changed = {f'"127.0.0.1:{STORAGE_PORT}"': f'"{seeds}"', "127.0.0.1": node.address, **CHANGED}
    for old, new in changed.items():
        assert old in text
        text = text.replace(old, new)
    (conf / "cassandra.yaml").write_text(f"{text}\ninitial_token: {token}\nauto_bootstrap: false\n")
    for name in ("logback.xml", "cassandra-jvm.options"):
        shutil.copyfile(CONF / name, conf / name)


def _command(node: Host) -> list[str]:
    settings = StackSettings()
    conf, jars = _conf(node), folder_of(settings, "cassandra")
    return [
        str(find_java(settings.java)),
        *("-Xms192m", "-Xmx384m", "-XX:MaxDirectMemorySize=128m", "-XX:MaxMetaspaceSize=160m", "-Xss512k"),
        *LIGHT_JVM,
        f"@{conf / 'cassandra-jvm.options'}",
        f"-javaagent:{next(jars.glob('jamm-*.jar'))}",
        f"-Dcassandra.config={(conf / 'cassandra.yaml').as_uri()}",
        f"-Dcassandra.storagedir={node.folder / 'cassandra'}",
        "-Dcassandra.ring_delay_ms=5000",
        *("-cp", f"{conf}:{jars}/*", "org.apache.cassandra.service.CassandraDaemon"),
    ]


def _conf(node: Host) -> Path:
    return node.folder / "conf"
