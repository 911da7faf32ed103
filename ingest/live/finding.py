"""Owns which source a live video has, by what was submitted."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from ingest.live.devices import SCHEME, device_of
from ingest.live.http_source import HttpSource
from ingest.live.protocols import PublishedSource, PulledSource
from ingest.live.pushed import PushedSource
from ingest.live.sources import LiveSource
from pipeline.contracts.captures import CAPTURED
from pipeline.contracts.errors import SourceRefused
from pipeline.contracts.settings import LiveSettings
from pipeline.contracts.videos import SourceKind, Video
from pipeline.outbound.guard import STREAM_PORTS, SourceGuard
from pipeline.stores.publishers import PublisherStore
from pipeline.stores.pushed import PUSHED, PushedFrames


@dataclass(frozen=True)
class LiveSources:
    """Makes the source of each live video, and says whether one is worth beginning with."""

    settings: LiveSettings
    guard: SourceGuard
    publishers: PublisherStore
    pushed: PushedFrames
    captured: Callable[[Video], LiveSource] | None = None

    def of(self, video: Video) -> LiveSource:
        """The source; raises SourceRefused when there is none of that kind."""
        url, settings = video.source_url, self.settings
        if video.source is SourceKind.RTMP:
            return PublishedSource(url, video.video_id, self.publishers, settings.live_grace_seconds)
        if url.startswith(PUSHED):
            return PushedSource(self.pushed, video.video_id, settings.live_grace_seconds)
        if url.startswith(CAPTURED) and self.captured is not None:
            return self.captured(video)
        if url.startswith(SCHEME):
            return device_of(url, settings.devices, settings.live_give_up_seconds)
        scheme = urlsplit(url).scheme
        if scheme in ("http", "https"):
            return HttpSource(url, self.guard, settings.live_give_up_seconds, settings.allow_hls)
        if scheme in STREAM_PORTS:
            return PulledSource(url, self.guard, settings.live_give_up_seconds)
        raise SourceRefused(f"streams are not pulled by {scheme or 'no scheme'!r}; use rtsp, rtmp, http or a device")

    def ready(self, video: Video) -> bool:
        """Whether a pending video's source can be expected to send; raises StoreUnavailable."""
        if video.source is not SourceKind.RTMP:
            return True
        state = self.publishers.state(video.video_id)
        return state is not None and state.came
