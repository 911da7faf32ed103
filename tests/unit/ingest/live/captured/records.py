"""Records of topic `captures` as a log has them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from ingest.live.captured.log import LogRecord
from pipeline.contracts.captures import Capture
from pipeline.kafka.capture_codec import encode_capture, encode_end
from tests.unit.factories import jpeg

T0 = datetime(2026, 11, 21, 10, tzinfo=UTC)
VIDEO = UUID(int=7)
PICTURE = jpeg()


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def record(
    offset: int,
    captured: float | None = None,
    *,
    capture_id: str | None = None,
    video_id: UUID = VIDEO,
    taken: float | None = None,
    picture: bytes = PICTURE,
) -> LogRecord:
    """A picture that was captured then, and taken at the same time if nothing else is said; seconds from T0."""
    moment = offset if captured is None else captured
    name = capture_id or f"c-{offset}"
    value, headers = encode_capture(Capture(video_id, at(moment), name, picture))
    taken_at = at(moment if taken is None else taken)
    return LogRecord("captures", 3, offset, taken_at, video_id.bytes, value, dict(headers))


def end(offset: int, video_id: UUID = VIDEO) -> LogRecord:
    return LogRecord("captures", 3, offset, at(offset), video_id.bytes, None, dict(encode_end(video_id)))
