"""The live streams that there are now."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from api.live.shots import OUTCOME
from api.services import Services
from api.streams import newest
from api.streams.newest import NewestOutcomes
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.results import Detection, TaskName
from pipeline.contracts.videos import SourceKind, SourceProgress, Video, VideoStatus
from tests.unit.factories import T0, a_result, a_video, analyzed, dog, jpeg


def stream(services: Services, **changes: Any) -> Video:
    """A stream that runs."""
    video = replace(a_video(), source=SourceKind.STREAM, source_url="rtsp://me:secret@camera.example/yard")
    video = replace(video, **changes)
    services.videos.create(video)
    services.videos.transition(video.video_id, VideoStatus.PROCESSING)
    services.videos.save_progress(video.video_id, SourceProgress(connected=True, lag_seconds=0.5, frames_dropped=2))
    return video


def outcome(video: Video, number: int, *labels: str) -> tuple[bytes, bytes]:
    """A record of the topic `results`."""
    found = [replace(dog(), label=label) for label in labels]
    colors = a_result([Detection("#336699", 0.4)], TaskName.COLORS)
    frame = replace(analyzed(video.video_id, number, a_result(found), colors), captured_at=T0)
    return video.video_id.bytes, OUTCOME.dump_json(frame)


def listed(client: TestClient) -> list[dict[str, Any]]:
    """The streams."""
    answer = client.get("/analysis/live")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_streams_are_listed_with_what_was_seen_last(client: TestClient, services: Services) -> None:
    video = stream(services)
    services.videos.create(a_video())
    services.frames.put(video.video_id, 1, jpeg())
    services.newest.hear([outcome(video, 1, "dog", "dog", "cat"), outcome(video, 2, "dog")])
    [item] = listed(client)
    assert item["camera"] == item["video"]["video_url"] == "rtsp://***@camera.example/yard"
    assert (item["video"]["connected"], item["video"]["frames"]["dropped"]) == (True, 2)
    assert item["frames_per_second"] == 0.2
    assert item["newest"] == {
        "frame_number": 1,
        "captured_at": "2026-01-02T03:04:05Z",
        "media_time": 0.0,
        "frame_url": f"/analysis/{video.video_id}/frame/1",
        "counts": {"dog": 2, "cat": 1},
    }
    services.frames.put(video.video_id, 2, jpeg())
    assert listed(client)[0]["newest"]["frame_number"] == 2
    services.videos.transition(video.video_id, VideoStatus.CANCELLED)
    assert listed(client) == []


def test_without_pictures_there_is_no_address_of_one(client: TestClient, services: Services) -> None:
    video = stream(services, store_frames=StoreFrames.NONE)
    assert listed(client)[0]["newest"] is None
    services.newest.hear([outcome(video, 7, "dog")])
    assert (listed(client)[0]["newest"]["frame_url"], listed(client)[0]["newest"]["frame_number"]) == (None, 7)


def test_little_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest, "MOST_VIDEOS", 2)
    now = [0.0]
    kept = NewestOutcomes(lambda: now[0])
    videos = [a_video(UUID(int=n)) for n in range(3)]
    for video in videos:
        kept.hear([outcome(video, number, "dog") for number in range(1, 9)])
    assert [len(kept.shots(video.video_id)) for video in videos] == [0, 4, 4]
    assert [shot.frame_number for shot in kept.shots(videos[2].video_id)] == [8, 7, 6, 5]
    assert (kept.rate(videos[0].video_id), kept.rate(videos[2].video_id)) == (None, 0.8)
    now[0] = 11.0
    assert kept.rate(videos[2].video_id) == 0.0


def test_what_is_no_outcome_is_passed_over() -> None:
    kept = NewestOutcomes()
    kept.hear([(None, b"x"), (b"short", b"x"), (UUID(int=1).bytes, None), (UUID(int=2).bytes, b"nonsense")])
    assert (kept.shots(UUID(int=1)), kept.shots(UUID(int=2))) == ([], [])
