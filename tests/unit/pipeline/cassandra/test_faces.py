"""How long vectors of tracks are kept: no longer than Cassandra can tell the time."""

from datetime import UTC, datetime

from pipeline.cassandra.faces import longest

DAY = 86_400


def test_a_retention_of_a_hundred_years_ends_when_cassandra_says_so() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC).timestamp()
    last = datetime(2038, 1, 19, 3, 14, 6, tzinfo=UTC).timestamp()
    assert longest(30 * DAY, now) == 30 * DAY
    assert longest(36_500 * DAY, now) + now < last
    assert longest(36_500 * DAY, now) <= 20 * 365 * DAY, "the longest that it takes"
    assert longest(36_500 * DAY, last + DAY) == 1
