"""Owns folding a network's "focus" into its first convolution: the same numbers, without copying the picture.

YOLOX takes the four pixels of each 2×2 square apart (eight slices and a concatenation) before a convolution of k×k. One
convolution of 2k×2k with twice the stride over the whole picture computes the same sums.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

Constants = Mapping[str, NDArray[np.generic]]
_EVERY_SECOND, _ROWS, _COLUMNS = 2, 2, 3
_DEPTH = 4


@dataclass(frozen=True, slots=True)
class _Focus:
    """A concatenation of four half pictures and the convolution over it; `offsets` are (row, column) of each part."""

    source: str
    offsets: tuple[tuple[int, int], ...]
    convolution: onnx.NodeProto
    nodes: tuple[onnx.NodeProto, ...]


def fold_focus(graph: onnx.GraphProto) -> bool:
    """Fold the focus of a graph, in place; False, and nothing changed, where there is none of the known kind."""
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    found = next((f for node in graph.node if (f := _focus_before(node, graph, constants)) is not None), None)
    if found is None:
        return False
    weights = constants[found.convolution.input[1]]
    _replace(graph, found.convolution.input[1], _unfolded(weights, found.offsets))
    found.convolution.input[0] = found.source
    for attribute in found.convolution.attribute:
        if attribute.name in ("kernel_shape", "pads", "strides"):
            attribute.ints[:] = [2 * value for value in attribute.ints]
    for node in found.nodes:
        graph.node.remove(node)
    return True


def _unfolded(weights: NDArray[np.generic], offsets: tuple[tuple[int, int], ...]) -> NDArray[np.generic]:
    """Weights [out, parts · channels, k, k] over the parts as weights [out, channels, 2k, 2k] over the picture."""
    out, stacked, rows, columns = weights.shape
    channels = stacked // len(offsets)
    wide = np.zeros((out, channels, 2 * rows, 2 * columns), weights.dtype)
    for part, (row, column) in enumerate(offsets):
        wide[:, :, row::2, column::2] = weights[:, part * channels : (part + 1) * channels]
    return wide


def _focus_before(node: onnx.NodeProto, graph: onnx.GraphProto, constants: Constants) -> _Focus | None:
    """What `node`, a plain convolution with weights of its own, has before it, if that is a focus."""
    makers = {name: maker for maker in graph.node for name in maker.output}
    joined = makers.get(node.input[0]) if node.op_type == "Conv" else None
    if joined is None or joined.op_type != "Concat" or len(joined.input) != _DEPTH or not _is_plain(node):
        return None
    ways = [_way(makers, name, constants) for name in joined.input]
    if any(way is None for way in ways):
        return None
    (source, *others), offsets, slices = zip(*(way for way in ways if way is not None), strict=True)
    nodes = {made.output[0]: made for part in (*slices, (joined,)) for made in part}
    inner = {name for made in nodes.values() for name in made.output}
    used_outside = any(n is not node and n.output[0] not in inner and inner & {*n.input} for n in graph.node)
    users = sum(node.input[1] in n.input for n in graph.node)
    four = {(0, 0), (0, 1), (1, 0), (1, 1)}
    if {*others} - {source} or {*offsets} != four or used_outside or users != 1 or node.input[1] not in constants:
        return None
    return _Focus(source, tuple(offsets), node, tuple(nodes.values()))


def _is_plain(convolution: onnx.NodeProto) -> bool:
    """One group, no dilation, and padding that is written down."""
    said = {a.name: a for a in convolution.attribute}
    one_group = "group" not in said or said["group"].i == 1
    dense = "dilations" not in said or all(value == 1 for value in said["dilations"].ints)
    return one_group and dense and {"kernel_shape", "pads", "strides"} <= said.keys()


def _way(
    makers: Mapping[str, onnx.NodeProto], name: str, constants: Constants
) -> tuple[str, tuple[int, int], tuple[onnx.NodeProto, ...]] | None:
    """From a picture by two slices to `name`: the picture's name, the row and column begun with, the slices."""
    starts: dict[int, int] = {}
    slices: list[onnx.NodeProto] = []
    while (made := makers.get(name)) is not None and made.op_type == "Slice" and len(made.input) == 5:
        given = [constants.get(part) for part in made.input[1:]]
        if any(value is None or value.size != 1 for value in given):
            return None
        start, end, axis, step = (int(value.item()) for value in given if value is not None)
        if axis not in (_ROWS, _COLUMNS) or step != _EVERY_SECOND or axis in starts or end < np.iinfo(np.int32).max:
            return None
        starts[axis] = start
        slices.append(made)
        name = made.input[0]
    return (name, (starts[_ROWS], starts[_COLUMNS]), tuple(slices)) if len(starts) == len((_ROWS, _COLUMNS)) else None


def _replace(graph: onnx.GraphProto, name: str, value: NDArray[np.generic]) -> None:
    tensor = next(tensor for tensor in graph.initializer if tensor.name == name)
    tensor.CopyFrom(numpy_helper.from_array(value, name))
