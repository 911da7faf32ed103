"""Which crops of a track are sent."""

from datetime import timedelta

from connectors.edge.agent.choosing import BestOfTracks
from tests.unit.connectors.edge.agent.pictures import NOON

LOST = timedelta(seconds=1)


def walked(
    qualities: dict[float, float], most: int = 3, *, until: float | None = None, finish: bool = True
) -> list[tuple[float, float]]:
    """When each crop was sent, and when it was captured: one track, looked at ten times a second."""
    best: BestOfTracks[float] = BestOfTracks(most, LOST)
    sent = []
    last = max(qualities) if until is None else until
    for tenth in range(round(last * 10) + 1):
        at = tenth / 10
        now = NOON + timedelta(seconds=at)
        if at in qualities and best.wants("t", qualities[at], now):
            best.offer("t", qualities[at], at, now)
        sent += [(at, crop) for crop in best.due(now)]
    return sent + [(last, crop) for crop in best.finish()] if finish else sent


def steady(seconds: float, quality: float = 0.5) -> dict[float, float]:
    return {tenth / 10: quality for tenth in range(round(seconds * 10))}


def test_the_first_is_sent_within_two_seconds() -> None:
    sent = walked(steady(10))
    assert sent[0][0] <= 2.0


def test_the_best_of_the_window_is_sent() -> None:
    assert walked(steady(1.4) | {0.7: 0.9})[0][1] == 0.7


def test_a_long_track_gives_a_few_that_lie_apart() -> None:
    sent = walked(steady(120))
    assert len(sent) == 3
    times = [captured for _, captured in sent]
    assert times[1] - times[0] >= 1.0
    assert times[2] - times[1] >= 4.0


def test_no_more_than_asked_for() -> None:
    assert len(walked(steady(60), most=1)) == 1


def test_a_short_track_gives_its_best_at_its_end() -> None:
    assert walked({0.0: 0.2, 0.1: 0.8, 0.2: 0.3}) == [(0.2, 0.1)]


def test_a_track_that_is_gone_is_sent_without_waiting_for_the_end_of_its_window() -> None:
    sent = walked(steady(3), until=10, finish=False)
    assert [at for at, _ in sent] == [1.5, 4.0]


def test_what_is_much_worse_says_nothing_new() -> None:
    good_then_bad = {tenth / 10: 0.9 if tenth < 10 else 0.3 for tenth in range(100)}
    assert len(walked(good_then_bad)) == 1


def test_nothing_good_means_nothing_sent() -> None:
    assert walked(steady(10, quality=0.0)) == []


def test_tracks_are_forgotten() -> None:
    best: BestOfTracks[int] = BestOfTracks(3, LOST)
    for number in range(100):
        now = NOON + timedelta(seconds=number)
        assert best.wants(str(number), 0.5, now)
        best.offer(str(number), 0.5, number, now)
        list(best.due(now))
    assert len(best) <= 3
    assert best.begun == 100
