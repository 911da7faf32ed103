"""What counts as an appearance."""

import pytest

from framewise.listening.sightings import Rules, Watcher
from tests.unit.framewise.listening.rows import row, shows


def told(rules: Rules, *confidences: float | None) -> list[tuple[str, int]]:
    return [(s.kind, s.frame_number) for s in shows(Watcher("front", rules), confidences)]


@pytest.mark.parametrize(
    ("confidences", "sightings"),
    [
        ([0.9, 0.9, 0.9], [("appeared", 1)]),
        ([None, 0.9, None, 0.9], [("appeared", 2)]),  # one frame without it does not count
        ([0.9, None, None, 0.9, None, None, 0.9], []),  # single frames are flicker
        ([0.4, 0.4, 0.4], []),  # not sure enough
        ([0.9, 0.9, 0.45, 0.45, 0.45, 0.45, 0.45, 0.45], [("appeared", 1)]),  # sure enough to stay
        ([0.9, 0.9, None, None, None, None, 0.9, None, None, None, None, 0.9], [("appeared", 1)]),
        ([0.9, 0.9, 0.9, None, None, None, None, None], [("appeared", 1), ("gone", 3)]),
        ([0.9, 0.9, *[None] * 5, 0.9, 0.9], [("appeared", 1), ("gone", 2), ("appeared", 8)]),
    ],
)
def test_appearances(confidences: list[float | None], sightings: list[tuple[str, int]]) -> None:
    assert told(Rules(), *confidences) == sightings


def test_rules_may_be_stricter_or_looser() -> None:
    assert told(Rules(confirm=1), 0.9) == [("appeared", 1)]
    assert told(Rules(confirm=3), 0.9, 0.9, None, 0.9) == [("appeared", 1)]
    assert told(Rules(min_confidence=0.3), 0.4, 0.4) == [("appeared", 1)]
    assert told(Rules(gone_seconds=0), 0.9, 0.9, None) == [("appeared", 1), ("gone", 2)]
    assert told(Rules(labels=frozenset({"dog"})), 0.9, 0.9) == []


def test_a_sighting_says_when_how_sure_how_many_and_how_long() -> None:
    watcher = Watcher("front", Rules())
    assert watcher.take(row(1, ("person", 0.6), ("dog", 0.9)), "a") == []
    dog, person = watcher.take(row(2, ("person", 0.8), ("person", 0.7), ("dog", 0.9)), "b")
    assert (person.label, person.at, person.confidence, person.most) == ("person", row(1).captured_at, 0.8, 2)
    assert (dog.label, person.event_id, person.camera) == ("dog", "b", "front")
    watcher.take(row(5, ("person", 0.95)), "c")
    gone = {sighting.label: sighting for sighting in watcher.end("d")}
    assert (gone["person"].seconds, gone["person"].confidence, gone["person"].at) == (2.0, 0.95, row(5).captured_at)
    assert watcher.end("d") == []


def test_tasks_are_apart_failures_say_nothing_and_colours_must_be_asked_for() -> None:
    watcher = Watcher("front", Rules())
    noticed = []
    for number in range(1, 10):
        noticed += watcher.take(row(number, ("person", 0.9)), "")
        noticed += watcher.take(row(number, task="faces_detection"), "")
        noticed += watcher.take(row(number, status="failed"), "")
        noticed += watcher.take(row(number, ("#ff0000", 0.9), task="color_detection"), "")
    assert [(s.kind, s.label) for s in noticed] == [("appeared", "person")]
    red = Watcher("front", Rules(labels=frozenset({"#ff0000"}), confirm=1))
    assert red.take(row(1, ("#ff0000", 0.9), task="color_detection"), "")


def test_who_goes_on_knows_what_was_there() -> None:
    [appeared] = shows(Watcher("front", Rules()), [0.9, 0.9])
    noticed = shows(Watcher("front", Rules(), [appeared]), [0.9, *[None] * 5], first=3)
    assert [(s.kind, s.frame_number) for s in noticed] == [("gone", 3)]
    assert noticed[0].seconds == 1.0
