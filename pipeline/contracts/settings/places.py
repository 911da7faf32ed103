"""Owns the settings of where files live, and of logs."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from pipeline.contracts.settings.base import ROOT, FramewiseSettings

OBJECT_STORES = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "memory")
"""Where an object appears whole or not at all, by the name that fsspec gives them."""


def _own_folder() -> Path:
    """`var` of the source tree; the user's own folder where the package is installed without one."""
    return ROOT / "var" if (ROOT / "pyproject.toml").exists() else Path.home() / ".framewise"


class PathSettings(FramewiseSettings):
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


class LogSettings(FramewiseSettings):
    """How processes log."""

    log_format: Literal["text", "json"] = Field(default="text", description="of the records on standard output")
