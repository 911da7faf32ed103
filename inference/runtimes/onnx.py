"""Owns running ONNX files with onnxruntime, on CPU or CUDA."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnxruntime

from inference.arrays import Tensor
from inference.cards import Card, InputSpec
from inference.runtimes import Compute
from inference.runtimes.onnx_binding import Bound
from pipeline.contracts.errors import ModelUnavailable

_CUDA, _CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
_CUDA_OPTIONS = {"cudnn_conv_algo_search": "HEURISTIC"}
"""An exhaustive search of algorithms, the default, takes seconds for each new size of batch."""


class OnnxRuntime:
    """One session. Small models gain nothing from spinning threads, and neighbours lose by it."""

    def __init__(self, model: bytes, given: InputSpec, outputs: tuple[str, ...], compute: Compute) -> None:
        self._outputs = list(outputs)
        self._input = given
        self._session = onnxruntime.InferenceSession(model, _options(compute.threads), providers=_providers(compute))
        if compute.on_gpu and self.device != _CUDA:
            raise ModelUnavailable(f"a GPU is asked for, but onnxruntime runs on {self.device}: check CUDA and cuDNN")
        where = "cuda" if compute.on_gpu else "cpu"
        self._bound = Bound(self._session, given.name, self._outputs, where) if compute.gpu else None

    @property
    def device(self) -> str:
        """The first execution provider in use."""
        return str(self._session.get_providers()[0])

    @property
    def input(self) -> InputSpec:
        """How pictures are made into its input."""
        return self._input

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The tensors that the card's output names."""
        if self._bound is not None:
            return self._bound.run(inputs[self._input.name])
        return dict(zip(self._outputs, self._session.run(self._outputs, dict(inputs)), strict=True))


def load(card: Card, folder: Path, compute: Compute) -> OnnxRuntime:
    """The session of the card's one file. Raises ModelUnavailable when a GPU is asked for and none can be used."""
    if compute.on_gpu and _CUDA not in onnxruntime.get_available_providers():
        raise ModelUnavailable(
            "a GPU is asked for, but this onnxruntime has no CUDA provider: install onnxruntime-gpu (extra 'gpu')"
        )
    if card.input is None:
        raise ModelUnavailable(f"the card of {card.name} has no input")
    model = (folder / card.files[0].file).read_bytes()
    if not compute.gpu and not card.batch.make_dynamic:
        return OnnxRuntime(model, card.input, card.tensors, compute)
    # Rewriting takes a library of 15 MB, which a card that does not want it need not pay.
    from inference.runtimes.onnx_pictures import pictures_of
    from inference.runtimes.onnx_rewriting import rewritten

    given = pictures_of(card.input) if compute.gpu else card.input
    return OnnxRuntime(rewritten(model, card, pictures=compute.gpu), given, card.tensors, compute)


def _providers(compute: Compute) -> list[Any]:
    return [(_CUDA, _CUDA_OPTIONS), _CPU] if compute.on_gpu else [_CPU]


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
