"""The onnx runtime: a baked-in batch made dynamic, and no silent way from GPU to CPU."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from inference.cards import read_card
from inference.runtimes import Compute, load_runtime
from inference.runtimes.onnx_batch import with_dynamic_batch
from pipeline.contracts.errors import ModelUnavailable
from tests.unit.inference.factories import boxes_body, brightness_detector, fixed_batch_network, write_card


def test_a_fixed_batch_becomes_dynamic() -> None:
    session = onnxruntime.InferenceSession(with_dynamic_batch(fixed_batch_network()))
    batch = np.arange(5 * 12, dtype=np.float32).reshape(5, 3, 2, 2)
    assert np.array_equal(session.run(None, {"input": batch})[0], batch.reshape(5, 3, 4))


def test_the_card_asks_for_it(tmp_path: Path) -> None:
    body = boxes_body().replace("max = 8", "max = 8\nmake_dynamic = true")
    card = read_card(write_card(tmp_path, "fixed", fixed_batch_network(), body))
    runtime = load_runtime(card, tmp_path / "models" / "fixed", Compute())
    answer = runtime.run({"input": np.zeros((3, 3, 2, 2), np.float32)})
    assert {name: value.shape for name, value in answer.items()} == {"found": (3, 3, 4)}


@pytest.mark.skipif("CUDAExecutionProvider" in onnxruntime.get_available_providers(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    card = read_card(write_card(tmp_path, "tiny", brightness_detector(), boxes_body()))
    with pytest.raises(ModelUnavailable, match="no CUDA provider"):
        load_runtime(card, tmp_path / "models" / "tiny", Compute(gpu=True))
    assert load_runtime(card, tmp_path / "models" / "tiny", Compute()).device == "CPUExecutionProvider"
