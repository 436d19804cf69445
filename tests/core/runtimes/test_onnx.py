from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from core.errors import InvalidModel, Overloaded
from core.runtimes.base import ERROR_COLUMN, PREDICTION
from core.runtimes.onnx import OnnxRuntime
from core.schema import DataType, Optype
from tests.core.runtimes.onnx_models import (
    FLOAT,
    INT64,
    STRING,
    identity,
    linear_classifier,
    ml_node,
    model,
    node,
    tensor,
    write,
)
from tests.core.runtimes.opened import Opened, open_model


def opened(made: onnx.ModelProto, folder: Path, seconds: float = 60) -> Opened:
    return open_model(OnnxRuntime(seconds), write(made, folder / "model.onnx"), folder)


def constant(name: str, values: object, kind: type = np.float32) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(values, dtype=kind), name)


def refusal(made: onnx.ModelProto, folder: Path) -> str:
    with pytest.raises(InvalidModel) as caught:
        opened(made, folder)
    return caught.value.message


# --- inputs ----------------------------------------------------------------------------------


def test_each_named_input_is_a_field_of_its_own_type(tmp_path: Path) -> None:
    made = identity(
        tensor("age", FLOAT, ["N", 1]),
        tensor("visits", INT64, ["N"]),
        tensor("city", STRING, ["N", 1]),
        tensor("member", TensorProto.BOOL, ["N"]),
    )
    found = opened(made, tmp_path)
    assert [(f.name, f.type, f.dimension) for f in found.info.inputs] == [
        ("age", DataType.FLOAT, "scalar"),
        ("visits", DataType.INTEGER, "scalar"),
        ("city", DataType.STRING, "scalar"),
        ("member", DataType.BOOLEAN, "scalar"),
    ]
    answer = found.answer({"age": 41.5, "visits": 3, "city": "Köln", "member": True})
    assert list(answer.values()) == [41.5, 3, "Köln", True, None]


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("FLOAT", 1.5),
        ("DOUBLE", 0.1),
        ("FLOAT16", 0.5),
        ("INT8", -128),
        ("INT16", -32768),
        ("INT32", 2**31 - 1),
        ("INT64", -(2**62)),
        ("UINT8", 255),
        ("UINT16", 65535),
        ("UINT32", 2**32 - 1),
        ("UINT64", 2**63 - 1),
        ("BOOL", True),
        ("STRING", "two words"),
    ],
)
def test_every_element_type_goes_in_and_comes_out_whole(
    element: str, value: object, tmp_path: Path
) -> None:
    made = identity(tensor("x", getattr(TensorProto, element), ["N"]))
    assert opened(made, tmp_path).answer({"x": value})[PREDICTION] == value


@pytest.mark.parametrize(("element", "value"), [("INT8", 128), ("UINT8", -1), ("UINT64", -1)])
def test_a_number_that_does_not_fit_its_type_is_an_error_and_never_wraps(
    element: str, value: int, tmp_path: Path
) -> None:
    made = identity(tensor("x", getattr(TensorProto, element), ["N"]))
    answer = opened(made, tmp_path).answer({"x": value})
    assert answer[PREDICTION] is None
    assert f"x: {value} is not allowed" in str(answer[ERROR_COLUMN])


def test_a_row_of_features_becomes_fields_that_the_metadata_names(tmp_path: Path) -> None:
    made = linear_classifier()
    helper.set_model_props(made, {"feature_names": '["height", "weight"]'})
    assert opened(made, tmp_path).info.input_schema.names == ["height", "weight"]


def test_names_for_another_number_of_features_are_not_used(tmp_path: Path) -> None:
    made = linear_classifier()
    helper.set_model_props(made, {"feature_names": "height,weight,age"})
    assert opened(made, tmp_path).info.input_schema.names == ["x_0", "x_1"]


def test_more_features_than_a_form_can_show_stay_one_tensor(tmp_path: Path) -> None:
    made = identity(tensor("x", FLOAT, ["N", 2001]))
    found = opened(made, tmp_path)
    assert [f.dimension for f in found.info.inputs] == ["2001"]
    assert len(found.answer({"x": [0.5] * 2001})["x_out"]) == 2001  # type: ignore[arg-type]


def test_an_image_is_a_nested_list_of_its_own_shape(tmp_path: Path) -> None:
    mean = node("GlobalAveragePool", ["image"], ["mean"])
    made = model(
        [mean], [tensor("image", FLOAT, ["N", 3, 4, 4])], [tensor("mean", FLOAT, ["N", 3, 1, 1])]
    )
    found = opened(made, tmp_path)
    image = np.stack([np.full((4, 4), value) for value in (1.0, 2.0, 3.0)]).tolist()
    assert found.info.inputs[0].dimension == "3x4x4"
    assert list(found.answer({"image": image}).values()) == [1.0, 2.0, 3.0, None]


def test_records_with_tensors_of_different_lengths_are_scored_each_by_itself(
    tmp_path: Path,
) -> None:
    total = node("ReduceSum", ["x"], ["total"], axes=[1], keepdims=0)
    made = model(
        [total], [tensor("x", FLOAT, ["N", "T"])], [tensor("total", FLOAT, ["N"])], opset=11
    )
    answers = opened(made, tmp_path).answers([{"x": [1.0, 2.0]}, {"x": [3.0]}, {"x": [1.0] * 9}])
    assert [answer[PREDICTION] for answer in answers] == [3.0, 3.0, 9.0]


def test_an_input_without_axes_takes_one_value(tmp_path: Path) -> None:
    made = model(
        [node("Mul", ["x", "factor"], ["y"])],
        [tensor("x", FLOAT, ["N"]), tensor("factor", FLOAT, [])],
        [tensor("y", FLOAT, ["N"])],
    )
    answers = opened(made, tmp_path).answers([{"x": 2, "factor": 3}, {"x": 2, "factor": 5}])
    assert [answer[PREDICTION] for answer in answers] == [6.0, 10.0]


def test_a_map_is_filled_from_one_field_per_key(tmp_path: Path) -> None:
    value = helper.make_tensor_type_proto(FLOAT, None)
    map_type = helper.make_map_type_proto(STRING, value)
    made = model(
        [ml_node("DictVectorizer", ["words"], ["v"], string_vocabulary=["good", "bad", "ugly"])],
        [helper.make_value_info("words", map_type)],
        [tensor("v", FLOAT, ["N", 3])],
    )
    answers = opened(made, tmp_path).answers([{"good": 2, "ugly": 1}, {"bad": 5}, {}])
    assert [list(answer.values())[:3] for answer in answers] == [[2, 0, 1], [0, 5, 0], [0, 0, 0]]


def test_an_input_with_a_default_may_be_left_out_or_set_for_single_rows(tmp_path: Path) -> None:
    made = model(
        [node("Add", ["x", "offset"], ["y"])],
        [tensor("x", FLOAT, ["N"]), tensor("offset", FLOAT, [1])],
        [tensor("y", FLOAT, ["N"])],
        constants=[constant("offset", [100.0])],
    )
    found = opened(made, tmp_path)
    assert [(f.name, f.required) for f in found.info.inputs] == [("x", True), ("offset", False)]
    answers = found.answers([{"x": 1}, {"x": 1, "offset": 5}, {"x": 2}])
    assert [answer[PREDICTION] for answer in answers] == [101.0, 6.0, 102.0]


def test_weights_that_are_listed_as_inputs_do_not_become_fields(tmp_path: Path) -> None:
    weights = constant("w", [[1.0], [2.0]])
    made = model(
        [node("MatMul", ["x", "w"], ["y"])],
        [tensor("x", FLOAT, ["N", 2]), tensor("w", FLOAT, [2, 1])],
        [tensor("y", FLOAT, ["N", 1])],
        constants=[weights],
    )
    assert opened(made, tmp_path).info.input_schema.names == ["x_0", "x_1"]


def test_two_hundred_named_inputs_are_two_hundred_fields(tmp_path: Path) -> None:
    inputs = [tensor(f"v{i}", FLOAT, ["N", 1]) for i in range(200)]
    sums = node("Sum", [i.name for i in inputs], ["y"])
    found = opened(model([sums], inputs, [tensor("y", FLOAT, ["N", 1])]), tmp_path)
    assert found.answer({f"v{i}": 1 for i in range(200)})[PREDICTION] == 200


def test_fields_that_would_have_the_same_name_are_told_apart(tmp_path: Path) -> None:
    made = identity(tensor("x", FLOAT, ["N", 2]), tensor("x_0", FLOAT, ["N"]))
    assert opened(made, tmp_path).info.input_schema.names == ["x_0", "x_1", "x_0_2"]


def test_an_encoder_behind_an_input_names_its_categories(tmp_path: Path) -> None:
    made = model(
        [ml_node("OneHotEncoder", ["colour"], ["y"], cats_strings=["red", "blue"], zeros=1)],
        [tensor("colour", STRING, ["N", 1])],
        [tensor("y", FLOAT, ["N", 1, 2])],
    )
    found = opened(made, tmp_path)
    assert found.info.inputs[0].categories == ("red", "blue")
    assert found.answer({"colour": "green"})[ERROR_COLUMN] is None


# --- rows ------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 2, 3, 7])
def test_a_fixed_batch_of_three_takes_any_number_of_rows(rows: int, tmp_path: Path) -> None:
    made = model(
        [node("Abs", ["x"], ["y"])], [tensor("x", FLOAT, [3, 1])], [tensor("y", FLOAT, [3, 1])]
    )
    answers = opened(made, tmp_path).answers([{"x": -i} for i in range(rows)])
    assert [answer[PREDICTION] for answer in answers] == list(range(rows))


def test_an_axis_along_which_values_are_compared_is_not_taken_for_that_of_rows(
    tmp_path: Path,
) -> None:
    softmax = node("Softmax", ["x"], ["y"], axis=0)
    made = model([softmax], [tensor("x", FLOAT, [2, 2])], [tensor("y", FLOAT, [2, 2])])
    found = opened(made, tmp_path)
    assert found.info.inputs[0].dimension == "2x2"
    assert found.info.details["rows per run"] == "one record, without an axis for rows"


def test_rows_that_would_change_one_another_are_scored_one_by_one(tmp_path: Path) -> None:
    made = model(
        [
            node("DynamicQuantizeLinear", ["x"], ["q", "scale", "zero"]),
            node("DequantizeLinear", ["q", "scale", "zero"], ["y"]),
        ],
        [tensor("x", FLOAT, ["N", 1])],
        [tensor("y", FLOAT, ["N", 1])],
    )
    found = opened(made, tmp_path)
    alone = found.answer({"x": 1.0})
    assert found.answers([{"x": 1.0}, {"x": 1000.0}])[0] == alone


def test_a_model_that_declares_any_number_of_rows_and_takes_one_gets_one(tmp_path: Path) -> None:
    made = model(
        [node("Reshape", ["x", "shape"], ["y"])],
        [tensor("x", FLOAT, ["N", 2])],
        [tensor("y", FLOAT, ["N", 2])],
        constants=[constant("shape", [1, 2], np.int64)],
    )
    answers = opened(made, tmp_path).answers([{"x_0": 1, "x_1": 2}, {"x_0": 3, "x_1": 4}])
    assert [list(answer.values()) for answer in answers] == [[1, 2, None], [3, 4, None]]


def test_a_row_that_the_engine_refuses_fails_alone(tmp_path: Path) -> None:
    made = model(
        [node("Gather", ["table", "i"], ["y"])],
        [tensor("i", INT64, ["N"])],
        [tensor("y", FLOAT, ["N"])],
        constants=[constant("table", [10.0, 20.0])],
    )
    answers = opened(made, tmp_path).answers([{"i": i} for i in (0, 1, 7, 1, 0, 9)])
    assert [answer[PREDICTION] for answer in answers] == [10, 20, None, 20, 10, None]
    assert "onnxruntime" in str(answers[2][ERROR_COLUMN])
    assert "/onnxruntime_src" not in str(answers[2][ERROR_COLUMN])


def test_a_row_that_gives_no_number_says_so(tmp_path: Path) -> None:
    made = model(
        [node("Sqrt", ["x"], ["y"])], [tensor("x", FLOAT, ["N"])], [tensor("y", FLOAT, ["N"])]
    )
    answers = opened(made, tmp_path).answers([{"x": 4}, {"x": -1}, {"x": 9}])
    assert [answer[PREDICTION] for answer in answers] == [2, None, 3]
    assert answers[1][ERROR_COLUMN] == "The model gives no number for prediction in this row."


def test_a_run_is_ended_at_its_deadline_and_the_next_call_is_answered(tmp_path: Path) -> None:
    body = helper.make_graph(
        [node("Identity", ["go"], ["go_on"]), node("Add", ["sum", "one"], ["more"])],
        "body",
        [tensor("i", INT64, []), tensor("go", TensorProto.BOOL, []), tensor("sum", FLOAT, [1])],
        [tensor("go_on", TensorProto.BOOL, []), tensor("more", FLOAT, [1])],
        [constant("one", [1.0])],
    )
    made = model(
        [
            node("Squeeze", ["turns"], ["count"]),
            node("Loop", ["count", "", "zero"], ["y"], body=body),
        ],
        [tensor("turns", INT64, [1])],
        [tensor("y", FLOAT, [1])],
        constants=[constant("zero", [0.0])],
    )
    found = opened(made, tmp_path, seconds=2)
    with pytest.raises(Overloaded, match="longer than the 2 seconds"):
        found.answer({"turns": 2**60})
    assert found.answer({"turns": 3})[PREDICTION] == 3


# --- missing values --------------------------------------------------------------------------


def tree(*, tracks: int) -> onnx.ModelProto:
    """Return a tree that gives 1 for x up to 0.5 and 2 above; NaN goes left if it tracks."""
    ensemble = ml_node(
        "TreeEnsembleRegressor",
        ["x"],
        ["y"],
        n_targets=1,
        nodes_falsenodeids=[2, 0, 0],
        nodes_featureids=[0, 0, 0],
        nodes_missing_value_tracks_true=[tracks, 0, 0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"],
        nodes_nodeids=[0, 1, 2],
        nodes_treeids=[0, 0, 0],
        nodes_truenodeids=[1, 0, 0],
        nodes_values=[0.5, 0.0, 0.0],
        target_ids=[0, 0],
        target_nodeids=[1, 2],
        target_treeids=[0, 0],
        target_weights=[1.0, 2.0],
    )
    return model([ensemble], [tensor("x", FLOAT, ["N", 1])], [tensor("y", FLOAT, ["N", 1])])


def test_trees_that_know_a_branch_for_missing_values_take_them(tmp_path: Path) -> None:
    found = opened(tree(tracks=1), tmp_path)
    assert found.info.inputs[0].nullable
    assert "branch" in found.info.inputs[0].missing
    answers = found.answers([{"x": 0.1}, {"x": None}, {"x": 0.9}])
    assert [answer[PREDICTION] for answer in answers] == [1, 1, 2]


def test_trees_that_know_none_refuse_them(tmp_path: Path) -> None:
    found = opened(tree(tracks=0), tmp_path)
    assert not found.info.inputs[0].nullable
    assert found.answer({"x": None})[ERROR_COLUMN]


def test_an_imputer_takes_missing_values(tmp_path: Path) -> None:
    imputer = ml_node(
        "Imputer", ["x"], ["y"], imputed_value_floats=[7.0], replaced_value_float=float("nan")
    )
    made = model([imputer], [tensor("x", FLOAT, ["N", 1])], [tensor("y", FLOAT, ["N", 1])])
    assert opened(made, tmp_path).answer({"x": None})[PREDICTION] == 7


# --- outputs ---------------------------------------------------------------------------------


@pytest.mark.parametrize("zipmap", [True, False])
@pytest.mark.parametrize("labels", [("no", "yes"), (4, 7)])
def test_a_classifier_gives_a_prediction_and_a_probability_for_each_class(
    labels: tuple[Any, ...],
    zipmap: bool,
    tmp_path: Path,
) -> None:
    found = opened(linear_classifier(zipmap=zipmap, labels=labels), tmp_path)
    low, high = labels
    assert found.info.output_schema.names == [
        PREDICTION,
        f"probability_{low}",
        f"probability_{high}",
    ]
    assert found.info.outputs[0].categories == (str(low), str(high))
    assert found.info.outputs[0].optype is Optype.CATEGORICAL
    assert found.answer({"x_0": 3, "x_1": 0})[PREDICTION] == high


def test_a_softmax_alone_is_a_classifier_whose_prediction_is_the_best_class(
    tmp_path: Path,
) -> None:
    made = model(
        [node("Softmax", ["x"], ["y"])],
        [tensor("x", FLOAT, ["N", 3])],
        [tensor("y", FLOAT, ["N", 3])],
        metadata={"classes": "['cat', 'dog', 'eel']"},
    )
    found = opened(made, tmp_path)
    answers = found.answers([{"x_0": 0, "x_1": 9, "x_2": 0}, {"x_0": 0, "x_1": 0, "x_2": 9}])
    assert [answer[PREDICTION] for answer in answers] == ["dog", "eel"]
    assert found.info.output_schema.names[1:] == [f"probability_{c}" for c in ("cat", "dog", "eel")]
    assert not found.info.warnings


def test_numbers_that_are_no_probabilities_are_not_called_so(tmp_path: Path) -> None:
    made = model(
        [node("ArgMax", ["x"], ["best"], axis=1, keepdims=0), node("Identity", ["x"], ["raw"])],
        [tensor("x", FLOAT, ["N", 3])],
        [tensor("best", INT64, ["N"]), tensor("raw", FLOAT, ["N", 3])],
    )
    names = opened(made, tmp_path).info.output_schema.names
    assert names == [PREDICTION, "score_0", "score_1", "score_2"]


def test_a_regressor_gives_a_prediction(tmp_path: Path) -> None:
    found = opened(tree(tracks=0), tmp_path)
    assert found.info.function == "regression"
    assert found.info.output_schema.names == [PREDICTION]


def test_outputs_of_a_transformation_keep_their_names(tmp_path: Path) -> None:
    made = identity(tensor("a", FLOAT, ["N", 2]), tensor("b", FLOAT, ["N", 2, 2]))
    found = opened(made, tmp_path)
    assert found.info.function == "transformation"
    assert [(f.name, f.dimension) for f in found.info.outputs] == [
        ("a_out_0", "scalar"),
        ("a_out_1", "scalar"),
        ("b_out", "2x2"),
    ]


def test_an_output_named_like_the_error_column_is_renamed(tmp_path: Path) -> None:
    made = model(
        [node("Abs", ["x"], ["error"]), node("Neg", ["x"], ["other"])],
        [tensor("x", FLOAT, ["N"])],
        [tensor("error", FLOAT, ["N"]), tensor("other", FLOAT, ["N"])],
    )
    assert opened(made, tmp_path).info.output_schema.names == ["error_2", "other"]


def test_an_output_that_cannot_be_shown_is_left_out_with_a_warning(tmp_path: Path) -> None:
    sequence = helper.make_sequence_type_proto(helper.make_tensor_type_proto(FLOAT, None))
    made = model(
        [node("Abs", ["x"], ["y"]), node("SequenceConstruct", ["x"], ["list"])],
        [tensor("x", FLOAT, ["N"])],
        [tensor("y", FLOAT, ["N"]), helper.make_value_info("list", sequence)],
    )
    found = opened(made, tmp_path)
    assert found.info.output_schema.names == [PREDICTION]
    assert "list" in found.info.warnings[0]


# --- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "location", ["weights.bin", "/etc/passwd", "../../secret", "https://example.org/w"]
)
def test_weights_in_another_file_are_refused_by_its_name(location: str, tmp_path: Path) -> None:
    weights = constant("w", [1.0])
    weights.ClearField("raw_data")
    weights.data_location = onnx.TensorProto.EXTERNAL
    weights.external_data.add(key="location", value=location)
    made = model(
        [node("Add", ["x", "w"], ["y"])],
        [tensor("x", FLOAT, ["N"])],
        [tensor("y", FLOAT, ["N"])],
        constants=[weights],
    )
    assert f"({location})" in refusal(made, tmp_path)


def test_weights_in_another_file_are_found_inside_subgraphs_too(tmp_path: Path) -> None:
    hidden = constant("w", [1.0])
    hidden.data_location = onnx.TensorProto.EXTERNAL
    hidden.external_data.add(key="location", value="hidden.bin")
    branch = helper.make_graph(
        [node("Constant", [], ["c"], value=hidden)], "b", [], [tensor("c", FLOAT, [1])]
    )
    made = model(
        [node("If", ["x"], ["y"], then_branch=branch, else_branch=branch)],
        [tensor("x", TensorProto.BOOL, [])],
        [tensor("y", FLOAT, [1])],
    )
    assert "hidden.bin" in refusal(made, tmp_path)


def test_operators_of_others_are_refused_by_name(tmp_path: Path) -> None:
    foreign = node("Dream", ["x"], ["y"], domain="ai.onnx.contrib")
    made = model(
        [foreign],
        [tensor("x", FLOAT, ["N"])],
        [tensor("y", FLOAT, ["N"])],
        domains=["ai.onnx.contrib"],
    )
    assert "ai.onnx.contrib:Dream" in refusal(made, tmp_path)


@pytest.mark.parametrize("version", [{"opset": 9000}, {"ir": 9000}])
def test_a_file_of_a_later_standard_is_refused(version: dict[str, int], tmp_path: Path) -> None:
    message = refusal(identity(tensor("x", FLOAT, ["N"]), **version), tmp_path)
    assert "9000" in message
    assert "/onnxruntime_src" not in message


def test_an_input_that_no_field_can_fill_is_refused_by_name(tmp_path: Path) -> None:
    sequence = helper.make_sequence_type_proto(helper.make_tensor_type_proto(FLOAT, None))
    made = model(
        [node("SequenceLength", ["waves"], ["y"])],
        [helper.make_value_info("waves", sequence)],
        [tensor("y", INT64, [])],
    )
    assert "The input waves is of the type seq(tensor(float))" in refusal(made, tmp_path)


def test_a_refusal_names_no_file_of_the_server(tmp_path: Path) -> None:
    message = refusal(identity(tensor("wave", TensorProto.COMPLEX64, ["N"])), tmp_path)
    assert "complex64" in message
    assert str(tmp_path) not in message


def test_a_trial_that_always_fails_refuses_the_file(tmp_path: Path) -> None:
    made = model(
        [node("Reshape", ["x", "shape"], ["y"])],
        [tensor("x", FLOAT, ["N", 2])],
        [tensor("y", FLOAT, [5, 7])],
        constants=[constant("shape", [5, 7], np.int64)],
    )
    assert "could not score a trial record" in refusal(made, tmp_path)


def test_the_information_names_producer_opset_and_operators(tmp_path: Path) -> None:
    details = opened(linear_classifier(), tmp_path).info.details
    assert details["producer"] == "slipway-tests"
    assert "ai.onnx.ml 3" in details["opset"]
    assert "LinearClassifier" in details["operators"]
