"""Numbers and pauses: they go on and never repeat; they grow and are never the same for two."""

from ingest.live.backoff import Backoff
from ingest.live.numbers import BLOCK, FrameNumbers


def test_numbers_go_on_over_connections_and_begin_where_frames_are_taken() -> None:
    reserved: list[int] = []
    numbers = FrameNumbers(0, 5, reserved.append)
    numbers.connect()
    assert [numbers.of(count) for count in (1, 6, 11)] == [1, 6, 11]
    numbers.connect()
    assert [numbers.of(count) for count in (1, 6)] == [16, 21]
    assert reserved == [1 + BLOCK]


def test_a_number_is_reserved_before_it_is_given() -> None:
    reserved: list[int] = []
    numbers = FrameNumbers(0, 1, reserved.append)
    numbers.connect()
    for count in range(1, 3 * BLOCK):
        assert numbers.of(count) <= reserved[-1]
    assert len(reserved) == 3


def test_whoever_goes_on_after_a_death_gives_none_a_second_time() -> None:
    reserved = [0]
    first = FrameNumbers(0, 3, reserved.append)
    first.connect()
    given = {first.of(count) for count in range(1, 500)}
    second = FrameNumbers(reserved[-1], 3, reserved.append)
    second.connect()
    more = {second.of(count) for count in range(1, 500)}
    assert not given & more
    assert all((number - 1) % 3 == 0 for number in (min(given), min(more)))


def test_pauses_grow_to_a_cap_with_jitter_and_begin_anew() -> None:
    longest = Backoff(8.0, chance=lambda: 1.0)
    assert [longest.next() for _ in range(7)] == [0.5, 1, 2, 4, 8, 8, 8]
    longest.reset()
    assert longest.next() == 0.5
    assert Backoff(chance=lambda: 0.0).next() == 0.25
