"""Ids of events: readable, one a place, and of this video only."""

from dataclasses import replace
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.events.cursor import EventPlace, Stage, UnknownEventId, event_id, nothing_follows, parse_id
from pipeline.contracts.results import TaskName
from pipeline.contracts.videos import VideoStatus
from tests.unit.factories import a_video

VIDEO = replace(a_video(UUID(int=1 << 100)), attempt_timestamp=1_700_000_000_000_000)
SHORT = VIDEO.video_id.hex[:8]
NOW = VIDEO.attempt_timestamp

attempts = st.integers(0, NOW)
states = st.builds(EventPlace, attempts, st.sampled_from([Stage.PENDING, Stage.PROCESSING, Stage.ENDED]))
rows = st.builds(EventPlace, attempts, st.just(Stage.ROWS), st.integers(1, 2**41), st.sampled_from(sorted(TaskName)))


@given(states | rows)
def test_an_id_stands_for_one_place(place: EventPlace) -> None:
    text = event_id(VIDEO.video_id, place)
    assert parse_id(text, VIDEO) == place
    assert text.isascii()
    assert len(text) < 80


def test_ids_can_be_read() -> None:
    row = EventPlace(NOW, Stage.ROWS, 120, TaskName.FACES)
    assert event_id(VIDEO.video_id, row) == f"{SHORT}-{NOW}-120-faces_detection"
    assert event_id(VIDEO.video_id, EventPlace(NOW, Stage.ENDED)) == f"{SHORT}-{NOW}-ended"


def test_places_are_in_the_order_of_events() -> None:
    places = [
        EventPlace(),
        EventPlace(NOW - 9, Stage.PENDING),
        EventPlace(NOW - 9, Stage.ROWS, 7, "objects_detection"),
        EventPlace(NOW - 9, Stage.ENDED),
        EventPlace(NOW),
        EventPlace(NOW, Stage.PENDING),
        EventPlace(NOW, Stage.PROCESSING),
        EventPlace(NOW, Stage.ROWS, 2, "objects_detection"),
        EventPlace(NOW, Stage.ROWS, 10, "faces_detection"),
        EventPlace(NOW, Stage.ENDED),
    ]
    assert all(earlier < later for earlier, later in pairwise(places))


@pytest.mark.parametrize(
    "text",
    [
        "7",
        f"{SHORT}-{NOW}",
        f"{SHORT}-{NOW}-0-faces_detection",
        f"{SHORT}-{NOW}-1-cats",
        f"{SHORT}-{NOW}-deleted",
        f"{SHORT}-{NOW + 1}-ended",
        f"{SHORT}-{NOW}-ended ",
        f"00000000-{NOW}-ended",
        f"{SHORT}-{NOW}-١-faces_detection",
    ],
)
def test_other_ids_are_refused(text: str) -> None:
    with pytest.raises(UnknownEventId):
        parse_id(text, VIDEO)


def test_nothing_follows_the_end_of_the_last_attempt() -> None:
    ended = replace(VIDEO, status=VideoStatus.FAILED)
    assert nothing_follows(EventPlace(NOW, Stage.ENDED), ended)
    assert not nothing_follows(EventPlace(NOW - 1, Stage.ENDED), ended)
    assert not nothing_follows(EventPlace(NOW, Stage.ROWS, 5, "faces_detection"), ended)
    assert not nothing_follows(EventPlace(NOW, Stage.ENDED), VIDEO)
