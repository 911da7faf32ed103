"""Owns how a track is shown."""

from dataclasses import asdict
from uuid import UUID

from api.responses import BoxAnswer
from api.services import Services
from api.tracks.answers import PointAnswer, PointedTrackAnswer, TrackAnswer
from pipeline.contracts.frames import bucket_of
from pipeline.contracts.tracks import FOLLOWED, Track, Tracking, TrackPoints
from pipeline.contracts.videos import Video

MOST_POINTS = 2000
FIELDS = frozenset(TrackAnswer.model_fields) - {"video_id", "dwell_seconds", "picture_url", "path", "attributes"}


def is_complete(video: Video, state: Tracking | None) -> bool:
    """Whether nothing will be added or changed: all is made, or the video has ended and nothing of it is followed."""
    if not any(task.name in FOLLOWED for task in video.tasks):
        return video.status.terminal
    return state is not None and state.complete and state.attempt == video.attempt


def track_answer(video_id: UUID, track: Track) -> TrackAnswer:
    """A track as the API shows it."""
    return TrackAnswer(**_fields(video_id, track))


def pointed_answer(services: Services, video: Video, track: Track) -> PointedTrackAnswer:
    """A track with its boxes, at most 2,000 of them."""
    step = -(-track.frames // MOST_POINTS)
    points: list[PointAnswer] = []
    seen = 0
    for bucket in range(bucket_of(track.first_frame), bucket_of(track.last_frame) + 1):
        if (found := services.tracks.points_of(video.video_id, bucket, track.track_id)) is not None:
            points += _points(found, -seen % step, step)
            seen += len(found.frames)
    return PointedTrackAnswer(**_fields(video.video_id, track), points=points, thinned=step > 1)


def _points(found: TrackPoints, first: int, step: int) -> list[PointAnswer]:
    return [
        PointAnswer(
            frame_number=int(found.frames[i]),
            media_time=float(found.times[i]),
            box=BoxAnswer(**dict(zip(("x", "y", "width", "height"), found.boxes[i].tolist(), strict=True))),
        )
        for i in range(first, len(found.frames), step)
    ]


def _fields(video_id: UUID, track: Track) -> dict[str, object]:
    shown: dict[str, object] = {name: getattr(track, name) for name in FIELDS}
    return shown | {
        "video_id": video_id,
        "dwell_seconds": track.dwell,
        "path": [asdict(spot) for spot in track.path],
        "best": asdict(track.best) if track.best else None,
        "person": asdict(track.person) if track.person else None,
        "attributes": dict(track.attributes),
        "picture_url": f"/analysis/{video_id}/tracks/{track.track_id}/picture",
    }
