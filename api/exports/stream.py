"""Owns how an export is sent: begun only when the first rows are there, named safely, broken off when a store fails."""

import logging
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Protocol
from urllib.parse import quote

from fastapi.responses import StreamingResponse

from api.services import Services
from api.tracks.joining import with_tracks
from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.results import ResultRow
from pipeline.contracts.videos import SourceProgress, Video
from pipeline.stores.results import walk
from pipeline.stores.rows import ResultQuery

STEM_LENGTH = 80
PATIENCE = 20.0
"""So long a store that went away in the middle is waited for."""
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Selection:
    """What is exported: rows of a video in order, and which of their detections are wanted."""

    video: Video
    progress: SourceProgress
    query: ResultQuery
    unnarrowed: Iterator[ResultRow]

    @classmethod
    def of(cls, services: Services, video: Video, query: ResultQuery) -> "Selection":
        """Everything that is asked for; nothing is read yet but how far ingest is."""
        unnarrowed = replace(query, label=None, min_confidence=None)
        walked = walk(services.results, video.video_id, unnarrowed, patience=PATIENCE)
        rows = with_tracks(services.tracks, video.video_id, walked)
        return cls(video, services.videos.progress(video.video_id), query, rows)

    @property
    def rows(self) -> Iterator[ResultRow]:
        """The rows, each with the detections that are wanted."""
        return (row for found in self.unnarrowed if (row := self.query.narrow(found)) is not None)


class Format(Protocol):
    """A way to write rows."""

    media_type: str
    suffix: str

    def write(self, selection: Selection) -> Iterator[bytes]:
        """The file in pieces, the rows read as they are taken; raises Conflict before the first piece."""
        ...


def send(selection: Selection, how: Format) -> StreamingResponse:
    """The answer. A store that fails before the first piece is a problem; later on the connection breaks."""
    pieces = how.write(selection)
    first = next(pieces, b"")
    body = _watched(chain([first], pieces), selection.video)
    headers = {"Content-Disposition": disposition(selection.video.video_name, how.suffix), "Cache-Control": "no-store"}
    return StreamingResponse(body, media_type=how.media_type, headers=headers)


def _watched(pieces: Iterator[bytes], video: Video) -> Iterator[bytes]:
    try:
        yield from pieces
    except FramewiseError as e:
        logger.warning("the export of video %s broke off: %s", video.video_id, e)
        raise


def disposition(name: str, suffix: str) -> str:
    """Content-Disposition for a file named after a video: plain letters, and the whole name as RFC 8187 has it."""
    printable = "".join(c for c in name if c.isprintable()).rsplit("/", 1)[-1].strip(" .")[:STEM_LENGTH] or "video"
    ascii_name = unicodedata.normalize("NFKD", printable).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", ascii_name).strip("-.") or "video"
    extended = quote(f"{printable}.{suffix}", safe="")
    return f"attachment; filename=\"{plain}.{suffix}\"; filename*=UTF-8''{extended}"
