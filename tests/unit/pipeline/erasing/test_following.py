"""A person is followed by place: forwards, backwards, over gaps, and not into somebody else."""

import pytest

from pipeline.contracts.results import Box
from pipeline.erasing.following import Sight, followed, overlap


def at(x: float) -> Box:
    """A face at a place."""
    return Box(x, 0.4, 0.2, 0.3)


def walk(steps: int, pace: float = 0.02, seconds: float = 0.1) -> list[Sight]:
    """A face that walks to the right, and one that stands far away."""
    return [Sight(n + 1, n * seconds, (at(n * pace), at(0.75))) for n in range(steps)]


def test_a_face_is_followed_both_ways() -> None:
    found = followed(walk(20), {10: [at(9 * 0.02)]})
    assert found == {n + 1: (at(n * 0.02),) for n in range(20)}


def test_a_short_gap_is_bridged_and_a_long_one_is_not() -> None:
    sights = [Sight(1, 0.0, (at(0),)), Sight(2, 1.9, (at(0),)), Sight(3, 4.0, (at(0),))]
    assert sorted(followed(sights, {1: [at(0)]})) == [1, 2]


def test_a_jump_is_somebody_else() -> None:
    assert sorted(followed(walk(5, pace=0.3), {1: [at(0)]})) == [1]


def test_a_frame_without_rows_is_found_all_the_same() -> None:
    assert followed([], {7: [at(0.1)]}) == {7: (at(0.1),)}


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [(at(0), at(0), 1.0), (at(0), at(0.1), 1 / 3), (at(0), at(0.2), 0.0), (at(0), Box(0, 0, 0, 0), 0.0)],
)
def test_overlap(one: Box, other: Box, shared: float) -> None:
    assert overlap(one, other) == pytest.approx(shared)
    assert overlap(other, one) == pytest.approx(shared)
