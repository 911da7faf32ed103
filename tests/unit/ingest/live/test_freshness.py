"""What is sent and what is left out: newest first where the analysis is behind, all of it in order where it is not."""

from uuid import uuid4

from ingest.live.freshness import PROBE_SECONDS, FreshFrames, Limits
from pipeline.contracts.videos import KeepFrames
from tests.clock import Clock
from tests.unit.factories import a_frame

VIDEO = uuid4()


def run(
    keep: KeepFrames, source_rate: float, analysis_rate: float, seconds: float
) -> tuple[FreshFrames, list[int], list[float]]:
    """A source and an analysis of these rates; the numbers that were sent, and how old each was when it was done."""
    clock = Clock(100.0)
    fresh = FreshFrames(keep, Limits(1.0, 50_000_000), clock)
    sent: list[int] = []
    ages: list[float] = []
    born: dict[int, float] = {}
    begin = clock.now
    offered, free_at = 0, clock.now
    queue: list[int] = []
    while clock.now < begin + seconds:
        while (clock.now - begin) * source_rate >= offered:
            offered += 1
            born[offered] = clock.now
            fresh.offer(a_frame(VIDEO, offered))
        while (frame := fresh.take(0)) is not None:
            sent.append(frame.frame_number)
            queue.append(frame.frame_number)
        if queue and clock.now >= free_at:
            done = queue.pop(0)
            ages.append(clock.now - born[done])
            fresh.settle(done)
            free_at = clock.now + 1 / analysis_rate
        clock.now += 0.01
    return fresh, sent, ages


def test_nothing_is_left_out_while_the_analysis_keeps_up() -> None:
    fresh, sent, ages = run(KeepFrames.NEWEST, 10, 50, 20)
    assert fresh.dropped == 0
    assert sent == list(range(1, len(sent) + 1))
    assert max(ages) < 0.2


def test_when_it_falls_behind_the_oldest_that_wait_go_and_lag_stays_at_about_a_second() -> None:
    fresh, sent, ages = run(KeepFrames.NEWEST, 10, 4, 60)
    assert sent == sorted(sent)
    assert max(ages[20:]) < 2.6
    assert fresh.dropped > 250
    assert 600 <= len(sent) + fresh.dropped + fresh.waiting <= 602
    assert fresh.lag < 2.5


def test_all_are_kept_if_asked_for_until_the_buffer_is_full() -> None:
    fresh, sent, _ = run(KeepFrames.ALL, 10, 4, 30)
    assert fresh.dropped == 0
    assert sent == list(range(1, len(sent) + 1))
    assert fresh.waiting > 100
    small = FreshFrames(KeepFrames.ALL, Limits(1.0, 10_000))
    size = len(a_frame(VIDEO).jpeg)
    for number in range(1, 101):
        small.offer(a_frame(VIDEO, number))
    assert small.waiting == 10_000 // size
    assert small.dropped == 100 - small.waiting


def test_a_dead_analysis_gets_a_frame_now_and_then_and_nothing_piles_up() -> None:
    clock = Clock(100.0)
    fresh = FreshFrames(KeepFrames.NEWEST, Limits(), clock)
    sent: list[int] = []
    for number in range(1, 601):
        fresh.offer(a_frame(VIDEO, number))
        while (frame := fresh.take(0)) is not None:
            sent.append(frame.frame_number)
        clock.now += 0.1
    assert fresh.waiting <= 6
    assert 10 + 60 / PROBE_SECONDS - 2 <= len(sent) <= 10 + 60 / PROBE_SECONDS + 2
    assert fresh.lag > 50


def test_frames_that_were_lost_do_not_hold_up_those_after_them() -> None:
    clock = Clock(100.0)
    fresh = FreshFrames(KeepFrames.NEWEST, Limits(), clock)
    fresh.offer(a_frame(VIDEO, 1))
    assert fresh.take(0) is not None
    for number in range(2, 500):
        clock.now += 0.1
        fresh.offer(a_frame(VIDEO, number))
        while (frame := fresh.take(0)) is not None:
            fresh.settle(frame.frame_number)
    assert fresh.under_way == ()
    assert fresh.lag < 0.2
