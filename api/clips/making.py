"""Owns how a clip is answered: its frames gathered, encoded, and sent from a file without a name."""

from asyncio import ensure_future
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Literal

from fastapi import Request
from fastapi.responses import StreamingResponse

from api.blurring import face_boxes
from api.clips.encoding import Encoding, Shown
from api.clips.footage import Moment, lasting, rows_along, usual_gap
from api.clips.messages import PictureHead
from api.services import Services
from pipeline.contracts.videos import Video

CHUNK = 1 << 16
SLOWEST, FASTEST = 0.01, 240.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """How the frames of a clip are drawn."""

    annotate: bool = True
    hide_faces: bool = False


def pictures(
    services: Services, video: Video, moments: Sequence[Moment], drawing: Drawing, starts_at: float
) -> Iterator[Shown]:
    """The frames with their times from `starts_at` (seconds of media time) on, read one by one as they are taken.

    A frame that was cleared meanwhile leaves its time to the one before. Raises Conflict when faces are to be hidden
    and nobody knows where they are in a frame.
    """
    rows = rows_along(services, video, moments) if drawing.annotate or drawing.hide_faces else iter(())
    for moment, seconds in lasting(moments):
        found = next(rows, ())
        jpeg = services.frames.get(video.video_id, moment.frame_number)
        if jpeg is not None:
            hidden = face_boxes(services, video, moment.frame_number, found) if drawing.hide_faces else ()
            head = PictureHead(moment.at - starts_at, seconds, found if drawing.annotate else (), tuple(hidden))
            yield Shown(head, jpeg)


async def made(
    services: Services,
    request: Request,
    video: Video,
    moments: Sequence[Moment],
    drawing: Drawing,
    container: Literal["mp4", "mpegts"],
) -> BinaryIO:
    """The file of these frames; raises TooManyRequests, ClipFailed, Conflict and StoreUnavailable."""
    rate = min(max(1 / usual_gap(moments), SLOWEST), FASTEST)
    starts_at = moments[0].at if container == "mp4" else 0.0
    return await services.clips.make(
        request,
        lambda: ensure_future(services.events.wait_for_stop()),
        Encoding(container, rate),
        pictures(services, video, moments, drawing, starts_at),
    )


def sent(file: BinaryIO, media_type: str, headers: dict[str, str]) -> StreamingResponse:
    """The file as an answer; it is gone when it is closed."""
    size = file.seek(0, 2)
    file.seek(0)
    return StreamingResponse(
        _pieces(file),
        media_type=media_type,
        headers={**headers, "Content-Length": str(size), "Cache-Control": "no-store"},
    )


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        yield from iter(partial(file.read, CHUNK), b"")
