"""Cancel, retry and delete in every state, and submissions that are sent twice."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from api.services import Services
from pipeline.contracts.errors import Problem
from pipeline.contracts.frames import StoreFrames
from pipeline.contracts.videos import SourceProgress, Video, VideoStatus
from pipeline.kafka.publishing import InMemoryPublisher
from pipeline.stores.results import count
from tests.unit.factories import T0, a_video, analyzed, jpeg

URL = "https://example.com/a.mp4"
ENDS = (VideoStatus.COMPLETED, VideoStatus.FAILED, VideoStatus.CANCELLED)


def in_state(services: Services, status: VideoStatus) -> Video:
    """A video in a state, two of its frames analysed."""
    video = a_video()
    services.videos.create(video)
    if status is not VideoStatus.PENDING:
        services.videos.transition(video.video_id, VideoStatus.PROCESSING)
        services.videos.set_expected(video.video_id, 3, 3)
    if status.terminal:
        problem = Problem("x", "y", "z") if status is VideoStatus.FAILED else None
        services.videos.transition(video.video_id, status, problem)
    services.results.save([analyzed(video.video_id, n) for n in (1, 2)], {video.video_id: video.attempt_timestamp})
    services.videos.save_sampled(video.video_id, 0, [1, 2, 3])
    services.videos.save_progress(video.video_id, SourceProgress(sha256="ab", frames_published=3, published_through=3))
    services.frames.put(video.video_id, 1, jpeg())
    return known(services, video.video_id)


def known(services: Services, video_id: UUID) -> Video:
    video = services.videos.get(video_id)
    assert video is not None
    return video


@pytest.mark.parametrize("status", VideoStatus)
def test_cancel_ends_what_runs_and_leaves_what_has_ended(
    client: TestClient, services: Services, status: VideoStatus
) -> None:
    video = in_state(services, status)
    wanted = status if status.terminal else VideoStatus.CANCELLED
    for _ in range(2):
        answer = client.post(f"/analysis/{video.video_id}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, wanted)
    if status.terminal:
        assert known(services, video.video_id) == video


@pytest.mark.parametrize("status", VideoStatus)
def test_retry_begins_anew_what_failed_or_was_cancelled(
    client: TestClient, services: Services, status: VideoStatus
) -> None:
    video = in_state(services, status)
    answer = client.post(f"/analysis/{video.video_id}/retry")
    again = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/analysis/{video.video_id}"
    if status not in (VideoStatus.FAILED, VideoStatus.CANCELLED):
        assert known(services, video.video_id) == video
        return
    assert (again["status"], again["attempt"], again["error"], again["finished_at"]) == ("pending", 2, None, None)
    assert (again["frames"]["expected"], again["frames"]["done"], again["missing"]) == (None, 2, [])
    assert {stage["state"] for stage in again["stages"]} == {"waiting"}
    assert known(services, video.video_id).attempt_timestamp > video.attempt_timestamp
    assert isinstance(services.publisher, InMemoryPublisher)
    assert services.publisher.woken == [video.video_id]
    assert client.post(f"/analysis/{video.video_id}/retry").json()["attempt"] == 2


def test_tracks_are_owed_of_a_retry_though_those_of_the_attempt_before_were_settled_in_between(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    video, retry = in_state(services, VideoStatus.CANCELLED), services.videos.retry

    def settled_before(video: Video) -> bool:
        [owed] = services.tracks.owed(10)
        services.tracks.settle(owed)
        return retry(video)

    monkeypatch.setattr(services.videos, "retry", settled_before)
    assert client.post(f"/analysis/{video.video_id}/retry").status_code == 202
    assert [owed.video_id for owed in services.tracks.owed(10)] == [video.video_id]


def test_a_full_queue_takes_no_retry(client: TestClient, services: Services) -> None:
    video = in_state(services, VideoStatus.FAILED)
    for _ in range(services.settings.max_open_videos):
        services.videos.create(a_video())
    assert client.post(f"/analysis/{video.video_id}/retry").status_code == 429
    assert known(services, video.video_id) == video


@pytest.mark.parametrize("status", VideoStatus)
def test_a_deleted_video_is_gone_with_all_that_hung_on_it(
    client: TestClient, services: Services, status: VideoStatus
) -> None:
    video = in_state(services, status)
    folder = services.sources_dir / str(video.video_id)
    folder.mkdir(parents=True)
    (folder / "source").write_bytes(b"x")
    for _ in range(2):
        answer = client.delete(f"/analysis/{video.video_id}")
        assert (answer.status_code, answer.content) == (204, b"")
    assert count(services.results, video.video_id).total == 0
    assert services.videos.sampled_buckets(video.video_id) == ()
    assert services.videos.progress(video.video_id) == SourceProgress()
    assert services.frames.get(video.video_id, 1) is None
    assert not folder.exists()
    assert video.video_id not in [e.video_id for e in (*services.videos.open_listings(),)]
    assert video.video_id not in [e.video_id for e in (*services.videos.ended_listings(),)]
    for path in ("", "/results", "/frame/1"):
        answer = client.get(f"/analysis/{video.video_id}{path}")
        assert answer.status_code == 404
        assert "was deleted at" in answer.json()["detail"]


def test_what_never_was_is_not_found(client: TestClient) -> None:
    path = f"/analysis/{uuid4()}"
    for answer in (client.delete(path), client.post(f"{path}/cancel"), client.post(f"{path}/retry")):
        assert answer.status_code == 404
        assert answer.json()["detail"].startswith("there is no video")


def test_a_submission_sent_twice_makes_one_video(client: TestClient, services: Services) -> None:
    key = {"Idempotency-Key": "street-1"}
    first = client.post("/analysis/start", json={"videoURL": URL, "frameStep": 5}, headers=key)
    again = client.post("/analysis/start", json={"video_url": URL, "frame_step": "5"}, headers=key)
    assert first.status_code == again.status_code == 202
    assert first.json()["video_id"] == again.json()["video_id"]
    other = client.post("/analysis/start", json={"videoURL": URL, "frameStep": 6}, headers=key)
    assert other.status_code == 422
    assert other.json()["errors"][0]["pointer"] == "Idempotency-Key"
    assert "another request" in other.json()["detail"]
    assert len(services.videos.open_videos()) == 1


def test_a_repetition_is_answered_though_the_queue_is_full(client: TestClient, services: Services) -> None:
    key = {"Idempotency-Key": "k"}
    first = client.post("/analysis/start", json={"videoURL": URL}, headers=key)
    for _ in range(services.settings.max_open_videos):
        services.videos.create(a_video())
    assert client.post("/analysis/start", json={"videoURL": URL}, headers=key).json() == first.json()
    assert client.post("/analysis/start", json={"videoURL": URL}).status_code == 429


def test_a_winner_that_died_is_made_up_for(client: TestClient, services: Services) -> None:
    key = {"Idempotency-Key": "k"}
    first = client.post("/analysis/start", json={"videoURL": URL}, headers=key).json()
    services.videos.delete(known(services, UUID(first["video_id"])))  # as if it had never been kept
    again = client.post("/analysis/start", json={"videoURL": URL}, headers=key)
    assert (again.status_code, again.json()["video_id"]) == (202, first["video_id"])
    assert client.get(first["status_url"]).status_code == 200


def test_the_key_of_a_deleted_video_makes_no_other(client: TestClient) -> None:
    key = {"Idempotency-Key": "k"}
    first = client.post("/analysis/start", json={"videoURL": URL}, headers=key).json()
    assert client.delete(first["status_url"]).status_code == 204
    again = client.post("/analysis/start", json={"videoURL": URL}, headers=key)
    assert (again.status_code, again.json()["type"]) == (409, "video-deleted")


@pytest.mark.parametrize("key", ["", "a" * 256, "two words", "caf\xe9"])
def test_a_key_that_is_none_is_refused(client: TestClient, key: str) -> None:
    headers = {b"Idempotency-Key": key.encode("latin-1")}
    answer = client.post("/analysis/start", json={"videoURL": URL}, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "Idempotency-Key"


def test_many_at_once_make_one_video(client: TestClient, services: Services) -> None:
    def send(_: int) -> str:
        answer = client.post("/analysis/start", json={"videoURL": URL}, headers={"Idempotency-Key": "k"})
        assert answer.status_code == 202
        return str(answer.json()["video_id"])

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(send, range(50)))) == 1
    assert len(services.videos.open_videos()) == 1


def upload(client: TestClient, body: bytes, **fields: str) -> tuple[int, dict[str, object]]:
    answer = client.post(
        "/analysis/upload", files={"file": ("a.mp4", body)}, data=fields, headers={"Idempotency-Key": "k"}
    )
    return answer.status_code, answer.json()


def test_an_upload_sent_twice_makes_one_video_and_keeps_one_file(client: TestClient, services: Services) -> None:
    status, first = upload(client, b"one")
    again = upload(client, b"one")
    assert (status, again[0]) == (202, 202)
    assert first["video_id"] == again[1]["video_id"]
    assert upload(client, b"two")[0] == upload(client, b"one", frameStep="2")[0] == 422
    assert [p.name for p in services.sources_dir.iterdir()] == [first["video_id"]]
    assert (services.sources_dir / str(first["video_id"]) / "source").read_bytes() == b"one"


def test_videos_are_found_by_the_name_of_their_submitter(client: TestClient) -> None:
    bodies = [{"videoURL": URL, "externalId": name} for name in ("x", "y", "x")]
    made = [client.post("/analysis/start", json=body).json()["video_id"] for body in bodies]
    client.post(f"/analysis/{made[0]}/cancel")
    found = client.get("/analysis/videos", params={"external_id": "x"}).json()
    assert [v["video_id"] for v in found["items"]] in ([made[2], made[0]], [made[0], made[2]])
    page = client.get("/analysis/videos", params={"external_id": "x", "limit": 1}).json()
    rest = client.get("/analysis/videos", params={"external_id": "x", "limit": 1, "cursor": page["next_cursor"]}).json()
    assert [*page["items"], *rest["items"]] == found["items"]
    assert rest["next_cursor"] is None
    only = client.get("/analysis/videos", params={"external_id": "x", "status": "cancelled"}).json()
    assert [v["video_id"] for v in only["items"]] == [made[0]]


def test_where_to_tell_and_what_to_keep_reach_the_video(client: TestClient, services: Services) -> None:
    body = {"videoURL": URL, "callbackURL": "https://me:secret@example.com/hook?token=1", "storeFrames": "blurred"}
    shown = client.post("/analysis/start", json=body, headers={"X-Request-ID": "abc"}).json()
    video = known(services, UUID(shown["video_id"]))
    assert (video.callback_url, video.store_frames) == (body["callbackURL"], StoreFrames.BLURRED)
    assert (shown["callback_url"], shown["store_frames"]) == ("https://***@example.com/hook?***", "blurred")
    assert video.request_id == "abc"


@pytest.mark.parametrize(
    "body",
    [
        {"callbackURL": "ftp://example.com"},
        {"callbackURL": "https://example.com/" + "a" * 4096},
        {"callbackURL": "https://exa mple.com/"},
        {"storeFrames": "some"},
        {"storeFrames": "blurred", "modelsToRun": ["color_detection"]},
    ],
)
def test_what_cannot_be_kept_or_told_is_refused(client: TestClient, body: dict[str, object]) -> None:
    assert client.post("/analysis/start", json={"videoURL": URL, **body}).status_code == 422


def test_a_retry_keeps_what_is_known_of_the_source(client: TestClient, services: Services) -> None:
    video = replace(a_video(status=VideoStatus.FAILED), finished_at=T0)
    services.videos.create(video)
    progress = SourceProgress(9.5, 30.0, 64, 48, "ab", 9, 9, 0, 9, ("w",), T0, T0, T0, T0)
    services.videos.save_progress(video.video_id, progress)
    shown = client.post(f"/analysis/{video.video_id}/retry").json()
    assert (shown["duration"], shown["fps"], shown["width"], shown["warnings"]) == (9.5, 30.0, 64, [])
    assert shown["frames"]["published"] == 0
