"""Whole selections of results as files."""

import csv
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
import uvicorn
from fastapi.testclient import TestClient

from api.app import create_app
from api.exports.stream import disposition
from api.services import Services
from pipeline.contracts.errors import StoreUnavailable
from pipeline.contracts.results import Box, Detection, TaskName
from pipeline.contracts.videos import SourceProgress, Video
from pipeline.stores.rows import ResultPage
from tests.unit.factories import T0, a_result, a_video, analyzed, dog
from tests.waiting import wait_until

FACES, EMOTIONS, OBJECTS, COLORS, _ = TaskName
HAPPY = Detection("happy", 0.75, Box(0.1, 0.2, 0.25, 0.5), {"happy": 0.75, "sad": 0.25})
ODD = 'a "quoted", Größe\nwith a line'


@pytest.fixture
def video(services: Services) -> Video:
    """Objects in 2,400 frames, dogs in every third, and emotions and colours in one."""
    video = replace(a_video(), video_name="../Straße, Montag.mp4")
    services.videos.create(video)
    services.videos.save_progress(video.video_id, SourceProgress(width=640, height=480))
    frames = [analyzed(video.video_id, n, a_result([dog(0.9)] if n % 3 == 0 else [])) for n in range(1, 2401)]
    frames[1] = replace(
        analyzed(
            video.video_id,
            2,
            a_result([replace(dog(0.3), label=ODD), dog(0.6)]),
            a_result([HAPPY], EMOTIONS),
            a_result([Detection("#ff0000", 1.0)], COLORS),
            a_result([], FACES, error="it raised"),
        ),
        captured_at=T0 + timedelta(milliseconds=5),
    )
    services.results.save(frames, {video.video_id: 1})
    return video


def exported(client: TestClient, video: Video, form: str, **params: Any) -> bytes:
    """The file."""
    answer = client.get(f"/analysis/{video.video_id}/results", params={"format": form, **params})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith('attachment; filename="Strae-Montag.mp4.')
    return bytes(answer.content)


def pages(client: TestClient, video: Video, **params: Any) -> list[dict[str, Any]]:
    """The same by pages."""
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        more: dict[str, Any] = {"cursor": cursor} if cursor else {}
        page = client.get(f"/analysis/{video.video_id}/results", params={"limit": 1000, **params, **more}).json()
        items += page["items"]
        if (cursor := page["next_cursor"]) is None:
            return items


FILTERS: list[dict[str, Any]] = [
    {},
    {"label": "dog"},
    {"min_confidence": 0.5},
    {"task": ["emotions_detection", "faces_detection"]},
    {"from": 0.1, "to": 0.3},
    {"frame_from": 999, "frame_to": 1002},
    {"label": "nothing"},
]


@pytest.mark.parametrize("params", FILTERS)
def test_json_holds_what_the_pages_hold(client: TestClient, video: Video, params: dict[str, Any]) -> None:
    whole = json.loads(exported(client, video, "json", **params))
    assert whole == {"items": pages(client, video, **params), "next_cursor": None, "complete": False}


@pytest.mark.parametrize("params", FILTERS)
def test_csv_has_a_row_a_detection(client: TestClient, video: Video, params: dict[str, Any]) -> None:
    data = exported(client, video, "csv", **params)
    lines = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    wanted = [(row, d) for row in pages(client, video, **params) for d in row["detections"] or [None]]
    assert len(lines) == len(wanted)
    for line, (row, found) in zip(lines, wanted, strict=True):
        assert (line["frame_number"], line["task"]) == (str(row["frame_number"]), row["task"])
        assert line["label"] == (found["label"] if found else "")
        assert line["x"] == (str(found["box"]["x"]) if found and found["box"] else "")
        assert line["error"] == (row["error"] or "")
    assert data.count(b"\r\n") == len(lines) + 1
    assert all(line["attributes"] == json.dumps(HAPPY.attributes) for line in lines if line["label"] == "happy")


@pytest.mark.parametrize("params", FILTERS)
def test_parquet_has_a_row_group_a_bucket(client: TestClient, video: Video, params: dict[str, Any]) -> None:
    file = pq.ParquetFile(io.BytesIO(exported(client, video, "parquet", **params)))
    rows = file.read().to_pylist()
    wanted = pages(client, video, **params)
    assert file.num_row_groups == len({(row["frame_number"] - 1) // 1000 for row in wanted})
    assert [(r["frame_number"], r["task"], r["error"]) for r in rows] == [
        (r["frame_number"], r["task"], r["error"]) for r in wanted
    ]
    found = [[_shown(d) for d in row["detections"]] for row in rows]
    assert found == [row["detections"] for row in wanted]


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    """A finding of a Parquet file as the API shows it: whose it is, only where that is known."""
    shown = found | {"attributes": dict(found["attributes"])}
    return {name: value for name, value in shown.items() if name != "person_id" or value is not None}


def test_coco_boxes_are_pixels_of_the_source(client: TestClient, video: Video) -> None:
    data = json.loads(exported(client, video, "coco"))
    assert [image["id"] for image in data["images"]] == list(range(1, 2401))
    assert (data["images"][0]["width"], data["images"][0]["height"]) == (640, 480)
    names = {category["id"]: category["name"] for category in data["categories"]}
    assert set(names.values()) == {"dog", "happy", ODD}
    happy = next(a for a in data["annotations"] if names[a["category_id"]] == "happy")
    assert (happy["image_id"], happy["bbox"], happy["area"]) == (2, [64.0, 96.0, 160.0, 240.0], 38400.0)
    assert len(data["annotations"]) == 800 + 3
    assert len({a["id"] for a in data["annotations"]}) == 803
    assert {a["image_id"] for a in data["annotations"]} <= {image["id"] for image in data["images"]}


def test_coco_ids_do_not_depend_on_what_else_is_selected(client: TestClient, video: Video) -> None:
    data = json.loads(exported(client, video, "coco"))
    part = json.loads(exported(client, video, "coco", label="dog", frame_to=2, min_confidence=0.5))
    assert [image["id"] for image in part["images"]] == [2]
    [found] = part["annotations"]
    assert found in data["annotations"]
    assert part["categories"][0] in data["categories"]
    empty = json.loads(exported(client, video, "coco", label="nothing"))
    assert (empty["images"], empty["annotations"], empty["categories"]) == ([], [], [])


def test_coco_needs_the_size(client: TestClient, services: Services) -> None:
    unknown = a_video()
    services.videos.create(unknown)
    answer = client.get(f"/analysis/{unknown.video_id}/results?format=coco")
    assert (answer.status_code, answer.json()["type"]) == (409, "conflict")


@pytest.mark.parametrize("form", ["json", "csv", "parquet"])
def test_an_export_of_nothing_is_a_whole_file(client: TestClient, services: Services, form: str) -> None:
    empty = a_video()
    services.videos.create(empty)
    answer = client.get(f"/analysis/{empty.video_id}/results", params={"format": form})
    assert answer.status_code == 200
    if form == "parquet":
        assert pq.read_table(io.BytesIO(answer.content)).num_rows == 0
    else:
        assert answer.text.startswith("video_id,frame" if form == "csv" else '{"items": [\n\n]')


@pytest.mark.parametrize("params", ["format=csv&limit=5", "format=coco&cursor=abc", "format=xml", "format=parquet&x=1"])
def test_what_does_not_go_together_is_refused(client: TestClient, video: Video, params: str) -> None:
    answer = client.get(f"/analysis/{video.video_id}/results?{params}")
    assert (answer.status_code, answer.json()["type"]) == (422, "invalid-request")


def test_json_with_a_limit_is_a_page(client: TestClient, video: Video) -> None:
    page = client.get(f"/analysis/{video.video_id}/results?format=json&limit=2")
    assert len(page.json()["items"]) == 2
    assert page.json()["next_cursor"] is not None
    assert "content-disposition" not in page.headers


class Failing:
    """A result store that goes away after some pages, for so many requests."""

    def __init__(self, services: Services, pages: int, failures: int = 10**6) -> None:
        self._store = services.results
        self._left = pages
        self._failures = failures

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def page(self, *asked: Any) -> ResultPage:
        """A page, while there are some."""
        if self._left == 0 and self._failures:
            self._failures -= 1
            raise StoreUnavailable("no answer")
        self._left = max(0, self._left - 1)
        return self._store.page(*asked)


@pytest.fixture
def failing(services: Services) -> Iterator[None]:
    whole = services.results
    yield
    object.__setattr__(services, "results", whole)


@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize("form", ["json", "csv", "parquet"])
def test_a_store_that_is_away_at_the_start_is_a_problem(
    client: TestClient, services: Services, video: Video, form: str
) -> None:
    object.__setattr__(services, "results", Failing(services, 0))
    answer = client.get(f"/analysis/{video.video_id}/results", params={"format": form})
    assert (answer.status_code, answer.json()["type"]) == (503, "store-unavailable")


@pytest.mark.usefixtures("failing")
def test_a_store_that_is_away_for_a_moment_is_waited_for(client: TestClient, services: Services, video: Video) -> None:
    whole = client.get(f"/analysis/{video.video_id}/results?format=csv").text
    object.__setattr__(services, "results", Failing(services, pages=1, failures=1))
    assert client.get(f"/analysis/{video.video_id}/results?format=csv").text == whole


@pytest.fixture
def address(services: Services) -> Iterator[str]:
    """The service on a real server."""
    config = uvicorn.Config(create_app(services), host="127.0.0.1", port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def drain(url: str) -> None:
    """Take all of an answer that was begun well."""
    with httpx.stream("GET", url, trust_env=False) as answer:
        assert answer.status_code == 200
        assert answer.headers["transfer-encoding"] == "chunked"
        for _ in answer.iter_bytes():
            pass


@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize("form", ["json", "csv", "parquet", "coco"])
def test_a_store_that_goes_away_meanwhile_breaks_the_connection(
    address: str,
    services: Services,
    video: Video,
    form: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What came so far must not look like a complete file."""
    monkeypatch.setattr("api.exports.stream.PATIENCE", 0.1)
    object.__setattr__(services, "results", Failing(services, 2))
    with pytest.raises(httpx.RemoteProtocolError):
        drain(f"{address}/analysis/{video.video_id}/results?format={form}")
    assert f"the export of video {video.video_id} broke off: no answer" in caplog.text


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("a.mp4", "a.mp4.csv"),
        ('x"; filename="evil.exe\r\nSet-Cookie: a', "x-filename-evil.exeSet-Cookie-a.csv"),
        ("../../etc/passwd", "passwd.csv"),
        ("日本", "video.csv"),
        ("...", "video.csv"),
        ("x" * 500, "x" * 80 + ".csv"),
    ],
)
def test_a_file_has_a_safe_name(name: str, plain: str) -> None:
    header = disposition(name, "csv")
    assert f'filename="{plain}"' in header
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
