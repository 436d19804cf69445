"""Tasks: from a file to its result, and everything that may come in between."""

import csv
import errno
import io
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from core.db.engine import Database
from core.errors import (
    DeploymentNotFound,
    DeploymentPaused,
    InternalError,
    InvalidInput,
    ModelNotFound,
    Overloaded,
    TaskNotFinished,
    TaskNotFound,
)
from core.files import Files
from core.runtimes.edits import FieldEdit, SchemaEdits
from core.services.accounts import Caller
from core.services.deployments import Deployments
from core.services.job_runner import JobRunner
from core.services.job_states import TaskStates
from core.services.job_views import TaskFilter
from core.services.jobs import Jobs
from core.services.model_views import VersionView
from core.services.models import Models
from core.services.revisions import Revisions
from tests.core.services.greeting import PART_ROWS, PEOPLE, Greeter, Lease, Upload


def test_a_file_becomes_its_columns_the_outputs_and_an_error(
    jobs: Jobs, runner: JobRunner, ann: Caller, submit: Callable[..., str]
) -> None:
    task = submit("id,sex,age\n001,f,30\n002,m,old\n003,x,7\n004,m,13\n005,f,\n")
    runner.run_until_idle()
    page = jobs.result(ann, task)
    assert page.total == 5
    assert page.rows == [
        {"id": "001", "sex": "f", "age": 30, "prediction": "f30"},
        {"id": "002", "sex": "m", "age": "old", "error": 'age: "old" is not a number.'},
        {
            "id": "003",
            "sex": "x",
            "age": 7,
            "error": 'sex: "x" is not allowed; it must be one of f, m.',
        },
        {"id": "004", "sex": "m", "age": 13, "error": "13 is too much."},
        {"id": "005", "sex": "f", "age": None, "error": "age is missing; the model needs a value."},
    ]
    view = jobs.get(ann, task)
    assert (view.state, view.rows_total, view.rows_done, view.rows_failed) == ("succeeded", 5, 5, 4)
    assert view.message == "Scored 1 of 5 rows; 4 have an error."


def test_a_row_keeps_its_place_over_many_parts(
    jobs: Jobs, runner: JobRunner, ann: Caller, submit: Callable[..., str]
) -> None:
    task = submit(PEOPLE)
    runner.run_until_idle()
    table = jobs.table(ann, task, 0, 100).table
    assert table.column_names == ["age", "sex", "prediction", "error"]
    assert table.column("age").to_pylist() == list(range(1, 11))
    assert jobs.table(ann, task, 2, 3).table.column("age").to_pylist() == [3, 4, 5]
    assert jobs.table(ann, task, 9, 3).table.column("age").to_pylist() == [10]
    empty = jobs.table(ann, task, 10, 3).table
    assert (empty.num_rows, empty.schema) == (0, table.schema)
    assert [row["age"] for row in jobs.result(ann, task, 5, 2).rows] == [6, 7]


def test_records_may_be_given_instead_of_a_file(
    jobs: Jobs, runner: JobRunner, ann: Caller, version: VersionView
) -> None:
    records = [{"age": 1, "sex": "f", "tag": ["a"]}, "no record", {"age": 2, "sex": "m", "id": 7}]
    task = jobs.submit(ann, version, records, kind="json").id
    runner.run_until_idle()
    first, second, third = jobs.result(ann, task).rows
    assert first == {"age": 1, "sex": "f", "tag": ["a"], "id": None, "prediction": "f1"}
    assert "A record is an object" in str(second["error"])
    assert third["id"] == 7
    text = b"".join(jobs.export(ann, task, "csv")).decode()
    assert list(csv.reader(io.StringIO(text)))[1] == ["1", "f", '["a"]', "", "f1", ""]


def test_texts_of_records_stand_without_quotation_marks_in_tables_and_parquet(
    jobs: Jobs, runner: JobRunner, ann: Caller, version: VersionView
) -> None:
    records = [{"age": 1, "sex": "f", "tag": "a"}, {"age": 2, "sex": "m", "tag": ["b", 3]}]
    task = jobs.submit(ann, version, records, kind="json").id
    runner.run_until_idle()
    parquet = pq.read_table(io.BytesIO(b"".join(jobs.export(ann, task, "parquet"))))
    for table in (jobs.table(ann, task).table, parquet):
        assert table.column("tag").to_pylist() == ["a", '["b", 3]']


@pytest.mark.parametrize("content", [PEOPLE, "age,sex\n1,f\nx,m\n3,m,9\n4,f\n"])
def test_exports_hold_what_the_pages_hold(
    jobs: Jobs, runner: JobRunner, ann: Caller, submit: Callable[..., str], content: str
) -> None:
    task = submit(content)
    runner.run_until_idle()
    rows = jobs.result(ann, task, 0, 100).rows
    table = jobs.table(ann, task, 0, 100).table
    assert json.loads(b"".join(jobs.export(ann, task, "json"))) == rows
    parquet = pq.read_table(io.BytesIO(b"".join(jobs.export(ann, task, "parquet"))))
    assert parquet.to_pylist() == table.to_pylist()
    text = b"".join(jobs.export(ann, task, "csv")).decode()
    lines = list(csv.DictReader(io.StringIO(text)))
    assert list(lines[0]) == table.column_names
    filled = [{name: value for name, value in line.items() if value} for line in lines]
    expected = [{k: str(v) for k, v in row.items() if v is not None} for row in rows]
    assert filled == expected


def test_outputs_keep_their_names_beside_columns_of_the_same_name(
    jobs: Jobs, runner: JobRunner, ann: Caller, submit: Callable[..., str]
) -> None:
    task = submit("prediction,age,error,sex\nyes,1,none,f\n")
    runner.run_until_idle()
    assert jobs.result(ann, task).rows == [
        {"prediction_given": "yes", "age": 1, "error_given": "none", "sex": "f", "prediction": "f1"}
    ]


@pytest.mark.parametrize(
    ("content", "kind", "sentence"),
    [
        ("age\n1\n", "csv", "sex is not given"),
        ("age,sex\n", "csv", "no records below"),
        ("[]", "json", "no records"),
        ("x", "xls", "is no table"),
    ],
)
def test_what_can_be_seen_to_be_wrong_is_refused_and_leaves_nothing(
    jobs: Jobs,
    ann: Caller,
    submit: Callable[..., str],
    tmp_path: Path,
    content: str,
    kind: str,
    sentence: str,
) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        submit(content, kind)
    assert jobs.list_(ann).total == 0
    assert list((tmp_path / "jobs").iterdir()) == []


def test_a_file_that_breaks_off_later_fails_with_the_reason(
    jobs: Jobs, runner: JobRunner, ann: Caller, submit: Callable[..., str]
) -> None:
    records = ",".join('{"age": 1, "sex": "f"}' for _ in range(10))
    task = submit(f"[{records}, oops]", "json")
    runner.run_until_idle()
    view = jobs.get(ann, task)
    assert view.state == "failed"
    assert "not JSON around record 11" in view.message
    with pytest.raises(TaskNotFinished, match="failed and has no result"):
        jobs.result(ann, task)


def test_a_task_goes_from_queued_to_succeeded(
    jobs: Jobs, runner: JobRunner, ann: Caller, submit: Callable[..., str], scorer: Greeter
) -> None:
    task = submit(PEOPLE)
    queued = jobs.get(ann, task)
    assert (queued.state, queued.message) == ("queued", "Waiting for its turn.")
    assert abs((queued.rows_total or 0) - 10) <= 2
    seen: list[tuple[str, int]] = []

    def look() -> None:
        view = jobs.get(ann, task)
        seen.append((view.state, view.rows_done))

    scorer.before = look
    runner.run_until_idle()
    assert seen == [("running", 0), ("running", 3), ("running", 6), ("running", 9)]
    view = jobs.get(ann, task)
    assert view.message == "Scored 10 rows."
    assert view.created <= (view.started or view.created) <= (view.finished or view.created)


def test_cancelling_stops_before_the_next_rows_and_keeps_the_state(
    jobs: Jobs, runner: JobRunner, ann: Caller, submit: Callable[..., str], scorer: Greeter
) -> None:
    task = submit(PEOPLE)
    scorer.before = lambda: jobs.cancel(ann, task) if len(scorer.batches) == 1 else None
    runner.run_until_idle()
    view = jobs.get(ann, task)
    assert (view.state, view.message) == ("cancelled", "Cancelled by ann.")
    assert len(scorer.batches) == 2
    with pytest.raises(TaskNotFinished, match="cancelled"):
        jobs.export(ann, task, "csv")
    with pytest.raises(InvalidInput, match=r"already \(cancelled\)"):
        jobs.cancel(ann, task)


def test_a_queued_task_is_cancelled_without_being_begun(
    jobs: Jobs, runner: JobRunner, ann: Caller, submit: Callable[..., str], scorer: Greeter
) -> None:
    task = submit(PEOPLE)
    jobs.cancel(ann, task)
    runner.run_until_idle()
    assert jobs.get(ann, task).state == "cancelled"
    assert scorer.batches == []


def test_a_retry_is_a_new_task_with_the_same_upload(
    jobs: Jobs, runner: JobRunner, ann: Caller, submit: Callable[..., str]
) -> None:
    task = submit(PEOPLE)
    with pytest.raises(InvalidInput, match="still queued"):
        jobs.retry(ann, task)
    jobs.cancel(ann, task)
    again = jobs.retry(ann, task)
    assert (again.retry_of, again.state, again.file_name) == (task, "queued", "rows.csv")
    jobs.delete(ann, task)
    runner.run_until_idle()
    assert jobs.get(ann, again.id).retry_of is None
    assert jobs.result(ann, again.id).total == 10


def test_a_deleted_task_leaves_no_files(
    jobs: Jobs, runner: JobRunner, ann: Caller, submit: Callable[..., str], tmp_path: Path
) -> None:
    ended, waiting = submit(PEOPLE), submit(PEOPLE)
    runner.run_until_idle()
    late = submit(PEOPLE)
    for task in (ended, waiting, late):
        jobs.delete(ann, task)
    runner.run_until_idle()
    assert list((tmp_path / "jobs").iterdir()) == []
    with pytest.raises(TaskNotFound):
        jobs.get(ann, late)


def test_a_task_deleted_while_it_runs_leaves_no_files(
    jobs: Jobs,
    runner: JobRunner,
    ann: Caller,
    submit: Callable[..., str],
    scorer: Greeter,
    tmp_path: Path,
) -> None:
    task = submit(PEOPLE)
    scorer.before = lambda: jobs.delete(ann, task)
    runner.run_until_idle()
    assert list((tmp_path / "jobs").iterdir()) == []
    assert len(scorer.batches) == 1


@pytest.mark.parametrize("part", range(4))
def test_a_task_whose_model_is_deleted_while_it_runs_goes_with_it(
    jobs: Jobs,
    models: Models,
    runner: JobRunner,
    ann: Caller,
    version: VersionView,
    submit: Callable[..., str],
    scorer: Greeter,
    tmp_path: Path,
    part: int,
) -> None:
    submit(PEOPLE)

    def delete() -> None:
        if len(scorer.batches) == part:
            models.delete(ann, version.model.id)

    scorer.before = delete
    runner.run_until_idle()
    assert jobs.list_(ann).total == 0
    assert list((tmp_path / "jobs").iterdir()) == []


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (InternalError("The engine broke."), "Gave up after 3 attempts: The engine broke."),
        (Overloaded("It took too long."), "Gave up after 3 attempts: It took too long."),
        (InvalidInput("No."), "No."),
        (OSError(errno.ENOSPC, "no space"), "The disk is full; make room on it and retry"),
        (ValueError("a bug"), "Gave up after 3 attempts: Something failed inside Slipway"),
    ],
)
def test_a_task_that_can_never_finish_fails_with_the_reason(
    jobs: Jobs,
    runner: JobRunner,
    ann: Caller,
    submit: Callable[..., str],
    scorer: Greeter,
    error: Exception,
    message: str,
) -> None:
    def fail() -> None:
        raise error

    scorer.before = fail
    task = submit(PEOPLE)
    runner.run_until_idle()
    view = jobs.get(ann, task)
    assert view.state == "failed"
    assert view.message.startswith(message)
    assert runner.find_progress(task) is None


def test_a_step_that_fails_twice_and_then_works_is_no_failure(
    jobs: Jobs, runner: JobRunner, ann: Caller, submit: Callable[..., str], scorer: Greeter
) -> None:
    failures = iter([InternalError("once"), InternalError("twice")])

    def fail() -> None:
        for error in failures:
            raise error

    scorer.before = fail
    task = submit(PEOPLE)
    runner.run_until_idle()
    assert jobs.get(ann, task).message == "Scored 10 rows."


def test_an_engine_that_took_too_long_is_given_fewer_rows(
    database: Database,
    files: Files,
    runner: JobRunner,
    ann: Caller,
    version: VersionView,
    scorer: Greeter,
) -> None:
    jobs = Jobs(database, files, runner, part_rows=10_000)

    def refuse() -> None:
        if not scorer.batches and not refused:
            refused.append(True)
            raise Overloaded("It took too long.")

    refused: list[bool] = []
    scorer.before = refuse
    records = [{"age": 1, "sex": "f"}] * 6_000
    task = jobs.submit(ann, version, records, kind="json").id
    runner.run_until_idle()
    assert jobs.get(ann, task).message == "Scored 6,000 rows."
    assert max(scorer.batches) == 625


def test_a_closed_platform_goes_on_where_it_was(
    jobs: Jobs,
    runner: JobRunner,
    open_runner: Callable[[], JobRunner],
    ann: Caller,
    submit: Callable[..., str],
    scorer: Greeter,
    tmp_path: Path,
) -> None:
    task = submit(PEOPLE)
    scorer.before = lambda: runner.close() if len(scorer.batches) == 1 else None
    runner.run_until_idle()
    assert jobs.get(ann, task).state == "running"
    (tmp_path / "jobs" / "orphan").mkdir()
    stray = tmp_path / "jobs" / task / "score" / ".part-00002.parquet.abc.tmp"
    stray.write_bytes(b"half")
    scored_before = sum(scorer.batches[:1])
    scorer.before = lambda: None
    again = open_runner()
    again.start()
    assert jobs.get(ann, task).rows_done == 6
    again.run_until_idle()
    assert jobs.get(ann, task).message == "Scored 10 rows."
    assert jobs.table(ann, task, 0, 20).table.column("age").to_pylist() == list(range(1, 11))
    assert scored_before == 3
    assert not stray.exists()
    assert not (tmp_path / "jobs" / "orphan").exists()


def test_short_and_long_tasks_take_turns(
    jobs: Jobs, runner: JobRunner, ann: Caller, submit: Callable[..., str], scorer: Greeter
) -> None:
    many = "age,sex\n" + "1,f\n" * 300
    long, short = submit(many), submit("age,sex\n2,m\n")
    states: list[str] = []
    scorer.before = lambda: states.append(jobs.get(ann, short).state)
    runner.run_until_idle()
    assert states.index("succeeded") < len(states) / 2
    assert jobs.get(ann, long).message == "Scored 300 rows."


def test_threads_do_many_tasks_side_by_side(
    database: Database,
    files: Files,
    models: Models,
    ann: Caller,
    version: VersionView,
    lease: Lease,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended = threading.Semaphore(0)
    succeed = TaskStates.succeed

    def tell(states: TaskStates, task_id: str, rows: int, failed: int) -> None:
        succeed(states, task_id, rows, failed)
        ended.release()

    monkeypatch.setattr(TaskStates, "succeed", tell)
    runner = JobRunner(database, files, models.info_at, lease, workers=4)
    jobs = Jobs(database, files, runner, part_rows=PART_ROWS)
    sizes = [1, 3, 4, 40, 100]
    ids = [
        jobs.submit(
            ann, version, [{"age": n, "sex": "f"} for n in range(20, 20 + size)], kind="json"
        ).id
        for size in sizes
    ]
    assert all(ended.acquire(timeout=60) for _ in sizes)
    runner.close()
    for task, size in zip(ids, sizes, strict=True):
        rows = jobs.result(ann, task, 0, 1000).rows
        assert [row["prediction"] for row in rows] == [f"f{n}" for n in range(20, 20 + size)]


def test_closing_waits_for_the_rows_under_way_and_no_more(
    database: Database,
    files: Files,
    models: Models,
    ann: Caller,
    version: VersionView,
    lease: Lease,
    scorer: Greeter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scoring, closing = threading.Event(), threading.Event()
    shutdown = ThreadPoolExecutor.shutdown

    def tell(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever it is called with
        closing.set()
        shutdown(*args, **kwargs)

    def wait() -> None:
        scoring.set()
        assert closing.wait(60)

    monkeypatch.setattr(ThreadPoolExecutor, "shutdown", tell)
    scorer.before = wait
    runner = JobRunner(database, files, models.info_at, lease, workers=1)
    jobs = Jobs(database, files, runner, part_rows=PART_ROWS)
    records = [{"age": 1, "sex": "f"}] * 30
    task = jobs.submit(ann, version, records, kind="json").id
    assert scoring.wait(60)
    runner.close()
    assert jobs.get(ann, task).state == "running"
    assert scorer.batches == [3]


def test_a_task_is_seen_by_its_owner_the_models_owner_and_admins(
    jobs: Jobs,
    models: Models,
    runner: JobRunner,
    admin: Caller,
    ann: Caller,
    bob: Caller,
    viewer: Caller,
    version: VersionView,
    submit: Callable[..., str],
) -> None:
    with pytest.raises(ModelNotFound):
        submit(PEOPLE, caller=bob)
    models.update(ann, version.model.id, visibility="team")
    task = submit(PEOPLE, caller=viewer)
    runner.run_until_idle()
    for caller in (admin, ann, viewer):
        assert jobs.get(caller, task).owner == "vic"
        assert jobs.list_(caller).total == 1
    assert jobs.list_(bob).total == 0
    for operation in (jobs.get, jobs.cancel, jobs.retry, jobs.delete, jobs.result, jobs.table):
        with pytest.raises(TaskNotFound):
            operation(bob, task)
    with pytest.raises(TaskNotFound):
        jobs.export(bob, task, "csv")


def test_tasks_are_listed_newest_first_and_found_by_what_they_are(
    jobs: Jobs,
    deployments: Deployments,
    runner: JobRunner,
    ann: Caller,
    version: VersionView,
    submit: Callable[..., str],
    upload: Upload,
) -> None:
    first = submit(PEOPLE)
    runner.run_until_idle()
    service = deployments.create(ann, version.model.id, "live")
    second = jobs.submit(ann, version, upload(PEOPLE, "march.csv"), kind="csv", deployment=service)
    assert second.deployment_name == "live"

    def found(limit: int = 50, offset: int = 0, **filters: Any) -> list[str]:  # noqa: ANN401
        page = jobs.list_(ann, TaskFilter(**filters), limit=limit, offset=offset)
        return [task.id for task in page.tasks]

    assert found() == [second.id, first]
    assert found(limit=1, offset=1) == [first]
    assert found(state="succeeded") == [first]
    assert found(search="MARCH") == found(search="live") == [second.id]
    assert found(search=first[:12]) == [first]
    assert found(search="churn") == [second.id, first]
    assert found(deployment_id=service.id) == [second.id]
    assert found(model_id="another") == found(owner_id="another") == []
    assert found(owner_id=ann.id, order="oldest") == [first, second.id]
    assert found(order="longest") == found(order="most errors") == [first, second.id]
    assert jobs.list_(ann, limit=1).total == 2
    with pytest.raises(InvalidInput, match="must be one of queued, running"):
        jobs.list_(ann, TaskFilter(state="lost"))
    with pytest.raises(InvalidInput, match="order is"):
        jobs.list_(ann, TaskFilter(order="best"))


def test_a_paused_service_takes_no_tasks(
    jobs: Jobs, deployments: Deployments, ann: Caller, version: VersionView, upload: Upload
) -> None:
    service = deployments.create(ann, version.model.id, "live")
    deployments.pause(ann, service.id)
    paused = deployments.get_by_id(ann, service.id)
    with pytest.raises(DeploymentPaused):
        jobs.submit(ann, version, upload(PEOPLE, "a.csv"), kind="csv", deployment=paused)


def test_a_service_that_was_deleted_meanwhile_takes_no_tasks(
    jobs: Jobs, deployments: Deployments, ann: Caller, version: VersionView, upload: Upload
) -> None:
    service = deployments.create(ann, version.model.id, "live")
    deployments.delete(ann, service.id)
    with pytest.raises(DeploymentNotFound):
        jobs.submit(ann, version, upload(PEOPLE, "a.csv"), kind="csv", deployment=service)
    assert jobs.list_(ann).total == 0


def test_an_unknown_format_is_refused_before_anything_is_sent(
    jobs: Jobs, ann: Caller, submit: Callable[..., str]
) -> None:
    with pytest.raises(InvalidInput, match="must be one of csv, parquet, json"):
        jobs.export(ann, submit(PEOPLE), "xml")


def test_a_task_that_has_begun_keeps_the_schema_that_it_began_with(
    database: Database,
    models: Models,
    jobs: Jobs,
    runner: JobRunner,
    ann: Caller,
    version: VersionView,
    submit: Callable[..., str],
) -> None:
    before = submit(PEOPLE)
    renamed = SchemaEdits((FieldEdit("years"), FieldEdit("gender")))
    edited = Revisions(database, models).save(ann, version.model.id, renamed)
    after = jobs.submit(ann, edited, [{"years": 1, "gender": "f"}], kind="json").id
    runner.run_until_idle()
    assert jobs.result(ann, before, 0, 1).rows == [{"age": 1, "sex": "m", "prediction": "m1"}]
    assert jobs.result(ann, after).rows == [{"years": 1, "gender": "f", "prediction": "f1"}]


def test_a_retried_task_goes_by_the_schema_as_it_is_now(
    database: Database,
    models: Models,
    jobs: Jobs,
    runner: JobRunner,
    ann: Caller,
    version: VersionView,
    submit: Callable[..., str],
) -> None:
    first = submit("years,sex,age\n7,f,1\n")
    runner.run_until_idle()
    assert jobs.result(ann, first).rows[0]["prediction"] == "f1"
    renamed = SchemaEdits((FieldEdit("years"), FieldEdit()))
    Revisions(database, models).save(ann, version.model.id, renamed)
    again = jobs.retry(ann, first).id
    runner.run_until_idle()
    assert jobs.result(ann, again).rows[0]["prediction"] == "f7"
    assert jobs.result(ann, first).rows[0]["prediction"] == "f1"
