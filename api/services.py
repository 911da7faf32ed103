"""Owns what the routes use: the stores, the publisher and the questions of readiness, built once in `main`."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from api.clips.room import ClipRoom
from api.events.hub import EventHub
from api.live.hub import LiveHub
from api.marks import Marks
from api.rtmp.door import RtmpDoor
from api.streams.newest import NewestOutcomes
from api.system.watch import SystemWatch
from api.waiting import QueueWatch
from api.webcam.rates import PictureRates
from pipeline.clearing import Stores
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.settings import ApiSettings, KafkaSettings, LiveSettings, PathSettings
from pipeline.digests.making import DigestCache
from pipeline.kafka.publishing import Publisher
from pipeline.kafka.topics import wait_for_broker
from pipeline.outbound.guard import SourceGuard
from pipeline.portraits.faces import Portraits
from pipeline.portraits.in_memory import KnownPortraits
from pipeline.shares import equal_shares
from pipeline.stores.deletions import DeletionStore, InMemoryDeletionStore
from pipeline.stores.digests import DigestStore, InMemoryDigestStore
from pipeline.stores.erasures import ErasureStore, InMemoryErasureStore
from pipeline.stores.faces import FaceStore, InMemoryFaceStore
from pipeline.stores.frames import FrameStore
from pipeline.stores.in_memory_people import InMemoryPeopleStore
from pipeline.stores.in_memory_tracks import InMemoryTrackStore
from pipeline.stores.models import ModelStore
from pipeline.stores.object_frames import ObjectFrameStore
from pipeline.stores.people import PeopleStore
from pipeline.stores.pushed import FolderPushedFrames, PushedFrames
from pipeline.stores.regions import InMemoryRegionStore, RegionStore
from pipeline.stores.results import ResultStore
from pipeline.stores.search import InMemorySearchIndex, SearchIndex
from pipeline.stores.sources import SourceFolder
from pipeline.stores.speed import InMemorySpeedStore, SpeedStore
from pipeline.stores.submissions import InMemorySubmissionStore, SubmissionStore
from pipeline.stores.tracks import TrackStore
from pipeline.stores.videos import VideoStore
from pipeline.stores.webhooks import InMemoryWebhookStore, WebhookStore

Check = Callable[[], str]
"""Asks a server a real question; returns what it said, raises FramewiseError."""

CONNECT_SECONDS = 2.0
MIN_FREE_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a route may use. `sources_dir` is where uploads wait for ingest, `s3_buckets` whence objects come.

    `thresholds` say from which similarity on a face is the same person's, by the digest of the embedding model.
    """

    settings: ApiSettings
    videos: VideoStore
    results: ResultStore
    frames: FrameStore
    models: ModelStore
    publisher: Publisher
    sources_dir: Path
    checks: Mapping[str, Check] = field(default_factory=dict)
    speeds: SpeedStore = field(default_factory=InMemorySpeedStore)
    marks: Marks = field(default_factory=Marks)
    events: EventHub = field(default_factory=EventHub)
    webhooks: WebhookStore = field(default_factory=InMemoryWebhookStore)
    guard: SourceGuard = field(default_factory=SourceGuard)
    digests: DigestStore = field(default_factory=InMemoryDigestStore)
    search: SearchIndex = field(default_factory=InMemorySearchIndex)
    digest_cache: DigestCache = field(default_factory=DigestCache)
    deletions: DeletionStore = field(default_factory=InMemoryDeletionStore)
    submissions: SubmissionStore = field(default_factory=InMemorySubmissionStore)
    live: LiveHub = field(default_factory=LiveHub)
    clips: ClipRoom = field(default_factory=ClipRoom)
    rtmp: RtmpDoor = field(default_factory=RtmpDoor)
    picture_rates: PictureRates = field(default_factory=PictureRates)
    system: SystemWatch = field(default_factory=SystemWatch)
    newest: NewestOutcomes = field(default_factory=NewestOutcomes)
    streams: LiveSettings = field(default_factory=LiveSettings)
    kafka: KafkaSettings = field(default_factory=KafkaSettings)
    tracks: TrackStore = field(default_factory=InMemoryTrackStore)
    regions: RegionStore = field(default_factory=InMemoryRegionStore)
    s3_buckets: tuple[str, ...] = ()
    shares: Callable[[], Mapping[str, int]] = equal_shares
    people: PeopleStore = field(default_factory=InMemoryPeopleStore)
    portraits: Portraits = field(default_factory=KnownPortraits)
    thresholds: Mapping[str, float] = field(default_factory=dict)
    faces: FaceStore = field(default_factory=InMemoryFaceStore)
    erasures: ErasureStore = field(default_factory=InMemoryErasureStore)
    queue: QueueWatch = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "queue", QueueWatch(self.videos, self.speeds, shares=self.shares))

    @property
    def pushed(self) -> PushedFrames:
        """Pictures that pages send, until ingest takes them."""
        return FolderPushedFrames(self.sources_dir)

    @property
    def stores(self) -> Stores:
        """Everything that holds something of a video."""
        return Stores(self.videos, self.results, self.frames, SourceFolder(self.sources_dir))


def kafka_check(settings: KafkaSettings) -> Check:
    """Ask the broker for its cluster; the connection is kept."""
    held: list[KafkaAdminClient] = []

    def check() -> str:
        try:
            if not held:
                wait_for_broker(settings, CONNECT_SECONDS)
                held.append(
                    KafkaAdminClient(
                        bootstrap_servers=settings.kafka_bootstrap, request_timeout_ms=5000, bootstrap_timeout_ms=5000
                    )
                )
            brokers = held[0].describe_cluster()["brokers"]
        except KafkaError as e:
            while held:
                held.pop().close()
            raise StoreUnavailable(f"Kafka at {settings.kafka_bootstrap} does not answer: {e}") from e
        return f"{len(brokers)} broker(s)"

    return check


def store_checks(paths: PathSettings, frames: FrameStore) -> dict[str, Check]:
    """Whether frames can be kept: room on the disk, or a bucket that answers, and room for uploads all the same."""
    if isinstance(frames, ObjectFrameStore):
        return {"frames": frames.ping, "disk": disk_check(paths.data_dir)}
    return {"disk": disk_check(paths.frames_dir)}


def disk_check(folder: Path) -> Check:
    """Whether there is room for frames."""

    def check() -> str:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if free < MIN_FREE_BYTES:
            raise StoreUnavailable(f"only {free // 2**20} MiB are free for frames; free some space")
        return f"{free / 2**30:.1f} GiB free"

    return check
