"""What the door asks of the service: the real API over in-memory stores."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from api.services import Services
from connectors.aws.analysis import ServiceAnalyses
from connectors.aws.seams import Interrupted, VideoVanished
from framewise import Client, Retries
from framewise.errors import Invalid, Unreachable
from pipeline.contracts.errors import Problem
from pipeline.contracts.results import TaskName
from pipeline.contracts.videos import VideoStatus
from stack.ports import free_ports
from tests.unit.api.conftest import twins
from tests.unit.connectors.aws.known import BOTH, a_place
from tests.unit.factories import a_result, analyzed, dog
from tests.unit.framewise.conftest import address, client  # noqa: F401 - the fixtures

KEY = "k" * 64


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return replace(twins(tmp_path), s3_buckets=("videos",))


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def analyses(client: Client, stop: threading.Event) -> Iterator[ServiceAnalyses]:  # noqa: F811
    yield ServiceAnalyses(client, BOTH, 0.2, stop, patience=0)
    stop.set()


def test_an_object_is_submitted_once_a_key(analyses: ServiceAnalyses, services: Services) -> None:
    first = analyses.submit(a_place("a b/ü.mp4"), 5, KEY)
    assert analyses.submit(a_place("a b/ü.mp4"), 5, KEY).video_id == first.video_id
    video = services.videos.get(UUID(first.video_id))
    assert video is not None
    assert (video.source_url, video.video_name, video.external_id) == ("s3://videos/a b/ü.mp4", "ü.mp4", "5")
    assert [(t.name, t.min_confidence, t.max_batch_size) for t in video.tasks] == [
        (TaskName.OBJECTS, 0.4, 5),
        (TaskName.FACES, None, None),
    ]
    assert (video.sampling.frame_ratio, video.sampling.frame_step) == (0.2, None)


def test_a_video_that_has_failed_is_tried_again(analyses: ServiceAnalyses, services: Services) -> None:
    video_id = UUID(analyses.submit(a_place(), 5, KEY).video_id)
    services.videos.transition(video_id, VideoStatus.PROCESSING)
    services.videos.transition(video_id, VideoStatus.FAILED, error=Problem("source-unreachable", "No", "no answer"))
    again = analyses.submit(a_place(), 5, KEY)
    assert (again.video_id, again.status) == (str(video_id), "pending")


def test_a_video_that_was_deleted_is_submitted_anew(analyses: ServiceAnalyses, client: Client) -> None:  # noqa: F811
    first = analyses.submit(a_place(), 5, KEY)
    client.delete(first.video_id)
    second = analyses.submit(a_place(), 5, KEY)
    assert second.video_id != first.video_id
    assert analyses.submit(a_place(), 5, KEY).video_id == second.video_id


def test_a_video_is_followed_to_its_end_and_its_rows_are_read(analyses: ServiceAnalyses, services: Services) -> None:
    video_id = UUID(analyses.submit(a_place(), 5, KEY).video_id)
    services.videos.transition(video_id, VideoStatus.PROCESSING)
    frames = [analyzed(video_id, n, a_result([dog()]), a_result([], TaskName.FACES)) for n in range(1, 8)]
    services.results.save(frames, {video_id: 1})
    services.videos.set_expected(video_id, 7, 7)
    ending = threading.Timer(0.3, services.videos.transition, (video_id, VideoStatus.COMPLETED))
    ending.start()
    video = analyses.follow(str(video_id))
    assert video.status == "completed"
    rows = list(analyses.rows(video))
    assert [row.frame_number for row in rows] == [n for n in range(1, 8) for _ in range(2)]


def test_a_video_that_goes_meanwhile_is_said_to_have_gone(analyses: ServiceAnalyses, client: Client) -> None:  # noqa: F811
    video = analyses.submit(a_place(), 5, KEY)
    client.delete(video.video_id)
    with pytest.raises(VideoVanished):
        analyses.follow(video.video_id)


def test_a_bucket_that_the_service_may_not_read_is_its_answer(analyses: ServiceAnalyses) -> None:
    with pytest.raises(Invalid, match="bucket"):
        analyses.submit(replace(a_place(), bucket="others"), 5, KEY)


def test_it_ends_while_it_follows(analyses: ServiceAnalyses, stop: threading.Event) -> None:
    video = analyses.submit(a_place(), 5, KEY)
    threading.Timer(0.1, stop.set).start()
    with pytest.raises(Interrupted):
        analyses.follow(video.video_id)


def test_a_service_that_is_away_is_waited_for_but_not_for_ever(stop: threading.Event) -> None:
    [port] = free_ports(1)
    with Client(f"http://127.0.0.1:{port}", retries=Retries(tries=1)) as nobody:
        with pytest.raises(Unreachable):
            ServiceAnalyses(nobody, BOTH, 0.2, stop, patience=0).submit(a_place(), 5, KEY)
        threading.Timer(0.1, stop.set).start()
        with pytest.raises(Interrupted):
            ServiceAnalyses(nobody, BOTH, 0.2, stop, patience=60).submit(a_place(), 5, KEY)
