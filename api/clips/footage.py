"""Owns which stored frames a clip is made of, when each is shown and for how long."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median

from api.services import Services
from pipeline.contracts.errors import Conflict, NotFound
from pipeline.contracts.frames import StoreFrames, bucket_of
from pipeline.contracts.results import ResultRow
from pipeline.contracts.videos import Video
from pipeline.stores.results import BucketSummary, walk
from pipeline.stores.rows import ResultQuery

LONE_SECONDS = 1.0
"""How long the only frame of a clip is shown."""


@dataclass(frozen=True, slots=True)
class Span:
    """From where to where a clip goes: seconds of media time, or frame numbers, ends included."""

    time_from: float | None = None
    time_to: float | None = None
    frame_from: int | None = None
    frame_to: int | None = None

    def meets(self, summary: BucketSummary) -> bool:
        """Whether frames of a bucket may be in it."""
        first, last = summary.first_media_time, summary.last_media_time
        return (
            first is not None
            and last is not None
            and (self.time_from or 0.0) <= last
            and (self.time_to is None or first <= self.time_to)
            and bucket_of(self.frame_from or 1) <= summary.bucket
            and (self.frame_to is None or summary.bucket <= bucket_of(self.frame_to))
        )

    def holds(self, frame_number: int, media_time: float) -> bool:
        """Whether a frame is in it."""
        return (
            (self.time_from or 0.0) <= media_time
            and (self.time_to is None or media_time <= self.time_to)
            and (self.frame_from or 0) <= frame_number
            and (self.frame_to is None or frame_number <= self.frame_to)
        )


@dataclass(frozen=True, slots=True)
class Moment:
    """A stored frame: its number, and its time in seconds of media time."""

    frame_number: int
    at: float


def footage(services: Services, video: Video, span: Span, most: int) -> list[Moment]:
    """The stored frames of a span by their time, at most one more than `most`.

    Raises Conflict for a video that keeps none, NotFound when none is there.
    """
    if video.store_frames is StoreFrames.NONE:
        raise Conflict(f"video {video.video_id} was submitted with storeFrames none, which keeps results only")
    found: list[Moment] = []
    for moment in _moments(services, video, span):
        if not found or moment.at > found[-1].at:
            found.append(moment)
        if len(found) > most:
            break
    if not found:
        raise NotFound(_absence(services, video))
    return found


def _moments(services: Services, video: Video, span: Span) -> Iterator[Moment]:
    for summary in filter(span.meets, services.results.summaries(video.video_id)):
        stored = {frame.frame_number for frame in services.frames.stored(video.video_id, summary.bucket)}
        for entry in services.results.entries(video.video_id, summary.bucket):
            if entry.frame_number in stored and span.holds(entry.frame_number, entry.media_time):
                yield Moment(entry.frame_number, entry.media_time)


def reached(services: Services, video: Video) -> float | None:
    """Seconds of media time up to which frames are done; None while there are none (any more)."""
    times = services.results.summaries(video.video_id)
    return max((s.last_media_time for s in times if s.last_media_time is not None), default=None)


def _absence(services: Services, video: Video) -> str:
    if (last := reached(services, video)) is None:
        return f"no frame of video {video.video_id} is stored: none is done yet, or they were cleared"
    return f"no frame of video {video.video_id} is stored in this range; its frames go up to {last:g} s"


def usual_gap(moments: Sequence[Moment]) -> float:
    """Seconds from one frame to the next, mostly."""
    return median([b.at - a.at for a, b in pairwise(moments)]) if len(moments) > 1 else LONE_SECONDS


def lasting(moments: Sequence[Moment]) -> Iterator[tuple[Moment, float]]:
    """Each frame, and the seconds until the next one; the last is shown as long as is usual."""
    for one, following in pairwise(moments):
        yield one, following.at - one.at
    yield moments[-1], usual_gap(moments)


def rows_along(services: Services, video: Video, moments: Sequence[Moment]) -> Iterator[tuple[ResultRow, ...]]:
    """The rows of each of these frames, read page by page as they are taken."""
    query = ResultQuery(frame_from=moments[0].frame_number, frame_to=moments[-1].frame_number)
    groups = groupby(walk(services.results, video.video_id, query), key=lambda row: row.frame_number)
    number = 0
    rows: tuple[ResultRow, ...] = ()
    for moment in moments:
        while number < moment.frame_number:
            number, group = next(groups, (moment.frame_number + 1, ()))
            rows = tuple(group)
        yield rows if number == moment.frame_number else ()
