"""The forms of a message."""

import json
from decimal import Decimal
from typing import Any

import pytest

from connectors.aws.job import Place, Work
from connectors.aws.messages import MessageInvalid, Stop, read
from tests.unit.connectors.aws.known import body


def event(*objects: tuple[str, str], name: str = "ObjectCreated:Put") -> dict[str, Any]:
    return {
        "Records": [
            {"eventName": name, "s3": {"bucket": {"name": bucket}, "object": {"key": key}}} for bucket, key in objects
        ]
    }


@pytest.mark.parametrize("video_id", [5, "5", "street 7", 10**37, Decimal("1.5"), -3])
def test_a_video_keeps_its_id_as_it_is(video_id: Any) -> None:
    text = body("ID").replace('"ID"', json.dumps(video_id) if not isinstance(video_id, Decimal) else str(video_id))
    [work] = read(text)  # type: ignore[misc]
    assert (work.video_id, type(work.video_id)) == (video_id, type(video_id))
    assert work.place == Place("videos", "street.mp4")


def test_an_event_names_its_objects_once_and_decodes_their_keys() -> None:
    said = event(("videos", "a+b/%C3%BC%2B.mp4"), ("videos", "folder/"), ("videos", "a+b/%C3%BC%2B.mp4"))
    assert read(json.dumps(said)) == (Work("videos/a b/ü+.mp4", Place("videos", "a b/ü+.mp4")),)


def test_an_event_may_come_through_sns() -> None:
    wrapped = {"Type": "Notification", "Message": json.dumps(event(("videos", "a.mp4")))}
    assert read(json.dumps(wrapped)) == (Work("videos/a.mp4", Place("videos", "a.mp4")),)


def test_what_asks_for_nothing_asks_for_nothing() -> None:
    assert read('{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "videos"}') == ()
    assert read(json.dumps(event(("videos", "a.mp4"), name="ObjectRemoved:Delete"))) == ()


def test_the_command_to_stop() -> None:
    assert isinstance(read('{"command": "stop"}'), Stop)


@pytest.mark.parametrize(
    ("text", "said", "video_id"),
    [
        ("stop", "not JSON", None),
        ("[1]", "not a JSON object", None),
        ("[" * 100_000, "not JSON", None),
        ("{}", "none of those that are understood", None),
        ('{"command": "go"}', "command", None),
        ('{"VideoId": true, "s3": {}}', "VideoId", None),
        ('{"VideoId": "", "s3": {}}', "VideoId", None),
        ('{"VideoId": NaN, "s3": {}}', "not JSON", None),
        (body(10**38), "38 digits", None),
        ('{"VideoId": 1e999999, "s3": {}}', "38 digits", None),
        ('{"VideoId": "\\ud800", "s3": {}}', "surrogates", None),
        (body(5, "\ud800.mp4"), "surrogates", 5),
        ('{"VideoId": 5}', "s3: Field required", 5),
        ('{"VideoId": 5, "s3": {"bucket": "videos"}}', "s3.key", 5),
        ('{"VideoId": 5, "s3": {"bucket": "No/Bucket", "key": "a"}}', "names no bucket", 5),
        (body(5, "../a.mp4"), "as a part of the key", 5),
        (body(5, "a.mp4?versionId=7"), "no address", 5),
        ('{"Records": [{"eventName": "ObjectCreated:Put"}]}', "Records.0.s3", None),
    ],
)
def test_what_is_wrong_is_named(text: str, said: str, video_id: Any) -> None:
    with pytest.raises(MessageInvalid, match=said) as e:
        read(text)
    assert e.value.video_id == video_id
