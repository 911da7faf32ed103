"""What is counted at lines and zones."""

import numpy as np
import pytest

from api.tracks.crossings import Crossings
from api.tracks.visits import Presence
from pipeline.contracts.regions import Line, Place, Zone
from pipeline.contracts.tracks import TrackPoints

ACROSS = Line("door", ((0.0, 0.5), (1.0, 0.5)))
"""From the left of the picture to its right: downwards is in."""
SHORT = Line("gap", ((0.4, 0.5), (0.6, 0.5)))
MIDDLE = Zone("middle", ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)))


def points(*standing: Place, name: str = "o1-0", first: int = 1, step: float = 0.1) -> TrackPoints:
    """A track that stood here, in frames a tenth of a second apart; its box is a tenth high."""
    numbers = np.arange(first, first + len(standing))
    boxes = np.array([(x - 0.02, y - 0.1, 0.04, 0.1) for x, y in standing], np.float32)
    return TrackPoints(name, numbers, np.asarray((numbers - 1) * step, np.float64), boxes)


def down(x: float = 0.5) -> list[Place]:
    """Somebody who walks down the picture."""
    return [(x, 0.2 + 0.05 * i) for i in range(13)]


@pytest.mark.parametrize(
    ("line", "way", "counted"),
    [
        (ACROSS, down(), (1, 0)),
        (ACROSS, down()[::-1], (0, 1)),
        (Line("turned", (ACROSS.points[1], ACROSS.points[0])), down(), (0, 1)),
        (ACROSS, down() + down()[::-1], (1, 1)),
        (ACROSS, down()[:5], (0, 0)),
        (SHORT, down(), (1, 0)),
        (SHORT, down(x=0.3), (0, 0)),
        (Line("up", ((0.5, 1.0), (0.5, 0.0))), [(0.2 + 0.05 * i, 0.5) for i in range(13)], (1, 0)),
        (ACROSS, [(0.5, 0.2), (0.5, 0.8)], (1, 0)),
        (ACROSS, [(0.5, 0.4), *[(0.5, 0.5 + 0.004 * (-1) ** i) for i in range(50)], (0.5, 0.6)], (1, 0)),
        (ACROSS, [(0.5, 0.4), *[(0.5, 0.5 + 0.004 * (-1) ** i) for i in range(50)], (0.5, 0.4)], (0, 0)),
    ],
)
def test_who_crosses_a_line_is_counted_once(line: Line, way: list[Place], counted: tuple[int, int]) -> None:
    found = Crossings(line, 60.0)
    found.add(points(*way), "person")
    assert (found.total(inwards=True), found.total(inwards=False)) == counted


def test_a_way_over_two_buckets_is_one_way() -> None:
    way = down()
    for cut in range(1, len(way)):
        found = Crossings(ACROSS, 1.0)
        found.add(points(*way[:cut]), "person")
        found.add(points(*way[cut:], first=1 + cut), "person")
        assert found.by_label == {("person", True): 1}, cut


def test_crossings_over_time_and_by_label() -> None:
    found = Crossings(ACROSS, 1.0)
    found.add(points(*down()), "person")
    found.add(points(*down()[::-1], name="o21-0", first=21), "dog")
    assert found.by_label == {("person", True): 1, ("dog", False): 1}
    assert found.over_time == {(0, True): 1, (2, False): 1}


def test_a_stay_is_a_visit_with_its_length() -> None:
    found = Presence(MIDDLE, 1.0, 0.1)
    found.add(points(*[(0.5, 0.3)] * 10, *[(0.5, 0.5)] * 20, *[(0.5, 0.7)] * 10), "person")
    found.end_bucket()
    total = found.total()
    assert (total.visits, total.tracks) == (1, 1)
    assert [total.total, total.longest, total.mean] == pytest.approx([2, 2, 2])
    assert {window: round(seconds, 6) for window, seconds in found.seconds.items() if seconds > 1e-6} == {
        1: 1.0,
        2: 1.0,
    }
    assert (found.last_inside, dict(found.most)) == (0, {1: 1, 2: 1})


def test_who_comes_back_comes_for_another_visit() -> None:
    inside, outside = (0.5, 0.5), (0.5, 0.9)
    for away, visits in ((10, 1), (30, 2)):
        found = Presence(MIDDLE, 60.0, 0.1)
        found.add(points(*[inside] * 10, *[outside] * away, *[inside] * 10), "person")
        found.end_bucket()
        assert (found.total().visits, found.total().tracks) == (visits, 1), away


def test_two_at_once() -> None:
    found = Presence(MIDDLE, 60.0, 0.1)
    found.add(points(*[(0.5, 0.5)] * 10), "person")
    found.add(points(*[(0.55, 0.5)] * 5, name="o6-0", first=6), "dog")
    found.end_bucket()
    assert found.most == {0: 2}
    assert found.last_inside == 2
    assert {label: visits.visits for label, visits in found.by_label.items()} == {"person": 1, "dog": 1}
    assert found.seconds[0] == pytest.approx(1.5)
