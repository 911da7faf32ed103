"""The same thing keeps the same track."""

from datetime import timedelta

from connectors.edge.agent.following import Follower
from pipeline.contracts.results import Detection
from tests.unit.connectors.edge.agent.pictures import NOON, face


def tracks(scenes: list[tuple[float, list[Detection]]], least: float = 0.5) -> list[list[str]]:
    follower = Follower(least)
    return [[name for name, _ in follower.follow(found, NOON + timedelta(seconds=at))] for at, found in scenes]


def test_two_who_walk_keep_their_tracks() -> None:
    walked = [(n / 5, [face(0.02 * n), face(0.7 - 0.02 * n)]) for n in range(10)]
    found = tracks(walked)
    assert all(names == found[0] for names in found)
    assert len(set(found[0])) == 2


def test_a_track_outlives_a_short_gap_and_not_a_long_one() -> None:
    seen = [(n / 10, [face(0.3)]) for n in range(5)]
    again = tracks([*seen, (1.0, [face(0.3)]), (9.0, [face(0.3)])])
    assert again[5] == again[0]
    assert again[6] != again[0]


def test_only_what_is_sure_begins_a_track_and_what_is_unsure_goes_on_with_it() -> None:
    assert tracks([(0.0, [face(0.3, score=0.4)])]) == [[]]
    sure_then_not = tracks([(0.0, [face(0.3)]), (0.1, [face(0.3)]), (0.2, [face(0.3, score=0.4)])])
    assert sure_then_not[2] == sure_then_not[0] != []


def test_things_of_different_kinds_are_never_one() -> None:
    found = tracks([(0.0, [face(0.3), face(0.3, label="dog")]), (0.1, [face(0.3, label="dog")])])
    assert len(set(found[0])) == 2
    assert len(found[1]) == 1


def test_the_same_file_gives_the_same_names() -> None:
    scenes = [(n / 10, [face(0.1), face(0.6)]) for n in range(5)]
    assert tracks(scenes) == tracks(scenes)
    assert tracks([(at + 1, found) for at, found in scenes])[0] != tracks(scenes)[0]


def test_a_clock_that_is_set_back_ends_no_track() -> None:
    found = tracks([(5.0, [face(0.3)]), (5.1, [face(0.3)]), (1.0, [face(0.3)]), (1.1, [face(0.3)])])
    assert len({name for names in found for name in names}) == 1
