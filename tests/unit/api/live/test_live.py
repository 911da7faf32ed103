"""The live picture as it is asked for: what is drawn, what is hidden, and what is refused."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from api.annotate import annotate
from api.events.hub import EventHub
from api.services import Services
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.results import AnalyzedFrame, TaskName, TaskRequest
from pipeline.contracts.videos import Video, VideoStatus
from pipeline.pictures import decode
from tests.unit.api.live.parts import Part, parts_of
from tests.unit.factories import a_result, a_video, analyzed, dog, jpeg

PICTURE = jpeg(128, 96)


def ended(services: Services, frames: Sequence[AnalyzedFrame] = (), **more: Any) -> Video:
    """A video that has ended, with outcomes and pictures."""
    video = replace(a_video(status=VideoStatus.COMPLETED), **more)
    services.videos.create(video)
    own = [replace(frame, video_id=video.video_id) for frame in frames]
    services.results.save(own, {video.video_id: video.attempt_timestamp})
    for frame in own:
        services.frames.put(video.video_id, frame.frame_number, PICTURE)
    return video


def some_frames(*numbers: int) -> list[AnalyzedFrame]:
    return [analyzed(a_video().video_id, number) for number in numbers]


def ask(client: TestClient, video: Video, **params: str) -> Response:
    answer: Response = client.get(f"/analysis/{video.video_id}/live", params=params)
    return answer


def last(answer: Response) -> Part:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "multipart/x-mixed-replace; boundary=framewise"
    assert answer.content.endswith(b"--framewise--\r\n")
    return parts_of(answer.content)[-1]


def test_of_a_video_that_has_ended_it_is_the_last_frame(client: TestClient, services: Services) -> None:
    video = ended(services, some_frames(1, 5, 1500))
    part = last(ask(client, video))
    assert part.frame_number == 1500
    assert part.media_time == pytest.approx(149.9)
    rows = services.results.frame(video.video_id, 1500)
    assert part.jpeg == annotate(PICTURE, rows) != PICTURE


def test_without_boxes_it_is_the_stored_frame(client: TestClient, services: Services) -> None:
    assert last(ask(client, ended(services, some_frames(1)), annotate="false")).jpeg == PICTURE


def test_both_are_shown_side_by_side(client: TestClient, services: Services) -> None:
    assert decode(last(ask(client, ended(services, some_frames(1)), view="side-by-side")).jpeg).shape == (96, 256, 3)


def test_a_frame_whose_picture_was_cleared_is_not_the_last(client: TestClient, services: Services) -> None:
    video = ended(services, some_frames(1, 2))
    services.frames.delete(video.video_id, [2])
    assert last(ask(client, video)).frame_number == 1


def test_faces_are_hidden_in_every_view(client: TestClient, services: Services) -> None:
    frame = analyzed(a_video().video_id, 1, a_result([dog()], TaskName.FACES))
    video = ended(services, [frame], tasks=(TaskRequest(TaskName.FACES),))
    checkered = jpeg(128, 96)
    services.frames.put(video.video_id, 1, checkered)
    assert last(ask(client, video, annotate="false", blur="faces")).jpeg != checkered


@pytest.mark.parametrize(
    ("more", "params", "status", "said"),
    [
        ({"store_frames": StoreFrames.NONE}, {}, 409, "storeFrames none"),
        ({}, {"blur": "faces"}, 409, "faces cannot be blurred"),
        ({}, {}, 404, "no frame of it is stored"),
        ({}, {"view": "upside-down"}, 422, "view"),
        ({}, {"frames": "1"}, 422, "frames"),
    ],
)
def test_what_cannot_be_shown_is_said_before_anything_is_sent(
    client: TestClient, services: Services, more: dict[str, Any], params: dict[str, str], status: int, said: str
) -> None:
    answer = ask(client, ended(services, **more), **params)
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text


def test_every_stream_that_is_over_makes_room(client: TestClient, services: Services) -> None:
    video = ended(services, some_frames(1))
    for _ in range(3):
        last(ask(client, video))
    assert services.events.streams == 0


def test_more_streams_than_are_held_are_turned_away(client: TestClient, services: Services) -> None:
    object.__setattr__(services, "events", EventHub(max_streams=0))
    answer = ask(client, ended(services, some_frames(1)))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
