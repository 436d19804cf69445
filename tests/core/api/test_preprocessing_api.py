"""Preprocessing over HTTP: set, tried, got, taken away; all protocols take raw fields (I20)."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.core.api.conftest import FLOWER, Answer, Api

QUERY = """
SELECT * EXCLUDE (sepal_mm), sepal_mm / 10 AS sepal_length FROM input
"""
RAW = {**{k: v for k, v in FLOWER.items() if k != "sepal_length"}, "sepal_mm": 51}


def made(ann: Api, iris_file: Path) -> Answer:
    ann.upload(iris_file)
    return ann.post("model/preprocessing/set", modelname="iris", query=QUERY, note="In mm.")


def test_a_step_is_set_got_and_taken_away(ann: Api, iris_file: Path) -> None:
    answer = made(ann, iris_file)
    assert ann.http == 200
    assert answer["query"] == QUERY.strip()
    assert [field["name"] for field in answer["fields"]] == [*list(FLOWER)[1:], "sepal_mm"]
    assert [field["name"] for field in answer["model_input"]] == list(FLOWER)
    assert ann.post("model/preprocessing/get", modelname="iris") == answer
    info = ann.post("model/info", modelname="iris")
    assert info["input"] == answer["fields"]
    removed = ann.post("model/preprocessing/delete", modelname="iris")
    assert (removed["query"], removed["fields"], removed["revision"]) == (None, [], 2)
    assert [field["name"] for field in removed["model_input"]] == list(FLOWER)


def test_every_protocol_takes_the_raw_fields(ann: Api, client: TestClient, iris_file: Path) -> None:
    ann.upload(iris_file)
    before = ann.post("model/test", modelname="iris", input={**FLOWER, "sepal_length": 5.1})
    ann.post("model/preprocessing/set", modelname="iris", query=QUERY)
    expected = pytest.approx(before["output"]["probability_setosa"])
    tested = ann.post("model/test", modelname="iris", input=RAW)["output"]
    assert tested["probability_setosa"] == expected
    endpoint = ann.post("deployment/create", modelname="iris", deployment="live")["endpoint"]
    called = ann.post("deployment/predict", modelname="iris", deployment="live", input=[RAW])
    assert called["output"][0]["probability_setosa"] == expected
    token = ann.post("token/create", name="test")["token"]
    headers = {"Authorization": f"Bearer {token}"}
    body = {"dataframe_records": [RAW]}
    answer = client.post(f"/invocations/{endpoint}", json=body, headers=headers).json()
    assert answer["predictions"][0]["probability_setosa"] == expected
    described = client.get(f"/v2/models/{endpoint}", headers=headers).json()
    assert [each["name"] for each in described["inputs"]] == [*list(FLOWER)[1:], "sepal_mm"]
    tensors = [
        {"name": name, "shape": [1], "datatype": "FP64", "data": [value]}
        for name, value in RAW.items()
    ]
    inferred = client.post(
        f"/v2/models/{endpoint}/infer", json={"inputs": tensors}, headers=headers
    ).json()
    outputs = {each["name"]: each["data"] for each in inferred["outputs"]}
    assert outputs["probability_setosa"][0] == expected


def test_a_trial_shows_what_a_step_does(ann: Api, iris_file: Path) -> None:
    ann.upload(iris_file)
    tried = ann.post(
        "model/preprocessing/try", modelname="iris", query=QUERY, input=[RAW, {"sepal_mm": 1}]
    )
    good, bad = tried["rows"]
    assert good["after"]["sepal_length"] == pytest.approx(5.1)
    assert good["output"]["prediction"] == "setosa"
    assert "sepal_width is not given" in bad["error"]
    assert sorted(tried["feeds"]) == sorted(FLOWER)
    assert ann.post("model/preprocessing/get", modelname="iris")["query"] is None


def test_fields_are_declared_as_json(ann: Api, iris_file: Path) -> None:
    ann.upload(iris_file)
    length = {"name": "sepal_mm", "type": "integer", "range": [1, 100], "unit": "mm"}
    fields = [*list(FLOWER)[1:], length]
    answer = ann.post("model/preprocessing/set", modelname="iris", query=QUERY, fields=fields)
    assert answer["fields"][-1]["range"] == "[1, 100]"
    refused = ann.post("model/test", modelname="iris", input={**RAW, "sepal_mm": 500})
    assert "500 is not allowed" in refused["message"]


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({}, "Send the query, or from_version"),
        ({"query": QUERY, "from_version": "1"}, "Send the query, or from_version"),
        ({"from_version": "1"}, "Version 1 has no preprocessing step"),
        ({"query": "SELECT random() FROM input"}, "Line 1, character 8: random gives"),
        ({"query": "SELECT * FROM input", "fields": "{}"}, "a list of names"),
        ({"query": "SELECT * FROM input", "fields": "[1]"}, "a name or an object"),
        ({"query": QUERY, "fields": '[{"name": "x", "typ": "a"}]'}, "a field has no typ"),
        ({"query": QUERY, "fields": '[{"name": "x", "type": "a"}]'}, "there is no type a"),
        ({"query": QUERY, "fields": '[{"name": "x", "range": 1}]'}, "a list of two numbers"),
        ({"query": QUERY, "fields": '[{"name": "x", "categories": 1}]'}, "a list of values"),
        ({"query": QUERY, "input": "[1]"}, "The input is an object"),
        ({"query": QUERY, "new_version": "perhaps"}, "must be true or false"),
    ],
)
def test_what_cannot_be_kept_is_refused(
    ann: Api, iris_file: Path, sent: dict[str, str], why: str
) -> None:
    ann.upload(iris_file)
    answer = ann.post("model/preprocessing/set", modelname="iris", **sent)
    assert (ann.http, answer["code"]) == (422, "invalid_input")
    assert why in answer["message"]


def test_a_step_goes_into_a_new_version_and_from_there_into_another(
    ann: Api, iris_file: Path
) -> None:
    ann.upload(iris_file)
    answer = ann.post("model/preprocessing/set", modelname="iris", query=QUERY, new_version="true")
    assert (answer["version"], answer["revision"]) == (2, 1)
    with iris_file.open("rb") as file:
        ann.send("model/version", {"file": (iris_file.name, file)}, modelname="iris")
    assert ann.post("model/preprocessing/get", modelname="iris")["query"] is None
    taken = ann.post("model/preprocessing/set", modelname="iris", from_version="2")
    assert (taken["version"], taken["query"]) == (3, QUERY.strip())
