"""Which video an older camera's pictures belong to, over the real API."""

# ruff: noqa: F811 - fixtures of other folders

from uuid import UUID

import pytest

from api.services import Services
from connectors.camera.older.cameras import CHECK_SECONDS, IDLE_SECONDS, CameraRules, OlderCameras, external_id
from framewise import Client
from pipeline.contracts.errors import TooManyRequests
from pipeline.contracts.videos import KeepFrames, VideoStatus
from tests.clock import Clock
from tests.unit.api.conftest import services  # noqa: F401 - the fixture
from tests.unit.framewise.conftest import address, client  # noqa: F401 - fixtures

RULES = CameraRules(("objects_detection",), "all", most=2, new_per_minute=2)


@pytest.fixture
def clock() -> Clock:
    return Clock(1000.0)


@pytest.fixture
def cameras(client: Client, clock: Clock) -> OlderCameras:
    return OlderCameras(client, RULES, clock)


def test_a_camera_keeps_its_video_also_over_a_restart(
    cameras: OlderCameras, client: Client, services: Services
) -> None:
    video_id = cameras.video_of("holger cam")
    video = services.videos.get(video_id)
    assert video is not None
    assert (video.keep, video.external_id, video.video_name) == (
        KeepFrames.ALL,
        external_id("holger cam"),
        "holger cam",
    )
    assert video.tags == {"camera:holger cam"}
    assert cameras.video_of("holger cam") == video_id
    assert OlderCameras(client, RULES).video_of("holger cam") == video_id


@pytest.mark.parametrize("end", [VideoStatus.CANCELLED, None])
def test_when_its_video_has_ended_or_is_gone_it_gets_another(
    cameras: OlderCameras,
    clock: Clock,
    services: Services,
    client: Client,
    end: VideoStatus | None,
) -> None:
    before = cameras.video_of("front")
    if end is None:
        client.delete(before)
    else:
        services.videos.transition(before, end)
    clock.now += CHECK_SECONDS
    after = cameras.video_of("front")
    assert after != before
    assert not client.video(after).ended
    again = OlderCameras(client, RULES).video_of("front")
    assert again == after


def test_two_processes_that_meet_a_camera_make_one_video(client: Client) -> None:
    first, second = (OlderCameras(client, RULES) for _ in range(2))
    second._videos = lambda camera_id: []  # type: ignore[method-assign] # it looked before the first had made one
    assert first.video_of("front") == second.video_of("front")


def test_there_are_only_so_many_cameras_and_so_many_new_ones(cameras: OlderCameras, clock: Clock) -> None:
    known: list[UUID] = [cameras.video_of("a"), cameras.video_of("b")]
    with pytest.raises(TooManyRequests, match="FRAMEWISE_CAMERA_MOST"):
        cameras.video_of("c")
    assert [cameras.video_of("a"), cameras.video_of("b")] == known
    clock.now += IDLE_SECONDS - 1
    cameras.video_of("b")
    clock.now += 2
    cameras.video_of("c")  # `a` has been silent for long
    assert len(cameras._known) == 2


def test_new_cameras_come_at_a_rate(client: Client, clock: Clock) -> None:
    rules = CameraRules(("objects_detection",), "newest", most=10, new_per_minute=1)
    cameras = OlderCameras(client, rules, clock)
    cameras.video_of("a")
    with pytest.raises(TooManyRequests, match="FRAMEWISE_CAMERA_NEW_PER_MINUTE"):
        cameras.video_of("b")
    clock.now += 61
    cameras.video_of("b")
