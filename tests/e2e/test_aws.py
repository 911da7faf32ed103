"""The AWS door before the whole stack: SQS messages become DynamoDB documents and result files in S3."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.aws import Aws
from tests.e2e.aws_door import STEP, AwsWorld
from tests.e2e.clips import make_clip
from tests.e2e.service import Service
from tests.waiting import wait_until

UNREADABLE = b"this is no video" * 100


@pytest.fixture
def world(aws: Aws, service: Service, models: dict[str, Any], tmp_path: Path) -> Iterator[AwsWorld]:
    before = videos_of(service)
    found = AwsWorld(aws, f"t{uuid4().hex[:8]}", str(service.http.base_url), tmp_path)
    yield found
    for video_id in videos_of(service) - before:
        service.http.delete(f"/analysis/{video_id}").raise_for_status()


def videos_of(service: Service) -> set[str]:
    """All videos that came through the door."""
    listed = service.http.get("/analysis/videos", params={"status": "all", "tag": "aws", "limit": 100})
    return {video["video_id"] for video in listed.raise_for_status().json()["items"]}


def film(media: Path) -> Path:
    return media / "video" / "people_vtest.avi"


def test_messages_become_documents_and_results(world: AwsWorld, service: Service, media: Path, tmp_path: Path) -> None:
    world.put(film(media), "people.avi")
    world.put(make_clip(tmp_path / "plain.mp4", 20), "a b/ü.mp4")
    world.put(UNREADABLE, "broken.mp4")
    upload = {"step": "upload", "state": "done", "by": "camera"}
    world.table.put_item(Item={"VideoId": 1, "title": "Street", "process_steps": [upload]})
    before, earlier = set(world.results()), videos_of(service)
    with world.door(0.4, VISIBILITY_SECONDS="3") as door:
        for video_id, key in ((1, "people.avi"), (2, "a b/ü.mp4"), (3, "broken.mp4"), (2, "a b/ü.mp4")):
            world.ask(video_id, key)
        wait_until(lambda: world.left() == 0, 240)
        world.send({"command": "stop"})
        assert door.process.wait(30) == 0, door.log

    steps = world.steps()
    assert {video_id: step["state"] for video_id, step in steps.items()} == {1: "done", 2: "done", 3: "error"}
    assert "video" in steps[3]["error"]
    assert world.table.get_item(Key={"VideoId": 1})["Item"]["process_steps"][0] == upload
    [letter] = world.dead_letters()
    assert letter["MessageAttributes"]["FramewiseReason"]["StringValue"] == steps[3]["error"]
    assert set(door.deliveries()) == {1}, "a message outlived its visibility"
    assert len(set(world.results()) - before) == 2
    assert len(videos_of(service) - earlier) == 3

    found = world.result(steps[1])
    frames = found["frames"]
    assert (len(frames), found["codec_code"]) == (318, int.from_bytes(b"MP43", "little"))
    assert found["fps"] == pytest.approx(10.0, abs=0.1)
    assert frames[0]["frame_index"] == 0
    assert [frame["frame_timestamp"] for frame in frames] == sorted(frame["frame_timestamp"] for frame in frames)
    assert sum(len(frame["Human"]["boxes"]) >= 2 for frame in frames) > 0.9 * len(frames)
    for ymin, xmin, ymax, xmax in (box for frame in frames for box in frame["Human"]["boxes"]):
        assert 0 <= ymin < ymax <= 1
        assert 0 <= xmin < xmax <= 1
    assert min(score for frame in frames for score in frame["Human"]["scores"]) >= 0.4
    assert len(world.result(steps[2])["frames"]) == 8


@pytest.mark.slow
def test_a_door_that_is_killed_loses_nothing_and_doubles_nothing(
    world: AwsWorld, service: Service, tmp_path: Path
) -> None:
    before, earlier = set(world.results()), videos_of(service)
    for number in range(19):
        world.put(make_clip(tmp_path / f"{number}.mp4", 60 + number), f"{number}.mp4")
    world.put(UNREADABLE, "19.mp4")
    settings = {"VISIBILITY_SECONDS": "10"}
    with world.door(1, **settings) as first, world.door(1, **settings) as second:
        for number in [*range(20), 7]:
            world.ask(number, f"{number}.mp4")
        wait_until(lambda: world.states().count("running") >= 6 and len(first.deliveries()) >= 2, 60)
        first.kill()
        wait_until(lambda: world.left() == 0, 240)
        assert max(second.deliveries()) == 2, "what the first had at work came back"
        assert second.process.poll() is None

    steps = world.steps()
    assert {video_id: step["state"] for video_id, step in steps.items()} == {
        number: "done" if number < 19 else "error" for number in range(20)
    }
    assert "video" in steps[19]["error"]
    results = set(world.results()) - before
    assert len(results) == 19
    assert results == {step["result_file"]["key"] for step in steps.values() if step["state"] == "done"}
    assert [len(world.result(steps[number])["frames"]) for number in range(19)] == [60 + n for n in range(19)]
    assert len(videos_of(service) - earlier) == 20
    assert len(world.dead_letters()) == 1


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_video_of_ten_minutes_outlives_a_visibility_of_thirty_seconds(world: AwsWorld, tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    made = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=160x120:r=10:d=600", "-pix_fmt", "yuv420p"]
    subprocess.run([*made, str(path)], check=True, timeout=120)
    world.put(path, "long.mp4")
    with world.door(0.5, VISIBILITY_SECONDS="30") as door:
        began = time.monotonic()
        world.ask(1, "long.mp4")
        wait_until(lambda: world.left() == 0, 600)
        assert time.monotonic() - began > 30, "it was too fast to show anything"
        assert door.deliveries() == [1]
    step = world.steps()[1]
    assert (step["step"], step["state"]) == (STEP, "done")
    found = world.result(step)
    assert len(found["frames"]) == 3000
    assert found["frames"][-1]["frame_timestamp"] == pytest.approx(599_850, abs=51)
