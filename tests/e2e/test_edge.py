"""A real clip at the edge: agent, two brokers, forwarder and processor before the whole stack; emotions come out."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from stack.trial import Trial
from tests.aws import CREDENTIALS, Aws
from tests.e2e.service import Service
from tests.edge import Door, forwarder, processor
from tests.mosquitto import MISSING, Mosquitto, broker
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(MISSING), reason=f"no broker: {MISSING}")]
CLIP = "face-demographics-walking-and-pause_fromgif.mp4"
PREFIX = "faces"


@pytest.fixture
def local(tmp_path: Path, aws: Aws, stack: Trial, service: Service) -> Iterator[Mosquitto]:
    """The broker at the edge, and all that is behind it; pictures are kept in a bucket."""
    with ExitStack() as held:
        here, there = (held.enter_context(broker(tmp_path / name)) for name in ("local", "cloud"))
        passing = forwarder(tmp_path / "forwarder", here.settings(), there.settings())
        more = {
            **CREDENTIALS,
            "FRAMEWISE_S3_ENDPOINT": aws.url,
            "FRAMEWISE_EDGE_TASKS": "faces_detection,emotions_detection",
            "FRAMEWISE_URL": stack.settings.api_url,
            "FRAMEWISE_KAFKA_BOOTSTRAP": f"127.0.0.1:{stack.settings.kafka_port}",
        }
        storing = processor(tmp_path / "processor", there.settings(), f"s3://results/{PREFIX}", **more)
        for door in (passing, storing):
            held.callback(door.stop)
            door.start()
        yield here


def test_the_faces_of_a_clip_are_kept_in_a_bucket_and_have_emotions(
    local: Mosquitto, aws: Aws, service: Service, models: dict[str, Any], media: Path, tmp_path: Path
) -> None:
    variables = {
        "FRAMEWISE_AGENT_BROKER_URL": local.url,
        "FRAMEWISE_AGENT_SOURCE": str(media / "video" / CLIP),
        "FRAMEWISE_AGENT_SITE": "yard",
        "FRAMEWISE_AGENT_CAMERA": "gate",
        "FRAMEWISE_MIRROR": str(media.parent),
    }
    agent = Door("connectors.edge.agent.main", "edge-agent", tmp_path / "agent", variables)
    agent.start()
    assert agent.process is not None
    assert agent.process.wait(120) == 0, agent.log
    kept = [
        f["Key"] for f in aws.client("s3").list_objects_v2(Bucket="results", Prefix=f"{PREFIX}/yard/gate/")["Contents"]
    ]
    assert 3 <= len(kept) <= 9
    assert all(key.endswith(".jpg") for key in kept)
    wait_until(lambda: sum(v["frames"]["done"] for v in videos(service)) == len(kept), 90)
    rows = [row for video in videos(service) for row in service.rows(video["status_url"])]
    emotions = [row for row in rows if row["task"] == "emotions_detection" and row["detections"]]
    assert len(emotions) >= len(kept) - 1, "a crop shows enough of what is around it for the face to be found again"
    for video in videos(service):
        service.http.delete(video["status_url"]).raise_for_status()


def videos(service: Service) -> list[dict[str, Any]]:
    """Of the camera at the gate: one, or two around midnight."""
    listed = service.http.get("/analysis/videos", params={"status": "all", "tag": "camera:yard/gate"})
    found: list[dict[str, Any]] = listed.raise_for_status().json()["items"]
    return found
