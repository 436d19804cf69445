"""MLflow's scoring call: HTTP.md, section 3."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from starlette.testclient import TestClient

from tests.core.api.conftest import CSV, FLOWER, Api, same_answer

Invoke = Callable[..., tuple[int, str]]
VALUES = list(FLOWER.values())


@pytest.fixture
def invoke(ann: Api, client: TestClient, iris_file: Path) -> Invoke:
    ann.upload(iris_file)
    made = ann.post("deployment/create", modelname="iris", deployment="prod")
    token = ann.post("token/create", name="t")["token"]

    def send(body: bytes, kind: str = "application/json", accept: str = "*/*") -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind, "Accept": accept}
        answer = client.post(f"/invocations/{made['endpoint']}", content=body, headers=headers)
        return answer.status_code, answer.text

    return send


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": list(FLOWER), "index": [0], "data": [VALUES]}},
        {"dataframe_records": [FLOWER]},
        {"instances": [FLOWER]},
        {"instances": [VALUES]},
        {"inputs": {name: [value] for name, value in FLOWER.items()}},
        {"inputs": FLOWER},
        {"inputs": [VALUES], "params": {}},
    ],
)
def test_every_format_of_a_record_gives_the_same_answer(invoke: Invoke, body: object) -> None:
    status, text = invoke(json.dumps(body).encode())
    assert status == 200
    [prediction] = json.loads(text)["predictions"]
    assert prediction["prediction"] == "setosa"
    assert prediction["probability_setosa"] > 0.9


def test_csv_and_parquet_are_read_and_a_bad_row_keeps_its_place(invoke: Invoke) -> None:
    status, text = invoke(CSV, "text/csv; charset=utf-8")
    assert status == 200
    first, second, third = json.loads(text)["predictions"]
    assert (first["prediction"], third["prediction"]) == ("setosa", "virginica")
    assert "oops" in second["error"]
    frame = pd.DataFrame([FLOWER])
    status, text = invoke(frame.to_parquet(), "application/vnd.apache.parquet")
    [alone] = json.loads(text)["predictions"]
    assert same_answer(alone, first)


def test_csv_comes_back_where_it_is_asked_for(invoke: Invoke) -> None:
    body = json.dumps({"dataframe_records": [FLOWER, FLOWER]}).encode()
    status, text = invoke(body, accept="text/csv")
    assert status == 200
    table = pd.read_csv(io.StringIO(text))
    assert list(table["prediction"]) == ["setosa", "setosa"]
    assert "probability_setosa" in table.columns


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b"{", "application/json", "not JSON"),
        (b"[]", "application/json", "exactly one of"),
        (b'{"inputs": [], "instances": []}', "application/json", "exactly one of"),
        (b'{"instances": []}', "application/json", "no records"),
        (b'{"instances": 5}', "application/json", "must be a list"),
        (b'{"instances": [[1, 2]]}', "application/json", "Row 1 of instances"),
        (b'{"dataframe_split": [1]}', "application/json", "columns"),
        (b'{"dataframe_records": [1]}', "application/json", "list of objects"),
        (b'{"inputs": {"a": [1], "b": [1, 2]}}', "application/json", "same length"),
        (b'{"dataframe_records": [{"a": 1}]}', "application/json", "sepal_length is not given"),
        (b"PAR1", "application/vnd.apache.parquet", "no Parquet"),
        (b"", "text/csv", "empty"),
        (b"a=1", "application/x-www-form-urlencoded", "content type"),
    ],
)
def test_a_wrong_body_is_explained(invoke: Invoke, body: bytes, kind: str, words: str) -> None:
    status, text = invoke(body, kind)
    assert status == 422
    assert words in json.loads(text)["message"]
