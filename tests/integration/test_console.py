"""The commands of docs/console.md, every one as it stands there, against real servers."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from connectors.camera.records import ensure_topic
from connectors.edge import messages
from connectors.edge.crops import Crop, crop_id
from connectors.edge.topics import FACES, OLD_CLOUD
from pipeline.contracts.captures import Capture
from pipeline.contracts.settings import ROOT, KafkaSettings
from pipeline.kafka.captures import KafkaCapturePublisher
from pipeline.kafka.publishing import DeadLetter, KafkaPublisher
from pipeline.kafka.topics import create_topics
from tests.aws import CREDENTIALS, Aws, serving_aws
from tests.mosquitto import MISSING, Mosquitto
from tests.unit.connectors.camera.pictures import a_jpeg
from tests.unit.factories import a_frame, analyzed

pytestmark = pytest.mark.slow
PAGE = (ROOT / "docs" / "console.md").read_text()
COMMANDS = re.findall(r"^    ((?:\./run\.sh|kcat|mosquitto_sub|aws) .*)$", PAGE, re.MULTILINE)
VIDEO = uuid4()
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MOST_SECONDS = 60.0

Check = Callable[[str], bool]


def those_of(tool: str) -> list[str]:
    return [command for command in COMMANDS if command.startswith(tool)]


def run(command: str, folder: Path, **variables: str) -> str:
    """What a command of a shell prints; it must end well."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | variables,
        capture_output=True,
        timeout=MOST_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode("utf-8", "replace")


def test_every_command_of_the_page_is_tried() -> None:
    assert len(COMMANDS) == len(re.findall(r"^    \S", PAGE, re.MULTILINE))
    tried = [*KAFKA, *KCAT, *MQTT, *AWS]
    assert len(tried) == len(COMMANDS)
    assert all(any(words in command for words in tried) for command in COMMANDS)


@pytest.fixture(scope="module")
def broker(kafka_settings: KafkaSettings) -> KafkaSettings:
    """One record in each topic."""
    create_topics(kafka_settings)
    prefix = kafka_settings.topic_prefix
    publisher, captures = KafkaPublisher(kafka_settings), KafkaCapturePublisher(kafka_settings)
    publisher.wake(VIDEO)
    for live in (False, True):
        publisher.frame(_frame(live), lambda error: None)
    publisher.outcomes([analyzed(VIDEO, 1)])
    publisher.dead_letters([DeadLetter(b"odd", "frames", 0, 1, "it was odd")])
    publisher.flush(10)
    publisher.close()
    captures.put(Capture(VIDEO, NOW, "first", a_jpeg()))
    captures.close()
    ensure_topic(kafka_settings, f"{prefix}resultstream")
    _commit(kafka_settings)
    producer = KafkaProducer(bootstrap_servers=kafka_settings.kafka_bootstrap)
    producer.send(f"{prefix}resultstream", b'{"camera_id": "front"}').get(timeout=10)
    producer.close()
    return kafka_settings


def _frame(live: bool) -> Any:
    frame = a_frame(VIDEO)
    return type(frame)(**{name: getattr(frame, name) for name in frame.__slots__} | {"live": live})


def _commit(settings: KafkaSettings) -> None:
    """As the camera door does."""
    place = TopicPartition(f"{settings.topic_prefix}resultstream", 0)
    group = f"{settings.topic_prefix}camera-older"
    consumer = KafkaConsumer(bootstrap_servers=settings.kafka_bootstrap, group_id=group, enable_auto_commit=False)
    consumer.assign([place])
    consumer.commit({place: OffsetAndMetadata(0, "", -1)})
    consumer.close()


def _json(text: str) -> Any:
    return json.loads(text.strip().splitlines()[-1])


HEADERS: Check = lambda text: f"video_id:{VIDEO}" in text and "frame_number:1" in text and "JFIF" not in text  # noqa: E731
KAFKA: dict[str, Check] = {
    "topics --describe": lambda text: "dead-letters" in text and "retention.bytes" in text,
    "--topic results --from": lambda text: _json(text)["results"][0]["detections"][0]["label"] == "dog",
    "--topic frames --from": HEADERS,
    "--topic frames-live": HEADERS,
    "--topic captures": lambda text: "captured_at:2026-11-22T12:00:00.000000+00:00,capture_id:first" in text,
    "--topic dead-letters": lambda text: "dead_letter_reason:it was odd" in text and "frames/0/1" in text,
    "--topic resultstream": lambda text: _json(text) == {"camera_id": "front"},
    "--group camera-older": lambda text: "resultstream" in text and text.split()[-4] != "0",
    "get-offsets": lambda text: ":1" in text,
}
KCAT: dict[str, Check] = {
    "-e -q -f": lambda text: f"video_id={VIDEO}" in text and f" {len(a_jpeg())} bytes" in text,
    "picture.jpg": lambda text: text == "",
}


@pytest.mark.parametrize("command", those_of("./run.sh kafka"))
def test_kafkas_own_tools_show_every_topic(command: str, broker: KafkaSettings, tmp_path: Path) -> None:
    words = re.sub(r"(--topic|--group) (\S+)", rf"\1 {broker.topic_prefix}\2", command)
    words = words.replace("./run.sh", f"{shlex.quote(sys.executable)} -m stack")
    shown = run(f"{words} --bootstrap-server {broker.kafka_bootstrap}", tmp_path)
    [check] = [check for known, check in KAFKA.items() if known in command]
    assert check(shown), shown


@pytest.mark.skipif(shutil.which("kcat") is None, reason="kcat is not installed: apt install kcat")
@pytest.mark.parametrize("command", those_of("kcat"))
def test_kcat_shows_headers_and_takes_pictures_out(command: str, broker: KafkaSettings, tmp_path: Path) -> None:
    words = command.replace("127.0.0.1:9092", broker.kafka_bootstrap)
    shown = run(words.replace("-t captures", f"-t {broker.topic_prefix}captures"), tmp_path)
    [check] = [check for known, check in KCAT.items() if known in command]
    assert check(shown), shown
    if "picture.jpg" in command:
        assert (tmp_path / "picture.jpg").read_bytes() == a_jpeg()


MQTT: dict[str, Check] = {
    "%P": lambda text: "framewise/yard/gate/faces" in text and "captured_at:2026-11-22T12:00:00" in text,
    "face.jpg": lambda text: text == "",
    "hw3faces": lambda text: f"hw3faces {len(a_jpeg())} bytes" in text,
}


@pytest.fixture(scope="module")
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    found = Mosquitto(tmp_path_factory.mktemp("mosquitto"))
    found.start()
    yield found
    found.stop()


@pytest.mark.skipif(
    bool(MISSING) or shutil.which("mosquitto_sub") is None,
    reason="Mosquitto and its tools are not installed: apt install mosquitto mosquitto-clients",
)
@pytest.mark.parametrize("command", those_of("mosquitto_sub"))
def test_mosquittos_own_tools_show_pictures_and_properties(command: str, mosquitto: Mosquitto, tmp_path: Path) -> None:
    words = command.replace("-p 1883", f"-p {mosquitto.port}")
    hearing = subprocess.Popen(["bash", "-c", words], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    until = time.monotonic() + MOST_SECONDS
    while hearing.poll() is None and time.monotonic() < until:
        _publish(mosquitto, tmp_path)
        time.sleep(0.1)
    shown, _ = hearing.communicate(timeout=10)
    [check] = [check for known, check in MQTT.items() if known in command]
    assert check(shown), shown
    if "face.jpg" in command:
        assert (tmp_path / "face.jpg").read_bytes() == a_jpeg()


def _publish(mosquitto: Mosquitto, folder: Path) -> None:
    """A crop as the agent sends it, and one as the system before did."""
    crop = Crop(a_jpeg(), "yard", "gate", NOW, "7", crop_id("yard", "gate", NOW, "7"), score=0.9)
    message = messages.encode(crop, FACES)
    (folder / "crop").write_bytes(message.payload)
    properties = [word for pair in message.properties for word in ("-D", "publish", "user-property", *pair)]
    for topic, more in ((message.topic, properties), (OLD_CLOUD.text, [])):
        place = ["-h", "127.0.0.1", "-p", str(mosquitto.port), "-V", "5", "-q", "1", "-t", topic]
        subprocess.run(["mosquitto_pub", *place, "-f", str(folder / "crop"), *more], check=True)


AWS: dict[str, Check] = {
    "get-queue-attributes": lambda text: json.loads(text)["Attributes"]["ApproximateNumberOfMessages"] == "1",
    "receive-message": lambda text: json.loads(text)["Messages"][0]["Body"] == '{"VideoId": 5}',
    "get-item": lambda text: json.loads(text)["Item"]["state"]["S"] == "done",
    "s3 ls": lambda text: "5-3f2a91c05b7d.json" in text,
    "s3 cp": lambda text: json.loads(text) == {"frames": []},
}


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    """A queue with a message, a table with a document, a bucket with a result."""
    with serving_aws() as found:
        with_queue = found.client("sqs")
        url = with_queue.create_queue(QueueName="humans")["QueueUrl"]
        with_queue.send_message(QueueUrl=url, MessageBody='{"VideoId": 5}')
        documents = found.client("dynamodb")
        documents.create_table(
            TableName="videos",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "VideoId", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "VideoId", "AttributeType": "N"}],
        )
        documents.put_item(TableName="videos", Item={"VideoId": {"N": "5"}, "state": {"S": "done"}})
        objects = found.client("s3")
        where = {"LocationConstraint": CREDENTIALS["AWS_DEFAULT_REGION"]}
        objects.create_bucket(Bucket="my-results", CreateBucketConfiguration=where)
        objects.put_object(Bucket="my-results", Key="human_detection/5-3f2a91c05b7d.json", Body=b'{"frames": []}')
        for one in (with_queue, documents, objects):
            one.close()
        yield found


@pytest.mark.skipif(shutil.which("aws") is None, reason="the AWS command line is not installed: pip install awscli")
@pytest.mark.parametrize("command", those_of("aws"))
def test_the_aws_command_line_shows_queue_document_and_result(command: str, aws: Aws, tmp_path: Path) -> None:
    shown = run(command.replace("http://127.0.0.1:5000", aws.url), tmp_path, AWS_PAGER="", **CREDENTIALS)
    [check] = [check for known, check in AWS.items() if known in command]
    assert check(shown), shown
