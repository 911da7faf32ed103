"""Outcomes a second, while there is work."""

from uuid import uuid4

import pytest

from ingest.tally import LENGTHS, Tally

A, B = uuid4(), uuid4()


def test_idling_does_not_count() -> None:
    tally = Tally()
    tally.look(0, {}, 0, [])
    tally.look(10, {A: 0}, 0, [])
    tally.look(13, {A: 30}, 30, [])
    tally.look(16, {}, 15, [45])
    tally.look(29, {}, 0, [])
    assert tally.rate == 45 / 6
    assert tally.frames_per_video == 45


def test_the_last_minute_of_work_counts() -> None:
    tally = Tally()
    for second in range(0, 300, 3):
        tally.look(second, {A: 0}, 3 if second < 150 else 30, [])
    assert tally.rate == pytest.approx(10)


def test_after_an_outage_counting_begins_anew() -> None:
    tally = Tally()
    tally.look(0, {A: 0}, 0, [])
    tally.look(3, {A: 30}, 30, [])
    tally.look(300, {A: 31}, 1, [])
    assert tally.rate == 10


def test_each_video_has_its_rate_of_lately() -> None:
    tally = Tally()
    for second in range(0, 61, 3):
        tally.look(second, {A: second * 2, B: min(second, 30)}, 0, [])
    assert tally.video_rates == {A: 2.0, B: 0.0}
    tally.look(63, {A: 126}, 0, [])
    assert tally.video_rates.keys() == {A}


def test_how_long_the_first_outcome_takes_does_not_count() -> None:
    tally = Tally()
    for second in (0, 3, 6, 9):
        tally.look(second, {A: 5}, 0, [])
    assert (tally.video_rates, tally.rate) == ({}, None)
    tally.look(12, {A: 35}, 30, [])
    assert (tally.video_rates, tally.rate) == ({A: 10.0}, 10.0)
    tally.look(15, {A: 35}, 0, [])
    assert (tally.video_rates, tally.rate) == ({A: 5.0}, 5.0)


def test_what_is_kept_is_bounded() -> None:
    tally = Tally()
    for n in range(10_000):
        tally.look(n * 0.5, {A: n}, 1, [n])
    assert len(tally._lengths) == LENGTHS
    assert len(tally._steps) <= 121
    assert len(tally._lately[A]) <= 43
