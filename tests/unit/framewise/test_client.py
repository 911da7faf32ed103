"""The client against the real application."""

from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from api.services import Services
from framewise import Client, Conflict, Invalid, NotFound, Options, Retries, WaitTimeout
from framewise.submissions import fields
from pipeline.contracts.results import TaskName
from pipeline.contracts.videos import Video, VideoStatus
from tests.unit.factories import a_result, analyzed


def test_an_address_is_submitted_with_its_options(client: Client, services: Services) -> None:
    options: Options = {
        "tasks": ["objects_detection", {"name": "faces_detection", "minConfidence": 0.9}],
        "tags": ("a", "b"),
        "name": "A",
        "sample_seconds": 2.0,
        "start_time": 1.0,
    }
    shown = client.start("https://example.com/a.mp4", **options)
    kept = services.videos.open_videos(10)
    assert [str(video_id) for video_id in kept] == [shown.video_id]
    assert (shown.status, shown.video_name, shown.tags, shown.ended) == ("pending", "A", ["a", "b"], False)
    video = services.videos.get(next(iter(kept)))
    assert video is not None
    assert [(t.name, t.min_confidence) for t in video.tasks] == [(TaskName.OBJECTS, None), (TaskName.FACES, 0.9)]
    assert (video.sampling.sample_seconds, video.sampling.start_time) == (2.0, 1.0)


def test_a_file_is_sent_as_it_is(client: Client, services: Services, tmp_path: Path) -> None:
    file = tmp_path / "street ü.mp4"
    file.write_bytes(bytes(range(256)) * 300)
    told: list[tuple[int, int]] = []
    shown = client.upload(file, on_progress=lambda sent, size: told.append((sent, size)), tags=["x"], frame_step=3)
    assert (shown.video_name, shown.tags, shown.frame_step) == ("street ü.mp4", ["x"], 3)
    assert (services.sources_dir / shown.video_id / "source").read_bytes() == file.read_bytes()
    assert told[-1] == (76_800, 76_800)


def test_a_file_is_sent_again_from_its_start(tmp_path: Path) -> None:
    file = tmp_path / "a.mp4"
    file.write_bytes(b"0123456789" * 1000)
    bodies: list[bytes] = []
    keys: set[str] = set()

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(request.read().split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--", 1)[0])
        keys.add(request.headers["Idempotency-Key"])
        video = {
            "video_id": "1",
            "video_name": "a",
            "source": "upload",
            "status": "pending",
            "created_at": "2026-01-02",
        }
        return httpx.Response(503 if len(bodies) < 3 else 202, json=video if len(bodies) == 3 else {})

    retries = Retries(sleep=lambda _: None)
    Client(transport=httpx.MockTransport(answer), retries=retries).upload(file)
    assert bodies == [file.read_bytes()] * 3
    assert len(keys) == 1


def test_each_submission_is_one_of_its_own(client: Client) -> None:
    ids = {client.start("https://example.com/a.mp4").video_id for _ in range(2)}
    assert len(ids) == 2


def test_a_file_that_is_too_large_is_refused(client: Client, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(bytes(200_000))
    with pytest.raises(Invalid) as caught:
        client.upload(tmp_path / "a.mp4")
    assert caught.value.problem.status == 413


def test_an_option_that_there_is_not_is_refused() -> None:
    with pytest.raises(TypeError, match="there is no option frame_stepp"):
        fields({"frame_stepp": 3})  # type: ignore[typeddict-unknown-key]


def test_results_come_page_by_page(client: Client, video: Video, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framewise.reading.PAGE", 3)
    rows = list(client.results(video.video_id))
    assert [(row.frame_number, row.task) for row in rows] == [
        (n, task) for n in range(1, 8) for task in ("color_detection", "objects_detection")
    ]
    assert rows[1].detections[0].box is not None
    assert rows[1].detections[0].box.width == 0.5


def test_results_are_filtered_and_limited(client: Client, video: Video) -> None:
    sure = list(client.results(video.video_id, label="dog", min_confidence=0.5, task="objects_detection"))
    assert [row.frame_number for row in sure if row.detections] == [5, 6, 7]
    late = list(client.results(video.video_id, from_time=0.2, to_time=0.3, task=["objects_detection"]))
    assert [row.frame_number for row in late] == [3, 4]
    assert len(list(client.results(video.video_id, limit=5))) == 5


def test_failures_come_page_by_page(
    client: Client, video: Video, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(client.failures(video.video_id)) == []
    broken = a_result(error="too dark")
    frames = [analyzed(video.video_id, n, broken) for n in (1001, 1002, 1003)]
    services.results.save(frames, {video.video_id: 1})
    monkeypatch.setattr("framewise.reading.FAILURES", 2)
    found = list(client.failures(video.video_id))
    assert [(one.frame_number, one.media_time, one.reason) for one in found] == [
        (1001, 100.0, "too dark"), (1002, 100.1, "too dark"), (1003, 100.2, "too dark")
    ]  # fmt: skip
    assert found[0].tasks == ["objects_detection"]


def test_a_frame_is_a_picture(client: Client, video: Video, tmp_path: Path) -> None:
    drawn = client.frame(video.video_id, 1, tmp_path / "1.jpg")
    assert (tmp_path / "1.jpg").read_bytes() == drawn
    assert drawn[:2] == b"\xff\xd8"
    assert client.frame(video.video_id, 1, annotate=False) != drawn
    assert [row.task for row in client.frame_results(video.video_id, 1)] == ["color_detection", "objects_detection"]
    with pytest.raises(NotFound, match="frame 5"):
        client.frame(video.video_id, 5)


def test_videos_are_listed(client: Client, video: Video) -> None:
    client.start("https://example.com/a.mp4")
    assert [v.video_id for v in client.videos()] == [str(video.video_id)]
    assert [v.status for v in client.videos("pending")] == ["pending"]


def test_waiting_ends_with_the_video(client: Client, video: Video) -> None:
    told: list[str] = []
    ended = client.wait(video.video_id, on_progress=lambda v: told.append(v.status))
    assert (ended.status, ended.frames.done, ended.progress, told) == ("completed", 7, 1.0, ["completed"])


def test_waiting_has_a_limit(client: Client) -> None:
    video = client.start("https://example.com/a.mp4")
    with pytest.raises(WaitTimeout, match=r"still pending after 0\.3 seconds"):
        client.wait(video.video_id, timeout=0.3)


def test_a_video_that_there_is_not(client: Client) -> None:
    with pytest.raises(NotFound, match="there is no video"):
        client.video(uuid4())


def test_models_are_listed(client: Client) -> None:
    assert {model.task for model in client.models()} == set(TaskName)


def test_an_export_that_breaks_leaves_no_file(tmp_path: Path) -> None:
    class Half(httpx.SyncByteStream):
        def __iter__(self):  # type: ignore[no-untyped-def]
            yield b"half"
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")

    broken = Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, stream=Half())))
    with pytest.raises(Exception, match="complete message body"):
        broken.export("1", "csv", tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


def test_control_of_a_video(client: Client, services: Services, video: Video) -> None:
    assert client.cancel(video.video_id).status == VideoStatus.COMPLETED
    assert client.retry(video.video_id).status == VideoStatus.COMPLETED
    client.delete(video.video_id)
    client.delete(video.video_id)
    with pytest.raises(NotFound, match="deleted"):
        client.video(video.video_id)
    with pytest.raises((NotFound, Conflict)):
        client.cancel(video.video_id)


def test_an_address_to_publish_to_shows_its_key_once(client: Client) -> None:
    made = client.rtmp_endpoint(keep="all", tasks=["color_detection"], frame_step=10, idempotency_key="stage")
    assert made.rtmp_endpoint == f"{made.server}/{made.stream_key}"
    assert client.video(made.video_id).source == "rtmp"
    with pytest.raises(Conflict, match="shown once"):
        client.rtmp_endpoint(keep="all", tasks=["color_detection"], frame_step=10, idempotency_key="stage")


def test_a_live_source_is_pulled(client: Client) -> None:
    made = client.stream("rtsp://user:secret@93.184.215.14/one", keep="all", tasks=["color_detection"])
    assert (made.source, made.keep, made.gaps, made.video_url) == ("stream", "all", [], "rtsp://***@93.184.215.14/one")
