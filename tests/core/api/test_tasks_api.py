"""Results over HTTP: filters, rejects, summaries, files, and links for browsers (I18, I19)."""

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from core.db.tables import utc_now
from core.platform import Platform
from core.services.accounts import Caller
from core.services.job_queries import Query
from core.services.job_tickets import Tickets, Wanted
from tests.core.api.conftest import CSV, PASSWORD, Api

SERVICE = {"modelname": "iris", "deployment": "live"}


@pytest.fixture
def task(ann: Api, platform: Platform, iris_file: Path) -> str:
    """A task of three rows, the second of which has an error."""
    ann.upload(iris_file)
    ann.post("deployment/create", **SERVICE)
    sent = {"input": ("flowers =1.csv", CSV)}
    made: str = ann.send("deployment/submit", sent, **SERVICE, filetype="csv")["task"]
    platform.runner.run_until_idle()
    return made


def file(api: Api, **fields: str) -> bytes:
    answer = api.client.post("/api/task/result", data={**api.credentials, **fields})
    assert answer.status_code == 200, answer.text
    return answer.content


def filtered(column: str, operator: str, value: Any) -> str:  # noqa: ANN401 - as JSON has it
    return json.dumps([{"column": column, "operator": operator, "value": value}])


def test_rows_are_filtered_and_sorted(ann: Api, task: str) -> None:
    rows = filtered("petal_length", ">", 2)
    answer = ann.post("task/result", task=task, filter=rows)
    assert (answer["total"], answer["row_numbers"]) == (1, [3])
    assert answer["output"][0]["prediction"] == "virginica"
    answer = ann.post("task/result", task=task, sort="id", order="descending", limit="2")
    assert [row["id"] for row in answer["output"]] == ["c", "b"]
    assert (answer["total"], answer["row_numbers"]) == (3, [3, 2])


def test_rejects_come_alone_as_json_and_as_files(ann: Api, task: str) -> None:
    answer = ann.post("task/result", task=task, only="rejects")
    assert answer["row_numbers"] == [2]
    lines = file(ann, task=task, format="csv", only="rejects").decode().splitlines()
    assert lines[0] == ('"id","sepal_length","sepal_width","petal_length","petal_width","error"')
    assert lines[1].startswith('"b","oops",3.5,1.4,0.2,"sepal_length: ""oops"" is not a number.')
    assert len(lines) == 2


def test_a_workbook_can_be_asked_for(ann: Api, task: str) -> None:
    content = file(ann, task=task, format="xlsx", filter=filtered("id", "!=", "a"))
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Result"]
    assert [row[0].value for row in sheet.iter_rows()] == ["id", "b", "c"]


def test_formulas_are_neutralised_on_request(ann: Api, platform: Platform, task: str) -> None:
    sent = {"input": ("x.csv", CSV.replace(b"a,", b"=1+1,"))}
    other = ann.send("deployment/submit", sent, **SERVICE, filetype="csv")["task"]
    platform.runner.run_until_idle()
    assert b'"=1+1"' in file(ann, task=other, format="csv")
    assert b'"\'=1+1"' in file(ann, task=other, format="csv", formulas="neutralised")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"filter": "no json"}, "filter must be JSON, a list of"),
        ({"filter": '{"column": "id"}'}, "filter must be JSON"),
        ({"filter": filtered("none", "=", 1)}, 'no column "none"'),
        ({"filter": filtered("petal_length", "=", "x")}, '"x" is none'),
        ({"filter": filtered("id", "like", "x")}, 'cannot be filtered by "like"'),
        ({"sort": "nothing"}, "no column"),
        ({"order": "up"}, "it must be ascending or descending"),
        ({"only": "good"}, "it must be all or rejects"),
        ({"format": "csv", "formulas": "no"}, "as they are or neutralised"),
        ({"format": "doc"}, "must be one of csv, parquet, json, xlsx"),
    ],
)
def test_what_a_result_cannot_be_asked_for_is_said(
    ann: Api, task: str, fields: dict[str, str], sentence: str
) -> None:
    answer = ann.post("task/result", task=task, **fields)
    assert ann.http == 422
    assert sentence in answer["message"]


def test_a_summary_has_classes_scores_and_errors(ann: Api, task: str) -> None:
    answer = ann.post("task/summary", task=task)
    assert (answer["rows"], answer["rows_failed"]) == (3, 1)
    classes, *scores = answer["outputs"]
    assert classes == {
        "output": "prediction",
        "counts": [["setosa", 1], ["virginica", 1]],
        "others": 0,
    }
    assert {sum(each["counts"]) for each in scores} == {2}
    assert answer["errors"][0]["first_row"] == 2


def test_the_failed_rows_can_be_run_again_alone(ann: Api, platform: Platform, task: str) -> None:
    again = ann.post("task/retry", task=task, rows="failed")["task"]
    assert ann.http == 202
    platform.runner.run_until_idle()
    rows = ann.post("task/result", task=again)["output"]
    assert [row["original_row"] for row in rows] == [2]


def test_a_task_can_be_kept(ann: Api, task: str) -> None:
    assert ann.post("task/keep", task=task) == {"status": "success"}
    assert ann.post("task/status", task=task)["kept"] is True
    ann.post("task/keep", task=task, keep="no")
    status = ann.post("task/status", task=task)
    assert (status["kept"], status["removed"], status["held"]) == (False, None, False)
    assert status["rows_per_s"] > 0


@pytest.fixture
def caller(platform: Platform, task: str) -> Caller:
    assert task
    return platform.accounts.sign_in("ann", PASSWORD)


def test_a_ticket_gives_its_file_and_no_other(
    ann: Api, platform: Platform, caller: Caller, task: str
) -> None:
    wanted = Wanted(task, "csv", Query(only_rejects=True))
    ticket = platform.tickets.issue(caller, wanted)
    answer = ann.client.get("/api/task/download", params={"ticket": ticket})
    assert answer.status_code == 200
    assert answer.content == file(ann, task=task, format="csv", only="rejects")
    disposition = answer.headers["content-disposition"]
    assert "filename*=UTF-8''flowers%20%3D1-rejects.csv" in disposition
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("ticket", ["", "nonsense", "e30.e30.e30"])
def test_what_is_no_ticket_gives_nothing(ann: Api, ticket: str) -> None:
    answer = ann.client.get("/api/task/download", params={"ticket": ticket})
    assert answer.status_code == 401
    assert "no longer valid; open the page of the task again" in answer.json()["message"]


def test_a_ticket_ends_after_an_hour_and_with_the_account(
    ann: Api, platform: Platform, caller: Caller, task: str
) -> None:
    wanted = Wanted(task, "csv")
    earlier = Tickets(
        platform.accounts, platform.files, now=lambda: utc_now() - timedelta(minutes=61)
    )
    old, fresh = earlier.issue(caller, wanted), platform.tickets.issue(caller, wanted)
    platform.sign_ins.end_all(caller)
    for ticket in (old, fresh):
        assert ann.client.get("/api/task/download", params={"ticket": ticket}).status_code == 401


def test_a_ticket_is_no_right_to_a_task_that_one_may_not_see(
    ann: Api, ben: Api, platform: Platform, task: str
) -> None:
    stranger = platform.accounts.sign_in("ben", PASSWORD)
    ticket = platform.tickets.issue(stranger, Wanted(task, "csv"))
    answer = ben.client.get("/api/task/download", params={"ticket": ticket})
    assert (answer.status_code, answer.json()["code"]) == (404, "task_not_found")
    assert ann.post("task/status", task=task)["state"] == "succeeded"
