"""Owns making a batch dimension of 1 that is baked into an ONNX file dynamic."""

from collections.abc import Iterator

import onnx
from onnx import numpy_helper

BATCH = "batch"


def with_dynamic_batch(model: bytes) -> bytes:
    """The same network taking any number of pictures."""
    proto = onnx.load_from_string(model)
    free_the_batch(proto.graph)
    return bytes(proto.SerializeToString())


def free_the_batch(graph: onnx.GraphProto) -> None:
    """Have a graph take any number of pictures, in place.

    The first dimension of inputs and outputs becomes symbolic; a Reshape target that begins with 1 keeps the
    first dimension of its input instead (0 in the ONNX specification). Right for networks that reshape per
    picture only, which is what a card states by `make_dynamic`.
    """
    constants = {i.name for i in graph.initializer}
    for value in (*graph.input, *graph.output):
        if value.name not in constants:
            value.type.tensor_type.shape.dim[0].dim_param = BATCH
    targets = {node.input[1] for node in graph.node if node.op_type == "Reshape"}
    for tensor in _constants(graph, targets):
        shape = numpy_helper.to_array(tensor).copy()
        if shape.ndim == 1 and len(shape) > 1 and shape[0] == 1:
            shape[0] = 0
            tensor.CopyFrom(numpy_helper.from_array(shape, tensor.name))
    del graph.value_info[:]


def _constants(graph: onnx.GraphProto, names: set[str]) -> Iterator[onnx.TensorProto]:
    """The tensors behind `names`, whether initializers or Constant nodes."""
    yield from (tensor for tensor in graph.initializer if tensor.name in names)
    for node in graph.node:
        if node.op_type == "Constant" and node.output[0] in names:
            yield from (attribute.t for attribute in node.attribute if attribute.name == "value")
