"""What converters make of trained models, besides what they are meant to make (I3, I6)."""

from pathlib import Path
from typing import Any

import onnx
import pytest

from core.runtimes.base import PREDICTION
from core.runtimes.onnx import OnnxRuntime
from tests.core.runtimes.onnx_models import (
    FLOAT,
    INT64,
    STRING,
    linear_classifier,
    ml_node,
    model,
    node,
    tensor,
    write,
)
from tests.core.runtimes.opened import Opened, open_model


def opened(made: onnx.ModelProto, folder: Path) -> Opened:
    return open_model(OnnxRuntime(60), write(made, folder / "model.onnx"), folder)


@pytest.mark.parametrize("said", [{}, {"locale": "en_US"}, {"locale": "en_US.UTF-8"}])
def test_texts_change_their_case_on_machines_without_the_engines_language(
    said: dict[str, str], tmp_path: Path
) -> None:
    lower = node("StringNormalizer", ["x"], ["y"], case_change_action="LOWER", **said)
    made = model([lower], [tensor("x", STRING, ["N"])], [tensor("y", STRING, ["N"])])
    assert opened(made, tmp_path).answer({"x": "ÉTÉ Ωμέγα 北京"})[PREDICTION] == "été ωμέγα 北京"


def test_classes_of_trees_are_named_where_no_map_names_them(tmp_path: Path) -> None:
    trees = ml_node(
        "TreeEnsembleClassifier",
        ["x"],
        ["label", "scores"],
        nodes_treeids=[0, 0, 0],
        nodes_nodeids=[0, 1, 2],
        nodes_featureids=[0, 0, 0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"],
        nodes_values=[0.5, 0.0, 0.0],
        nodes_truenodeids=[1, 0, 0],
        nodes_falsenodeids=[2, 0, 0],
        class_treeids=[0, 0, 0, 0],
        class_nodeids=[1, 1, 2, 2],
        class_ids=[0, 1, 0, 1],
        class_weights=[0.8, 0.2, 0.1, 0.9],
        classlabels_strings=["leaves", "stays"],
        post_transform="NONE",
    )
    outputs = [tensor("label", STRING, ["N"]), tensor("scores", FLOAT, ["N", 2])]
    found = opened(model([trees], [tensor("x", FLOAT, ["N", 1])], outputs), tmp_path)
    assert found.info.output_schema.names[1:] == ["probability_leaves", "probability_stays"]
    assert found.answer({"x": 0.7})[PREDICTION] == "stays"


@pytest.mark.parametrize(("rows", "prefix"), [("SOFTMAX", "probability_"), ("NONE", "score_")])
def test_an_output_for_each_class_is_named_after_it(rows: str, prefix: str, tmp_path: Path) -> None:
    made: Any = linear_classifier(zipmap=False)
    for attribute in made.graph.node[0].attribute:
        if attribute.name == "post_transform":
            attribute.s = rows.encode()
    made.graph.node.append(node("Split", ["scores"], ["sno", "syes"], axis=1))
    del made.graph.output[1]
    made.graph.output.extend([tensor("sno", FLOAT, ["N", 1]), tensor("syes", FLOAT, ["N", 1])])
    found = opened(made, tmp_path)
    assert found.info.output_schema.names == [PREDICTION, f"{prefix}no", f"{prefix}yes"]
    assert found.info.function == "classification"


def test_labels_that_lie_in_a_row_are_those_of_the_rows(tmp_path: Path) -> None:
    nodes = [
        node("ArgMax", ["x"], ["best"], axis=1, keepdims=0),
        node("Unsqueeze", ["best", "first"], ["label"]),
        node("Softmax", ["x"], ["scores"], axis=1),
    ]
    made = model(
        nodes,
        [tensor("x", FLOAT, ["N", 3])],
        [tensor("label", INT64, [1, "N"]), tensor("scores", FLOAT, ["N", 3])],
        constants=[onnx.helper.make_tensor("first", INT64, [1], [0])],
    )
    found = opened(made, tmp_path)
    answers = found.answers([{"x_0": 0, "x_1": 9, "x_2": 0}, {"x_0": 0, "x_1": 0, "x_2": 9}] * 2)
    assert [answer[PREDICTION] for answer in answers] == [1, 2, 1, 2]
    assert found.answer({"x_0": 9, "x_1": 0, "x_2": 0})[PREDICTION] == 0
