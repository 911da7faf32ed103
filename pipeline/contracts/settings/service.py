"""Owns the settings of the API, and of what it tells others."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from pipeline.contracts.settings.base import FramewiseSettings, split

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class ApiSettings(FramewiseSettings):
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


class WebhookSettings(FramewiseSettings):
    """How callback addresses are told of a video's states."""

    allowed_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(split)] = ()
    webhook_secret: SecretStr | None = Field(
        default=None, description="whsec_ and Base64; if there is none, one is made and kept in the data folder"
    )
    webhook_retry_seconds: Annotated[tuple[float, ...], NoDecode, BeforeValidator(split)] = Field(
        default=(5, 30, 120, 600, 3600, 21600), description="the pauses after failures; after the last it is given up"
    )
    webhook_timeout: float = Field(default=10.0, gt=0, le=60, description="seconds for a receiver to answer")
