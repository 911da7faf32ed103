"""Media time."""

from fractions import Fraction

from ingest.decode.clock import MediaClock


def times(*stamps: int | None, base: Fraction = Fraction(1, 10)) -> list[float]:
    clock = MediaClock(base, Fraction(1, 5))
    return [float(clock.at(stamp)) for stamp in stamps]


def test_counts_from_the_first_frame() -> None:
    assert times(100, 101, 105) == [0.0, 0.1, 0.5]


def test_negative_stamps() -> None:
    assert times(-3, 0, 2) == [0.0, 0.3, 0.5]


def test_missing_stamps_follow_by_the_rate() -> None:
    assert times(None, None, None) == [0.0, 0.2, 0.4]
    assert times(10, None, 15) == [0.0, 0.2, 0.5]
    assert times(None, 10, 15) == [0.0, 0.2, 0.7]


def test_never_goes_back() -> None:
    assert times(0, 5, 4, 6) == [0.0, 0.5, 0.5, 0.6]


def test_goes_on_when_the_clock_starts_anew() -> None:
    assert times(0, 5, 100, 0, 1) == [0.0, 0.5, 10.0, 10.2, 10.3]


def test_is_exact() -> None:
    clock = MediaClock(Fraction(1, 30000), Fraction(1001, 30000))
    assert [clock.at(n * 1001) for n in range(1000)][-1] == Fraction(999 * 1001, 30000)


def test_end() -> None:
    clock = MediaClock(Fraction(1, 10), Fraction(1, 5))
    assert clock.end == 0
    clock.at(7)
    assert clock.end == Fraction(1, 5)
