"""Stores videos whose every row is known, as if the service had analysed them."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from pipeline.cassandra.client import CassandraClient
from pipeline.cassandra.faces import CassandraFaceStore
from pipeline.cassandra.people import CassandraPeopleStore
from pipeline.cassandra.regions import CassandraRegionStore
from pipeline.cassandra.results import CassandraResultStore
from pipeline.cassandra.tracks import CassandraTrackStore
from pipeline.cassandra.videos import CassandraVideoStore
from pipeline.contracts.errors import Problem
from pipeline.contracts.frames import MAX_FRAME_NUMBER, StoreFrames
from pipeline.contracts.regions import Regions
from pipeline.contracts.results import (
    USUAL_TASKS,
    AnalyzedFrame,
    Box,
    Detection,
    FrameResult,
    Identification,
    TaskName,
    TaskRequest,
)
from pipeline.contracts.settings import CassandraSettings
from pipeline.contracts.videos import Sampling, SourceProgress, Video, VideoStatus
from pipeline.stores.frames import FolderFrameStore
from tests.unit.factories import a_result, a_video, analyzed, jpeg
from tracking.course import Course, Stores

FACES, EMOTIONS, OBJECTS, COLORS, IDENTITIES = TaskName
STEP, RATE = 5, 25.0
FACE = Box(0.45, 0.2, 0.1, 0.15)
COMPLAINT = "the model raised ValueError: too dark"
AT_ONCE = 400


def number(place: int) -> int:
    """The frame number of the n-th sampled frame."""
    return 1 + STEP * place


def faces(place: int) -> FrameResult:
    """A face in every frame but the 13th, which fails."""
    if place == 12:
        return a_result(task=FACES, error=COMPLAINT)
    return a_result([Detection("face", 0.9, FACE)], FACES)


def objects(place: int) -> FrameResult:
    """A person in every frame; a dog from 0:00.0 to 0:01.8, and from 0:05.0 to 0:06.8, surest at the end."""
    found = [Detection("person", 0.5, Box(0.4, 0.2, 0.2, 0.6))]
    if place in range(10) or place in range(25, 35):
        found.append(Detection("dog", 0.6 + place / 100, Box(0.1, 0.5, 0.2, 0.3)))
    return a_result(found)


def emotions(place: int) -> FrameResult:
    """Happy first, then sad."""
    label = "happy" if place < 20 else "sad"
    return a_result([Detection(label, 0.7, FACE, {label: 0.7, "neutral": 0.2})], EMOTIONS)


def colors(place: int) -> FrameResult:
    """The same two, always."""
    return a_result([Detection("#336699", 0.75), Detection("#993333", 0.25)], COLORS)


def everything(place: int) -> AnalyzedFrame:
    """The n-th frame with all tasks."""
    return _frame(place, (faces(place), emotions(place), objects(place), colors(place)))


def people(place: int) -> AnalyzedFrame:
    """The n-th frame with a person, and nothing else looked for."""
    return _frame(place, (a_result([Detection("person", 0.5, Box(0.4, 0.2, 0.2, 0.6))]),))


ANNA = UUID("a11a0000-0000-4000-8000-00000000000a")
WALKED = (TaskRequest(FACES), TaskRequest(OBJECTS), TaskRequest(IDENTITIES, identification=Identification("a test")))


def walk(place: int) -> AnalyzedFrame:
    """Somebody walks from the left to the right, a dog lies there; Anna stands left, later a stranger right."""
    walker = Detection("person", 0.8, Box(0.05 + 0.02 * place, 0.3, 0.08, 0.4))
    dog = Detection("dog", 0.9, Box(0.8, 0.75, 0.15, 0.2))
    seen = [Box(0.1, 0.05, 0.08, 0.12), Box(0.7, 0.05, 0.08, 0.12)][: 1 if place < 20 else 2]
    who = [("Anna", 0.7, ANNA), ("unknown", 0.1, None)]
    named = [
        Detection(name, sure, box, {"similarity": sure}, person_id=person)
        for (name, sure, person), box in zip(who, seen, strict=False)
    ]
    found = a_result([Detection("face", 0.9, box) for box in seen], FACES)
    return _frame(place, (found, a_result([walker, dog]), a_result(named, IDENTITIES)))


GRACE = Box(0.41, 0.17, 0.18, 0.4)
EILEEN = Box(0.41, 0.12, 0.11, 0.23)
"""Where her face is in the middle of a picture of 16:9."""


def unknown(place: int, box: Box = GRACE) -> AnalyzedFrame:
    """A face that nobody knows."""
    named = Detection("unknown", 0.1, box, {"similarity": 0.1})
    return _frame(place, (a_result([Detection("face", 0.9, box)], FACES), a_result([named], IDENTITIES)))


def crowd(place: int) -> AnalyzedFrame:
    """Twenty people who stay where they are."""
    return _frame(place, (a_result([Detection("person", 0.8, Box(0.05 * n, 0.3, 0.03, 0.4)) for n in range(20)]),))


def _frame(place: int, results: tuple[FrameResult, ...]) -> AnalyzedFrame:
    frame = analyzed(a_video().video_id, number(place), *results)
    return replace(frame, media_time=(number(place) - 1) / RATE)


class Shelf:
    """Puts ended videos where the service finds them."""

    def __init__(self, settings: CassandraSettings, frames_dir: Path) -> None:
        self._client = CassandraClient(settings)
        self._videos = CassandraVideoStore(self._client)
        self._results = CassandraResultStore(self._client)
        self._frames = FolderFrameStore(frames_dir)
        self.tracks = CassandraTrackStore(self._client)
        self.regions = CassandraRegionStore(self._client)
        self.people = CassandraPeopleStore(self._client)
        self.faces = CassandraFaceStore(self._client)

    def put(
        self,
        name: str,
        frames: Sequence[AnalyzedFrame],
        error: Problem | None = None,
        parent_id: UUID | None = None,
        pictures: Collection[int] | None = None,
        kept: StoreFrames = StoreFrames.FULL,
        tasks: tuple[TaskRequest, ...] = tuple(map(TaskRequest, USUAL_TASKS)),
        shot: bytes | None = None,
    ) -> Video:
        """A video of these frames that has ended: completed, or failed for a reason; pictures of all, or of these.

        Each picture is of another colour, or all are one shot.
        """
        now = datetime.now(UTC)
        video = replace(
            a_video(status=VideoStatus.FAILED if error else VideoStatus.COMPLETED, sampling=Sampling(STEP)),
            video_name=name, created_at=now, started_at=now, finished_at=now, error=error, parent_id=parent_id,
            store_frames=kept,
            tasks=tasks, frames_expected=len(frames),
            attempt_timestamp=int(now.timestamp() * 1e6),
        )  # fmt: skip
        self._videos.create(video)
        progress = SourceProgress(fps=RATE, width=160, height=120, warnings=("a damaged packet was skipped",))
        self._videos.save_progress(video.video_id, progress)
        for first in range(0, len(frames), AT_ONCE):
            self._save(video, frames[first : first + AT_ONCE])
        for place in range(len(frames)) if pictures is None else pictures:
            shade = place * 7 % 200
            picture = shot or jpeg(160, 120, (shade, 90, 200 - shade))
            self._frames.put(video.video_id, number(place), picture)
        return video

    def follow(self, video: Video, regions: Regions | None = None) -> Video:
        """Make the tracks of a video, as the service does when it has ended, and draw lines and zones on it."""
        course = Course(Stores(self._videos, self._results, self._frames, self.tracks), video)
        course.go_on(MAX_FRAME_NUMBER)
        course.finish()
        if regions:
            self.regions.save(video.video_id, regions)
        return video

    def _save(self, video: Video, frames: Sequence[AnalyzedFrame]) -> None:
        own = [replace(frame, video_id=video.video_id) for frame in frames]
        self._results.save(own, {video.video_id: video.attempt_timestamp})

    def close(self) -> None:
        """Give back connections."""
        self._client.close()
