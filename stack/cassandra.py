"""Owns the Cassandra server: its configuration, its command, and the question that shows it is ready."""

import logging
import shutil
from pathlib import Path
from string import Template

from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.policies import WhiteListRoundRobinPolicy

from stack.jars import CONF, folder_of
from stack.leash import TIMER_SLACK
from stack.preflight import find_java
from stack.settings import HOST, LIGHT_JVM, StackSettings

ASK_SECONDS = 3.0
HEADER_BYTES = 64

log = logging.getLogger(__name__)


def prepare(settings: StackSettings) -> None:
    """Write the configuration, and make the data folder fit to be read."""
    set_empty_logs_aside(_data(settings) / "commitlog")
    folder = _conf(settings)
    folder.mkdir(parents=True, exist_ok=True)
    _data(settings).mkdir(parents=True, exist_ok=True)
    (folder / "cassandra.yaml").write_text(
        Template((CONF / "cassandra.yaml").read_text()).substitute(
            port=settings.cassandra_port, storage_port=settings.cassandra_storage_port, data=_data(settings)
        )
    )
    for name in ("logback.xml", "cassandra-jvm.options"):
        shutil.copyfile(CONF / name, folder / name)


def set_empty_logs_aside(folder: Path) -> list[Path]:
    """Rename segments of the commit log that have no header; the new names.

    A disk that was full leaves them behind: made at their full length, with nothing written. Nothing was acknowledged
    from them, but the server would not start for their sake.
    """
    found = []
    for segment in folder.glob("CommitLog-*.log"):
        with segment.open("rb") as file:
            if not any(file.read(HEADER_BYTES)):
                found.append(segment.rename(segment.with_suffix(".empty")))
                log.warning("%s has no header and is set aside", segment)
    return found


def command(settings: StackSettings) -> list[str]:
    """The server, as a process in the foreground."""
    heap, jars, conf = settings.cassandra_heap, folder_of(settings, "cassandra"), _conf(settings)
    return [
        str(find_java(settings.java)),
        f"-Xmx{heap}",
        # Memory is taken when it is needed, and given back.
        "-Xms192m",
        "-XX:MinHeapFreeRatio=20",
        "-XX:MaxHeapFreeRatio=40",
        *LIGHT_JVM,
        "-XX:MaxDirectMemorySize=256m",
        "-XX:MaxMetaspaceSize=192m",
        "-XX:ReservedCodeCacheSize=96m",
        "-XX:+ExitOnOutOfMemoryError",
        "-XX:+UseThreadPriorities",
        "-Xss512k",
        f"@{conf / 'cassandra-jvm.options'}",
        f"-javaagent:{next(jars.glob('jamm-*.jar'))}",
        f"-Dcassandra.config={(conf / 'cassandra.yaml').as_uri()}",
        f"-Dcassandra.storagedir={_data(settings)}",
        # One node has nobody to wait for.
        "-Dcassandra.skip_wait_for_gossip_to_settle=0",
        "-Dcassandra.ring_delay_ms=1",
        "-Dcassandra.superuser_setup_delay_ms=0",
        # The clock of time-outs, by default set 500 times a second.
        "-Dcassandra.approximate_time_precision_ms=50",
        "-cp",
        f"{conf}:{jars}/*",
        "org.apache.cassandra.service.CassandraDaemon",
    ]


def variables(settings: StackSettings) -> dict[str, str]:
    """Its idle threads nap for some microseconds at a time while they wait for more: longer naps halve what it costs.

    A request may wait a millisecond for it.
    """
    return {TIMER_SLACK: "1000000"}


def ready(settings: StackSettings, seconds: float = ASK_SECONDS) -> bool:
    """Whether a query over the native protocol is answered."""
    profile = ExecutionProfile(load_balancing_policy=WhiteListRoundRobinPolicy([HOST]), request_timeout=seconds)
    cluster = Cluster(
        [HOST],
        port=settings.cassandra_port,
        protocol_version=5,
        connect_timeout=seconds,
        control_connection_timeout=seconds,
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        schema_metadata_enabled=False,
        token_metadata_enabled=False,
        idle_heartbeat_interval=0,
        executor_threads=1,
    )
    try:
        with cluster.connect() as session:
            return session.execute("SELECT release_version FROM system.local").one() is not None
    finally:
        cluster.shutdown()


def _data(settings: StackSettings) -> Path:
    return settings.data_dir / "cassandra"


def _conf(settings: StackSettings) -> Path:
    return settings.conf_dir / "cassandra"
