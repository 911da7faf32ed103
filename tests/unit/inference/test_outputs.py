"""Each layout of output: one finding put in, the same finding out."""

import math
from typing import Any

import numpy as np
import pytest

from inference.outputs.base import Candidates, overlaps, select
from inference.outputs.blazeface import BlazefaceOutput
from inference.outputs.boxes import PackedBoxesOutput, SeparateBoxesOutput
from inference.outputs.fastestdet import FastestdetOutput
from inference.outputs.scores import ScoresOutput
from inference.outputs.yolox import YoloxOutput
from inference.outputs.yunet import YunetOutput
from pipeline.contracts.errors import ModelFailed


def _only(found: list[Candidates]) -> Any:
    assert [len(candidates.scores) for candidates in found] == [0, 1]
    one = found[1]
    return one.boxes[0].tolist(), float(one.scores[0]), int(one.classes[0])


def test_yolox() -> None:
    output = np.zeros((2, 84, 5 + 3), np.float32)
    cell = 64 + 4 * 2 + 1  # the second grid (4×4 cells of 16 pixels) begins at 64
    output[1, cell] = [0.5, 0.25, math.log(2), math.log(1), 0.9, 0.1, 0.8, 0.3]
    found = YoloxOutput(kind="yolox").decode({"output": output}, (64, 64), 0.5)
    box, score, kind = _only(found)
    assert box == pytest.approx([24 - 16, 36 - 8, 24 + 16, 36 + 8])
    assert (score, kind) == (pytest.approx(0.72), 1)


def test_yunet() -> None:
    outputs = {}
    for stride, cells in ((8, 64), (16, 16), (32, 4)):
        for part, width in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            outputs[f"{part}_{stride}"] = np.zeros((2, cells, width), np.float32)
    cell = 4 * 1 + 3
    outputs["cls_16"][1, cell], outputs["obj_16"][1, cell] = 0.9, 0.81
    outputs["bbox_16"][1, cell] = [0.5, 0.5, math.log(2), math.log(3)]
    outputs["kps_16"][1, cell] = [0, 0, 1, 0, 0.5, 0.5, 0, 1, 1, 1]
    found = YunetOutput(kind="yunet").decode(outputs, (64, 64), 0.8)
    box, score, kind = _only(found)
    assert box == pytest.approx([56 - 16, 24 - 24, 56 + 16, 24 + 24])
    assert (score, kind) == (pytest.approx(math.sqrt(0.729)), 0)
    assert found[1].points is not None
    assert found[1].points[0].tolist() == [[48, 16], [64, 16], [56, 24], [48, 32], [64, 32]]


def test_fastestdet() -> None:
    planes = np.full((2, 5 + 2, 4, 4), -9, np.float32)
    planes[:, 0] = planes[:, 5:] = 0
    planes[1, :, 2, 1] = [1, 0, 0, 0, 0, 0.2, 1]
    found = FastestdetOutput(kind="fastestdet", tensor="x").decode({"x": planes}, (64, 64), 0.65)
    box, score, kind = _only(found)
    assert box == pytest.approx([16 - 16, 32 - 16, 16 + 16, 32 + 16])
    assert (score, kind) == (pytest.approx(1), 1)


def test_packed_boxes() -> None:
    rows = np.zeros((2, 3, 6), np.float32)
    rows[1, 2] = [1, 2, 11, 22, 0.7, 4]
    found = PackedBoxesOutput(kind="packed_boxes", tensor="x").decode({"x": rows}, (64, 64), 0.5)
    assert _only(found) == ([1, 2, 11, 22], pytest.approx(0.7), 4)


def test_separate_boxes_as_tensorflow_detectors_give_them() -> None:
    boxes = np.zeros((2, 3, 4), np.float32)
    scores, classes = np.zeros((2, 3), np.float32), np.ones((2, 3), np.float32)
    boxes[1, 0], scores[1, 0], classes[1, 0] = [0.25, 0.5, 0.75, 1.0], 0.6, 18
    outputs = {"detection_boxes": boxes, "detection_scores": scores, "detection_classes": classes}
    found = SeparateBoxesOutput(kind="boxes").decode(outputs, (100, 200), 0.5)
    assert _only(found) == ([100, 25, 200, 75], pytest.approx(0.6), 17)


def test_blazeface() -> None:
    outputs = {
        "s0": np.full((2, 512, 1), -90, np.float32),
        "s1": np.full((2, 384, 1), -90, np.float32),
        "b0": np.zeros((2, 512, 16), np.float32),
        "b1": np.zeros((2, 384, 16), np.float32),
    }
    anchor = (8 * 4 + 4) * 6 + 3  # the cell whose centre is at 4.5/8 of the picture
    outputs["s1"][1, anchor], outputs["b1"][1, anchor, :4] = 2.0, [16, -16, 64, 32]
    head = BlazefaceOutput(kind="blazeface", scores=("s0", "s1"), boxes=("b0", "b1"))
    found = head.decode(outputs, (256, 256), 0.75)
    box, score, kind = _only(found)
    assert box == pytest.approx([160 - 32, 128 - 16, 160 + 32, 128 + 16])
    assert (score, kind) == (pytest.approx(1 / (1 + math.exp(-2))), 0)
    assert found[1].points is not None
    assert found[1].points.shape == (1, 6, 2)


def test_scores_are_probabilities() -> None:
    logits = np.array([[0, 0], [0, math.log(3)]], np.float32)
    found = ScoresOutput(kind="scores", softmax=True).decode({"scores": logits}, 2)
    assert found.tolist() == [[0.5, 0.5], [pytest.approx(0.25), pytest.approx(0.75)]]


@pytest.mark.parametrize(
    "outputs", [{}, {"output": np.zeros((1, 83, 8), np.float32)}, {"output": np.zeros((84, 8), np.float32)}]
)
def test_another_shape_than_promised_is_a_failed_model(outputs: dict[str, np.ndarray]) -> None:
    with pytest.raises(ModelFailed, match="output"):
        YoloxOutput(kind="yolox").decode(outputs, (64, 64), 0.5)


def _candidates(*rows: tuple[float, float, float, float, float, int]) -> Candidates:
    table = np.array(rows, np.float32).reshape(-1, 6)
    return Candidates(table[:, :4], table[:, 4], table[:, 5].astype(np.int64))


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        ([], []),
        ([(0, 0, 10, 10, 0.5, 0)], [0.5]),
        ([(0, 0, 10, 10, 0.5, 0), (0, 0, 10, 9, 0.9, 0)], [0.9]),
        ([(0, 0, 10, 10, 0.5, 0), (0, 0, 10, 9, 0.9, 1)], [0.9, 0.5]),
        ([(0, 0, 10, 10, 0.5, 0), (20, 20, 30, 30, 0.9, 0)], [0.9, 0.5]),
        # A dropped box drops nobody: the third overlaps the second only.
        ([(0, 0, 10, 10, 0.9, 0), (0, 3, 10, 13, 0.8, 0), (0, 6, 10, 16, 0.7, 0)], [0.9, 0.7]),
    ],
)
def test_suppression_keeps_the_best_of_each_class(
    rows: list[tuple[float, float, float, float, float, int]], kept: list[float]
) -> None:
    assert select(_candidates(*rows), 0.5).scores.tolist() == pytest.approx(kept)


def test_a_lower_threshold_only_adds_boxes_at_the_end() -> None:
    rng = np.random.default_rng(1)
    low = rng.uniform(0, 80, (200, 2)).astype(np.float32)
    boxes = np.concatenate((low, low + rng.uniform(5, 20, (200, 2)).astype(np.float32)), axis=1)
    everything = Candidates(boxes, rng.uniform(0, 1, 200).astype(np.float32), rng.integers(0, 3, 200))
    strict = select(everything.take(np.flatnonzero(everything.scores >= 0.6)), 0.4).scores
    assert select(everything, 0.4).scores[: len(strict)].tolist() == strict.tolist()


def test_overlaps_are_intersections_over_unions() -> None:
    boxes = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6], [4, 4, 4, 4]], np.float32)
    table = overlaps(boxes)
    assert table[0].tolist() == pytest.approx([1, 1 / 3, 0, 0])
