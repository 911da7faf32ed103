"""Owns the list of live streams: those that have not ended and that the caller may see, with what was seen last."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from api.caller import Caller
from api.live.scene import as_stored
from api.live.shots import Shot
from api.services import Services
from api.streams.answers import NewestAnswer, StreamAnswer, StreamsAnswer
from api.trends.candidates import camera_of
from api.views import video_answer
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.results import TaskName
from pipeline.contracts.videos import Video

MOST = 100


def streams_answer(services: Services, caller: Caller) -> StreamsAnswer:
    """The list; raises StoreUnavailable."""
    found = list(islice(_live(services, caller), MOST + 1))
    return StreamsAnswer(items=[stream_answer(services, video) for video in found[:MOST]], more=len(found) > MOST)


def stream_answer(services: Services, video: Video) -> StreamAnswer:
    """One stream and what was seen last in it."""
    return StreamAnswer(
        video=video_answer(services, video),
        camera=camera_of(video),
        frames_per_second=services.newest.rate(video.video_id),
        newest=_newest(services, video),
    )


def _live(services: Services, caller: Caller) -> Iterator[Video]:
    for entry in sorted(services.queue.queue().entries, key=lambda entry: (entry.at, entry.video_id)):
        if caller.owns(entry.key_id):
            video = services.videos.get(entry.video_id)
            if video is not None and video.live and not video.status.terminal and caller.may_see(video):
                yield video


def _newest(services: Services, video: Video) -> NewestAnswer | None:
    """Of the newest frame whose picture is stored: a picture may be later than its results."""
    shots = services.newest.shots(video.video_id)
    kept = video.store_frames is not StoreFrames.NONE
    for shot in shots:
        if not kept or services.frames.get(video.video_id, shot.frame_number) is not None:
            return _answer(video, as_stored(services, video, shot), kept)
    return None


def _answer(video: Video, shot: Shot, kept: bool) -> NewestAnswer:
    counts = Counter(d.label for row in shot.rows if row.task is not TaskName.COLORS for d in row.detections)
    return NewestAnswer(
        frame_number=shot.frame_number,
        captured_at=next((row.captured_at for row in shot.rows), None),
        media_time=shot.media_time,
        frame_url=f"/analysis/{video.video_id}/frame/{shot.frame_number}" if kept else None,
        counts=dict(counts),
    )
