"""Owns the door's settings: from the environment, and below it from that system's `variables.json`."""

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from connectors.aws.detectors import Detector, detectors
from connectors.aws.variables import STEP, from_variables

BOTH = [["HumanDetector", {}], ["FaceDetector", {}]]


def _names(value: Any) -> Any:
    """Names or addresses with commas between, or a list in JSON."""
    if isinstance(value, str):
        value = json.loads(value) if value.lstrip().startswith("[") else value.split(",")
    return tuple(name.strip() for name in value if name.strip()) if isinstance(value, list | tuple) else value


def _detectors(value: Any) -> Any:
    return detectors(json.loads(value) if isinstance(value, str) else value)


class AwsSettings(BaseSettings):
    """Which queues, which document and bucket, what is looked for, and how often it is tried."""

    model_config = SettingsConfigDict(
        env_prefix="FRAMEWISE_", frozen=True, extra="ignore", arbitrary_types_allowed=True
    )

    aws_variables: Path | None = Field(default=None, description="variables.json; the environment goes before it")
    aws_region: str | None = Field(default=None, description="of queues and buckets; else as AWS's own tools find it")
    aws_queues: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)] = Field(
        min_length=1, description="names or addresses of queues, with commas between"
    )
    aws_table: str = Field(min_length=1, description="of DynamoDB, which holds a document a VideoId")
    aws_table_region: str | None = Field(default=None, description="of the table; else that of the queues")
    aws_output_bucket: str = Field(min_length=3, description="where result files are put")
    aws_step: str = Field(
        default=STEP, pattern=r"^[\w.-]{1,100}$", description="the step's name in documents, and the folder of results"
    )
    aws_detectors: Annotated[tuple[Detector, ...], NoDecode, BeforeValidator(_detectors)] = Field(
        default=BOTH, validate_default=True, description='such as [["HumanDetector", {"min_detection_score": 0.4}]]'
    )
    aws_frame_ratio: float = Field(default=1.0, gt=0, le=1, description="the share of frames, exact on average")
    aws_dead_letters: str = Field(
        default="", description="name or address of a queue for what cannot be done, where a queue names none itself"
    )
    aws_tries: int = Field(default=3, ge=1, le=1000, description="deliveries of a message before it is set aside")
    aws_retry_seconds: int = Field(default=30, ge=0, le=900, description="before the second try; then twice as long")
    aws_at_work: int = Field(default=4, ge=1, le=64, description="messages at work at the same time")
    aws_visibility_seconds: int = Field(
        default=60, ge=2, le=43_200, description="a message of a dead process comes back after it; renewed at a third"
    )
    aws_poll_seconds: int = Field(default=20, ge=1, le=20, description="for so long a queue is asked at once")
    aws_patience_seconds: float = Field(
        default=900.0, ge=0, description="so long a service that is away is waited for with a message at work"
    )
    sqs_endpoint: str | None = Field(default=None, description="of another server than AWS's, for trials")
    dynamodb_endpoint: str | None = Field(default=None, description="of another server than AWS's, for trials")
    url: str = Field(default="", description="of the Framewise service; else that of this machine's stack")
    key: SecretStr | None = Field(default=None, description="an API key of the service, where it asks for one")
    api_port: int = Field(default=8000, ge=0, le=65535)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The file comes last. Raises VariablesInvalid."""
        return init_settings, env_settings, _Variables(settings_cls)

    @property
    def service_url(self) -> str:
        """The service."""
        return self.url or f"http://127.0.0.1:{self.api_port}"


class _Variables(PydanticBaseSettingsSource):
    """The file that the environment names."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        path = self.current_state.get("aws_variables")
        return from_variables(Path(path), self.current_state.get("aws_step", STEP)) if path else {}
