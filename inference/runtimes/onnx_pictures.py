"""Owns feeding a network the bytes of its pictures: what makes numbers of them becomes part of the network."""

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from inference.cards import InputSpec

_CHANNELS_FIRST = (0, 3, 1, 2)


def pictures_of(spec: InputSpec) -> InputSpec:
    """What is fed to a network that takes pictures: bytes [N, height, width, channels], nothing scaled."""
    return spec.model_copy(update={"layout": "nhwc", "dtype": "uint8", "scale": 1.0, "offset": 0.0})


def take_pictures(graph: onnx.GraphProto, spec: InputSpec) -> None:
    """Have the graph's input take what `pictures_of` says, in place: a quarter of the bytes to carry to a GPU.

    The values are those that are made outside otherwise: x · scale + offset, in float32.
    """
    given = next(value for value in graph.input if value.name == spec.name)
    shape = [d.dim_param or d.dim_value or None for d in given.type.tensor_type.shape.dim]
    inner = f"{spec.name}/numbers"
    for node in graph.node:
        node.input[:] = [inner if name == spec.name else name for name in node.input]
    before = list(graph.node)
    del graph.node[:]
    graph.node.extend([*_steps(graph, spec, inner), *before])
    if spec.layout == "nchw":
        shape = [shape[0], *shape[2:], shape[1]]
    given.CopyFrom(helper.make_tensor_value_info(spec.name, TensorProto.UINT8, shape))


def _steps(graph: onnx.GraphProto, spec: InputSpec, target: str) -> Iterator[onnx.NodeProto]:
    """The operations from the pictures to `target`; the last of them gives it its name."""
    steps: list[tuple[str, tuple[str, ...], dict[str, object]]] = []
    if spec.layout == "nchw":
        steps.append(("Transpose", (), {"perm": _CHANNELS_FIRST}))
    if spec.dtype == "float32":
        steps.append(("Cast", (), {"to": TensorProto.FLOAT}))
    if spec.scale != 1:
        steps.append(("Mul", (_constant(graph, f"{target}/scale", spec.scale),), {}))
    if spec.offset:
        steps.append(("Add", (_constant(graph, f"{target}/offset", spec.offset),), {}))
    steps = steps or [("Identity", (), {})]
    names = [spec.name, *(f"{target}/{number}" for number in range(1, len(steps))), target]
    for (kind, more, attributes), given, made in zip(steps, names, names[1:], strict=False):
        yield helper.make_node(kind, [given, *more], [made], **attributes)


def _constant(graph: onnx.GraphProto, name: str, value: float) -> str:
    graph.initializer.append(numpy_helper.from_array(np.array(value, np.float32), name))
    return name
