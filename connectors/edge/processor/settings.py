"""Owns the processor's settings: where pictures come from, where they are kept, and what is analysed in them."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from connectors.edge.brokers import wrong
from connectors.edge.topics import FACES, NAME, OLD_CLOUD, STORED

PREFIX = "FRAMEWISE_"
BROKER = f"{PREFIX}EDGE_BROKER_"
"""Before the names of BrokerSettings: FRAMEWISE_EDGE_BROKER_URL, …_USER, …_PASSWORD and so on."""


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class ProcessorSettings(BaseSettings):
    """What the processor of pictures from the edge does with them."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", populate_by_name=True)

    edge_store: str = Field(
        "", description="a folder, or an address of fsspec such as s3://BUCKET/PREFIX; else in data_dir"
    )
    edge_topics: Names = Field(
        (FACES.text, OLD_CLOUD.text),
        min_length=1,
        description="with {site} and {camera}, or neither, with commas between",
    )
    edge_confirm_topic: str = Field(STORED.text, description="where cameras hear that their pictures are safe")
    edge_tasks: Names = Field(
        ("faces_detection", "emotions_detection"), description="what is analysed; empty: pictures are only stored"
    )
    edge_client_id: str = Field("framewise-edge", pattern=NAME, description="of its own for each processor")
    edge_old_site: str = Field("old", pattern=NAME, description="the site of pictures that come without properties")
    edge_old_camera: str = Field("camera", pattern=NAME, description="the camera of such pictures")
    edge_max_bytes: int = Field(900_000, ge=1000, le=950_000, description="of a picture")
    edge_max_pixels: int = Field(32 * 2**20, ge=1, description="of a picture")
    edge_set_aside_most: int = Field(
        1000, ge=0, description="of what is no picture, kept since the start; the rest is logged"
    )
    edge_end_hours: float = Field(
        2.0, gt=0, description="after a day of a camera without pictures of it, its video completes"
    )
    url: str = Field("", description="of the Framewise service; else that of this machine's stack")
    key: SecretStr | None = Field(None, description="an API key of the service, where it asks for one")
    api_port: int = Field(8000, ge=0, le=65535)

    @property
    def service_url(self) -> str:
        """The service."""
        return self.url or f"http://127.0.0.1:{self.api_port}"

    def store(self, data_dir: Path) -> str:
        """Where pictures are kept: an absolute folder, or an address of fsspec."""
        if "://" in self.edge_store:
            return self.edge_store
        return str(Path(self.edge_store).expanduser().resolve() if self.edge_store else data_dir / "edge")


def processor_settings() -> ProcessorSettings:
    """Those of the environment. Raises BrokerUnusable."""
    try:
        return ProcessorSettings()
    except ValidationError as e:
        raise wrong(PREFIX, e) from None
