"""Owns how plans are shown: Markdown tables, as docs/sizing.md has them."""

from collections.abc import Callable, Sequence

from benchmarks.sizing.arithmetic import thousand_frames
from benchmarks.sizing.measured import Measured
from benchmarks.sizing.plans import Load, Plan, Price

ROWS: Sequence[tuple[str, Callable[[Plan], str]]] = (
    ("frames a second", lambda p: f"{p.frames_a_second:,.0f}"),
    ("workers (`FRAMEWISE_LIVE_WORKERS`)", lambda p: f"{p.workers}"),
    ("cores: analysis", lambda p: f"{p.analysis_cores:,.1f}"),
    ("cores: ingest", lambda p: f"{p.ingest_cores:,.1f}"),
    ("cores: Kafka, Cassandra, API", lambda p: f"{p.server_cores:,.1f}"),
    ("memory, GiB", lambda p: f"{p.memory_gib:,.0f}"),
    ("hosts", lambda p: f"{p.hosts}"),
    ("copies of each record and row", lambda p: f"{p.copies}"),
    ("pictures, GiB a day", lambda p: f"{p.pictures_gib_a_day:,.0f}"),
    ("pictures kept, GiB", lambda p: f"{p.pictures_kept_gib:,.0f}"),
    ("Kafka: brokers", lambda p: f"{p.brokers}"),
    ("Kafka: MB a second written, all copies", lambda p: f"{p.kafka_mb_a_second:,.1f}"),
    ("Kafka: partitions (`FRAMEWISE_LIVE_PARTITIONS`)", lambda p: f"{p.partitions}"),
    ("Kafka: GiB of ten minutes (`FRAMEWISE_LIVE_RETENTION_BYTES`)", lambda p: f"{p.retention_gib:,.1f}"),
    ("Cassandra: nodes", lambda p: f"{p.nodes}"),
    ("Cassandra: rows written a second", lambda p: f"{p.cassandra_rows_a_second:,.0f}"),
    ("Cassandra: GiB a day, all copies", lambda p: f"{p.cassandra_gib_a_day:,.1f}"),
    ("Cassandra: GiB kept, all copies", lambda p: f"{p.cassandra_kept_gib:,.0f}"),
    ("installations, of 64 live workers at most", lambda p: f"{p.installations}"),
)


def plans(loads: Sequence[Load], made: Sequence[Plan]) -> str:
    """A column a load."""
    head = _row(["", *(f"{load.cameras:,} cameras" for load in loads)])
    return "\n".join([head, _rule(len(loads)), *(_row([name, *map(show, made)]) for name, show in ROWS)])


def costs(measured: Measured, price: Price) -> str:
    """A row a size and set of tasks."""
    rows = []
    for size, picture in measured.pictures.items():
        for tasks, cost in picture.tasks.items():
            seconds, mib, work, kept = thousand_frames(picture, tasks, price)
            a_worker = f"{1000 / cost.analysis_ms:.1f}"
            prices = [f"{work:.5f}", f"{kept:.5f}"]
            rows.append(_row([size, f"`{tasks}`", a_worker, f"{seconds:.1f}", f"{mib:.1f}", *prices]))
    names = [
        "picture",
        "tasks",
        "frames/s a worker",
        "CPU seconds",
        "MiB stored",
        "price of the work",
        "price of a month",
    ]
    return "\n".join([_row(names), _rule(len(names) - 1), *rows])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |".replace("|  |", "| |", 1)


def _rule(columns: int) -> str:
    return "|---" * (columns + 1) + "|"
