"""Owns the agent's settings: what it looks at, what it finds and sends, and where that is kept meanwhile."""

import re
import socket
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from connectors.edge.agent.sending import Confirm
from connectors.edge.topics import FACES, NAME, STORED

PREFIX = "FRAMEWISE_AGENT_"
BROKER = f"{PREFIX}BROKER_"
"""Before the names of BrokerSettings: FRAMEWISE_AGENT_BROKER_URL, …_USER, …_PASSWORD and so on."""

TOPIC = r"[^+#\s]{1,200}"


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "-", socket.gethostname())[:40].lstrip("_.-") or "edge"


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return frozenset(part.strip() for part in value.split(",") if part.strip())
    return value


def _size(value: Any) -> Any:
    """`1920x1080` as width and height."""
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"(\d{2,5})x(\d{2,5})", value.strip())
    if found is None:
        raise ValueError("write WIDTHxHEIGHT, such as 1920x1080")
    return int(found[1]), int(found[2])


Size = Annotated[tuple[int, int], NoDecode, BeforeValidator(_size)]
Labels = Annotated[frozenset[str], NoDecode, BeforeValidator(_split)]


class AgentSettings(BaseSettings):
    """What the agent looks at, what it sends, and what it keeps. Read from FRAMEWISE_AGENT_…."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    source: str = Field("0", min_length=1, description="a camera's number or path, a file, or rtsp://, http(s)://")
    site: str = Field(default_factory=_host, pattern=f"^{NAME}$", description="where it stands; else the host's name")
    camera: str = Field("camera", pattern=f"^{NAME}$", description="the camera's name within its site")
    resolution: Size | None = Field(None, description="WIDTHxHEIGHT that the camera is asked for")
    fps: float | None = Field(None, gt=0, le=240, description="frames a second to look at, at most")
    fast: bool = Field(False, description="a file as fast as it can be looked at, not in its own pace")

    recorded_at: datetime | None = Field(None, description="when a file begins, as 2026-05-01T12:00:00Z; else now")

    model: str = Field("yunet_n", pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", description="the card of the detector")
    labels: Labels = Field(frozenset(), description="what to collect, with commas between; else all it finds")
    threads: int = Field(1, ge=1, le=64, description="of the detector")
    min_score: float | None = Field(None, ge=0, le=1, description="of the detector; else what its card says")
    min_pixels: int = Field(32, ge=1, description="of the shorter side of what was found")
    min_sharpness: float = Field(15.0, ge=0, description="variance of the Laplacian, at 64 by 64 pixels")
    per_track: int = Field(3, ge=1, le=20, description="crops of one track, at most")
    margin: float = Field(1.5, ge=0, le=4, description="around what was found, as a part of its sides")
    largest: int = Field(1024, ge=64, le=4096, description="pixels of a crop's longer side, at most")

    topic: str = Field(FACES.text, pattern=f"^{TOPIC}$", description="with {site} and {camera}, or neither")
    stored_topic: str = Field(STORED.text, pattern=f"^{TOPIC}$", description="on which the far end confirms")
    confirm: Confirm = Field("stored", description="what proves a crop safe: stored (the far end) or broker")
    spool_bytes: int = Field(256 * 2**20, ge=2**20, description="of crops that wait to be confirmed, on disk")
    spool_crops: int = Field(10_000, ge=1, description="the same, as a number; the oldest are given up")

    @field_validator("recorded_at")
    @classmethod
    def _with_zone(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("say the time zone too: end with Z, or with an offset such as +02:00")
        return value

    @field_validator("labels")
    @classmethod
    def _few(cls, value: frozenset[str]) -> frozenset[str]:
        if any(len(label) > 100 for label in value):
            raise ValueError("a label has 100 characters at most")
        return value
