"""The Open Inference Protocol v2 over JSON: HTTP.md, section 2."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.platform import Platform
from core.version import VERSION
from tests.core.api.conftest import FLOWER, Api

Send = Callable[..., tuple[int, Any]]


@pytest.fixture
def endpoint(ann: Api, iris_file: Path) -> str:
    ann.upload(iris_file)
    made = ann.post("deployment/create", modelname="iris", deployment="prod")
    return str(made["endpoint"])


@pytest.fixture
def headers(ann: Api) -> dict[str, str]:
    return {"Authorization": f"Bearer {ann.post('token/create', name='t')['token']}"}


@pytest.fixture
def infer(client: TestClient, endpoint: str, headers: dict[str, str]) -> Send:
    def send(body: object, path: str = "") -> tuple[int, Any]:
        answer = client.post(f"/v2/models/{endpoint}{path}/infer", json=body, headers=headers)
        return answer.status_code, answer.json()

    return send


def tensor(name: str, data: list[Any], shape: list[int] | None = None) -> dict[str, Any]:
    return {"name": name, "shape": shape or [len(data)], "datatype": "FP64", "data": data}


def fields(**columns: list[Any]) -> list[dict[str, Any]]:
    filled = {name: columns.get(name, [value] * 2) for name, value in FLOWER.items()}
    return [tensor(name, data) for name, data in filled.items()]


def test_one_tensor_per_field_gives_one_tensor_per_output(infer: Send, endpoint: str) -> None:
    status, answer = infer({"id": "a7", "inputs": fields(petal_length=[1.4, 5.5])})
    assert status == 200
    assert (answer["model_name"], answer["model_version"], answer["id"]) == (endpoint, "1", "a7")
    outputs = {output["name"]: output for output in answer["outputs"]}
    assert outputs["prediction"]["datatype"] == "BYTES"
    assert outputs["prediction"]["shape"] == [2]
    assert outputs["prediction"]["data"][0] == "setosa"
    assert outputs["probability_setosa"]["datatype"] == "FP64"
    assert "error" not in outputs


def test_one_tensor_with_all_fields_is_taken_whole(infer: Send) -> None:
    rows = [list(FLOWER.values()), [6.7, 3.0, 5.2, 2.3]]
    flat = [value for row in rows for value in row]
    _, nested = infer({"inputs": [tensor("x", rows, [2, 4])]})
    _, answer = infer({"inputs": [tensor("x", flat, [2, 4])]})
    assert answer["outputs"][0]["data"] == ["setosa", "virginica"]
    assert nested == answer


def test_columns_may_have_the_shape_n_by_1(infer: Send) -> None:
    inputs = [tensor(name, [value], [1, 1]) for name, value in FLOWER.items()]
    assert infer({"inputs": inputs})[0] == 200


def test_outputs_select(infer: Send) -> None:
    _, answer = infer({"inputs": fields(), "outputs": [{"name": "probability_setosa"}]})
    assert [output["name"] for output in answer["outputs"]] == ["probability_setosa"]
    status, answer = infer({"inputs": fields(), "outputs": [{"name": "nope"}]})
    assert status == 422
    assert '"nope"' in answer["error"]


def test_a_row_that_cannot_be_scored_does_not_fail_the_others(infer: Send) -> None:
    status, answer = infer({"inputs": fields(petal_width=[0.2, None])})
    assert status == 200
    outputs = {output["name"]: output["data"] for output in answer["outputs"]}
    assert outputs["prediction"] == ["setosa", None]
    assert outputs["error"][0] is None
    assert "petal_width is missing" in outputs["error"][1]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{", "no inference request"),
        ({"inputs": []}, "no inputs"),
        ({"inputs": [tensor("sepal_length", [1.0])]}, "sepal_width is not given"),
        ({"inputs": [tensor("x", [1, 2, 3], [1, 4])]}, "wants 4 values; there are 3"),
        ({"inputs": [tensor("x", [[1, 2], 3], [1, 3])]}, "equally deep"),
        ({"inputs": [*fields(), tensor("more", [1, 2, 3])]}, "different numbers of rows"),
        ({"inputs": [tensor("sepal_length", [1, [2]], [2]), *fields()[1:]]}, "mix lists"),
        ({"inputs": [*fields(), *fields()[:1]]}, "same name"),
        ({"inputs": fields(petal_width=[None, None])}, "petal_width is missing"),
    ],
)
def test_a_wrong_request_is_explained_under_error(
    client: TestClient, endpoint: str, headers: dict[str, str], body: object, words: str
) -> None:
    path = f"/v2/models/{endpoint}/infer"
    content = body if isinstance(body, str) else json.dumps(body)
    answer = client.post(path, headers=headers, content=content)
    assert answer.status_code == 422
    assert set(answer.json()) == {"error"}
    assert words in answer.json()["error"]


def test_metadata_and_readiness_are_told(
    client: TestClient, endpoint: str, headers: dict[str, str], ann: Api
) -> None:
    assert client.get("/v2").json() == {"name": "slipway", "version": VERSION, "extensions": []}
    told = client.get(f"/v2/models/{endpoint}", headers=headers).json()
    assert told["versions"] == ["1"]
    assert told["inputs"][0] == {"name": "sepal_length", "datatype": "FP64", "shape": [-1]}
    assert client.get(f"/v2/models/{endpoint}/ready", headers=headers).json()["ready"] is True
    ann.post("deployment/pause", modelname="iris", deployment="prod")
    assert client.get(f"/v2/models/{endpoint}/ready", headers=headers).status_code == 503


def test_only_the_live_version_answers(infer: Send) -> None:
    assert infer({"inputs": fields()}, "/versions/1")[0] == 200
    status, answer = infer({"inputs": fields()}, "/versions/2")
    assert status == 404
    assert "version 1 is" in answer["error"]


def test_it_asks_for_a_token(client: TestClient, endpoint: str, headers: dict[str, str]) -> None:
    for path in (f"/v2/models/{endpoint}", f"/v2/models/{endpoint}/ready"):
        answer = client.get(path)
        assert (answer.status_code, set(answer.json())) == (401, {"error"})
    answer = client.get("/v2/models/nothing", headers=headers)
    assert (answer.status_code, set(answer.json())) == (404, {"error"})


def test_calls_are_counted(infer: Send, ann: Api, platform: Platform) -> None:
    infer({"inputs": fields()})
    infer({"inputs": fields(petal_width=["wide", 0.2])})
    infer({"inputs": [tensor("sepal_length", [1.0])]})
    status = ann.post("deployment/status", modelname="iris", deployment="prod")
    assert (status["calls"], status["rows"], status["errors"]) == (3, 4, 1)
    assert platform.settings.storage.exists()


def test_what_is_nested_without_end_is_refused(
    client: TestClient, endpoint: str, headers: dict[str, str]
) -> None:
    body = '{"inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":' + "[" * 20_000
    answer = client.post(f"/v2/models/{endpoint}/infer", headers=headers, content=body)
    assert (answer.status_code, set(answer.json())) == (422, {"error"})


def test_a_large_body_is_answered_like_a_small_one(infer: Send) -> None:
    rows = [list(FLOWER.values())] * 5000
    status, answer = infer({"inputs": [tensor("x", rows, [5000, 4])]})
    assert status == 200
    assert answer["outputs"][0]["data"] == ["setosa"] * 5000


def test_addresses_that_do_not_exist_are_told_in_json(client: TestClient) -> None:
    for path in ("/v2/nothing", "/v2/models/x/infer", "/invocations/x", "/api"):
        answer = client.get(path)
        assert answer.status_code in (404, 405)
        assert answer.headers["content-type"] == "application/json"
