"""Watching services over HTTP (I21)."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.core.api.conftest import FLOWER, Api

SERVICE = {"modelname": "iris", "deployment": "prod"}


@pytest.fixture
def service(ann: Api, iris_file: Path) -> Api:
    ann.upload(iris_file, visibility="team")
    ann.post("deployment/create", **SERVICE)
    return ann


def test_the_status_says_how_a_service_is_and_why(service: Api) -> None:
    status = service.post("deployment/status", **SERVICE)
    assert (status["health"], status["reasons"]) == ("unknown", [])
    service.post("deployment/thresholds", **SERVICE, calls="2", p95_amber="none", p95_red="none")
    service.post("deployment/predict", **SERVICE, input=FLOWER)
    service.post("deployment/predict", **SERVICE, input={"sepal_length": "x"})
    status = service.post("deployment/status", **SERVICE)
    assert status["health"] == "red"
    assert status["reasons"][0].startswith("1 of 2 calls failed in the last 60 min: 50%")


def test_the_thresholds_are_read_and_changed(service: Api, ben: Api) -> None:
    wanted = {"error_amber": 5.0, "error_red": 20.0, "p95_amber": 1000.0, "p95_red": 5000.0}
    usual = {"status": "success", **wanted, "minutes": 60, "calls": 20}
    assert service.post("deployment/thresholds", **SERVICE) == usual
    changed = service.post(
        "deployment/thresholds", **SERVICE, error_red="50.5", p95_amber="none", minutes="5"
    )
    assert changed == {**usual, "error_red": 50.5, "p95_amber": None, "minutes": 5}
    assert ben.post("deployment/thresholds", **SERVICE, owner="ann") == changed
    answer = ben.post("deployment/thresholds", **SERVICE, owner="ann", calls="1")
    assert (ben.http, answer["code"]) == (403, "not_allowed")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("error_amber", "much", 'error_amber is "much"; it must be a number, or none'),
        ("error_amber", "nan", "error_amber is nan"),
        ("p95_red", "0", "p95_red is 0; it must be more than 0"),
        ("error_amber", "60", "red cannot come before amber"),
        ("minutes", "1441", "it must be 1 to 1440"),
        ("calls", "-1", 'calls is "-1"; it must be a whole number'),
    ],
)
def test_a_threshold_without_sense_is_refused(
    service: Api, field: str, value: str, words: str
) -> None:
    answer = service.post("deployment/thresholds", **SERVICE, **{field: value})
    assert (service.http, answer["code"]) == (422, "invalid_input")
    assert words in answer["message"]


def test_inputs_and_outputs_are_kept_of_every_way_to_call(service: Api, client: TestClient) -> None:
    chosen = service.post("deployment/logging", **SERVICE, active="true", hidden=["petal_width"])
    wanted = {"active": True, "days": 7, "percent": 100.0, "hidden": ["petal_width"]}
    assert chosen == {"status": "success", **wanted}
    service.post("deployment/predict", **SERVICE, input=FLOWER)
    token = service.post("token/create", name="t")["token"]
    headers = {"Authorization": f"Bearer {token}"}
    sent = {"inputs": [_tensor(name, value) for name, value in FLOWER.items()]}
    assert client.post("/v2/models/iris-prod/infer", json=sent, headers=headers).is_success
    sent_records = {"dataframe_records": [FLOWER]}
    assert client.post("/invocations/iris-prod", json=sent_records, headers=headers).is_success
    page = service.post("deployment/log", **SERVICE)
    assert page["total"] == 3
    kept = {name: value for name, value in FLOWER.items() if name != "petal_width"}
    assert [row["input"] for row in page["log"]] == [kept] * 3
    assert {row["output"]["prediction"] for row in page["log"]} == {"setosa"}
    assert {row["caller"] for row in page["log"]} == {"ann"}


def _tensor(name: str, value: float) -> dict[str, object]:
    return {"name": name, "shape": [1], "datatype": "FP64", "data": [value]}


def test_a_log_is_for_the_owner_as_json_or_csv_and_can_be_purged(
    service: Api, ben: Api, client: TestClient
) -> None:
    service.post("deployment/logging", **SERVICE, active="true")
    service.post("deployment/predict", **SERVICE, input={"sepal_length": "x"})
    (row,) = service.post("deployment/log", **SERVICE)["log"]
    assert (row["code"], row["input"]) == ("invalid_input", None)
    assert "sepal_length" in row["message"]
    csv = client.post(
        "/api/deployment/log", data={**service.credentials, **SERVICE, "format": "csv"}
    )
    assert csv.headers["content-type"].startswith("text/csv")
    assert "invalid_input" in csv.text
    answer = ben.post("deployment/log", **SERVICE, owner="ann")
    assert (ben.http, answer["code"]) == (403, "not_allowed")
    service.post("deployment/logging", **SERVICE, active="false", purge="true")
    assert service.post("deployment/log", **SERVICE)["total"] == 0
    service.post("deployment/predict", **SERVICE, input=FLOWER)
    assert service.post("deployment/log", **SERVICE)["total"] == 0


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("active", "yes", 'active is "yes"; it must be true or false'),
        ("hidden", "age", "hidden must be a JSON list of column names"),
        ("hidden", '["age"]', '"age" is no column of the service'),
        ("percent", "half", 'percent is "half"; it must be a number.'),
        ("days", "366", "it must be 1 to 365"),
    ],
)
def test_a_choice_without_sense_is_refused(
    service: Api, field: str, value: str, words: str
) -> None:
    answer = service.post("deployment/logging", **SERVICE, **{field: value})
    assert (service.http, answer["code"]) == (422, "invalid_input")
    assert words in answer["message"]
