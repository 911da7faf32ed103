"""Owns how processes log: one line a record on standard output, with whose request and which video it is about.

As text the known fields follow the message as `name=value`; with FRAMEWISE_LOG_FORMAT=json a record is a JSON object.
URLs in messages are shown without what opens doors.
"""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pythonjsonlogger.json import JsonFormatter

from pipeline.contracts.settings import LogSettings
from pipeline.contracts.urls import redact_text

CHATTY = ("kafka", "httpx", "httpcore", "py4j", "opentelemetry", "botocore")
TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"
FIELDS = ("service", "request_id", "video_id")
PARTS = ("method", "route", "status", "ms")
"""What the line of a request says; in JSON each is a field."""

KEY = re.compile(r"\b(fw_[0-9A-Za-z]+_)[0-9A-Za-z]+")
"""An API key; its id may be read, its secret may not."""

_about: ContextVar[dict[str, str] | None] = ContextVar("about", default=None)


@contextmanager
def about(request_id: str | None = None, video_id: UUID | str | None = None) -> Iterator[None]:
    """What is logged in here, by this thread or task, is about this request and this video."""
    known = {"request_id": request_id, "video_id": video_id}
    token = _about.set((_about.get() or {}) | {name: str(value) for name, value in known.items() if value})
    try:
        yield
    finally:
        _about.reset(token)


def request_is(request_id: str | None) -> None:
    """Say whose request it is, within `about`, once that is known."""
    known = _about.get()
    if known is not None and request_id:
        known["request_id"] = request_id


def log_to_stdout(service: str) -> None:
    """Set up logging as `service`; called once in each `main`. Raises pydantic's ValidationError for wrong settings."""
    settings = LogSettings()
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(_Whose(service))
    handler.setFormatter(JsonLines() if settings.log_format == "json" else TextLines(TEXT))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


class _Whose(logging.Filter):
    """Puts the fields on each record; a record may bring its own by `extra`."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def filter(self, record: logging.LogRecord) -> bool:
        known = {"service": self._service, **(_about.get() or {})}
        for name, value in known.items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


class TextLines(logging.Formatter):
    """The record as text, then its fields."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        known = (f" {name}={value}" for name in FIELDS if (value := getattr(record, name, None)))
        return super().formatMessage(record) + "".join(known)

    def format(self, record: logging.LogRecord) -> str:
        return _closed(super().format(record))


class JsonLines(JsonFormatter):
    """The record as a JSON object."""

    def __init__(self) -> None:
        super().__init__(json_ensure_ascii=False)

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """What a record consists of."""
        log_data["time"] = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        log_data |= {"level": record.levelname, "logger": record.name}
        log_data |= {name: value for name in (*FIELDS, *PARTS) if (value := getattr(record, name, None)) is not None}
        log_data |= {"message": _closed(record.getMessage())}
        log_data |= {
            name: _closed(text) for name in ("exc_info", "stack_info") if (text := message_dict.get(name)) is not None
        }


def _closed(text: str) -> str:
    """The text with its URLs and API keys as anybody may read them."""
    if "://" in text:
        text = redact_text(text)
    return KEY.sub(r"\1***", text) if "fw_" in text else text
