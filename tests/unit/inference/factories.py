"""Owns what the tests of inference are made of: pictures, frames, cards and tiny networks."""

import hashlib
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from inference.arrays import Image
from pipeline.contracts.frames import Frame
from pipeline.contracts.results import TaskRequest

SIDE = 32


def picture(value: int, width: int = 64, height: int = 48) -> Image:
    """A plain grey picture."""
    return np.full((height, width, 3), value, np.uint8)


def jpeg(image: Image) -> bytes:
    """The picture as ingest publishes it."""
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()


def frame(data: bytes, *tasks: TaskRequest, number: int = 1) -> Frame:
    """A frame of some video."""
    return Frame(uuid.UUID(int=1), 1, number, 0.0, None, 64, 48, tasks, data)


def write_card(folder: Path, name: str, weights: bytes | None, body: str, file: str = "model.onnx") -> Path:
    """A card and, if given, its weights in a mirror's layout: `folder/cards/NAME` and `folder/models/NAME/FILE`."""
    home = folder / "cards" / name
    home.mkdir(parents=True)
    text = f'name = "{name}"\nlicence = "MIT"\nsource = "made here"\n{body}'
    if weights is not None:
        target = folder / "models" / name / file
        target.parent.mkdir(parents=True)
        target.write_bytes(weights)
        text += "\n" + file_table(file, weights)
    (home / "model.toml").write_text(text)
    return home / "model.toml"


def file_table(file: str, data: bytes, *sources: str) -> str:
    """The card's table of one file of weights."""
    digest = hashlib.sha256(data).hexdigest()
    return f'[[files]]\nfile = "{file}"\nsha256 = "{digest}"\nbytes = {len(data)}\nsources = {list(sources)!r}\n'


def boxes_body(task: str = "objects_detection", labels: Sequence[str] = ("thing",), **over: Any) -> str:
    """A card for the network of `brightness_detector`."""
    values = {"preference": 1, "runtime": "onnx", "min_confidence": 0.2, "batch": 8} | over
    return f"""
task = "{task}"
preference = {values["preference"]}
runtime = "{values["runtime"]}"
min_confidence = {values["min_confidence"]}
labels = {list(labels)!r}
[input]
name = "input"
width = {SIDE}
height = {SIDE}
resize = "stretch"
layout = "nchw"
color = "bgr"
[output]
kind = "packed_boxes"
tensor = "found"
[batch]
max = {values["batch"]}
"""


def brightness_detector(classes: int = 1) -> bytes:
    """A network that finds one box in the middle; its score is the brightness, its class brightness · `classes`.

    A picture brighter than the labels of its card reach makes the model raise, as a broken one would.
    """
    corners = np.array([[[8, 8, 24, 24]]], np.float32)
    return _onnx(
        [
            helper.make_node("ReduceMean", ["input"], ["mean"], axes=[1, 2, 3], keepdims=0),
            helper.make_node("Div", ["mean", "white"], ["score1"]),
            helper.make_node("Reshape", ["score1", "column"], ["score"]),
            helper.make_node("Mul", ["score", "classes"], ["raw"]),
            helper.make_node("Floor", ["raw"], ["class"]),
            helper.make_node("Mul", ["score", "zero"], ["nothing"]),
            helper.make_node("Add", ["nothing", "corners"], ["box"]),
            helper.make_node("Concat", ["box", "score", "class"], ["found"], axis=2),
        ],
        {
            "white": np.array(256, np.float32),
            "column": np.array([-1, 1, 1], np.int64),
            "classes": np.array(classes, np.float32),
            "zero": np.array(0, np.float32),
            "corners": corners,
        },
        ["batch", 3, SIDE, SIDE],
        ["batch", 1, 6],
    )


def fixed_batch_network() -> bytes:
    """A network with a batch of 1 baked into its input, its output and a Reshape: it answers each picture's pixels."""
    return _onnx(
        [helper.make_node("Reshape", ["input", "shape"], ["found"])],
        {"shape": np.array([1, 3, -1], np.int64)},
        [1, 3, 2, 2],
        [1, 3, 4],
    )


def _onnx(nodes: list[Any], constants: dict[str, Any], given: list[Any], answered: list[Any]) -> bytes:
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, given)],
        [helper.make_tensor_value_info("found", TensorProto.FLOAT, answered)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
