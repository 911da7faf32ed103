"""Owns the settings of reading videos: files, live streams, and the server that takes streams."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator
from pydantic_settings import NoDecode

from pipeline.contracts.settings.base import FramewiseSettings, split


class IngestSettings(FramewiseSettings):
    """What ingest fetches, how it decodes and how far it runs ahead."""

    allowed_hosts: Annotated[tuple[str, ...], NoDecode, BeforeValidator(split)] = ()
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


class LiveSettings(FramewiseSettings):
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


class RtmpSettings(FramewiseSettings):
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
