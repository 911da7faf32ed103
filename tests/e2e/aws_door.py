"""Runs doors for AWS as processes of their own, and says what has become of their messages, documents and results."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.contracts.settings import ROOT
from pipeline.readiness import ready_file
from tests.aws import CREDENTIALS, REGION, Aws
from tests.waiting import wait_until

STEP = "human_detection"
VIDEOS, RESULTS = "videos", "results"
TRIES = 3


@dataclass
class AwsWorld:
    """A queue with its dead letters, a table of numeric ids, and the doors that work on them."""

    aws: Aws
    name: str
    service_url: str
    folder: Path
    doors: list["DoorProcess"] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sqs, self.s3 = self.aws.client("sqs"), self.aws.client("s3")
        self._letters = self.sqs.create_queue(QueueName=f"{self.name}-dead")["QueueUrl"]
        said = self.sqs.get_queue_attributes(QueueUrl=self._letters, AttributeNames=["QueueArn"])
        policy = {"deadLetterTargetArn": said["Attributes"]["QueueArn"], "maxReceiveCount": "10"}
        attributes = {"RedrivePolicy": json.dumps(policy)}
        self.queue = self.sqs.create_queue(QueueName=self.name, Attributes=attributes)["QueueUrl"]
        self.aws.client("dynamodb").create_table(
            TableName=self.name,
            KeySchema=[{"AttributeName": "VideoId", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "VideoId", "AttributeType": "N"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.table = self.aws.table(self.name)

    def variables(self, frame_ratio: float) -> Path:
        """The file by which that system is configured."""
        detectors = [
            [name, {"min_detection_score": 0.4, "max_batch_size": 5}] for name in ("HumanDetector", "FaceDetector")
        ]
        said = {
            "aws_region": REGION,
            "aws_queues": {STEP: self.name},
            "dynamodb": {"region": REGION, "table_id": self.name},
            "video_split": {"output_bucket": RESULTS},
            STEP: {"detectors": detectors, "frame_ratio": frame_ratio},
        }
        path = self.folder / "variables.json"
        path.write_text(json.dumps(said))
        return path

    def put(self, file: Path | bytes, key: str) -> None:
        """Put a video."""
        data = file if isinstance(file, bytes) else file.read_bytes()
        self.s3.put_object(Bucket=VIDEOS, Key=f"{self.name}/{key}", Body=data)

    def ask(self, video_id: int, key: str) -> None:
        """Ask for a video's analysis."""
        self.send({"VideoId": video_id, "s3": {"bucket": VIDEOS, "key": f"{self.name}/{key}"}})

    def send(self, message: Any) -> None:
        """Put a message into the queue."""
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=json.dumps(message))

    def left(self) -> int:
        """How many messages the queue holds, at work or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        said = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)["Attributes"]
        return sum(int(said[name]) for name in names)

    def dead_letters(self) -> list[dict[str, Any]]:
        """What was set aside."""
        said = self.sqs.receive_message(QueueUrl=self._letters, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        return list(said.get("Messages", []))

    def steps(self) -> dict[int, dict[str, Any]]:
        """This step of each document."""
        items = self.table.scan(ConsistentRead=True)["Items"]
        steps = ((item["VideoId"], step) for item in items for step in item.get("process_steps", ()))
        return {int(video_id): step for video_id, step in steps if step["step"] == STEP}

    def states(self) -> list[str]:
        """How they stand."""
        return [step["state"] for step in self.steps().values()]

    def result(self, step: dict[str, Any]) -> dict[str, Any]:
        """The result file that a step names."""
        place = step["result_file"]
        body = self.s3.get_object(Bucket=place["bucket"], Key=place["key"])["Body"]
        return json.loads(body.read())  # type: ignore[no-any-return]

    def results(self) -> list[str]:
        """The keys of all result files."""
        return [found["Key"] for found in self.s3.list_objects_v2(Bucket=RESULTS).get("Contents", [])]

    @contextmanager
    def door(self, frame_ratio: float, **settings: str) -> Iterator["DoorProcess"]:
        """A door that is ready; killed at the end where it has not ended by itself."""
        folder = self.folder / f"door-{len(self.doors)}"
        folder.mkdir()
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("FRAMEWISE_AWS")},
            **CREDENTIALS,
            "FRAMEWISE_DATA_DIR": str(folder),
            "FRAMEWISE_URL": self.service_url,
            "FRAMEWISE_AWS_VARIABLES": str(self.variables(frame_ratio)),
            "FRAMEWISE_SQS_ENDPOINT": self.aws.url,
            "FRAMEWISE_DYNAMODB_ENDPOINT": self.aws.url,
            "FRAMEWISE_S3_ENDPOINT": self.aws.url,
            "FRAMEWISE_AWS_TRIES": str(TRIES),
            "FRAMEWISE_AWS_RETRY_SECONDS": "1",
            "FRAMEWISE_AWS_POLL_SECONDS": "1",
            **{f"FRAMEWISE_AWS_{name}": value for name, value in settings.items()},
        }
        with (folder / "door.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "connectors.aws.main"], env=environment, cwd=ROOT, stdout=log, stderr=log
            )
        started = DoorProcess(process, folder)
        self.doors.append(started)
        try:
            wait_until(lambda: ready_file(folder, "aws").is_file() or process.poll() is not None)
            assert process.poll() is None, started.log
            yield started
        finally:
            process.kill()
            process.wait()


@dataclass(frozen=True)
class DoorProcess:
    """A door."""

    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def log(self) -> str:
        """What it has said."""
        return (self.folder / "door.log").read_text()

    def deliveries(self) -> list[int]:
        """Of each message that it got, how often that one had been delivered."""
        return [
            int(line.rsplit(" delivery ", 1)[1].split()[0]) for line in self.log.splitlines() if " delivery " in line
        ]

    def kill(self) -> None:
        """End it at once, -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
