"""Owns the arithmetic: from cameras and measured figures to workers, hosts, disks and settings. Pure functions."""

from dataclasses import replace
from math import ceil

from benchmarks.sizing.measured import FrameCost, Measured, Picture
from benchmarks.sizing.plans import USUAL, Hosts, Load, Plan, Price
from pipeline.contracts.results import USUAL_TASKS

DAY = 86_400
GIB = 2**30
COPIES_OF_A_CLUSTER = 3
MOST_LIVE_PARTITIONS = 64
"""The limit of FRAMEWISE_LIVE_PARTITIONS, and so of the workers for live frames of one installation."""
LEAST_PARTITIONS = 8
RETENTION_MINUTES = 10
"""Of the topic of live frames: so long the analysis may be away before frames that nobody has seen are dropped."""


def plan(load: Load, measured: Measured, hosts: Hosts = USUAL) -> Plan:
    """What a load needs. One machine keeps one copy; what needs more machines keeps three."""
    alone = _plan(load, measured, hosts, copies=1)
    return alone if alone.hosts == 1 else _plan(load, measured, hosts, copies=COPIES_OF_A_CLUSTER)


def live_cost(load: Load, measured: Measured) -> FrameCost:
    """What one frame of a stream costs: as in a file, and what it costs more to analyse and keep it by itself."""
    live, cost = measured.live, measured.pictures[load.picture].tasks[load.tasks]
    same = measured.pictures[live.picture].tasks[live.tasks]
    return replace(
        cost,
        analysis_ms=cost.analysis_ms + max(0.0, live.analysis_ms - same.analysis_ms),
        cassandra_ms=cost.cassandra_ms + max(0.0, live.cassandra_ms - same.cassandra_ms),
        kafka_ms=cost.kafka_ms + max(0.0, live.kafka_ms - same.kafka_ms),
        api_ms=cost.api_ms + max(0.0, live.api_ms - same.api_ms),
    )


def _plan(load: Load, measured: Measured, hosts: Hosts, copies: int) -> Plan:
    picture, assumed, cost = measured.pictures[load.picture], measured.assumed, live_cost(load, measured)
    rate = load.cameras * load.analysed
    analysis = rate * cost.analysis_ms / 1000 / assumed.busy
    ingest = load.cameras * load.sent * measured.live.decode_ms / 1000 / assumed.busy
    servers = rate * (copies * (cost.cassandra_ms + cost.kafka_ms) + cost.api_ms) / 1000 / assumed.busy
    workers = max(1, ceil(analysis))
    kafka = rate * (picture.frames_topic_bytes + cost.results_topic_bytes) * copies
    rows_gib = rate * cost.cassandra_bytes * copies * DAY / GIB
    pictures_gib = rate * picture.jpeg_bytes * DAY / GIB
    each = rate * copies / 1000 / assumed.busy / hosts.cores
    brokers = max(copies, ceil(kafka / 1e6 / assumed.broker_mb_a_second), ceil(cost.kafka_ms * each))
    nodes = max(copies, ceil(rows_gib * load.keep_days / assumed.node_gib), ceil(cost.cassandra_ms * each))
    memory = _memory(load, measured, workers, brokers, nodes)
    return Plan(
        frames_a_second=rate,
        workers=workers,
        analysis_cores=analysis,
        ingest_cores=ingest,
        server_cores=servers,
        memory_gib=memory,
        hosts=max(copies, ceil((analysis + ingest + servers) / hosts.cores), ceil(memory / hosts.memory)),
        copies=copies,
        installations=ceil(workers / MOST_LIVE_PARTITIONS),
        pictures_gib_a_day=pictures_gib,
        pictures_kept_gib=pictures_gib * load.keep_days,
        kafka_mb_a_second=kafka / 1e6,
        partitions=min(MOST_LIVE_PARTITIONS, max(LEAST_PARTITIONS, workers)),
        brokers=brokers,
        retention_gib=rate * picture.frames_topic_bytes * RETENTION_MINUTES * 60 / GIB,
        cassandra_rows_a_second=rate * rows_of(load.tasks),
        cassandra_gib_a_day=rows_gib,
        cassandra_kept_gib=rows_gib * load.keep_days,
        nodes=nodes,
    )


def rows_of(tasks: str) -> int:
    """Rows of one frame: one a task, and one in the ledger."""
    return (len(USUAL_TASKS) if tasks == "all" else 1) + 1


def _memory(load: Load, measured: Measured, workers: int, brokers: int, nodes: int) -> float:
    memory = measured.memory
    services = memory.driver + memory.api + memory.ingest + brokers * memory.kafka + nodes * memory.cassandra
    return (services + workers * memory.worker + load.cameras * measured.live.ingest_mib) / 1024


def thousand_frames(picture: Picture, tasks: str, price: Price) -> tuple[float, float, float, float]:
    """CPU seconds and MiB stored of a thousand frames, one copy; the prices of the work and of a month of keeping."""
    cost = picture.tasks[tasks]
    mib = 1000 * (picture.jpeg_bytes + cost.cassandra_bytes) / 2**20
    return cost.all_ms, mib, cost.all_ms / 3600 * price.core_hour, mib / 1024 * price.gib_month
