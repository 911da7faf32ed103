"""Scenes of things that move, as the analysis stores them, and the stores that their tracks are made in."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from pipeline.contracts.results import AnalyzedFrame, Box, Detection, TaskName, TaskRequest
from pipeline.contracts.tracks import Track
from pipeline.contracts.videos import SourceKind, Video, VideoStatus
from pipeline.stores.duties import InMemoryDutyStore
from pipeline.stores.frames import InMemoryFrameStore
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.in_memory_tracks import InMemoryTrackStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.tracks import TrackQuery
from tests.unit.factories import a_result, a_video, analyzed
from tracking.course import Course, Stores
from tracking.service import TrackingService

EVERYTHING = tuple(TaskName)


def walker(number: int, y: float = 0.4, speed: float = 0.01, label: str = "person", sure: float = 0.9) -> Detection:
    """Somebody who walks to the right, a hundredth of the picture's width a frame."""
    return Detection(label, sure, Box(0.05 + speed * number, y, 0.06, 0.2))


def seen(video_id: UUID, number: int, *found: Detection, task: TaskName = TaskName.OBJECTS) -> AnalyzedFrame:
    """A frame in which this was found."""
    return analyzed(video_id, number, a_result(found, task))


@dataclass
class Clock:
    """Seconds that a test moves."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class World:
    """Stores, and what makes tracks in them."""

    videos: InMemoryVideoStore = field(default_factory=InMemoryVideoStore)
    results: InMemoryResultStore = field(default_factory=InMemoryResultStore)
    frames: InMemoryFrameStore = field(default_factory=InMemoryFrameStore)
    tracks: InMemoryTrackStore = field(default_factory=InMemoryTrackStore)
    duties: InMemoryDutyStore = field(default_factory=InMemoryDutyStore)
    clock: Clock = field(default_factory=Clock)

    @property
    def stores(self) -> Stores:
        """What a course uses."""
        return Stores(self.videos, self.results, self.frames, self.tracks)

    def service(self, owner: str = "one") -> TrackingService:
        """A process."""
        return TrackingService(self.stores, self.duties, owner, self.clock)

    def video(self, tasks: Sequence[TaskName] = (TaskName.OBJECTS,), live: bool = False) -> Video:
        """A video whose tracks are owed."""
        source = SourceKind.STREAM if live else SourceKind.URL
        video = replace(a_video(), tasks=tuple(TaskRequest(task) for task in tasks), source=source)
        self.tracks.owe(video.video_id)
        self.videos.create(video)
        self.videos.transition(video.video_id, VideoStatus.PROCESSING)
        return video

    def save(self, video: Video, frames: Iterable[AnalyzedFrame]) -> None:
        """Store outcomes."""
        self.results.save(list(frames), {video.video_id: video.attempt_timestamp})

    def sample(self, video: Video, numbers: Sequence[int]) -> None:
        """Say which frames were sampled so far."""
        self.videos.save_sampled(video.video_id, 0, numbers)

    def end(self, video: Video, status: VideoStatus = VideoStatus.COMPLETED) -> None:
        """The video has ended."""
        self.videos.transition(video.video_id, status)

    def made(self, video: Video) -> tuple[Track, ...]:
        """The tracks that are kept."""
        return self.tracks.page(video.video_id, TrackQuery(), 1000).tracks

    def make(self, video: Video, *frames: AnalyzedFrame) -> tuple[Track, ...]:
        """Store these frames and make all tracks at once."""
        self.save(video, frames)
        course = Course(self.stores, video)
        course.go_on(10**9)
        course.finish()
        return self.made(video)
