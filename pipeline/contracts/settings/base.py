"""Owns what all settings have in common: where the source tree is, and what is said of a wrong one."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[3]
"""The folder of the source tree."""


class FramewiseSettings(BaseSettings):
    """Read from `FRAMEWISE_…`, and frozen."""

    model_config = SettingsConfigDict(env_prefix="FRAMEWISE_", frozen=True, extra="ignore", populate_by_name=True)


def wrong_settings(error: ValidationError) -> str:
    """What is wrong with which variables, in one line."""
    return "; ".join(f"FRAMEWISE_{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())


def split(value: Any) -> Any:
    """Texts between commas, as a tuple; any other value as it is."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value
