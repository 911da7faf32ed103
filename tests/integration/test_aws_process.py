"""The AWS door as a process, before moto's server and a service that is away."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.contracts.settings import ROOT
from pipeline.readiness import ready_file
from stack.ports import free_ports
from tests.aws import CREDENTIALS, REGION, serving_aws
from tests.e2e.aws_door import VIDEOS, AwsWorld
from tests.waiting import wait_until


@pytest.fixture
def world(tmp_path: Path) -> Iterator[AwsWorld]:
    with serving_aws() as aws:
        aws.client("s3").create_bucket(Bucket=VIDEOS, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield AwsWorld(aws, "humans", f"http://127.0.0.1:{free_ports(1)[0]}", tmp_path)


def test_told_to_end_while_the_service_is_away_it_hands_its_message_back(world: AwsWorld) -> None:
    world.put(b"video", "street.mp4")
    with world.door(1, VISIBILITY_SECONDS="600") as door:
        world.ask(5, "street.mp4")
        wait_until(lambda: world.states() == ["running"])
        wait_until(lambda: "cannot be asked" in door.log)
        door.process.send_signal(signal.SIGTERM)
        assert door.process.wait(20) == 0, door.log
        assert not ready_file(door.folder, "aws").exists()
    assert world.sqs.receive_message(QueueUrl=world.queue, WaitTimeSeconds=5)["Messages"]
    assert "testing" not in door.log, "a key is in the log"


def test_what_is_wrong_with_the_settings_is_said_and_ends_it(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FRAMEWISE_AWS")}
    environment |= {**CREDENTIALS, "FRAMEWISE_DATA_DIR": str(tmp_path), "FRAMEWISE_AWS_FRAME_RATIO": "2"}
    command = [sys.executable, "-m", "connectors.aws.main"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    for said in ("FRAMEWISE_AWS_QUEUES: Field required", "FRAMEWISE_AWS_FRAME_RATIO: Input should be less than or"):
        assert said in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
