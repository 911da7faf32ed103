"""What is said of models and of a GPU is computed rightly: which findings differ, how late feeds are."""

from collections.abc import Sequence

import pytest

from benchmarks.gpu.feeds import Lateness, lateness
from benchmarks.gpu.rates import sizes
from benchmarks.models.agreement import differing, overlap
from inference.cards import read_card
from pipeline.contracts.frames import Frame
from pipeline.contracts.settings import ROOT
from tests.unit.inference.factories import frame

BOX = (0.1, 0.1, 0.2, 0.2)
PERSON = ("objects_detection", "person", 0.9, BOX)


@pytest.mark.parametrize(
    ("other", "apart"),
    [
        ([PERSON], 0),
        ([("objects_detection", "person", 0.9009, BOX)], 0),
        ([("objects_detection", "person", 0.902, BOX)], 2),
        ([("objects_detection", "dog", 0.9, BOX)], 2),
        ([("objects_detection", "person", 0.9, (0.15, 0.1, 0.2, 0.2))], 2),
        ([("objects_detection", "person", 0.9, None)], 2),
        ([], 1),
        ([PERSON, PERSON], 1),
    ],
)
def test_findings_differ_by_label_confidence_and_box(other: list[object], apart: int) -> None:
    assert differing([[PERSON]], [other])[0] == apart


def test_the_overlap_of_two_boxes() -> None:
    assert overlap(BOX, BOX) == pytest.approx(1)
    assert overlap(BOX, (0.2, 0.1, 0.2, 0.2)) == pytest.approx(1 / 3)
    assert overlap(BOX, (0.5, 0.5, 0.1, 0.1)) == 0


def test_who_is_quick_is_in_time_and_frames_that_wait_go_together() -> None:
    batches: list[int] = []

    def analyze(frames: Sequence[Frame]) -> None:
        batches.append(len(frames))

    late = lateness(analyze, [frame(b"")], feeds=4, fps=25, seconds=0.2, together=3)
    assert late.holds
    assert sum(batches) == 20
    assert max(batches) <= 3


def test_sizes_of_batches_end_where_the_card_does() -> None:
    card = read_card(ROOT / "models" / "yolox_nano" / "model.toml")
    assert list(sizes(card, 32)) == [1, 8, 16, 32]
    assert list(sizes(card, 512)) == [1, 8, 16, 32, 64]


@pytest.mark.parametrize(("p50", "p95", "holds"), [(0.5, 0.9, True), (0.51, 0.6, False), (0.1, 0.91, False)])
def test_in_time_is_what_the_goal_says(p50: float, p95: float, holds: bool) -> None:
    assert Lateness(p50, p95).holds is holds
