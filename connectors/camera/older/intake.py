"""Owns the way of older messages into the pipeline: handed to their camera's video, or set aside with the reason."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol
from uuid import UUID

import framewise
from connectors.camera.older.messages import OlderMessage, read_message
from connectors.camera.records import Record
from connectors.pictures.encoding import Encoder
from connectors.pictures.whole import Limits
from pipeline.contracts.captures import Capture
from pipeline.contracts.errors import FramewiseError, RecordInvalid, TooManyRequests
from pipeline.kafka.captures import CapturePublisher
from pipeline.kafka.publishing import DeadLetter, Publisher

SAFE_SECONDS = 30.0
MOST_JPEG = 950_000
"""What fits into a record of `captures` with its headers."""

log = logging.getLogger(__name__)


class VideosOfCameras(Protocol):
    """Says which video takes a camera's pictures."""

    def video_of(self, camera_id: str) -> UUID:
        """The video; raises TooManyRequests, and framewise.Refused where the service does not take the camera."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """How older messages are read: limits of pictures, and the zone of times without one (None: this machine's)."""

    limits: Limits
    zone: tzinfo | None


class Intake:
    """Hands older messages on. For one thread."""

    def __init__(
        self,
        understanding: Understanding,
        encoder: Encoder,
        cameras: VideosOfCameras,
        captures: CapturePublisher,
        aside: Publisher,
    ) -> None:
        self._understanding = understanding
        self._encoder = encoder
        self._cameras = cameras
        self._captures = captures
        self._aside = aside

    def take(self, records: Sequence[Record]) -> None:
        """Hand on what can be, set aside what cannot; when this returns all of it is safe.

        Raises StoreUnavailable and framewise.FramewiseError while somebody is away: then all of it comes again, and
        what comes twice is left out by its capture's id.
        """
        letters = [letter for record in records if (letter := self._hand_on(record)) is not None]
        self._captures.flush(SAFE_SECONDS)
        if letters:
            self._aside.dead_letters(letters)
            self._aside.flush(SAFE_SECONDS)

    def _hand_on(self, record: Record) -> DeadLetter | None:
        """Why the record is set aside, if it is."""
        try:
            message = read_message(record.value, self._understanding.limits, self._understanding.zone)
            self._captures.put(self._capture(record, message))
        except (RecordInvalid, TooManyRequests) as e:
            return _letter(record, e)
        except (framewise.Invalid, framewise.Conflict) as e:
            return _letter(record, RecordInvalid(f"the service does not take the camera: {e}"))
        return None

    def _capture(self, record: Record, message: OlderMessage) -> Capture:
        jpeg = self._encoder.jpeg(message.picture, MOST_JPEG)
        video_id = self._cameras.video_of(message.camera_id)
        place = f"{record.topic}/{record.partition}/{record.offset}"
        return Capture(video_id, message.captured_at, place[-200:], jpeg)


def _letter(record: Record, error: FramewiseError) -> DeadLetter:
    log.warning("%s/%d/%d is set aside: %s", record.topic, record.partition, record.offset, error)
    return DeadLetter(record.value, record.topic, record.partition, record.offset, str(error), record.headers)
