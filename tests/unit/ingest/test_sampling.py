"""Which frames are taken."""

import itertools
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sampling import Sampler, Take
from pipeline.contracts.videos import Sampling

RATE = Fraction(25)
STEPS = st.integers(1, 50)
COUNTS = st.integers(1, 300)


def taken(sampling: Sampling, times: list[Fraction]) -> list[int]:
    """The frame numbers that are taken, as the decoder asks."""
    sampler = Sampler(sampling)
    numbers = []
    for number, time in enumerate(times, 1):
        take = sampler.take(time)
        if take is Take.END:
            break
        if take is Take.YES:
            numbers.append(number)
    return numbers


def at_rate(count: int, rate: Fraction = RATE) -> list[Fraction]:
    return [Fraction(n) / rate for n in range(count)]


@given(COUNTS, STEPS)
def test_by_step(count: int, step: int) -> None:
    numbers = taken(Sampling(frame_step=step), at_rate(count))
    assert numbers == [n for n in range(1, count + 1) if (n - 1) % step == 0]


@given(COUNTS, st.floats(0.001, 1.0))
def test_by_ratio_is_exact_on_average_and_holds_the_first(count: int, ratio: float) -> None:
    numbers = taken(Sampling(frame_step=None, frame_ratio=ratio), at_rate(count))
    assert numbers[0] == 1
    assert len(numbers) == math.ceil(count * Fraction(repr(ratio)))
    gaps = {b - a for a, b in itertools.pairwise(numbers)}
    assert not gaps or max(gaps) - min(gaps) <= 1


@pytest.mark.parametrize(("ratio", "count"), [(0.1, 40), (0.25, 100), (1.0, 400), (1 / 3, 134), (0.001, 1)])
def test_ratio_of_400(ratio: float, count: int) -> None:
    assert len(taken(Sampling(frame_step=None, frame_ratio=ratio), at_rate(400))) == count


def test_by_seconds_at_a_fixed_rate() -> None:
    numbers = taken(Sampling(frame_step=None, sample_seconds=0.1), at_rate(50, Fraction(30)))
    assert numbers == list(range(1, 51, 3))


@given(st.lists(st.fractions(0, 5), min_size=1, max_size=100), st.sampled_from([0.1, 0.3, 1.0, 2.5]))
def test_by_seconds_takes_the_first_frame_at_or_after_each_mark(times: list[Fraction], interval: float) -> None:
    times = [Fraction(0), *sorted(times)]
    step = Fraction(repr(interval))
    marks = [k * step for k in range(int(times[-1] // step) + 1)]
    expected = sorted({next(i for i, t in enumerate(times, 1) if t >= mark) for mark in marks})
    assert taken(Sampling(frame_step=None, sample_seconds=interval), times) == expected


@given(COUNTS, STEPS, st.floats(0, 8, allow_subnormal=False))
def test_the_first_frame_at_or_after_the_start_is_the_first(count: int, step: int, start: float) -> None:
    times = at_rate(count)
    inside = [n for n, t in enumerate(times, 1) if t >= Fraction(repr(start))]
    assert taken(Sampling(frame_step=step, start_time=start), times) == inside[::step]


def test_seconds_count_from_the_start() -> None:
    sampling = Sampling(frame_step=None, sample_seconds=1, start_time=2.5, end_time=5.0)
    assert taken(sampling, at_rate(400, Fraction(10))) == [26, 36, 46]


def test_the_end_is_left_out() -> None:
    assert taken(Sampling(end_time=0.2), at_rate(50)) == [1, 2, 3, 4, 5]


def test_a_start_beyond_the_end_takes_nothing() -> None:
    assert taken(Sampling(start_time=100), at_rate(50)) == []
