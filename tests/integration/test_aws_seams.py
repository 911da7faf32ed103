"""Queues, documents and objects keep their contracts: the twins, and SQS, DynamoDB and S3 as moto serves them."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from connectors.aws import calls
from connectors.aws.calls import client
from connectors.aws.dynamodb import DynamoDocuments
from connectors.aws.in_memory import InMemoryDocuments, InMemoryObjects, InMemoryQueue
from connectors.aws.job import Place, State, Step, VideoId
from connectors.aws.s3 import S3Objects
from connectors.aws.seams import AwsUnavailable, DocumentInvalid, Documents, ObjectMissing, Objects, Queue
from connectors.aws.sqs import REASON, SqsQueue
from stack.ports import free_ports
from tests.aws import CREDENTIALS, REGION, Aws, serving_aws
from tests.integration.races import race

KINDS = ["twin", "aws"]
RUNNING = Step(State.RUNNING, analysis="a1")
DONE = Step(State.DONE, Place("results", "5.json"), analysis="a1")
STEP = "human_detection"


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with pytest.MonkeyPatch.context() as environment, serving_aws() as running:
        for name, value in CREDENTIALS.items():
            environment.setenv(name, value)
        yield running


def a_client(aws: Aws, service: str) -> Any:
    return client(service, REGION, aws.url, 4)


def keyed(aws: Aws, kind: str) -> str:
    """The name of a new table whose key is of a kind: N or S."""
    name = f"t{uuid4().hex}"
    a_client(aws, "dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "VideoId", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "VideoId", "AttributeType": kind}],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


@dataclass
class Tried:
    """A queue, and how a test sends to it and reads what was set aside."""

    queue: Queue
    send: Callable[[str], object]
    aside: Callable[[], list[tuple[str, str]]]


@pytest.fixture(params=KINDS)
def tried(request: pytest.FixtureRequest, aws: Aws) -> Tried:
    if request.param == "twin":
        twin = InMemoryQueue(visibility=1)
        return Tried(twin, twin.send, lambda: [(message.body, reason) for message, reason in twin.aside])
    sqs, name = a_client(aws, "sqs"), uuid4().hex
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    letters = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]

    def aside() -> list[tuple[str, str]]:
        said = sqs.receive_message(QueueUrl=letters, MessageAttributeNames=["All"], MaxNumberOfMessages=10)
        return [(m["Body"], m["MessageAttributes"][REASON]["StringValue"]) for m in said.get("Messages", [])]

    return Tried(
        SqsQueue(sqs, name, 1, f"{name}-dead"), lambda text: sqs.send_message(QueueUrl=url, MessageBody=text), aside
    )


def test_a_message_is_given_again_until_it_is_deleted(tried: Tried) -> None:
    tried.send("one")
    first = tried.queue.receive(1)
    assert first is not None
    assert (first.body, first.receives) == ("one", 1)
    assert tried.queue.receive(0) is None
    tried.queue.extend(first, 0)
    again = tried.queue.receive(1)
    assert again is not None
    assert (again.message_id, again.receives) == (first.message_id, 2)
    tried.queue.delete(again)
    tried.queue.delete(again)
    assert tried.queue.receive(1) is None


def test_a_message_at_work_stays_invisible_while_it_is_extended(tried: Tried) -> None:
    tried.send("one")
    message = tried.queue.receive(1)
    assert message is not None
    tried.queue.extend(message, 60)
    assert tried.queue.receive(2) is None


def test_what_is_set_aside_has_its_reason(tried: Tried) -> None:
    tried.send("one")
    message = tried.queue.receive(1)
    assert message is not None
    assert tried.queue.set_aside(message, "the file is \x00 no video\n" + "x" * 2000)
    [(text, reason)] = tried.aside()
    assert text == "one"
    assert reason.startswith("the file is ")
    assert tried.queue.receive(1) is None


def test_the_redrive_policy_names_the_dead_letter_queue(aws: Aws) -> None:
    sqs, name = a_client(aws, "sqs"), uuid4().hex
    letters = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=letters, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "5"})
    url = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})["QueueUrl"]
    queue = SqsQueue(sqs, url, 2, "another")
    assert (queue.name, queue.most_receives, queue.sets_aside) == (name, 5, True)
    sqs.send_message(QueueUrl=url, MessageBody="one")
    message = queue.receive(1)
    assert message is not None
    assert queue.set_aside(message, "no")
    assert sqs.receive_message(QueueUrl=letters)["Messages"][0]["Body"] == "one"


def test_without_a_dead_letter_queue_nothing_is_set_aside(aws: Aws) -> None:
    sqs = a_client(aws, "sqs")
    queue = SqsQueue(sqs, sqs.create_queue(QueueName=uuid4().hex)["QueueUrl"], 2)
    assert (queue.most_receives, queue.sets_aside) == (None, False)


def test_a_queue_that_is_not_there_is_named(aws: Aws) -> None:
    with pytest.raises(AwsUnavailable, match="nowhere"):
        SqsQueue(a_client(aws, "sqs"), "nowhere", 2)


@pytest.fixture(params=KINDS)
def documents(request: pytest.FixtureRequest, aws: Aws) -> Documents:
    if request.param == "twin":
        return InMemoryDocuments()
    return DynamoDocuments(a_client(aws, "dynamodb"), keyed(aws, "N"))


def test_a_missing_document_is_made_and_its_step_changed(documents: Documents) -> None:
    seen: list[Step | None] = []

    def to(step: Step | None) -> Callable[[Step | None], Step | None]:
        def change(now: Step | None) -> Step | None:
            seen.append(now)
            return step

        return change

    assert documents.change(5, STEP, to(RUNNING)) == RUNNING
    assert documents.change(5, STEP, to(DONE)) == DONE
    assert documents.change(5, STEP, to(None)) == DONE
    failed = Step(State.ERROR, error="no video stream", analysis="a1")
    assert documents.change(5, STEP, to(failed)) == failed
    assert documents.change(5, STEP, to(None)) == failed
    assert seen == [None, RUNNING, DONE, DONE, failed]


def test_steps_that_are_changed_at_the_same_time_are_all_kept(documents: Documents) -> None:
    names = [f"step-{number}" for number in range(6)]
    race(len(names), lambda number: documents.change(7, names[number], lambda now: RUNNING))
    race(len(names), lambda number: documents.change(7, names[number], lambda now: DONE))
    assert [documents.change(7, name, lambda now: None) for name in names] == [DONE] * len(names)


def test_of_two_who_change_a_step_the_second_sees_the_first(aws: Aws) -> None:
    """One after the other: of two conditional updates at the same moment, the server of the trials lets both pass."""
    documents = DynamoDocuments(a_client(aws, "dynamodb"), keyed(aws, "N"))
    documents.change(8, STEP, lambda now: RUNNING)
    first, second = (Step(State.DONE, Place("results", f"{number}.json"), analysis="a1") for number in (1, 2))
    seen: list[Step | None] = []

    def late(now: Step | None) -> Step | None:
        if not seen:  # the other one is quicker
            assert documents.change(8, STEP, lambda now: first) == first
        seen.append(now)
        return second if now == RUNNING else None

    assert documents.change(8, STEP, late) == first
    assert seen == [RUNNING, first]


def test_other_steps_and_other_attributes_stay_as_they_are(aws: Aws) -> None:
    name = keyed(aws, "N")
    table = aws.table(name)
    upload = {"step": "upload", "state": "done", "files": ["a", "b"], "seconds": Decimal("1.5")}
    table.put_item(
        Item={"VideoId": 5, "title": "Street", "process_steps": [upload, {"step": STEP, "state": "queued", "by": "me"}]}
    )
    documents = DynamoDocuments(a_client(aws, "dynamodb"), name)

    def change(now: Step | None) -> Step | None:
        assert now is not None
        if now.state == "queued":  # somebody puts another step before it, just now
            again = {"step": "again", "state": "done"}
            kept = table.get_item(Key={"VideoId": 5})["Item"]["process_steps"]
            kept = [again, *kept[:-1], kept[-1] | {"state": "waiting"}]
            table.update_item(
                Key={"VideoId": 5}, UpdateExpression="SET process_steps = :s", ExpressionAttributeValues={":s": kept}
            )
        return DONE

    assert documents.change(5, STEP, change) == DONE
    kept = table.get_item(Key={"VideoId": 5})["Item"]
    file = {"bucket": "results", "key": "5.json"}
    mine = {"step": STEP, "by": "me", "state": "done", "result_file": file, "analysis": "a1"}
    assert kept == {
        "VideoId": 5,
        "title": "Street",
        "process_steps": [{"step": "again", "state": "done"}, upload, mine],
    }


@pytest.mark.parametrize(("kind", "video_id"), [("N", 5), ("N", Decimal("1.5")), ("S", "5")])
def test_an_id_keeps_its_type(aws: Aws, kind: str, video_id: VideoId) -> None:
    name = keyed(aws, kind)
    documents = DynamoDocuments(a_client(aws, "dynamodb"), name)
    documents.check()
    documents.change(video_id, STEP, lambda now: RUNNING)
    [item] = a_client(aws, "dynamodb").scan(TableName=name)["Items"]
    assert item["VideoId"] == {kind: str(video_id)}


def test_an_id_of_the_wrong_type_is_named(aws: Aws) -> None:
    documents = DynamoDocuments(a_client(aws, "dynamodb"), keyed(aws, "N"))
    with pytest.raises(DocumentInvalid, match="is a text"):
        documents.change("five", STEP, lambda now: RUNNING)


def test_a_document_whose_steps_are_none_is_left_as_it_is(aws: Aws) -> None:
    name = keyed(aws, "N")
    aws.table(name).put_item(Item={"VideoId": 5, "process_steps": "none yet"})
    with pytest.raises(DocumentInvalid, match="not a list"):
        DynamoDocuments(a_client(aws, "dynamodb"), name).change(5, STEP, lambda now: RUNNING)


def test_a_table_that_is_not_there_is_named(aws: Aws) -> None:
    with pytest.raises(AwsUnavailable, match="nowhere"):
        DynamoDocuments(a_client(aws, "dynamodb"), "nowhere").check()


@pytest.fixture(params=KINDS)
def objects(request: pytest.FixtureRequest, aws: Aws) -> Objects:
    if request.param == "twin":
        return InMemoryObjects()
    s3 = a_client(aws, "s3")
    if "results" not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket="results", CreateBucketConfiguration={"LocationConstraint": REGION})
    return S3Objects(s3)


def test_an_object_that_is_put_is_there_and_its_version_changes_with_it(objects: Objects) -> None:
    place = Place("results", f"{uuid4()}/ü b.json")
    assert not objects.exists(place)
    with pytest.raises(ObjectMissing, match="is not there"):
        objects.version(place)
    objects.put(place, io.BytesIO(b"one"))
    first = objects.version(place)
    objects.put(place, io.BytesIO(b"two"))
    assert objects.exists(place)
    assert first not in ("", objects.version(place))


def test_a_large_file_is_put_whole(objects: Objects) -> None:
    place = Place("results", str(uuid4()))
    objects.put(place, io.BytesIO(b"x" * (9 * 2**20)))
    assert objects.exists(place)


def test_a_bucket_that_is_missing_or_aws_that_is_away_says_so(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AwsUnavailable, match="missing"):
        S3Objects(a_client(aws, "s3")).put(Place("missing", "a"), io.BytesIO(b""))
    monkeypatch.setattr(calls, "TRIES", 1)
    [port] = free_ports(1)
    with pytest.raises(AwsUnavailable, match="Could not connect"):
        S3Objects(client("s3", REGION, f"http://127.0.0.1:{port}", 1)).version(Place("results", "a"))
