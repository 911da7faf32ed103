"""Owns listings of videos: which, in what order, and from where on the next page is read."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from uuid import UUID

from api.caller import Caller
from api.params import ALL, VideosParams
from api.services import Services
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.stores.videos import CreatedCursor, EndedCursor

MOST_EXAMINED = 500
"""Videos looked at for one page: who searches for what is rare gets short pages rather than slow ones."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a video stands in a listing: those that have not ended come first, of each the newest."""

    open: bool
    at: datetime
    video_id: UUID


@dataclass(frozen=True, slots=True)
class Listed:
    """A part of a listing, and where the next begins; None at the end."""

    videos: list[Video]
    next: Place | None


Placed = tuple[Place, Video]


def listed(services: Services, caller: Caller, params: VideosParams, after: Place | None) -> Listed:
    """The videos behind a place that are asked for and that the caller may see; raises StoreUnavailable."""
    found: dict[UUID, Video] = {}  # one that ends meanwhile is met twice
    last: Place | None = None
    for examined, (place, video) in enumerate(_all(services, caller, params, after)):
        if len(found) == params.limit or examined == MOST_EXAMINED:
            return Listed(list(found.values()), last)
        last = place
        if _is_wanted(params, video):
            found[video.video_id] = video
    return Listed(list(found.values()), None)


def _is_wanted(params: VideosParams, video: Video) -> bool:
    if params.tag is not None and params.tag not in video.tags:
        return False
    words = (params.search or "").casefold().split()
    texts = [text.casefold() for text in (video.video_name, video.external_id or "", *video.tags)]
    return all(any(word in text for text in texts) for word in words)


def _all(services: Services, caller: Caller, params: VideosParams, after: Place | None) -> Iterator[Placed]:
    """Everything that may be asked for, in order, fetched as it is taken."""
    chunk = params.limit + 1
    if params.external_id is not None:
        return _named(services, caller, params, after, chunk)
    status = params.status or VideoStatus.COMPLETED
    return _in(services, caller, tuple(VideoStatus) if status == ALL else (status,), after, chunk)


def _in(
    services: Services, caller: Caller, states: tuple[VideoStatus, ...], after: Place | None, chunk: int
) -> Iterator[Placed]:
    waiting = [state for state in states if not state.terminal]
    if waiting and (after is None or after.open):
        yield from _open(services, caller, waiting, after)
    behind = after if after is not None and not after.open else None
    listings = [_ended(services, caller, state, behind, chunk) for state in states if state.terminal]
    yield from heapq.merge(*listings, key=itemgetter(0), reverse=True)


def _open(services: Services, caller: Caller, states: list[VideoStatus], after: Place | None) -> Iterator[Placed]:
    listed = sorted(services.queue.queue(0).entries, key=lambda entry: (entry.at, entry.video_id), reverse=True)
    for entry in listed:
        place = Place(True, entry.at, entry.video_id)
        told = entry.status is None or entry.status in states
        if not told or not caller.owns(entry.key_id) or (after is not None and place >= after):
            continue
        video = services.videos.get(entry.video_id)
        if video is not None and video.status in states:
            yield place, video


def _ended(services: Services, caller: Caller, state: VideoStatus, after: Place | None, chunk: int) -> Iterator[Placed]:
    cursor = EndedCursor(after.at, after.video_id) if after else None
    while page := services.videos.ended_videos(state, chunk, cursor, caller.sees_only):
        for video in page:
            if video.finished_at is not None:
                cursor = EndedCursor(video.finished_at, video.video_id)
                yield Place(False, video.finished_at, video.video_id), video
        if len(page) < chunk:
            return


def _named(
    services: Services, caller: Caller, params: VideosParams, after: Place | None, chunk: int
) -> Iterator[Placed]:
    cursor = CreatedCursor(after.at, after.video_id) if after else None
    while page := services.videos.videos_named(params.external_id or "", chunk, cursor):
        for video in page:
            cursor = CreatedCursor(video.created_at, video.video_id)
            if caller.may_see(video) and params.status in (None, ALL, video.status):
                yield Place(True, video.created_at, video.video_id), video
        if len(page) < chunk:
            return
