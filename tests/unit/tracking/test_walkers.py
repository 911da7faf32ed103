"""Labelled walkers: how often a track goes from one to another, and a line that counts them."""

from benchmarks.tracking import Tracked
from benchmarks.walkers import agreement, crossings, labels


def test_the_labels_are_of_a_hundred_frames_and_seven_walkers() -> None:
    found = labels()
    assert (min(found), max(found), len(found)) == (451, 550, 100)
    assert {walker for frame in found.values() for walker in frame} == set("ABCDEFG")


def test_tracks_instead_of_boxes() -> None:
    tracked = Tracked()
    found = agreement(tracked.people())
    assert found.switches <= 6, "measured: 6, of seven walkers who pass behind each other and behind a sign"
    assert found.fragments <= 8
    assert found.missed <= 65
    people = [track for track in tracked.tracks if track.label == "person"]
    assert len(people) < 30, "of 5,375 boxes"


def test_a_line_counts_walkers() -> None:
    for step in (1, 3, 5):
        for counted, by_eye in zip(Tracked(step).crossed(), crossings(), strict=True):
            assert abs(counted - by_eye) <= by_eye / 10 + 0.5, step
