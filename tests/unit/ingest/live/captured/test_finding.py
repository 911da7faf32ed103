"""Which source a camera's video has, and where its patience comes from."""

from dataclasses import replace
from uuid import UUID

import pytest

from ingest.live.captured.finding import CapturedSources
from ingest.live.captured.log import CaptureLog, InMemoryCaptureLog
from ingest.live.captured.source import CapturedSource
from ingest.live.finding import LiveSources
from pipeline.contracts.errors import SourceRefused
from pipeline.contracts.settings import KafkaSettings, LiveSettings
from pipeline.contracts.videos import KeepFrames, SourceKind, Video
from pipeline.kafka.publishing import InMemoryPublisher
from pipeline.outbound.guard import SourceGuard
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.publishers import InMemoryPublisherStore
from pipeline.stores.pushed import InMemoryPushedFrames
from tests.unit.factories import a_video
from tests.unit.ingest.live.captured.records import T0, record

SETTINGS = LiveSettings(live_grace_seconds=20, capture_silence_seconds=900)


def log(settings: KafkaSettings, video_id: UUID) -> CaptureLog:
    return InMemoryCaptureLog([replace(record(0), value=b"text", key=video_id.bytes)])


def camera(keep: KeepFrames) -> Video:
    return replace(a_video(created_at=T0), source=SourceKind.STREAM, source_url="camera:door", keep=keep)


@pytest.mark.parametrize(("keep", "patience", "stall"), [(KeepFrames.NEWEST, 20, 20), (KeepFrames.ALL, 900, 911)])
def test_a_camera_of_which_all_is_kept_may_be_silent_for_long(keep: KeepFrames, patience: float, stall: float) -> None:
    publisher = InMemoryPublisher()
    captured = CapturedSources(KafkaSettings(), SETTINGS, InMemoryVideoStore(), publisher, 10**6, log)
    sources = LiveSources(SETTINGS, SourceGuard(), InMemoryPublisherStore(), InMemoryPushedFrames(), captured.of)
    found = sources.of(camera(keep))
    assert isinstance(found, CapturedSource)
    assert (found.patience, found.stall, found.whole) == (patience, stall, keep is KeepFrames.ALL)


def test_without_a_topic_there_is_no_such_source() -> None:
    sources = LiveSources(SETTINGS, SourceGuard(), InMemoryPublisherStore(), InMemoryPushedFrames())
    with pytest.raises(SourceRefused):
        sources.of(camera(KeepFrames.ALL))
