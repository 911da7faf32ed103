"""Owns the settings: one frozen object a concern, read from `FRAMEWISE_…` once in each `main` and passed down."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[2]
"""The folder of the source tree."""

OBJECT_STORES = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "memory")
"""Where an object appears whole or not at all, by the name that fsspec gives them."""


class _Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="FRAMEWISE_", frozen=True, extra="ignore", populate_by_name=True)


def wrong_settings(error: ValidationError) -> str:
    """What is wrong with which variables, in one line."""
    return "; ".join(f"FRAMEWISE_{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())


def _own_folder() -> Path:
    """`var` of the source tree; the user's own folder where the package is installed without one."""
    return ROOT / "var" if (ROOT / "pyproject.toml").exists() else Path.home() / ".framewise"


class PathSettings(_Settings):
    """Where files live. Relative folders start at the source tree for `data_dir`, at the shell's folder else."""

    data_dir: Path = Field(default_factory=_own_folder)
    mirror: Path | None = None
    models_dir: Path = ROOT / "models"
    frame_store: str = Field(
        default="", description="where frames are kept: a folder, or s3://bucket/prefix; else a folder in data_dir"
    )
    checkpoint: str = Field(
        default="",
        description="where the analysis notes how far it has read: a folder, or an address that Spark's Hadoop knows, "
        "such as hdfs:// or s3a://; else a folder in data_dir",
    )

    @field_validator("data_dir", "models_dir", mode="after")
    @classmethod
    def _from_root(cls, value: Path) -> Path:
        return (ROOT / value.expanduser()).resolve()

    @field_validator("mirror", mode="before")
    @classmethod
    def _absolute(cls, value: Any) -> Any:
        return Path(value).expanduser().resolve() if value else None

    @field_validator("frame_store", mode="after")
    @classmethod
    def _known_store(cls, value: str) -> str:
        kind, is_url, rest = value.partition("://")
        bucket = rest.partition("/")[0]
        if is_url and kind not in OBJECT_STORES:
            raise ValueError(f"must be a folder or start with one of {', '.join(OBJECT_STORES)} and ://")
        if is_url and ("@" in bucket or not bucket):
            raise ValueError("must name a bucket, without keys: they come as AWS' own tools find them")
        return value

    @property
    def frames_in_objects(self) -> bool:
        """Whether frames are kept in a bucket."""
        return "://" in self.frame_store

    @property
    def frames_dir(self) -> Path:
        """The folder of frames, where they are not kept in a bucket."""
        if not self.frame_store or self.frames_in_objects:
            return self.data_dir / "frames"
        return (ROOT / Path(self.frame_store).expanduser()).resolve()

    @property
    def checkpoint_url(self) -> str:
        """Where the analysis notes how far it has read, as Spark takes it."""
        if "://" in self.checkpoint:
            return self.checkpoint
        folder = Path(self.checkpoint).expanduser() if self.checkpoint else self.data_dir / "checkpoints" / "analysis"
        return f"file://{(ROOT / folder).resolve()}"

    @property
    def sources_dir(self) -> Path:
        """Uploads and downloads, until their video has ended."""
        return self.data_dir / "sources"

    @property
    def weights_dir(self) -> Path:
        """The cache of model weights."""
        return self.data_dir / "cache" / "models"

    @property
    def log_dir(self) -> Path:
        """One file a service."""
        return self.data_dir / "log"


class LogSettings(_Settings):
    """How processes log."""

    log_format: Literal["text", "json"] = Field(default="text", description="of the records on standard output")


ADVERTISED = r"^([\w.,:\[\]-]+:\d+)?$"


class KafkaSettings(_Settings):
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


class CassandraSettings(_Settings):
    """The store's contact points and keyspace."""

    cassandra_hosts: str = "127.0.0.1"
    cassandra_port: int = 9042
    cassandra_datacenter: str = "datacenter1"
    keyspace: str = Field(default="framewise", pattern=r"^[a-z][a-z0-9_]{0,47}$")
    cassandra_replication: int = Field(default=1, ge=1)
    cassandra_timeout: float = Field(default=10.0, gt=0)


LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class ApiSettings(_Settings):
    """Where the service listens and what it takes."""

    api_host: str = "127.0.0.1"
    api_port: int = Field(default=8000, ge=0, le=65535)
    api_open: bool = Field(default=False, description="listen beyond loopback although no keys are needed")
    api_local: bool = Field(
        default=False,
        description="refuse foreign hosts and origins wherever it listens: for a container published on loopback",
    )
    max_upload_bytes: int = Field(default=4 * 2**30, ge=1)
    api_keys: Literal["auto", "required", "off"] = Field(
        default="auto", description="whether requests need an API key; auto: where it listens beyond loopback"
    )
    max_event_streams: int = Field(default=200, ge=1, description="streams of server-sent events at the same time")
    max_clips: int = Field(default=2, ge=1, description="clips, or segments of them, that are encoded at the same time")
    clip_frames: int = Field(default=1800, ge=1, description="frames of one clip as MP4; what is longer is sent as HLS")
    max_open_videos: int = Field(default=5000, ge=1, description="submissions that wait or run at the same time")
    open_videos_per_key: int = Field(default=0, ge=0, description="the same of each API key; 0 is no limit")
    requests_per_minute: int = Field(default=0, ge=0, description="of each API key; 0 is no limit")

    @property
    def keys_required(self) -> bool:
        """Whether requests need an API key. `api_open` says that something before the service checks who asks."""
        if self.api_keys == "auto":
            return self.api_host not in LOOPBACK and not self.api_open
        return self.api_keys == "required"

    @property
    def is_local(self) -> bool:
        """Whether only its own machine may ask. Where keys are needed they say who may, by whatever host name."""
        return self.api_local or (self.api_host in LOOPBACK and not self.keys_required)


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


class S3Settings(_Settings):
    """Where objects are asked for. Keys come as AWS' own tools find them: by environment, file or role."""

    s3_endpoint: str = Field(
        default="", pattern=r"^(https?://[^\s/@]+/?)?$", description="of another S3 than that of AWS, such as MinIO"
    )
    s3_region: str = Field(default="", pattern=r"^[a-z0-9-]*$", description="of the buckets; else as AWS' own tools")
    s3_buckets: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=(), description="from which s3:// addresses are taken, with commas between; `videos-*` is several"
    )


class WebhookSettings(_Settings):
    """How callback addresses are told of a video's states."""

    allowed_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = ()
    webhook_secret: SecretStr | None = Field(
        default=None, description="whsec_ and Base64; if there is none, one is made and kept in the data folder"
    )
    webhook_retry_seconds: Annotated[tuple[float, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=(5, 30, 120, 600, 3600, 21600), description="the pauses after failures; after the last it is given up"
    )
    webhook_timeout: float = Field(default=10.0, gt=0, le=60, description="seconds for a receiver to answer")


class IngestSettings(_Settings):
    """What ingest fetches, how it decodes and how far it runs ahead."""

    allowed_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = ()
    max_download_bytes: int = Field(default=8 * 2**30, ge=1)
    download_timeout: float = Field(default=3600.0, gt=0)
    max_duration: float = Field(default=12 * 3600.0, gt=0, description="seconds of media time")
    max_pixels: int = Field(default=8192 * 4352, ge=1)
    frame_height: int = Field(default=720, ge=16, description="frames are scaled down to it, never up")
    jpeg_quality: int = Field(default=85, ge=1, le=100)
    max_frame_bytes: int = Field(default=950_000, ge=1000)
    videos_per_worker: int = Field(default=4, ge=1)
    frames_in_flight: int = Field(
        default=2000, ge=1, description="the most of one video; mostly its pace holds it below"
    )
    least_in_flight: int = Field(default=128, ge=1, description="of all videos, before the analysis' speed is known")
    lease_seconds: int = Field(default=30, ge=3)
    stall_seconds: float = Field(default=600.0, gt=0, description="without a frame stored, a video is given up")
    decode_memory_bytes: int = Field(default=4 * 2**30, ge=2**28)
    decode_stall_seconds: float = Field(default=60.0, gt=0, description="without a frame decoded, the child is ended")
    retention_days: float | None = Field(
        default=None, ge=0, le=36_500, description="clear what was stored longer ago; unset or empty: never"
    )

    @field_validator("retention_days", mode="before")
    @classmethod
    def _never(cls, value: Any) -> Any:
        return None if value == "" else value


def _devices(value: Any) -> Any:
    """`front=/dev/video0,trial=file:/path/clip.mp4` as names and what they stand for."""
    if not isinstance(value, str):
        return value
    pairs = [part.strip().partition("=") for part in value.split(",") if part.strip()]
    for name, equals, _ in pairs:
        if not equals or not name.replace("-", "").replace("_", "").isalnum():
            raise ValueError("write name=/dev/video0 or name=file:/path, with commas between, and simple names")
    return {name: target for name, _, target in pairs}


class LiveSettings(_Settings):
    """Streams that are analysed while they go on: how many, how long one is waited for, and what may be opened."""

    streams_per_worker: int = Field(default=32, ge=1, description="live streams at the same time, beside the files")
    live_lease_seconds: int = Field(default=8, ge=3, description="so soon another worker takes over from a dead one")
    live_grace_seconds: float = Field(
        default=30.0, ge=0, description="a publisher that has gone may come back for so long, then the video completes"
    )
    live_stall_seconds: float = Field(default=20.0, gt=0, description="without a frame, a source is dialled again")
    live_give_up_seconds: float = Field(
        default=600.0, gt=0, description="a pulled source that cannot be reached for so long is given up"
    )
    live_fresh_seconds: float = Field(
        default=1.0, gt=0, description="frames may wait so long for the analysis, then older ones go for newer ones"
    )
    live_buffer_bytes: int = Field(
        default=128 * 2**20, ge=2**20, description="of a stream with keep=all, for frames that wait for the analysis"
    )
    capture_silence_seconds: float = Field(
        default=86_400.0, gt=0, description="a camera with keep=all may be silent for so long, then its video completes"
    )
    rtmp_wait_seconds: float = Field(default=3600.0, gt=0, description="for so long a publisher may take to come")
    allow_hls: bool = Field(default=False, description="whether playlists (HLS) are followed, each address checked")
    devices: Annotated[dict[str, str], NoDecode, BeforeValidator(_devices)] = Field(
        default={}, description="cameras of this machine by name: name=/dev/video0, or name=file:/path for trials"
    )


class RtmpSettings(_Settings):
    """The RTMP server: where it listens, where it is reached, and what publishers are told."""

    rtmp_host: str = Field(
        default="127.0.0.1", pattern=r"^[0-9a-fA-F.:]+$", description="where publishers connect; 0.0.0.0 is everywhere"
    )
    rtmp_port: int = Field(default=1935, ge=1, le=65535)
    rtmp_control_port: int = Field(default=1936, ge=1, le=65535, description="where it is asked who publishes")
    rtmp_server: str = Field(
        default="127.0.0.1", pattern=r"^[\w.-]+$", description="the host at which the API and ingest reach it"
    )
    rtmp_players: str = Field(
        default="127.0.0.1", pattern=r"^[0-9a-fA-F.:/, ]+$", description="addresses or networks that may play"
    )
    rtmp_address: str = Field(
        default="",
        pattern=r"^([\w.-]+(:\d+)?)?$",
        description="HOST or HOST:PORT that publishers are told; else the name by which the API was asked",
    )
    rtmp_api_url: str = Field(
        default="",
        pattern=r"^(http://[^\s\"']+)?$",
        description="where it asks the API who may publish; else its stack's",
    )

    @property
    def rtmp_control_url(self) -> str:
        """Where it is asked who publishes."""
        return f"http://{self.rtmp_server}:{self.rtmp_control_port}"

    def rtmp_source_url(self, name: object) -> str:
        """Where ingest pulls a stream from."""
        return f"rtmp://{self.rtmp_server}:{self.rtmp_port}/live/{name}"


class AnalysisSettings(_Settings):
    """The Spark application: workers, batches, where it runs."""

    workers: int = Field(default_factory=lambda: max(1, os.cpu_count() or 1), ge=1)
    live_workers: int = Field(
        default=1,
        ge=1,
        le=64,
        description="for live frames, beside the others; on one machine more join while they are busy",
    )
    gpu: bool = False
    spark_master: str = ""
    spark_driver_memory: str = "1g"
    spark_driver_host: str = Field(default="127.0.0.1", description="where a cluster's workers reach the application")
    gpus_per_executor: int = Field(
        default=1, ge=1, description="of a cluster whose executors are asked for by `spark_jobs.submit`"
    )
    batch_frames: int = Field(
        default_factory=lambda given: 512 if given.get("gpu") else 64,
        ge=1,
        description="frames of one Arrow batch, handed to the models together; 512 with GPUs, else 64",
    )
    trigger_frames: int = Field(
        default_factory=lambda given: 4096 if given.get("gpu") else 800,
        ge=1,
        description="frames of one micro-batch; 4096 with GPUs, else 800",
    )
    hang_seconds: float = Field(default=60.0, ge=1, description="without progress, a worker process is ended")
    spark_ui_port: int = Field(default=4040, ge=0)
    preload: bool = Field(default=True, description="load every task's model at start")


MEMORY = r"^[1-9]\d*[mg]$"


class ClusterSettings(_Settings):
    """How the analysis runs on a Spark cluster; `python -m spark_jobs.submit` reads them."""

    spark_executor_cores: int = Field(default=1, ge=1, description="of each executor: so many Python workers")
    spark_executor_memory: str = Field(default="1g", pattern=MEMORY, description="of the JVM of each executor")
    spark_worker_memory: str = Field(
        default="2g", pattern=MEMORY, description="of each Python worker, where the cluster bounds memory"
    )
    spark_python: str = Field(
        default="", description="the executors' Python, a path on their hosts or in an archive; else this one's path"
    )
    spark_archives: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=(), description="unpacked beside each executor, FILE#NAME with commas between: a packed environment"
    )
    spark_forward: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=(), description="variables of the application that workers get, such as AWS_ACCESS_KEY_ID; not shown"
    )
    spark_driver_bind: str = Field(
        default="", description="where the application listens, if that is not where it is reached"
    )
    spark_driver_port: int = Field(default=0, ge=0, le=65535, description="of the application; 0 is any")
    spark_block_port: int = Field(default=0, ge=0, le=65535, description="of the application's blocks; 0 is any")
    spark_wait_seconds: float = Field(default=300.0, gt=0, description="for executors to come at the start")
