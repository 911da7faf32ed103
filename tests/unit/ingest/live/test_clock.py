"""When frames were captured: by the stream's clock, whatever the network does."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from ingest.live.clock import CaptureClock

START = 1_700_000_000.0


def seconds(at: datetime) -> float:
    """Since the start, to the millisecond."""
    return round(at.timestamp() - START, 3)


def test_jitter_of_the_network_does_not_show() -> None:
    clock, chance = CaptureClock(), random.Random(7)
    times = [seconds(clock.at(i / 10, START + i / 10 + 0.05 + chance.expovariate(20))) for i in range(600)]
    steps = [b - a for a, b in pairwise(times[100:])]
    assert all(abs(step - 0.1) < 0.005 for step in steps)
    assert abs(times[-1] - 59.95) < 0.03


def test_a_slow_start_is_corrected_by_the_first_frame_that_is_not_late() -> None:
    clock = CaptureClock()
    assert seconds(clock.at(0, START + 0.8)) == 0.8
    assert seconds(clock.at(1, START + 1.05)) == 1.05
    assert abs(seconds(clock.at(2, START + 2.3)) - 2.05) < 0.002


def test_a_clock_that_is_slower_than_ours_is_followed() -> None:
    clock = CaptureClock()
    late = [abs(seconds(clock.at(i * 0.9999, START + i)) - i) for i in range(3600)]
    assert max(late) < 0.002


def test_a_stream_whose_clock_stood_still_is_anchored_anew_after_a_while() -> None:
    clock = CaptureClock()
    clock.at(0, START)
    assert abs(seconds(clock.at(1, START + 61)) - 1) < 0.1
    for i in range(2, 15):
        last = clock.at(i, START + 60 + i)
    assert seconds(last) == 74


def test_times_ascend_though_the_stream_jumps_back() -> None:
    before = datetime.fromtimestamp(START + 5, UTC)
    clock = CaptureClock(before)
    first = clock.at(0, START + 4)
    assert first == before + timedelta(milliseconds=1)
    assert clock.at(0.5, START + 4.5) > first
