"""Records: what is written can be read, and what cannot is named."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import bitmap
from pipeline.contracts.errors import RecordInvalid
from pipeline.contracts.frames import MAX_FRAME_NUMBER, bucket_of
from pipeline.contracts.results import Detection, Identification, TaskName, TaskRequest
from pipeline.kafka.codecs import FRAME_HEADERS, decode_frame, encode_frame, encode_outcome
from tests.unit.factories import a_frame, a_result, analyzed


def test_a_frame_comes_back_as_it_went() -> None:
    asked = Identification("who is here", ("default", "guests"), search=True)
    tasks = (
        TaskRequest(TaskName.FACES, 0.1 + 0.2, 7),
        TaskRequest(TaskName.COLORS),
        TaskRequest(TaskName.IDENTITIES, identification=asked),
    )
    for at in (None, datetime(2026, 1, 1, 0, 0, 0, 123456, UTC)):
        frame = replace(a_frame(uuid4()), media_time=1 / 3, captured_at=at, tasks=tasks)
        value, headers = encode_frame(frame)
        assert value == frame.jpeg
        assert [name for name, _ in headers] == list(FRAME_HEADERS)
        assert decode_frame(value, {name: text.decode() for name, text in headers}) == frame


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("schema", "2"),
        ("schema", None),
        ("video_id", "me"),
        ("video_id", ""),
        ("attempt", "0"),
        ("attempt", str(2**31)),
        ("frame_number", "0"),
        ("frame_number", str(2**31 * 1000 + 1)),
        ("frame_number", "9" * 5000),
        ("frame_number", "-3"),
        ("frame_number", "1e3"),
        ("media_time", "nan"),
        ("media_time", "-inf"),
        ("media_time", ""),
        ("captured_at", "yesterday"),
        ("captured_at", "2026-01-01T00:00:00"),
        ("captured_at", None),
        ("width", None),
        ("tasks", "[]"),
        ("tasks", "{"),
        ("tasks", "7"),
        ("tasks", '["faces_detection"]'),
        ("tasks", '[{"name": "dogs"}]'),
        ("tasks", '[{"max_batch_size": 2}]'),
        ("tasks", '[{"name": "faces_identification", "identification": {"purpose": "x"}}]'),
        (
            "tasks",
            '[{"name": "faces_identification", "identification": {"purpose": 1, "collections": [], "search": true}}]',
        ),
        ("tasks", '[{"name": "faces_identification", "identification": "x"}]'),
        *(
            ("tasks", f'[{{"name": "faces_detection", {option}}}]')
            for option in (
                '"min_confidence": "0.5"',
                '"min_confidence": true',
                '"min_confidence": NaN',
                '"min_confidence": 1.01',
                '"min_confidence": -1',
                '"max_batch_size": 0',
                '"max_batch_size": 2.5',
                '"max_batch_size": true',
                '"max_batch_size": [2]',
            )
        ),
    ],
)
def test_a_wrong_header_is_named(name: str, text: str | None) -> None:
    value, headers = encode_frame(a_frame(uuid4()))
    changed: dict[str, str | None] = {key: content.decode() for key, content in headers}
    with pytest.raises(RecordInvalid, match=name):
        decode_frame(value, changed | {name: text})


@pytest.mark.parametrize("value", [None, b""])
def test_a_frame_without_a_picture_is_refused(value: bytes | None) -> None:
    _, headers = encode_frame(a_frame(uuid4()))
    with pytest.raises(RecordInvalid, match="no value"):
        decode_frame(value, {key: text.decode() for key, text in headers})


def test_the_highest_numbers_are_read() -> None:
    frame = replace(a_frame(uuid4(), MAX_FRAME_NUMBER), attempt=2**31 - 1, media_time=-0.5)
    value, headers = encode_frame(frame)
    assert decode_frame(value, {name: text.decode() for name, text in headers}) == frame
    assert bucket_of(frame.frame_number) == 2**31 - 1


def test_an_event_says_what_was_found() -> None:
    video_id = uuid4()
    event = json.loads(encode_outcome(analyzed(video_id, 4)))
    assert (event["video_id"], event["frame_number"], event["worker"]) == (str(video_id), 4, "worker-1")
    assert event["results"][0]["detections"][0]["label"] == "dog"


@given(st.integers(0, 5), st.sets(st.integers(0, 999)))
def test_bitmaps_keep_every_number(bucket: int, places: set[int]) -> None:
    numbers = sorted(bucket * 1000 + 1 + place for place in places)
    packed = bitmap.pack(bucket, numbers)
    assert len(packed) == 125
    assert list(bitmap.unpack(bucket, packed)) == numbers


@pytest.mark.parametrize("stranger", [1000, 2001, 0, -5])
def test_a_bitmap_takes_no_number_of_another_bucket(stranger: int) -> None:
    with pytest.raises(ValueError, match=f"frame {stranger} is not in bucket 1"):
        bitmap.pack(1, [1001, stranger])


def test_an_event_says_what_failed() -> None:
    frame = replace(
        analyzed(uuid4(), 4, a_result(error="it raised"), a_result([Detection("#30a0ff", 0.5)], TaskName.COLORS)),
        captured_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    event = json.loads(encode_outcome(frame))
    assert event["captured_at"] == "2026-01-01T00:00:00+00:00"
    assert [(r["status"], r["error"]) for r in event["results"]] == [("failed", "it raised"), ("ok", None)]
    assert event["results"][1]["detections"][0]["box"] is None


def test_an_outcome_says_whose_a_face_is_and_never_its_vector() -> None:
    found = (Detection("Anna", 0.7, None, {}, uuid4(), b"vector"), Detection("unknown", 0.1, embedding=b"vector"))
    told = json.loads(encode_outcome(analyzed(uuid4(), 1, a_result(found, TaskName.IDENTITIES))))
    anna, unknown = told["results"][0]["detections"]
    assert anna["person_id"] == str(found[0].person_id)
    assert unknown.keys() == {"label", "confidence", "box", "attributes"}
    assert "vector" not in json.dumps(told)
