"""Owns finding where a person may be: named in rows and tracks, or by vectors of their face, which go afterwards."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from pipeline.contracts.erasures import Removed
from pipeline.contracts.frames import bucket_of
from pipeline.contracts.results import Box
from pipeline.erasing.similar import Seen, named_tracks, seen_in, similar_faces, similar_tracks
from pipeline.erasing.stores import PersonalStores
from pipeline.erasing.whom import Whom
from pipeline.stores.faces import FaceVector, TrackVector
from pipeline.stores.sightings import Place


@dataclass
class Traces:
    """Where rows may name the person (`people` are their ids), and in which frames they were by tracks and vectors."""

    people: frozenset[UUID] = frozenset()
    named: Sequence[Place] = ()
    tracks: list[TrackVector] = field(default_factory=list)
    faces: list[FaceVector] = field(default_factory=list)
    _boxes: defaultdict[Place, defaultdict[int, list[Box]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    @property
    def seen(self) -> Iterable[Place]:
        """The videos and buckets in which the person was by tracks and vectors."""
        return self._boxes.keys()

    @property
    def places(self) -> set[Place]:
        """Every video and bucket that has to be looked at."""
        return {*self.named, *self._boxes}

    def boxes(self, place: Place) -> Mapping[int, Sequence[Box]]:
        """Where the person was in a bucket's frames, so far as is known without rows."""
        return self._boxes.get(place, {})

    def add(self, seen: Iterable[Seen]) -> None:
        """The person was there."""
        for place, number, box in seen:
            self._boxes[place][number].append(box)


def find(stores: PersonalStores, whom: Whom) -> Traces:
    """What leads to the person; nothing is removed yet."""
    people = _ids(stores, whom)
    traces = Traces(people, sorted({place for person_id in people for place in stores.sightings.of_person(person_id)}))
    _by_vectors(stores, whom, traces)
    for video_id in {video_id for video_id, _ in traces.places}:
        _by_tracks(stores, whom, video_id, traces)
    return traces


def remove(stores: PersonalStores, whom: Whom, traces: Traces) -> Removed:
    """Vectors of the face and names of tracks go. Where they led to must be written down by then."""
    tracks = list(dict.fromkeys(traces.tracks))
    stores.faces.drop_tracks(tracks)
    stores.faces.drop_raw(traces.faces)
    named = (stores.tracks.forget_person(one, whom.brief.person_ids) for one in {one for one, _ in traces.places})
    return Removed(track_vectors=len(tracks), raw_vectors=len(traces.faces), tracks=sum(named))


def _ids(stores: PersonalStores, whom: Whom) -> frozenset[UUID]:
    """When only digests of ids are known, those that are found in the videos of earlier rounds."""
    seen = {person_id for video_id in whom.erasure.videos for _, person_id in stores.sightings.of_video(video_id)}
    return whom.brief.person_ids | frozenset(filter(whom.is_id, seen))


def _by_vectors(stores: PersonalStores, whom: Whom, traces: Traces) -> None:
    traces.tracks += similar_tracks(stores, whom)
    traces.faces += similar_faces(stores, whom)
    for vector in traces.tracks:
        if (track := stores.tracks.get(vector.video_id, vector.track_id)) is not None:
            traces.add(seen_in(stores, vector.video_id, track))
    traces.add(((f.video_id, bucket_of(f.frame_number)), f.frame_number, f.box) for f in traces.faces)


def _by_tracks(stores: PersonalStores, whom: Whom, video_id: UUID, traces: Traces) -> None:
    for track in named_tracks(stores, whom, video_id):
        traces.add(seen_in(stores, video_id, track))
        traces.tracks += [vector for vector in stores.faces.tracks(video_id) if vector.track_id == track.track_id]
