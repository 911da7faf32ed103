"""Owns the values of sizing: what is asked, what there is, and what is answered."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked: cameras, frames a second that are sent and analysed of each, tasks, and how long is kept."""

    cameras: int
    analysed: float = 1.0
    sent: float = 25.0
    tasks: str = "objects_detection"
    picture: str = "1280x720"
    keep_days: float = 7.0


@dataclass(frozen=True, slots=True)
class Hosts:
    """The machines there are to be: cores and GiB of each."""

    cores: int = 16
    memory: float = 64.0


USUAL = Hosts()


@dataclass(frozen=True, slots=True)
class Plan:
    """What the load needs. Cores are more than those that are busy, by the share that stays free."""

    frames_a_second: float
    workers: int
    analysis_cores: float
    ingest_cores: float
    server_cores: float
    memory_gib: float
    hosts: int
    copies: int
    installations: int
    pictures_gib_a_day: float
    pictures_kept_gib: float
    kafka_mb_a_second: float
    partitions: int
    brokers: int
    retention_gib: float
    cassandra_rows_a_second: float
    cassandra_gib_a_day: float
    cassandra_kept_gib: float
    nodes: int

    @property
    def cores(self) -> float:
        """All together."""
        return self.analysis_cores + self.ingest_cores + self.server_cores


@dataclass(frozen=True, slots=True)
class Price:
    """What a user pays: for a core an hour, and for a GiB a month."""

    core_hour: float
    gib_month: float = 0.0
