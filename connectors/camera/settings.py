"""Owns the camera door's settings, read from `FRAMEWISE_…` once in its `main`."""

from datetime import tzinfo
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from pipeline.contracts.results import TaskName

TOPIC = r"^[A-Za-z0-9._-]{0,249}$"


def _split(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


class CameraDoorSettings(BaseSettings):
    """What of an earlier system is read and written, and how its cameras are analysed."""

    model_config = SettingsConfigDict(env_prefix="FRAMEWISE_", frozen=True, extra="ignore", populate_by_name=True)

    url: str = Field(default="", description="the service's address; this machine's if nothing is said")
    key: SecretStr | None = Field(default=None, description="an API key, where one is asked for")
    api_port: int = Field(default=8000, ge=0, le=65535)
    camera_older_topic: str = Field(
        default="pycturestream", pattern=TOPIC, description="where older producers send pictures as JSON; empty: off"
    )
    camera_result_topic: str = Field(
        default="",
        pattern=TOPIC,
        description="where results of cameras are told as older consumers read them; empty: off",
    )
    camera_zone: str = Field(
        default="", description="the zone of times without one, such as Europe/Berlin; empty: this machine's"
    )
    camera_models: Annotated[tuple[TaskName, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=(TaskName.OBJECTS,), min_length=1, description="what older cameras are analysed for"
    )
    camera_keep: Literal["newest", "all"] = Field(
        default="newest", description="what becomes of older cameras' pictures when the analysis falls behind"
    )
    camera_most: int = Field(default=64, ge=1, description="older cameras at the same time")
    camera_new_per_minute: int = Field(default=20, ge=1, description="older cameras that get a video, a minute")
    camera_most_bytes: int = Field(default=4 * 2**20, ge=1000, description="of an older message's picture")
    camera_most_pixels: int = Field(default=4096 * 2304, ge=1, description="of an older message's picture")

    @field_validator("camera_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            return value if not value else ZoneInfo(value).key
        except (ZoneInfoNotFoundError, ValueError, OSError) as e:
            raise ValueError(f"there is no time zone {value!r}; write it as Europe/Berlin") from e

    @property
    def zone(self) -> tzinfo | None:
        """The zone of times without one; None is this machine's."""
        return ZoneInfo(self.camera_zone) if self.camera_zone else None

    @property
    def service_url(self) -> str:
        """Where the API is."""
        return self.url or f"http://127.0.0.1:{self.api_port}"
