"""What people added to a schema, as programs meet it."""

import json
from pathlib import Path

import pytest
import skops.io
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from core.platform import Platform
from core.runtimes.edits import FieldEdit, SchemaEdits
from tests.core.api.conftest import FLOWER, PASSWORD, Api

NAMES = ("setosa", "versicolor", "virginica")
EDITS = SchemaEdits(
    tuple(FieldEdit(name, unit="cm", low=0, high=50) for name in FLOWER), classes=NAMES
)


@pytest.fixture
def edited(platform: Platform, ann: Api, tmp_path: Path) -> None:
    """A model whose file names nothing, deployed, and then told what its numbers are."""
    path = tmp_path / "bare.skops"
    skops.io.dump(LogisticRegression(max_iter=1000).fit(*load_iris(return_X_y=True)), path)
    model = ann.upload(path, "bare")
    assert model["input"][0]["name"] != "sepal_length"
    ann.post("deployment/create", modelname="bare", deployment="prod")
    caller = platform.accounts.sign_in("ann", PASSWORD)
    view = platform.models.get(caller, "bare")
    platform.revisions.save(caller, view.model.id, EDITS)


@pytest.mark.usefixtures("edited")
def test_the_information_has_the_new_names_and_what_was_added(ann: Api) -> None:
    info = ann.post("model/info", modelname="bare")
    assert [field["name"] for field in info["input"]] == list(FLOWER)
    assert {field["unit"] for field in info["input"]} == {"cm"}
    assert info["input"][0]["range"] == "[0, 50]"
    assert [field["name"] for field in info["output"]] == [
        "prediction",
        *(f"probability_{name}" for name in NAMES),
    ]
    assert info["output"][0]["range"] == "setosa, versicolor, virginica"


@pytest.mark.usefixtures("edited")
def test_a_test_and_a_call_take_and_give_the_new_names(ann: Api) -> None:
    tested = ann.post("model/test", modelname="bare", input=FLOWER)
    called = ann.post("deployment/predict", modelname="bare", deployment="prod", input=FLOWER)
    assert tested["output"] == called["output"]
    assert tested["output"]["prediction"] == "setosa"
    assert tested["output"]["probability_setosa"] > 0.9


@pytest.mark.usefixtures("edited")
def test_what_is_beyond_an_added_range_is_refused(ann: Api) -> None:
    answer = ann.post("model/test", modelname="bare", input={**FLOWER, "petal_width": 51})
    assert ann.http == 422
    assert answer["message"] == "petal_width: 51 is not allowed; it must be in [0, 50]."


@pytest.mark.usefixtures("edited")
def test_the_inference_protocol_goes_by_the_new_names(ann: Api) -> None:
    token = ann.post("token/create", name="t")["token"]
    headers = {"Authorization": f"Bearer {token}"}
    tensors = [
        {"name": name, "shape": [1], "datatype": "FP64", "data": [value]}
        for name, value in FLOWER.items()
    ]
    response = ann.client.post(
        "/v2/models/bare-prod/infer", content=json.dumps({"inputs": tensors}), headers=headers
    )
    outputs = {each["name"]: each for each in response.json()["outputs"]}
    assert (outputs["prediction"]["datatype"], outputs["prediction"]["data"]) == (
        "BYTES",
        ["setosa"],
    )


@pytest.mark.usefixtures("edited")
def test_a_task_goes_by_the_new_names(platform: Platform, ann: Api) -> None:
    submitted = ann.post(
        "deployment/submit", modelname="bare", deployment="prod", input=[FLOWER, FLOWER]
    )
    platform.runner.run_until_idle()
    result = ann.post("task/result", task=submitted["task"])
    assert [row["prediction"] for row in result["output"]] == ["setosa", "setosa"]
