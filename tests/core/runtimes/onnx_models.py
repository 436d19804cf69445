"""Tiny ONNX models for the tests, each built node by node."""

# ruff: noqa: ANN401 - tensors of any element type

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

FLOAT, INT64, STRING = TensorProto.FLOAT, TensorProto.INT64, TensorProto.STRING

tensor = helper.make_tensor_value_info


def node(operator: str, inputs: Sequence[str], outputs: Sequence[str], **kw: Any) -> Any:
    return helper.make_node(operator, list(inputs), list(outputs), **kw)


def ml_node(operator: str, inputs: Sequence[str], outputs: Sequence[str], **kw: Any) -> Any:
    return node(operator, inputs, outputs, domain="ai.onnx.ml", **kw)


def model(
    nodes: Sequence[Any],
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    *,
    constants: Sequence[Any] = (),
    opset: int = 17,
    ir: int = 8,
    metadata: dict[str, str] | None = None,
    domains: Sequence[str] = (),
) -> onnx.ModelProto:
    graph = helper.make_graph(list(nodes), "tiny", list(inputs), list(outputs), list(constants))
    opsets = [("", opset), ("ai.onnx.ml", 3), *((domain, 1) for domain in domains)]
    made = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid(*each) for each in opsets],
        ir_version=ir,
        producer_name="slipway-tests",
    )
    helper.set_model_props(made, metadata or {})
    return made


def write(made: onnx.ModelProto, path: Path) -> Path:
    path.write_bytes(made.SerializeToString())
    return path


def identity(*inputs: Any, **kw: Any) -> onnx.ModelProto:
    """Return a graph that gives each of its inputs back as `<name>_out`."""
    nodes = [node("Identity", [i.name], [f"{i.name}_out"]) for i in inputs]
    outputs = [helper.make_value_info(f"{i.name}_out", i.type) for i in inputs]
    return model(nodes, inputs, outputs, **kw)


def linear_classifier(*, zipmap: bool = True, labels: Sequence[Any] = ("no", "yes")) -> Any:
    """Return a logistic regression over two features, `x`, with its labels."""
    named = "classlabels_strings" if isinstance(labels[0], str) else "classlabels_ints"
    nodes = [
        ml_node(
            "LinearClassifier",
            ["x"],
            ["label", "scores"],
            coefficients=[-1.0, 2.0, 1.0, -2.0],
            intercepts=[0.1, -0.1],
            post_transform="SOFTMAX",
            **{named: list(labels)},
        )
    ]
    kind = STRING if isinstance(labels[0], str) else INT64
    outputs = [tensor("label", kind, ["N"])]
    if not zipmap:
        return model(
            nodes, [tensor("x", FLOAT, ["N", 2])], [*outputs, tensor("scores", FLOAT, ["N", 2])]
        )
    zipped = "classlabels_strings" if isinstance(labels[0], str) else "classlabels_int64s"
    nodes.append(ml_node("ZipMap", ["scores"], ["zipped"], **{zipped: list(labels)}))
    value = helper.make_tensor_type_proto(FLOAT, None)
    map_type = helper.make_sequence_type_proto(helper.make_map_type_proto(kind, value))
    outputs.append(helper.make_value_info("zipped", map_type))
    return model(nodes, [tensor("x", FLOAT, ["N", 2])], outputs)
