"""Owns finding a person by their face: raw vectors and those of tracks that are like theirs, and where those were."""

from collections.abc import Iterator
from uuid import UUID

from pipeline.contracts.frames import bucket_of
from pipeline.contracts.results import Box
from pipeline.contracts.tracks import Track, TrackPoints
from pipeline.erasing.stores import PersonalStores
from pipeline.erasing.whom import Whom
from pipeline.stores.faces import FaceVector, TrackVector
from pipeline.stores.sightings import Place
from pipeline.stores.tracks import TrackQuery

AT_ONCE = 500
Seen = tuple[Place, int, Box]
"""A video and bucket, a frame number, and where in it the person was."""


def similar_tracks(stores: PersonalStores, whom: Whom) -> list[TrackVector]:
    """The vectors of tracks that are of the same face: all are compared, the index might miss one."""
    return [t for model in sorted(whom.models) for t in stores.faces.all_tracks(model) if whom.is_face(t)]


def similar_faces(stores: PersonalStores, whom: Whom) -> list[FaceVector]:
    """The raw vectors that are of the same face."""
    if not whom.models:
        return []
    return [face for place in stores.faces.raw_buckets() for face in stores.faces.raw(*place) if whom.is_face(face)]


def named_tracks(stores: PersonalStores, whom: Whom, video_id: UUID) -> list[Track]:
    """The tracks of a video that bear the person's name."""
    found: list[Track] = []
    for person_id in whom.brief.person_ids:
        query, after = TrackQuery(person=str(person_id)), None
        while True:
            page = stores.tracks.page(video_id, query, AT_ONCE, after)
            found += page.tracks
            if (after := page.next) is None:
                break
    return found


def seen_in(stores: PersonalStores, video_id: UUID, track: Track) -> Iterator[Seen]:
    """Where a track went."""
    for bucket in range(bucket_of(track.first_frame), bucket_of(track.last_frame) + 1):
        if (points := stores.tracks.points_of(video_id, bucket, track.track_id)) is not None:
            yield from ((((video_id, bucket)), number, box) for number, box in _boxes(points))


def _boxes(points: TrackPoints) -> Iterator[tuple[int, Box]]:
    for number, box in zip(points.frames.tolist(), points.boxes.tolist(), strict=True):
        yield number, Box(*box)
