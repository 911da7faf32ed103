"""Erasures: what is found of a person is taken out everywhere, late things too, in memory and on Cassandra."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import cv2
import numpy as np
import pytest

from ingest.indexer import Indexed, Indexer
from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.digests import CassandraDigestStore
from pipeline.cassandra.erasures import CassandraErasureStore
from pipeline.cassandra.faces import CassandraFaceStore
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.search import CassandraSearchIndex
from pipeline.cassandra.sightings import CassandraSightingStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.contracts.erasures import (
    Brief,
    ErasedFrames,
    Erasure,
    ErasureState,
    KnownFace,
    Removed,
    new_erasure,
    subject_of,
)
from pipeline.contracts.results import AnalyzedFrame, Box, Detection, ResultRow, TaskName
from pipeline.contracts.tracks import Track, TrackPerson, TrackPoints
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.erasing.beginning import begin
from pipeline.erasing.round import look
from pipeline.erasing.stores import PersonalStores
from pipeline.pictures import decode, encode
from pipeline.stores.digests import InMemoryDigestStore
from pipeline.stores.erasures import InMemoryErasureStore
from pipeline.stores.faces import FaceVector, InMemoryFaceStore, TrackVector, Vector, unit
from pipeline.stores.frames import FolderFrameStore
from pipeline.stores.in_memory_people import InMemoryPeopleStore
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.in_memory_tracks import InMemoryTrackStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.people import Collection, Person, Photo
from pipeline.stores.results import walk
from pipeline.stores.rows import ResultQuery
from pipeline.stores.search import InMemorySearchIndex
from tests.unit.factories import T0, a_result, a_video, analyzed
from tracking.forgetting import ForgetfulTrackStore

MODEL, THRESHOLD = "cd" * 32, 0.4
ADA, BOB = "Ada Lovelace Zyx", "Bob"
FACE, OTHER = Box(0.1, 0.3, 0.2, 0.3), Box(0.65, 0.3, 0.2, 0.3)
SIZE = (240, 320)


def vector(seed: int, noise: int = 0) -> Vector:
    """A face's vector; another one of the same face with `noise`."""
    base = np.random.default_rng(seed).normal(size=256)
    return unit(base + 0.5 * np.random.default_rng(1000 + noise).normal(size=256) * bool(noise))


def picture() -> bytes:
    """Two faces full of detail before a plain wall."""
    image = np.full((*SIZE, 3), 120, np.uint8)
    for box in (FACE, OTHER):
        rows, columns = area(box)
        image[rows, columns] = (np.indices((rows.stop - rows.start, columns.stop - columns.start)).sum(0) % 8 < 4)[
            ..., None
        ] * np.uint8(255)
    return encode(image)


def area(box: Box) -> tuple[slice, slice]:
    """The pixels of a box."""
    height, width = SIZE
    return (
        slice(round(box.y * height), round((box.y + box.height) * height)),
        slice(round(box.x * width), round((box.x + box.width) * width)),
    )


def detail(jpeg: bytes, box: Box) -> float:
    """How much can be seen in a box: near 0 where it is hidden."""
    return float(cv2.Laplacian(cv2.cvtColor(decode(jpeg)[area(box)], cv2.COLOR_BGR2GRAY), cv2.CV_64F).var())


@dataclass
class World:
    """Stores, a person who is known, a video in which she was found, and a copy of it."""

    stores: PersonalStores
    ada: Person
    bob: UUID = field(default_factory=uuid4)

    def erase(self, frames: ErasedFrames = ErasedFrames.BLUR) -> Erasure:
        """What the API does."""
        s = self.stores
        return begin(s.people, s.erasures, [self.ada], frames, {MODEL: THRESHOLD})

    def round(self, erasure_id: UUID) -> Erasure:
        """What ingest does, once it is due."""
        before = self.stores.erasures.get(erasure_id)
        assert before is not None
        after = look(self.stores, before)
        self.stores.erasures.looked(before, after)
        return after

    def video(self, parent: UUID | None = None) -> Video:
        """A video that runs."""
        video = replace(a_video(created_at=datetime.now(UTC)), parent_id=parent)
        self.stores.videos.create(video)
        self.stores.videos.transition(video.video_id, VideoStatus.PROCESSING)
        return video

    def frame(self, video: Video, number: int, known: bool) -> AnalyzedFrame:
        """Ada, who is known or not, and Bob."""
        who = (ADA, 0.7, FACE, {"similarity": 0.7}, self.ada.person_id) if known else ("unknown", 0.1, FACE)
        faces = [Detection(*who), Detection(BOB, 0.8, OTHER, {"similarity": 0.8}, self.bob)]
        return analyzed(video.video_id, number, a_result(faces, TaskName.IDENTITIES))

    def save(self, video: Video, frames: list[AnalyzedFrame]) -> None:
        """Keep outcomes, and pictures."""
        self.stores.results.save(frames, {video.video_id: video.attempt_timestamp})
        self.stores.frames.put_many([(video.video_id, frame.frame_number, picture()) for frame in frames])

    def rows(self, video: Video) -> list[ResultRow]:
        """All that is stored."""
        return list(walk(self.stores.results, video.video_id, ResultQuery()))

    def people(self, video: Video) -> set[str]:
        """Whom rows name."""
        return {d.label for row in self.rows(video) for d in row.detections}

    def index(self) -> None:
        """What the indexer does."""
        s = self.stores
        Indexer(Indexed(s.videos, s.results, s.digests, s.search), changing_seconds=0, first_seconds=0).index()

    def seen(self, video: Video, number: int, box: Box = FACE) -> float:
        """How much of a face is seen in a stored picture."""
        jpeg = self.stores.frames.get(video.video_id, number)
        assert jpeg is not None
        return detail(jpeg, box)


@pytest.fixture(params=["memory", "cassandra"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    frames = FolderFrameStore(tmp_path / "frames")
    people, tracks = InMemoryPeopleStore(), InMemoryTrackStore()
    if request.param == "memory":
        results = InMemoryResultStore()
        stores = PersonalStores(
            InMemoryVideoStore(),
            results,
            frames,
            InMemoryDigestStore(),
            InMemorySearchIndex(),
            people,
            InMemoryFaceStore(),
            tracks,
            results.sightings,
            InMemoryErasureStore(),
        )
    else:
        client: CassandraClient = request.getfixturevalue("client")
        stores = PersonalStores(
            CassandraVideoStore(client),
            CassandraResultStore(client),
            frames,
            CassandraDigestStore(client),
            CassandraSearchIndex(client),
            people,
            CassandraFaceStore(client),
            tracks,
            CassandraSightingStore(client),
            CassandraErasureStore(client),
        )
    people.save_collection(Collection("default", "a test", T0))
    ada = Person(uuid4(), "default", ADA, T0)
    people.add_person(ada)
    photo = Photo(uuid4(), ada.person_id, T0, 200, 50.0, 1.0, kept=True, models=frozenset({MODEL}))
    people.add_photo(ada, photo, picture(), {MODEL: vector(1).tobytes()})
    return World(stores, ada)


def scan(client: CassandraClient) -> str:
    """Every row of every table as text."""
    keyspace = client.settings.keyspace
    tables = client.session.execute("SELECT table_name FROM system_schema.tables WHERE keyspace_name = %s", (keyspace,))
    return "\n".join(row.json for t in tables for row in client.session.execute(f"SELECT JSON * FROM {t.table_name}"))


def test_a_person_is_taken_out_of_a_video_that_runs(world: World, request: pytest.FixtureRequest) -> None:
    video = world.video()
    child = world.video(video.video_id)
    world.save(video, [world.frame(video, n, known=10 <= n <= 20) for n in range(1, 31)])
    world.stores.frames.put_many([(child.video_id, n, picture()) for n in range(1, 31)])
    world.index()
    assert [entry.video_id for entry in world.stores.search.find(ADA)] == [video.video_id]
    assert world.people(video) == {ADA, BOB, "unknown"}

    erasure = world.erase()
    assert erasure.removed == Removed(people=1, photos=1, vectors=1)
    assert world.stores.people.person(world.ada.person_id) is None
    after = world.round(erasure.erasure_id)

    assert world.people(video) == {BOB, "unknown"}
    assert (after.removed.rows, after.removed.frames_blurred, after.state) == (11, 60, ErasureState.ERASING)
    assert all(world.seen(one, n) < 60 for one in (video, child) for n in range(1, 31)), "before and after, too"
    assert all(world.seen(one, n, OTHER) > 1000 for one in (video, child) for n in range(1, 31))
    for one in (video, child):
        known = world.stores.videos.get(one.video_id)
        assert known is not None
        assert known.veiled_at is not None
    assert list(world.stores.search.find(ADA)) == []
    world.index()
    assert list(world.stores.search.find(ADA)) == []
    (kept,) = world.stores.digests.read(video.video_id, [0])
    assert {*kept.digest.labels} == {BOB, "unknown"}
    for row in world.rows(video):
        assert [d.attributes for d in row.detections if d.label == "unknown"] == [{}] or row.frame_number not in range(
            10, 21
        )
    for _ in range(2):
        after = world.round(erasure.erasure_id)
    assert after.state is ErasureState.ERASED
    assert after.subjects == {subject_of(world.ada.person_id)}
    client = request.getfixturevalue("client") if "cassandra" in request.node.name else None
    if client is not None:
        found = scan(client)
        assert BOB in found
        assert ADA not in found
        assert str(world.ada.person_id) not in found


def test_what_comes_late_is_taken_out_too(world: World) -> None:
    video = world.video()
    world.save(video, [world.frame(video, n, known=True) for n in range(1, 6)])
    erasure_id = world.erase().erasure_id
    world.round(erasure_id)
    world.save(video, [world.frame(video, n, known=True) for n in range(4, 10)])
    assert world.seen(video, 4) > 1000
    assert [d.label for row in world.rows(video)[:5] for d in row.detections if d.box == FACE] == ["unknown"] * 5
    after = world.round(erasure_id)
    assert (after.removed.rows, after.removed.frames_blurred) == (9, 5 + 6)
    assert world.people(video) == {BOB, "unknown"}
    assert all(world.seen(video, n) < 60 for n in range(1, 10))
    world.round(erasure_id)
    assert world.stores.erasures.brief(erasure_id).person_ids == frozenset()
    world.save(video, [world.frame(video, n, known=True) for n in (10, 11, 1500)])
    after = world.round(erasure_id)
    assert after.removed.rows == 12, "also when only the digest of the id is known"
    assert world.stores.sightings.of_person(world.ada.person_id) == []
    assert world.people(video) == {BOB, "unknown"}
    assert all(world.seen(video, n) < 60 for n in (*range(1, 12), 1500))
    unchanged = world.round(erasure_id)
    assert unchanged.removed == after.removed
    assert unchanged.digest == after.digest


def test_vectors_of_the_same_face_go_and_others_stay(world: World) -> None:
    video, faces = world.video(), world.stores.faces
    world.save(video, [world.frame(video, n, known=False) for n in range(1, 11)])
    raw = [FaceVector(video.video_id, n, MODEL, n / 10, FACE, 0.3, vector(1, n)) for n in (3, 4)]
    raw += [FaceVector(video.video_id, 3, MODEL, 0.3, OTHER, 0.9, vector(2))]
    faces.keep(raw, {video.video_id: video.attempt_timestamp})
    hers = TrackVector(video.video_id, "f2-1", MODEL, 0.1, 0.9, 4, 8, vector(1, 50))
    his = TrackVector(video.video_id, "f2-2", MODEL, 0.1, 0.9, 4, 8, vector(2, 51))
    faces.save_tracks([hers, his])
    a_track(world, video, "f2-1", list(range(2, 10)))
    assert [found.track.track_id for found in faces.nearest(MODEL, vector(1), 1)] == ["f2-1"]

    after = world.round(world.erase().erasure_id)

    assert (after.removed.track_vectors, after.removed.raw_vectors, after.removed.tracks) == (1, 2, 1)
    assert [track.track_id for track in faces.tracks(video.video_id)] == ["f2-2"]
    assert [(face.frame_number, face.box) for face in faces.raw(video.video_id, 0)] == [(3, OTHER)]
    assert all(world.seen(video, n) < 60 for n in range(2, 10)), "where the track went"
    assert (track := world.stores.tracks.get(video.video_id, "f2-1")) is not None
    assert track.person is None


def a_track(world: World, video: Video, name: str, numbers: list[int]) -> None:
    """A track that bears Ada's name."""
    person = TrackPerson(world.ada.person_id, ADA, 0.6, 1.0)
    first, last = numbers[0], numbers[-1]
    times = (first / 10, last / 10)
    track = Track(name, TaskName.IDENTITIES, "face", 1.0, 0.9, len(numbers), first, last, *times, person=person)
    boxes = np.tile(np.array([FACE.x, FACE.y, FACE.width, FACE.height], np.float32), (len(numbers), 1))
    points = TrackPoints(name, np.array(numbers), np.array(numbers) / 10, boxes)
    world.stores.tracks.save_tracks(video.video_id, [track], 1)
    world.stores.tracks.save_points(video.video_id, 0, [points], 1)


def test_someone_who_was_never_enrolled_is_found_by_face(world: World) -> None:
    video, s = world.video(), world.stores
    s.videos.transition(video.video_id, VideoStatus.COMPLETED)
    world.save(video, [world.frame(video, n, known=False) for n in range(1, 11)])
    s.faces.keep([FaceVector(video.video_id, 5, MODEL, 0.4, FACE, 0.3, vector(7, 1))], {video.video_id: 1_000_000})
    face = KnownFace(MODEL, THRESHOLD, tuple(vector(7).tolist()))
    erasure = begin(s.people, s.erasures, [], ErasedFrames.BLUR, {}, [face])
    after = world.round(erasure.erasure_id)
    assert (after.removed.raw_vectors, after.removed.frames_blurred, after.removed.people) == (1, 10, 0)
    assert (known := s.videos.get(video.video_id)) is not None
    assert known.veiled_at is None, "nothing comes any more"


@pytest.mark.parametrize(("frames", "left"), [(ErasedFrames.DELETE, []), (ErasedFrames.KEEP, [1, 2])])
def test_frames_are_deleted_or_kept_if_that_is_asked_for(world: World, frames: ErasedFrames, left: list[int]) -> None:
    video = world.video()
    world.save(video, [world.frame(video, n, known=True) for n in (1, 2)])
    after = world.round(world.erase(frames).erasure_id)
    assert after.removed.frames_deleted == 2 - len(left)
    assert [frame.frame_number for frame in world.stores.frames.stored(video.video_id, 0)] == left
    assert world.people(video) == {BOB, "unknown"}
    assert (known := world.stores.videos.get(video.video_id)) is not None
    assert (known.veiled_at is None) == (frames is ErasedFrames.KEEP)


def test_a_track_that_ends_later_does_not_name_who_was_erased_meanwhile(client: CassandraClient) -> None:
    erasures, video_id = CassandraErasureStore(client), uuid4()
    ada, bob = (TrackPerson(uuid4(), name, 0.6, 1.0) for name in (ADA, BOB))
    brief = Brief(frozenset({ada.person_id}), frozenset({ADA}))
    erasures.begin(new_erasure(brief, ErasedFrames.BLUR), brief)
    tracks = [
        Track(f"f{n}-1", TaskName.IDENTITIES, "face", 1.0, 0.9, 5, n, n + 4, 0.1, 0.5, person=person)
        for n, person in ((1, ada), (2, bob))
    ]
    store = ForgetfulTrackStore(client)
    store.save_tracks(video_id, tracks, 1)
    found = [store.get(video_id, track.track_id) for track in tracks]
    assert [track.person for track in found if track] == [None, bob]
