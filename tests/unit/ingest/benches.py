"""A workbench of in-memory twins, and decoders that say what a test gives them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

from ingest.decode.messages import DecodeRequest, Finished, Message, Probe, SampledFrame
from ingest.halt import Halt
from ingest.job import Workbench
from ingest.pace import Pace
from pipeline.completion import complete_if_full
from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.frames import Frame
from pipeline.contracts.settings import IngestSettings
from pipeline.contracts.videos import Sampling, SourceKind, Video
from pipeline.kafka.publishing import Acknowledged, InMemoryPublisher
from pipeline.stores.frames import InMemoryFrameStore
from pipeline.stores.in_memory_results import InMemoryResultStore
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.sources import SourceFolder
from tests.unit.factories import a_video, analyzed


@dataclass
class HeldPublisher(InMemoryPublisher):
    """Acknowledges when the test says so."""

    held: dict[int, Acknowledged] = field(default_factory=dict)

    def frame(self, frame: Frame, acknowledged: Acknowledged) -> None:
        self.frames.append(frame)
        self.held[frame.frame_number] = acknowledged

    def release(self, *numbers: int, error: Exception | None = None) -> None:
        """Acknowledge these frames, or fail them."""
        for number in numbers:
            self.held.pop(number)(error)


@dataclass
class ListedFetcher:
    """Writes a body, or raises, and remembers what was asked for."""

    body: bytes = b"the source"
    error: FramewiseError | None = None
    asked: list[str] = field(default_factory=list)

    def fetch(self, url: str, path: Path, halt: Halt) -> str:
        self.asked.append(url)
        if self.error is not None:
            raise self.error
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.body)
        return f"digest of {self.body!r}"


@dataclass
class ListedDecoder:
    """Says one frame a tenth of a second, every `step`-th sampled, then how it ended."""

    frames: int = 10
    step: int = 1
    end: FramewiseError | None = None
    warnings: tuple[str, ...] = ()
    before_frame: Callable[[int], None] = lambda number: None
    says_duration: Callable[[int], float | None] = lambda frames: frames / 10
    requests: list[DecodeRequest] = field(default_factory=list)

    @contextmanager
    def __call__(self, request: DecodeRequest, path: Path, stall: float, halt: Halt) -> Iterator[Iterator[Message]]:
        self.requests.append(request)
        yield self._messages(request)

    def _messages(self, request: DecodeRequest) -> Iterator[Message]:
        yield Probe("mov", "h264", 0, 64, 48, self.says_duration(self.frames), 10.0)
        numbers = range(1, self.frames + 1, self.step)
        for number in numbers:
            self.before_frame(number)
            jpeg = b"" if number <= request.published_through else b"jpeg"
            yield SampledFrame(number, (number - 1) / 10, 64, 48, jpeg)
        if self.end is not None:
            raise self.end
        yield Finished(self.frames, len(numbers), numbers[-1], self.frames / 10, list(self.warnings))


class Unpaced(Pace):
    """Leaves the number of frames under way to the settings: most tests have no analysis beside them."""

    def full(self) -> bool:
        return False

    def allowance(self) -> int:
        return 2**31


@dataclass
class Bench:
    """The twins and what is built of them."""

    root: Path
    settings: IngestSettings
    videos: InMemoryVideoStore = field(default_factory=InMemoryVideoStore)
    results: InMemoryResultStore = field(default_factory=InMemoryResultStore)
    publisher: InMemoryPublisher = field(default_factory=InMemoryPublisher)
    fetcher: ListedFetcher = field(default_factory=ListedFetcher)
    decoder: ListedDecoder = field(default_factory=ListedDecoder)
    frames: InMemoryFrameStore = field(default_factory=InMemoryFrameStore)

    @property
    def sources(self) -> SourceFolder:
        """The folder of sources."""
        return SourceFolder(self.root)

    @property
    def workbench(self) -> Workbench:
        """What the code under test gets."""
        return Workbench(
            self.videos,
            self.results,
            self.publisher,
            self.sources,
            self.fetcher,
            self.settings,
            self.decoder,
            Unpaced(),
            self.frames,
        )

    def submit(self, source: SourceKind = SourceKind.URL, sampling: Sampling | None = None, order: int = 0) -> Video:
        """A new video; a higher `order` is younger."""
        video = a_video(sampling=sampling)
        video = replace(video, source=source, created_at=video.created_at.replace(second=order))
        self.videos.create(video)
        return video

    def analyse(self, video_id: UUID) -> None:
        """Give every published frame of a video an outcome, as the analysis does."""
        done = [analyzed(f.video_id, f.frame_number) for f in list(self.publisher.frames) if f.video_id == video_id]
        self.results.save(done, {video_id: 1})
        complete_if_full(self.videos, self.results, video_id)

    def numbers(self, video_id: UUID) -> list[int]:
        """The frame numbers that were published, in order."""
        return [frame.frame_number for frame in self.publisher.frames if frame.video_id == video_id]

    def video(self, video_id: UUID) -> Video:
        """The video as it is now."""
        video = self.videos.get(video_id)
        assert video is not None
        return video
