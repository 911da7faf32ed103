"""What is changed in an ONNX file when it is loaded computes the same: a folded focus, pictures as input, bindings."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from inference.arrays import Floats
from inference.cards import InputSpec, read_card
from inference.runtimes import Compute, load_runtime
from inference.runtimes.onnx_binding import SHAPES, Bound
from inference.runtimes.onnx_focus import fold_focus
from inference.runtimes.onnx_pictures import pictures_of, take_pictures
from tests.unit.inference.factories import SIDE, boxes_body, brightness_detector, write_card

END = np.iinfo(np.int64).max
YOLOX = ((0, 0), (1, 0), (0, 1), (1, 1))


def focused(
    offsets: tuple[tuple[int, int], ...] = YOLOX, stride: int = 1, step: int = 2, group: int = 1, tapped: bool = False
) -> onnx.ModelProto:
    """Four half pictures, by rows and then columns, and a 3×3 convolution over them; `tapped` answers a half too."""
    weights = np.random.default_rng(3).normal(size=(8, 12 // group, 3, 3)).astype(np.float32)
    constants = {f"n{n}": np.array([n], np.int64) for n in (0, 1, 2, 3)} | {
        "end": np.array([END]),
        "step": np.array([step], np.int64),
        "weights": weights,
    }
    nodes = []
    for part, (row, column) in enumerate(offsets):
        nodes.append(helper.make_node("Slice", ["input", f"n{row}", "end", "n2", "step"], [f"rows{part}"]))
        nodes.append(helper.make_node("Slice", [f"rows{part}", f"n{column}", "end", "n3", "step"], [f"part{part}"]))
    nodes.append(helper.make_node("Concat", [f"part{part}" for part in range(4)], ["joined"], axis=1))
    nodes.append(
        helper.make_node(
            "Conv",
            ["joined", "weights"],
            ["found"],
            kernel_shape=[3, 3],
            pads=[1] * 4,
            strides=[stride] * 2,
            group=group,
        )
    )
    answers = [helper.make_tensor_value_info("found", TensorProto.FLOAT, ["batch", 8, "h", "w"])]
    if tapped:
        nodes.append(helper.make_node("Relu", ["joined"], ["half"]))
        answers.append(helper.make_tensor_value_info("half", TensorProto.FLOAT, ["batch", 12, "h", "w"]))
    graph = helper.make_graph(
        nodes,
        "focused",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, "height", "width"])],
        answers,
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def answer(model: onnx.ModelProto, given: Any) -> Floats:
    """What a network says of its one input."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found: Floats = session.run(["found"], {session.get_inputs()[0].name: given})[0]
    return found


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("offsets", [YOLOX, ((1, 1), (0, 1), (0, 0), (1, 0))])
def test_a_focus_is_folded_into_its_convolution(offsets: tuple[tuple[int, int], ...], stride: int) -> None:
    model = focused(offsets, stride)
    picture = np.random.default_rng(1).uniform(0, 255, (2, 3, 20, 32)).astype(np.float32)
    before = answer(model, picture)
    assert fold_focus(model.graph)
    assert [node.op_type for node in model.graph.node] == ["Conv"]
    onnx.checker.check_model(model)
    assert answer(model, picture) == pytest.approx(before, rel=1e-4, abs=1e-2)


@pytest.mark.parametrize(
    "other",
    [{"step": 3}, {"group": 2}, {"tapped": True}, {"offsets": ((0, 0), (1, 0), (0, 1), (0, 0))}],
    ids=["every third", "groups", "also read elsewhere", "a part twice"],
)
def test_what_only_looks_like_a_focus_is_left_alone(other: dict[str, Any]) -> None:
    model = focused(**other)
    before = model.SerializeToString(deterministic=True)
    assert not fold_focus(model.graph)
    assert model.SerializeToString(deterministic=True) == before


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (1 / 127.5, -1.0), (0.5, 0.0)])
def test_a_network_that_takes_pictures_computes_with_the_same_numbers(layout: str, scale: float, offset: float) -> None:
    spec = InputSpec.model_validate(
        {
            "width": 4,
            "height": 2,
            "resize": "stretch",
            "layout": layout,
            "color": "bgr",
            "scale": scale,
            "offset": offset,
        }
    )
    shape = ["batch", 3, 2, 4] if layout == "nchw" else ["batch", 2, 4, 3]
    graph = helper.make_graph(
        [helper.make_node("Identity", ["input"], ["found"])],
        "same",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("found", TensorProto.FLOAT, shape)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    take_pictures(model.graph, spec)
    onnx.checker.check_model(model)
    pictures = np.random.default_rng(2).integers(0, 256, (3, 2, 4, 3), np.uint8)
    numbers = pictures.astype(np.float32) * np.float32(scale) + np.float32(offset)
    assert np.array_equal(answer(model, pictures), numbers.transpose(0, 3, 1, 2) if layout == "nchw" else numbers)
    assert (pictures_of(spec).dtype, pictures_of(spec).layout) == ("uint8", "nhwc")


def test_the_gpus_way_rehearsed_on_the_processor_answers_the_same(tmp_path: Path) -> None:
    card = read_card(write_card(tmp_path, "tiny", brightness_detector(), boxes_body()))
    plain, bound = (
        load_runtime(card, tmp_path / "models" / "tiny", compute)
        for compute in (Compute(), Compute(gpu=True, rehearsal=True))
    )
    assert (plain.input, bound.input) == (card.input, pictures_of(card.input))  # type: ignore[arg-type]
    pictures = np.random.default_rng(5).integers(0, 256, (7, SIDE, SIDE, 3), np.uint8)
    numbers = pictures.transpose(0, 3, 1, 2).astype(np.float32)
    for count in (7, 1, 7):
        [mine] = bound.run({"input": pictures[:count]}).values()
        assert np.array_equal(mine, plain.run({"input": numbers[:count]})["found"])


def test_answers_stay_when_the_next_batch_is_run() -> None:
    session = onnxruntime.InferenceSession(brightness_detector(), providers=["CPUExecutionProvider"])
    bound = Bound(session, "input", ["found"], "cpu")
    first = bound.run(np.full((1, 3, SIDE, SIDE), 100, np.float32))["found"].copy()
    kept = bound.run(np.full((1, 3, SIDE, SIDE), 100, np.float32))["found"]
    bound.run(np.full((1, 3, SIDE, SIDE), 7, np.float32))
    assert np.array_equal(kept, first)
    for count in range(1, SHAPES + 4):
        bound.run(np.zeros((count, 3, SIDE, SIDE), np.float32))
    assert len(bound._places) == SHAPES
