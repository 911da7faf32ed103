"""Owns rebuilding a TensorFlow.js graph model as a GraphDef: weights put back, fused operations taken apart."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from inference.arrays import Tensor

_FUSED = {
    "_FusedConv2D": "Conv2D",
    "FusedConv2D": "Conv2D",
    "FusedDepthwiseConv2dNative": "DepthwiseConv2dNative",
    "_FusedDepthwiseConv2dNative": "DepthwiseConv2dNative",
    "_FusedMatMul": "MatMul",
    "FusedMatMul": "MatMul",
}
_FUSED_ATTRIBUTES = {"fused_ops", "num_args", "epsilon", "leakyrelu_alpha", "num_host_args", "host_args", "TArgs"}


def read_graph(tf: ModuleType, path: Path) -> Any:
    """The GraphDef of the model whose `model.json` is `path`; the weight shards lie beside it.

    Format: https://github.com/tensorflow/tfjs, `io.ModelJSON` and its weights manifest; attributes are protobuf
    JSON. Raises ValueError for a fused operation that is not known.
    """
    from google.protobuf import json_format  # type: ignore[import-untyped]

    model = json.loads(path.read_text("utf-8"))
    weights = read_weights(model["weightsManifest"], path.parent)
    graph = tf.compat.v1.GraphDef()
    for node in model["modelTopology"]["node"]:
        for plain in _unfused(node):
            json_format.ParseDict({**plain, "device": ""}, graph.node.add())
    for node in graph.node:
        if node.op == "Const":
            value = weights[node.name]
            node.attr["dtype"].type = tf.as_dtype(value.dtype).as_datatype_enum
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value, shape=value.shape))
    return graph


def read_weights(manifest: list[dict[str, Any]], folder: Path) -> dict[str, Tensor]:
    """The weights of a manifest by name, in the type that the graph computes with."""
    found: dict[str, Tensor] = {}
    for group in manifest:
        data = b"".join((folder / name).read_bytes() for name in group["paths"])
        offset = 0
        for entry in group["weights"]:
            stored = np.dtype(entry.get("quantization", {}).get("dtype", entry["dtype"]))
            count = int(np.prod(entry["shape"], dtype=np.int64))
            raw = np.frombuffer(data, stored, count, offset).reshape(entry["shape"])
            found[entry["name"]] = _dequantized(raw, entry)
            offset += raw.nbytes
    return found


def _dequantized(raw: Tensor, entry: dict[str, Any]) -> Tensor:
    """float16 is widened; uint8 and uint16 are value · scale + min."""
    quantization = entry.get("quantization")
    if quantization is None:
        return raw
    if quantization["dtype"] == "float16":
        return raw.astype(np.float32)
    widened: Tensor = raw.astype(np.float32) * quantization["scale"] + quantization["min"]
    return widened.astype(entry["dtype"])


def _unfused(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A node as TensorFlow knows it: a fused one becomes the operation, its bias and its activation in a row.

    The last one keeps the name, so that whoever reads it need not change.
    """
    if node["op"] not in _FUSED:
        yield node
        return
    steps = [base64.b64decode(s).decode() for s in node["attr"]["fused_ops"]["list"].get("s", [])]
    attributes = {k: v for k, v in node["attr"].items() if k not in _FUSED_ATTRIBUTES}
    kind, extra = {"T": node["attr"]["T"]}, iter(node["input"][2:])
    names = [f"{node['name']}/unfused_{i}" for i in range(len(steps))] + [node["name"]]
    yield {"name": names[0], "op": _FUSED[node["op"]], "input": node["input"][:2], "attr": attributes}
    for before, name, step in zip(names, names[1:], steps, strict=False):
        if step == "BiasAdd":
            yield {"name": name, "op": "BiasAdd", "input": [before, next(extra)], "attr": kind}
        elif step == "Prelu":
            yield from _prelu(name, before, next(extra), kind)
        elif step in ("Relu", "Relu6", "Elu", "Sigmoid", "Tanh"):
            yield {"name": name, "op": step, "input": [before], "attr": kind}
        elif step == "LeakyRelu":
            alpha = {"alpha": node["attr"].get("leakyrelu_alpha", {"f": 0.2})}
            yield {"name": name, "op": step, "input": [before], "attr": kind | alpha}
        else:
            raise ValueError(f"the node {node['name']} fuses {step}, which is not known")


def _prelu(name: str, before: str, slope: str, kind: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """PReLU(x) = relu(x) − slope · relu(−x)."""
    yield {"name": f"{name}/positive", "op": "Relu", "input": [before], "attr": kind}
    yield {"name": f"{name}/minus", "op": "Neg", "input": [before], "attr": kind}
    yield {"name": f"{name}/negative", "op": "Relu", "input": [f"{name}/minus"], "attr": kind}
    yield {"name": f"{name}/scaled", "op": "Mul", "input": [f"{name}/negative", slope], "attr": kind}
    yield {"name": name, "op": "Sub", "input": [f"{name}/positive", f"{name}/scaled"], "attr": kind}
