"""Owns running ONNX files with onnxruntime, on CPU or CUDA."""

from collections.abc import Mapping
from pathlib import Path

import onnxruntime

from inference.arrays import Tensor
from inference.cards import Card
from inference.runtimes import Compute
from pipeline.contracts.errors import ModelUnavailable

_CUDA, _CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


class OnnxRuntime:
    """One session. Small models gain nothing from spinning threads, and neighbours lose by it."""

    def __init__(self, model: bytes, outputs: tuple[str, ...], compute: Compute) -> None:
        self._outputs = list(outputs)
        self._session = onnxruntime.InferenceSession(
            model, _options(compute.threads), providers=[_CUDA, _CPU] if compute.gpu else [_CPU]
        )
        if compute.gpu and self.device != _CUDA:
            raise ModelUnavailable(f"a GPU is asked for, but onnxruntime runs on {self.device}: check CUDA and cuDNN")

    @property
    def device(self) -> str:
        """The first execution provider in use."""
        return str(self._session.get_providers()[0])

    def run(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The tensors that the card's output names."""
        return dict(zip(self._outputs, self._session.run(self._outputs, dict(inputs)), strict=True))


def load(card: Card, folder: Path, compute: Compute) -> OnnxRuntime:
    """The session of the card's one file. Raises ModelUnavailable when a GPU is asked for and none can be used."""
    if compute.gpu and _CUDA not in onnxruntime.get_available_providers():
        raise ModelUnavailable(
            "a GPU is asked for, but this onnxruntime has no CUDA provider: install onnxruntime-gpu (extra 'gpu')"
        )
    model = (folder / card.files[0].file).read_bytes()
    return OnnxRuntime(_dynamic(model) if card.batch.make_dynamic else model, card.tensors, compute)


def _dynamic(model: bytes) -> bytes:
    """With any batch; the library for that takes 15 MB, which a card that does not want it need not pay."""
    from inference.runtimes.onnx_batch import with_dynamic_batch

    return with_dynamic_batch(model)


def _options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
