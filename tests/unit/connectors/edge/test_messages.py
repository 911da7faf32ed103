"""The message of a crop: what is written is read back, what is wrong says where, and bare pictures are taken too."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.edge.crops import MAX_BYTES, Crop, content_type, crop_id
from connectors.edge.messages import Message, decode, decode_stored, encode, encode_stored
from connectors.edge.topics import FACES, OLD_CLOUD, OLD_EDGE, STORED, TopicTemplate
from pipeline.contracts.errors import RecordInvalid
from pipeline.contracts.results import Box

NOON = datetime(2026, 5, 1, 12, 0, 0, 250, tzinfo=UTC)
JPEG, PNG = b"\xff\xd8\xff\xe0 picture", b"\x89PNG\r\n\x1a\n picture"


def crop(**changes: object) -> Crop:
    made = Crop(
        JPEG, "gate-1", "cam.2", NOON, "19de368f600-2", crop_id("gate-1", "cam.2", NOON, "19de368f600-2"),
        label="face", box=Box(0.1, 0.2, 0.3, 0.4), area=Box(0, 0.1, 0.5, 0.6), sharpness=40.5, score=0.91,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def without(message: Message, name: str, value: str | None = None) -> Message:
    """The message without a property, or with another value of it."""
    kept = tuple(pair for pair in message.properties if pair[0] != name)
    return replace(message, properties=kept if value is None else (*kept, (name, value)))


@pytest.mark.parametrize("image", [JPEG, PNG])
def test_a_crop_comes_back_as_it_was(image: bytes) -> None:
    message = encode(crop(image=image))
    assert message.topic == "framewise/gate-1/cam.2/faces"
    assert message.payload == image
    assert message.content_type == content_type(image)
    assert decode(message) == crop(image=image)


def test_the_capture_time_is_utc_with_microseconds() -> None:
    later = crop(captured_at=NOON.astimezone(timezone(timedelta(hours=2))))
    assert dict(encode(later).properties)["captured_at"] == "2026-05-01T12:00:00.000250Z"
    assert decode(encode(later)).captured_at.tzinfo is UTC


def test_the_id_of_a_crop_is_of_what_is_in_it() -> None:
    same = NOON.astimezone(timezone(timedelta(hours=-3)))
    assert crop_id("s", "c", NOON, "t") == crop_id("s", "c", same, "t") == "s/c/2026-05-01T12:00:00.000250Z/t"
    assert crop_id("s", "c", NOON + timedelta(microseconds=1), "t") != crop_id("s", "c", NOON, "t")


@pytest.mark.parametrize("name", ["schema", "site", "camera", "captured_at", "track"])
def test_what_is_missing_is_named(name: str) -> None:
    with pytest.raises(RecordInvalid, match=f"'{name}'"):
        decode(without(encode(crop()), name))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("schema", "2"),
        ("site", "../etc"),
        ("camera", ".."),
        ("camera", "a/b"),
        ("captured_at", "2026-05-01T12:00:00"),
        ("captured_at", "0001-01-01T00:00:00+05:00"),
        ("captured_at", "noon"),
        ("track", "a/b"),
        ("crop_id", "another"),
        ("box", "0.1,0.2,0.3"),
        ("box", "0.1,0.2,0.3,nan"),
        ("area", "0,0,2,1"),
        ("score", "1.5"),
        ("score", "inf"),
        ("sharpness", "-1"),
        ("label", "a\nb"),
    ],
)
def test_what_is_wrong_is_named(name: str, value: str) -> None:
    with pytest.raises(RecordInvalid, match=f"'{name}'"):
        decode(without(encode(crop()), name, value))


def test_a_camera_may_not_speak_for_another() -> None:
    with pytest.raises(RecordInvalid, match="the topic is that of 'other'"):
        decode(replace(encode(crop()), topic="framewise/other/cam.2/faces"))


def test_unknown_properties_are_for_later_versions() -> None:
    assert decode(without(encode(crop()), "mood", "fine")) == crop()


@pytest.mark.parametrize("payload", [b"", b"x" * (MAX_BYTES + 1)])
def test_a_payload_has_a_size(payload: bytes) -> None:
    with pytest.raises(RecordInvalid, match="payload"):
        decode(replace(encode(crop()), payload=payload))


def test_nothing_is_sent_that_nobody_would_read() -> None:
    with pytest.raises(RecordInvalid, match="'site'"):
        encode(crop(site="a b", crop_id=crop_id("a b", "cam.2", NOON, "19de368f600-2")))
    with pytest.raises(RecordInvalid, match="time zone"):
        encode(crop(captured_at=NOON.replace(tzinfo=None)))


def test_a_bare_picture_of_the_system_before_is_a_crop() -> None:
    first, again = (decode(Message("hw3faces", JPEG), OLD_CLOUD, NOON, "old", "edge") for _ in range(2))
    assert first == again
    assert (first.site, first.camera, first.captured_at, first.box) == ("old", "edge", NOON, None)
    assert decode(Message("hw3faces", PNG), OLD_CLOUD).crop_id != first.crop_id


def test_a_bare_picture_on_a_new_topic_is_of_that_camera() -> None:
    found = decode(Message("framewise/gate/front/faces", JPEG), arrived_at=NOON)
    assert (found.site, found.camera) == ("gate", "front")


def test_topics_are_made_and_read() -> None:
    assert FACES.filter == "framewise/+/+/faces"
    assert FACES.read("framewise/a/b/faces") == {"site": "a", "camera": "b"}
    assert FACES.read("framewise/a/b/c/faces") is None
    assert STORED.of("a", "b") == "framewise/a/b/stored"
    assert OLD_EDGE.filter == OLD_EDGE.of("a", "b") == "hw3facestx2"
    assert TopicTemplate("x.y/{camera}").read("xzy/b") is None


def test_a_confirmation_names_crops() -> None:
    message = encode_stored("a", "b", ["one", "two"])
    assert message.topic == "framewise/a/b/stored"
    assert decode_stored(message.payload) == ("one", "two")


@pytest.mark.parametrize("payload", [b"\xff\xfe", b"x\n" * 1001])
def test_a_confirmation_that_is_none_says_so(payload: bytes) -> None:
    with pytest.raises(RecordInvalid, match="confirmation"):
        decode_stored(payload)


@given(st.dictionaries(st.sampled_from([n for n, _ in encode(crop()).properties]), st.text(max_size=40)))
def test_whatever_comes_is_a_crop_or_a_clear_no(changes: dict[str, str]) -> None:
    properties = tuple((dict(encode(crop()).properties) | changes).items())
    try:
        found = decode(replace(encode(crop()), properties=properties))
    except RecordInvalid:
        return
    assert decode(encode(found, TopicTemplate("x")), TopicTemplate("x")).crop_id == found.crop_id
