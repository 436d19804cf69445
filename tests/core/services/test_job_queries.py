"""What is asked of results: filters, orders, summaries, rejects (P8, I19)."""

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from core.db.engine import Database
from core.db.tables import utc_now
from core.errors import InvalidInput, NotFound
from core.files import Files
from core.runtimes.edits import FieldEdit, SchemaEdits
from core.services.accounts import Caller
from core.services.job_queries import MISSING, PRESENT, Condition, Query
from core.services.job_retention import Retention
from core.services.job_runner import JobRunner
from core.services.job_summary import Classes, Reason
from core.services.jobs import Jobs
from core.services.model_views import VersionView
from core.services.models import Models
from core.services.revisions import Revisions

ROWS = [
    "id,score,age,sex",
    "a,10,30,f",
    "b,9,old,m",
    "=c,,13,m",
    "d,-1.5,7,x",
    'e,"x, y",8,f',
    "F,2,40,f",
    "g,10,40,m",
]
TABLE = "\n".join(ROWS) + "\n"


@pytest.fixture
def task(runner: JobRunner, submit: Callable[..., str]) -> str:
    made = submit(TABLE)
    runner.run_until_idle()
    return made


@pytest.mark.parametrize(
    ("column", "operator", "value", "ids"),
    [
        ("age", "=", "40", ["F", "g"]),
        ("age", "!=", "40", ["a", "b", "=c", "d", "e"]),
        ("age", ">", "12.5", ["a", "=c", "F", "g"]),
        ("age", "<=", "8", ["d", "e"]),
        ("age", MISSING, "", ["b"]),
        ("score", "=", "10", ["a", "g"]),
        ("score", ">", "2", ["a", "b", "g"]),
        ("score", ">=", "w", ["e"]),
        ("score", "contains", "X,", ["e"]),
        ("score", PRESENT, "", ["a", "b", "d", "e", "F", "g"]),
        ("id", "=", "f", []),
        ("prediction", "=", "f30", ["a"]),
        ("error", "contains", "too much", ["=c"]),
        ("id", "=", "' OR 1=1 --", []),
    ],
)
def test_rows_are_filtered_by_any_column(
    jobs: Jobs, ann: Caller, task: str, column: str, operator: str, value: str, ids: list[str]
) -> None:
    query = Query((Condition(column, operator, value),))
    page = jobs.table(ann, task, 0, 100, query)
    assert page.table.column("id").to_pylist() == ids
    assert page.total == len(ids)


@pytest.mark.parametrize(
    ("column", "descending", "ids"),
    [
        ("score", False, ["d", "F", "b", "a", "g", "e", "=c"]),
        ("score", True, ["a", "g", "b", "F", "d", "e", "=c"]),
        ("age", False, ["d", "e", "=c", "a", "F", "g", "b"]),
        ("id", True, ["g", "e", "d", "b", "a", "F", "=c"]),
    ],
)
def test_rows_are_sorted_as_a_person_would(
    jobs: Jobs, ann: Caller, task: str, column: str, ids: list[str], *, descending: bool
) -> None:
    """Numbers by size also where the column is text, texts after them, missing cells last."""
    query = Query(sort=column, descending=descending)
    assert jobs.table(ann, task, 0, 100, query).table.column("id").to_pylist() == ids
    page = jobs.result(ann, task, 2, 3, query)
    assert [row["id"] for row in page.rows] == ids[2:5]
    order = [line.split(",")[0] for line in ROWS[1:]]
    assert page.numbers == [order.index(name) + 1 for name in ids[2:5]]


def test_conditions_add_up_and_rejects_can_be_asked_for(jobs: Jobs, ann: Caller, task: str) -> None:
    rejects = jobs.result(ann, task, query=Query(only_rejects=True))
    assert rejects.numbers == [2, 3, 4]
    assert rejects.rows[0] == {
        "id": "b",
        "score": "9",
        "age": "old",
        "sex": "m",
        "error": 'age: "old" is not a number.',
    }
    both = Query((Condition("sex", "=", "m"), Condition("age", PRESENT)), only_rejects=True)
    assert jobs.result(ann, task, query=both).numbers == [3]
    assert jobs.result(ann, task, 5, 10, both).rows == []


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (Query((Condition("none", "=", "1"),)), 'no column "none"'),
        (Query((Condition("age", "=", "much"),)), 'age holds numbers; "much" is none'),
        (Query((Condition("age", "=", "1e999"),)), "holds numbers"),
        (Query((Condition("age", "contains", "1"),)), 'age cannot be filtered by "contains"'),
        (Query((Condition("id", "; DROP", "1"),)), "it can by =, !="),
        (Query(sort='id"; --'), "no column"),
    ],
)
def test_a_query_that_does_not_fit_is_refused_with_what_is_allowed(
    jobs: Jobs, ann: Caller, task: str, query: Query, sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        jobs.result(ann, task, query=query)


def test_lists_and_json_can_be_asked_for(
    jobs: Jobs, runner: JobRunner, ann: Caller, version: VersionView
) -> None:
    records = [
        {"age": 1, "sex": "f", "tag": ["a"], "note": "x"},
        {"age": 2, "sex": "m", "note": 7},
    ]
    task = jobs.submit(ann, version, records, kind="json").id
    runner.run_until_idle()
    found = jobs.result(ann, task, query=Query((Condition("note", "=", "x"),)))
    assert found.numbers == [1]
    assert jobs.result(ann, task, query=Query((Condition("note", ">", "5"),))).numbers == [2]
    assert jobs.result(ann, task, query=Query((Condition("tag", MISSING),))).numbers == [2]


def test_a_summary_counts_classes_and_errors_by_their_reason(
    jobs: Jobs, ann: Caller, runner: JobRunner, submit: Callable[..., str]
) -> None:
    task = submit("age,sex\n" + "1,f\n" * 4 + "2,m\n" * 2 + "a,f\nb,m\n13,f\n")
    runner.run_until_idle()
    summary = jobs.summary(ann, task)
    assert (summary.rows, summary.failed) == (9, 3)
    assert summary.outputs == [Classes("prediction", [("f1", 4), ("m2", 2)], 0)]
    assert summary.errors == [
        Reason('age: "…" is not a number.', 2, 7, 'age: "a" is not a number.'),
        Reason("13 is too much.", 1, 9, "13 is too much."),
    ]


def test_a_summary_of_many_classes_names_the_largest(
    jobs: Jobs, ann: Caller, runner: JobRunner, submit: Callable[..., str]
) -> None:
    task = submit("age,sex\n" + "".join(f"{age},f\n" for age in range(20, 50)))
    runner.run_until_idle()
    (classes,) = jobs.summary(ann, task).outputs
    assert isinstance(classes, Classes)
    assert (len(classes.counts), classes.others) == (20, 10)


def test_rejects_are_a_file_of_what_was_uploaded_and_the_error(
    jobs: Jobs, ann: Caller, task: str
) -> None:
    text = b"".join(jobs.export(ann, task, "csv", Query(only_rejects=True))).decode()
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["id", "score", "age", "sex", "error"]
    assert rows[1] == ["b", "9", "old", "m", 'age: "old" is not a number.']
    assert len(rows) == 4


def test_rejects_can_be_corrected_and_sent_again(
    jobs: Jobs, ann: Caller, runner: JobRunner, task: str, submit: Callable[..., str]
) -> None:
    text = b"".join(jobs.export(ann, task, "csv", Query(only_rejects=True))).decode()
    again = submit(text.replace('"old"', '"5"').replace("old,", "5,"))
    runner.run_until_idle()
    assert jobs.result(ann, again).rows[0]["prediction"] == "m5"


@pytest.mark.parametrize("kind", ["csv", "json", "parquet", "xlsx"])
def test_a_file_of_no_rows_still_has_its_columns(
    jobs: Jobs, ann: Caller, task: str, kind: str
) -> None:
    nobody = Query((Condition("age", ">", "1000"),))
    content = b"".join(jobs.export(ann, task, kind, nobody))
    if kind == "csv":
        assert content.decode().strip() == '"id","score","age","sex","prediction","error"'
    elif kind == "json":
        assert json.loads(content) == []
    elif kind == "parquet":
        assert pq.read_table(io.BytesIO(content)).num_rows == 0
    else:
        assert [c.value for c in _sheet(content)[0]][:2] == ["id", "score"]


def _sheet(content: bytes) -> list[tuple[Any, ...]]:
    return list(openpyxl.load_workbook(io.BytesIO(content))["Result"].iter_rows())


def test_a_workbook_holds_what_the_result_holds(jobs: Jobs, ann: Caller, task: str) -> None:
    rows = _sheet(b"".join(jobs.export(ann, task, "xlsx")))
    assert [c.value for c in rows[0]] == ["id", "score", "age", "sex", "prediction", "error"]
    assert [c.value for c in rows[1]] == ["a", "10", 30, "f", "f30", None]
    assert rows[2][2].value == "old"
    assert (rows[3][0].value, rows[3][0].data_type) == ("=c", "s")
    assert len(rows) == 8


def test_formulas_are_neutralised_on_request_alone(jobs: Jobs, ann: Caller, task: str) -> None:
    plain = b"".join(jobs.export(ann, task, "csv")).decode()
    safe = b"".join(jobs.export(ann, task, "csv", neutralised=True)).decode()
    assert '"=c"' in plain
    assert '"\'=c"' in safe
    assert '"-1.5"' in safe
    assert plain.replace('"=c"', '"\'=c"') == safe


def test_only_the_failed_rows_are_done_again_with_their_numbers(
    jobs: Jobs, runner: JobRunner, ann: Caller, task: str
) -> None:
    """I17: a new task of its own; `original_row` leads back into the first."""
    again = jobs.retry(ann, task, only_failed=True)
    assert (again.rows_total, again.retry_of) == (3, task)
    runner.run_until_idle()
    page = jobs.result(ann, again.id)
    assert [row["original_row"] for row in page.rows] == [2, 3, 4]
    assert page.rows[0] == {
        "id": "b",
        "score": "9",
        "age": "old",
        "sex": "m",
        "original_row": 2,
        "error": 'age: "old" is not a number.',
    }
    third = jobs.retry(ann, again.id, only_failed=True).id
    runner.run_until_idle()
    assert [row["original_row"] for row in jobs.result(ann, third).rows] == [2, 3, 4]


def test_failed_rows_go_by_the_schema_as_it_is_now(
    database: Database,
    models: Models,
    jobs: Jobs,
    runner: JobRunner,
    ann: Caller,
    version: VersionView,
    submit: Callable[..., str],
) -> None:
    task = submit("years,sex,age\n7,f,old\n8,f,1\n")
    runner.run_until_idle()
    renamed = SchemaEdits((FieldEdit("years"), FieldEdit()))
    Revisions(database, models).save(ann, version.model.id, renamed)
    again = jobs.retry(ann, task, only_failed=True).id
    runner.run_until_idle()
    assert [row["prediction"] for row in jobs.result(ann, again).rows] == ["f7"]


def test_where_no_row_failed_there_is_nothing_to_do_again(
    jobs: Jobs, runner: JobRunner, ann: Caller, submit: Callable[..., str], tmp_path: Path
) -> None:
    task = submit("age,sex\n1,f\n")
    with pytest.raises(InvalidInput, match="still queued"):
        jobs.retry(ann, task, only_failed=True)
    runner.run_until_idle()
    with pytest.raises(InvalidInput, match="No row of this task failed"):
        jobs.retry(ann, task, only_failed=True)
    assert [path.name for path in (tmp_path / "jobs").iterdir()] == [task]


def test_old_results_go_and_the_task_says_so(
    database: Database, files: Files, jobs: Jobs, ann: Caller, task: str, submit: Callable[..., str]
) -> None:
    waiting = submit(TABLE)
    later = utc_now() + timedelta(days=31)
    retention = Retention(database, files, days=30, now=lambda: later)
    assert jobs.usage(ann).tasks == 2
    assert jobs.size(ann, task) > 1000
    assert retention.sweep() == 1
    assert retention.sweep() == 0
    assert jobs.get(ann, task).removed == later
    assert jobs.get(ann, task).message.startswith("Scored 4 of 7 rows")
    assert (jobs.usage(ann).tasks, jobs.size(ann, task)) == (1, 0)
    with pytest.raises(NotFound, match=r"were removed on 20.*submit the file again"):
        jobs.result(ann, task)
    with pytest.raises(InvalidInput, match="were removed"):
        jobs.retry(ann, task)
    assert jobs.get(ann, waiting).state == "queued"


@pytest.mark.parametrize(
    ("days", "age", "kept"), [(30, 29, False), (30, 31, True), (0, 999, False)]
)
def test_what_is_kept_or_young_stays(
    database: Database,
    files: Files,
    jobs: Jobs,
    ann: Caller,
    task: str,
    days: float,
    age: int,
    *,
    kept: bool,
) -> None:
    jobs.keep(ann, task, kept=kept)
    retention = Retention(database, files, days=days, now=lambda: utc_now() + timedelta(days=age))
    assert retention.sweep() == 0
    assert jobs.get(ann, task).kept is kept
    assert jobs.result(ann, task).total == 7
