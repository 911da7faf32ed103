"""Owns `variables.json`, the file by which that system is configured: which settings of this door it gives."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from pipeline.contracts.errors import FramewiseError

STEP = "human_detection"


class VariablesInvalid(FramewiseError):
    """The file cannot be used."""

    type = "settings-invalid"
    title = "The settings are wrong"


class _Table(BaseModel):
    region: str | None = None
    table_id: str = Field(min_length=1)


class _Split(BaseModel):
    output_bucket: str = Field(min_length=1)


class _Step(BaseModel):
    detectors: list[Any] | None = None
    frame_ratio: float | None = None


class _Variables(BaseModel):
    """What is read of the file; what else other parts of that system keep there is left alone."""

    aws_region: str | None = None
    aws_queues: dict[str, str | list[str]] | list[str] | str | None = None
    dynamodb: _Table | None = None
    video_split: _Split | None = None


def from_variables(path: Path, step: str = STEP) -> dict[str, Any]:
    """The settings that the file gives for a step, by their names here. Raises VariablesInvalid."""
    said = _json(path)
    try:
        known, section = _Variables.model_validate(said), _Step.model_validate(said.get(step, {}))
    except ValidationError as e:
        wrong = "; ".join(f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in e.errors())
        raise VariablesInvalid(f"{path}: {wrong}") from e
    given = {
        "region": known.aws_region,
        "queues": _queues(known.aws_queues, step, path),
        "table": known.dynamodb.table_id if known.dynamodb else None,
        "table_region": known.dynamodb.region if known.dynamodb else None,
        "output_bucket": known.video_split.output_bucket if known.video_split else None,
        "detectors": section.detectors,
        "frame_ratio": section.frame_ratio,
    }
    return {f"aws_{name}": value for name, value in given.items() if value is not None}


def _queues(given: dict[str, str | list[str]] | list[str] | str | None, step: str, path: Path) -> Any:
    """An object names the queue, or the queues, of each step."""
    if not isinstance(given, dict):
        return given
    if step not in given:
        raise VariablesInvalid(
            f"{path}: aws_queues names no queue for the step {step}, only for {', '.join(given) or 'none'}; "
            "FRAMEWISE_AWS_STEP says which step this is"
        )
    return given[step]


def _json(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text())
    except (OSError, ValueError) as e:
        raise VariablesInvalid(f"{path}, which FRAMEWISE_AWS_VARIABLES names, cannot be read as JSON: {e}") from e
    if not isinstance(said, dict):
        raise VariablesInvalid(f"{path} holds no JSON object")
    return said
