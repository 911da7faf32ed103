"""The tensorflow runtime: each format made on the fly, loaded from a card, and run."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.analyzer import Analyzer
from inference.cards import Card, InputSpec, WeightFile
from inference.models import load_model
from inference.runtimes import Compute, Runtime, load_runtime
from inference.runtimes.tfjs import read_weights
from pipeline.contracts.errors import ModelUnavailable
from pipeline.contracts.results import TaskName, TaskRequest
from tests.unit.inference.factories import file_table, frame, jpeg, picture

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning")

SIDE = 8


@pytest.fixture(scope="module")
def tf() -> Any:
    """TensorFlow, as the runtime imports it."""
    return pytest.importorskip("inference.runtimes.tensorflow").library(Compute())


def _card(file: str, tensors: str = "scores", **over: Any) -> Card:
    values: dict[str, Any] = {
        "name": "tiny",
        "task": "emotions_detection",
        "preference": 1,
        "runtime": "tensorflow",
        "licence": "MIT",
        "source": "made here",
        "files": [WeightFile(file=file, sha256="0" * 64, bytes=1)],
        "input": InputSpec(name="x", width=SIDE, height=SIDE, resize="stretch", layout="nhwc", color="gray"),
        "output": {"kind": "scores", "tensor": tensors},
        "labels": ["dark", "bright"],
        "min_confidence": 0,
        "batch": {"max": 4},
    }
    return Card.model_validate(values | over)


def _two_scores(tf: Any, x: Any) -> Any:
    """[N, 2]: darkness and brightness, 0–1."""
    bright = tf.reduce_mean(x, axis=[1, 2]) / 255.0
    return tf.concat([1.0 - bright, bright], axis=1)


def _check(runtime: Runtime, tensor: str) -> None:
    batch = np.stack([np.full((SIDE, SIDE, 1), value, np.float32) for value in (0, 255, 51)])
    assert runtime.run({"x": batch})[tensor] == pytest.approx(np.array([[1, 0], [0, 1], [0.8, 0.2]]), abs=1e-6)


@pytest.mark.parametrize("file", ["model.keras", "model.hdf5"])
@pytest.mark.filterwarnings("ignore")
def test_a_keras_file(tf: Any, tmp_path: Path, file: str) -> None:
    inputs = tf.keras.Input((SIDE, SIDE, 1))
    pooled = tf.keras.layers.GlobalAveragePooling2D()(inputs)
    dense = tf.keras.layers.Dense(2)
    model = tf.keras.Model(inputs, dense(pooled))
    dense.set_weights([np.array([[-1 / 255, 1 / 255]], np.float32), np.array([1, 0], np.float32)])
    model.save(tmp_path / file)
    _check(load_runtime(_card(file), tmp_path, Compute()), "scores")


def test_a_frozen_graph(tf: Any, tmp_path: Path) -> None:
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, [None, SIDE, SIDE, 1], name="x")
        tf.identity(_two_scores(tf, x), name="scores")
    (tmp_path / "model.pb").write_bytes(graph.as_graph_def().SerializeToString())
    _check(load_runtime(_card("model.pb"), tmp_path, Compute()), "scores")


def _save_detector(tf: Any, folder: Path) -> None:
    """A SavedModel as TensorFlow's detectors are: one box in the middle, as certain as the picture is bright."""

    class Detector(tf.Module):  # type: ignore[misc]
        @tf.function(input_signature=[tf.TensorSpec([None, SIDE, SIDE, 3], tf.uint8, name="input_tensor")])  # type: ignore[untyped-decorator]
        def __call__(self, input_tensor: Any) -> dict[str, Any]:
            scores = tf.reduce_mean(tf.cast(input_tensor, tf.float32), axis=[1, 2, 3])[:, None] / 255.0
            count = tf.shape(scores)[0]
            return {
                "detection_boxes": tf.tile(tf.constant([[[0.25, 0.5, 0.75, 1.0]]]), [count, 1, 1]),
                "detection_scores": scores,
                "detection_classes": tf.fill([count, 1], 2.0),
            }

    module = Detector()
    tf.saved_model.save(module, str(folder), signatures=module.__call__)


def test_a_saved_model_detector_needs_a_card_and_no_code(tf: Any, tmp_path: Path) -> None:
    weights = tmp_path / "models" / "detector"
    _save_detector(tf, weights)
    card = tmp_path / "cards" / "detector" / "model.toml"
    card.parent.mkdir(parents=True)
    files = sorted((path for path in weights.rglob("*") if path.is_file()), key=lambda p: p.name != "saved_model.pb")
    card.write_text(
        f"""
name = "detector"
task = "objects_detection"
preference = 1
runtime = "tensorflow"
licence = "MIT"
source = "made here"
min_confidence = 0.5
labels = ["person", "lamp"]
[input]
name = "input_tensor"
width = {SIDE}
height = {SIDE}
resize = "stretch"
layout = "nhwc"
color = "rgb"
dtype = "uint8"
[output]
kind = "boxes"
[batch]
max = 8
"""
        + "".join(
            file_table(path.relative_to(weights).as_posix(), path.read_bytes()) for path in files if path.stat().st_size
        )
    )
    analyzer = Analyzer(tmp_path / "cards", tmp_path / "cache", tmp_path)
    request = TaskRequest(TaskName.OBJECTS)
    [[dark], [bright]] = analyzer.analyze([frame(jpeg(picture(value)), request) for value in (40, 200)])
    assert (dark.error, bright.error, dark.detections) == (None, None, ())
    [lamp] = bright.detections
    assert lamp.label == "lamp"
    assert lamp.confidence == pytest.approx(200 / 255, abs=0.01)
    assert lamp.box is not None
    assert (lamp.box.x, lamp.box.y, lamp.box.width, lamp.box.height) == (0.5, 0.25, 0.5, 0.5)


def test_an_output_that_a_saved_model_has_not_is_named(tf: Any, tmp_path: Path) -> None:
    _save_detector(tf, tmp_path)
    with pytest.raises(ModelUnavailable, match=r"no output scores, only detection_boxes"):
        load_runtime(_card("saved_model.pb"), tmp_path, Compute())


def _attr(**values: Any) -> dict[str, Any]:
    return {"T": {"type": "DT_FLOAT"}} | values


def _strings(*values: str) -> dict[str, Any]:
    return {"list": {"s": [base64.b64encode(value.encode()).decode() for value in values]}}


def _write_tfjs(folder: Path) -> None:
    """x → fused convolution (bias, relu6) → mean → fused matrix product (bias): the scores of `_two_scores`."""
    node = dict
    nodes = [
        node(name="x", op="Placeholder", attr={"dtype": {"type": "DT_FLOAT"}}),
        *(
            node(name=n, op="Const", attr={"dtype": {"type": "DT_FLOAT"}})
            for n in ("kernel", "shift", "matrix", "bias")
        ),
        node(name="axes", op="Const", attr={"dtype": {"type": "DT_INT32"}}),
        node(
            name="conv",
            op="_FusedConv2D",
            input=["x", "kernel", "shift"],
            attr=_attr(
                strides={"list": {"i": ["1", "1", "1", "1"]}},
                padding={"s": base64.b64encode(b"SAME").decode()},
                fused_ops=_strings("BiasAdd", "Relu6"),
                num_args={"i": "1"},
            ),
        ),
        node(
            name="mean",
            op="Mean",
            input=["conv", "axes"],
            attr=_attr(Tidx={"type": "DT_INT32"}, keep_dims={"b": False}),
        ),
        node(
            name="scores",
            op="_FusedMatMul",
            input=["mean", "matrix", "bias"],
            attr=_attr(fused_ops=_strings("BiasAdd"), num_args={"i": "1"}),
        ),
    ]
    shift = np.zeros(1, np.float32)
    weights: list[tuple[str, list[int], Any, dict[str, Any] | None]] = [
        ("kernel", [1, 1, 1, 1], np.array([51], np.uint8), {"dtype": "uint8", "scale": 1 / (51 * 255), "min": 0.0}),
        ("shift", [1], shift, None),
        ("matrix", [1, 2], np.array([-1, 1], np.float16), {"dtype": "float16"}),
        ("bias", [2], np.array([1, 0], np.float32), None),
        ("axes", [2], np.array([1, 2], np.int32), None),
    ]
    entries = [
        {"name": name, "shape": shape, "dtype": "int32" if name == "axes" else "float32"}
        | ({"quantization": quantization} if quantization else {})
        for name, shape, _, quantization in weights
    ]
    model = {
        "modelTopology": {"node": nodes},
        "weightsManifest": [{"paths": ["a.bin", "b.bin"], "weights": entries}],
    }
    data = b"".join(value.tobytes() for _, _, value, _ in weights)
    (folder / "a.bin").write_bytes(data[:3])
    (folder / "b.bin").write_bytes(data[3:])
    (folder / "model.json").write_text(json.dumps(model))


def test_a_tensorflowjs_graph_with_fused_and_quantized_parts(tf: Any, tmp_path: Path) -> None:
    _write_tfjs(tmp_path)
    _check(load_runtime(_card("model.json"), tmp_path, Compute()), "scores")


def test_an_unknown_fusion_is_named(tf: Any, tmp_path: Path) -> None:
    _write_tfjs(tmp_path)
    text = (tmp_path / "model.json").read_text()
    (tmp_path / "model.json").write_text(
        text.replace(base64.b64encode(b"Relu6").decode(), base64.b64encode(b"Gelu").decode())
    )
    with pytest.raises(ModelUnavailable, match="the node conv fuses Gelu"):
        load_model(_card("model.json"), tmp_path)


def test_quantized_weights_are_widened(tmp_path: Path) -> None:
    (tmp_path / "w").write_bytes(np.array([0, 255], np.uint8).tobytes())
    entry = {
        "name": "a",
        "shape": [2],
        "dtype": "float32",
        "quantization": {"dtype": "uint8", "scale": 0.01, "min": -1.0},
    }
    found = read_weights([{"paths": ["w"], "weights": [entry]}], tmp_path)
    assert found["a"].tolist() == pytest.approx([-1, 1.55])
    assert found["a"].dtype == np.float32


def test_a_format_that_is_not_known_is_named(tf: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"model\.tflite is neither"):
        load_model(_card("model.tflite"), tmp_path)


def test_a_gpu_that_is_not_there_is_an_error(tf: Any, tmp_path: Path) -> None:
    if tf.config.list_physical_devices("GPU"):
        pytest.skip("there is a GPU")
    with pytest.raises(ModelUnavailable, match="TensorFlow sees none"):
        load_model(_card("model.pb"), tmp_path, Compute(gpu=True))


def test_tensorflow_stays_away_until_a_model_asks(tmp_path: Path) -> None:
    import subprocess
    import sys

    program = "import sys, inference.analyzer, inference.fetch; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_card_reader_and_the_runtime_agree_on_a_classifier(tf: Any, tmp_path: Path) -> None:
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, [None, SIDE, SIDE, 1], name="x")
        tf.identity(_two_scores(tf, x), name="scores")
    (tmp_path / "model.pb").write_bytes(graph.as_graph_def().SerializeToString())
    model = load_model(_card("model.pb"), tmp_path)
    answers = model.predict([picture(value) for value in (0, 255, 102, 255, 255, 0)])
    assert [answer[0].label for answer in answers] == ["dark", "bright", "dark", "bright", "bright", "dark"]
    assert dict(answers[2][0].attributes) == pytest.approx({"dark": 0.6, "bright": 0.4}, abs=1e-3)
    assert model.predict([picture(102)], min_confidence=0.7) == [[]]
