"""A round of an erasure that is cut off, and what comes late: the next round finds it, and the receipt counts it."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import cv2
import numpy as np
import pytest

from pipeline.contracts.erasures import ErasedFrames, Erasure, KnownFace
from pipeline.contracts.results import AnalyzedFrame, Box, Detection, TaskName
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.erasing.beginning import begin
from pipeline.erasing.round import look
from pipeline.erasing.stores import PersonalStores
from pipeline.stores.digests import InMemoryDigestStore
from pipeline.stores.erasures import InMemoryErasureStore
from pipeline.stores.faces import FaceVector, InMemoryFaceStore, unit
from pipeline.stores.frames import InMemoryFrameStore
from pipeline.stores.in_memory_people import InMemoryPeopleStore
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.in_memory_tracks import InMemoryTrackStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.people import Person
from pipeline.stores.results import walk
from pipeline.stores.rows import ResultQuery
from pipeline.stores.search import InMemorySearchIndex, SearchEntry
from tests.unit.factories import T0, a_result, a_video, analyzed

MODEL = "cd" * 32
FACE = Box(0.1, 0.1, 0.5, 0.5)
PICTURE = cv2.imencode(".png", np.random.default_rng(0).integers(0, 255, (80, 80, 3), np.uint8))[1].tobytes()
HERS = unit(np.random.default_rng(1).normal(size=256))


@dataclass
class World:
    """Stores, and a person who is known."""

    results: InMemoryResultStore = field(default_factory=InMemoryResultStore)
    ada: Person = field(default_factory=lambda: Person(uuid4(), "default", "Ada", T0))

    def __post_init__(self) -> None:
        self.stores = PersonalStores(
            InMemoryVideoStore(),
            self.results,
            InMemoryFrameStore(),
            InMemoryDigestStore(),
            InMemorySearchIndex(),
            InMemoryPeopleStore(),
            InMemoryFaceStore(),
            InMemoryTrackStore(),
            self.results.sightings,
            InMemoryErasureStore(),
        )
        self.stores.people.add_person(self.ada)

    def video(self, numbers: range, known: bool, parent: UUID | None = None) -> Video:
        """A completed video of one person, named or not."""
        video = replace(a_video(created_at=datetime.now(UTC)), parent_id=parent)
        self.stores.videos.create(video)
        for status in (VideoStatus.PROCESSING, VideoStatus.COMPLETED):
            self.stores.videos.transition(video.video_id, status)
        self.save(video, numbers, known)
        return video

    def save(self, video: Video, numbers: range, known: bool) -> None:
        """What workers keep."""
        self.results.save([self._frame(video, n, known) for n in numbers], {video.video_id: video.attempt_timestamp})
        self.stores.frames.put_many([(video.video_id, n, PICTURE) for n in numbers])

    def _frame(self, video: Video, number: int, known: bool) -> AnalyzedFrame:
        who = self.ada.person_id if known else None
        face = Detection("Ada" if known else "unknown", 0.7, FACE, {}, who)
        return analyzed(video.video_id, number, a_result([face], TaskName.IDENTITIES))

    def begin(self, frames: ErasedFrames, *faces: KnownFace) -> Erasure:
        """What the API does."""
        return begin(self.stores.people, self.stores.erasures, [] if faces else [self.ada], frames, {}, faces)

    def round(self, erasure: Erasure) -> Erasure:
        """What ingest does."""
        before = self.stores.erasures.erasures[erasure.erasure_id]  # type: ignore[attr-defined]
        after = look(self.stores, before)
        self.stores.erasures.looked(before, after)
        return after

    def names(self, video: Video) -> set[str]:
        """Whom rows name."""
        rows = walk(self.results, video.video_id, ResultQuery())
        return {d.label for row in rows for d in row.detections}


class CutOff(Exception):
    """The process ends here."""


def cut_off(world: World, erasure: Erasure, after: int) -> None:
    """A round that ends after so many steps."""
    steps = iter(range(after))

    def go_on() -> None:
        if next(steps, None) is None:
            raise CutOff

    with pytest.raises(CutOff):
        look(world.stores, world.stores.erasures.erasures[erasure.erasure_id], go_on)  # type: ignore[attr-defined]


def test_a_round_that_is_cut_off_loses_no_frame_of_somebody_known_by_face_only() -> None:
    world = World()
    video = world.video(range(1, 4), known=False)
    world.stores.faces.keep([FaceVector(video.video_id, 2, MODEL, 0.2, FACE, 0.9, HERS)], {})
    erasure = world.begin(ErasedFrames.BLUR, KnownFace(MODEL, 0.5, tuple(HERS.tolist())))
    cut_off(world, erasure, after=0)
    assert world.stores.faces.raw(video.video_id, 0) == [], "vectors go first"
    after = world.round(erasure)
    assert all(world.stores.frames.get(video.video_id, n) != PICTURE for n in (1, 2, 3))
    assert (after.removed.raw_vectors, after.removed.frames_blurred, after.rounds) == (1, 3, 1)


def test_a_round_that_is_cut_off_is_counted() -> None:
    world = World()
    videos = [world.video(range(1, 4), known=True) for _ in range(3)]
    erasure = world.begin(ErasedFrames.BLUR)
    cut_off(world, erasure, after=2)
    partly = world.stores.erasures.get(erasure.erasure_id)
    assert partly is not None
    assert (partly.removed.rows, partly.rounds) == (6, 0)
    after = world.round(erasure)
    assert (after.removed.people, after.removed.rows, after.removed.frames_blurred) == (1, 9, 9)
    assert after.videos == {video.video_id for video in videos}
    assert all(world.names(video) == {"unknown"} for video in videos)


def test_what_comes_late_is_unnamed_where_frames_are_kept_too() -> None:
    world = World()
    video = world.video(range(1, 4), known=True)
    erasure = world.begin(ErasedFrames.KEEP)
    world.round(erasure)
    assert world.names(video) == {"unknown"}
    for numbers in (range(4, 6), range(6, 8), range(8, 10)):
        world.save(video, numbers, known=True)
        assert world.names(video) == {"Ada", "unknown"}
        after = world.round(erasure)
        assert world.names(video) == {"unknown"}
    assert (after.removed.rows, after.removed.frames_blurred) == (9, 0)


def test_the_search_still_finds_others_of_the_same_name() -> None:
    world, other = World(), Person(uuid4(), "door", "Ada", T0)
    world.stores.people.add_person(other)
    shared, alone = (world.video(range(1, 4), known=True) for _ in range(2))
    theirs = Detection("Ada", 0.9, Box(0.7, 0.1, 0.2, 0.2), {}, other.person_id)
    both = analyzed(shared.video_id, 5, a_result([theirs], TaskName.IDENTITIES))
    world.results.save([both], {shared.video_id: shared.attempt_timestamp})
    entries = [(shared, TaskName.IDENTITIES), (alone, TaskName.IDENTITIES), (alone, TaskName.OBJECTS)]
    for video in (shared, alone):
        found = [SearchEntry(video.video_id, T0, t, "Ada", "m", 3, 0.1, 0.3, 0.7) for v, t in entries if v is video]
        world.stores.search.replace(video.video_id, found, 1)
    after = world.round(world.begin(ErasedFrames.BLUR))
    left = {(entry.video_id, entry.task) for entry in world.stores.search.find("Ada")}
    assert left == {(shared.video_id, TaskName.IDENTITIES), (alone.video_id, TaskName.OBJECTS)}
    assert after.removed.search_entries == 1


def test_copies_of_a_video_that_was_deleted_are_hidden_too() -> None:
    world = World()
    videos = world.stores.videos
    first = a_video()
    copies = [world.video(range(1, 4), known=known, parent=first.video_id) for known in (True, False)]
    again = world.video(range(1, 4), known=False, parent=copies[1].video_id)
    assert videos.get(first.video_id) is None
    after = world.round(world.begin(ErasedFrames.BLUR))
    for video in (*copies, again):
        assert all(world.stores.frames.get(video.video_id, n) != PICTURE for n in (1, 2, 3))
    assert after.removed.frames_blurred == 9
