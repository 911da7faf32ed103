"""Which video a picture goes into, over a service that the test answers for."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

import framewise
from connectors.edge.crops import Crop, crop_id
from connectors.edge.processor.analysis import PipelineAway
from connectors.edge.processor.days import CHECK_SECONDS, DayRules, Days, camera_id
from connectors.edge.processor.live_analysis import LiveAnalysis, Recent
from pipeline.contracts.errors import StoreUnavailable
from pipeline.kafka.captures import InMemoryCapturePublisher

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
JPEG = b"\xff\xd8\xff a picture"


@dataclass
class Service:
    """Makes a video a key; the test says which have ended, are gone, or that nobody answers."""

    videos: dict[str, dict[str, Any]] = field(default_factory=dict)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    away: bool = False

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("refused")
        if request.method == "GET":
            return self._read(request.url.path.rpartition("/")[2])
        key = request.headers["Idempotency-Key"]
        if key in self.gone:
            return httpx.Response(409, json={"type": "video-deleted", "title": "deleted"})
        self.bodies.append(json.loads(request.content))
        return httpx.Response(201, json=self.videos.setdefault(key, _video()))

    def _read(self, video_id: str) -> httpx.Response:
        found = next((v for k, v in self.videos.items() if v["video_id"] == video_id and k not in self.gone), None)
        return httpx.Response(200, json=found) if found else httpx.Response(404, json={"title": "no such video"})


def _video() -> dict[str, Any]:
    return {
        "video_id": str(uuid4()),
        "video_name": "a name",
        "source": "stream",
        "status": "processing",
        "models_to_run": [],
        "created_at": "2026-11-20T12:00:00Z",
        "camera_id": "yard/gate",
        "publish": {"bootstrap": "127.0.0.1:9092", "topic": "captures"},
    }


@dataclass
class Bench:
    """An analysis by this service."""

    service: Service = field(default_factory=Service)
    publisher: InMemoryCapturePublisher = field(default_factory=InMemoryCapturePublisher)
    failures: list[StoreUnavailable] = field(default_factory=list)
    now: float = NOON.timestamp()

    def __post_init__(self) -> None:
        client = framewise.Client(
            transport=httpx.MockTransport(self.service.answer), retries=framewise.Retries(tries=1)
        )
        days = Days(client, DayRules(("faces_detection",), 7200.0), lambda: self.now)
        self.analysis = LiveAnalysis(days, self._connect)

    def _connect(self) -> InMemoryCapturePublisher:
        if self.failures:
            raise self.failures.pop()
        return self.publisher

    def put(self, number: int, at: datetime = NOON, camera: str = "gate") -> None:
        crop = Crop(JPEG, "yard", camera, at, str(number), crop_id("yard", camera, at, str(number)))
        self.analysis.hand_over(crop, f"name-{number}", JPEG)


@pytest.fixture
def bench() -> Iterator[Bench]:
    found = Bench()
    yield found
    found.analysis.close()


def test_a_camera_has_a_video_a_day_of_its_pictures_by_the_time_of_capture(bench: Bench) -> None:
    bench.put(1)
    bench.put(2, NOON + timedelta(hours=1))
    bench.put(3, NOON + timedelta(hours=12))
    bench.put(4, camera="door")
    assert list(bench.service.videos) == [
        "edge/yard/gate/2026-11-20",
        "edge/yard/gate/2026-11-21",
        "edge/yard/door/2026-11-20",
    ]
    first, second, third, fourth = bench.publisher.captures
    assert first.video_id == second.video_id
    assert len({c.video_id for c in (first, third, fourth)}) == 3
    assert (second.captured_at, second.capture_id, second.label) == (NOON + timedelta(hours=1), "name-2", "2")
    body = bench.service.bodies[0]
    assert (body["cameraId"], body["keep"], body["modelsToRun"]) == ("yard/gate", "all", ["faces_detection"])


def test_a_picture_is_handed_over_once(bench: Bench) -> None:
    bench.put(1)
    bench.put(1)
    assert len(bench.publisher.captures) == 1


@pytest.mark.parametrize("how", ["ended", "deleted"])
def test_a_video_that_people_have_ended_or_deleted_is_followed_by_another(bench: Bench, how: str) -> None:
    bench.put(1)
    if how == "ended":
        bench.service.videos["edge/yard/gate/2026-11-20"]["status"] = "cancelled"
    else:
        bench.service.gone.add("edge/yard/gate/2026-11-20")
    bench.now += CHECK_SECONDS
    bench.put(2)
    first, second = bench.publisher.captures
    assert first.video_id != second.video_id
    assert str(second.video_id) == bench.service.videos["edge/yard/gate/2026-11-20/2"]["video_id"]


def test_a_service_that_is_away_is_waited_for_only_where_a_video_is_to_be_made(bench: Bench) -> None:
    bench.put(1)
    bench.service.away, bench.now = True, bench.now + CHECK_SECONDS
    bench.put(2)
    with pytest.raises(PipelineAway, match="does not answer"):
        bench.put(3, camera="door")
    bench.service.away = False
    bench.put(3, camera="door")
    assert [capture.capture_id for capture in bench.publisher.captures] == ["name-1", "name-2", "name-3"]


def test_kafka_is_connected_to_when_it_is_there(bench: Bench) -> None:
    bench.failures = [StoreUnavailable("away")]
    with pytest.raises(StoreUnavailable):
        bench.put(1)
    bench.put(1)
    assert len(bench.publisher.captures) == 1


def test_a_day_that_is_over_completes_its_video_once_nothing_comes_any_more(bench: Bench) -> None:
    bench.put(1)
    bench.now = (NOON + timedelta(hours=13)).timestamp()
    bench.put(2)
    bench.now += 7000
    bench.analysis.rest()
    assert bench.publisher.ended == []
    bench.now += 300
    bench.analysis.rest()
    bench.analysis.rest()
    assert bench.publisher.ended == [bench.publisher.captures[0].video_id]


def test_long_names_of_cameras_stay_apart() -> None:
    crops = [Crop(JPEG, "s" * 64, "c" * 63 + end, NOON, "1", "id") for end in "ab"]
    assert len({camera_id(crop) for crop in crops}) == 2
    assert all(len(camera_id(crop)) <= 57 for crop in crops)


def test_the_recent_are_so_many() -> None:
    recent = Recent(2)
    for item in (1, 2, 3):
        recent.add(item)
    assert [item in recent for item in (1, 2, 3)] == [False, True, True]
