"""Owns what the older messages write as a time: ISO 8601 with or without a zone, or seconds since 1970 in some unit."""

import math
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from pipeline.contracts.errors import RecordInvalid

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
UNITS = (1, 1_000, 1_000_000, 1_000_000_000)
"""Numbers are seconds, milliseconds, microseconds or nanoseconds: whichever makes a time of this century."""


def read_time(value: Any, zone: tzinfo | None) -> datetime:
    """The moment, with a time zone; a text without one is a clock in `zone` (None: the zone of this machine).

    Whole seconds, with a fraction or without, are all the same. Raises RecordInvalid.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise RecordInvalid(f"timestamp is {_shown(value)}, neither a text nor a number")
    try:
        moment = _of_number(float(value)) if _is_number(value) else _of_text(str(value).strip(), zone)
    except (ValueError, OverflowError) as e:
        raise RecordInvalid(f"timestamp is {_shown(value)}: {e}") from e
    if not EARLIEST <= moment < LATEST:
        raise RecordInvalid(f"timestamp is {_shown(value)}, which is not in this century")
    return moment


def _is_number(value: float | str) -> bool:
    if not isinstance(value, str):
        return True
    try:
        # Eight digits are a date of ISO 8601, without hyphens.
        return len(value.strip()) != len("20261122") and math.isfinite(float(value))
    except ValueError:
        return False


def _of_number(number: float) -> datetime:
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    for unit in UNITS:
        if number / unit < LATEST.timestamp():
            return EPOCH + timedelta(microseconds=round(number / unit * 1_000_000))
    raise ValueError("too large for a time in seconds, milliseconds, microseconds or nanoseconds")


def _of_text(text: str, zone: tzinfo | None) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("write it as 2026-11-22T10:00:00.250000, or as seconds since 1970") from None
    if moment.tzinfo is None and zone is not None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def _shown(value: Any) -> str:
    return repr(value)[:80]
