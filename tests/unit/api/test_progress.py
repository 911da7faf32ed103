"""How far a video is: never more than the truth, and nothing falls while it is asked for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from api.marks import MOST_VIDEOS, Mark, Marks
from api.progress import standing
from api.services import Services
from api.waiting import QueueWatch
from pipeline.contracts.errors import Problem
from pipeline.contracts.results import AnalyzedFrame
from pipeline.contracts.videos import SourceProgress, Video, VideoStatus
from pipeline.stores.in_memory_videos import InMemoryVideoStore
from pipeline.stores.speed import InMemorySpeedStore, Speed
from tests.unit.api.conftest import twins
from tests.unit.factories import T0, a_result, a_video, analyzed

PROCESSING, COMPLETED, FAILED = VideoStatus.PROCESSING, VideoStatus.COMPLETED, VideoStatus.FAILED


def shown(client: TestClient, video_id: UUID) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/analysis/{video_id}").json()
    return answer


def running(services: Services, expected: int | None = None) -> Video:
    video = a_video()
    services.videos.create(video)
    services.videos.transition(video.video_id, PROCESSING)
    if expected is not None:
        services.videos.set_expected(video.video_id, expected, expected)
    return video


def done(services: Services, video: Video, *numbers: int, at: datetime = T0) -> None:
    frames = [analyzed(video.video_id, n) for n in numbers]
    moved: list[AnalyzedFrame] = [
        replace(
            f, started_at=at + timedelta(seconds=f.frame_number), finished_at=at + timedelta(seconds=f.frame_number + 1)
        )
        for f in frames
    ]
    services.results.save(moved, {video.video_id: 1})


Share = st.floats(0, 1)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.floats(0.92, 3.0), st.lists(st.tuples(Share, Share, Share, st.booleans()), max_size=8))
def test_progress_never_falls_and_is_never_more_than_the_truth(
    truth: int, says: float, steps: list[tuple[float, float, float, bool]]
) -> None:
    """Whatever the container says of its length, within a tenth, and in whatever order things are written."""
    services = twins(Path("nowhere"))
    video = running(services)
    published = outcomes = 0
    before = 0.0
    for more_published, more_done, wrote, counted in [*steps, (1.0, 1.0, 0.0, True)]:
        published += round((truth - published) * more_published)
        done(services, video, *range(outcomes + 1, outcomes + 1 + round((published - outcomes) * more_done)))
        outcomes += round((published - outcomes) * more_done)
        seen = SourceProgress(truth * says / 10, 10.0, frames_published=round(published * wrote))
        services.videos.save_progress(video.video_id, seen)
        if published == truth and counted:
            services.videos.set_expected(video.video_id, truth, truth)
        known = services.videos.get(video.video_id)
        assert known is not None
        share = standing(services, known, seen).share
        assert share is not None
        assert before <= share <= outcomes / truth + 1e-9
        before = share
    assert before == 1


def test_published_frames_do_not_fall_when_another_worker_takes_over(client: TestClient, services: Services) -> None:
    video = running(services)
    for published in (50, 3, 60):
        services.videos.save_progress(video.video_id, SourceProgress(frames_published=published))
        assert shown(client, video.video_id)["frames"]["published"] == max(50, published)


def test_stages_have_the_times_that_were_measured(client: TestClient, services: Services) -> None:
    video = running(services, expected=3)
    assert [(s["name"], s["state"]) for s in shown(client, video.video_id)["stages"]] == [
        ("downloading", "waiting"),
        ("decoding", "waiting"),
        ("analysing", "waiting"),
        ("storing", "waiting"),
    ]
    done(services, video, 1, 2)
    stages = {s["name"]: s for s in shown(client, video.video_id)["stages"]}
    assert (stages["analysing"]["state"], stages["analysing"]["finished_at"]) == ("running", None)
    done(services, video, 3)
    services.videos.transition(video.video_id, COMPLETED)
    stages = {s["name"]: s for s in shown(client, video.video_id)["stages"]}
    times = [datetime.fromisoformat(stages["analysing"][name]) for name in ("started_at", "finished_at")]
    assert times == [T0 + timedelta(seconds=1), T0 + timedelta(seconds=4)]
    assert stages["storing"]["state"] == "done"
    assert stages["storing"]["started_at"] <= stages["storing"]["finished_at"]


def test_a_stage_that_is_not_finished_stops_with_the_video(client: TestClient, services: Services) -> None:
    video = running(services)
    done(services, video, 1)
    services.videos.transition(video.video_id, FAILED, Problem("a", "b", "c"))
    assert [s["state"] for s in shown(client, video.video_id)["stages"]] == ["stopped"] * 4


def test_the_queue_says_the_position_and_the_wait(client: TestClient, services: Services) -> None:
    videos = [a_video(created_at=T0 + timedelta(seconds=n)) for n in range(3)]
    for video in videos:
        services.videos.create(video)
    answers = [shown(client, v.video_id) for v in videos]
    assert [(a["position"], a["eta_seconds"], a["progress"]) for a in answers] == [
        (1, None, 0),
        (2, None, 0),
        (3, None, 0),
    ]


def test_the_wait_is_told_by_the_measured_rate(client: TestClient, services: Services) -> None:
    video, waiting = running(services, expected=100), a_video()
    services.videos.create(waiting)
    services.speeds.save(Speed("a", datetime.now(UTC), 10.0, 50.0, 100.0, {video.video_id: 4.0}))
    done(services, video, *range(1, 21))
    answer = shown(client, video.video_id)
    assert (answer["rate"], answer["eta_seconds"], answer["position"]) == (4.0, 20.0, None)
    answer = shown(client, waiting.video_id)
    assert (answer["rate"], answer["position"]) == (None, 1)
    assert answer["eta_seconds"] == pytest.approx(15, abs=1)


def test_another_attempt_keeps_what_is_done(client: TestClient, services: Services) -> None:
    video = running(services)
    services.videos.save_progress(video.video_id, SourceProgress(1.0, 10.0, frames_published=9))
    done(services, video, 1, 2, 3, 4)
    services.results.save([analyzed(video.video_id, 5, a_result(error="no"))], {video.video_id: 1})
    services.videos.transition(video.video_id, FAILED, Problem("a", "b", "c"))
    before = shown(client, video.video_id)
    failed = services.videos.get(video.video_id)
    assert failed is not None
    services.videos.retry(failed)
    after = shown(client, video.video_id)
    assert after["progress"] == before["progress"]
    assert after["frames"]["done"] == 4
    assert {s["state"] for s in after["stages"]} == {"waiting"}


def test_marks_are_of_an_attempt_and_bounded() -> None:
    marks, video_id = Marks(), uuid4()
    assert marks.raised(video_id, 1, Mark(0.5, 5)) == Mark(0.5, 5)
    assert marks.raised(video_id, 1, Mark(None, 6)) == Mark(0.5, 6)
    assert marks.raised(video_id, 2, Mark(0.1, 1)) == Mark(0.1, 1)
    for _ in range(MOST_VIDEOS + 5):
        marks.raised(uuid4(), 1, Mark())
    assert len(marks._marks) == MOST_VIDEOS


def test_the_queue_is_read_once_a_second() -> None:
    now, videos = 0.0, InMemoryVideoStore()
    watch = QueueWatch(videos, InMemorySpeedStore(), lambda: now)
    assert watch.queue().entries == []
    videos.create(a_video())
    assert watch.queue().entries == []
    assert len(watch.queue(0).entries) == 1
    videos.create(a_video())
    now = 1.5
    assert len(watch.queue().entries) == 2


def test_who_came_after_the_last_reading_is_in_the_queue_of_the_next_one() -> None:
    now, videos = 0.0, InMemoryVideoStore()
    watch = QueueWatch(videos, InMemorySpeedStore(), lambda: now)
    assert watch.queue().entries == []
    first, second = (a_video(created_at=T0 + timedelta(seconds=n)) for n in range(2))
    for video, position in ((first, 1), (second, 2), (first, 1)):
        assert watch.queue(pending=video).position(video) == position
    assert len(watch.queue().entries) == 2
