"""Owns running Keras files, SavedModels, frozen graphs and TensorFlow.js graphs with TensorFlow."""

import logging
import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from inference.arrays import Tensor
from inference.cards import Card, InputSpec
from inference.runtimes import Compute
from inference.runtimes.tfjs import read_graph
from pipeline.contracts.errors import ModelUnavailable

logger = logging.getLogger(__name__)


class TensorflowRuntime:
    """A traced function: `call` takes the inputs by name and answers the outputs by name."""

    def __init__(self, call: Callable[[Mapping[str, Tensor]], dict[str, Any]], card: Card, device: str) -> None:
        self._call = call
        self._card = card
        self._device = device

    @property
    def device(self) -> str:
        """`CPU` or `GPU`."""
        return self._device

    @property
    def input(self) -> InputSpec:
        """As the card says."""
        if self._card.input is None:
            raise ModelUnavailable(f"the card of {self._card.name} has no input")
        return self._card.input

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The tensors that the card's output names."""
        return {name: value.numpy() for name, value in self._call(inputs).items()}


def load(card: Card, folder: Path, compute: Compute) -> TensorflowRuntime:
    """The function of a card's files; the first file's name tells the format. Raises ModelUnavailable without GPU."""
    tf = library(compute)
    path = folder / card.files[0].file
    if path.name == "saved_model.pb":
        call = _saved_model(tf, path.parent, card)
    elif path.suffix in (".hdf5", ".h5", ".keras"):
        call = _keras(tf, path, card)
    elif path.suffix == ".json":
        call = _graph(tf, read_graph(tf, path), card)
    elif path.suffix == ".pb":
        call = _graph(tf, tf.compat.v1.GraphDef.FromString(path.read_bytes()), card)
    else:
        raise ModelUnavailable(f"{card.name}: {path.name} is neither .hdf5, .h5, .keras, saved_model.pb, .pb nor .json")
    return TensorflowRuntime(call, card, "GPU" if compute.on_gpu else "CPU")


@cache
def library(compute: Compute) -> ModuleType:
    """TensorFlow, imported quietly and bound to what it may use; it takes seconds and hundreds of MB."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")
    gpus = tf.config.list_physical_devices("GPU")
    if compute.on_gpu and not gpus:
        raise ModelUnavailable("a GPU is asked for, but TensorFlow sees none: install the extra 'gpu'")
    # Grappler's remapping of convolutions crashes oneDNN on blazeface (TensorFlow 2.21) and gains nothing here.
    tf.config.optimizer.set_experimental_options({"remapping": False})
    try:
        tf.config.threading.set_intra_op_parallelism_threads(compute.threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        if not compute.on_gpu:
            tf.config.set_visible_devices([], "GPU")
        for gpu in gpus if compute.on_gpu else ():
            tf.config.experimental.set_memory_growth(gpu, True)
    except RuntimeError as error:
        logger.warning("TensorFlow was in use before its threads could be set: %s", error)
    return tf  # type: ignore[no-any-return]


def _keras(tf: ModuleType, path: Path, card: Card) -> Callable[[Mapping[str, Tensor]], dict[str, Any]]:
    """A Keras model frozen into a graph of any batch size, so that the model itself can be let go."""
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    model = tf.keras.models.load_model(path, compile=False)
    spec = tf.TensorSpec([None, *model.inputs[0].shape[1:]], model.inputs[0].dtype)
    traced = tf.function(lambda x: model(x, training=False)).get_concrete_function(spec)
    frozen = convert_variables_to_constants_v2(traced)

    def call(inputs: Mapping[str, Tensor]) -> dict[str, Any]:
        answer = frozen(tf.constant(inputs[_input(card)]))
        return dict(zip(card.tensors, answer if isinstance(answer, list | tuple) else [answer], strict=True))

    return call


def _saved_model(tf: ModuleType, folder: Path, card: Card) -> Callable[[Mapping[str, Tensor]], dict[str, Any]]:
    """The default signature of a SavedModel."""
    loaded = tf.saved_model.load(str(folder))
    function = loaded.signatures["serving_default"]
    missing = set(card.tensors) - set(function.structured_outputs)
    if missing:
        raise ModelUnavailable(
            f"{card.name}: the signature has no output {', '.join(sorted(missing))}, "
            f"only {', '.join(sorted(function.structured_outputs))}"
        )

    def call(inputs: Mapping[str, Tensor], keep: Any = loaded) -> dict[str, Any]:
        answer = function(**{name: tf.constant(value) for name, value in inputs.items()})
        return {name: answer[name] for name in card.tensors}

    return call


def _graph(tf: ModuleType, graph: Any, card: Card) -> Callable[[Mapping[str, Tensor]], dict[str, Any]]:
    """A frozen graph pruned to the way from the card's input to its outputs."""
    wrapped = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(graph, name=""), [])
    function = wrapped.prune(_tensor(_input(card)), [_tensor(name) for name in card.tensors])

    def call(inputs: Mapping[str, Tensor], keep: Any = wrapped) -> dict[str, Any]:
        return dict(zip(card.tensors, function(tf.constant(inputs[_input(card)])), strict=True))

    return call


def _input(card: Card) -> str:
    return card.input.name if card.input else ""


def _tensor(name: str) -> str:
    return name if ":" in name else f"{name}:0"
