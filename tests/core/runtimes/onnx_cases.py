"""What the ONNX files by others are held against: the outputs that came with them.

A file without outputs of its own is held against onnxruntime called by hand.
"""

# ruff: noqa: ANN401 - tensors of any element type

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

from core.runtimes.base import PREDICTION
from tests.core.runtimes.opened import MATERIAL, Record

ONNX = MATERIAL / "onnx"


@dataclass(frozen=True)
class Case:
    """Records, and what a part of each answer must be."""

    records: list[Record]
    expected: list[Record]


def scalars(prefix: str, table: Any) -> list[Record]:
    return [{f"{prefix}_{i}": float(v) for i, v in enumerate(row)} for row in np.asarray(table)]


def direct(file: str, **feed: Any) -> list[Any]:
    session = onnxruntime.InferenceSession(ONNX / file)
    return list(session.run(None, feed))


def rows(*shape: int) -> Any:
    return np.random.default_rng(7).uniform(0, 1, shape).astype(np.float32)


def npz(name: str) -> Any:
    return np.load(ONNX / "tract" / f"{name}.io.npz")


def protobuf(file: str) -> Any:
    return numpy_helper.to_array(onnx.TensorProto.FromString((ONNX / file).read_bytes()))


def from_json(file: str) -> Any:
    return json.loads((ONNX / file).read_text())


def super_resolution() -> Case:
    image = rows(2, 1, 224, 224)
    (expected,) = direct("image/pytorch_super_resolution.onnx", input=image)
    return Case([{"input": one.tolist()} for one in image], [{"output": one} for one in expected])


def upsample() -> Case:
    image = rows(1, 5, 7, 3)
    (expected,) = direct("image/upsample_nhwc.onnx", **{"up_sampling2d_input:0": image})
    return Case([{"up_sampling2d_input:0": image[0].tolist()}], [{"Identity:0": expected[0]}])


def mnist_optimised() -> Case:
    image = rows(1, 1, 28, 28)
    (expected,) = direct("image/wonnx_opt-mnist.onnx", Input3=image)
    return Case([{"Input3": image[0].tolist()}], [_best(expected[0])])


def mnist() -> Case:
    folder = "mnist-ai-serving"
    request = from_json(f"{folder}/mnist_request_0.json")["X"][0]["Input3"][0]
    response = from_json(f"{folder}/mnist_response_0.json")["result"][0]["Plus214_Output_0"][0]
    images = [protobuf(f"{folder}/mnist_input_{i}.pb")[0].tolist() for i in (0, 1)]
    outputs = [protobuf(f"{folder}/mnist_output_{i}.pb")[0] for i in (0, 1)]
    records = [{"Input3": image} for image in [*images, request]]
    return Case(records, [_best(output) for output in [*outputs, response]])


def _best(scores: Any) -> Record:
    named = {f"score_{i}": float(score) for i, score in enumerate(scores)}
    return {PREDICTION: int(np.argmax(scores)), **named}


def imagenet(name: str, output: str) -> Callable[[], Case]:
    def case() -> Case:
        image = (np.arange(3 * 224 * 224, dtype=np.float32) / (3 * 224 * 224)).tolist()
        expected = protobuf(f"onnx-light/{output}").ravel()
        return Case([{name: image}], [{f"probability_{i}": v for i, v in enumerate(expected)}])

    return case


def expand() -> Case:
    folder = "onnx-simple/test_expand_shape_model1/test_data_set_0"
    x, shape, y = (protobuf(f"{folder}/{n}.pb") for n in ("input_0", "input_1", "output_0"))
    record = {"X": x.tolist(), "shape_0": int(shape[0]), "shape_1": int(shape[1])}
    return Case([record], [{"Y": y}])


def normalised_texts() -> Case:
    folder = "onnx-simple/test_strnorm_model_nostopwords_nochangecase/test_data_set_0"
    texts, expected = protobuf(f"{folder}/input_0.pb"), protobuf(f"{folder}/output_0.pb")
    return Case([{"x": text} for text in texts], [{PREDICTION: text} for text in expected])


def bike_sharing() -> Case:
    feed = {str(i): np.array([i % 3], np.int64) for i in range(1, 9)}
    (expected,) = direct("onnxmltools/coreml_OneHotEncoder_BikeSharing.onnx", **feed)
    record: Record = {name: int(value[0]) for name, value in feed.items()}
    return Case([record], [{f"transformed_features_{i}": v for i, v in enumerate(expected[0])}])


def logreg_iris() -> Case:
    table = rows(3, 2) * 5
    labels, zipped = direct("onnxruntime-pip/logreg_iris.onnx", float_input=table)
    return Case(
        scalars("float_input", table), [_zipped(*z) for z in zip(labels, zipped, strict=True)]
    )


def _zipped(label: Any, probabilities: dict[Any, float]) -> Record:
    return {PREDICTION: label, **{f"probability_{k}": v for k, v in probabilities.items()}}


def elementwise(file: str, name: str, output: str, table: Any) -> Callable[[], Case]:
    def case() -> Case:
        (expected,) = direct(file, **{name: table})
        return Case([{name: row.tolist()} for row in table], [{output: row} for row in expected])

    return case


def texts_back() -> Case:
    return Case(
        [{"input:0_0": "a", "input:0_1": "é"}, {"input:0_0": "b", "input:0_1": "two words"}],
        [{"output:0_0": "a", "output:0_1": "é"}, {"output:0_0": "b", "output:0_1": "two words"}],
    )


def logical_and() -> Case:
    names = ("input1:0_0", "input1:0_1", "input:0_0", "input:0_1")
    cells = [(True, True, True, False), (False, True, True, True), (True, True, True, True)]
    return Case(
        [dict(zip(names, row, strict=True)) for row in cells],
        [{"output:0_0": a and c, "output:0_1": b and d} for a, b, c, d in cells],
    )


def lightgbm() -> Case:
    said = from_json("onnxruntime-ruby/lightgbm.expected.json")
    expected: list[Record] = [{PREDICTION: label} for label in said["labels"]]
    expected[0] |= {f"probability_{i}": p for i, p in enumerate(said["probabilities_row0"])}
    return Case(scalars("input", said["rows"]), expected)


def random_forest() -> Case:
    said = from_json("onnxruntime-ruby/randomforest.expected.json")
    zipped = zip(said["output_label"], said["output_probability"], strict=True)
    return Case(scalars("float_input", said["float_input"]), [_zipped(*z) for z in zipped])


def seq_map_int() -> Case:
    said = from_json("onnxruntime-tests/seq_map_int.expected.json")
    zipped = zip(said["label"], said["probabilities"], strict=True)
    return Case(scalars("input", said["input"]), [_zipped(*z) for z in zipped])


def tree_without_width() -> Case:
    table = rows(4, 10)
    labels, scores = direct("sklearn-onnx/treecl3.onnx", input=table)
    return Case(
        scalars("input", table),
        [
            {PREDICTION: label, **{f"score_{i}": v for i, v in enumerate(score)}}
            for label, score in zip(labels, scores, strict=True)
        ],
    )


def deconvolution() -> Case:
    io = npz("deconv_group")
    return Case([{"input": io["input"][0].tolist()}], [{"output": io["output"][0]}])


def keras() -> Case:
    io = npz("keras_example")
    return Case(scalars("main_input_input", io["input"]), [{PREDICTION: io["output"][0, 0]}])


def lightgbm_as_tensors() -> Case:
    io = npz("lgbm_classifier_tensor")
    probabilities = io["probabilities"][0]
    expected: Record = {f"probability_{i}": v for i, v in enumerate(probabilities)}
    return Case(scalars("input", io["input"]), [expected | {PREDICTION: probabilities.argmax()}])


def xgboost() -> Case:
    io = npz("xgboost_regressor_tree")
    return Case(scalars("input", io["input"]), [{PREDICTION: io["variable"][0]}])


def tribuo() -> Case:
    table = rows(5, 4) * 5
    (expected,) = direct("tribuo/iris-lr-model.onnx", input=table)
    return Case(
        scalars("input", table),
        [
            {PREDICTION: row.argmax(), **{f"probability_{i}": v for i, v in enumerate(row)}}
            for row in expected
        ],
    )


SCORED: dict[str, Callable[[], Case]] = {
    "image/pytorch_super_resolution.onnx": super_resolution,
    "image/upsample_nhwc.onnx": upsample,
    "image/wonnx_opt-mnist.onnx": mnist_optimised,
    "mnist-ai-serving/mnist.onnx": mnist,
    "onnx-light/light_resnet50.onnx": imagenet("gpu_0/data_0", "light_resnet50_output_0.pb"),
    "onnx-light/light_squeezenet.onnx": imagenet("data_0", "light_squeezenet_output_0.pb"),
    "onnx-simple/test_expand_shape_model1/model.onnx": expand,
    "onnx-simple/test_strnorm_model_nostopwords_nochangecase/model.onnx": normalised_texts,
    "onnxmltools/coreml_OneHotEncoder_BikeSharing.onnx": bike_sharing,
    "onnxruntime-pip/logreg_iris.onnx": logreg_iris,
    "onnxruntime-pip/sigmoid.onnx": elementwise(
        "onnxruntime-pip/sigmoid.onnx", "x", "y", rows(3, 4, 5)
    ),
    "onnxruntime-ruby/abs_free_dimensions.onnx": elementwise(
        "onnxruntime-ruby/abs_free_dimensions.onnx", "x", "y", rows(2, 4, 5) - 0.5
    ),
    "onnxruntime-ruby/identity_string.onnx": texts_back,
    "onnxruntime-ruby/lightgbm.onnx": lightgbm,
    "onnxruntime-ruby/logical_and.onnx": logical_and,
    "onnxruntime-ruby/randomforest.onnx": random_forest,
    "onnxruntime-tests/seq_map_int_float.onnx": seq_map_int,
    "sklearn-onnx/treecl3.onnx": tree_without_width,
    "tract/deconv_group.onnx": deconvolution,
    "tract/keras_example.onnx": keras,
    "tract/lgbm_classifier_tensor.onnx": lightgbm_as_tensors,
    "tract/xgboost_regressor_tree.onnx": xgboost,
    "tribuo/iris-lr-model.onnx": tribuo,
}
