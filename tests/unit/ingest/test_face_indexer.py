"""One vector a track: gathered when the tracks are made, over buckets, and for as long as the collection says."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID, uuid4

import numpy as np
import pytest

from ingest.face_indexer import Embedded, FaceIndexer
from pipeline.contracts.errors import StoreError
from pipeline.contracts.results import Box, Identification, TaskName, TaskRequest
from pipeline.contracts.tracks import BestFrame, Track, Tracking, TrackPoints
from pipeline.contracts.videos import Video
from pipeline.stores.duties import InMemoryDutyStore
from pipeline.stores.faces import FaceVector, InMemoryFaceStore, TrackVector, unit
from pipeline.stores.in_memory_people import InMemoryPeopleStore
from pipeline.stores.in_memory_tracks import InMemoryTrackStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.people import Collection
from tests.unit.factories import T0, a_video

MODEL = "cd" * 32
LEFT, RIGHT = Box(0.1, 0.1, 0.2, 0.2), Box(0.6, 0.1, 0.2, 0.2)
X, Y = np.eye(256, dtype=np.float32)[:2]


class Kept(InMemoryFaceStore):
    """Remembers for how long vectors are kept."""

    seconds: int | None = None

    def save_tracks(self, tracks: Sequence[TrackVector], seconds: int | None = None) -> None:
        self.seconds = seconds
        super().save_tracks(tracks, seconds)


@dataclass
class World:
    """A video of two faces that is to be searched by face."""

    faces: Kept = field(default_factory=Kept)
    tracks: InMemoryTrackStore = field(default_factory=InMemoryTrackStore)
    videos: InMemoryVideoStore = field(default_factory=InMemoryVideoStore)
    people: InMemoryPeopleStore = field(default_factory=InMemoryPeopleStore)
    video: Video = field(default_factory=a_video)

    def __post_init__(self) -> None:
        asked = TaskRequest(TaskName.IDENTITIES, identification=Identification("a test", ("default",), search=True))
        self.video = replace(self.video, tasks=(asked,))
        self.videos.create(self.video)

    def face(self, number: int, box: Box, vector: object) -> None:
        """A raw vector."""
        found = FaceVector(self.video.video_id, number, MODEL, number / 10, box, 0.5, unit(np.asarray(vector)))
        self.faces.keep([found], {})

    def track(self, name: str, numbers: range, box: Box, best: int | None = None) -> None:
        """A track that stands still."""
        first, last = numbers[0], numbers[-1]
        shown = BestFrame(best, best / 10, box, 0.9) if best else None
        ends = (first, last, first / 10, last / 10)
        track = Track(name, TaskName.FACES, "face", 1.0, 0.9, len(numbers), *ends, best=shown)
        self.tracks.save_tracks(self.video.video_id, [track], 1)
        for bucket in {(n - 1) // 1000 for n in numbers}:
            here = np.array([n for n in numbers if (n - 1) // 1000 == bucket])
            boxes = np.tile(np.array([box.x, box.y, box.width, box.height], np.float32), (len(here), 1))
            self.tracks.save_points(self.video.video_id, bucket, [TrackPoints(name, here, here / 10, boxes)], 1)

    def tracked(self, through: int, complete: bool, attempt: int = 1, skipped: bool = False) -> None:
        """How far the tracks are made."""
        state = Tracking(attempt, through, through / 10, complete, skipped=skipped)
        self.tracks.save_state(self.video.video_id, state, 1)

    def index(self) -> list[TrackVector]:
        """One round; what is known then."""
        stores = Embedded(self.videos, self.tracks, self.faces, self.people)
        FaceIndexer(stores, InMemoryDutyStore(), "me").index()
        return self.faces.tracks(self.video.video_id)


@pytest.fixture
def world() -> World:
    return World()


def test_each_track_has_the_mean_of_its_faces(world: World) -> None:
    world.track("f1-1", range(1, 11), LEFT, best=4)
    world.track("f1-2", range(1, 11), RIGHT)
    world.face(3, LEFT, X)
    world.face(4, replace(LEFT, x=0.12), X + Y)
    world.face(3, RIGHT, Y)
    world.face(5, Box(0.35, 0.6, 0.2, 0.2), Y)
    world.tracked(10, complete=True)
    left, right = world.index()
    assert (left.track_id, left.faces, left.best_frame, left.first_time, left.last_time) == ("f1-1", 2, 4, 0.1, 1.0)
    assert left.vector @ unit(X + unit(X + Y)) == pytest.approx(1)
    assert (right.track_id, right.faces, right.best_frame) == ("f1-2", 1, 1)
    assert list(world.faces.raw_buckets()) == []


def test_a_track_over_two_buckets_has_one_vector(world: World) -> None:
    world.track("f999-1", range(999, 1003), LEFT)
    for number, vector in ((999, X), (1000, X), (1001, X), (1002, Y)):
        world.face(number, LEFT, vector)
    world.tracked(1002, complete=True)
    (found,) = world.index()
    assert found.faces == 4
    assert found.vector @ unit(2 * X + 2 * unit(X + Y)) == pytest.approx(1)


@pytest.mark.parametrize(
    ("through", "complete", "attempt", "skipped", "made"),
    [
        (1500, False, 1, False, False),
        (2500, False, 1, False, True),
        (2500, False, 1, True, False),
        (1500, True, 1, True, True),
        (2500, True, 2, False, False),
    ],
)
def test_vectors_wait_for_tracks_that_stay(
    world: World, through: int, complete: bool, attempt: int, skipped: bool, made: bool
) -> None:
    world.track("f1001-1", range(1001, 1011), LEFT)
    world.face(1005, LEFT, X)
    world.tracked(through, complete, attempt, skipped)
    assert bool(world.index()) is made
    assert bool(list(world.faces.raw_buckets())) is not made


def test_vectors_live_as_long_as_the_collection_says(world: World) -> None:
    world.people.save_collection(Collection("default", "a test", T0, retention_days=7))
    world.track("f1-1", range(1, 5), LEFT)
    world.face(1, LEFT, X)
    world.tracked(5, complete=True)
    world.index()
    assert world.faces.seconds == 7 * 86400


def test_of_a_video_that_is_gone_nothing_is_made(world: World) -> None:
    world.faces.keep([FaceVector(uuid4(), 1, MODEL, 0.1, LEFT, 0.5, unit(X))], {})
    assert world.index() == []
    assert list(world.faces.raw_buckets()) == []


class Picky(Kept):
    """Has no place for the vectors of one video."""

    refused: UUID | None = None

    def save_tracks(self, tracks: Sequence[TrackVector], seconds: int | None = None) -> None:
        if any(track.video_id == self.refused for track in tracks):
            raise StoreError("no table keeps vectors of 512 numbers")
        super().save_tracks(tracks, seconds)


def test_a_video_whose_vectors_cannot_be_kept_does_not_hold_up_others() -> None:
    faces = Picky()
    first, second = sorted((World(faces=faces), World(faces=faces)), key=lambda world: world.video.video_id)
    faces.refused = first.video.video_id
    second.videos.create(first.video)
    for world in (first, second):
        world.tracks = second.tracks
        world.track("f1-1", range(1, 5), LEFT)
        world.face(1, LEFT, X)
        world.tracked(5, complete=True)
    with pytest.raises(StoreError, match="512"):
        second.index()
    assert [track.track_id for track in faces.tracks(second.video.video_id)] == ["f1-1"]
    assert [place[0] for place in faces.raw_buckets()] == [first.video.video_id], "they are tried again"
