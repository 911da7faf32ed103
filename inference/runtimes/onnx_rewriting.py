"""Owns what is changed in an ONNX file when it is loaded: the batch, the first convolution, the input."""

import onnx

from inference.cards import Card
from inference.runtimes.onnx_batch import free_the_batch
from inference.runtimes.onnx_focus import fold_focus
from inference.runtimes.onnx_pictures import take_pictures


def rewritten(model: bytes, card: Card, *, pictures: bool) -> bytes:
    """The network as it is run; `pictures` has it take bytes instead of prepared numbers."""
    proto = onnx.load_from_string(model)
    if card.batch.make_dynamic:
        free_the_batch(proto.graph)
    fold_focus(proto.graph)
    if pictures and card.input is not None:
        take_pictures(proto.graph, card.input)
    del proto.graph.value_info[:]
    return bytes(proto.SerializeToString())
