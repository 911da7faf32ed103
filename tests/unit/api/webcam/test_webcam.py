"""A page's camera: what is taken, what is refused, and what ingest is handed."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from api.services import Services
from api.webcam.rates import MOST_A_SECOND, PictureRates
from pipeline.contracts.errors import TooManyRequests
from pipeline.contracts.videos import VideoStatus
from pipeline.stores.pushed import MOST_WAITING
from tests.unit.factories import a_video, jpeg

AT = "2026-11-21T10:00:00.250Z"


@pytest.fixture
def camera(client: TestClient) -> dict[str, Any]:
    answer = client.post("/analysis/webcam", json={"modelsToRun": ["faces_detection"], "sampleSeconds": 0.5})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def send(client: TestClient, camera: dict[str, Any], picture: bytes, at: str = AT) -> Any:
    return client.post(f"{camera['status_url']}/frames", params={"captured_at": at}, content=picture)


def test_a_camera_is_a_live_video_that_waits(client: TestClient, camera: dict[str, Any]) -> None:
    assert (camera["source"], camera["status"], camera["video_name"]) == ("stream", "pending", "Webcam")
    assert camera["video_url"] is None


def test_ingest_is_handed_the_pictures_in_their_order(
    client: TestClient, services: Services, camera: dict[str, Any]
) -> None:
    video_id, pictures = UUID(camera["video_id"]), [jpeg(colour=(n, n, n)) for n in (10, 60, 200)]
    answers = [send(client, camera, picture) for picture in pictures]
    assert [(a.status_code, a.json()) for a in answers] == [(202, {"waiting": n, "dropped": 0}) for n in (1, 2, 3)]
    taken = services.pushed.take(video_id)
    assert [frame.jpeg for frame in taken] == pictures
    assert {frame.captured_at for frame in taken} == {datetime(2026, 11, 21, 10, 0, 0, 250_000, UTC)}
    assert abs((datetime.now(UTC) - taken[0].arrived_at).total_seconds()) < 10
    assert services.pushed.take(video_id) == []


def test_the_newest_pictures_win(client: TestClient, services: Services, camera: dict[str, Any]) -> None:
    pictures = [jpeg(colour=(n, n, n)) for n in range(MOST_WAITING + 2)]
    for picture in pictures:
        services.pushed.put(UUID(camera["video_id"]), datetime.now(UTC), picture)
    assert send(client, camera, pictures[0]).json() == {"waiting": MOST_WAITING, "dropped": 1}
    assert services.pushed.take(UUID(camera["video_id"]))[0].jpeg == pictures[3]


@pytest.mark.parametrize(
    ("picture", "said"),
    [(b"", "not a JPEG"), (b"\x89PNG" + bytes(50), "not a JPEG"), (jpeg()[:12], "no frame header")],
)
def test_what_is_no_jpeg_is_refused(client: TestClient, camera: dict[str, Any], picture: bytes, said: str) -> None:
    answer = send(client, camera, picture)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_a_picture_with_too_many_pixels_is_refused(client: TestClient, camera: dict[str, Any]) -> None:
    large = jpeg().replace((48).to_bytes(2) + (64).to_bytes(2), (9000).to_bytes(2) + (9000).to_bytes(2), 1)
    answer = send(client, camera, large)
    assert (answer.status_code, "9000×9000" in answer.json()["detail"]) == (422, True)


def test_a_picture_of_too_many_bytes_is_refused(client: TestClient, camera: dict[str, Any]) -> None:
    assert send(client, camera, jpeg() + bytes(2**20)).status_code == 413


@pytest.mark.parametrize("at", ["soon", "", "1850-01-01T00:00:00Z"])
def test_a_time_is_needed(client: TestClient, camera: dict[str, Any], at: str) -> None:
    assert send(client, camera, jpeg(), at).status_code == 422


def test_another_video_takes_no_pictures(client: TestClient, services: Services) -> None:
    services.videos.create(video := a_video())
    answer = send(client, {"status_url": f"/analysis/{video.video_id}"}, jpeg())
    assert (answer.status_code, "a source of its own" in answer.json()["detail"]) == (409, True)


def test_the_end_is_handed_on_and_may_be_said_again(
    client: TestClient, services: Services, camera: dict[str, Any]
) -> None:
    video_id, end = UUID(camera["video_id"]), f"{camera['status_url']}/frames/end"
    assert not services.pushed.ended(video_id)
    assert [client.post(end).status_code for _ in range(2)] == [204, 204]
    assert services.pushed.ended(video_id)


def test_a_video_that_has_ended_takes_no_pictures(
    client: TestClient, services: Services, camera: dict[str, Any]
) -> None:
    video_id = UUID(camera["video_id"])
    services.videos.transition(video_id, VideoStatus.CANCELLED)
    assert send(client, camera, jpeg()).status_code == 409
    assert client.post(f"{camera['status_url']}/frames/end").status_code == 204


def test_pictures_for_a_folder_that_was_removed_are_refused(
    client: TestClient, services: Services, camera: dict[str, Any]
) -> None:
    services.stores.sources.remove(UUID(camera["video_id"]))
    assert send(client, camera, jpeg()).status_code == 409
    assert services.pushed.ended(UUID(camera["video_id"]))


def test_a_key_of_the_clients_own_gives_the_same_camera(client: TestClient) -> None:
    answers = [client.post("/analysis/webcam", json={}, headers={"Idempotency-Key": "desk"}) for _ in range(2)]
    assert len({answer.json()["video_id"] for answer in answers}) == 1


def test_more_pictures_than_a_camera_makes_are_turned_away() -> None:
    now = [0.0]
    rates, video_id = PictureRates(lambda: now[0]), a_video().video_id
    for _ in range(MOST_A_SECOND):
        rates.count(video_id)
    with pytest.raises(TooManyRequests):
        rates.count(video_id)
    rates.count(a_video().video_id)
    now[0] = 1.0
    rates.count(video_id)
