"""Owns the settings of the servers that others run: Kafka, Cassandra, S3."""

from typing import Annotated

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from pipeline.contracts.settings.base import FramewiseSettings, split

ADVERTISED = r"^([\w.,:\[\]-]+:\d+)?$"


class KafkaSettings(FramewiseSettings):
    """The broker and the topics. A prefix keeps trials apart."""

    kafka_bootstrap: str = "127.0.0.1:9092"
    topic_prefix: str = ""
    frames_partitions: int = Field(default=8, ge=1)
    frames_retention_hours: int = Field(default=24, ge=1)
    frames_retention_bytes: int = Field(default=8 * 2**30, ge=2**20, description="of the whole topic")
    live_partitions: int = Field(
        default=8, ge=1, le=64, description="of the topic of live frames, which has so many workers at most"
    )
    live_retention_minutes: int = Field(default=60, ge=1, description="of live frames that nobody has analysed")
    live_retention_bytes: int = Field(default=2**30, ge=2**20, description="of the whole topic of live frames")
    replication_factor: int = Field(default=1, ge=1)
    captures_partitions: int = Field(
        default=8, ge=1, le=64, description="of the topic of pictures that cameras elsewhere publish"
    )
    captures_retention_minutes: int = Field(default=60, ge=1, description="of pictures that nobody has read")
    captures_retention_bytes: int = Field(default=2 * 2**30, ge=2**20, description="of the whole topic of pictures")
    kafka_advertised: str = Field(
        default="",
        pattern=ADVERTISED,
        description="HOST:PORT that cameras elsewhere are told to publish to; else the broker's own address",
    )

    @property
    def in_sync_replicas(self) -> int:
        """How many copies a record must have before it counts as published: one may be away."""
        return max(1, self.replication_factor - 1)

    @property
    def publish_to(self) -> str:
        """Where cameras publish to."""
        return self.kafka_advertised or self.kafka_bootstrap


class CassandraSettings(FramewiseSettings):
    """The store's contact points and keyspace."""

    cassandra_hosts: str = "127.0.0.1"
    cassandra_port: int = 9042
    cassandra_datacenter: str = "datacenter1"
    keyspace: str = Field(default="framewise", pattern=r"^[a-z][a-z0-9_]{0,47}$")
    cassandra_replication: int = Field(default=1, ge=1)
    cassandra_timeout: float = Field(default=10.0, gt=0)


class S3Settings(FramewiseSettings):
    """Where objects are asked for. Keys come as AWS' own tools find them: by environment, file or role."""

    s3_endpoint: str = Field(
        default="", pattern=r"^(https?://[^\s/@]+/?)?$", description="of another S3 than that of AWS, such as MinIO"
    )
    s3_region: str = Field(default="", pattern=r"^[a-z0-9-]*$", description="of the buckets; else as AWS' own tools")
    s3_buckets: Annotated[tuple[str, ...], NoDecode, BeforeValidator(split)] = Field(
        default=(), description="from which s3:// addresses are taken, with commas between; `videos-*` is several"
    )
