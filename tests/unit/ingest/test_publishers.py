"""What the sweep makes of published streams."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from ingest.publishers import NEVER_CAME, PublisherSweep
from pipeline.contracts.errors import RtmpUnavailable
from pipeline.contracts.videos import SourceKind, Video, VideoStatus
from pipeline.rtmp.server import InMemoryRtmpServer, Publishing
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.publishers import InMemoryPublisherStore, PublisherState
from tests.unit.factories import T0, a_video

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


class Scene:
    """Twins, a clock, and a video that waits for its publisher."""

    def __init__(self) -> None:
        self.publishers, self.videos, self.server = InMemoryPublisherStore(), InMemoryVideoStore(), InMemoryRtmpServer()
        self.now = T0
        self.sweeper = PublisherSweep(self.publishers, self.videos, self.server, lambda: self.now)
        self.video = self.wait()

    def wait(self, with_video: bool = True) -> Video:
        video = replace(a_video(), source=SourceKind.RTMP)
        self.publishers.invite(PublisherState(video.video_id, uuid4().hex, T0, T0 + HOUR))
        if with_video:
            self.videos.create(video)
        return video

    @property
    def name(self) -> str:
        return str(self.video.video_id)

    def sweep(self, at: datetime) -> None:
        self.now = at
        self.sweeper.sweep()

    def state(self, video_id: UUID | None = None) -> PublisherState:
        state = self.publishers.state(video_id or self.video.video_id)
        assert state is not None
        return state

    def status(self) -> VideoStatus:
        video = self.videos.get(self.video.video_id)
        assert video is not None
        return video.status


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_publisher_who_never_comes_is_not_waited_for_without_end(scene: Scene) -> None:
    scene.sweep(T0 + HOUR - SECOND)
    assert scene.status() is VideoStatus.PENDING
    scene.sweep(T0 + HOUR)
    video = scene.videos.get(scene.video.video_id)
    assert video is not None
    assert video.error is not None
    assert (video.status, video.error.type) == (VideoStatus.FAILED, NEVER_CAME)
    assert "60 minutes" in video.error.detail
    assert scene.state().revoked_at is not None
    assert list(scene.publishers.listed()) == []


def test_one_who_came_may_stay_and_go(scene: Scene) -> None:
    scene.publishers.connect(scene.video.video_id, "1", T0 + SECOND)
    scene.server.publish(scene.name, "1")
    scene.sweep(T0 + 2 * HOUR)
    assert scene.state().connected
    scene.publishers.end(scene.video.video_id, "1", T0 + 2 * HOUR)
    scene.server.drop(scene.name)
    scene.sweep(T0 + 3 * HOUR)
    assert scene.status() is VideoStatus.PENDING


@pytest.mark.parametrize("status", [VideoStatus.CANCELLED, VideoStatus.FAILED])
def test_the_publisher_of_a_video_that_has_ended_is_ended(scene: Scene, status: VideoStatus) -> None:
    scene.publishers.connect(scene.video.video_id, "1", T0)
    scene.server.publish(scene.name, "1")
    scene.videos.transition(scene.video.video_id, status)
    scene.sweep(T0 + SECOND)
    assert scene.server.dropped == [scene.name]
    assert not scene.state().connected
    assert scene.state().revoked_at is not None
    assert list(scene.publishers.listed()) == []


def test_who_publishes_what_nobody_looks_after_is_ended(scene: Scene) -> None:
    scene.server.publish("no-video", "7")
    scene.server.publish(str(uuid4()), "8")
    scene.sweep(T0)
    assert len(scene.server.dropped) == 2


def test_a_server_that_was_killed_told_nobody(scene: Scene) -> None:
    scene.publishers.connect(scene.video.video_id, "1", T0)
    scene.sweep(T0 + 4 * SECOND)
    assert scene.state().connected, "it may have come a moment ago"
    scene.sweep(T0 + 6 * SECOND)
    assert (scene.state().connected, scene.state().ended_at) == (False, T0 + 6 * SECOND)


def test_one_whose_coming_was_written_down_wrongly_is_connected_again(scene: Scene) -> None:
    scene.publishers.connect(scene.video.video_id, "1", T0)
    scene.publishers.end(scene.video.video_id, "1", T0)
    scene.server.publish(scene.name, "2")
    scene.sweep(T0 + 4 * SECOND)
    assert not scene.state().connected
    scene.sweep(T0 + 6 * SECOND)
    assert (scene.state().connected, scene.state().session) == (True, "2")


def test_what_a_submission_that_died_has_left_goes_after_an_hour(scene: Scene) -> None:
    left = scene.wait(with_video=False).video_id
    scene.sweep(T0 + timedelta(minutes=59))
    assert scene.publishers.state(left) is not None
    scene.sweep(T0 + timedelta(minutes=61))
    assert scene.publishers.state(left) is None


def test_a_server_that_hangs_changes_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang() -> dict[str, Publishing]:
        raise RtmpUnavailable("it hangs")

    monkeypatch.setattr(scene.server, "published", hang)
    scene.publishers.connect(scene.video.video_id, "1", T0)
    scene.sweep(T0 + 2 * HOUR)
    assert scene.state().connected
