"""Services and tasks over HTTP: I10 to I19, I21, I22."""

import io
from pathlib import Path

import pandas as pd
import pytest
from starlette.testclient import TestClient

from core.platform import Platform
from tests.core.api.conftest import CSV, FLOWER, Api

SERVICE = {"modelname": "iris", "deployment": "prod"}


@pytest.fixture
def service(ann: Api, iris_file: Path) -> Api:
    ann.upload(iris_file)
    made = ann.post("deployment/create", **SERVICE)
    assert (ann.http, made["version"]) == (201, 1)
    assert set(made) == {"status", "endpoint", "version"}
    return ann


def test_a_service_is_listed_paused_started_and_deleted(service: Api) -> None:
    (line,) = service.post("deployment/list", modelname="iris")["deployment"]
    assert set(line) == {"deployment", "status", "time", "endpoint", "version"}
    assert (line["deployment"], line["status"]) == ("prod", "running")
    assert service.post("deployment/pause", **SERVICE) == {"status": "success"}
    answer = service.post("deployment/predict", **SERVICE, input=FLOWER)
    assert (service.http, answer["code"]) == (503, "deployment_paused")
    service.post("deployment/start", **SERVICE)
    assert service.post("deployment/predict", **SERVICE, input=FLOWER)["status"] == "success"
    service.post("deployment/delete", **SERVICE)
    answer = service.post("deployment/predict", **SERVICE, input=FLOWER)
    assert (service.http, answer["code"]) == (404, "deployment_not_found")


def test_a_deployment_name_is_taken_once_per_model(service: Api) -> None:
    assert service.post("deployment/create", **SERVICE)["code"] == "duplication"
    answer = service.post("deployment/create", modelname="iris", deployment="x", version="9")
    assert answer["code"] == "version_not_found"


def test_a_model_with_a_service_is_not_deleted_by_the_way(service: Api) -> None:
    answer = service.post("model/delete", modelname="iris")
    assert service.http == 422
    assert "prod" in answer["message"]


def test_calls_are_counted_with_their_errors_and_latency(service: Api) -> None:
    for _ in range(3):
        service.post("deployment/predict", **SERVICE, input=[FLOWER, FLOWER])
    service.post("deployment/predict", **SERVICE, input={"sepal_length": "x"})
    status = service.post("deployment/status", **SERVICE)
    assert (status["calls"], status["rows"], status["errors"]) == (4, 6, 1)
    assert set(status["latency_ms"]) == {"mean", "p50", "p95", "p99", "max"}
    assert 0 < status["latency_ms"]["p50"] <= status["latency_ms"]["max"]
    assert status["first_call"] <= status["last_call"]
    assert (status["state"], status["version"]) == ("running", 1)
    answer = service.post("deployment/status", **SERVICE, window="2h")
    assert (service.http, answer["code"]) == (422, "invalid_input")


def test_a_service_that_nobody_called_says_so(service: Api) -> None:
    status = service.post("deployment/status", **SERVICE, window="1h")
    assert (status["calls"], status["first_call"]) == (0, None)


def test_a_team_service_is_called_by_others_and_a_private_one_is_not(
    service: Api, ben: Api
) -> None:
    answer = ben.post("deployment/predict", **SERVICE, owner="ann", input=FLOWER)
    assert (ben.http, answer["code"]) == (404, "model_not_found")
    service.post("model/update", modelname="iris", visibility="team")
    answer = ben.post("deployment/predict", **SERVICE, owner="ann", input=FLOWER)
    assert answer["output"]["prediction"] == "setosa"
    answer = ben.post("deployment/pause", **SERVICE, owner="ann")
    assert (ben.http, answer["code"]) == (403, "not_allowed")


def submit(api: Api, platform: Platform) -> str:
    answer = api.send("deployment/submit", {"input": ("f.csv", CSV)}, filetype="csv", **SERVICE)
    assert (api.http, set(answer)) == (202, {"status", "task"})
    platform.runner.run_until_idle()
    return str(answer["task"])


def test_a_csv_is_scored_as_a_task_and_every_row_keeps_its_place(
    service: Api, platform: Platform, client: TestClient
) -> None:
    task = submit(service, platform)
    status = service.post("task/status", task=task)
    assert status["state"] == "succeeded"
    assert (status["rows_total"], status["rows_done"], status["rows_failed"]) == (3, 3, 1)
    result = service.post("task/result", task=task)
    assert result["total"] == 3
    assert [row["id"] for row in result["output"]] == ["a", "b", "c"]
    assert [row.get("prediction") for row in result["output"]] == ["setosa", None, "virginica"]
    assert "oops" in result["output"][1]["error"]
    page = service.post("task/result", task=task, offset="2", limit="1")
    assert [row["id"] for row in page["output"]] == ["c"]
    csv = client.post(
        "/api/task/result", data={**service.credentials, "task": task, "format": "csv"}
    )
    assert csv.headers["content-type"].startswith("text/csv")
    table = pd.read_csv(io.StringIO(csv.text))
    assert list(table["id"]) == ["a", "b", "c"]
    assert list(table.columns)[-1] == "error"
    parquet = client.post(
        "/api/task/result", data={**service.credentials, "task": task, "format": "parquet"}
    )
    assert parquet.content[:4] == b"PAR1"


def test_records_are_scored_as_a_task_too(service: Api, platform: Platform) -> None:
    answer = service.post("deployment/submit", **SERVICE, input=[FLOWER, {"sepal_length": 1}])
    platform.runner.run_until_idle()
    rows = service.post("task/result", task=answer["task"])["output"]
    assert rows[0]["prediction"] == "setosa"
    assert "sepal_width is not given" in rows[1]["error"]


def test_tasks_are_listed_newest_first_and_deleted(service: Api, platform: Platform) -> None:
    first, second = submit(service, platform), submit(service, platform)
    listed = service.post("task/list", **SERVICE)
    assert [line["task"] for line in listed["task"]] == [second, first]
    assert listed["total"] == 2
    assert {"task", "modelname", "deployment", "state", "eta_s"} <= set(listed["task"][0])
    assert service.post("task/list", state="failed")["total"] == 0
    assert service.post("task/delete", task=first) == {"status": "success"}
    answer = service.post("task/status", task=first)
    assert (service.http, answer["code"]) == (404, "task_not_found")


def test_a_finished_task_is_run_again_as_a_new_one(service: Api, platform: Platform) -> None:
    task = submit(service, platform)
    answer = service.post("task/retry", task=task)
    assert service.http == 202
    assert answer["task"] != task
    platform.runner.run_until_idle()
    assert service.post("task/status", task=answer["task"])["state"] == "succeeded"


def test_a_task_of_somebody_else_is_not_found(service: Api, ben: Api, platform: Platform) -> None:
    task = submit(service, platform)
    for path in ("status", "result", "cancel", "retry", "delete"):
        answer = ben.post(f"task/{path}", task=task)
        assert (ben.http, answer["code"]) == (404, "task_not_found")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"sepal_length,sepal_width,petal_length,petal_width\n", "no records"),
        (b"sepal_length,sepal_width,petal_length\n1,2,3\n", "petal_width"),
    ],
)
def test_a_csv_that_cannot_be_scored_is_refused_when_it_is_sent(
    service: Api, content: bytes, words: str
) -> None:
    answer = service.send(
        "deployment/submit", {"input": ("f.csv", content)}, filetype="csv", **SERVICE
    )
    assert (service.http, answer["code"]) == (422, "invalid_input")
    assert words in answer["message"]


@pytest.mark.parametrize("sent", ["5", "null", '"text"'])
def test_a_task_refuses_what_a_call_refuses(service: Api, sent: str) -> None:
    answer = service.post("deployment/submit", **SERVICE, input=sent)
    assert (service.http, answer["code"]) == (422, "invalid_input")


def test_a_paused_service_takes_no_retries(service: Api, platform: Platform) -> None:
    task = submit(service, platform)
    service.post("deployment/pause", **SERVICE)
    answer = service.post("task/retry", task=task)
    assert (service.http, answer["code"]) == (503, "deployment_paused")
    assert service.post("task/list")["total"] == 1
